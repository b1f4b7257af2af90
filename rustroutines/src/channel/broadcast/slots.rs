//! Where the values of a broadcast lie: in slots that are locked one by one, some dozens to a block.
//!
//! A receiver keeps the block that holds the next value it reads, so it reads value after value without
//! looking at what it shares with the senders; who reads here, and who writes there, do not meet.
//!
//! # Invariants
//!
//! 1. A slot belongs to one position for as long as anyone can get at it: a block is used again only when
//!    nobody holds it but the ring, and all of it lies before the head.
//! 2. A slot is filled once, by a sender, and emptied once, by the last receiver to see it or by a sender
//!    that needs the room. Whoever empties it moves the head beyond it, under the slot's lock.
//! 3. A slot that is filled has been counted as unseen for every receiver whose cursor is not beyond it, and
//!    for nobody else.
//! 4. So slots are emptied in the order of their positions: who is the last to see one has seen those before
//!    it, and so has everybody else who has seen it. The head only grows.
//!
//! | slot    | value | unseen           | awaited            | position                    |
//! |---------|-------|------------------|--------------------|-----------------------------|
//! | unused  | none  | 0                | no                 | from the tail on            |
//! | filled  | some  | 1 or more        | perhaps, see below | between the head and the tail |
//! | emptied | none  | whatever it was  | no                 | before the head             |
//!
//! A sender that waits for room marks the oldest filled slot as `awaited`, and finds under that slot's lock
//! that it is still filled. Whoever empties it finds the mark under the same lock, and looks after those
//! that wait. Neither needs to see the other in any other way, so it takes no fence.

use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::ShortMutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// A value on its way from a sender to its receivers.
#[derive(Debug)]
pub(super) enum Value<T> {
    /// For one that is alone to see it: nobody clones it.
    Own(T),
    /// Shared with those that are cloning it.
    Shared(Arc<T>),
}

impl<T> Value<T> {
    /// For so many receivers.
    pub(super) fn new(value: T, receivers: usize) -> Self {
        if receivers > 1 { Self::Shared(Arc::new(value)) } else { Self::Own(value) }
    }

    /// The value of an offer that was refused: nobody else has ever seen it.
    pub(super) fn sole(self) -> T {
        match self {
            Self::Own(value) => value,
            Self::Shared(value) => {
                Arc::into_inner(value).expect("a value that was not sent is shared with nobody")
            }
        }
    }
}

impl<T: Clone> Value<T> {
    /// The value itself if nobody else has it, else a clone.
    pub(super) fn unwrap_or_clone(self) -> T {
        match self {
            Self::Own(value) => value,
            Self::Shared(value) => Arc::unwrap_or_clone(value),
        }
    }
}

/// Room for one value.
#[derive(Debug)]
struct Slot<T> {
    /// The value. Shared at the latest when the first of several sees it.
    value: Option<Value<T>>,
    /// How many receivers have yet to see it.
    unseen: usize,
    /// Whether somebody waits for this slot to be emptied.
    awaited: bool,
}

/// A value that was taken out of its slot, or shared with it.
pub(super) struct Seen<T> {
    /// The value.
    pub(super) value: Value<T>,
    /// Whether senders wait for the room that this has made.
    pub(super) awaited: bool,
}

impl<T> Slot<T> {
    /// Another reference to the value.
    #[inline]
    fn share(&mut self) -> Option<Value<T>> {
        if let Some(Value::Shared(shared)) = &self.value {
            return Some(Value::Shared(shared.clone()));
        }
        let shared = Arc::new(self.value.take()?.sole());
        self.value = Some(Value::Shared(shared.clone()));
        Some(Value::Shared(shared))
    }

    /// Empties it, and moves the head beyond it.
    fn empty(&mut self, position: u64, head: &Head) -> Option<Seen<T>> {
        let value = self.value.take()?;
        head.set(position + 1);
        Some(Seen { value, awaited: std::mem::take(&mut self.awaited) })
    }
}

/// Room for some dozens of values, fewer if they are large.
#[derive(Debug)]
struct Block<T>(
    /// One slot for each position. Shared with the receivers that are here.
    Arc<[ShortMutex<Slot<T>>]>,
);

impl<T> Block<T> {
    /// How many slots a block has: a power of two. A checker is shown what happens between two blocks.
    const SLOTS: u64 = match 4096 / size_of::<ShortMutex<Slot<T>>>() {
        _ if cfg!(any(loom, shuttle)) => 2,
        32.. => 32,
        4.. => 4,
        _ => 1,
    };

    fn new() -> Self {
        let unused = |_| ShortMutex::new(Slot { value: None, unseen: 0, awaited: false });
        Self((0..Self::SLOTS).map(unused).collect())
    }

    #[inline]
    fn at(&self, position: u64) -> &ShortMutex<Slot<T>> {
        &self.0[(position % Self::SLOTS) as usize]
    }
}

/// The position of the oldest value; that of the next one, where there is none.
#[derive(Debug)]
pub(super) struct Head(AtomicU64);

impl Head {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Relaxed: who finds a slot emptied has seen so under the slot's lock, under which the head was moved.
    /// Who moves it next has taken that lock too: see invariant 4.
    #[inline]
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, position: u64) {
        self.0.store(position, Ordering::Relaxed);
    }
}

