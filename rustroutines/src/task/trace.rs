//! What a routine waits for, told by the operations themselves.
//!
//! Nothing is noted while a routine goes to sleep. Whoever wants to know has it polled once more, with
//! this thread *tracing*: an operation that is about to answer `Pending` then says what it is. A poll too
//! many is allowed to every future, and an operation that waits leaves its place in line as it is. What is
//! on the way to `Pending` anyway looks at one flag of its thread; the ways to `Ready` do not.
//!
//! Rejected: a note in each operation as it begins to wait. That is a store for each wait, and a word in
//! each routine, for something that is asked once in a program's life.

use crate::platform::clock::{self, Instant};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;

crate::platform::thread::thread_local! {
    /// Operations that wait are to say so.
    static ON: Cell<bool> = const { Cell::new(false) };
    /// What they have said.
    static FOUND: RefCell<Vec<WaitsFor>> = const { RefCell::new(Vec::new()) };
}

/// What a routine, or a thread that blocks, waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitsFor {
    /// For room in a channel, or for somebody who takes the value.
    Sending(ChannelInfo),
    /// For a value.
    Receiving(ChannelInfo),
    /// For room to reserve.
    Reserving(ChannelInfo),
    /// For the slowest receiver of a broadcast.
    Broadcasting(ChannelInfo),
    /// For the next value of a broadcast.
    BroadcastReceiving(ChannelInfo),
    /// For the first of several.
    Select(Vec<WaitsFor>),
    /// For time to pass; `None`: for ever.
    Sleep(Option<Instant>),
    /// For something else, but no longer than this.
    Limit(Option<Instant>),
    /// For the routine of this number.
    Join(u64),
    /// For a call on the pool for blocking calls.
    BlockingCall,
    /// For its turn.
    Turn,
    /// For something that says no more than this of itself.
    Other(&'static str),
}

/// A channel that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelInfo {
    /// Where it was made.
    pub created: &'static Location<'static>,
    /// How many values it holds.
    pub len: usize,
    /// How many it can hold; `None`: any number.
    pub capacity: Option<usize>,
    /// How many senders it has, but for a timer that feeds it. While there is one, receivers wait for it.
    pub senders: usize,
    /// How many receivers it has.
    pub receivers: usize,
}

/// Whether operations that wait are to say so.
#[inline]
pub(crate) fn is_on() -> bool {
    ON.try_with(Cell::get).unwrap_or(false)
}

/// An operation is about to answer `Pending`: where this thread is tracing, it says why.
#[inline]
pub(crate) fn waits(what: impl FnOnce() -> WaitsFor) {
    if is_on() {
        found(what());
    }
}

#[cold]
fn found(what: WaitsFor) {
    let _ = FOUND.try_with(|found| found.borrow_mut().push(what));
}

/// The operation that has said what it waits for does not wait after all: it begins anew.
pub(crate) fn start_over() {
    if is_on() {
        drop(take_found());
    }
}

/// This thread is tracing until this is dropped.
pub(crate) struct Tracing {
    /// Whether it was tracing before, and what it had found.
    outer: (bool, Vec<WaitsFor>),
}

/// Begins to trace.
#[cold]
pub(crate) fn begin() -> Tracing {
    Tracing { outer: (ON.with(|on| on.replace(true)), take_found()) }
}

impl Tracing {
    /// Ends it; gives what was found.
    pub(crate) fn end(self) -> Vec<WaitsFor> {
        take_found()
    }
}

fn take_found() -> Vec<WaitsFor> {
    FOUND.with(RefCell::take)
}

impl Drop for Tracing {
    fn drop(&mut self) {
        let (on, found) = std::mem::take(&mut self.outer);
        ON.with(|cell| cell.set(on));
        FOUND.with(|cell| *cell.borrow_mut() = found);
    }
}

/// Carries `poll` out; what it finds to wait for becomes the cases of one select if it waits.
#[cold]
pub(crate) fn select<T>(poll: impl FnOnce() -> std::task::Poll<T>) -> std::task::Poll<T> {
    let tracing = begin();
    let polled = poll();
    let cases = tracing.end();
    if polled.is_pending() {
        found(WaitsFor::Select(cases));
    }
    polled
}

