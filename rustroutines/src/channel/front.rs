//! What receivers look at first: the oldest values, set aside for them, and whether there are none at all.
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
//! 4. While the channel is *bare*, it is open, there is no value in it, and no sender waits. A receiver that
//!    has found that says so, under the channel's lock; who changes it takes it back under the same lock. So
//!    looking into an empty channel costs no lock: a select with many arms does little else.
//! 5. Each of these changes is another [`Mark`]. Who finds the same mark twice, that of a bare channel, knows
//!    that it was bare all the time in between.
//!
//! This lock is taken alone, or after the channel's.

use crate::platform::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use crate::platform::sync::{ShortMutex, ShortMutexGuard, Way};
use std::collections::VecDeque;
use std::mem;

/// See the module.
#[derive(Debug)]
pub(super) struct Front<T> {
    /// How many values there are, for those who do not hold the lock. Written under it.
    len: AtomicUsize,
    /// The present [`Mark`]. Written under the channel's lock.
    mark: AtomicU32,
    /// Whether a send that came now would have to wait, as far as is known without the lock: then it prepares
    /// for that at once. Nothing but time depends on it.
    waits: AtomicBool,
    /// The values, oldest first.
    values: ShortMutex<VecDeque<T>>,
}

/// Counts how often a channel has begun and ceased to be bare: odd while it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark(u32);

impl Mark {
    /// Whether the channel is bare.
    #[inline]
    pub(super) fn is_bare(self) -> bool {
        self.0 % 2 == 1
    }
}

