//! The operations of a channel that give up at a deadline.

use super::ops::{RecvOp, SendOp};
use crate::Suspend;
use crate::error::{RecvError, RecvTimeoutError, SendError, SendTimeoutError};
use crate::platform::clock::Instant;
use crate::select::{Progress, Step};
use crate::time::{Sleep, sleep, sleep_until};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Whether the time is up.
pub(super) fn is_over(sleep: &mut Sleep, cx: &mut Context<'_>) -> bool {
    sleep.poll_limit(cx).is_ready()
}

/// Sends a value before a deadline: the operation of
/// [`Sender::send_timeout`](super::Sender::send_timeout) and
/// [`send_deadline`](super::Sender::send_deadline).
#[derive(Debug)]
#[must_use = "nothing is sent until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct SendTimeout<'a, T> {
    /// The wait without its end.
    send: SendOp<'a, T>,
    /// The end of the wait.
    sleep: Sleep,
}

impl<'a, T> SendTimeout<'a, T> {
    pub(super) fn after(send: SendOp<'a, T>, duration: Duration) -> Self {
        Self { send, sleep: sleep(duration) }
    }

    pub(super) fn at(send: SendOp<'a, T>, deadline: Instant) -> Self {
        Self { send, sleep: sleep_until(deadline) }
    }
}

impl<T> Future for SendTimeout<'_, T> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Poll::Ready(sent) = Pin::new(&mut this.send).poll(cx) {
            return Poll::Ready(sent.map_err(|error| SendTimeoutError::Closed(error.0)));
        }
        if is_over(&mut this.sleep, cx) {
            // What was sent between the two looks was sent.
            return Poll::Ready(this.send.stop().map_err(SendTimeoutError::Timeout));
        }
        Poll::Pending
    }
}

impl<T> Suspend for SendTimeout<'_, T> {
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        let this = self.get_mut();
        let closed = |error: SendError<T>| SendTimeoutError::Closed(error.0);
        match step {
            Step::Attempt(cx) => match Pin::new(&mut this.send).select_step(Step::Attempt(cx)) {
                Progress::Waiting if is_over(&mut this.sleep, cx) => {
                    Progress::Done(this.send.stop().map_err(SendTimeoutError::Timeout))
                }
                progress => progress.map(|sent| sent.map_err(closed)),
            },
            step => Pin::new(&mut this.send).select_step(step).map(|sent| sent.map_err(closed)).and_polled(),
        }
    }
}

/// Receives a value before a deadline: the operation of
/// [`Receiver::recv_timeout`](super::Receiver::recv_timeout) and
/// [`recv_deadline`](super::Receiver::recv_deadline).
#[derive(Debug)]
#[must_use = "nothing is received until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct RecvTimeout<'a, T> {
    /// The wait without its end.
    recv: RecvOp<'a, T>,
    /// The end of the wait.
    sleep: Sleep,
}

impl<'a, T> RecvTimeout<'a, T> {
    pub(super) fn after(recv: RecvOp<'a, T>, duration: Duration) -> Self {
        Self { recv, sleep: sleep(duration) }
    }

    pub(super) fn at(recv: RecvOp<'a, T>, deadline: Instant) -> Self {
        Self { recv, sleep: sleep_until(deadline) }
    }
}

impl<T> Future for RecvTimeout<'_, T> {
    type Output = Result<T, RecvTimeoutError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Poll::Ready(received) = Pin::new(&mut this.recv).poll(cx) {
            return Poll::Ready(received.map_err(|_| RecvTimeoutError::Closed));
        }
        if is_over(&mut this.sleep, cx) {
            // A value that came between the two looks beats the deadline.
            return Poll::Ready(this.recv.stop().ok_or(RecvTimeoutError::Timeout));
        }
        Poll::Pending
    }
}

impl<T> Suspend for RecvTimeout<'_, T> {
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        let this = self.get_mut();
        let closed = |RecvError| RecvTimeoutError::Closed;
        match step {
            Step::Attempt(cx) => match Pin::new(&mut this.recv).select_step(Step::Attempt(cx)) {
                Progress::Waiting if is_over(&mut this.sleep, cx) => {
                    Progress::Done(Err(RecvTimeoutError::Timeout))
                }
                progress => progress.map(|received| received.map_err(closed)),
            },
            step => Pin::new(&mut this.recv)
                .select_step(step)
                .map(|received| received.map_err(closed))
                .and_polled(),
        }
    }
}
