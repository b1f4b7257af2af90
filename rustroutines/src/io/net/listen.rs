//! Accepting connections.
//!
//! What goes wrong with one connection before it is accepted (it was aborted, its host is gone) concerns
//! nobody here: the next is waited for. Where the system has run out of descriptors or memory, the operation
//! says so, and the connection stays where it was. It would be there at once for the next, and a server that
//! goes on would run in a circle; so the next attempt is made after [`PAUSE`].

use crate::Suspend;
use crate::driver::Driver;
use crate::driver::faults;
use crate::driver::readiness::{Direction, Place};
use crate::driver::source::{Done, Registered, Waiting};
use crate::platform::clock::{self, Instant};
use crate::platform::sync::Mutex;
use crate::suspend::{IntoSuspendIterator, SuspendIterator};
use crate::time::{Sleep, sleep_until};
use mio::event::Source;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long nobody accepts after the system has run out of something.
const PAUSE: Duration = Duration::from_millis(20);

/// A socket that waits for connections.
pub(super) struct Listening<S: Source> {
    /// The socket.
    pub(super) io: Registered<S>,
    /// Until when nobody accepts.
    paused_until: Mutex<Option<Instant>>,
}

impl<S: Source> Listening<S> {
    pub(super) fn new(driver: &Arc<Driver>, socket: S) -> io::Result<Self> {
        Ok(Self { io: Registered::new(driver, socket, true)?, paused_until: Mutex::new(None) })
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Listening<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

/// A socket that accepts connections: [`TcpListener`](super::TcpListener) and, on Unix, `UnixListener`.
pub trait Listen: Sized + sealed::Listen {}

pub(super) mod sealed {
    use super::Listening;
    use std::io;

    /// What a listener is made of.
    pub trait Listen {
        /// The system's socket.
        type Source: mio::event::Source;
        /// A connection, and what the other side is called.
        type Accepted;
        /// The socket.
        #[allow(private_interfaces, reason = "nobody outside can name this trait")]
        fn listening(&self) -> &Listening<Self::Source>;
        /// One attempt.
        fn accept_one(&self, source: &Self::Source) -> io::Result<Self::Accepted>;
    }
}

/// The operation of a listener's `accept`.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct Accept<'a, L: Listen> {
    /// On what.
    listener: &'a L,
    /// Where it waits.
    place: Place,
    /// For whatever is missing.
    pause: Option<Sleep>,
}

impl<'a, L: Listen> Accept<'a, L> {
    pub(super) fn new(listener: &'a L) -> Self {
        Self { listener, place: Place::default(), pause: None }
    }
}

impl<L: Listen> Future for Accept<'_, L> {
    type Output = io::Result<L::Accepted>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let listening = this.listener.listening();
        loop {
            if let Some(pause) = &mut this.pause {
                ready!(Pin::new(pause).poll(cx));
                this.pause = None;
            }
            let paused_until = *listening.paused_until.lock();
            if let Some(until) = paused_until.filter(|&until| until > clock::now()) {
                this.pause = Some(sleep_until(until));
                continue;
            }
            let waiting = Waiting::Placed(&mut this.place);
            let attempt = |source: &L::Source| {
                faults::accept()?;
                this.listener.accept_one(source)
            };
            match ready!(listening.io.poll(Direction::Read, cx, waiting, attempt, Done::other)) {
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if is_exhausted(&error) {
                        *listening.paused_until.lock() = clock::now().checked_add(PAUSE);
                    }
                    return Poll::Ready(Err(error));
                }
                accepted => return Poll::Ready(accepted),
            }
        }
    }
}

impl<L: Listen> Suspend for Accept<'_, L> {}

impl<L: Listen> Drop for Accept<'_, L> {
    fn drop(&mut self) {
        self.listener.listening().io.leave(Direction::Read, &mut self.place);
    }
}

impl<L: Listen> fmt::Debug for Accept<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").finish_non_exhaustive()
    }
}

/// Whether a connection failed before it was accepted (accept(2), "Error handling").
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

/// Whether the system has run out of something.
fn is_exhausted(error: &io::Error) -> bool {
    // The process's descriptors, the system's, and buffers; on Linux also places in its readiness queue. The first two
    // have the same numbers on all Unixes.
    const CODES: &[i32] = if cfg!(windows) {
        &[10024, 10055]
    } else if cfg!(any(target_os = "linux", target_os = "android")) {
        &[24, 23, 105, 28]
    } else {
        &[24, 23, 55]
    };
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

/// Goes over the connections that come: in a routine `for` suspends, in plain code it blocks. It never ends.
#[derive(Debug)]
pub struct Incoming<'a, L>(&'a L);

