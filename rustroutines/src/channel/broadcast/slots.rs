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
//! 5. A cursor moves on by one under the lock of the slot that it names, when that is filled; and beyond what
//!    was missed, under the ring's lock, when the slot that it names is emptied. So whoever moves it knows where
//!    it was, though several may share it. Who moves it has besides the ring's lock, or the claim that is told of
//!    below: two at most move it at once, and [`By`] says how they keep the head in order.
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
//!
//! # Where a value is
//!
//! No `clone` of the user's runs under a lock that somebody waits for, so a value that is for several has to be
//! somewhere else than in its slot. Where it owns something, that is an `Arc`: then it is dropped, or handed to
//! the last to see it, at the moment at which nobody can see it any more. A small value that owns nothing ([`BESIDE`](Block::BESIDE))
//! *lies beside* its slot, in the block, until the block is used again: nobody can tell when it goes, and who has the block
//! clones it from there. That spares an allocation for each value and two counts of references for each receive.
//!
//! Who reads from a block has to hold it meanwhile. To count a reference to it would cost what is spared, so a
//! receiver *claims* the reference that it keeps. A claim is a lock that nobody ever waits for: who finds it taken, the
//! user's `clone` in the middle of a receive for one, asks the ring for the block.

use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::{OnceLock, ShortMutex};
use std::collections::VecDeque;
use std::sync::Arc;

/// A value as it is sent.
#[derive(Debug)]
pub(super) enum Value<T> {
    /// For one that is alone to see it, who does not clone it; or to be laid beside.
    Own(T),
    /// Shared with those that are cloning it.
    Shared(Arc<T>),
}

impl<T> Value<T> {
    /// For so many receivers.
    pub(super) fn new(value: T, receivers: usize) -> Self {
        if receivers > 1 && !Block::<T>::BESIDE { Self::Shared(Arc::new(value)) } else { Self::Own(value) }
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
    fn unwrap_or_clone(self) -> T {
        match self {
            Self::Own(value) => value,
            Self::Shared(value) => Arc::unwrap_or_clone(value),
        }
    }
}

/// What a slot holds.
#[derive(Debug)]
enum Kept<T> {
    /// The value.
    Here(Value<T>),
    /// Nothing itself: the value lies beside.
    Beside,
}

/// Room for one value.
#[derive(Debug)]
struct Slot<T> {
    /// The value. Shared, or beside, at the latest when the first of several sees it.
    kept: Option<Kept<T>>,
    /// How many receivers have yet to see it.
    unseen: usize,
    /// Whether somebody waits for this slot to be emptied.
    awaited: bool,
}

/// What was taken out of a slot, or shared with it.
struct Taken<T> {
    /// The value.
    kept: Kept<T>,
    /// Whether senders wait for the room that this has made.
    awaited: bool,
}

impl<T> Taken<T> {
    /// The value, if there is anything to drop.
    fn into_value(self) -> Option<Value<T>> {
        match self.kept {
            Kept::Here(value) => Some(value),
            Kept::Beside => None,
        }
    }
}

impl<T> Slot<T> {
    /// Another reference to the value; `beside` is where it may lie.
    #[inline]
    fn share(&mut self, beside: Option<&OnceLock<T>>) -> Option<Kept<T>> {
        match self.kept.as_ref()? {
            Kept::Beside => return Some(Kept::Beside),
            Kept::Here(Value::Shared(shared)) => return Some(Kept::Here(Value::Shared(shared.clone()))),
            Kept::Here(Value::Own(_)) => {}
        }
        if let Some(Kept::Here(value)) = self.kept.take() {
            self.keep_for_several(value.sole(), beside);
        }
        self.share(beside)
    }

    /// Keeps the value where several can clone it.
    #[inline]
    fn keep_for_several(&mut self, value: T, beside: Option<&OnceLock<T>>) {
        self.kept = Some(match beside {
            Some(place) => {
                assert!(place.set(value).is_ok(), "a place is used once");
                Kept::Beside
            }
            None => Kept::Here(Value::Shared(Arc::new(value))),
        });
    }

