//! Waiting for the first of several operations: the passes of `select!`.
//!
//! Exactly one arm of a select takes effect. A losing receive consumes nothing, a losing send is
//! delivered to nobody.
//!
//! - `arm`: what a select asks of an arm, and what that answers.
//! - `claim`: what keeps two counterparts from completing two arms.
//! - `ready`: which arms may be ready, and which of them is attempted next.
//! - `builder`: cases known only at run time.
//!
//! # The passes
//!
//! 1. *Attempt.* Nothing is published. Try every arm, in random or source order; the first that
//!    completes is the choice, and the select is over without a claim. In random order: one arm, drawn from
//!    all; then those of the others that may be ready, for a peek is cheaper than a draw and an attempt. Of k
//!    arms that are ready among n, each is chosen with 1/n at first, else, if the first was none of them, with
//!    1/k: 1/n + (n-k)/n · 1/k = 1/k.
//! 2. `default`, or a deadline that has passed, is to end it here. With several arms that is not known
//!    yet: while one was tried, another may have become ready, and the first one only afterwards no longer.
//!    So the arms are asked once more: if each can say that it has not been ready since it was tried, none
//!    was between the two looks. Else the select goes on to 3, and once all arms are published, with the claim still open, there was a
//!    moment at which none was ready. It takes the claim back, withdraws, and is over; if the claim can't
//!    be taken back: go to 5. (Only channels promise that much. What knows nothing of claims was tried.)
//! 3. *Publish.* Leave the waker in the claim, open it, and enqueue on one channel after another.
//!    Each channel looks once more, under its lock, whether a counterpart is there. If one is:
//!    take the claim back, withdraw everywhere, and go to 1. If it can't be taken back, it has
//!    been won: go to 5.
//! 4. *Wait.* When woken, look at the claim. Won: go to 5. Open, and there are arms that know nothing
//!    of claims (a routine, a timer): take it back, withdraw, go to 1; if it can't be taken back, go to 5.
//! 5. *Collect* the output of the arm that won. The other arms still stand in their queues, but the
//!    claim is decided, so nobody can complete them; they withdraw when they are dropped, which is
//!    before the chosen arm's body runs.
//!
//! An operation that knows nothing of claims is carried out as far as it goes when it is polled. If it is
//! itself about to send (a routine that sends, or a select with a send arm), its value may have been
//! delivered when another arm is chosen. Channel operations, with or without a time limit, know claims.
//!
//! A select never completes an arm by itself while it is published (it attempts only after
//! withdrawing), so it needs no claim of its own against itself, and two selects that meet can't wait
//! for one another: each claims the other only from pass 1.
//!
//! # No wake-up is lost
//!
//! A counterpart that comes before the publication of an arm is seen by the look under the channel's
//! lock; one that comes after it finds the select enqueued, and wins the claim unless it is decided.
//! Winning takes the waker out of the claim, where the owner put it before it opened the claim. An
//! owner that replaces the waker looks at the claim's state afterwards.
//!
//! The protocol is that of crossbeam-channel's `select`. Two others were set aside: Go's, which locks
//! all channels of the select in address order, costs a lock for each arm even where the first is
//! ready, and safe code can't hold guards of differently typed locks without boxing them; and taking
//! one's own claim while a counterpart's is tried, which saves a withdrawal but lets counterparts
//! pass by in between, so that all arms need another look anyway.

mod arm;
mod builder;
mod claim;
mod ready;

pub use arm::{Answer, Arm, Arms, Progress, Step};
pub use builder::{Select, Wait, Won};
pub use claim::Showing;
pub(crate) use claim::{Spare, Ticket};

use crate::Suspend;
use crate::platform::clock::{self, Instant};
use crate::platform::random;
use crate::task::{budget, trace};
use crate::time::{Sleep, sleep_until};
use claim::Claim;
use ready::Ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Attempts in one poll before the select steps back, when counterparts keep coming and going.
const PATIENCE: usize = 8;

/// When a select gives up waiting.
#[doc(hidden)]
#[derive(Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// It never does.
    pub fn never() -> Self {
        Self(None)
    }

    /// `duration` from now. One that reaches beyond what the clock can say is never.
    pub fn after(duration: Duration) -> Self {
        Self(clock::now().checked_add(duration))
    }

    /// At `instant`.
    pub fn at(instant: Instant) -> Self {
        Self(Some(instant))
    }
}

/// How a select ended.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// The arm of this number was done first.
    Arm(usize),
    /// None was ready, and there is a `default`.
    Default,
    /// None was ready in time.
    Timeout,
}

