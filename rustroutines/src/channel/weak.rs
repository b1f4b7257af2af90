//! Senders that do not keep their channel open.

use super::Sender;
use super::core::Channel;
use crate::platform::atomic::Ordering;
use std::fmt;
use std::sync::{Arc, Weak};

/// A sender that does not keep the channel open: once all [`Sender`]s are gone the channel is closed,
/// however many of these there are. To send, [`upgrade`](WeakSender::upgrade) it.
///
/// Made by [`Sender::downgrade`]. Something that hands out senders to a channel which it receives from
/// itself can keep one of these, and still sees the channel end.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = bounded_channel(1);
/// let weak = tx.downgrade();
/// weak.upgrade().unwrap().try_send(1).unwrap();
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(rx.recv().block(), Ok(1));
/// assert_eq!(rx.recv().block(), Err(RecvError));
/// ```
pub struct WeakSender<T> {
    /// Freed, whatever is left in it, with the last sender and receiver.
    channel: Weak<Channel<T>>,
}

impl<T> Sender<T> {
    /// A sender of the same channel that does not keep it open.
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { channel: Arc::downgrade(&self.channel) }
    }
}

impl<T> WeakSender<T> {
    /// A sender, if there still is one. It may be one of a channel that was
    /// [closed](Sender::close) by a call.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let channel = self.channel.upgrade()?;
        // Lazily: a sender that is made is a sender counted.
        channel.add_sender_unless_last_is_gone().then(|| Sender { channel })
    }
}

impl<T> Channel<T> {
    /// One more sender, but not after the last: the channel that it closed stays closed.
    fn add_sender_unless_last_is_gone(&self) -> bool {
        // Relaxed, as any count upwards: whoever counts it down again synchronises.
        self.senders
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |senders| match senders {
                0 => None,
                senders => {
                    assert!(senders < isize::MAX as usize, "too many handles to one channel");
                    Some(senders + 1)
                }
            })
            .is_ok()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { channel: self.channel.clone() }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakSender")
    }
}
