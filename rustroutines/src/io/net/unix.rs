//! Sockets that are files: [`UnixListener`], [`UnixStream`], [`UnixDatagram`].

use super::convert::conversions;
use super::listen::{Listening, listener};
use super::op::{deadlines, op, stream};
use crate::Suspend;
use crate::driver::Driver;
use crate::driver::readiness::Direction;
use crate::driver::source::{Registered, Waiting};
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use crate::time::sleep;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a connection that finds the listener's queue full waits before it tries again: no event tells
/// when there is room.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// A Unix socket that waits for connections. Dropping it closes it, but leaves its file.
#[derive(Debug)]
pub struct UnixListener {
    /// The socket.
    listening: Listening<mio::net::UnixListener>,
}

impl UnixListener {
    /// Waits for connections at a new file.
    ///
    /// # Errors
    /// Those of the system; [`AddrInUse`](io::ErrorKind::AddrInUse) if the file is there.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_mio(&crate::runtime::driver(), mio::net::UnixListener::bind(path)?)
    }
}

listener!(UnixListener, mio::net::UnixListener, std::os::unix::net::UnixListener, UnixStream, SocketAddr);

/// A connection of Unix sockets. Dropping it closes it.
///
/// # Examples
/// ```
/// use rustroutines::io::{self, net::UnixStream};
/// use rustroutines::routine;
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let (here, there) = UnixStream::pair()?;
///     here.write(b"hello")?;
///     let mut buf = [0; 16];
///     assert_eq!(there.read(&mut buf)?, 5);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct UnixStream {
    /// The socket.
    io: Registered<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the listener at a file. Where its queue is full, this waits for room.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Dropped, it has connected to nobody.
    pub fn connect(path: impl AsRef<Path>) -> Boxed<'static, io::Result<Self>> {
        fn connect(path: PathBuf) -> Boxed<'static, io::Result<UnixStream>> {
            boxed(routine(async move {
                let stream = loop {
                    match mio::net::UnixStream::connect(&path) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(TRY_AGAIN).await,
                        connected => break connected?,
                    }
                };
                UnixStream::from_mio(&crate::runtime::driver(), stream)
            }))
        }
        connect(path.as_ref().to_owned())
    }

    /// Two streams that are connected to one another.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn pair() -> io::Result<(Self, Self)> {
        let driver = crate::runtime::driver();
        let (one, other) = mio::net::UnixStream::pair()?;
        Ok((Self::from_mio(&driver, one)?, Self::from_mio(&driver, other)?))
    }
}

stream!(UnixStream, mio::net::UnixStream, std::os::unix::net::UnixStream, SocketAddr);

/// A Unix socket for datagrams. Dropping it closes it, but leaves its file.
#[derive(Debug)]
pub struct UnixDatagram {
    /// The socket.
    io: Registered<mio::net::UnixDatagram>,
}

impl UnixDatagram {
    /// A socket at a new file.
    ///
    /// # Errors
    /// Those of the system; [`AddrInUse`](io::ErrorKind::AddrInUse) if the file is there.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_mio(&crate::runtime::driver(), mio::net::UnixDatagram::bind(path)?)
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn unbound() -> io::Result<Self> {
        Self::from_mio(&crate::runtime::driver(), mio::net::UnixDatagram::unbound()?)
    }

    /// Two sockets that are connected to one another.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn pair() -> io::Result<(Self, Self)> {
        let driver = crate::runtime::driver();
        let (one, other) = mio::net::UnixDatagram::pair()?;
        Ok((Self::from_mio(&driver, one)?, Self::from_mio(&driver, other)?))
    }

    /// From now on [`send`](Self::send) sends to this file.
    ///
    /// # Errors
    /// Those of the system.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.io.source().connect(path)
    }

    /// Sends one datagram to the socket at a file. The value says how many bytes: all of `buf`.
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
        path: &'a Path,
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Write, move |socket: &mio::net::UnixDatagram| socket.send_to(buf, path))
    }

    /// Sends one datagram to the socket that this one is connected to.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub fn send<'a>(&'a self, buf: &'a [u8]) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Write, move |socket: &mio::net::UnixDatagram| socket.send(buf))
    }

    /// Waits for a datagram. The value says how many bytes are in `buf`, and who sent them. What does not fit
    /// is thrown away.
    ///
    /// # Errors
    /// Those of the system, and [`TimedOut`](io::ErrorKind::TimedOut) at the
    /// [deadline](Self::set_read_deadline).
    ///
    /// # Cancel safety
    /// Dropped, it has received nothing.
    pub fn recv_from<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Suspend<Output = io::Result<(usize, SocketAddr)>> + Send + Unpin + 'a {
        op(&self.io, Direction::Read, move |socket: &mio::net::UnixDatagram| socket.recv_from(buf))
    }

    /// Waits for a datagram. The value says how many bytes are in `buf`. What does not fit is thrown away.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// Dropped, it has received nothing.
    pub fn recv<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Suspend<Output = io::Result<usize>> + Send + Unpin + 'a {
        op(&self.io, Direction::Read, move |socket: &mio::net::UnixDatagram| socket.recv(buf))
    }

    /// The address of this side.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// The address of the socket that this one is connected to.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// Those of the system.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.source().shutdown(how)
    }

    fn from_mio(driver: &Arc<Driver>, socket: mio::net::UnixDatagram) -> io::Result<Self> {
        Ok(Self { io: Registered::new(driver, socket, true)? })
    }

    fn into_mio(self) -> io::Result<mio::net::UnixDatagram> {
        self.io.into_inner()
    }
}

deadlines!(UnixDatagram);
conversions!(UnixDatagram, mio::net::UnixDatagram, std::os::unix::net::UnixDatagram, io);