/// Waits for the first of `count` arms. `step` passes a step on to the arm of that number.
#[doc(hidden)]
pub fn select<F>(count: usize, biased: bool, default: bool, deadline: Deadline, step: F) -> Selecting<F>
where
    F: FnMut(usize, Step<'_, '_>) -> Answer + Unpin,
{
    Selecting::new(count, biased, default, deadline, step)
}

/// A select that waits; see the module for its passes.
#[doc(hidden)]
#[must_use = "a select does nothing until it is carried out"]
#[derive(Debug)]
pub struct Selecting<A> {
    /// How many arms there are.
    count: usize,
    /// Source order instead of random order.
    biased: bool,
    /// Whether it ends at once when no arm is ready.
    default: bool,
    /// When to give up.
    sleep: Option<Sleep>,
    /// The arms.
    arms: A,
    /// Made when the select first has to wait, and used again each time it publishes.
    claim: Option<Arc<Claim>>,
    /// Whether counterparts can see it.
    stage: Stage,
    /// Whether there was a moment at which no arm was ready, since it began.
    idle: bool,
}

/// What counterparts can see of a select.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing, or, once it is over, nothing that could still be completed.
    Unpublished,
    /// It stands in the queue of every channel arm. `polled`: there are arms besides, which are
    /// attempted again on every wake-up.
    Published { polled: bool },
}

impl<A: Arms> Selecting<A> {
    fn new(count: usize, biased: bool, default: bool, deadline: Deadline, arms: A) -> Self {
        let sleep = deadline.0.map(sleep_until);
        Self { count, biased, default, sleep, arms, claim: None, stage: Stage::Unpublished, idle: count < 2 }
    }

    /// The arms, once it is over.
    fn arms(&mut self) -> &mut A {
        &mut self.arms
    }

    /// Pass 1. The number of the arm that completed.
    #[inline]
    fn attempt(&mut self, cx: &mut Context<'_>) -> Option<usize> {
        if self.biased {
            return (0..self.count).find(|&arm| self.completes(arm, cx));
        }
        let first = if self.count > 1 { random::below(self.count) } else { 0 };
        if first < self.count && self.completes(first, cx) {
            return Some(first);
        }
        if self.count > 1 { self.attempt_others(first, cx) } else { None }
    }

    /// The rest of pass 1, when the `first` arm was not ready: those that may be ready, in random order.
    fn attempt_others(&mut self, first: usize, cx: &mut Context<'_>) -> Option<usize> {
        let mut ready = Ready::none(self.count, || self.arms.lend_numbers());
        self.arms.peek_at_others(self.count, first, |arm, may_be| ready.note(arm, may_be));
        let done = std::iter::from_fn(|| ready.draw()).find(|&arm| self.completes(arm, cx));
        if let Ready::Many(numbers) = ready {
            self.arms.return_numbers(numbers);
        }
        done
    }

    /// Whether the arm is ready, and done.
    #[inline]
    fn completes(&mut self, arm: usize, cx: &mut Context<'_>) -> bool {
        matches!(self.arms.step(arm, Step::Attempt(cx)), Progress::Done(()))
    }

    /// Whether no arm has been ready since the attempt.
    fn confirm(&mut self) -> bool {
        (0..self.count).all(|arm| matches!(self.arms.step(arm, Step::Confirm), Progress::Waiting))
    }

    /// Pass 2: how it ends if no arm is ready, where it does not wait.
    fn end(&mut self, cx: &mut Context<'_>) -> Option<Chosen> {
        if self.default {
            return Some(Chosen::Default);
        }
        let expired = self.sleep.as_mut().is_some_and(|sleep| sleep.poll_limit(cx).is_ready());
        expired.then_some(Chosen::Timeout)
    }

    /// Pass 3. `Err`: a counterpart is there, or an arm has been won already.
    fn publish(&mut self, cx: &mut Context<'_>) -> Result<(), Option<usize>> {
        let claim = self.claim.get_or_insert_with(Claim::obtain);
        claim.open(cx.waker());
        let mut polled = false;
        for arm in 0..self.count {
            match self.arms.step(arm, Step::Publish(&Showing::new(claim, arm))) {
                Progress::Published => {}
                Progress::Waiting | Progress::PublishedAndPolled => polled = true,
                Progress::Retry | Progress::Done(()) => return Err(self.unpublish(arm).err()),
            }
        }
        self.stage = Stage::Published { polled };
        self.idle = true;
        Ok(())
    }

