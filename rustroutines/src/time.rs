//! Waiting for time to pass: [`sleep`], [`sleep_until`], [`timeout`], [`timeout_at`].
//!
//! - `alarm`: a timer that is nobody's operation.
//! - `join_timeout`: waiting for a routine, but not for ever.
//! - `wheel`: many deadlines, of which the earliest come out first.
//! - `slab`: numbered entries, in memory that is given back.
//!
//! A [`Sleep`] asks the clock whether its time has come; the timer is only what has it asked. So it is
//! never early, whoever polls it and why, and one whose deadline is past needs no timer at all. Nor does
//! one that lies beyond what the clock can express: it never ends.
//!
//! A look at the clock is dear: more than a third of what a timer costs that is made and not needed. One
//! that was made by its duration, a tick or more, is not asked for at its first poll, which comes at once
//! almost always. Where it comes late, the timer is due as soon as it is set.

mod alarm;
mod join_timeout;
mod slab;
pub(crate) mod wheel;

pub(crate) use alarm::Alarm;
pub use join_timeout::JoinTimeout;

use crate::driver::timer::{TICK, TimerKey};
use crate::error::Timeout;
use crate::platform::clock::{self, Instant};
use crate::runtime;
use crate::select::{Progress, Step};
use crate::suspend::Suspend;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The present instant, as everything in this crate sees it: that of the machine's clock, or, in a
/// [simulation](crate::testing), of the simulated one. `Instant::now()` always asks the machine.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
/// use rustroutines::testing;
/// use rustroutines::time::now;
///
/// #[routine]
/// fn a_day() {
///     let start = now();
///     sleep(Duration::from_secs(86_400));
///     assert_eq!(now() - start, Duration::from_secs(86_400));
/// }
///
/// testing::run(1, a_day);
/// ```
#[inline]
pub fn now() -> Instant {
    clock::now()
}

/// Waits until `duration` has passed, counted from this call.
///
/// It never ends early, and about a tenth of a millisecond late: a quarter where thousands of sleeps end each second,
/// more where the machine is busy. With
/// [`Duration::ZERO`] it ends at once; with one that the clock cannot express, such as
/// [`Duration::MAX`], never.
///
/// # Panics
/// When it has to wait and the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers).
///
/// # Cancel safety
/// Dropping it takes the timer away. A new `sleep` starts counting anew.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, time::sleep};
/// use std::time::{Duration, Instant};
///
/// let begin = Instant::now();
/// sleep(Duration::from_millis(5)).block();
/// assert!(begin.elapsed() >= Duration::from_millis(5));
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    let deadline = clock::now().checked_add(duration);
    Sleep { deadline, timer: (deadline.is_some() && duration >= TICK).then_some(JUST_MADE) }
}

/// Waits until `deadline`. One that is past ends at once.
///
/// # Panics
/// When it has to wait and the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers).
///
/// # Cancel safety
/// Dropping it takes the timer away, and loses nothing: a new `sleep_until` ends at the same instant.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, time::sleep_until};
/// use std::time::{Duration, Instant};
///
/// let deadline = Instant::now() + Duration::from_millis(5);
/// sleep_until(deadline).block();
/// assert!(Instant::now() >= deadline);
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline: Some(deadline), timer: None }
}

/// Carries an operation out, but for no longer than `duration`, counted from this call.
///
/// `operation` is a closure that makes the operation, so that a routine does not carry it out before it
/// gets here. It is called at once. A value that is ready beats a deadline that has passed: with
/// [`Duration::ZERO`] the operation is tried once. With a duration that the clock cannot express, such as
/// [`Duration::MAX`], there is no limit.
///
/// # Errors
/// [`Timeout`] if the time was up first. The operation is dropped.
///
/// # Panics
/// When it has to wait and the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers).
///
/// # Cancel safety
/// That of the operation.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, error::Timeout, time::{sleep, timeout}};
/// use std::time::Duration;
///
/// let slow = || sleep(Duration::from_secs(60));
/// assert_eq!(timeout(Duration::from_millis(1), slow).block(), Err(Timeout));
///
/// let ready = || rustroutines::suspend::ready(7);
/// assert_eq!(timeout(Duration::ZERO, ready).block(), Ok(7));
/// ```
pub fn timeout<O: Suspend>(
    duration: Duration,
    operation: impl FnOnce() -> O, // a closure that makes the operation: `|| rx.recv()`
) -> WithTimeout<O> {
    let sleep = sleep(duration);
    WithTimeout { operation: operation(), sleep }
}