/// What is left until `deadline`.
struct Until(Instant);

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.0.saturating_duration_since(clock::now());
        write!(f, "for {left:.1?} more")
    }
}

impl fmt::Display for ChannelInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.capacity {
            Some(0) => "the unbuffered channel",
            Some(_) => "the bounded channel",
            None => "the unbounded channel",
        };
        write!(f, "{kind} made at {}", self.created)?;
        match self.capacity {
            Some(capacity) if capacity > 0 => write!(f, " ({} of {capacity} values)", self.len),
            _ => Ok(()),
        }
    }
}

/// How many there are of the other side: of a channel that nobody closes, the last sender is kept somewhere.
struct Left(usize, &'static str);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(0, _) => Ok(()),
            Self(1, side) => write!(f, ", which has 1 {side}"),
            Self(number, side) => write!(f, ", which has {number} {side}s"),
        }
    }
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitsFor::Sending(channel) => {
                write!(f, "sending to {channel}{}", Left(channel.receivers, "receiver"))
            }
            WaitsFor::Receiving(channel) => {
                write!(f, "receiving from {channel}{}", Left(channel.senders, "sender"))
            }
            WaitsFor::Reserving(channel) => {
                write!(f, "reserving room in {channel}{}", Left(channel.receivers, "receiver"))
            }
            WaitsFor::Broadcasting(channel) => {
                write!(f, "broadcasting to {channel}{}", Left(channel.receivers, "receiver"))
            }
            WaitsFor::BroadcastReceiving(channel) => {
                write!(f, "receiving a broadcast from {channel}{}", Left(channel.senders, "sender"))
            }
            WaitsFor::Select(cases) => {
                write!(f, "select of {}", cases.len())?;
                for (index, case) in cases.iter().enumerate() {
                    write!(f, "{}{case}", if index == 0 { ": " } else { "; " })?;
                }
                Ok(())
            }
            WaitsFor::Sleep(Some(deadline)) => write!(f, "sleeping {}", Until(*deadline)),
            WaitsFor::Sleep(None) => f.write_str("sleeping for ever"),
            WaitsFor::Limit(Some(deadline)) => write!(f, "at most {}", Until(*deadline)),
            WaitsFor::Limit(None) => f.write_str("without a limit"),
            WaitsFor::Join(id) => write!(f, "joining routine {id}"),
            WaitsFor::BlockingCall => f.write_str("a call that blocks, on a thread of its own"),
            WaitsFor::Turn => f.write_str("its turn"),
            WaitsFor::Other(what) => f.write_str(what),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Poll;

    #[test]
    fn only_who_traces_hears_anything() {
        waits(|| unreachable!("nobody traces"));
        let tracing = begin();
        waits(|| WaitsFor::Turn);
        assert_eq!(tracing.end(), [WaitsFor::Turn]);
        assert!(!is_on());
    }

    #[test]
    fn a_trace_inside_another_takes_nothing_from_it() {
        let outer = begin();
        waits(|| WaitsFor::Turn);
        let inner = begin();
        waits(|| WaitsFor::BlockingCall);
        assert_eq!(inner.end(), [WaitsFor::BlockingCall]);
        assert!(is_on());
        assert_eq!(outer.end(), [WaitsFor::Turn]);
    }

    #[test]
    fn what_a_select_waits_for_is_one_thing_and_one_that_is_done_waits_for_nothing() {
        let tracing = begin();
        let waiting: Poll<()> = select(|| {
            waits(|| WaitsFor::Turn);
            Poll::Pending
        });
        assert!(waiting.is_pending());
        let done = select(|| {
            waits(|| WaitsFor::Turn);
            Poll::Ready(())
        });
        assert!(done.is_ready());
        assert_eq!(tracing.end(), [WaitsFor::Select(vec![WaitsFor::Turn])]);
    }
}
