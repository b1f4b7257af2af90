//! What the operations of sockets have in common.

use crate::Suspend;
use crate::driver::readiness::{Direction, Place};
use crate::driver::source::{Done, Registered, Waiting, bytes};
use mio::event::Source;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An operation on a socket that repeats one system call until it does not say `WouldBlock`.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub(super) struct SocketOp<'a, S: Source, R, F, D> {
    /// On what.
    socket: &'a Registered<S>,
    /// Which event to wait for.
    direction: Direction,
    /// Where it waits.
    place: Place,
    /// The system call.
    attempt: F,
    /// What that did, by its value.
    done: D,
    /// What it gives.
    value: PhantomData<fn() -> R>,
}

/// An operation by `attempt`.
pub(super) fn op<'a, S: Source, R, F: FnMut(&S) -> io::Result<R> + Unpin>(
    socket: &'a Registered<S>,
    direction: Direction,
    attempt: F,
) -> SocketOp<'a, S, R, F, impl Fn(&R) -> Done + Unpin + use<S, R, F>> {
    SocketOp { socket, direction, place: Place::default(), attempt, done: Done::other, value: PhantomData }
}

/// An operation that moves a stream's bytes, `most` at most.
pub(super) fn byte_op<'a, S: Source, F: FnMut(&S) -> io::Result<usize> + Unpin>(
    socket: &'a Registered<S>,
    direction: Direction,
    most: usize,
    attempt: F,
) -> SocketOp<'a, S, usize, F, impl Fn(&usize) -> Done + Unpin + use<S, F>> {
    SocketOp { socket, direction, place: Place::default(), attempt, done: bytes(most), value: PhantomData }
}

impl<S, R, F, D> Future for SocketOp<'_, S, R, F, D>
where
    S: Source,
    F: FnMut(&S) -> io::Result<R> + Unpin,
    D: Fn(&R) -> Done + Unpin,
{
    type Output = io::Result<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = self.get_mut();
        this.socket.poll(this.direction, cx, Waiting::Placed(&mut this.place), &mut this.attempt, &this.done)
    }
}

impl<S, R, F, D> Suspend for SocketOp<'_, S, R, F, D>
where
    S: Source,
    F: FnMut(&S) -> io::Result<R> + Unpin,
    D: Fn(&R) -> Done + Unpin,
{
}

impl<S: Source, R, F, D> Drop for SocketOp<'_, S, R, F, D> {
    fn drop(&mut self) {
        self.socket.leave(self.direction, &mut self.place);
    }
}

/// What streams have in common: their bytes, their ends, their halves.
macro_rules! stream {
    ($stream:ident, $mio:ty, $std:ty, $address:ty) => {
        impl $stream {
            /// Waits until something is there, and reads it into `buf`. The value says how many bytes it was: 0 at
            /// the end, or where `buf` is empty.
            ///
            /// # Errors
            /// Those of the connection, and [`TimedOut`](std::io::ErrorKind::TimedOut) at the
            /// [deadline](Self::set_read_deadline). Nothing was read then.
            ///
            /// # Cancel safety
            /// Dropped, it has read nothing.
            pub fn read<'a>(
                &'a self,
                buf: &'a mut [u8],
            ) -> impl crate::Suspend<Output = std::io::Result<usize>> + Send + Unpin + 'a {
                let most = buf.len();
                super::op::byte_op(&self.io, Direction::Read, most, move |mut stream| {
                    let most = crate::driver::faults::read(buf.len())?;
                    std::io::Read::read(&mut stream, &mut buf[..most])
                })
            }

            /// Waits until there is room, and writes the beginning of `buf`. The value says how many bytes.
            ///
            /// # Errors
            /// Those of the connection, [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) among them, and
            /// [`TimedOut`](std::io::ErrorKind::TimedOut) at the [deadline](Self::set_write_deadline). Nothing was
            /// written then.
            ///
            /// # Cancel safety
            /// Dropped, it has written nothing.
            pub fn write<'a>(
                &'a self,
                buf: &'a [u8],
            ) -> impl crate::Suspend<Output = std::io::Result<usize>> + Send + Unpin + 'a {
                super::op::byte_op(&self.io, Direction::Write, buf.len(), move |mut stream| {
                    let most = crate::driver::faults::write(buf.len())?;
                    std::io::Write::write(&mut stream, &buf[..most])
                })
            }

            /// Ends one direction or both. After `Write` the other side reads the end; after `Read` this side does.
            ///
            /// # Errors
            /// Those of the system, such as [`NotConnected`](std::io::ErrorKind::NotConnected) if the other side has
            /// ended the connection.
            pub fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.io.source().shutdown(how)
            }

            /// Two halves that can be given to different owners.
            pub fn into_split(self) -> (super::ReadHalf<Self>, super::WriteHalf<Self>) {
                super::split::split(self)
            }

            /// The address of this side.
            ///
            /// # Errors
            /// Where the system refuses.
            pub fn local_addr(&self) -> std::io::Result<$address> {
                self.io.source().local_addr()
            }

            /// The address of the other side.
            ///
            /// # Errors
            /// Where the system refuses.
            pub fn peer_addr(&self) -> std::io::Result<$address> {
                self.io.source().peer_addr()
            }

            fn from_mio(driver: &Arc<Driver>, socket: $mio) -> std::io::Result<Self> {
                Ok(Self { io: Registered::new(driver, socket, true)? })
            }

            fn into_mio(self) -> std::io::Result<$mio> {
                self.io.into_inner()
            }
        }

        impl super::Stream for $stream {}

        #[allow(private_interfaces, reason = "nobody outside can name this trait")]
        impl super::split::sealed::Stream for $stream {
            fn poll_read(
                &self,
                cx: &mut Context<'_>,
                waiting: Waiting<'_>,
                buf: &mut [u8],
            ) -> Poll<std::io::Result<usize>> {
                let done = crate::driver::source::bytes(buf.len());
                let attempt = |mut source: &$mio| {
                    let most = crate::driver::faults::read(buf.len())?;
                    std::io::Read::read(&mut source, &mut buf[..most])
                };
                self.io.poll(Direction::Read, cx, waiting, attempt, done)
            }

            fn poll_write(
                &self,
                cx: &mut Context<'_>,
                waiting: Waiting<'_>,
                buf: &[u8],
            ) -> Poll<std::io::Result<usize>> {
                let attempt = |mut source: &$mio| {
                    let most = crate::driver::faults::write(buf.len())?;
                    std::io::Write::write(&mut source, &buf[..most])
                };
                self.io.poll(Direction::Write, cx, waiting, attempt, crate::driver::source::bytes(buf.len()))
            }

            fn poll_send(
                &self,
                cx: &mut Context<'_>,
                waiting: Waiting<'_>,
                from: &std::fs::File,
                most: usize,
            ) -> Poll<std::io::Result<crate::platform::system::Sent>> {
                let attempt = |source: &$mio| {
                    let most = crate::driver::faults::write(most)?;
                    crate::io::fs::send(from, source, most)
                };
                self.io.poll(Direction::Write, cx, waiting, attempt, crate::driver::source::Done::sent)
            }

            fn end(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                match self.shutdown(how) {
                    // The other side has ended it already.
                    Err(error) if error.kind() == std::io::ErrorKind::NotConnected => Ok(()),
                    ended => ended,
                }
            }
        }

        super::op::stream_traits!($stream, Owned [] $stream);
        super::op::stream_traits!($stream, Shared ['s] &'s $stream);
        super::op::deadlines!($stream);
        super::convert::conversions!($stream, $mio, $std, io);
    };
}
pub(super) use stream;

