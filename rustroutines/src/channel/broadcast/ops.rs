//! The operations of a broadcast channel, and iteration.

use super::BroadcastReceiver;
use super::ring::{Read, Ring};
use super::slots::Value;
use crate::Suspend;
use crate::channel::timed::limited;
use crate::channel::turns::attempted;
use crate::channel::waiters::Key;
use crate::error::{BroadcastRecvError, BroadcastRecvTimeoutError, Lagged, SendError, SendTimeoutError};
use crate::suspend::{IntoSuspendIterator, SuspendIterator};
use crate::task::trace::WaitsFor;
use std::fmt;
use std::iter::FusedIterator;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Sends a value: the operation of [`BroadcastSender::send`](super::BroadcastSender::send).
#[must_use = "nothing is sent until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct SendOp<'a, T> {
    /// Where to.
    ring: &'a Ring<T>,
    /// What; gone once it is sent or given back.
    value: Option<Value<T>>,
    /// Our place in line.
    waiting: Option<Key>,
}

// The value is moved, never pinned.
impl<T> Unpin for SendOp<'_, T> {}

impl<'a, T> SendOp<'a, T> {
    pub(super) fn new(ring: &'a Ring<T>, value: T) -> Self {
        Self { ring, value: Some(ring.pack(value)), waiting: None }
    }

    fn attempt(&mut self, cx: &Context<'_>) -> Poll<Result<usize, SendError<T>>> {
        let sent = ready!(self.ring.poll_offer(&mut self.value, &mut self.waiting, cx));
        Poll::Ready(sent.map_err(|value| SendError(value.sole())))
    }

    /// Gives up, and gives the value back.
    fn stop(&mut self) -> Option<T> {
        if let Some(key) = self.waiting.take() {
            self.ring.stop_offer(key);
        }
        self.value.take().map(Value::sole)
    }
}

impl<T> Drop for SendOp<'_, T> {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

/// Receives a value: the operation of [`BroadcastReceiver::recv`].
#[must_use = "nothing is received until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct RecvOp<'a, T> {
    /// Where from.
    receiver: &'a BroadcastReceiver<T>,
    /// Our place in line.
    waiting: Option<Key>,
}

impl<'a, T> RecvOp<'a, T> {
    pub(super) fn new(receiver: &'a BroadcastReceiver<T>) -> Self {
        Self { receiver, waiting: None }
    }
}

impl<T: Clone> RecvOp<'_, T> {
    fn attempt(&mut self, cx: &Context<'_>) -> Poll<Result<T, BroadcastRecvError>> {
        let receiver = self.receiver;
        Poll::Ready(match ready!(receiver.ring.poll_read(&receiver.cursor, &mut self.waiting, cx)) {
            Read::Value(value) => Ok(value),
            Read::Lagged(missed) => Err(BroadcastRecvError::Lagged(missed)),
            Read::Closed => Err(BroadcastRecvError::Closed),
            Read::Empty => unreachable!("then it waits"),
        })
    }
}

impl<T> Drop for RecvOp<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.waiting.take() {
            self.receiver.ring.stop_read(key);
        }
    }
}

impl<T> SendOp<'_, T> {
    fn describe(&self) -> WaitsFor {
        WaitsFor::Broadcasting(self.ring.info())
    }
}

impl<T> RecvOp<'_, T> {
    fn describe(&self) -> WaitsFor {
        WaitsFor::BroadcastReceiving(self.receiver.ring.info())
    }
}

attempted!(['a, T] SendOp<'a, T>, Result<usize, SendError<T>>);
attempted!(['a, T: Clone] RecvOp<'a, T>, Result<T, BroadcastRecvError>);

impl<T> fmt::Debug for SendOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOp").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for RecvOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvOp").finish_non_exhaustive()
    }
}

