//! Waiting for a promise: what operations that nobody completes for them have in common.
//!
//! Such an operation looks under the lock of its channel whether it can go on, and stands in line if not.
//! Whoever takes it out of the line has promised it something or has news for it, and wakes it; it goes
//! on when it is polled. No wake-up is lost: looking and standing in line happen under one lock.

use super::waiters::{Key, Waiters};
use std::task::{Context, Poll, Waker};

/// What a look under the lock came to.
pub(super) enum Turn<R> {
    /// It is over.
    Over(R),
    /// It stands in line.
    Waits,
    /// It has to stand in line, with a waker that is to be cloned outside the lock.
    NeedsWaker,
}

/// Takes turns until it is over or stands in line. The waker is cloned only for a wait; meanwhile the
/// lock was free, so another turn looks at everything once more.
pub(super) fn take_turns<R>(
    cx: &Context<'_>,
    mut turn: impl FnMut(&mut Option<Waker>) -> Turn<R>,
) -> Poll<R> {
    let mut waker = None;
    loop {
        match turn(&mut waker) {
            Turn::Over(result) => return Poll::Ready(result),
            Turn::Waits => return Poll::Pending,
            Turn::NeedsWaker => waker = Some(cx.waker().clone()),
        }
    }
}

/// Stands in line, or stays there, to be woken by the waker of `cx`. `waker` is a clone of that, if there
/// is one yet, and afterwards the one that it replaces.
pub(super) fn wait<R>(
    line: &mut Waiters<()>,
    waiting: &mut Option<Key>,
    waker: &mut Option<Waker>,
    cx: &Context<'_>,
) -> Turn<R> {
    if waiting.as_ref().is_some_and(|key| line.would_wake(key, cx.waker())) {
        return Turn::Waits;
    }
    let Some(new) = waker.take() else { return Turn::NeedsWaker };
    match waiting {
        Some(key) => *waker = line.set_waker(key, new),
        None => *waiting = Some(line.push(new, None)),
    }
    Turn::Waits
}

/// An operation of which an attempt that is not ready leaves a waker behind, and that takes effect in no
/// other way than by an attempt. So it is an arm of a select as it stands: one that wins has taken effect
/// in the attempt by which it won, and one that loses has not. The select has paid for the attempt. Its
/// `describe` is what a dump says of it.
macro_rules! attempted {
    ([$($generics:tt)*] $operation:ty, $output:ty) => {
        impl<$($generics)*> Future for $operation {
            type Output = $output;

            fn poll(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                std::task::ready!(crate::task::budget::poll_proceed(cx));
                let this = self.get_mut();
                let done = this.attempt(cx);
                if done.is_pending() {
                    crate::task::budget::refund();
                    crate::task::trace::waits(|| this.describe());
                }
                done
            }
        }

        impl<$($generics)*> crate::Suspend for $operation {
            fn select_step(
                self: std::pin::Pin<&mut Self>,
                step: crate::select::Step<'_, '_>,
            ) -> crate::select::Progress<Self::Output> {
                use crate::select::{Progress, Step};
                match step {
                    Step::Attempt(cx) => {
                        let this = self.get_mut();
                        match this.attempt(cx) {
                            std::task::Poll::Ready(output) => Progress::Done(output),
                            std::task::Poll::Pending => {
                                crate::task::trace::waits(|| this.describe());
                                Progress::Waiting
                            }
                        }
                    }
                    Step::Peek => Progress::Retry,
                    Step::Confirm | Step::Publish(_) | Step::Withdraw | Step::Tell => Progress::Waiting,
                    Step::Collect => unreachable!("nobody claims what was not published"),
                }
            }
        }
    };
}

pub(super) use attempted;
