//! Channels that time feeds: [`after`], [`tick`], and [`never()`], which nothing feeds.
//!
//! They are channels like any other, with a buffer for one value and one sender that nobody holds: the
//! timer. So they are arms of a `select!` that a counterpart claims, have timeouts, and can be iterated
//! over.
//!
//! The channel owns its [`Alarm`], and the waker in the timer knows the channel only weakly. So the last
//! receiver takes channel and timer away, and a timer that fires meanwhile finds nobody.

use super::core::Channel;
use super::{Receiver, TrySendError};
use crate::error::TimerError;
use crate::platform::clock::{self, Instant};
use crate::time::Alarm;
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};
use std::time::Duration;

/// Makes a receiver for which there is never a value, and whose channel nobody closes: as an arm of a
/// `select!` it is an arm that never wins.
///
/// # Examples
/// ```
/// use rustroutines::channel::never;
/// use rustroutines::prelude::*;
///
/// let progress: Option<Receiver<u32>> = None;
/// let progress = progress.unwrap_or_else(never);
/// select! {
///     _ = progress.recv() => unreachable!(),
///     default => {}
/// }
/// ```
#[track_caller]
pub fn never<T>() -> Receiver<T> {
    // It is born with one sender counted, and that one is never dropped.
    Receiver { channel: Arc::new(Channel::new(0)) }
}

/// Makes a receiver that gets one value, when `duration` has passed: the instant that was waited for.
///
/// The channel stays open and empty after that, so that in a loop around a `select!` the arm wins once.
/// A duration that the clock cannot express, such as [`Duration::MAX`], never passes. To limit a single
/// wait, `timeout(…)` in the `select!` and [`recv_timeout`](Receiver::recv_timeout) are cheaper.
///
/// Dropping the receiver takes the timer away.
///
/// # Panics
/// If the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers).
///
/// # Examples
/// ```
/// use rustroutines::channel::after;
/// use rustroutines::prelude::*;
///
/// let start = Instant::now();
/// let (tx, rx) = channel::<u32>();
/// let deadline = after(Duration::from_millis(5));
/// select! {
///     _ = rx.recv() => unreachable!("nobody sends"),
///     due = deadline.recv() => assert!(due.unwrap() <= Instant::now()),
/// }
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// # drop(tx);
/// ```
#[doc(alias = "Timer")]
#[track_caller]
pub fn after(duration: Duration) -> Receiver<Instant> {
    let now = clock::now();
    match now.checked_add(duration) {
        None => never(),
        Some(due) if due <= now => {
            let channel = Channel::new(1);
            channel.try_send(due).expect("there is room");
            Receiver { channel: Arc::new(channel) }
        }
        Some(due) => fed(due, None),
    }
}

/// Makes a receiver that gets a value in each `period`, first when one has passed: the instant at which
/// the tick was due.
///
/// Ticks do not drift: they are due at the start plus whole periods. A tick waits for its receiver, but
/// ticks do not pile up: while one waits, those that come are dropped, and of those that come due
/// together, on a machine that is late, there is one. Timers are kept to a sixteenth of a millisecond; of a
/// period that is not much longer some ticks are missed.
///
/// Dropping the receiver takes the timer away; closing the channel stops it too.
///
/// # Panics
/// If `period` is zero, or the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers). A ticker whose next timer is refused ends: its
/// channel is closed.
///
/// # Examples
/// ```
/// use rustroutines::channel::tick;
/// use rustroutines::prelude::*;
///
/// let period = Duration::from_millis(2);
/// let start = Instant::now();
/// for (number, due) in tick(period).iter().take(3).enumerate() {
///     assert!(due >= start + period * (number as u32 + 1));
/// }
/// ```
#[doc(alias("interval", "Ticker"))]
#[track_caller]
pub fn tick(period: Duration) -> Receiver<Instant> {
    assert!(!period.is_zero(), "a ticker needs a period longer than zero");
    match clock::now().checked_add(period) {
        Some(due) => fed(due, Some(period)),
        None => never(),
    }
}

/// A channel that gets a value at `due`, and, with a period, on and on.
#[track_caller]
fn fed(due: Instant, period: Option<Duration>) -> Receiver<Instant> {
    let mut channel = Channel::new(1);
    channel.alarm = Some(Box::new(Alarm::new()));
    let channel = Arc::new(channel);
    let feed = Feed { channel: Arc::downgrade(&channel), due, period };
    feed.set(&channel).unwrap_or_else(|error| panic!("{error}"));
    Receiver { channel }
}

/// What the timer wakes: one value to be sent.
struct Feed {
    /// Where to. Gone with the last receiver.
    channel: Weak<Channel<Instant>>,
    /// When, and what.
    due: Instant,
    /// How long after it the next one is due.
    period: Option<Duration>,
}

impl Feed {
    /// Has the alarm of the channel wake it.
    fn set(self, channel: &Channel<Instant>) -> Result<(), TimerError> {
        match &channel.alarm {
            Some(alarm) => alarm.set(self.due, Waker::from(Arc::new(self))),
            None => Ok(()),
        }
    }

    /// The next value: due at the first instant of the grid that is still to come.
    fn next(&self, now: Instant) -> Option<Feed> {
        let period = self.period?;
        let late = now.saturating_duration_since(self.due).as_nanos() % period.as_nanos();
        let late = Duration::new((late / 1_000_000_000) as u64, (late % 1_000_000_000) as u32);
        let due = now.max(self.due).checked_add(period - late)?;
        Some(Feed { channel: self.channel.clone(), due, period: self.period })
    }
}

impl Wake for Feed {
    fn wake(self: Arc<Self>) {
        let Some(channel) = self.channel.upgrade() else { return };
        if channel.is_closed() {
            return;
        }
        // Before the value is sent: a receiver's waker that panics must not stop the clock.
        let next = self.next(clock::now()).map_or(Ok(()), |next| next.set(&channel));
        // One that waits already takes its place.
        let _: Result<(), TrySendError<Instant>> = channel.try_send(self.due);
        if next.is_err() {
            // No timer is to be had for the next: that was the last, and receivers are not to wait for more.
            channel.close();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn feed(due: Instant, period: Duration) -> Feed {
        Feed { channel: Weak::new(), due, period: Some(period) }
    }

    #[test]
    fn the_next_tick_is_on_the_grid_and_still_to_come() {
        let due = clock::now();
        for period in [1, 7, 999, 1_000_000, 86_400_000_000_007].map(Duration::from_nanos) {
            for late in [0, 1, 6, 7, 8, 1_000_000, 12_345_678_901_234].map(Duration::from_nanos) {
                let now = due + late;
                let next = feed(due, period).next(now).unwrap().due;
                assert!(next > now && next - now <= period, "{period:?} {late:?}");
                assert_eq!((next - due).as_nanos() % period.as_nanos(), 0, "{period:?} {late:?}");
            }
        }
    }

    #[test]
    fn a_tick_beyond_the_clock_is_the_last() {
        let due = clock::now();
        assert!(feed(due, Duration::MAX).next(due).is_none());
    }

    #[test]
    fn the_timer_goes_with_the_receiver() {
        for receiver in [after(Duration::from_secs(600)), tick(Duration::from_secs(600))] {
            let weak = Arc::downgrade(&receiver.channel);
            let other = receiver.clone();
            drop(receiver);
            assert!(weak.upgrade().is_some());
            drop(other);
            assert!(weak.upgrade().is_none());
        }
    }
}
