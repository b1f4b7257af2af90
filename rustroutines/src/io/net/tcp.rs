//! TCP: [`TcpListener`], [`TcpStream`].

use super::address::ToAddresses;
use super::connect::connect;
use super::convert::conversions;
use super::listen::{Accept, Incoming, Listen, Listening, sealed};
use super::op::{byte_op, deadlines, op, stream_traits};
use super::split::{self, ReadHalf, Stream, WriteHalf, split};
use crate::Suspend;
use crate::driver::Driver;
use crate::driver::faults;
use crate::driver::readiness::Direction;
use crate::driver::source::Registered;
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

    /// Waits for a connection. The value is its stream, and the address of the other side. Several may
    /// accept at once.
    ///
    /// # Errors
    /// Where the system has run out of descriptors or memory. The connection is not lost: the next `accept`
    /// tries again, after a moment. What goes wrong with a connection before it is accepted is no error.
    ///
    /// # Cancel safety
    /// Dropped, it has accepted nothing.
    pub fn accept(&self) -> Accept<'_, Self> {
        Accept::new(self)
    }

    /// Goes over the connections that come: `for stream in listener.incoming()` suspends in a routine until
    /// there is one. It never ends; the errors are those of [`accept`](Self::accept).
    pub fn incoming(&self) -> Incoming<'_, Self> {
        Incoming::new(self)
    }

    /// The address at which it waits.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listening.io.source().local_addr()
    }

    /// Sets from when on accepting ends with [`TimedOut`](io::ErrorKind::TimedOut): also what waits now, and
    /// what would find a connection. `None`: never.
    ///
    /// # Panics
    /// If the runtime's limit of timers is reached: see
    /// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). Then there is no deadline.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        self.listening.io.set_deadline(Direction::Read, deadline);
    }

    fn from_mio(driver: &Arc<Driver>, socket: mio::net::TcpListener) -> io::Result<Self> {
        Ok(Self { listening: Listening::new(driver, socket)? })
    }

    fn into_mio(self) -> io::Result<mio::net::TcpListener> {
        self.listening.io.into_inner()
    }
}

impl Listen for TcpListener {}

impl sealed::Listen for TcpListener {
    type Source = mio::net::TcpListener;
    type Accepted = (TcpStream, SocketAddr);

    #[allow(private_interfaces, reason = "nobody outside can name this trait")]
    fn listening(&self) -> &Listening<mio::net::TcpListener> {
        &self.listening
    }

    fn accept_one(&self, source: &mio::net::TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = source.accept()?;
        Ok((TcpStream::from_mio(self.listening.io.driver(), stream)?, address))
    }
}

conversions!(TcpListener, mio::net::TcpListener, std::net::TcpListener, listening.io);

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

    /// Waits until something is there, and reads it into `buf`. The value says how many bytes it was: 0 at
    /// the end, or where `buf` is empty.
    ///
    /// # Errors
    /// Those of the connection, and [`TimedOut`](io::ErrorKind::TimedOut) at the
    /// [deadline](Self::set_read_deadline). Nothing was read then.
    ///
    /// # Cancel safety
    /// Dropped, it has read nothing.
    pub fn read<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        let most = buf.len();
        byte_op(&self.io, Direction::Read, most, move |mut stream| {
            let most = faults::read(buf.len())?;
            io::Read::read(&mut stream, &mut buf[..most])
        })
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

    /// Waits until there is room, and writes the beginning of `buf`. The value says how many bytes.
    ///
    /// # Errors
    /// Those of the connection, [`BrokenPipe`](io::ErrorKind::BrokenPipe) among them, and
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the [deadline](Self::set_write_deadline). Nothing was written
    /// then.
    ///
    /// # Cancel safety
    /// Dropped, it has written nothing.
    pub fn write<'a>(
        &'a self,
        buf: &'a [u8],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        byte_op(&self.io, Direction::Write, buf.len(), move |mut stream| {
            let most = faults::write(buf.len())?;
            io::Write::write(&mut stream, &buf[..most])
        })
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

    /// Ends one direction or both. After `Write` the other side reads the end; after `Read` this side does.
    ///
    /// # Errors
    /// Those of the system, such as [`NotConnected`](io::ErrorKind::NotConnected) if the other side has ended
    /// the connection.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.source().shutdown(how)
    }

    /// Two halves that can be given to different owners.
    pub fn into_split(self) -> (ReadHalf<Self>, WriteHalf<Self>) {
        split(self)
    }

    /// The address of this side.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
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

    fn from_mio(driver: &Arc<Driver>, socket: mio::net::TcpStream) -> io::Result<Self> {
        Ok(Self { io: Registered::new(driver, socket, true)? })
    }

    fn into_mio(self) -> io::Result<mio::net::TcpStream> {
        self.io.into_inner()
    }
}

impl Stream for TcpStream {}

impl split::sealed::Stream for TcpStream {
    fn end(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

stream_traits!(TcpStream);
deadlines!(TcpStream);
conversions!(TcpStream, mio::net::TcpStream, std::net::TcpStream, io);
