//! What a channel's lock protects: the buffer and two lines of waiters, and how sends and receives change
//! them. The invariants are those of [`core`](super::core).
//!
//! Nothing here wakes, clones or drops a waker, or drops a value: they are moved out.

use super::core::Channel;
use super::reserve::Reservations;
use super::waiters::{Key, Outcome, Waiter, Waiters};
use crate::platform::sync::Way;
use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

/// All of a channel that needs its lock. The channel itself is passed in, for its capacity and its front.
#[derive(Debug)]
pub(super) struct State<T> {
    /// Values that were sent and not yet received, oldest first, but for those in the front.
    buffer: VecDeque<T>,
    /// How many sends are known to find room. Never more than there is; and while it is not 0, the
    /// channel is open and not bare, and no receiver waits.
    free: usize,
    /// Senders that wait for room or for a receiver, each with its value.
    pub(super) senders: Waiters<T>,
    /// Receivers that wait for a value.
    pub(super) receivers: Waiters<T>,
    /// How many values have been handed to receivers that have not taken them yet.
    in_hand: u32,
    /// Room that is reserved, and who waits for some.
    pub(super) reservations: Reservations,
    /// Whether nothing more can be sent.
    pub(super) closed: bool,
}

/// What an offer to send came to.
pub(super) enum Offer<T> {
    /// Sent; a receiver may have to be woken.
    Sent(Option<Waker>),
    /// No room and no receiver.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

/// What a look for a value came to.
pub(super) enum Take<T> {
    /// A value; a sender may have to be woken.
    Value(T, Option<Waker>),
    /// Nothing there now.
    Empty,
    /// Nothing there, and nothing will come.
    Closed,
}

impl<T> State<T> {
    /// A receiver that leaves fewer values than this does not set them aside.
    const FEW: usize = 2;

    pub(super) fn new() -> Self {
        Self {
            buffer: VecDeque::new(),
            free: 0,
            senders: Waiters::new(),
            receivers: Waiters::new(),
            in_hand: 0,
            reservations: Reservations::new(),
            closed: false,
        }
    }

    // ---- sending and receiving ------------------------------------------------------------------

    /// Whether a value can be [pushed](Self::push_known) and nothing more has to be looked at.
    #[inline(always)]
    pub(super) fn knows_of_room(&self) -> bool {
        // Nor is memory asked for there: what calls nothing keeps all it has in registers.
        self.free != 0 && self.buffer.len() != self.buffer.capacity()
    }

    /// Sends where that [can be done](Self::knows_of_room).
    #[inline(always)]
    pub(super) fn push_known(&mut self, value: T) {
        self.free -= 1;
        self.buffer.push_back(value);
    }

    pub(super) fn offer(&mut self, value: T, channel: &Channel<T>) -> Offer<T> {
        if self.closed {
            return Offer::Closed(value);
        }
        let value = match self.give(value, channel) {
            Ok(waker) => return Offer::Sent(waker),
            Err(value) => value,
        };
        match self.room(channel) {
            0 => Offer::Full(value),
            room => {
                self.free = room - 1;
                channel.front.set_bare(false);
                self.buffer.push_back(value);
                Offer::Sent(None)
            }
        }
    }

    /// Takes the only value where nothing more has to be looked at.
    #[inline(always)]
    pub(super) fn take_only(&mut self, channel: &Channel<T>) -> Option<T> {
        if channel.front.len() != 0 || self.buffer.len() != 1 || self.waits_for_room() {
            return None;
        }
        self.buffer.pop_front()
    }

    pub(super) fn take(&mut self, channel: &Channel<T>) -> Take<T> {
        if let Some(value) = channel.front.pop(|| Way::Wide) {
            return Take::Value(value, None);
        }
        if let Some(value) = self.buffer.pop_front() {
            if self.waits_for_room() {
                return Take::Value(value, self.admit(channel));
            }
            if self.buffer.len() >= Self::FEW {
                channel.front.fill(&mut self.buffer);
            }
            return Take::Value(value, None);
        }
        match self.senders.take() {
            Some((value, waker)) => {
                if self.senders.is_empty() {
                    self.found_empty(channel);
                }
                Take::Value(value, waker)
            }
            None if self.is_over() => Take::Closed,
            None => {
                self.found_empty(channel);
                Take::Empty
            }
        }
    }

    /// Says that there is no value and no sender.
    #[inline]
    fn found_empty(&mut self, channel: &Channel<T>) {
        self.free = 0;
        channel.front.set_bare(!self.closed);
    }

    /// Hands `value` to the first receiver in line.
    #[inline(always)]
    pub(super) fn give(&mut self, value: T, channel: &Channel<T>) -> Result<Option<Waker>, T> {
        let waker = self.receivers.give(value)?;
        self.in_hand += 1;
        if self.receivers.is_empty() {
            channel.front.let_wait(channel.capacity == 0);
        }
        Ok(waker)
    }

    /// Sends `value` into room that was reserved for it.
    pub(super) fn give_reserved(&mut self, value: T, channel: &Channel<T>) -> Option<Waker> {
        self.give(value, channel).unwrap_or_else(|value| {
            channel.front.set_bare(false);
            self.buffer.push_back(value);
            None
        })
    }

