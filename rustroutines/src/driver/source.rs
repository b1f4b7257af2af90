//! A source of I/O that is registered, and how an operation on it is polled.
//!
//! An operation first tries its system call, and waits only where that says `WouldBlock`; the protocol is
//! [`readiness`](super::readiness)'s. A deadline that has passed comes before whatever is ready, as in Go.

use super::Driver;
use super::faults;
use super::io::shut_down;
use super::readiness::{Direction, Look, Place, Readiness};
use super::timer::TimerKey;
use crate::platform::clock::{self, Instant};
use crate::platform::sync::{Mutex, OnceLock};
use crate::platform::system::Sent;
use crate::task::budget;
use mio::event::Source;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

/// What an attempt has done to its source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// How many bytes it has moved.
    pub(crate) bytes: usize,
    /// It shows that the source has no more now.
    pub(crate) drained: bool,
}

impl Done {
    /// Sending out of a file.
    pub(crate) fn sent(sent: &Sent) -> Self {
        let bytes = if let Sent::Bytes(bytes) = *sent { bytes } else { 0 };
        Self { bytes, drained: false }
    }

    /// Something else than moving a stream's bytes.
    pub(crate) fn other<R>(_: &R) -> Self {
        Self::default()
    }
}

/// For a stream's bytes: fewer than `most` show that there are no more. So it is where the queue is
/// edge-triggered; elsewhere only `WouldBlock` arms it again.
pub(crate) fn bytes(most: usize) -> impl Fn(&usize) -> Done {
    const EDGES: bool = cfg!(any(target_os = "linux", target_os = "android", target_vendor = "apple"));
    move |&bytes| Done { bytes, drained: EDGES && bytes > 0 && bytes < most && !faults::are_injected() }
}

/// A source of I/O that is registered with a driver, until it is dropped.
pub(crate) struct Registered<S: Source> {
    /// The source; away only in `into_inner`.
    source: Option<S>,
    /// What is known of it.
    readiness: Arc<Readiness>,
    /// Where it is registered.
    driver: Arc<Driver>,
    /// Its number there.
    number: usize,
    /// The timers of its deadlines; made with the first.
    timers: OnceLock<Box<Timers>>,
}

/// A timer for each direction.
type Timers = Mutex<[Option<TimerKey>; 2]>;

/// Tells those who wait that a deadline has come.
struct Expiry {
    /// For whom.
    readiness: Arc<Readiness>,
    /// In which direction.
    direction: Direction,
}

impl Wake for Expiry {
    fn wake(self: Arc<Self>) {
        self.readiness.expire(self.direction);
    }
}

/// How an operation waits: in a place of its own, which it leaves when it is dropped, or as a `poll` method
/// does, which nobody tells of the end of its operation.
pub(crate) enum Waiting<'a> {
    /// In this place.
    Placed(&'a mut Place),
    /// For who alone polls in this direction: the next to poll takes its place. Where the operation is dropped, its
    /// waker stays until then, or until the next event, and keeps what it wakes in memory.
    Owned,
    /// Beside others that poll: until something has happened, even if its operation is gone by then.
    Shared,
}

impl<S: Source> Registered<S> {
    /// Registers a source. `ready`: it is to be tried before it is waited for.
    ///
    /// # Errors
    /// Where the system refuses, and after the driver was shut down.
    pub(crate) fn new(driver: &Arc<Driver>, mut source: S, ready: bool) -> io::Result<Self> {
        let readiness = Arc::new(Readiness::new(ready));
        driver.io.start()?;
        let number = driver.seat(&readiness)?;
        driver.io.register(&mut source, number)?;
        Ok(Self { source: Some(source), readiness, driver: driver.clone(), number, timers: OnceLock::new() })
    }

    /// Takes the source back.
    ///
    /// # Errors
    /// Where the system refuses.
    pub(crate) fn into_inner(mut self) -> io::Result<S> {
        let mut source = self.source.take().expect("taken once");
        self.deregister(&mut source)?;
        Ok(source)
    }

    fn deregister(&self, source: &mut S) -> io::Result<()> {
        self.set_deadline(Direction::Read, None);
        self.set_deadline(Direction::Write, None);
        self.driver.io.deregister(source, self.number)
    }