/// Carries an operation out, but not beyond `deadline`. Otherwise as [`timeout`].
///
/// # Errors
/// [`Timeout`] if the deadline came first. The operation is dropped.
///
/// # Panics
/// When it has to wait and the runtime's limit of timers is reached: see
/// [`max_timers`](crate::runtime::RuntimeConfig::max_timers).
///
/// # Cancel safety
/// That of the operation.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, error::Timeout, time::{sleep, timeout_at}};
/// use std::time::{Duration, Instant};
///
/// let never = || sleep(Duration::MAX);
/// assert_eq!(timeout_at(Instant::now(), never).block(), Err(Timeout));
/// ```
pub fn timeout_at<O: Suspend>(
    deadline: Instant,
    operation: impl FnOnce() -> O, // a closure that makes the operation: `|| rx.recv()`
) -> WithTimeout<O> {
    let sleep = sleep_until(deadline);
    WithTimeout { operation: operation(), sleep }
}

/// What stands for the timer of one that was made by its duration and has not been polled.
const JUST_MADE: TimerKey = TimerKey::NONE;

/// The operation of [`sleep`] and [`sleep_until`].
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct Sleep {
    /// When it ends; `None` for never.
    deadline: Option<Instant>,
    /// The timer, from the first poll that found the deadline still to come; or `JUST_MADE`.
    timer: Option<TimerKey>,
}

impl Sleep {
    /// When it ends; `None` if never.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the time has come. Where not, the context's waker will hear of it.
    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        if self.timer != Some(JUST_MADE) {
            if clock::now() >= deadline {
                if let Some(key) = self.timer.take() {
                    runtime::with_driver_of(key, |driver| driver.is_out(deadline) || driver.cancel(key));
                }
                return Poll::Ready(());
            }
            // It stays ours meanwhile: to clone the waker may panic.
            if let Some(key) = self.timer {
                match runtime::with_driver_of(key, |driver| driver.set_waker(key, cx.waker())) {
                    Some(true) => return Poll::Pending,
                    // It has fired since the look at the clock.
                    Some(false) => {
                        self.timer = None;
                        return Poll::Ready(());
                    }
                    // Its runtime is gone.
                    None => {}
                }
            }
        }
        let waker = cx.waker().clone();
        let key = runtime::with_driver(|driver| driver.insert(deadline, waker));
        self.timer = Some(key.unwrap_or_else(|error| panic!("{error}")));
        Poll::Pending
    }

    /// As the limit of a wait for something else. Costs that wait nothing of its budget if the time has not
    /// come.
    pub(crate) fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_proceed(cx));
        let elapsed = self.poll_elapsed(cx);
        if elapsed.is_pending() {
            budget::refund();
            trace::waits(|| WaitsFor::Limit(self.deadline));
        }
        elapsed
    }

    fn cancel(&mut self) {
        if let Some(key) = self.timer.take().filter(|&key| key != JUST_MADE) {
            runtime::with_driver_of(key, |driver| driver.cancel(key));
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_proceed(cx));
        let elapsed = self.poll_elapsed(cx);
        if elapsed.is_pending() {
            budget::refund();
            trace::waits(|| WaitsFor::Sleep(self.deadline));
        }
        elapsed
    }
}

impl Suspend for Sleep {}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// The operation of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
    pub struct WithTimeout<O> {
        // What may take too long.
        #[pin]
        operation: O,
        // The limit.
        sleep: Sleep,
    }
}