    /// Takes back a value that was handed to a receiver which goes without it: it goes to the next in line,
    /// or to the head of all values.
    pub(super) fn give_again(&mut self, value: T, channel: &Channel<T>) -> Option<Waker> {
        self.in_hand -= 1;
        self.give(value, channel).unwrap_or_else(|value| {
            channel.front.set_bare(false);
            channel.front.empty_into(&mut self.buffer);
            self.buffer.push_front(value);
            self.free = 0;
            None
        })
    }

    // ---- waiting --------------------------------------------------------------------------------

    /// The line of senders, for one more, once there is [no room](Self::is_full).
    #[inline(always)]
    pub(super) fn line_up_to_send(&mut self, channel: &Channel<T>) -> &mut Waiters<T> {
        channel.front.set_bare(false);
        &mut self.senders
    }

    /// The line of receivers, for one more, once there is no value.
    #[inline(always)]
    pub(super) fn line_up_to_receive(&mut self, channel: &Channel<T>) -> &mut Waiters<T> {
        self.free = 0;
        channel.front.let_wait(false);
        &mut self.receivers
    }

    /// Takes a receiver out whose wait is over, with what it was given.
    #[inline(always)]
    pub(super) fn end_receiver(&mut self, key: &Key) -> Option<Option<T>> {
        let received = self.receivers.end(key)?;
        if received.is_some() {
            self.in_hand -= 1;
        }
        Some(received)
    }

    /// Takes a receiver out, with what it was given.
    pub(super) fn remove_receiver(&mut self, key: Key) -> Waiter<T> {
        let waiter = self.receivers.remove(key);
        if waiter.outcome == Outcome::Done {
            self.in_hand -= 1;
        }
        waiter
    }

    /// Whether anyone is to be let in when there is room.
    #[inline]
    fn waits_for_room(&self) -> bool {
        !self.senders.is_empty() || self.reservations.is_waited_for()
    }

    // ---- room -----------------------------------------------------------------------------------

    /// How many values there are.
    #[inline]
    pub(super) fn len(&self, channel: &Channel<T>) -> usize {
        self.buffer.len() + channel.front.len()
    }

    /// How much room there is that is neither used nor reserved.
    #[inline]
    pub(super) fn room(&self, channel: &Channel<T>) -> usize {
        // Often asked, and known.
        if channel.capacity == 0 {
            return 0;
        }
        channel.capacity.saturating_sub(self.len(channel) + self.reservations.reserved)
    }

    /// For who is about to wait for room: whether there is none. Nothing is left in the front then, so
    /// that who takes a value lets the next one in.
    pub(super) fn is_full(&mut self, channel: &Channel<T>) -> bool {
        channel.front.empty_into(&mut self.buffer);
        self.room(channel) == 0
    }

    /// Whether a send would not have to wait.
    pub(super) fn may_send(&self, channel: &Channel<T>) -> bool {
        self.closed || !self.receivers.is_empty() || self.room(channel) > 0
    }

    /// Reserves room for one value, where there is some.
    pub(super) fn reserve(&mut self) {
        self.reservations.reserved += 1;
        self.free = 0;
    }

    /// Lets the next one in line in, if there is room.
    pub(super) fn admit(&mut self, channel: &Channel<T>) -> Option<Waker> {
        if self.room(channel) == 0 {
            return None;
        }
        if self.reservations.is_next() {
            if let Some(waker) = self.reservations.promise() {
                return waker;
            }
        }
        match self.senders.take() {
            Some((value, waker)) => {
                self.buffer.push_back(value);
                self.reservations.pass();
                waker
            }
            None => self.reservations.promise().flatten(),
        }
    }

    /// Gives reserved room back: to the next in line, or, after a close, telling the receivers if it was
    /// the last that they waited for.
    pub(super) fn release(&mut self, channel: &Channel<T>, wakers: &mut Vec<Waker>) {
        self.reservations.reserved -= 1;
        wakers.extend(self.admit(channel));
        if self.is_over() {
            self.receivers.close(wakers);
        }
    }

    // ---- closing --------------------------------------------------------------------------------

    /// Whether no value is there, given that none is in the buffer or the front, and none will ever be.
    pub(super) fn is_over(&self) -> bool {
        self.closed && self.in_hand == 0 && self.reservations.reserved == 0
    }

    pub(super) fn close(&mut self, channel: &Channel<T>, wakers: &mut Vec<Waker>) -> bool {
        if mem::replace(&mut self.closed, true) {
            return false;
        }
        self.free = 0;
        channel.front.set_bare(false);
        self.senders.close(wakers);
        self.reservations.close(wakers);
        if self.is_over() {
            self.receivers.close(wakers);
        }
        true
    }

    /// Whether there is no value at all.
    pub(super) fn is_empty(&self, channel: &Channel<T>) -> bool {
        self.buffer.is_empty() && channel.front.len() == 0
    }

    /// Takes every value out.
    pub(super) fn drain(&mut self, channel: &Channel<T>) -> VecDeque<T> {
        channel.front.empty_into(&mut self.buffer);
        mem::take(&mut self.buffer)
    }
}