/// The traits of a stream, or of a reference to one, of which there may be many.
macro_rules! stream_traits {
    ($stream:ident, $waiting:ident [$($life:lifetime)?] $type:ty) => {
        impl<$($life)?> crate::io::Read for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<std::io::Result<usize>> {
                let stream: &$stream = &self;
                super::split::sealed::Stream::poll_read(stream, cx, Waiting::$waiting, buf)
            }
        }

        impl<$($life)?> crate::io::Write for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<std::io::Result<usize>> {
                let stream: &$stream = &self;
                super::split::sealed::Stream::poll_write(stream, cx, Waiting::$waiting, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
                let stream: &$stream = &self;
                Poll::Ready(super::split::sealed::Stream::end(stream, std::net::Shutdown::Write))
            }

            fn target(self: Pin<&mut Self>) -> crate::io::copy::Target<'_> {
                crate::io::copy::Target::Stream(self.get_mut())
            }
        }

        impl<$($life)?> crate::io::fs::Outlet for $type {
            fn poll_send(
                &self,
                cx: &mut Context<'_>,
                from: &std::fs::File,
                most: usize,
            ) -> Poll<std::io::Result<crate::platform::system::Sent>> {
                let stream: &$stream = self;
                super::split::sealed::Stream::poll_send(stream, cx, Waiting::$waiting, from, most)
            }
        }
    };
}
pub(super) use stream_traits;

/// The deadlines of a socket.
macro_rules! deadlines {
    ($socket:ty) => {
        impl $socket {
            /// Sets from when on reading ends with [`TimedOut`](std::io::ErrorKind::TimedOut): also what
            /// waits now, and what would find something ready. `None`: never.
            ///
            /// # Panics
            /// If the runtime's limit of timers is reached: see
            /// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). Then there is no deadline.
            #[doc(alias = "set_read_timeout")]
            pub fn set_read_deadline(&self, deadline: Option<std::time::Instant>) {
                self.io.set_deadline(crate::driver::readiness::Direction::Read, deadline);
            }

            /// Sets from when on writing ends with [`TimedOut`](std::io::ErrorKind::TimedOut): also what
            /// waits now, and what would find room. `None`: never.
            ///
            /// # Panics
            /// If the runtime's limit of timers is reached: see
            /// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). Then there is no deadline.
            #[doc(alias = "set_write_timeout")]
            pub fn set_write_deadline(&self, deadline: Option<std::time::Instant>) {
                self.io.set_deadline(crate::driver::readiness::Direction::Write, deadline);
            }

            /// From when on reading is too late.
            pub fn read_deadline(&self) -> Option<std::time::Instant> {
                self.io.deadline(crate::driver::readiness::Direction::Read)
            }

            /// From when on writing is too late.
            pub fn write_deadline(&self) -> Option<std::time::Instant> {
                self.io.deadline(crate::driver::readiness::Direction::Write)
            }
        }
    };
}
pub(super) use deadlines;
