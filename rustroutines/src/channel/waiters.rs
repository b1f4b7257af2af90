//! Those that wait on one side of a channel, first come, first served.
//!
//! The queue is part of the channel's state: every call is made under the channel's lock, and nothing
//! here wakes, clones or drops a waker or a value; they are moved out, and the caller deals with them
//! when it has let go of the lock.
//!
//! A waiter is put in by its operation, which keeps the [`Key`] and takes it out exactly once. In
//! between, a counterpart may complete it:
//!
//! | outcome | set when                                        | the value in it          | in the line |
//! |---------|--------------------------------------------------|--------------------------|-------------|
//! | Waiting | it waits, or its select was decided elsewhere   | a sender's               | yes, or no once decided elsewhere |
//! | Done    | a counterpart completed it                      | a receiver's             | no          |
//! | Closed  | the channel was closed                          | a sender's               | no          |
//!
//! The waiters are linked by their keys, so that one leaves from anywhere in constant time. Who waits alone
//! has a place that is made for the first who ever waits, and stays; the others live in a slab. So a channel
//! at which nobody waits is small, and a wait allocates nothing once there is room for as many.

use crate::select::{Showing, Spare, Ticket};
use slab::Slab;
use std::mem::ManuallyDrop;
use std::num::NonZeroU32;
use std::task::Waker;

/// Where a waiter is kept. Held by its operation alone, and given up to take it out.
#[derive(Debug)]
pub(crate) struct Key(
    /// One more than the index, so that an `Option` of it is no larger.
    NonZeroU32,
);

impl Key {
    fn new(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    fn index(&self) -> u32 {
        self.0.get() - 1
    }
}

/// Who waits.
#[derive(Debug)]
pub(crate) enum Party {
    /// One operation by itself. The waker is gone once it has been completed.
    Single(Option<Waker>),
    /// An arm of a select, to be claimed before it is completed.
    Select(Ticket),
    /// An arm of a select, once it is out: what the line kept before the claim that it keeps now.
    Left(#[expect(dead_code, reason = "to be dropped when the lock is free")] Option<Spare>),
}

/// What has become of a waiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing yet.
    Waiting,
    /// A counterpart has completed it.
    Done,
    /// The channel was closed.
    Closed,
}

/// One that waits, as the queue gives it back.
#[derive(Debug)]
pub(crate) struct Waiter<T> {
    /// Who waits. Holds a waker, perhaps: not to be dropped under the lock.
    pub(crate) party: Party,
    /// What a sender wants to send, or what a receiver was given.
    pub(crate) value: Option<T>,
    /// What has become of it.
    pub(crate) outcome: Outcome,
    /// Whether it stands in the line.
    linked: bool,
    /// Who came before it, or NOBODY.
    previous: u32,
    /// Who came after it, or NOBODY.
    next: u32,
}

impl<T> Waiter<T> {
    /// One that comes after `previous`.
    #[inline(always)]
    fn new(party: Party, value: Option<T>, previous: u32) -> Self {
        Self { party, value, outcome: Outcome::Waiting, linked: true, previous, next: NOBODY }
    }

    /// Exchanges what it has for what a counterpart has.
    #[inline(always)]
    fn complete(&mut self, value: &mut Option<T>) {
        std::mem::swap(&mut self.value, value);
        self.outcome = Outcome::Done;
    }
}

/// No waiter's index.
const NOBODY: u32 = u32::MAX;

/// Why there is a waiter where a key, or another waiter, says so.
const HERE: &str = "a waiter is taken out by its key, and unlinked before";
/// The index of who waits alone. The others' are one more than theirs in the slab.
const ALONE: u32 = 0;

/// The line. See the module.
#[derive(Debug)]
pub(crate) struct Waiters<T> {
    /// The one that has waited longest, or NOBODY.
    first: u32,
    /// The one that came last, or NOBODY.
    last: u32,
    /// Every waiter that has not been taken out yet. From the first one on.
    places: Option<Box<Places<T>>>,
}

/// Where waiters are kept.
#[derive(Debug)]
struct Places<T> {
    /// One of them: most lines have one at a time.
    alone: Option<Waiter<T>>,
    /// The others, once there was more than one at a time.
    others: Option<Box<Slab<Waiter<T>>>>,
    /// The claim of the select that has left last, for when it comes back.
    spare: Option<Spare>,
}

impl<T> Places<T> {
    /// A slab that has been larger than this gives its memory back when it is empty.
    const KEPT: usize = 64;

