//! How much one routine may do before it lets the others run.
//!
//! Operations that are always ready would keep a routine on its worker for ever. So each poll of a
//! routine starts with a budget of completed operations; each operation that completes takes its share;
//! when too little is left, an operation answers `Pending` once and asks to be polled again, which sends
//! the routine to the back of the queue. Outside our scheduler (another executor, a plain thread)
//! there is no budget and nothing is ever deferred.
//!
//! A poll may complete 128 operations, or 256 of a channel, which are over in 10 ns. It was 128 of these, too. But a
//! sender that has filled a buffer of so many values then yields in the very moment in which it would have to wait,
//! and is taken by another worker while its receiver, just woken, runs on this one: at each turn the two changed
//! places, and a value cost 24 ns where it costs 18 now.
//!
//! An operation that moves many bytes counts as several, so that who copies at full speed lets the others run every few
//! hundred microseconds, and not after 128 times 256 KiB.
//!
//! The idea is tokio's "coop" (tokio/src/task/coop).

use super::trace::{self, WaitsFor};
use std::cell::Cell;
use std::task::{Context, Poll};

/// What a routine gets for one poll.
pub(crate) const PER_POLL: u32 = 256;
/// What an operation takes that is not of a channel; those take 1.
const SHARE: u32 = 2;
/// So many bytes moved are as much work as another operation: a microsecond or two, within this process or to the
/// system and back.
const BYTES: usize = 8 * 1024;
/// The value that stands for "no limit".
const UNLIMITED: u32 = u32::MAX;

crate::platform::thread::thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(UNLIMITED) };
    /// What a poll gets on this thread: less than `PER_POLL` only in a simulation, where a routine that is
    /// made to yield here and there meets the others in more orders.
    static FRESH: Cell<u32> = const { Cell::new(PER_POLL) };
}

/// Runs one poll of a routine with a fresh budget, and restores what was left before it.
#[inline]
pub(crate) fn with_fresh<R>(poll: impl FnOnce() -> R) -> R {
    with(FRESH.try_with(Cell::get).unwrap_or(PER_POLL), poll)
}

/// Has polls on this thread begin with so much from now on.
pub(crate) fn set_fresh(budget: u32) {
    let _ = FRESH.try_with(|fresh| fresh.set(budget));
}

/// Runs `f` with no budget: for a thread that blocks anyway.
#[inline]
pub(crate) fn without<R>(f: impl FnOnce() -> R) -> R {
    with(UNLIMITED, f)
}

fn with<R>(budget: u32, f: impl FnOnce() -> R) -> R {
    /// Restores the outer budget even where the poll panics.
    struct Restore(u32);
    impl Drop for Restore {
        fn drop(&mut self) {
            // A thread that is ending has no budget to restore.
            let _ = LEFT.try_with(|left| left.set(self.0));
        }
    }
    let _restore = LEFT.try_with(|left| Restore(left.replace(budget))).ok();
    f()
}

/// Whether there is a limit: then a worker polls a routine here.
#[cold]
pub(crate) fn is_limited() -> bool {
    LEFT.try_with(|left| left.get() != UNLIMITED).unwrap_or(false)
}

/// Asks for leave to complete one operation. `Pending` means: the budget is spent, and the routine
/// has been asked to be polled again; the operation must return `Pending` without having done
/// anything.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    if take(SHARE) { Poll::Ready(()) } else { defer(cx) }
}

/// The same for an operation of a channel. `false`: it has to be [deferred](defer).
#[inline(always)]
pub(crate) fn take_one() -> bool {
    take(1)
}

#[inline(always)]
fn take(share: u32) -> bool {
    let taken = LEFT.try_with(|left| match left.get() {
        UNLIMITED => true,
        n if n < share => false,
        n => {
            left.set(n - share);
            true
        }
    });
    taken.unwrap_or(true)
}

/// Asks for another poll.
#[cold]
#[inline(never)]
pub(crate) fn defer<R>(cx: &Context<'_>) -> Poll<R> {
    cx.waker().wake_by_ref();
    trace::waits(|| WaitsFor::Turn);
    Poll::Pending
}

/// Takes the share of an operation that has completed. It may be too much: then the next waits.
#[inline]
pub(crate) fn spend() {
    spend_much(SHARE);
}

/// Takes what an operation that has completed takes besides for the bytes that it has moved.
#[inline]
pub(crate) fn spend_on(bytes: usize) {
    if bytes >= BYTES {
        spend_much(u32::try_from(bytes / BYTES).unwrap_or(UNLIMITED).saturating_mul(SHARE));
    }
}

#[inline]
fn spend_much(much: u32) {
    let _ = LEFT.try_with(|left| match left.get() {
        UNLIMITED => {}
        n => left.set(n.saturating_sub(much)),
    });
}

/// Whether an operation has completed in this poll.
pub(crate) fn is_touched() -> bool {
    let (left, fresh) = (LEFT.try_with(Cell::get), FRESH.try_with(Cell::get));
    left.unwrap_or(UNLIMITED) != fresh.unwrap_or(PER_POLL)
}

/// Gives back what [`poll_proceed`] took, for an operation that turned out not to be ready.
#[inline]
pub(crate) fn refund() {
    give_back(SHARE);
}

/// Gives back what [`take_one`] took, likewise.
#[inline]
pub(crate) fn refund_one() {
    give_back(1);
}

#[inline]
fn give_back(share: u32) {
    let _ = LEFT.try_with(|left| match left.get() {
        UNLIMITED => {}
        n => left.set(n + share),
    });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    const OPERATIONS: usize = (PER_POLL / SHARE) as usize;

    fn granted() -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        (0..1_000).take_while(|_| poll_proceed(&mut cx).is_ready()).count()
    }

    fn granted_to_channels() -> usize {
        (0..1_000).take_while(|_| take_one()).count()
    }

    #[test]
    fn outside_a_routine_nothing_is_limited() {
        assert_eq!(granted(), 1_000);
        assert_eq!(granted_to_channels(), 1_000);
    }

    #[test]
    fn a_poll_gets_its_budget_and_no_more() {
        assert_eq!(with_fresh(granted), OPERATIONS);
        assert_eq!(with_fresh(granted_to_channels), PER_POLL as usize);
        assert_eq!(granted(), 1_000, "the budget ends with the poll");
    }

    #[test]
    fn many_bytes_are_several_operations() {
        with_fresh(|| {
            spend_on(BYTES - 1);
            assert_eq!(granted(), OPERATIONS);
        });
        with_fresh(|| {
            spend_on(32 * BYTES);
            assert_eq!(granted(), OPERATIONS - 32);
            spend_on(usize::MAX);
            assert_eq!(granted(), 0);
        });
        spend_on(usize::MAX);
        assert_eq!(granted(), 1_000, "outside a routine nothing is limited");
    }

    #[test]
    fn a_refund_is_one_more() {
        with_fresh(|| {
            granted();
            refund();
            assert_eq!(granted(), 1);
            refund();
            assert_eq!(granted_to_channels(), SHARE as usize);
            refund_one();
            assert_eq!(granted(), 0, "too little");
            assert_eq!(granted_to_channels(), 1);
        });
    }

    #[test]
    fn a_nested_poll_does_not_touch_the_outer_budget() {
        with_fresh(|| {
            assert_eq!(with_fresh(granted), OPERATIONS);
            assert_eq!(without(granted), 1_000);
            assert_eq!(granted(), OPERATIONS);
        });
    }
}
