//! Channels: values from many senders to many receivers, each value to exactly one receiver.
//!
//! | made by                     | a send waits                        |
//! |-----------------------------|-------------------------------------|
//! | [`channel()`]               | until a receiver takes the value    |
//! | [`bounded_channel`]`(n)`    | while `n` values are in the buffer  |
//! | [`unbounded_channel()`]     | never                               |
//!
//! These give each value to one receiver; [`broadcast_channel`] makes one that gives it to all.
//! [`after`] and [`tick`] make receivers that time sends to, [`never()`] one that nobody does.
//!
//! A channel is closed by [`close`](Sender::close), from either side, or when all senders or all
//! receivers are gone. After that nothing more can be sent; what is in the buffer can still be
//! received, unless no receiver is left: then it is dropped at once.
//!
//! Everyone is served in the order in which they came. Waiting operations are operations like any
//! other ([`Suspend`](crate::Suspend)): they suspend in a routine, block in plain code, and run under
//! any executor, whether or not a runtime of ours is running.
//!
//! # Cancel safety
//!
//! Each operation can be dropped at any moment, by an abort, a timeout or a lost select. A send that
//! is dropped either has delivered its value or drops it; a value that had already been handed to a
//! receive that is dropped goes to the next receiver. A receive that has begun to wait and is neither
//! carried on nor dropped keeps its place in line, and the value that is handed to it.
//!
//! # Implementation
//!
//! - `core`: the buffer and the two lines of waiters, behind one lock.
//! - `waiters`: a line of waiters.
//! - [`mod@ops`]: the operations.
//! - `timed`: the operations with a deadline.
//! - `iter`: iteration.
//! - `reserve`: room that is reserved before there is a value.
//! - `turns`: what operations have in common that wait for a promise.
//! - `sources`: channels that time feeds.
//! - `weak`: senders that do not keep their channel open.
//! - [`mod@broadcast`]: each value to every receiver.
//! - `cases`: channels as cases of a [`Select`](crate::select::Select).

pub mod broadcast;
mod cases;
mod core;
mod front;
mod iter;
#[cfg(all(test, loom))]
mod model;
pub mod ops;
mod reserve;
#[cfg(all(test, shuttle))]
mod shuttle;
mod sources;
mod state;
mod timed;
mod turns;
mod waiters;
mod weak;

pub use broadcast::{
    BroadcastReceiver, BroadcastSender, Overflow, broadcast_channel, broadcast_channel_with,
};
pub use iter::{IntoIter, Iter, TryIter};
pub use reserve::{OwnedPermit, Permit, Reserve};
pub use sources::{after, never, tick};
pub use timed::{RecvTimeout, SendTimeout};
pub use weak::WeakSender;

use self::core::Channel;
use crate::error::{TryRecvError, TrySendError};
use crate::platform::clock::Instant;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Makes an unbuffered channel: a send waits until a receiver takes its value.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = channel();
/// go!(move || tx.send("hello"));
/// assert_eq!(rx.recv().block(), Ok("hello"));
/// ```
#[doc(alias("unbuffered", "rendezvous"))]
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    with_capacity(0)
}

/// Makes a channel whose buffer holds up to `capacity` values. With a capacity of 0 it is unbuffered,
/// like [`channel()`].
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = bounded_channel(1);
/// assert_eq!(tx.try_send(1), Ok(()));
/// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
#[doc(alias("bounded", "sync_channel"))]
#[track_caller]
pub fn bounded_channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    // The largest number stands for "no limit", and no memory holds so many values.
    with_capacity(capacity.min(usize::MAX - 1))
}

/// Makes a channel on which a send never waits. Its buffer grows as needed: where senders are faster
/// than receivers, prefer [`bounded_channel`].
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = unbounded_channel();
/// for n in 0..1000 {
///     tx.try_send(n).unwrap();
/// }
/// drop(tx);
/// assert_eq!(rx.iter().sum::<u32>(), 499_500);
/// ```
#[doc(alias = "unbounded")]
#[track_caller]
pub fn unbounded_channel<T>() -> (Sender<T>, Receiver<T>) {
    with_capacity(usize::MAX)
}

#[track_caller]
fn with_capacity<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity));
    (Sender { channel: channel.clone() }, Receiver { channel })
}

/// The side of a channel that sends. Clones send on the same channel.
pub struct Sender<T> {
    /// Shared with the other senders and the receivers.
    channel: Arc<Channel<T>>,
}