    /// The source.
    pub(crate) fn source(&self) -> &S {
        self.source.as_ref().expect("away only in `into_inner`")
    }

    /// The driver that serves it.
    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// Sets from when on operations in one direction end with `TimedOut`; also those that wait now.
    ///
    /// # Panics
    /// Where there are as many timers as there may be. Then there is no deadline.
    pub(crate) fn set_deadline(&self, direction: Direction, deadline: Option<Instant>) {
        if deadline.is_none() && self.timers.get().is_none() {
            return;
        }
        let timers = self.timers.get_or_init(Box::default);
        // Held throughout, so that of two calls the later wins both. Nothing of the user's runs under it:
        // a timer's waker only looks again, and those it wakes are woken by whoever keeps the time.
        let mut timers = timers.lock();
        let timer = &mut timers[direction as usize];
        let due = deadline.filter(|&deadline| deadline > clock::now());
        // One that is set anew for each request is mostly only put off.
        let is_put_off = due.zip(*timer).is_some_and(|(due, timer)| self.driver.put_off(timer, due));
        if let Some(timer) = timer.take_if(|_| !is_put_off) {
            self.driver.cancel(timer);
        }
        if let Some(due) = due.filter(|_| !is_put_off) {
            let expiry = Arc::new(Expiry { readiness: self.readiness.clone(), direction });
            match self.driver.insert(due, Waker::from(expiry)) {
                Ok(new) => *timer = Some(new),
                Err(error) => {
                    drop(timers);
                    // The former one has no timer any more.
                    self.readiness.set_deadline(direction, None);
                    panic!("{error}");
                }
            }
        }
        drop(timers);
        self.readiness.set_deadline(direction, deadline);
    }

    /// Until when operations in this direction may take.
    pub(crate) fn deadline(&self, direction: Direction) -> Option<Instant> {
        self.readiness.look(direction).deadline
    }

    /// An operation gives up waiting.
    pub(crate) fn leave(&self, direction: Direction, place: &mut Place) {
        self.readiness.leave(direction, place);
    }

    /// One poll of an operation: tries, and waits where the system says `WouldBlock`. `done` says of a
    /// value what that did.
    pub(crate) fn poll<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut waiting: Waiting<'_>,
        mut attempt: impl FnMut(&S) -> io::Result<R>,
        done: impl Fn(&R) -> Done,
    ) -> Poll<io::Result<R>> {
        ready!(budget::poll_proceed(cx));
        loop {
            let look = self.readiness.look(direction);
            if look.deadline.is_some_and(|deadline| deadline <= clock::now()) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the deadline has passed")));
            }
            let mut false_alarm = false;
            if look.ready || look.orphaned {
                let alarm = faults::alarm();
                false_alarm = alarm.is_err();
                match alarm.and_then(|()| attempt(self.source())) {
                    Ok(value) => {
                        let done = done(&value);
                        budget::spend_on(done.bytes);
                        if done.drained {
                            self.readiness.drained(direction, look.tick);
                        }
                        return Poll::Ready(Ok(value));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            if look.orphaned {
                return Poll::Ready(Err(shut_down()));
            }
            if self.wait(direction, look, cx, &mut waiting) {
                budget::refund();
                if false_alarm {
                    self.readiness.tell_again();
                }
                return Poll::Pending;
            }
        }
    }

    fn wait(
        &self,
        direction: Direction,
        look: Look,
        cx: &mut Context<'_>,
        waiting: &mut Waiting<'_>,
    ) -> bool {
        match waiting {
            Waiting::Placed(place) => self.readiness.wait(direction, look.tick, cx, place),
            Waiting::Owned => self.readiness.wait(direction, look.tick, cx, &mut Place::of_owner()),
            Waiting::Shared => self.readiness.wait_polled(direction, look.tick, cx),
        }
    }
}

impl<S: Source> Drop for Registered<S> {
    fn drop(&mut self) {
        if let Some(mut source) = self.source.take() {
            // Where the system refuses, closing takes it out as well.
            let _ = self.deregister(&mut source);
        }
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Registered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