    /// Finds a place for one that comes while there is another.
    #[inline(never)]
    fn insert_another(&mut self, party: Party, value: Option<T>, previous: u32) -> u32 {
        let waiter = Waiter::new(party, value, previous);
        let index = self.others.get_or_insert_default().insert(waiter) + 1;
        u32::try_from(index).ok().filter(|&index| index < NOBODY).expect("fewer than four billion waiters")
    }

    #[inline]
    fn get(&self, index: u32) -> &Waiter<T> {
        let waiter = match index {
            ALONE => self.alone.as_ref(),
            index => self.others.as_ref().and_then(|others| others.get(index as usize - 1)),
        };
        waiter.expect(HERE)
    }

    #[inline]
    fn at(&mut self, index: u32) -> &mut Waiter<T> {
        let waiter = match index {
            ALONE => self.alone.as_mut(),
            index => self.others.as_mut().and_then(|others| others.get_mut(index as usize - 1)),
        };
        waiter.expect(HERE)
    }

    fn remove(&mut self, index: u32) -> Waiter<T> {
        match index {
            ALONE => self.alone.take(),
            index => self.remove_another(index),
        }
        .expect(HERE)
    }

    fn remove_another(&mut self, index: u32) -> Option<Waiter<T>> {
        let others = self.others.as_mut()?;
        let waiter = others.try_remove(index as usize - 1);
        if others.is_empty() && others.capacity() > Self::KEPT {
            self.others = None;
        }
        waiter
    }
}

impl<T> Waiters<T> {
    pub(crate) fn new() -> Self {
        Self { first: NOBODY, last: NOBODY, places: None }
    }

    /// Where waiters are kept, from now on.
    #[inline]
    fn places(&mut self) -> &mut Places<T> {
        #[cold]
        #[inline(never)]
        fn make<T>() -> Box<Places<T>> {
            Box::new(Places { alone: None, others: None, spare: None })
        }
        self.places.get_or_insert_with(make)
    }

    /// Puts an operation by itself at the end of the line.
    ///
    /// # Panics
    /// With more than four billion waiters.
    // A call, which takes the waker in registers, and no destructor of it on the way: for that it would lie on the
    // stack, and be read there as a whole right after it was written in parts, which stalls the processor.
    #[inline(never)]
    pub(crate) fn push(&mut self, waker: Waker, value: Option<T>) -> Key {
        let waker = ManuallyDrop::new(waker);
        self.push_party(|| Party::Single(Some(ManuallyDrop::into_inner(waker))), value)
    }

    /// Puts an arm of a select at the end of the line.
    ///
    /// # Panics
    /// With more than four billion waiters.
    pub(crate) fn push_select(&mut self, showing: &Showing<'_>, value: Option<T>) -> Key {
        let ticket = showing.ticket(&mut self.places().spare);
        self.push_party(|| Party::Select(ticket), value)
    }

    // Inline, so that the waiter is made in its place, for the same reason.
    #[inline(always)]
    fn push_party(&mut self, party: impl FnOnce() -> Party, value: Option<T>) -> Key {
        let previous = self.last;
        let places = self.places();
        let index = if places.alone.is_none() {
            places.alone = Some(Waiter::new(party(), value, previous));
            ALONE
        } else {
            places.insert_another(party(), value, previous)
        };
        self.last = index;
        match previous {
            NOBODY => self.first = index,
            previous => self.at(previous).next = index,
        }
        Key::new(index)
    }