impl<O: Suspend> Future for WithTimeout<O> {
    type Output = Result<O::Output, Timeout>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Without budget the operation could not even try, and would seem not to be ready.
        ready!(budget::poll_proceed(cx));
        budget::refund();
        if let Poll::Ready(value) = this.operation.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        // Asked whether or not the operation has used the budget up: one that does so in every poll
        // would otherwise never run out of time.
        if this.sleep.poll_elapsed(cx).is_pending() {
            trace::waits(|| WaitsFor::Limit(this.sleep.deadline));
            return Poll::Pending;
        }
        budget::spend(); // A completion like any other.
        Poll::Ready(Err(Timeout))
    }
}

impl<O: Suspend> Suspend for WithTimeout<O> {
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        let this = self.project();
        match step {
            Step::Attempt(cx) => match this.operation.select_step(Step::Attempt(cx)) {
                Progress::Waiting if this.sleep.poll_elapsed(cx).is_ready() => Progress::Done(Err(Timeout)),
                progress => progress.map(Ok),
            },
            // The time may be up, whatever the operation says.
            Step::Peek => Progress::Retry,
            step => this.operation.select_step(step).map(Ok).and_polled(),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::suspend::operation::routine;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Waker;

    #[test]
    fn sleeps_that_are_over_yield_by_budget() {
        let mut cx = Context::from_waker(Waker::noop());
        let over = budget::with_fresh(|| count(&mut cx, || sleep(Duration::ZERO)));
        assert!(over > 0 && over < 10_000, "{over}");
    }

    #[test]
    fn timeouts_that_expire_yield_by_budget() {
        let mut cx = Context::from_waker(Waker::noop());
        let make = || timeout(Duration::ZERO, || sleep(Duration::MAX));
        let expired = budget::with_fresh(|| count(&mut cx, make));
        assert!(expired > 0 && expired < 10_000, "{expired}");
    }

    /// How many operations in a row are ready at their first poll.
    fn count<O: Future>(cx: &mut Context<'_>, make: impl Fn() -> O) -> usize {
        (0..10_000).take_while(|_| pin!(make()).poll(cx).is_ready()).count()
    }

    #[test]
    fn an_operation_that_uses_the_budget_up_in_every_poll_still_runs_out_of_time() {
        let greedy = || {
            poll_fn(|cx| {
                while budget::poll_proceed(cx).is_ready() {}
                Poll::<()>::Pending
            })
        };
        let mut operation = pin!(timeout(Duration::from_millis(1), || routine(greedy())));
        let mut cx = Context::from_waker(Waker::noop());
        let begin = clock::now();
        loop {
            if let Poll::Ready(outcome) = budget::with_fresh(|| operation.as_mut().poll(&mut cx)) {
                assert_eq!(outcome, Err(Timeout));
                break;
            }
            assert!(begin.elapsed() < Duration::from_secs(60));
        }
    }

    #[test]
    fn an_operation_gets_its_try_with_the_last_of_the_budget() {
        budget::with_fresh(|| {
            let mut cx = Context::from_waker(Waker::noop());
            while budget::poll_proceed(&mut cx).is_ready() {}
            // Nothing left: it must not look as if the operation were not ready.
            let zero = || timeout(Duration::ZERO, || sleep(Duration::ZERO));
            assert_eq!(pin!(zero()).poll(&mut cx), Poll::Pending);
            budget::refund();
            assert_eq!(pin!(zero()).poll(&mut cx), Poll::Ready(Ok(())));
        });
    }

    #[test]
    fn only_a_sleep_that_waits_costs_a_timer() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut never = sleep(Duration::MAX);
        assert!(Pin::new(&mut never).poll(&mut cx).is_pending());
        assert!(never.timer.is_none());
        let mut waits = sleep(Duration::from_secs(600));
        assert_eq!(waits.timer, Some(JUST_MADE), "not before it is polled");
        assert!(Pin::new(&mut waits).poll(&mut cx).is_pending());
        assert!(waits.timer.is_some_and(|key| key != JUST_MADE));
    }
}