limited! {
    /// Sends a value before a deadline: the operation of
    /// [`BroadcastSender::send_timeout`](super::BroadcastSender::send_timeout) and
    /// [`send_deadline`](super::BroadcastSender::send_deadline).
    #[must_use = "nothing is sent until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
    SendTimeout[]: SendOp<'a, T> => Result<usize, SendTimeoutError<T>>,
    |sent: Result<usize, SendError<T>>| sent.map_err(|error| SendTimeoutError::Closed(error.0)),
    |send: &mut SendOp<'a, T>| {
        Err(SendTimeoutError::Timeout(send.stop().expect("a send that is pending has its value")))
    }
}

limited! {
    /// Receives a value before a deadline: the operation of [`BroadcastReceiver::recv_timeout`] and
    /// [`recv_deadline`](BroadcastReceiver::recv_deadline).
    #[must_use = "nothing is received until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
    RecvTimeout[Clone]: RecvOp<'a, T> => Result<T, BroadcastRecvTimeoutError>,
    |received: Result<T, BroadcastRecvError>| received.map_err(BroadcastRecvTimeoutError::from),
    |_: &mut RecvOp<'a, T>| Err(BroadcastRecvTimeoutError::Timeout)
}

/// The next item, or `None` at the end: what a `for` in a routine waits for.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out"]
pub struct Next<'a, T>(RecvOp<'a, T>);

impl<T: Clone> Future for Next<'_, T> {
    type Output = Option<Result<T, Lagged>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx).map(item)
    }
}

impl<T: Clone> Suspend for Next<'_, T> {}

/// What iteration makes of what was received.
fn item<T>(received: Result<T, BroadcastRecvError>) -> Option<Result<T, Lagged>> {
    match received {
        Ok(value) => Some(Ok(value)),
        Err(BroadcastRecvError::Lagged(missed)) => Some(Err(Lagged(missed))),
        Err(BroadcastRecvError::Closed) => None,
    }
}

/// Iterates over a borrowed [`BroadcastReceiver`]; see [`BroadcastReceiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T>(&'a BroadcastReceiver<T>);

/// Iterates over an owned [`BroadcastReceiver`].
#[derive(Debug)]
pub struct IntoIter<T>(BroadcastReceiver<T>);

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(receiver: &'a BroadcastReceiver<T>) -> Self {
        Self(receiver)
    }
}

/// What iteration is, over a receiver and over a reference to one.
macro_rules! iteration {
    ([$($lifetime:lifetime)?] $items:ty, $iter:ty, $make:expr) => {
        impl<$($lifetime,)? T: Clone> Iterator for $iter {
            type Item = Result<T, Lagged>;

            fn next(&mut self) -> Option<Self::Item> {
                item(self.0.recv().block())
            }
        }

        impl<$($lifetime,)? T: Clone> FusedIterator for $iter {}

        impl<$($lifetime,)? T: Clone> SuspendIterator for $iter {
            type Item = Result<T, Lagged>;
            type Next<'n>
                = Next<'n, T>
            where
                Self: 'n;

            fn next(&mut self) -> Next<'_, T> {
                Next(self.0.recv())
            }
        }

        impl<$($lifetime,)? T: Clone> IntoSuspendIterator for $iter {
            type Item = Result<T, Lagged>;
            type Iter = Self;

            fn into_suspend_iter(self) -> Self {
                self
            }
        }

        impl<$($lifetime,)? T: Clone> IntoIterator for $items {
            type Item = Result<T, Lagged>;
            type IntoIter = $iter;

            fn into_iter(self) -> $iter {
                $make(self)
            }
        }

        impl<$($lifetime,)? T: Clone> IntoSuspendIterator for $items {
            type Item = Result<T, Lagged>;
            type Iter = $iter;

            fn into_suspend_iter(self) -> $iter {
                $make(self)
            }
        }
    };
}

iteration!(['a] &'a BroadcastReceiver<T>, Iter<'a, T>, Iter);
iteration!([] BroadcastReceiver<T>, IntoIter<T>, IntoIter);
