//! What the operations of sockets have in common.

use crate::Suspend;
use crate::driver::readiness::{Direction, Place};
use crate::driver::source::{Registered, Waiting, short};
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
    /// Whether its value says that there is no more now.
    drained: D,
    /// What it gives.
    value: PhantomData<fn() -> R>,
}

/// An operation by `attempt`.
pub(super) fn op<'a, S: Source, R, F: FnMut(&S) -> io::Result<R> + Unpin>(
    socket: &'a Registered<S>,
    direction: Direction,
    attempt: F,
) -> SocketOp<'a, S, R, F, impl Fn(&R) -> bool + Unpin + use<S, R, F>> {
    SocketOp {
        socket,
        direction,
        place: Place::default(),
        attempt,
        drained: |_: &R| false,
        value: PhantomData,
    }
}

/// An operation that moves a stream's bytes, `most` at most.
pub(super) fn byte_op<'a, S: Source, F: FnMut(&S) -> io::Result<usize> + Unpin>(
    socket: &'a Registered<S>,
    direction: Direction,
    most: usize,
    attempt: F,
) -> SocketOp<'a, S, usize, F, impl Fn(&usize) -> bool + Unpin + use<S, F>> {
    SocketOp { socket, direction, place: Place::default(), attempt, drained: short(most), value: PhantomData }
}

impl<S, R, F, D> Future for SocketOp<'_, S, R, F, D>
where
    S: Source,
    F: FnMut(&S) -> io::Result<R> + Unpin,
    D: Fn(&R) -> bool + Unpin,
{
    type Output = io::Result<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = self.get_mut();
        this.socket.poll(
            this.direction,
            cx,
            Waiting::Placed(&mut this.place),
            &mut this.attempt,
            &this.drained,
        )
    }
}

impl<S, R, F, D> Suspend for SocketOp<'_, S, R, F, D>
where
    S: Source,
    F: FnMut(&S) -> io::Result<R> + Unpin,
    D: Fn(&R) -> bool + Unpin,
{
}

impl<S: Source, R, F, D> Drop for SocketOp<'_, S, R, F, D> {
    fn drop(&mut self) {
        self.socket.leave(self.direction, &mut self.place);
    }
}

/// The traits of a stream whose `&` can be read from and written to at once.
macro_rules! stream_traits {
    ($stream:ty) => {
        super::op::stream_traits!(@ [] $stream);
        super::op::stream_traits!(@ ['s] &'s $stream);
    };
    (@ [$($life:lifetime)?] $type:ty) => {
        impl<$($life)?> crate::io::Read for $type {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let most = buf.len();
                self.io.poll(
                    crate::driver::readiness::Direction::Read,
                    cx,
                    crate::driver::source::Waiting::Polled,
                    |mut source| {
                        let most = crate::driver::faults::read(buf.len())?;
                        std::io::Read::read(&mut source, &mut buf[..most])
                    },
                    crate::driver::source::short(most),
                )
            }
        }

        impl<$($life)?> crate::io::Write for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll(
                    crate::driver::readiness::Direction::Write,
                    cx,
                    crate::driver::source::Waiting::Polled,
                    |mut source| {
                        let most = crate::driver::faults::write(buf.len())?;
                        std::io::Write::write(&mut source, &buf[..most])
                    },
                    crate::driver::source::short(buf.len()),
                )
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(match self.shutdown(std::net::Shutdown::Write) {
                    // The other side has ended it already.
                    Err(error) if error.kind() == std::io::ErrorKind::NotConnected => Ok(()),
                    ended => ended,
                })
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
            pub fn set_read_deadline(&self, deadline: Option<std::time::Instant>) {
                self.io.set_deadline(crate::driver::readiness::Direction::Read, deadline);
            }

            /// Sets from when on writing ends with [`TimedOut`](std::io::ErrorKind::TimedOut): also what
            /// waits now, and what would find room. `None`: never.
            ///
            /// # Panics
            /// If the runtime's limit of timers is reached: see
            /// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). Then there is no deadline.
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