impl<T> Front<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            len: AtomicUsize::new(0),
            mark: AtomicU32::new(0),
            waits: AtomicBool::new(capacity == 0),
            values: ShortMutex::new(VecDeque::new()),
        }
    }

    /// Whether a send most likely has to wait.
    #[inline]
    pub(super) fn lets_wait(&self) -> bool {
        // Relaxed: a hint.
        self.waits.load(Ordering::Relaxed)
    }

    /// Says whether a send most likely has to wait.
    #[inline]
    pub(super) fn let_wait(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// How many values there are. Without the channel's lock, out of date at once.
    #[inline]
    pub(super) fn len(&self) -> usize {
        // Acquire: pairs with the release in `pop`, so that what a receiver did before it made room comes
        // before what the sender does that uses it.
        self.len.load(Ordering::Acquire)
    }

    /// Takes the oldest value. Who finds that another does gives `way`.
    #[inline]
    pub(super) fn pop(&self, way: impl FnOnce() -> Way) -> Option<T> {
        if self.looks_empty() {
            return None;
        }
        self.pop_locked(self.values.lock_giving_way(way))
    }

    /// The same where nobody else looks. `Err`: somebody does.
    #[inline(always)]
    pub(super) fn pop_at_once(&self) -> Result<Option<T>, ()> {
        if self.looks_empty() {
            return Ok(None);
        }
        self.values.lock_at_once().map(|values| self.pop_locked(values)).ok_or(())
    }

    #[inline(always)]
    fn looks_empty(&self) -> bool {
        // Relaxed: who finds nothing looks again under the channel's lock, where it is the truth.
        self.len.load(Ordering::Relaxed) == 0
    }

    #[inline(always)]
    fn pop_locked(&self, mut values: ShortMutexGuard<'_, VecDeque<T>>) -> Option<T> {
        let value = values.pop_front();
        // Release: pairs with the acquire in `len`.
        self.len.store(values.len(), Ordering::Release);
        value
    }

    /// The present mark. Without the channel's lock, out of date at once.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        // Acquire: pairs with the release in `set_bare`, as if this had taken the lock after that.
        Mark(self.mark.load(Ordering::Acquire))
    }

    /// Under the channel's lock: says whether the channel is bare.
    #[inline]
    pub(super) fn set_bare(&self, bare: bool) {
        // Relaxed: only who holds the lock writes it. Seldom, so as to leave the cache line alone.
        let mark = self.mark.load(Ordering::Relaxed);
        if Mark(mark).is_bare() != bare {
            self.mark.store(mark.wrapping_add(1), Ordering::Release);
        }
    }

    /// Under the channel's lock, when nothing is here: exchanges the queues.
    pub(super) fn fill(&self, buffer: &mut VecDeque<T>) {
        let mut values = self.values.lock_giving_way(|| Way::Wide);
        debug_assert!(values.is_empty(), "what is here is older");
        // Empty, but what comes into it is to begin where its memory does: that is in somebody's cache.
        values.clear();
        mem::swap(&mut *values, buffer);
        self.len.store(values.len(), Ordering::Release);
    }

    /// Under the channel's lock: moves what is here back to the head of the buffer.
    #[inline]
    pub(super) fn empty_into(&self, buffer: &mut VecDeque<T>) {
        if self.len() != 0 {
            self.move_into(buffer);
        }
    }

    #[inline(never)]
    fn move_into(&self, buffer: &mut VecDeque<T>) {
        let mut values = self.values.lock_giving_way(|| Way::Wide);
        values.append(buffer);
        mem::swap(&mut *values, buffer);
        self.len.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::channel::{Receiver, Sender, bounded_channel, channel};
    use crate::error::TryRecvError;
    use std::pin::Pin;
    use std::task::{Context, Waker};

    fn poll<O: Future + Unpin>(operation: &mut O) -> bool {
        Pin::new(operation).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Whatever ends the emptiness that a receiver has found is seen by the next.
    #[test]
    fn a_channel_that_was_bare_shows_what_comes() {
        let found_bare = |(tx, rx): (Sender<u8>, Receiver<u8>)| {
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
            assert!(rx.channel.front.mark().is_bare());
            (tx, rx)
        };
        let (tx, rx) = found_bare(bounded_channel(1));
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(1), "a value in the buffer");

        let (tx, rx) = found_bare(channel());
        let mut sends = tx.send(2);
        assert!(!poll(&mut sends));
        assert_eq!(rx.try_recv(), Ok(2), "a sender in line");

        let (tx, rx) = found_bare(channel());
        let mut leaves = rx.recv();
        assert!(!poll(&mut leaves));
        tx.try_send(3).unwrap();
        drop(leaves);
        assert_eq!(rx.try_recv(), Ok(3), "a value that comes back");

        let (tx, rx) = found_bare(bounded_channel(1));
        let permit = tx.try_reserve().unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        permit.send(4).unwrap();
        assert_eq!(rx.try_recv(), Ok(4), "a value in reserved room");

        let (tx, rx) = found_bare(bounded_channel(1));
        tx.close();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed), "the end");
    }

    #[test]
    fn values_keep_their_order() {
        let front = Front::new(4);
        let mut buffer: VecDeque<u32> = (0..4).collect();
        front.fill(&mut buffer);
        assert_eq!((front.len(), buffer.len()), (4, 0));
        assert_eq!(front.pop(|| Way::Wide), Some(0));
        buffer.extend([4, 5]);
        front.empty_into(&mut buffer);
        assert_eq!(front.pop(|| Way::Wide), None);
        assert_eq!(buffer, [1, 2, 3, 4, 5]);
    }

    /// Receivers write the front, and senders the state: no cache line is in both, wherever the allocator puts
    /// the channel, with the two counts of its `Arc` before it.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn no_cache_line_is_shared_by_both_sides() {
        use crate::channel::core::Channel;
        use std::mem::offset_of;
        let counts = 2 * size_of::<usize>();
        let front_ends = counts + offset_of!(Channel<u64>, front) + size_of::<Front<u64>>();
        let state_begins = counts + offset_of!(Channel<u64>, state);
        for address in [0, 16, 32, 48] {
            assert!((address + front_ends - 1) / 64 < (address + state_begins) / 64, "at {address}");
        }
    }
}
