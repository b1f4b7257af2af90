//! Broadcast: from many senders to many receivers, each value to every receiver.
//!
//! Each receiver sees, in order, every value that is sent while it is there. The channel retains a
//! number of values for those that are slower than the senders; what happens when a receiver falls
//! behind by more is the channel's [`Overflow`]:
//!
//! | overflow                             | a send                              | the slow receiver                        |
//! |--------------------------------------|-------------------------------------|------------------------------------------|
//! | [`DropOldest`](Overflow::DropOldest) | never waits                         | learns how many values it has missed     |
//! | [`Wait`](Overflow::Wait)             | waits until the slowest has caught up | misses nothing, and holds everyone up  |
//!
//! A value is kept once, and cloned for each receiver but the last to get it; where there is one receiver, it
//! is never cloned, and nothing is allocated for it. Retained are only values
//! that somebody has yet to receive: what everyone has received or missed is dropped at that moment.
//!
//! Small values that own nothing (that have nothing to drop, as `std::mem::needs_drop` tells, and 64 bytes at most)
//! are faster: for them, nothing is allocated either where there are several receivers, and they are cloned for the last
//! as well.
//!
//! # Cancel safety
//!
//! Each operation can be dropped at any moment. A receive that is dropped before it is done has consumed
//! nothing, so an arm of a `select!` that loses doesn't either; a send that is dropped before it is done
//! was delivered to nobody, and the room that it may have been promised goes to the next sender in line.
//!
//! # Implementation
//!
//! - `slots`: the retained values, each with a lock of its own, and how far a receiver is among them.
//! - `ring`: the slots and the two lines of waiters, and the lock for what is not done within one slot.
//! - `ops`: the operations, and iteration.

#[cfg(all(test, loom))]
mod model;
mod ops;
mod ring;
mod slots;

pub use ops::{IntoIter, Iter, Next, RecvOp, RecvTimeout, SendOp, SendTimeout};

use self::ring::{Offer, Read, Ring};
use self::slots::Cursor;
use crate::error::{TryBroadcastRecvError, TrySendError};
use crate::platform::clock::Instant;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a broadcast channel does with a receiver that is slower than the senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// The oldest value goes. A receiver that has not seen it learns how many values it has missed, and
    /// goes on with the oldest that is retained.
    #[default]
    DropOldest,
    /// Senders wait until the slowest receiver has made room.
    Wait,
}

/// Makes a broadcast channel that retains `capacity` values: every receiver gets every value. One that
/// falls behind by more misses the oldest ones, and is told how many.
///
/// # Panics
/// If `capacity` is 0, or more than half of what a `usize` can count.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
/// use rustroutines::error::BroadcastRecvError;
///
/// let (tx, a) = broadcast_channel(2);
/// let b = tx.subscribe();
/// for n in 1..=3 {
///     tx.send(n).block().unwrap();
/// }
/// drop(tx);
/// for rx in [a, b] {
///     assert_eq!(rx.recv().block(), Err(BroadcastRecvError::Lagged(1)));
///     assert_eq!(rx.recv().block(), Ok(2));
///     assert_eq!(rx.recv().block(), Ok(3));
///     assert_eq!(rx.recv().block(), Err(BroadcastRecvError::Closed));
/// }
/// ```
#[doc(alias = "broadcast")]
#[track_caller]
pub fn broadcast_channel<T>(capacity: usize) -> (BroadcastSender<T>, BroadcastReceiver<T>) {
    broadcast_channel_with(capacity, Overflow::DropOldest)
}