    /// Whether nobody stands in line.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first == NOBODY
    }

    #[inline]
    fn get(&self, index: u32) -> &Waiter<T> {
        self.places.as_ref().expect(HERE).get(index)
    }

    #[inline]
    fn at(&mut self, index: u32) -> &mut Waiter<T> {
        self.places.as_mut().expect(HERE).at(index)
    }

    /// Takes a waiter out, wherever it stands.
    pub(crate) fn remove(&mut self, key: Key) -> Waiter<T> {
        let places = self.places.as_mut().expect(HERE);
        let mut waiter = places.remove(key.index());
        if let Party::Select(ticket) = waiter.party {
            waiter.party = Party::Left(places.spare.replace(ticket.into_spare()));
        }
        if waiter.linked {
            self.bridge(waiter.previous, waiter.next);
        }
        waiter
    }

    /// Takes one that waits by itself out if its wait is over, with the value that it has then. The waker is gone,
    /// so there is nothing else in it to be dropped.
    // Apart from `remove`, and inline: what is moved as a whole, as a waiter is there, stalls the processor.
    #[inline(always)]
    pub(crate) fn end(&mut self, key: &Key) -> Option<Option<T>> {
        if key.index() != ALONE {
            return self.end_another(key);
        }
        let alone = &mut self.places.as_mut().expect(HERE).alone;
        let waiter = alone.as_mut().expect(HERE);
        if waiter.outcome == Outcome::Waiting {
            return None;
        }
        debug_assert!(matches!(waiter.party, Party::Single(None)), "it is completed");
        let value = waiter.value.take();
        *alone = None;
        Some(value)
    }

    #[inline(never)]
    fn end_another(&mut self, key: &Key) -> Option<Option<T>> {
        if self.outcome(key) == Outcome::Waiting {
            return None;
        }
        Some(self.places.as_mut().expect(HERE).remove(key.index()).value)
    }

    /// What has become of a waiter.
    #[inline]
    pub(crate) fn outcome(&self, key: &Key) -> Outcome {
        self.get(key.index()).outcome
    }

    /// Whether completing the waiter would wake `waker` already.
    pub(crate) fn would_wake(&self, key: &Key, waker: &Waker) -> bool {
        matches!(&self.get(key.index()).party, Party::Single(Some(old)) if old.will_wake(waker))
    }

    /// Replaces the waker of a waiter; the old one is for the caller to drop.
    pub(crate) fn set_waker(&mut self, key: &Key, waker: Waker) -> Option<Waker> {
        match &mut self.at(key.index()).party {
            Party::Single(slot) => slot.replace(waker),
            Party::Select(_) | Party::Left(_) => unreachable!("a select keeps its waker in its claim"),
        }
    }

    /// Completes the receiver that has waited longest with `value`. `Err`: nobody waits.
    #[inline]
    pub(crate) fn give(&mut self, value: T) -> Result<Option<Waker>, T> {
        if self.first == NOBODY {
            return Err(value);
        }
        let mut value = Some(value);
        match self.win_first(|waiter| waiter.complete(&mut value)) {
            Some(waker) => Ok(waker),
            None => Err(value.expect("nobody was completed with it")),
        }
    }

