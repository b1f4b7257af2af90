//! An arm: what a select asks of its operation, and what that answers.

use super::claim::Showing;
use crate::Suspend;
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::Context;

/// What a select asks of one of its arms.
#[doc(hidden)]
#[derive(Debug)]
pub enum Step<'a, 'cx> {
    /// Say whether an attempt would be in vain, if that is cheap to tell. `Waiting`: it would, and this look
    /// counts as one. `Retry`: perhaps not.
    Peek,
    /// Complete at once if you can, without publishing anything.
    Attempt(&'a mut Context<'cx>),
    /// Say whether nothing has come since the attempt. `Waiting`: nothing has, at any moment.
    Confirm,
    /// Let counterparts know that this select waits here.
    Publish(&'a Showing<'a>),
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
    /// Peek, Attempt: not ready. Confirm: not ready since. Publish: it knows nothing of claims, and is attempted again when it wakes
    /// the select. Withdraw: done.
    Waiting,
    /// Publish: only a counterpart that wins the claim can complete it.
    Published,
    /// Publish: a counterpart that wins the claim can complete it, and so can an attempt when it wakes
    /// the select: it has a time limit of its own, say.
    PublishedAndPolled,
    /// Peek: it may be ready. Confirm: it may have been ready since. Publish: a counterpart is there now. Nothing was published.
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

    /// Drops the operation, for that of the next round if there is one; the output of the arm that was
    /// chosen is kept.
    pub(super) fn finish(self: Pin<&mut Self>, next: Option<O>) {
        self.project().operation.set(next);
    }

    /// The output of the arm that was chosen.
    ///
    /// # Panics
    /// If this arm was not chosen.
    pub fn take(self: Pin<&mut Self>) -> O::Output {
        self.project().output.take().expect("only the chosen arm has an output")
    }
}

/// The arms of a select, by their numbers.
#[doc(hidden)]
pub trait Arms {
    /// Passes one step on to an arm.
    fn step(&mut self, arm: usize, step: Step<'_, '_>) -> Answer;

    /// Peeks at all arms below `count` but one, and says of each whether it may be ready. A set that walks its
    /// arms by itself does so in a third of the instructions.
    #[inline]
    fn peek_at_others(&mut self, count: usize, one: usize, mut note: impl FnMut(usize, bool)) {
        for arm in (0..count).filter(|&arm| arm != one) {
            note(arm, !matches!(self.step(arm, Step::Peek), Progress::Waiting));
        }
    }

    /// Room for the arms' numbers: what was returned last, so that a set of many arms which is selected from
    /// again and again allocates it once.
    fn lend_numbers(&mut self) -> Vec<u32> {
        Vec::new()
    }

    /// Takes it back.
    fn return_numbers(&mut self, _numbers: Vec<u32>) {}
}

impl<F: FnMut(usize, Step<'_, '_>) -> Answer> Arms for F {
    #[inline]
    fn step(&mut self, arm: usize, step: Step<'_, '_>) -> Answer {
        self(arm, step)
    }
}