impl<'a, L: Listen> Incoming<'a, L> {
    pub(super) fn new(listener: &'a L) -> Self {
        Self(listener)
    }
}

/// The next connection: what a `for` over [`Incoming`] waits for.
#[must_use = "an operation does nothing until it is carried out"]
pub struct NextConnection<'a, L: Listen>(Accept<'a, L>);

impl<L: Listen<Accepted = (S, A)>, S, A> Future for NextConnection<'_, L> {
    type Output = Option<io::Result<S>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx).map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    }
}

impl<L: Listen<Accepted = (S, A)>, S, A> Suspend for NextConnection<'_, L> {}

impl<L: Listen> fmt::Debug for NextConnection<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<L: Listen<Accepted = (S, A)>, S, A> Iterator for Incoming<'_, L> {
    type Item = io::Result<S>;

    fn next(&mut self) -> Option<io::Result<S>> {
        NextConnection(Accept::new(self.0)).block()
    }
}

impl<L: Listen<Accepted = (S, A)>, S, A> SuspendIterator for Incoming<'_, L> {
    type Item = io::Result<S>;
    type Next<'n>
        = NextConnection<'n, L>
    where
        Self: 'n;

    fn next(&mut self) -> NextConnection<'_, L> {
        NextConnection(Accept::new(self.0))
    }
}

impl<L: Listen<Accepted = (S, A)>, S, A> IntoSuspendIterator for Incoming<'_, L> {
    type Item = io::Result<S>;
    type Iter = Self;

    fn into_suspend_iter(self) -> Self {
        self
    }
}

/// What listeners have in common.
macro_rules! listener {
    ($listener:ident, $mio:ty, $std:ty, $stream:ident, $address:ty) => {
        impl $listener {
            /// Waits for a connection. The value is its stream, and the address of the other side. Several may
            /// accept at once.
            ///
            /// # Errors
            /// Where the system has run out of descriptors or memory. A connection that waits is not lost by that: the
            /// next `accept` tries again, after a moment. But one that was accepted, and for which there is no place in
            /// the system's queue of what is ready, is closed. What goes wrong before that is no error.
            ///
            /// # Cancel safety
            /// Dropped, it has accepted nothing.
            pub fn accept(&self) -> super::Accept<'_, Self> {
                super::Accept::new(self)
            }

            /// Goes over the connections that come: `for stream in listener.incoming()` suspends in a routine until
            /// there is one. It never ends; the errors are those of [`accept`](Self::accept).
            pub fn incoming(&self) -> super::Incoming<'_, Self> {
                super::Incoming::new(self)
            }

            /// The address at which it waits.
            ///
            /// # Errors
            /// Where the system refuses.
            pub fn local_addr(&self) -> std::io::Result<$address> {
                self.listening.io.source().local_addr()
            }

            /// Sets from when on accepting ends with [`TimedOut`](std::io::ErrorKind::TimedOut): also what waits
            /// now, and what would find a connection. `None`: never.
            ///
            /// # Panics
            /// If the runtime's limit of timers is reached: see
            /// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). Then there is no deadline.
            pub fn set_deadline(&self, deadline: Option<std::time::Instant>) {
                self.listening.io.set_deadline(Direction::Read, deadline);
            }

            fn from_mio(driver: &Arc<Driver>, socket: $mio) -> std::io::Result<Self> {
                Ok(Self { listening: Listening::new(driver, socket)? })
            }

            fn into_mio(self) -> std::io::Result<$mio> {
                self.listening.io.into_inner()
            }
        }

        impl super::Listen for $listener {}

        impl super::listen::sealed::Listen for $listener {
            type Source = $mio;
            type Accepted = ($stream, $address);

            #[allow(private_interfaces, reason = "nobody outside can name this trait")]
            fn listening(&self) -> &Listening<$mio> {
                &self.listening
            }

            fn accept_one(&self, source: &$mio) -> std::io::Result<($stream, $address)> {
                let (stream, address) = source.accept()?;
                Ok(($stream::from_mio(self.listening.io.driver(), stream)?, address))
            }
        }

        super::convert::conversions!($listener, $mio, $std, listening.io);
    };
}
pub(super) use listener;
