//! Waiting for the first of several operations: the claim, and the passes of `select!`.
//!
//! Exactly one arm of a select takes effect. A losing receive consumes nothing, a losing send is
//! delivered to nobody.
//!
//! # The claim
//!
//! A select that has to wait shows itself to the counterparts of all its channel arms at once. What
//! keeps two of them from completing two arms is its `Claim`: one atomic word.
//!
//! | state  | set when                                                   | next                               |
//! |--------|------------------------------------------------------------|------------------------------------|
//! | IDLE   | nothing is published, or the owner has taken the claim back | OPEN (owner)                       |
//! | OPEN   | the select waits; the first to claim it wins               | arm (counterpart), IDLE (owner)    |
//! | arm    | a counterpart has won that arm, and completes it           | none: the select is over           |
//!
//! Both ways out of OPEN are a compare-and-swap, so exactly one party leaves it. A counterpart wins
//! *while it holds the lock of the channel* in whose queue it found the select, and moves the value
//! before it lets go of that lock; the owner collects under the same lock.
//!
//! # The passes
//!
//! 1. *Attempt.* Nothing is published. Try every arm, in random or source order; the first that
//!    completes is the choice, and the select is over without a claim.
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

mod builder;

pub use builder::{Select, Wait, Won};

use crate::Suspend;
use crate::platform::atomic::{AtomicUsize, Ordering, fence};
use crate::platform::clock::{self, Instant};
use crate::platform::random;
use crate::platform::sync::ShortMutex;
use crate::task::{budget, trace};
use crate::time::{Sleep, sleep_until};
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

const IDLE: usize = usize::MAX;
const OPEN: usize = usize::MAX - 1;

/// Attempts in one poll before the select steps back, when counterparts keep coming and going.
const PATIENCE: usize = 8;

/// The one word that decides a waiting select; see the module.
#[derive(Debug)]
pub(crate) struct Claim {
    /// IDLE, OPEN, or the number of the arm that a counterpart has won.
    state: AtomicUsize,
    /// Wakes the owner. Taken by the counterpart that wins.
    waker: ShortMutex<Option<Waker>>,
}

crate::platform::thread::thread_local! {
    /// A claim that is not used.
    static KEPT: Cell<Option<Arc<Claim>>> = const { Cell::new(None) };
}

impl Claim {
    fn new() -> Self {
        Self { state: AtomicUsize::new(IDLE), waker: ShortMutex::new(None) }
    }

    /// A claim that nobody else knows: the one this thread keeps, once all tickets for it are gone.
    fn obtain() -> Arc<Self> {
        let kept = KEPT.try_with(Cell::take).ok().flatten();
        let claim = kept.filter(|claim| Arc::strong_count(claim) == 1);
        // Acquire: pairs with the release by which the last ticket was dropped.
        fence(Ordering::Acquire);
        claim.unwrap_or_else(|| Arc::new(Self::new()))
    }

    /// Owner, at the end: nobody wins it any more, and this thread keeps it for its next select.
    fn keep(self: Arc<Self>) {
        // Who has won has taken the waker, or will find it gone.
        if self.winner().is_none() {
            self.state.store(IDLE, Ordering::Relaxed);
            let waker = self.waker.lock().take();
            drop(waker);
        }
        let before = KEPT.try_with(|kept| kept.replace(Some(self)));
        drop(before);
    }

    /// Owner: leaves the waker and lets counterparts compete.
    fn open(&self, waker: &Waker) {
        let new = waker.clone();
        let old = self.waker.lock().replace(new);
        drop(old);
        // Release: pairs with the acquire in `win`, which goes on to take the waker.
        self.state.store(OPEN, Ordering::Release);
    }

    /// Owner: sees to it that winning wakes `waker`. Look at [`winner`](Claim::winner) afterwards.
    fn set_waker(&self, waker: &Waker) {
        if self.waker.lock().as_ref().is_some_and(|old| old.will_wake(waker)) {
            return;
        }
        let new = waker.clone();
        let old = self.waker.lock().replace(new);
        drop(old);
    }

    /// Owner: takes an open claim back, or learns which arm has been won.
    fn take_back(&self) -> Result<(), usize> {
        // Acquire on failure: pairs with the release in `win`.
        self.state.compare_exchange(OPEN, IDLE, Ordering::Relaxed, Ordering::Acquire).map(drop)
    }