/// Makes a broadcast channel that retains `capacity` values, and does what `overflow` says when a
/// receiver is slower than the senders.
///
/// # Panics
/// If `capacity` is 0, or more than half of what a `usize` can count.
///
/// # Examples
/// ```
/// use rustroutines::channel::{Overflow, broadcast_channel_with};
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
/// tx.try_send(1).unwrap();
/// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
/// assert_eq!(rx.try_recv(), Ok(1));
/// assert_eq!(tx.try_send(2), Ok(1));
/// ```
#[track_caller]
pub fn broadcast_channel_with<T>(
    capacity: usize,
    overflow: Overflow,
) -> (BroadcastSender<T>, BroadcastReceiver<T>) {
    assert!(capacity > 0, "a broadcast channel needs room for at least one value");
    assert!(capacity <= usize::MAX / 2, "a broadcast channel of capacity {capacity} is too large");
    let ring = Arc::new(Ring::new(capacity, overflow));
    let sender = BroadcastSender { ring };
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// The side of a broadcast channel that sends. Clones send on the same channel; the last one to go
/// closes it.
pub struct BroadcastSender<T> {
    /// Shared with the other senders and the receivers.
    ring: Arc<Ring<T>>,
}

/// The side of a broadcast channel that receives every value.
///
/// Shared by reference, each value goes to one of those that share it. A clone sees what this receiver
/// has yet to see; [`resubscribe`](BroadcastReceiver::resubscribe) makes one that begins with the next
/// value that is sent.
pub struct BroadcastReceiver<T> {
    /// Shared with the senders and the other receivers.
    ring: Arc<Ring<T>>,
    /// How far it is.
    cursor: Cursor<T>,
}

impl<T> BroadcastSender<T> {
    /// Sends `value` to all receivers there are now, and gives their number. Waits while there is no
    /// room, where the channel's [`Overflow`] says so.
    ///
    /// # Errors
    /// There is no receiver, or the channel is closed, or that happens while this waits. The error holds
    /// the value. Where only the receivers are gone, [`subscribe`](Self::subscribe) brings one back.
    ///
    /// # Cancel safety
    /// Dropped before it is done, nobody gets the value.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let (tx, rx) = broadcast_channel(8);
    /// assert_eq!(tx.send("a").block(), Ok(1));
    /// drop(rx);
    /// assert_eq!(tx.send("b").block(), Err(SendError("b")));
    /// ```
    pub fn send(&self, value: T) -> SendOp<'_, T> {
        SendOp::new(&self.ring, value)
    }

    /// Sends `value` to all receivers if that is possible at once, and gives their number.
    ///
    /// # Errors
    /// [`TrySendError::Full`]: no room, which happens with [`Overflow::Wait`] only.
    /// [`TrySendError::Closed`]: there is no receiver, or the channel is closed. Both hold the value.
    pub fn try_send(&self, value: T) -> Result<usize, TrySendError<T>> {
        match self.ring.try_offer(self.ring.pack(value)) {
            Offer::Sent(receivers) => Ok(receivers),
            Offer::Full(value) => Err(TrySendError::Full(value.sole())),
            Offer::Closed(value) => Err(TrySendError::Closed(value.sole())),
        }
    }

    /// Sends `value`, and waits at most `duration` for room, counted from this call. Room that is there
    /// beats a time that is up.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`](crate::error::SendTimeoutError::Timeout): the time was up.
    /// [`SendTimeoutError::Closed`](crate::error::SendTimeoutError::Closed): as for
    /// [`send`](Self::send). Both hold the value.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub fn send_timeout(&self, value: T, duration: Duration) -> SendTimeout<'_, T> {
        SendTimeout::after(self.send(value), duration)
    }

    /// Sends `value`, and waits at most until `deadline`. As [`send_timeout`](Self::send_timeout).
    ///
    /// # Errors
    /// As [`send_timeout`](Self::send_timeout).
    pub fn send_deadline(&self, value: T, deadline: Instant) -> SendTimeout<'_, T> {
        SendTimeout::at(self.send(value), deadline)
    }

    /// A new receiver, which sees what is sent from now on.
    pub fn subscribe(&self) -> BroadcastReceiver<T> {
        BroadcastReceiver::at_the_tail(&self.ring)
    }

    /// How many values are retained: sent, and not yet received by everyone.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether everyone has received everything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> BroadcastReceiver<T> {
    fn at_the_tail(ring: &Arc<Ring<T>>) -> Self {
        Self { cursor: ring.add_receiver(), ring: ring.clone() }
    }

    /// A new receiver of the same channel, which sees what is sent from now on.
    pub fn resubscribe(&self) -> Self {
        Self::at_the_tail(&self.ring)
    }

    /// How many values are there for this receiver now. Those that it has missed do not count.
    pub fn len(&self) -> usize {
        self.ring.unseen(&self.cursor)
    }

    /// Whether there is no value for this receiver now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> BroadcastReceiver<T> {
    /// Receives the next value; waits until there is one.
    ///
    /// # Errors
    /// [`Lagged`](crate::error::BroadcastRecvError::Lagged): this receiver has missed so many values;
    /// the next receive gives the oldest that is retained.
    /// [`Closed`](crate::error::BroadcastRecvError::Closed): the channel is closed, and this receiver has
    /// seen everything.
    ///
    /// # Panics
    /// Where the value's `clone` does. The value counts as received; all else goes on.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing.
    pub fn recv(&self) -> RecvOp<'_, T> {
        RecvOp::new(self)
    }

    /// Receives the next value if there is one.
    ///
    /// # Errors
    /// [`Empty`](TryBroadcastRecvError::Empty): there is none now.
    /// [`Lagged`](TryBroadcastRecvError::Lagged), [`Closed`](TryBroadcastRecvError::Closed): as for
    /// [`recv`](Self::recv).
    ///
    /// # Panics
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<T, TryBroadcastRecvError> {
        match self.ring.try_read(&self.cursor) {
            Read::Value(value) => Ok(value),
            Read::Lagged(missed) => Err(TryBroadcastRecvError::Lagged(missed)),
            Read::Empty => Err(TryBroadcastRecvError::Empty),
            Read::Closed => Err(TryBroadcastRecvError::Closed),
        }
    }

    /// Receives the next value, and waits at most `duration` for it, counted from this call. A value that
    /// is there beats a time that is up.
    ///
    /// # Errors
    /// [`Timeout`](crate::error::BroadcastRecvTimeoutError::Timeout): the time was up. Else as
    /// [`recv`](Self::recv).
    ///
    /// # Panics
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    pub fn recv_timeout(&self, duration: Duration) -> RecvTimeout<'_, T> {
        RecvTimeout::after(self.recv(), duration)
    }

    /// Receives the next value, and waits at most until `deadline`. As
    /// [`recv_timeout`](Self::recv_timeout).
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    pub fn recv_deadline(&self, deadline: Instant) -> RecvTimeout<'_, T> {
        RecvTimeout::at(self.recv(), deadline)
    }

    /// Iterates over what is received, until the channel is closed and all is seen. A gap is an item too:
    /// an error that says how many values were missed. In a routine, `for` suspends between values; in
    /// plain code it blocks.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let (tx, rx) = broadcast_channel(2);
    /// for n in 0..5 {
    ///     tx.try_send(n).unwrap();
    /// }
    /// drop(tx);
    /// let received: Vec<_> = rx.iter().map(|item| item.map_err(|lagged| lagged.0)).collect();
    /// assert_eq!(received, [Err(3), Ok(3), Ok(4)]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }
}

