//! TCP: [`TcpListener`], [`TcpStream`].

use super::address::ToAddresses;
use super::connect::connect;
use super::listen::{Listening, listener};
use super::op::{byte_op, op, stream};
use crate::Suspend;
use crate::driver::Driver;
use crate::driver::readiness::Direction;
use crate::driver::source::{Registered, Waiting};
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A TCP socket that waits for connections. Dropping it closes it.
///
/// # Examples
/// ```
/// use rustroutines::io::{self, net::{TcpListener, TcpStream}};
/// use rustroutines::routine;
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?)?;
///     let (server, address) = listener.accept()?;
///     assert_eq!(address, client.local_addr()?);
///     assert_eq!(server.peer_addr()?, address);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct TcpListener {
    /// The socket.
    listening: Listening<mio::net::TcpListener>,
}

impl TcpListener {
    /// Waits for connections at the first of the addresses that can be had. With port 0 the system chooses
    /// one: see [`local_addr`](Self::local_addr). A name is looked up first.
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
                |address| Self::from_mio(&crate::runtime::driver(), mio::net::TcpListener::bind(address)?);
            addresses?.first(make).await
        }))
    }
}

listener!(TcpListener, mio::net::TcpListener, std::net::TcpListener, TcpStream, SocketAddr);

/// A TCP connection. Dropping it closes it.
///
/// All methods take `&self`: one routine may read while another writes.
///
/// # Examples
/// ```
/// use rustroutines::io::{self, Read, net::{Shutdown, TcpListener, TcpStream}};
/// use rustroutines::prelude::*;
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?)?;
///     let (mut server, _) = listener.accept()?;
///
///     client.write(b"question")?;
///     client.shutdown(Shutdown::Write)?; // the other side reads the end
///     let mut question = String::new();
///     server.read_to_string(&mut question)?;
///     assert_eq!(question, "question");
///
///     server.write(b"answer")?; // the other direction lives on
///     let mut answer = [0; 16];
///     assert_eq!(client.read(&mut answer)?, 6);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct TcpStream {
    /// The socket.
    io: Registered<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects. A name is looked up first; where it stands for several addresses, they are tried a quarter
    /// of a second after one another, and the first that answers is taken.
    ///
    /// # Errors
    /// Those of the resolver, and of the last attempt that failed.
    ///
    /// # Cancel safety
    /// Dropped, it has connected to nobody, though the other side may see a connection that is closed again.
    pub fn connect(address: impl ToAddresses) -> Boxed<'static, io::Result<Self>> {
        let addresses = address.to_addresses();
        boxed(routine(async move { connect(addresses?.look_up().await?).await }))
    }

    /// As [`read`](Self::read), into several buffers one after another.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// Dropped, it has read nothing.
    pub fn read_vectored<'a>(
        &'a self,
        bufs: &'a mut [IoSliceMut<'a>],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        let most = bufs.iter().map(|buf| buf.len()).sum();
        byte_op(&self.io, Direction::Read, most, move |mut stream| io::Read::read_vectored(&mut stream, bufs))
    }

    /// As [`write`](Self::write), from several buffers one after another.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// Dropped, it has written nothing.
    pub fn write_vectored<'a>(
        &'a self,
        bufs: &'a [IoSlice<'a>],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        let most = bufs.iter().map(|buf| buf.len()).sum();
        byte_op(&self.io, Direction::Write, most, move |mut stream| {
            io::Write::write_vectored(&mut stream, bufs)
        })
    }

    /// As [`read`](Self::read), but what was read is still there for the next.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// It takes nothing in any case.
    pub fn peek<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Read, move |stream: &mio::net::TcpStream| stream.peek(buf))
    }

    /// The error that the system keeps for this socket, which it forgets then.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Whether small writes are sent at once, instead of being collected for a moment (Nagle's algorithm).
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.source().nodelay()
    }

    /// Sets whether small writes are sent at once. At first they are not.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.source().set_nodelay(nodelay)
    }

    /// Over how many routers a packet may go.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets over how many routers a packet may go.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }

    /// What becomes of unsent bytes when the connection is closed: see [`set_linger`](Self::set_linger).
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.io.source()).linger()
    }

    /// Sets what becomes of unsent bytes when the connection is closed. `None`, as at first: the system goes
    /// on sending them. [`Duration::ZERO`]: they are thrown away, and the other side is told that the connection
    /// was reset. Any other: closing blocks the thread until they are sent, for so long at most.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.io.source()).set_linger(linger)
    }

    /// Whether the system makes sure now and then that the other side is still there.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn keepalive(&self) -> io::Result<bool> {
        SockRef::from(self.io.source()).keepalive()
    }

    /// Has the system make sure that the other side is still there, whenever nothing has come for so long.
    /// `None`, as at first: it does not.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn set_keepalive(&self, idle: Option<Duration>) -> io::Result<()> {
        let socket = SockRef::from(self.io.source());
        match idle {
            Some(idle) => socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle)),
            None => socket.set_keepalive(false),
        }
    }

    pub(super) fn from_registered(io: Registered<mio::net::TcpStream>) -> Self {
        Self { io }
    }
}

stream!(TcpStream, mio::net::TcpStream, std::net::TcpStream, SocketAddr);
