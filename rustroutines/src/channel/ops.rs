//! The operations of a channel: [`SendOp`] and [`RecvOp`].

use super::core::{Channel, Received, Sent, Wait};
use super::front::Mark;
use super::waiters::{Key, Outcome};
use crate::Suspend;
use crate::error::{RecvError, SendError, TryRecvError, TrySendError};
use crate::select::{Progress, Step};
use crate::suspend::block_on;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Sends a value: the operation of [`Sender::send`](super::Sender::send).
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
    pub(super) fn new(channel: &'a Channel<T>, value: T) -> Self {
        Self { channel, state: Sending::Start(value) }
    }

    /// It has to wait.
    fn pending<R>(&self) -> Poll<R> {
        budget::refund();
        trace::waits(|| WaitsFor::Sending(self.channel.info()));
        Poll::Pending
    }

    /// Gives up: `Ok` where the value has been sent meanwhile, else the value.
    pub(super) fn stop(&mut self) -> Sent<T> {
        match std::mem::replace(&mut self.state, Sending::Over) {
            Sending::Start(value) => Err(value),
            Sending::Waiting(key) => self.channel.stop_sending(key),
            Sending::Over => Ok(()),
        }
    }

    /// Whether the wait is over.
    #[inline(never)]
    fn look(&mut self, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        // The place in line is given up only when the wait is over: a waker may panic.
        match &self.state {
            Sending::Waiting(key) if self.channel.look_at_sending(key, cx) == Outcome::Waiting => {
                self.pending()
            }
            Sending::Waiting(_) => Poll::Ready(self.stop().map_err(SendError)),
            Sending::Start(_) | Sending::Over => panic!("a send was polled after it had ended"),
        }
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

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let this = self.get_mut();
        match std::mem::replace(&mut this.state, Sending::Over) {
            Sending::Start(value) => match this.channel.start_send(value, cx) {
                Wait::Over(sent) => Poll::Ready(sent.map_err(SendError)),
                Wait::On(key) => {
                    this.state = Sending::Waiting(key);
                    this.pending()
                }
            },
            other => {
                this.state = other;
                this.look(cx)
            }
        }
    }
}

impl<T> Suspend for SendOp<'_, T> {
    fn block(self) -> Self::Output {
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
    #[inline(never)]
    fn abandon(&mut self) {
        drop(self.stop());
    }

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
        // Apart, so that what most drops are is small enough to stand where it is needed.
        if let Sending::Waiting(_) = self.state {
            self.abandon();
        }
    }
}

impl<T> fmt::Debug for SendOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOp").finish_non_exhaustive()
    }
}

/// Receives a value: the operation of [`Receiver::recv`](super::Receiver::recv).
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
    pub(super) fn new(channel: &'a Channel<T>) -> Self {
        Self { channel, mark: Mark::default(), waiting: None }
    }

    /// Whether the wait is over.
    #[inline(never)]
    fn look(&mut self, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        // The place in line is given up only when the wait is over: a waker may panic.
        match &self.waiting {
            Some(key) if self.channel.look_at_receiving(key, cx) == Outcome::Waiting => self.pending(),
            _ => Poll::Ready(self.stop().ok_or(RecvError)),
        }
    }

    /// It has to wait.
    fn pending<R>(&self) -> Poll<R> {
        budget::refund();
        trace::waits(|| WaitsFor::Receiving(self.channel.info()));
        Poll::Pending
    }

    /// Gives up; the value that was received meanwhile, if any.
    pub(super) fn stop(&mut self) -> Received<T> {
        self.waiting.take().and_then(|key| self.channel.stop_receiving(key))
    }
}

impl<T> Future for RecvOp<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let this = self.get_mut();
        if this.waiting.is_some() {
            return this.look(cx);
        }
        match this.channel.start_recv(cx) {
            Wait::Over(received) => Poll::Ready(received.ok_or(RecvError)),
            Wait::On(key) => {
                this.waiting = Some(key);
                this.pending()
            }
        }
    }
}

impl<T> Suspend for RecvOp<'_, T> {
    fn block(self) -> Self::Output {
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

    #[inline(never)]
    fn abandon(&self, key: Key) {
        self.channel.abandon_receiving(key);
    }

    #[inline]
    fn attempt(&mut self) -> Progress<Result<T, RecvError>> {
        match self.channel.try_recv() {
            Ok(value) => Progress::Done(Ok(value)),
            Err(TryRecvError::Closed) => Progress::Done(Err(RecvError)),
            Err(TryRecvError::Empty) => {
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
        // Apart, so that what most drops are is small enough to stand where it is needed.
        if let Some(key) = self.waiting.take() {
            self.abandon(key);
        }
    }
}

impl<T> fmt::Debug for RecvOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvOp").finish_non_exhaustive()
    }
}