    /// Owner: the arm that has been won, if one has.
    fn winner(&self) -> Option<usize> {
        // Acquire: pairs with the release in `win`.
        match self.state.load(Ordering::Acquire) {
            IDLE | OPEN => None,
            arm => Some(arm),
        }
    }
}

/// The claim of a waiting select as one of its channels sees it.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Shared by all arms of the select.
    claim: Arc<Claim>,
    /// The arm that this channel would complete.
    arm: u32,
}

impl Ticket {
    /// Counterpart, under the lock of the channel: wins the select for this arm, unless it is decided.
    /// The waker is to be woken after the lock is released.
    pub(crate) fn win(&self) -> Option<Option<Waker>> {
        let (open, arm) = (OPEN, self.arm as usize);
        // Release: pairs with the owner's acquire loads. Acquire: pairs with the release in `open`.
        self.claim.state.compare_exchange(open, arm, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        Some(self.claim.waker.lock().take())
    }

    /// Whether a counterpart that came now could win. May be out of date at once.
    pub(crate) fn is_open(&self) -> bool {
        self.claim.state.load(Ordering::Relaxed) == OPEN
    }
}

/// What a select shows to the channel of one of its arms.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Showing<'a> {
    /// Shared by all arms of the select.
    claim: &'a Arc<Claim>,
    /// The arm.
    arm: usize,
}

impl Showing<'_> {
    /// What stands in line for the arm.
    ///
    /// # Panics
    /// With more than four billion arms.
    pub(crate) fn ticket(self) -> Ticket {
        let arm = u32::try_from(self.arm).expect("fewer than four billion arms");
        Ticket { claim: self.claim.clone(), arm }
    }

    /// Whether `ticket` stands for the same select, which never pairs with itself.
    pub(crate) fn is_of(self, ticket: &Ticket) -> bool {
        Arc::ptr_eq(self.claim, &ticket.claim)
    }
}

/// What a select asks of one of its arms.
#[doc(hidden)]
#[derive(Debug)]
pub enum Step<'a, 'cx> {
    /// Complete at once if you can, without publishing anything.
    Attempt(&'a mut Context<'cx>),
    /// Say whether nothing has come since the attempt. `Waiting`: nothing has, at any moment.
    Confirm,
    /// Let counterparts know that this select waits here.
    Publish(Showing<'a>),
    /// Take back what `Publish` published. The claim has been taken back.
    Withdraw,
    /// Published: say what you wait for, to whoever traces. The answer does not matter.
    Tell,
    /// A counterpart has won the claim for this arm: hand over the output.
    Collect,
}

/// What an arm answers.
#[doc(hidden)]
#[derive(Debug)]
pub enum Progress<T> {
    /// Any step: it is done, and this is its output.
    Done(T),
    /// Attempt: not ready. Confirm: not ready since. Publish: it knows nothing of claims, and is attempted again when it wakes
    /// the select. Withdraw: done.
    Waiting,
    /// Publish: only a counterpart that wins the claim can complete it.
    Published,
    /// Publish: a counterpart that wins the claim can complete it, and so can an attempt when it wakes
    /// the select: it has a time limit of its own, say.
    PublishedAndPolled,
    /// Confirm: it may have been ready since. Publish: a counterpart is there now. Nothing was published.
    Retry,
}

impl<T> Progress<T> {
    /// The same, with another output.
    #[inline]
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Progress<U> {
        match self {
            Progress::Done(output) => Progress::Done(f(output)),
            Progress::Waiting => Progress::Waiting,
            Progress::Published => Progress::Published,
            Progress::PublishedAndPolled => Progress::PublishedAndPolled,
            Progress::Retry => Progress::Retry,
        }
    }

    /// The same, for an operation that may also be done when it wakes the select.
    pub(crate) fn and_polled(self) -> Self {
        match self {
            Progress::Published => Progress::PublishedAndPolled,
            other => other,
        }
    }
}

pin_project! {
    /// One arm of a select: its operation, and its output once it has won.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Arm<O: Suspend> {
        // `None`: the arm's guard was false.
        #[pin]
        operation: Option<O>,
        output: Option<O::Output>,
    }
}

/// What an arm answers, its output kept in the arm.
#[doc(hidden)]
pub type Answer = Progress<()>;

impl<O: Suspend> Arm<O> {
    /// An arm without a guard.
    pub fn new(operation: O) -> Self {
        Self::guarded(Some(operation))
    }

    /// An arm with a guard: `None` where that was false, and then it never wins.
    pub fn guarded(operation: Option<O>) -> Self {
        Self { operation, output: None }
    }