    /// Completes the sender that has waited longest, and takes its value.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<(T, Option<Waker>)> {
        let mut value = None;
        let waker = self.win_first(|waiter| waiter.complete(&mut value))?;
        Some((value.expect("a sender waits with its value"), waker))
    }

    /// Completes everyone with the news that the channel is closed, and moves the wakers to `wakers`.
    pub(crate) fn close(&mut self, wakers: &mut Vec<Waker>) {
        while let Some(waker) = self.win_first(|waiter| waiter.outcome = Outcome::Closed) {
            wakers.extend(waker);
        }
    }

    /// Whether anyone but the select that is shown waits and could be completed now.
    pub(crate) fn has_counterpart(&self, showing: &Showing<'_>) -> bool {
        let mut next = self.first;
        while next != NOBODY {
            let waiter = self.get(next);
            let found = match &waiter.party {
                Party::Single(_) => true,
                Party::Select(other) => !showing.is_of(other) && other.is_open(),
                Party::Left(_) => false,
            };
            if found {
                return true;
            }
            next = waiter.next;
        }
        false
    }

    /// Takes the first that can be completed out of the line, and has `complete` do that. Selects that were
    /// decided elsewhere leave the line on the way; their owners take them out.
    #[inline(always)]
    fn win_first(&mut self, complete: impl FnOnce(&mut Waiter<T>)) -> Option<Option<Waker>> {
        while self.first != NOBODY {
            let index = self.first;
            let places = self.places.as_mut().expect(HERE);
            let waiter = places.at(index);
            waiter.linked = false;
            self.first = waiter.next;
            match self.first {
                NOBODY => self.last = NOBODY,
                next => places.at(next).previous = NOBODY,
            }
            let waiter = places.at(index);
            let won = match &mut waiter.party {
                Party::Single(waker) => Some(waker.take()),
                Party::Select(ticket) => ticket.win(),
                Party::Left(_) => unreachable!("it is out of the line"),
            };
            if won.is_some() {
                complete(waiter);
                return won;
            }
        }
        None
    }

    /// Closes the gap that one leaves between these two.
    fn bridge(&mut self, previous: u32, next: u32) {
        match previous {
            NOBODY => self.first = next,
            previous => self.at(previous).next = next,
        }
        match next {
            NOBODY => self.last = previous,
            next => self.at(next).previous = previous,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn waker() -> Waker {
        Waker::noop().clone()
    }

    /// Takes every value in turn.
    fn drain(waiters: &mut Waiters<u32>) -> Vec<u32> {
        std::iter::from_fn(|| waiters.take().map(|(value, _)| value)).collect()
    }

    #[test]
    fn first_come_first_served() {
        let mut waiters = Waiters::new();
        let keys: Vec<Key> = (0..5).map(|n| waiters.push(waker(), Some(n))).collect();
        assert_eq!(drain(&mut waiters), [0, 1, 2, 3, 4]);
        assert!(keys.iter().all(|key| waiters.outcome(key) == Outcome::Done));
    }

    #[test]
    fn one_that_leaves_from_anywhere_leaves_the_others_in_order() {
        for leaves in 0..4 {
            let mut waiters = Waiters::new();
            let mut keys: Vec<Key> = (0..4).map(|n| waiters.push(waker(), Some(n))).collect();
            let left = waiters.remove(keys.remove(leaves));
            assert_eq!(left.value, Some(leaves as u32));
            let rest: Vec<u32> = (0..4).filter(|&n| n != leaves as u32).collect();
            assert_eq!(drain(&mut waiters), rest);
        }
    }

    #[test]
    fn closing_reaches_everyone_and_leaves_senders_their_values() {
        let mut waiters = Waiters::new();
        let keys = [waiters.push(waker(), Some(1)), waiters.push(waker(), Some(2))];
        let mut wakers = Vec::new();
        waiters.close(&mut wakers);
        assert_eq!(wakers.len(), 2);
        for (key, value) in keys.into_iter().zip([1, 2]) {
            let waiter = waiters.remove(key);
            assert_eq!((waiter.outcome, waiter.value), (Outcome::Closed, Some(value)));
        }
        assert!(waiters.give(3).is_err());
    }

    #[test]
    fn a_burst_of_waiters_gives_its_memory_back() {
        let mut waiters = Waiters::new();
        let keys: Vec<Key> = (0..10_000).map(|n| waiters.push(waker(), Some(n))).collect();
        keys.into_iter().for_each(|key| drop(waiters.remove(key)));
        assert!(waiters.places().others.is_none());
        assert_eq!((waiters.first, waiters.last), (NOBODY, NOBODY));
    }
}