/// What a receiver has got to.
#[derive(Debug)]
pub(super) struct Cursor<T> {
    /// The position of the value that comes next.
    next: u64,
    /// The block that it is in, if the receiver has been there.
    block: Option<Block<T>>,
}

impl<T> Cursor<T> {
    pub(super) fn new(next: u64) -> Self {
        Self { next, block: None }
    }

    pub(super) fn position(&self) -> u64 {
        self.next
    }

    /// Goes on from there.
    pub(super) fn skip_to(&mut self, position: u64) {
        *self = Self::new(position);
    }

    /// The next value, if there is one in the block that the receiver knows.
    #[inline]
    pub(super) fn see(&mut self, head: &Head) -> Option<Seen<T>> {
        let mut slot = self.block.as_ref()?.at(self.next).lock();
        let seen = if slot.unseen > 1 {
            let value = slot.share()?;
            slot.unseen -= 1;
            Seen { value, awaited: false }
        } else {
            slot.empty(self.next, head)?
        };
        drop(slot);
        self.next += 1;
        if self.next % Block::<T>::SLOTS == 0 {
            // What is in there for others, the ring keeps: no value goes with it.
            self.block = None;
        }
        Some(seen)
    }
}

/// The slots of the values that are retained, and a few more. Part of what the ring's lock guards.
#[derive(Debug)]
pub(super) struct Slots<T> {
    /// Blocks one after another, at the end the one that comes next to be filled.
    blocks: VecDeque<Block<T>>,
    /// The position of the first slot in the first block.
    first: u64,
    /// The position of the next value.
    tail: u64,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Self { blocks: VecDeque::new(), first: 0, tail: 0 }
    }

    #[inline]
    pub(super) fn tail(&self) -> u64 {
        self.tail
    }

    /// The block of a position between the head and the tail.
    fn block(&self, position: u64) -> &Block<T> {
        &self.blocks[((position - self.first) / Block::<T>::SLOTS) as usize]
    }

    /// Fills the slot at the tail with a value for so many receivers.
    #[inline]
    pub(super) fn push(&mut self, value: Value<T>, unseen: usize, head: &Head) {
        if self.tail % Block::<T>::SLOTS == 0 {
            self.add_block(head);
        }
        let mut slot = self.blocks.back().expect("it was added").at(self.tail).lock();
        slot.value = Some(value);
        slot.unseen = unseen;
        drop(slot);
        self.tail += 1;
    }

    /// Lets go of the blocks before the head, and adds one at the tail.
    fn add_block(&mut self, head: &Head) {
        let mut spare = None;
        let head = head.get();
        while self.first + Block::<T>::SLOTS <= head {
            spare = self.blocks.pop_front();
            self.first += Block::<T>::SLOTS;
        }
        // Others come by a block only under the ring's lock: who is alone with it now remains so.
        let spare = spare.filter(|block| Arc::strong_count(&block.0) == 1);
        self.blocks.push_back(spare.unwrap_or_else(Block::new));
    }

    /// Shows a receiver the block of its next value, which lies between the head and the tail.
    pub(super) fn show(&self, cursor: &mut Cursor<T>) {
        cursor.block = Some(Block(self.block(cursor.next).0.clone()));
    }

    /// The oldest slot and its position. `None`: nothing is retained. Receivers may have emptied it, or all of
    /// them, since somebody looked.
    fn oldest(&self, head: &Head) -> Option<(u64, &ShortMutex<Slot<T>>)> {
        let oldest = head.get();
        (oldest < self.tail).then(|| (oldest, self.block(oldest).at(oldest)))
    }

    /// Takes the oldest value out, if it has not been seen by all meanwhile.
    pub(super) fn drop_oldest(&self, head: &Head) -> Option<Value<T>> {
        let (position, slot) = self.oldest(head)?;
        let seen = slot.lock().empty(position, head);
        seen.map(|seen| seen.value)
    }

    /// Has whoever empties the oldest slot look after those that wait. `false`: it is emptied already, or there
    /// is none.
    pub(super) fn await_oldest(&self, head: &Head) -> bool {
        let Some((_, slot)) = self.oldest(head) else { return false };
        let mut slot = slot.lock();
        slot.awaited = slot.value.is_some();
        slot.awaited
    }

    /// One more receiver has yet to see what the one with this cursor has.
    pub(super) fn count_in(&self, cursor: &Cursor<T>, head: &Head) {
        for position in cursor.next.max(head.get())..self.tail {
            self.block(position).at(position).lock().unseen += 1;
        }
    }

    /// The receiver with this cursor will see no more. What only it had yet to see is moved to `values`.
    pub(super) fn count_out(&self, cursor: &mut Cursor<T>, head: &Head, values: &mut Vec<Value<T>>) {
        cursor.skip_to(cursor.next.max(head.get()));
        for position in cursor.next..self.tail {
            let mut slot = self.block(position).at(position).lock();
            slot.unseen -= 1;
            if slot.unseen == 0 {
                values.extend(slot.empty(position, head).map(|seen| seen.value));
            }
        }
    }
}
