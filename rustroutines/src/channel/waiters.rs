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
//! The waiters live in a slab and are linked by their keys, so that one leaves from anywhere in
//! constant time, and a wait allocates nothing once the slab has grown.

use crate::select::{Showing, Spare, Ticket};
use slab::Slab;
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

/// No waiter's index.
const NOBODY: u32 = u32::MAX;

/// The line. See the module.
#[derive(Debug)]
pub(crate) struct Waiters<T> {
    /// Every waiter that has not been taken out yet.
    slab: Slab<Waiter<T>>,
    /// The one that has waited longest, or NOBODY.
    first: u32,
    /// The one that came last, or NOBODY.
    last: u32,
    /// The claim of the select that has left last, for when it comes back.
    spare: Option<Spare>,
}

impl<T> Waiters<T> {
    /// A slab that has been larger than this gives its memory back when it is empty.
    const KEPT: usize = 64;

    pub(crate) fn new() -> Self {
        Self { slab: Slab::new(), first: NOBODY, last: NOBODY, spare: None }
    }

    /// The party that an arm of a select is.
    pub(crate) fn select(&mut self, showing: &Showing<'_>) -> Party {
        Party::Select(showing.ticket(&mut self.spare))
    }

    /// Puts a waiter at the end of the line.
    ///
    /// # Panics
    /// With more than four billion waiters.
    pub(crate) fn push(&mut self, party: Party, value: Option<T>) -> Key {
        if self.slab.capacity() == 0 {
            // Most channels have one waiter at a time; a vector would begin with room for four.
            self.slab.reserve_exact(1);
        }
        let waiter = Waiter {
            party,
            value,
            outcome: Outcome::Waiting,
            linked: true,
            previous: self.last,
            next: NOBODY,
        };
        let index = u32::try_from(self.slab.insert(waiter)).expect("fewer than four billion waiters");
        match std::mem::replace(&mut self.last, index) {
            NOBODY => self.first = index,
            last => self.at(last).next = index,
        }
        Key::new(index)
    }

    /// Whether nobody stands in line.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first == NOBODY
    }

    fn at(&mut self, index: u32) -> &mut Waiter<T> {
        &mut self.slab[index as usize]
    }

    /// Takes a waiter out, wherever it stands.
    // Inline, so that what is written to it is not read again at once, to move it: that would stall, too.
    #[inline(always)]
    pub(crate) fn remove(&mut self, key: Key) -> Waiter<T> {
        // Taken out first: to read it right after a part of it was written would stall the processor.
        let mut waiter = self.slab.remove(key.index() as usize);
        if waiter.linked {
            self.bridge(waiter.previous, waiter.next);
        }
        if let Party::Select(ticket) = waiter.party {
            waiter.party = Party::Left(self.spare.replace(ticket.into_spare()));
        }
        if self.slab.is_empty() && self.slab.capacity() > Self::KEPT {
            self.slab = Slab::new();
        }
        waiter
    }

    /// What has become of a waiter.
    pub(crate) fn outcome(&self, key: &Key) -> Outcome {
        self.slab[key.index() as usize].outcome
    }

    /// Whether completing the waiter would wake `waker` already.
    pub(crate) fn would_wake(&self, key: &Key, waker: &Waker) -> bool {
        matches!(&self.slab[key.index() as usize].party, Party::Single(Some(old)) if old.will_wake(waker))
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
        let Some((index, waker)) = self.win_first() else { return Err(value) };
        let waiter = self.at(index);
        waiter.outcome = Outcome::Done;
        waiter.value = Some(value);
        Ok(waker)
    }

    /// Completes the sender that has waited longest, and takes its value.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<(T, Option<Waker>)> {
        if self.first == NOBODY {
            return None;
        }
        let (index, waker) = self.win_first()?;
        let waiter = self.at(index);
        waiter.outcome = Outcome::Done;
        let value = waiter.value.take().expect("a sender waits with its value");
        Some((value, waker))
    }

    /// Completes everyone with the news that the channel is closed, and moves the wakers to `wakers`.
    pub(crate) fn close(&mut self, wakers: &mut Vec<Waker>) {
        while let Some((index, waker)) = self.win_first() {
            self.at(index).outcome = Outcome::Closed;
            wakers.extend(waker);
        }
    }

    /// Whether anyone but the select that is shown waits and could be completed now.
    pub(crate) fn has_counterpart(&self, showing: &Showing<'_>) -> bool {
        let mut next = self.first;
        while next != NOBODY {
            let waiter = &self.slab[next as usize];
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

    /// Takes the first that can be completed out of the line. Selects that were decided elsewhere
    /// leave the line on the way; their owners take them out.
    fn win_first(&mut self) -> Option<(u32, Option<Waker>)> {
        while self.first != NOBODY {
            let index = self.first;
            self.unlink(index);
            match &mut self.at(index).party {
                Party::Single(waker) => return Some((index, waker.take())),
                Party::Select(ticket) => {
                    if let Some(waker) = ticket.win() {
                        return Some((index, waker));
                    }
                }
                Party::Left(_) => unreachable!("it is out of the line"),
            }
        }
        None
    }

    fn unlink(&mut self, index: u32) {
        let waiter = self.at(index);
        if std::mem::take(&mut waiter.linked) {
            let (previous, next) = (waiter.previous, waiter.next);
            self.bridge(previous, next);
        }
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

    fn single() -> Party {
        Party::Single(Some(Waker::noop().clone()))
    }

    /// Takes every value in turn.
    fn drain(waiters: &mut Waiters<u32>) -> Vec<u32> {
        std::iter::from_fn(|| waiters.take().map(|(value, _)| value)).collect()
    }

    #[test]
    fn first_come_first_served() {
        let mut waiters = Waiters::new();
        let keys: Vec<Key> = (0..5).map(|n| waiters.push(single(), Some(n))).collect();
        assert_eq!(drain(&mut waiters), [0, 1, 2, 3, 4]);
        assert!(keys.iter().all(|key| waiters.outcome(key) == Outcome::Done));
    }

    #[test]
    fn one_that_leaves_from_anywhere_leaves_the_others_in_order() {
        for leaves in 0..4 {
            let mut waiters = Waiters::new();
            let mut keys: Vec<Key> = (0..4).map(|n| waiters.push(single(), Some(n))).collect();
            let left = waiters.remove(keys.remove(leaves));
            assert_eq!(left.value, Some(leaves as u32));
            let rest: Vec<u32> = (0..4).filter(|&n| n != leaves as u32).collect();
            assert_eq!(drain(&mut waiters), rest);
        }
    }

    #[test]
    fn closing_reaches_everyone_and_leaves_senders_their_values() {
        let mut waiters = Waiters::new();
        let keys = [waiters.push(single(), Some(1)), waiters.push(single(), Some(2))];
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
        let keys: Vec<Key> = (0..10_000).map(|n| waiters.push(single(), Some(n))).collect();
        keys.into_iter().for_each(|key| drop(waiters.remove(key)));
        assert!(waiters.slab.capacity() <= Waiters::<u32>::KEPT);
        assert_eq!((waiters.first, waiters.last), (NOBODY, NOBODY));
    }
}