impl<T> Clone for BroadcastSender<T> {
    fn clone(&self) -> Self {
        self.ring.add_sender();
        Self { ring: self.ring.clone() }
    }
}

impl<T> Clone for BroadcastReceiver<T> {
    fn clone(&self) -> Self {
        Self { cursor: self.ring.add_receiver_at(&self.cursor), ring: self.ring.clone() }
    }
}

impl<T> Drop for BroadcastSender<T> {
    fn drop(&mut self) {
        self.ring.drop_sender();
    }
}

impl<T> Drop for BroadcastReceiver<T> {
    fn drop(&mut self) {
        self.ring.drop_receiver(&self.cursor);
    }
}

/// What both sides can do.
macro_rules! both_sides {
    ($side:ident, $this:literal) => {
        impl<T> $side<T> {
            /// Closes the channel: nothing more can be sent, everyone who waits is woken, and waiting
            /// sends get their values back. What is retained can still be received. Returns whether this
            /// call closed it; closing twice is no error.
            pub fn close(&self) -> bool {
                self.ring.close()
            }

            /// Whether the channel is closed: by a call, or because all senders are gone. One without
            /// receivers is not: there may be some again.
            pub fn is_closed(&self) -> bool {
                self.ring.is_closed()
            }

            /// How many values the channel retains.
            pub fn capacity(&self) -> usize {
                self.ring.capacity()
            }

            /// How many receivers there are.
            pub fn receiver_count(&self) -> usize {
                self.ring.receivers()
            }

            #[doc = concat!("Whether `other` is a ", $this, " of the same channel.")]
            pub fn same_channel(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.ring, &other.ring)
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

both_sides!(BroadcastSender, "sender");
both_sides!(BroadcastReceiver, "receiver");
