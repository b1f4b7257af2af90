//! Sending: [`SendOp`].

use crate::Suspend;
use crate::channel::core::{Channel, Locked, Sent, Wait};
use crate::channel::waiters::{Key, Outcome};
use crate::error::{SendError, TrySendError};
use crate::select::{Progress, Step};
use crate::suspend::block_on;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Sends a value: the operation of [`Sender::send`](crate::channel::Sender::send).
#[must_use = "nothing is sent until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct SendOp<'a, T> {
    /// Where to.
    channel: &'a Channel<T>,
    /// How far it is.
    state: Sending<T>,
}

#[derive(Debug)]
enum Sending<T> {
    /// The value is here.
    Start(T),
    /// The value stands in line with us.
    Waiting(Key),
    /// The value is sent, or was given back.
    Over,
}

// The value is moved, never pinned.
impl<T> Unpin for SendOp<'_, T> {}

impl<'a, T> SendOp<'a, T> {
    pub(in crate::channel) fn new(channel: &'a Channel<T>, value: T) -> Self {
        Self { channel, state: Sending::Start(value) }
    }

    /// A poll.
    // Never inlined, and calls nothing but as its last act: so it saves none of the caller's registers. An atomic
    // step waits for all that was stored before it.
    #[inline(never)]
    fn go_on(&mut self, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        if !budget::take_one() {
            return budget::defer(cx);
        }
        if !matches!(self.state, Sending::Start(_)) {
            return self.look(cx);
        }
        if self.channel.front.lets_wait() {
            return self.start(None, cx);
        }
        match self.channel.state.lock_at_once() {
            Some(mut state) if state.knows_of_room() => {
                state.push_known(self.take_value());
                Poll::Ready(Ok(()))
            }
            Some(state) => self.start(Some(state), cx),
            None => self.contend(cx),
        }
    }

    /// The value, at the first poll.
    // Only where it goes: each move of a large one takes room on the stack where nothing is optimised.
    #[inline(always)]
    fn take_value(&mut self) -> T {
        match std::mem::replace(&mut self.state, Sending::Over) {
            Sending::Start(value) => value,
            _ => unreachable!("it is there until it is sent or in line"),
        }
    }

    /// The first poll, where somebody else has the channel's lock.
    #[cold]
    #[inline(never)]
    fn contend(&mut self, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let mut state = self.channel.lock();
        if !state.knows_of_room() {
            return self.start(Some(state), cx);
        }
        state.push_known(self.take_value());
        Poll::Ready(Ok(()))
    }

    /// The first poll, where there is more to look at; `state` if the channel is locked already.
    // Apart, so that what most sends do takes few registers.
    #[inline(never)]
    fn start(&mut self, state: Option<Locked<'_, T>>, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        match self.channel.start_send(self.take_value(), state, cx) {
            Wait::Over(sent) => Poll::Ready(sent.map_err(SendError)),
            Wait::On(key) => {
                self.state = Sending::Waiting(key);
                self.pending()
            }
        }
    }

    /// It has to wait.
    fn pending<R>(&self) -> Poll<R> {
        budget::refund_one();
        trace::waits(|| WaitsFor::Sending(self.channel.info()));
        Poll::Pending
    }

    /// Gives up: `Ok` where the value has been sent meanwhile, else the value.
    pub(in crate::channel) fn stop(&mut self) -> Sent<T> {
        match std::mem::replace(&mut self.state, Sending::Over) {
            Sending::Start(value) => Err(value),
            Sending::Waiting(key) => self.channel.stop_sending(key),
            Sending::Over => Ok(()),
        }
    }

    /// Whether the wait is over.
    #[inline(never)]
    fn look(&mut self, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Sending::Waiting(key) = std::mem::replace(&mut self.state, Sending::Over) else {
            panic!("a send was polled after it had ended")
        };
        match self.channel.end_sending(key) {
            Wait::Over(sent) => return Poll::Ready(sent.map_err(SendError)),
            Wait::On(key) => self.state = Sending::Waiting(key),
        }
        // The place in line is given up only when the wait is over: a waker may panic.
        match &self.state {
            Sending::Waiting(key) if self.channel.look_at_sending(key, cx) == Outcome::Waiting => {
                self.pending()
            }
            _ => Poll::Ready(self.stop().map_err(SendError)),
        }
    }

    /// Sends, if that can be done without a wait. For who blocks: no value lies in the caller's frame.
    fn sends_at_once(&mut self) -> bool {
        if !matches!(self.state, Sending::Start(_)) {
            return false;
        }
        match self.attempt() {
            Progress::Done(Ok(())) => true,
            Progress::Done(Err(SendError(value))) => {
                self.state = Sending::Start(value);
                false
            }
            _ => false,
        }
    }

    /// Leaves the line, with the value if nobody has taken it.
    #[cold]
    #[inline(never)]
    fn give_up(&mut self) {
        drop(self.stop());
    }

    fn attempt(&mut self) -> Progress<Result<(), SendError<T>>> {
        let Sending::Start(value) = std::mem::replace(&mut self.state, Sending::Over) else {
            unreachable!("an arm is attempted only while nothing is published")
        };
        match self.channel.try_send(value) {
            Ok(()) => Progress::Done(Ok(())),
            Err(TrySendError::Closed(value)) => Progress::Done(Err(SendError(value))),
            Err(TrySendError::Full(value)) => {
                self.state = Sending::Start(value);
                Progress::Waiting
            }
        }
    }
}

impl<T> Future for SendOp<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().go_on(cx)
    }
}

impl<T> Suspend for SendOp<'_, T> {
    fn block(mut self) -> Self::Output {
        // Most often there is no wait, and then nothing to prepare one with.
        if self.sends_at_once() {
            return Ok(());
        }
        self.channel.await_room_briefly();
        block_on(self)
    }

    #[inline]
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        let this = self.get_mut();
        match step {
            Step::Attempt(_) => this.attempt(),
            step => this.step_on(step),
        }
    }
}

impl<T> SendOp<'_, T> {
    /// The steps of a select that has to wait.
    #[inline(never)]
    fn step_on(&mut self, step: Step<'_, '_>) -> Progress<Result<(), SendError<T>>> {
        match step {
            Step::Attempt(_) => self.attempt(),
            Step::Peek | Step::Confirm => Progress::Retry,
            Step::Publish(showing) => {
                let Sending::Start(value) = std::mem::replace(&mut self.state, Sending::Over) else {
                    unreachable!("an arm is published once, after an attempt")
                };
                match self.channel.publish_send(value, showing) {
                    Ok(key) => {
                        self.state = Sending::Waiting(key);
                        trace::waits(|| WaitsFor::Sending(self.channel.info()));
                        Progress::Published
                    }
                    Err(value) => {
                        self.state = Sending::Start(value);
                        Progress::Retry
                    }
                }
            }
            Step::Withdraw => {
                if let Err(value) = self.stop() {
                    self.state = Sending::Start(value);
                }
                Progress::Waiting
            }
            Step::Tell => {
                trace::waits(|| WaitsFor::Sending(self.channel.info()));
                Progress::Waiting
            }
            Step::Collect => Progress::Done(self.stop().map_err(SendError)),
        }
    }
}

impl<T> Drop for SendOp<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Every send comes by here, and few have to leave a line.
        if matches!(self.state, Sending::Waiting(_)) {
            self.give_up();
        }
    }
}

impl<T> fmt::Debug for SendOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOp").finish_non_exhaustive()
    }
}