    /// Empties it, and moves the head beyond it.
    fn empty(&mut self, position: u64, head: &Head) -> Option<Taken<T>> {
        let kept = self.kept.take()?;
        head.set(position + 1);
        Some(Taken { kept, awaited: std::mem::take(&mut self.awaited) })
    }
}

/// What a block is made of.
#[derive(Debug)]
struct Places<T> {
    /// One slot for each position.
    slots: Box<[ShortMutex<Slot<T>>]>,
    /// Where values lie beside the slots, one place for each; none where they don't. Set under the slot's lock.
    beside: Box<[OnceLock<T>]>,
}

/// Room for some dozens of values, fewer if they are large.
#[derive(Debug)]
pub(super) struct Block<T>(
    /// Shared with the receivers that are here.
    Arc<Places<T>>,
);

impl<T> Clone for Block<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Block<T> {
    /// How many slots a block has: a power of two. A checker is shown what happens between two blocks, and with large
    /// values what happens within one.
    const SLOTS: u64 = match 4096 / size_of::<ShortMutex<Slot<T>>>() {
        _ if cfg!(any(loom, shuttle)) && size_of::<T>() > 8 => 4,
        _ if cfg!(any(loom, shuttle)) => 2,
        32.. => 32,
        4.. => 4,
        _ => 1,
    };

    /// Whether a value that is for several lies beside its slot: one that owns nothing, and takes no longer to copy than
    /// to count references to.
    pub(super) const BESIDE: bool = !std::mem::needs_drop::<T>() && size_of::<T>() <= 64;

    fn new() -> Self {
        let unused = |_| ShortMutex::new(Slot { kept: None, unseen: 0, awaited: false });
        let slots = (0..Self::SLOTS).map(unused).collect();
        let beside = if Self::BESIDE { Self::SLOTS } else { 0 };
        Self(Arc::new(Places { slots, beside: (0..beside).map(|_| OnceLock::new()).collect() }))
    }

    /// The same block for other positions, if nobody else has it.
    fn used_again(mut self) -> Option<Self> {
        let places = Arc::get_mut(&mut self.0)?;
        places.beside.iter_mut().for_each(|place| drop(place.take()));
        Some(self)
    }

    #[inline]
    fn slot(&self, position: u64) -> &ShortMutex<Slot<T>> {
        &self.0.slots[(position % Self::SLOTS) as usize]
    }

    /// Where the value of this position may lie beside its slot.
    #[inline]
    fn beside(&self, position: u64) -> Option<&OnceLock<T>> {
        self.0.beside.get((position % Self::SLOTS) as usize)
    }

    /// The value at `position`, which lies beside its slot.
    #[inline]
    fn clone_of(&self, position: u64) -> T
    where
        T: Clone,
    {
        self.beside(position).and_then(OnceLock::get).expect("it was laid there before it was seen").clone()
    }

    /// Takes the value at `position` for the receiver that reads it next, and moves that on. `None`: there is no value,
    /// or somebody else has moved the receiver on.
    #[inline]
    fn take(&self, position: u64, next: &AtomicU64, head: &Head, by: By) -> Option<Taken<T>> {
        let mut slot = self.slot(position).lock();
        // Acquire: pairs with the release below, so that the head is moved in the same order as the cursor.
        if slot.kept.is_none() || next.load(Ordering::Acquire) != position {
            return None;
        }
        let move_on = || next.store(position + 1, Ordering::Release);
        if slot.unseen > 1 {
            slot.unseen -= 1;
            move_on();
            slot.share(self.beside(position)).map(|kept| Taken { kept, awaited: false })
        } else if by == By::Claim {
            move_on();
            slot.empty(position, head)
        } else {
            let taken = slot.empty(position, head);
            move_on();
            taken
        }
    }
}

/// By what right somebody moves a cursor on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// By the claim to its block: the cursor first, then the head. So who has the ring's lock and finds the head beyond a
    /// cursor knows that values were missed.
    Claim,
    /// By the ring's lock: the head first, then the cursor. So who has the claim sees the next value when the head has
    /// been moved beyond this one.
    Ring,
}

