//! UDP: [`UdpSocket`].

use super::address::ToAddresses;
use super::convert::conversions;
use super::op::{deadlines, op};
use crate::Suspend;
use crate::driver::Driver;
use crate::driver::readiness::Direction;
use crate::driver::source::Registered;
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// A UDP socket. Dropping it closes it.
///
/// A datagram arrives whole or not at all. What does not fit into the buffer that it is received into is
/// thrown away, on Unix silently. All methods take `&self`: several may receive at once, and each datagram goes
/// to one of them.
///
/// # Examples
/// ```
/// use rustroutines::io::{self, net::UdpSocket};
/// use rustroutines::routine;
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
///     here.send_to(b"hello", there.local_addr()?)?;
///     let mut buf = [0; 16];
///     assert_eq!(there.recv_from(&mut buf)?, (5, here.local_addr()?));
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    /// The socket.
    io: Registered<mio::net::UdpSocket>,
}

/// What a receiving method and its twin say in common.
macro_rules! receives {
    ($(#[$doc:meta])* $name:ident -> $value:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// Those of the system, and [`TimedOut`](io::ErrorKind::TimedOut) at the
        /// [deadline](Self::set_read_deadline). Where datagrams that were sent from here have been refused,
        /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused), if the socket is connected.
        ///
        /// # Cancel safety
        /// Dropped, it has received nothing.
        pub fn $name<'a>(
            &'a self,
            buf: &'a mut [u8],
        ) -> impl Suspend<Output = io::Result<$value>> + Send + Unpin + 'a {
            op(&self.io, Direction::Read, move |socket: &mio::net::UdpSocket| socket.$name(buf))
        }
    };
}

/// An option of the system's socket.
macro_rules! option {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $value:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// Where the system refuses.
        pub fn $name(&self, $($arg: $type),*) -> io::Result<$value> {
            self.io.source().$name($($arg),*)
        }
    };
}

impl UdpSocket {
    /// A socket at the first of the addresses that can be had. With port 0 the system chooses one: see
    /// [`local_addr`](Self::local_addr). A name is looked up first.
    ///
    /// # Errors
    /// Those of the resolver and of the system, for the last address.
    ///
    /// # Cancel safety
    /// Dropped, it has bound nothing.
    pub fn bind(address: impl ToAddresses) -> Boxed<'static, io::Result<Self>> {
        let addresses = address.to_addresses();
        boxed(routine(async move {
            let make =
                |address| Self::from_mio(&crate::runtime::driver(), mio::net::UdpSocket::bind(address)?);
            addresses?.first(make).await
        }))
    }

    /// From now on [`send`](Self::send) sends to this address, and nothing is received from others. A name is
    /// looked up first.
    ///
    /// # Errors
    /// Those of the resolver and of the system, for the last address.
    ///
    /// # Cancel safety
    /// Dropped, it has changed nothing.
    pub fn connect(&self, address: impl ToAddresses) -> Boxed<'_, io::Result<()>> {
        let addresses = address.to_addresses();
        boxed(routine(async move { addresses?.first(|address| self.io.source().connect(address)).await }))
    }

    /// Sends one datagram to an address; one to which a name stands for is looked up before, with
    /// [`resolve`](super::resolve). The value says how many bytes: all of `buf`.
    ///
    /// # Errors
    /// Those of the system, and [`TimedOut`](io::ErrorKind::TimedOut) at the
    /// [deadline](Self::set_write_deadline). Nothing was sent then.
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub fn send_to<'a>(
        &'a self,
        buf: &'a [u8],
        address: SocketAddr,
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Write, move |socket: &mio::net::UdpSocket| socket.send_to(buf, address))
    }

    /// Sends one datagram to the address that the socket is [connected](Self::connect) to.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to). Where earlier ones have been refused,
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub fn send<'a>(&'a self, buf: &'a [u8]) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Write, move |socket: &mio::net::UdpSocket| socket.send(buf))
    }

    receives! {
        /// Waits for a datagram. The value says how many bytes are in `buf`, and who sent them.
        recv_from -> (usize, SocketAddr)
    }
    receives! {
        /// As [`recv_from`](Self::recv_from), but the datagram is still there for the next.
        peek_from -> (usize, SocketAddr)
    }
    receives! {
        /// Waits for a datagram from the address that the socket is [connected](Self::connect) to. The value
        /// says how many bytes are in `buf`.
        recv -> usize
    }
    receives! {
        /// As [`recv`](Self::recv), but the datagram is still there for the next.
        peek -> usize
    }

    option!(
        /// The address of the socket.
        local_addr() -> SocketAddr
    );
    option!(
        /// The address that the socket is connected to.
        peer_addr() -> SocketAddr
    );
    option!(
        /// The error that the system keeps for this socket, which it forgets then.
        take_error() -> Option<io::Error>
    );
    option!(
        /// Whether it may send to broadcast addresses.
        broadcast() -> bool
    );
    option!(
        /// Sets whether it may send to broadcast addresses. At first it may not.
        set_broadcast(on: bool) -> ()
    );
    option!(
        /// Over how many routers a packet may go.
        ttl() -> u32
    );
    option!(
        /// Sets over how many routers a packet may go.
        set_ttl(ttl: u32) -> ()
    );
    option!(
        /// Whether what it sends to an IPv4 group also comes to members on this machine.
        multicast_loop_v4() -> bool
    );
    option!(
        /// Sets whether what it sends to an IPv4 group also comes to members on this machine. At first it does.
        set_multicast_loop_v4(on: bool) -> ()
    );
    option!(
        /// Over how many routers a packet to an IPv4 group may go.
        multicast_ttl_v4() -> u32
    );
    option!(
        /// Sets over how many routers a packet to an IPv4 group may go. At first it is 1.
        set_multicast_ttl_v4(ttl: u32) -> ()
    );
    option!(
        /// Whether what it sends to an IPv6 group also comes to members on this machine.
        multicast_loop_v6() -> bool
    );
    option!(
        /// Sets whether what it sends to an IPv6 group also comes to members on this machine. At first it does.
        set_multicast_loop_v6(on: bool) -> ()
    );
    option!(
        /// Becomes a member of a group, on the network of this address of ours.
        join_multicast_v4(group: &Ipv4Addr, interface: &Ipv4Addr) -> ()
    );
    option!(
        /// Is a member no longer.
        leave_multicast_v4(group: &Ipv4Addr, interface: &Ipv4Addr) -> ()
    );
    option!(
        /// Becomes a member of a group, on the network of this number; 0 for any.
        join_multicast_v6(group: &Ipv6Addr, interface: u32) -> ()
    );
    option!(
        /// Is a member no longer.
        leave_multicast_v6(group: &Ipv6Addr, interface: u32) -> ()
    );

    fn from_mio(driver: &Arc<Driver>, socket: mio::net::UdpSocket) -> io::Result<Self> {
        Ok(Self { io: Registered::new(driver, socket, true)? })
    }

    fn into_mio(self) -> io::Result<mio::net::UdpSocket> {
        self.io.into_inner()
    }
}

deadlines!(UdpSocket);
conversions!(UdpSocket, mio::net::UdpSocket, std::net::UdpSocket, io);