/// The side of a channel that receives. Clones receive from the same channel; each value goes to one
/// of them.
pub struct Receiver<T> {
    /// Shared with the senders and the other receivers.
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// Sends `value`; waits while the channel is full, or, unbuffered, until a receiver takes it.
    ///
    /// # Errors
    /// The channel is closed, or is closed while this waits. The error holds the value.
    ///
    /// # Cancel safety
    /// Dropped before it is done, the value has either been delivered or is dropped with it.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let (tx, rx) = bounded_channel(8);
    /// tx.send(1).block().unwrap();
    /// drop(rx);
    /// assert_eq!(tx.send(2).block(), Err(SendError(2)));
    /// ```
    pub fn send(&self, value: T) -> ops::SendOp<'_, T> {
        ops::SendOp::new(&self.channel, value)
    }

    /// Sends `value` if that is possible at once.
    ///
    /// # Errors
    /// [`TrySendError::Full`]: no room, or, unbuffered, no receiver that waits.
    /// [`TrySendError::Closed`]: the channel is closed. Both hold the value.
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.channel.try_send(value)
    }

    /// Sends `value`, and waits at most `duration` for room or a receiver, counted from this call.
    /// Room that is there beats a time that is up.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`](crate::error::SendTimeoutError::Timeout): the time was up.
    /// [`SendTimeoutError::Closed`](crate::error::SendTimeoutError::Closed): the channel is closed.
    /// Both hold the value.
    ///
    /// # Cancel safety
    /// As [`send`](Sender::send).
    pub fn send_timeout(&self, value: T, duration: Duration) -> SendTimeout<'_, T> {
        SendTimeout::after(self.send(value), duration)
    }

    /// Sends `value`, and waits at most until `deadline`. As [`send_timeout`](Sender::send_timeout).
    ///
    /// # Errors
    /// As [`send_timeout`](Sender::send_timeout).
    pub fn send_deadline(&self, value: T, deadline: Instant) -> SendTimeout<'_, T> {
        SendTimeout::at(self.send(value), deadline)
    }
}

impl<T> Receiver<T> {
    /// Receives a value; waits until there is one.
    ///
    /// # Errors
    /// The channel is closed and empty.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing: a value that was already on its way to it
    /// goes to the next receiver.
    ///
    /// Forgotten (`std::mem::forget`), it keeps a value that was on its way to it. All others are received as
    /// ever; but once the channel is closed, receivers that find nothing wait for that value, and it never comes.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let (tx, rx) = bounded_channel(1);
    /// tx.try_send(1).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.recv().block(), Ok(1));
    /// assert_eq!(rx.recv().block(), Err(RecvError));
    /// ```
    pub fn recv(&self) -> ops::RecvOp<'_, T> {
        ops::RecvOp::new(&self.channel)
    }

    /// Receives a value if there is one.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]: there is none now. [`TryRecvError::Closed`]: nor will there be one.
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.channel.try_recv()
    }

    /// Receives a value, and waits at most `duration` for it, counted from this call. A value that is
    /// there beats a time that is up.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`](crate::error::RecvTimeoutError::Timeout): the time was up.
    /// [`RecvTimeoutError::Closed`](crate::error::RecvTimeoutError::Closed): closed and empty.
    ///
    /// # Cancel safety
    /// As [`recv`](Receiver::recv).
    pub fn recv_timeout(&self, duration: Duration) -> RecvTimeout<'_, T> {
        RecvTimeout::after(self.recv(), duration)
    }

    /// Receives a value, and waits at most until `deadline`. As [`recv_timeout`](Receiver::recv_timeout).
    ///
    /// # Errors
    /// As [`recv_timeout`](Receiver::recv_timeout).
    pub fn recv_deadline(&self, deadline: Instant) -> RecvTimeout<'_, T> {
        RecvTimeout::at(self.recv(), deadline)
    }

    /// Iterates over what is received, until the channel is closed and empty. In a routine, `for`
    /// suspends between values; in plain code it blocks.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// Iterates over what is there now, and never waits.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
    }
}

/// What both sides can do.
macro_rules! both_sides {
    ($side:ident, $add:ident, $drop:ident, $this:literal) => {
        impl<T> $side<T> {
            /// Closes the channel: nothing more can be sent, everyone who waits is woken, and waiting
            /// sends get their values back. Returns whether this call closed it; closing twice is no
            /// error.
            pub fn close(&self) -> bool {
                self.channel.close()
            }

            /// Whether the channel is closed: by a call, or because one side is gone.
            pub fn is_closed(&self) -> bool {
                self.channel.is_closed()
            }

            /// How many values are in the buffer. May be out of date at once.
            pub fn len(&self) -> usize {
                self.channel.len()
            }

            /// Whether the buffer is empty; that of an unbuffered channel always is.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether the buffer is full; that of an unbuffered channel always is.
            pub fn is_full(&self) -> bool {
                self.capacity().is_some_and(|capacity| self.len() >= capacity)
            }

            /// How many values the buffer holds before senders wait; `None` if they never do.
            pub fn capacity(&self) -> Option<usize> {
                self.channel.capacity()
            }

            #[doc = concat!("Whether `other` is a ", $this, " of the same channel.")]
            pub fn same_channel(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.channel, &other.channel)
            }
        }

        impl<T> Clone for $side<T> {
            fn clone(&self) -> Self {
                self.channel.$add();
                Self { channel: self.channel.clone() }
            }
        }

        impl<T> Drop for $side<T> {
            fn drop(&mut self) {
                self.channel.$drop();
            }
        }

        impl<T> fmt::Debug for $side<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($side))
                    .field("len", &self.len())
                    .field("capacity", &self.capacity())
                    .field("closed", &self.is_closed())
                    .finish()
            }
        }
    };
}

both_sides!(Sender, add_sender, drop_sender, "sender");
both_sides!(Receiver, add_receiver, drop_receiver, "receiver");