/// The position of the oldest value; that of the next one, where there is none.
#[derive(Debug)]
pub(super) struct Head(AtomicU64);

impl Head {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Acquire: pairs with the release of [`set`](Self::set). Who finds the head beyond a slot finds every cursor
    /// that went past this slot beyond it, too.
    #[inline]
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Release: see [`get`](Self::get). Who moves it next has taken the lock of the slot under which this is done: see
    /// invariant 4.
    fn set(&self, position: u64) {
        self.0.store(position, Ordering::Release);
    }
}

/// A value that a receiver was shown, with all locks let go of.
pub(super) enum Seen<T> {
    /// The value.
    Value(Value<T>),
    /// It lies in this block, beside the slot of this position.
    Beside(Block<T>, u64),
}

impl<T> Seen<T> {
    fn new(kept: Kept<T>, block: &Block<T>, position: u64) -> Self {
        match kept {
            Kept::Here(value) => Self::Value(value),
            Kept::Beside => Self::Beside(block.clone(), position),
        }
    }
}

impl<T: Clone> Seen<T> {
    /// The value itself if nobody else has it, else a clone.
    pub(super) fn into_value(self) -> T {
        match self {
            Self::Value(value) => value.unwrap_or_clone(),
            Self::Beside(block, position) => block.clone_of(position),
        }
    }
}

/// What a receiver has got to.
#[derive(Debug)]
pub(super) struct Cursor<T> {
    /// The position of the value that comes next: see invariant 5.
    next: AtomicU64,
    /// The block that it has read in last. A claim, which nobody waits for.
    nearby: ShortMutex<Option<Nearby<T>>>,
}

/// A block, and which.
#[derive(Debug)]
struct Nearby<T> {
    /// The block.
    block: Block<T>,
    /// How many blocks lie before it.
    number: u64,
}

impl<T> Cursor<T> {
    pub(super) fn new(next: u64) -> Self {
        Self { next: AtomicU64::new(next), nearby: ShortMutex::new(None) }
    }

    /// Where the head is, and the position of the value that comes next. The ring's lock is held: if that lies before the
    /// head, what is between them was missed, and it stays there until the lock is free.
    ///
    /// In this order, see [`By::Claim`].
    pub(super) fn since(&self, head: &Head) -> (u64, u64) {
        (head.get(), self.position())
    }

