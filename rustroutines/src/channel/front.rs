//! The oldest values of a channel, set aside for its receivers.
//!
//! Senders and receivers that meet at one lock pass its cache line to and fro with every value. So a
//! receiver that finds several values in the buffer moves them all here, by exchanging the two queues, and
//! those that come after it take theirs here, without the channel's lock: two locks, each of which has one
//! side of the channel to itself most of the time.
//!
//! # Invariants
//!
//! 1. What is here is older than what is in the buffer.
//! 2. It is filled only under the channel's lock, only when it is empty, and only while nobody waits for
//!    room. Who is about to wait for room moves what is here back into the buffer first. So nobody has to
//!    be let in when a value is taken from here.
//! 3. Under the channel's lock, a length of 0 means that it is empty, and stays so.
//!
//! This lock is taken alone, or after the channel's.

use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::sync::ShortMutex;
use std::collections::VecDeque;
use std::mem;

/// See the module. On cache lines of its own.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Front<T> {
    /// How many values there are, for those who do not hold the lock. Written under it.
    len: AtomicUsize,
    /// The values, oldest first.
    values: ShortMutex<VecDeque<T>>,
}

impl<T> Front<T> {
    pub(super) fn new() -> Self {
        Self { len: AtomicUsize::new(0), values: ShortMutex::new(VecDeque::new()) }
    }

    /// How many values there are. Without the channel's lock, out of date at once.
    #[inline]
    pub(super) fn len(&self) -> usize {
        // Acquire: pairs with the release in `pop`, so that what a receiver did before it made room comes
        // before what the sender does that uses it.
        self.len.load(Ordering::Acquire)
    }

    /// Takes the oldest value.
    #[inline]
    pub(super) fn pop(&self) -> Option<T> {
        // Relaxed: who finds nothing looks again under the channel's lock, where it is the truth.
        if self.len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut values = self.values.lock();
        let value = values.pop_front();
        // Release: pairs with the acquire in `len`.
        self.len.store(values.len(), Ordering::Release);
        value
    }

    /// Under the channel's lock, when nothing is here: exchanges the queues.
    pub(super) fn fill(&self, buffer: &mut VecDeque<T>) {
        let mut values = self.values.lock();
        debug_assert!(values.is_empty(), "what is here is older");
        mem::swap(&mut *values, buffer);
        self.len.store(values.len(), Ordering::Release);
    }

    /// Under the channel's lock: moves what is here back to the head of the buffer.
    pub(super) fn empty_into(&self, buffer: &mut VecDeque<T>) {
        if self.len() == 0 {
            return;
        }
        let mut values = self.values.lock();
        values.append(buffer);
        mem::swap(&mut *values, buffer);
        self.len.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order() {
        let front = Front::new();
        let mut buffer: VecDeque<u32> = (0..4).collect();
        front.fill(&mut buffer);
        assert_eq!((front.len(), buffer.len()), (4, 0));
        assert_eq!(front.pop(), Some(0));
        buffer.extend([4, 5]);
        front.empty_into(&mut buffer);
        assert_eq!(front.pop(), None);
        assert_eq!(buffer, [1, 2, 3, 4, 5]);
    }
}