    /// Takes the claim back and withdraws the first `arms` arms, or learns which one has been won.
    fn unpublish(&mut self, arms: usize) -> Result<(), usize> {
        self.claim().take_back()?;
        for arm in 0..arms {
            self.arms.step(arm, Step::Withdraw);
        }
        trace::start_over();
        self.stage = Stage::Unpublished;
        Ok(())
    }

    /// Pass 5.
    fn collect(&mut self, arm: usize) -> Chosen {
        let answer = self.arms.step(arm, Step::Collect);
        debug_assert!(matches!(answer, Progress::Done(())), "a won arm has an output");
        self.stage = Stage::Unpublished;
        Chosen::Arm(arm)
    }

    /// Pass 4: the arm that was won, or `Pending` while the wait goes on.
    fn look(&mut self, cx: &mut Context<'_>, polled: bool) -> Poll<Option<Chosen>> {
        if let Some(arm) = self.claim().winner() {
            return Poll::Ready(Some(self.collect(arm)));
        }
        self.claim().set_waker(cx.waker());
        // Once more: who won before the waker was there has woken the old one.
        if let Some(arm) = self.claim().winner() {
            return Poll::Ready(Some(self.collect(arm)));
        }
        let expired = self.sleep.as_mut().is_some_and(|sleep| sleep.poll_limit(cx).is_ready());
        if !polled && !expired {
            if trace::is_on() {
                for arm in 0..self.count {
                    self.arms.step(arm, Step::Tell);
                }
            }
            return Poll::Pending;
        }
        Poll::Ready(self.unpublish(self.count).err().map(|arm| self.collect(arm)))
    }

    /// The passes.
    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Chosen> {
        if let Stage::Published { polled } = self.stage {
            if let Some(chosen) = ready!(self.look(cx, polled)) {
                return Poll::Ready(chosen);
            }
        }
        for _ in 0..PATIENCE {
            if let Some(arm) = self.attempt(cx) {
                return Poll::Ready(Chosen::Arm(arm));
            }
            let end = self.end(cx);
            if let Some(end) = end {
                if self.idle || self.confirm() {
                    return Poll::Ready(end);
                }
            }
            match self.publish(cx) {
                Ok(()) => {
                    let Some(end) = end else { return Poll::Pending };
                    return Poll::Ready(
                        self.unpublish(self.count).map_or_else(|arm| self.collect(arm), |()| end),
                    );
                }
                Err(Some(arm)) => return Poll::Ready(self.collect(arm)),
                Err(None) => {}
            }
        }
        // Counterparts come and go faster than this select can meet them: let the others run first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The claim of a select that has published itself.
    fn claim(&self) -> &Claim {
        self.claim.as_ref().expect("a select that is published has a claim")
    }
}

impl<A: Arms + Unpin> Future for Selecting<A> {
    type Output = Chosen;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Chosen> {
        let this = self.get_mut();
        // Taken when it completes: the last of the budget must be there for the arms, or they would not
        // seem to be ready.
        ready!(budget::poll_proceed(cx));
        budget::refund();
        if trace::is_on() {
            return trace::select(|| this.advance(cx)).map(|chosen| {
                budget::spend();
                chosen
            });
        }
        let chosen = ready!(this.advance(cx));
        budget::spend();
        Poll::Ready(chosen)
    }
}

impl<A: Arms + Unpin> Suspend for Selecting<A> {}

impl<A> Drop for Selecting<A> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            claim.keep();
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Told(AtomicUsize);

    impl Wake for Told {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Counterparts are there whenever it is about to wait, and gone whenever it tries: it lets others run, and asks to
    /// be polled again.
    #[test]
    fn who_meets_nobody_steps_back_and_comes_again() {
        let told = Arc::new(Told::default());
        let (mut attempts, mut comes) = (0, false);
        let step = |_: usize, step: Step<'_, '_>| match step {
            Step::Attempt(_) if comes => Progress::Done(()),
            Step::Attempt(_) => {
                attempts += 1;
                comes = attempts == 4 * PATIENCE;
                Progress::Waiting
            }
            Step::Peek | Step::Publish(_) => Progress::Retry,
            _ => Progress::Waiting,
        };
        let mut selecting = select(2, false, false, Deadline::never(), step);
        let waker = told.clone().into();
        let mut poll = || Pin::new(&mut selecting).poll(&mut Context::from_waker(&waker));
        for polls in 1..=2 {
            assert!(poll().is_pending());
            assert_eq!(told.0.load(Ordering::SeqCst), polls);
        }
        assert!(matches!(poll(), Poll::Ready(Chosen::Arm(_))));
    }
}