    /// Relaxed: it is looked at again under the lock of its slot.
    #[inline]
    fn position(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Goes on at the head, with the ring's lock held, from before the head.
    pub(super) fn skip_to(&self, head: u64) {
        // Relaxed: nobody else moves a cursor that lies before the head, without that lock.
        self.next.store(head, Ordering::Relaxed);
    }

    /// The next value, if there is one in the block that the receiver knows. `make_room` is called where senders wait
    /// for the room that this has made.
    #[inline]
    pub(super) fn receive(&self, head: &Head, make_room: impl FnOnce()) -> Option<T>
    where
        T: Clone,
    {
        let mut nearby = self.nearby.try_lock()?;
        let position = self.position();
        let known = nearby.as_ref().filter(|known| known.number == position / Block::<T>::SLOTS)?;
        let Taken { kept, awaited } = known.block.take(position, &self.next, head, By::Claim)?;
        let is_last = (position + 1) % Block::<T>::SLOTS == 0;
        if let (Kept::Beside, false, false) = (&kept, awaited, is_last) {
            return Some(known.block.clone_of(position));
        }
        let seen = Seen::new(kept, &known.block, position);
        if is_last {
            // What is in there for others, the ring keeps: no value goes with it that owns anything.
            *nearby = None;
        }
        drop(nearby);
        if awaited {
            make_room();
        }
        Some(seen.into_value())
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
        let block = self.blocks.back().expect("it was added");
        let mut slot = block.slot(self.tail).lock();
        match value {
            Value::Own(value) if unseen > 1 => slot.keep_for_several(value, block.beside(self.tail)),
            value => slot.kept = Some(Kept::Here(value)),
        }
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
        let spare = spare.and_then(Block::used_again);
        self.blocks.push_back(spare.unwrap_or_else(Block::new));
    }

    /// The value at `position`, between the head and the tail, for the receiver that reads it next, and whether senders
    /// wait for the room that this has made. `None`: somebody else has moved it on. From now on the receiver knows the
    /// block.
    pub(super) fn see(&self, cursor: &Cursor<T>, position: u64, head: &Head) -> Option<(Seen<T>, bool)> {
        if position > head.get() {
            // Another may have moved this cursor on by its claim, and is about to move the head: then it has this lock.
            // If the head moved past it, slots would be emptied out of their order.
            drop(self.block(position - 1).slot(position - 1).lock());
        }
        let block = self.block(position);
        let Taken { kept, awaited } = block.take(position, &cursor.next, head, By::Ring)?;
        if let Some(mut nearby) = cursor.nearby.try_lock() {
            *nearby = Some(Nearby { block: block.clone(), number: position / Block::<T>::SLOTS });
        }
        Some((Seen::new(kept, block, position), awaited))
    }

    /// The oldest slot and its position. `None`: nothing is retained. Receivers may have emptied it, or all of
    /// them, since somebody looked.
    fn oldest(&self, head: &Head) -> Option<(u64, &ShortMutex<Slot<T>>)> {
        let oldest = head.get();
        (oldest < self.tail).then(|| (oldest, self.block(oldest).slot(oldest)))
    }

    /// Waits for those who have moved a cursor on by their claim and are about to move the head: they have the lock of the
    /// oldest slot. Others may have found that cursor where it is now, and must find the head beyond the slot, too.
    pub(super) fn settle(&self, head: &Head) {
        while let Some((_, slot)) = self.oldest(head) {
            if slot.lock().kept.is_some() {
                return;
            }
        }
    }

    /// Takes the value at `oldest` out, where the head was when there was no room, if it has not been seen by all
    /// meanwhile. Then there is room, and the one after it stays.
    pub(super) fn drop_oldest(&self, oldest: u64, head: &Head) -> Option<Value<T>> {
        let taken = self.block(oldest).slot(oldest).lock().empty(oldest, head);
        taken.and_then(Taken::into_value)
    }

    /// Has whoever empties the oldest slot look after those that wait. `false`: it is emptied already, or there
    /// is none.
    pub(super) fn await_oldest(&self, head: &Head) -> bool {
        let Some((_, slot)) = self.oldest(head) else { return false };
        let mut slot = slot.lock();
        slot.awaited = slot.kept.is_some();
        slot.awaited
    }

    /// One more receiver has yet to see what the one with this cursor has; gives its cursor.
    ///
    /// Counted from the tail backwards: receivers may empty slots meanwhile, one after another, but none that has been
    /// counted. Where they were faster, the one with this cursor has passed there too.
    pub(super) fn count_in(&self, cursor: &Cursor<T>, head: &Head) -> Cursor<T> {
        let (missed_until, mut next) = cursor.since(head);
        for position in (next.max(missed_until)..self.tail).rev() {
            let mut slot = self.block(position).slot(position).lock();
            if slot.kept.is_none() {
                next = position + 1;
                break;
            }
            slot.unseen += 1;
        }
        Cursor::new(next)
    }

    /// The receiver with this cursor will see no more. What only it had yet to see is moved to `values`.
    pub(super) fn count_out(&self, cursor: &Cursor<T>, head: &Head, values: &mut Vec<Value<T>>) {
        let (missed_until, next) = cursor.since(head);
        for position in next.max(missed_until)..self.tail {
            let mut slot = self.block(position).slot(position).lock();
            slot.unseen -= 1;
            if slot.unseen == 0 {
                values.extend(slot.empty(position, head).and_then(Taken::into_value));
            }
        }
    }
}