    /// Passes one step of the select on to the operation.
    #[inline]
    pub fn step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Answer {
        let this = self.project();
        let Some(operation) = this.operation.as_pin_mut() else {
            return match step {
                Step::Publish(_) => Progress::Published,
                _ => Progress::Waiting,
            };
        };
        operation.select_step(step).map(|output| *this.output = Some(output))
    }

    /// Drops the operation; the output of the arm that was chosen is kept.
    fn finish(self: Pin<&mut Self>) {
        self.project().operation.set(None);
    }

    /// The output of the arm that was chosen.
    ///
    /// # Panics
    /// If this arm was not chosen.
    pub fn take(self: Pin<&mut Self>) -> O::Output {
        self.project().output.take().expect("only the chosen arm has an output")
    }
}

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

/// The arms of a select, by their numbers.
#[doc(hidden)]
pub trait Arms {
    /// Passes one step on to an arm.
    fn step(&mut self, arm: usize, step: Step<'_, '_>) -> Answer;
}

impl<F: FnMut(usize, Step<'_, '_>) -> Answer> Arms for F {
    #[inline]
    fn step(&mut self, arm: usize, step: Step<'_, '_>) -> Answer {
        self(arm, step)
    }
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
        let mut order = Order::new(self.count, self.biased);
        (0..self.count)
            .map(|turn| order.pick(turn))
            .find(|&arm| matches!(self.arms.step(arm, Step::Attempt(cx)), Progress::Done(())))
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
            match self.arms.step(arm, Step::Publish(Showing { claim, arm })) {
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

/// The order in which arms are attempted: source order, or a uniformly random one, of which each
/// number is drawn when it is asked for (Fisher and Yates' shuffle, one step at a time).
#[derive(Debug)]
enum Order {
    Source,
    Few([u8; Order::FEW], usize),
    Many(Vec<usize>),
}

impl Order {
    /// So many numbers fit without an allocation.
    const FEW: usize = 16;

    #[inline]
    fn new(count: usize, biased: bool) -> Self {
        match count {
            _ if biased => Self::Source,
            ..=Self::FEW => Self::Few([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], count),
            _ => Self::Many((0..count).collect()),
        }
    }

    /// The arm whose turn it is. Turns are asked for in order, each once.
    #[inline]
    fn pick(&mut self, turn: usize) -> usize {
        match self {
            Self::Source => turn,
            Self::Few(numbers, count) => draw(&mut numbers[..*count], turn).into(),
            Self::Many(numbers) => draw(numbers, turn),
        }
    }
}

#[inline]
fn draw<N: Copy>(numbers: &mut [N], turn: usize) -> N {
    let left = numbers.len() - turn;
    if left > 1 {
        numbers.swap(turn, turn + random::below(left));
    }
    numbers[turn]
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_a_permutation() {
        for count in [0, 1, 2, 3, 16, 17, 100] {
            let mut order = Order::new(count, false);
            let mut seen: Vec<usize> = (0..count).map(|turn| order.pick(turn)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_arm_comes_first_equally_often() {
        const ROUNDS: usize = 30_000;
        for count in [2, 3, 17] {
            let mut first = vec![0_usize; count];
            for _ in 0..ROUNDS {
                first[Order::new(count, false).pick(0)] += 1;
            }
            let share = ROUNDS as f64 / count as f64;
            for hits in first {
                // Six standard deviations.
                assert!((hits as f64 - share).abs() < 6.0 * share.sqrt(), "{hits} of {share}");
            }
        }
    }

    #[test]
    fn the_first_to_claim_wins_and_takes_the_waker() {
        let claim = Arc::new(Claim::new());
        let ticket = |arm| Showing { claim: &claim, arm }.ticket();
        assert!(ticket(0).win().is_none(), "nothing is published");
        claim.open(Waker::noop());
        assert!(ticket(1).win().is_some_and(|waker| waker.is_some()));
        assert!(ticket(0).win().is_none());
        assert_eq!(claim.winner(), Some(1));
        assert_eq!(claim.take_back(), Err(1));
    }

    #[test]
    fn a_claim_that_is_taken_back_cannot_be_won() {
        let claim = Arc::new(Claim::new());
        claim.open(Waker::noop());
        assert_eq!(claim.take_back(), Ok(()));
        assert!(Showing { claim: &claim, arm: 0 }.ticket().win().is_none());
        assert_eq!(claim.winner(), None);
    }
}
