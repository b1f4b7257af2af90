//! Receiving: [`RecvOp`].

use crate::Suspend;
use crate::channel::core::{Channel, Locked, Received, Wait};
use crate::channel::front::Mark;
use crate::channel::waiters::{Key, Outcome};
use crate::error::{RecvError, TryRecvError};
use crate::select::{Progress, Step};
use crate::suspend::block_on;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Receives a value: the operation of [`Receiver::recv`](crate::channel::Receiver::recv).
#[must_use = "nothing is received until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct RecvOp<'a, T> {
    /// Where from.
    channel: &'a Channel<T>,
    /// The channel's mark after the last attempt of a select, which found nothing.
    mark: Mark,
    /// Our place in line.
    waiting: Option<Key>,
}

impl<'a, T> RecvOp<'a, T> {
    pub(in crate::channel) fn new(channel: &'a Channel<T>) -> Self {
        Self { channel, mark: Mark::default(), waiting: None }
    }

    /// A poll.
    // See `SendOp::go_on`.
    #[inline(never)]
    fn go_on(&mut self, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        if !budget::take_one() {
            return budget::defer(cx);
        }
        if self.waiting.is_some() {
            return self.look(cx);
        }
        let channel = self.channel;
        match channel.front.pop_at_once() {
            Ok(Some(value)) => return Poll::Ready(Ok(value)),
            Ok(None) => {}
            Err(()) => return self.contend(cx),
        }
        if channel.front.mark().is_bare() {
            return self.start(None, cx);
        }
        let Some(mut state) = channel.state.lock_at_once() else { return self.contend(cx) };
        match state.take_only(channel) {
            Some(value) => Poll::Ready(Ok(value)),
            None => self.start(Some(state), cx),
        }
    }

    /// The first poll, where somebody else has a lock.
    #[cold]
    #[inline(never)]
    fn contend(&mut self, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        match self.channel.recv_known() {
            Ok(value) => Poll::Ready(Ok(value)),
            Err(state) => self.start(state, cx),
        }
    }

    /// The first poll, where there is more to look at; `state` if the channel is locked already.
    // Apart, so that what most receives do takes few registers.
    #[inline(never)]
    fn start(&mut self, state: Option<Locked<'_, T>>, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        match self.channel.start_recv(state, cx) {
            Wait::Over(received) => Poll::Ready(received.ok_or(RecvError)),
            Wait::On(key) => {
                self.waiting = Some(key);
                self.pending()
            }
        }
    }

    /// Whether the wait is over.
    #[inline(never)]
    fn look(&mut self, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        if let Some(key) = self.waiting.take() {
            match self.channel.end_receiving(key) {
                Wait::Over(received) => return Poll::Ready(received.ok_or(RecvError)),
                Wait::On(key) => self.waiting = Some(key),
            }
        }
        // The place in line is given up only when the wait is over: a waker may panic.
        match &self.waiting {
            Some(key) if self.channel.look_at_receiving(key, cx) == Outcome::Waiting => self.pending(),
            _ => Poll::Ready(self.stop().ok_or(RecvError)),
        }
    }

    /// It has to wait.
    fn pending<R>(&self) -> Poll<R> {
        budget::refund_one();
        trace::waits(|| WaitsFor::Receiving(self.channel.info()));
        Poll::Pending
    }

    /// Gives up; the value that was received meanwhile, if any.
    pub(in crate::channel) fn stop(&mut self) -> Received<T> {
        self.waiting.take().and_then(|key| self.channel.stop_receiving(key))
    }

    /// Receives, if that can be done without a wait.
    fn receives_at_once(&self) -> Option<Result<T, RecvError>> {
        if self.waiting.is_some() {
            return None;
        }
        match self.channel.try_recv() {
            Ok(value) => Some(Ok(value)),
            Err(TryRecvError::Closed) => Some(Err(RecvError)),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Leaves the line, and leaves to others what it was given.
    #[cold]
    #[inline(never)]
    fn give_up(&mut self) {
        if let Some(key) = self.waiting.take() {
            self.channel.abandon_receiving(key);
        }
    }
}

impl<T> Future for RecvOp<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().go_on(cx)
    }
}

impl<T> Suspend for RecvOp<'_, T> {
    fn block(self) -> Self::Output {
        // Most often there is no wait, and then nothing to prepare one with.
        if let Some(received) = self.receives_at_once() {
            return received;
        }
        self.channel.await_value_briefly();
        block_on(self)
    }

    #[inline]
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        let this = self.get_mut();
        match step {
            Step::Peek => this.peek(),
            Step::Attempt(_) => this.attempt(),
            step => this.step_on(step),
        }
    }
}

impl<T> RecvOp<'_, T> {
    #[inline]
    fn peek(&mut self) -> Progress<Result<T, RecvError>> {
        self.mark = self.channel.front.mark();
        if self.mark.is_bare() { Progress::Waiting } else { Progress::Retry }
    }

    #[inline]
    fn attempt(&mut self) -> Progress<Result<T, RecvError>> {
        match self.receives_at_once() {
            Some(received) => Progress::Done(received),
            None => {
                self.mark = self.channel.front.mark();
                Progress::Waiting
            }
        }
    }

    /// The steps of a select that has to wait.
    #[inline(never)]
    fn step_on(&mut self, step: Step<'_, '_>) -> Progress<Result<T, RecvError>> {
        match step {
            Step::Peek => self.peek(),
            Step::Attempt(_) => self.attempt(),
            // The same mark twice: bare all the time in between.
            Step::Confirm if self.mark.is_bare() && self.channel.front.mark() == self.mark => {
                Progress::Waiting
            }
            Step::Confirm => Progress::Retry,
            Step::Publish(showing) => {
                self.waiting = self.channel.publish_recv(showing);
                if self.waiting.is_none() {
                    return Progress::Retry;
                }
                trace::waits(|| WaitsFor::Receiving(self.channel.info()));
                Progress::Published
            }
            Step::Withdraw => {
                let nothing = self.stop();
                debug_assert!(nothing.is_none(), "only the winner of the claim gives a value");
                Progress::Waiting
            }
            Step::Tell => {
                trace::waits(|| WaitsFor::Receiving(self.channel.info()));
                Progress::Waiting
            }
            Step::Collect => Progress::Done(self.stop().ok_or(RecvError)),
        }
    }
}

impl<T> Drop for RecvOp<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Every receive comes by here, and few have to leave a line.
        if self.waiting.is_some() {
            self.give_up();
        }
    }
}

impl<T> fmt::Debug for RecvOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvOp").finish_non_exhaustive()
    }
}
