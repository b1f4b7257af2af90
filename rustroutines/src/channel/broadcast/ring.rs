//! What a broadcast channel is: its slots, two lines of waiters, and the lock for what is not done within
//! one slot.
//!
//! Values have positions, counted from the first that was ever sent. A receiver is a *cursor*: the
//! position that it reads next. `slots` has the values, and says what holds for them.
//!
//! # Locks
//!
//! | lock         | guards                                              | taken by                                  |
//! |--------------|-----------------------------------------------------|-------------------------------------------|
//! | the ring's   | the tail, the lines, who there is, which blocks     | senders; receivers that find no value where they look, once in a block, or come and go |
//! | a slot's     | one value, and by how many it has yet to be seen    | whoever has to do with that value         |
//!
//! They are taken in this order. A receiver that follows the senders takes only the slot's, and the claim to the block
//! that it keeps, for which nobody waits: see `slots`.
//!
//! # Invariants, whenever the ring's lock is free
//!
//! 1. What everyone has seen is not retained: the head is beyond it.
//! 2. At most `capacity` values are retained, and with [`Overflow::Wait`] at most `capacity` retained
//!    and promised together.
//! 3. A cursor lies before the head only with [`Overflow::DropOldest`], and by exactly the number of values
//!    that its receiver has missed. Only who has the ring's lock brings that about.
//! 4. Receivers wait only while their cursor is at the tail and the channel is open; senders wait only
//!    while there is no room that is not promised, there is a receiver, and the channel is open.
//! 5. While senders wait and anything is retained, the oldest slot is awaited, or whoever has emptied one
//!    that was is on its way to the ring's lock.
//!
//! # Waiting
//!
//! A value is for every receiver, so it wakes all that wait, and each reads for itself. Nothing is handed
//! over, so nothing can be lost with a receive that is dropped.
//!
//! A sender that waits is *promised* room, in the order in which they came: whoever makes room for which
//! somebody waits counts it as `promised`, takes the first sender out of the line and wakes it. Nobody else
//! can use that room; a sender that comes by before it is promised promises it first. The sender turns the
//! promise into a slot when it is polled; if it is dropped instead, the room goes to the next. So an arm of a
//! `select!` that was promised room and loses has sent nothing.
//!
//! No wake-up is lost. A receiver looks and stands in line under the ring's lock, under which values are
//! sent. A sender looks and stands in line under it too, and room is made under the lock of the oldest slot:
//! either it is emptied before the sender marks it, who then finds it so and looks for room again, or after, and
//! then whoever empties it finds the mark and comes for the ring's lock. Where nothing is retained, there is room
//! unless all of it is promised, and who was promised it comes for the lock, to send or to give it back. Every
//! change that lets a waiter go on takes it out of its line, and who is taken out of a line is woken.
//!
//! # Rules
//!
//! Under a lock, no waker is woken, cloned or dropped, and no value is cloned or dropped. That is why
//! values that are for several are in `Arc`s, or lie beside their slots: a receiver gets at them under the lock, and
//! clones after it. What is to be woken and dropped afterwards is collected in an [`After`].
//!
//! Rejected: receivers that clone the value under the slot's lock (tokio's broadcast). It spares the
//! allocation of each value, but runs the user's `clone` under a lock. One lock for all of it: slower
//! between two processors, see docs/PERFORMANCE.md. Receivers that take several values ahead, or keep
//! references to many at once: values live on that have been seen by all, or missed, and what they own with them. No
//! counts in the slots, but a look at all cursors when room is wanted: nobody would know who is the last to see a value.

use super::Overflow;
use super::slots::{Cursor, Head, Seen, Slots, Value};
use crate::channel::core::wake_all;
use crate::channel::turns::{Turn, take_turns, wait};
use crate::channel::waiters::{Key, Outcome, Waiter, Waiters};
use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::sync::ShortMutex;
use crate::task::trace::ChannelInfo;
use crossbeam_utils::CachePadded;
use std::panic::Location;
use std::task::{Context, Poll, Waker};

/// One broadcast channel. Shared by its senders and receivers.
#[derive(Debug)]
pub(super) struct Ring<T> {
    /// What is not done within one slot. Apart from what receivers write to.
    state: CachePadded<ShortMutex<State<T>>>,
    /// The position of the oldest value. Moved by whoever empties its slot.
    head: CachePadded<Head>,
    /// How many receivers there were when one came or went last. Who sends reckons with it before it takes the
    /// lock; a value that is for more than that is shared later.
    audience: AtomicUsize,
    /// How many values are retained.
    capacity: usize,
    /// What happens when there would be more.
    overflow: Overflow,
    /// Where it was made, for dumps.
    created: &'static Location<'static>,
}

#[derive(Debug)]
struct State<T> {
    /// The retained values.
    slots: Slots<T>,
    /// What the head was when the ring looked full for the last time. It is further on now, if anything:
    /// as long as there is room after this, no sender has to look at what receivers write to.
    head: u64,
    /// How many senders there are. The last one to go closes the channel.
    senders: usize,
    /// How many receivers there are.
    receivers: usize,
    /// Senders that wait for room.
    waiting_senders: Waiters<()>,
    /// Receivers that wait for a value.
    waiting_receivers: Waiters<()>,
    /// How much room has been promised to senders that have not used it yet.
    promised: usize,
    /// Whether nothing more can be sent.
    closed: bool,
}

/// What an offer to send came to.
pub(super) enum Offer<T> {
    /// Sent to so many receivers.
    Sent(usize),
    /// No room.
    Full(Value<T>),
    /// Nobody to receive it, or closed.
    Closed(Value<T>),
}

/// What a look for a value came to.
pub(super) enum Read<V> {
    /// The next value.
    Value(V),
    /// So many values were missed; the cursor is at the oldest slot now.
    Lagged(u64),
    /// Nothing there now.
    Empty,
    /// Nothing there, and nothing will come.
    Closed,
}

impl<T: Clone> Read<Seen<T>> {
    /// With the value itself, now that no lock is held.
    fn into_value(self) -> Read<T> {
        match self {
            Self::Value(seen) => Read::Value(seen.into_value()),
            Self::Lagged(missed) => Read::Lagged(missed),
            Self::Empty => Read::Empty,
            Self::Closed => Read::Closed,
        }
    }
}

/// What is left to do when the lock is free again.
struct After<T> {
    /// To be woken.
    wakers: Vec<Waker>,
    /// To be dropped.
    values: Vec<Value<T>>,
    /// To be dropped: it may hold a waker.
    waiter: Option<Waiter<()>>,
}

impl<T> After<T> {
    fn new() -> Self {
        Self { wakers: Vec::new(), values: Vec::new(), waiter: None }
    }

    fn settle(self) {
        wake_all(self.wakers);
    }
}

impl<T> State<T> {
    /// Whether there is room that nobody was promised.
    #[inline]
    fn has_room(&mut self, ring: &Ring<T>) -> bool {
        let tail = self.slots.tail();
        let has_room = |head, promised| (tail - head) as usize + promised < ring.capacity;
        if has_room(self.head, self.promised) {
            return true;
        }
        self.head = ring.head.get();
        has_room(self.head, self.promised)
    }

    /// Whether there is no such room even when those have made room who are about to.
    fn is_full(&mut self, ring: &Ring<T>) -> bool {
        self.slots.settle(&ring.head);
        !self.has_room(ring)
    }

    /// Sees to it that whoever makes room next looks after those that wait. `false`: there is room already. Where
    /// nothing is retained, all room is promised, and who was promised it looks after them.
    fn await_room(&mut self, ring: &Ring<T>) -> bool {
        self.slots.await_oldest(&ring.head) || !self.has_room(ring)
    }

    /// Sends where nobody is to be woken, nor to be promised anything. Gives the number of receivers, and
    /// the value that had to go.
    #[inline]
    fn offer_known(
        &mut self,
        value: Value<T>,
        ring: &Ring<T>,
    ) -> Result<(usize, Option<Value<T>>), Value<T>> {
        if self.closed
            || self.receivers == 0
            || !self.waiting_receivers.is_empty()
            || !self.waiting_senders.is_empty()
        {
            return Err(value);
        }
        let mut oldest = None;
        if !self.has_room(ring) {
            if ring.overflow == Overflow::Wait {
                return Err(value);
            }
            oldest = self.slots.drop_oldest(self.head, &ring.head);
        }
        self.slots.push(value, self.receivers, &ring.head);
        Ok((self.receivers, oldest))
    }

    fn offer(&mut self, value: Value<T>, ring: &Ring<T>, promised: bool, after: &mut After<T>) -> Offer<T> {
        if self.closed || self.receivers == 0 {
            return Offer::Closed(value);
        }
        if !promised {
            self.promise(ring, after);
            match ring.overflow {
                // Room that is made from now on is for those in line.
                Overflow::Wait if !self.waiting_senders.is_empty() => return Offer::Full(value),
                _ if self.has_room(ring) => {}
                Overflow::Wait if self.is_full(ring) => return Offer::Full(value),
                Overflow::Wait => {}
                Overflow::DropOldest => after.values.extend(self.slots.drop_oldest(self.head, &ring.head)),
            }
        }
        self.slots.push(value, self.receivers, &ring.head);
        // What was sent may be the oldest now, for which others wait.
        self.promise(ring, after);
        self.waiting_receivers.close(&mut after.wakers);
        Offer::Sent(self.receivers)
    }

    fn read(&mut self, cursor: &Cursor<T>, ring: &Ring<T>, after: &mut After<T>) -> Read<Seen<T>> {
        loop {
            let (head, next) = cursor.since(&ring.head);
            if next < head {
                cursor.skip_to(head);
                return Read::Lagged(head - next);
            }
            if next == self.slots.tail() {
                return if self.closed { Read::Closed } else { Read::Empty };
            }
            // Else another who shares this receiver has got the value meanwhile.
            if let Some((seen, awaited)) = self.slots.see(cursor, next, &ring.head) {
                if awaited {
                    self.promise(ring, after);
                }
                return Read::Value(seen);
            }
        }
    }

    /// Promises what room there is to the senders in line. If some are left, whoever makes room next looks
    /// after them.
    fn promise(&mut self, ring: &Ring<T>, after: &mut After<T>) {
        while !self.waiting_senders.is_empty() {
            if self.has_room(ring) {
                let Ok(waker) = self.waiting_senders.give(()) else { return };
                self.promised += 1;
                after.wakers.extend(waker);
            } else if self.await_room(ring) {
                return;
            }
        }
    }

    /// Takes a sender out; whether it had been promised room, which it has to use or to pass on.
    fn remove_sender(&mut self, key: Key, after: &mut After<T>) -> bool {
        let waiter = self.waiting_senders.remove(key);
        let promised = waiter.outcome == Outcome::Done;
        if promised {
            self.promised -= 1;
        }
        after.waiter = Some(waiter);
        promised
    }

    fn close(&mut self, after: &mut After<T>) -> bool {
        if std::mem::replace(&mut self.closed, true) {
            return false;
        }
        self.waiting_senders.close(&mut after.wakers);
        self.waiting_receivers.close(&mut after.wakers);
        true
    }
}

impl<T> Ring<T> {
    /// A channel with one sender, and no receiver yet.
    #[track_caller]
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        let state = State {
            slots: Slots::new(),
            head: 0,
            senders: 1,
            receivers: 0,
            waiting_senders: Waiters::new(),
            waiting_receivers: Waiters::new(),
            promised: 0,
            closed: false,
        };
        let state = CachePadded::new(ShortMutex::new(state));
        let head = CachePadded::new(Head::new());
        let audience = AtomicUsize::new(0);
        Self { state, head, audience, capacity, overflow, created: Location::caller() }
    }

    /// Changes the state, and does afterwards what the change has left to do.
    fn change<R>(&self, change: impl FnOnce(&mut State<T>, &mut After<T>) -> R) -> R {
        let mut after = After::new();
        let result = change(&mut self.state.lock(), &mut after);
        after.settle();
        result
    }

    // ---- sending --------------------------------------------------------------------------------

    /// A value as it is offered.
    #[inline]
    pub(super) fn pack(&self, value: T) -> Value<T> {
        Value::new(value, self.audience.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn try_offer(&self, value: Value<T>) -> Offer<T> {
        let known = self.state.lock().offer_known(value, self);
        match known {
            Ok((receivers, oldest)) => {
                drop(oldest);
                Offer::Sent(receivers)
            }
            Err(value) => self.try_offer_slowly(value),
        }
    }

    #[inline(never)]
    fn try_offer_slowly(&self, value: Value<T>) -> Offer<T> {
        self.change(|state, after| state.offer(value, self, false, after))
    }

    /// Sends what is in `value`, or stands in line with the key in `waiting`.
    #[inline]
    pub(super) fn poll_offer(
        &self,
        value: &mut Option<Value<T>>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Result<usize, Value<T>>> {
        let offered = if waiting.is_none() { value.take() } else { None };
        if let Some(offered) = offered {
            let known = self.state.lock().offer_known(offered, self);
            match known {
                Ok((receivers, oldest)) => {
                    drop(oldest);
                    return Poll::Ready(Ok(receivers));
                }
                Err(refused) => *value = Some(refused),
            }
        }
        self.poll_offer_slowly(value, waiting, cx)
    }

    #[inline(never)]
    fn poll_offer_slowly(
        &self,
        value: &mut Option<Value<T>>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Result<usize, Value<T>>> {
        take_turns(cx, |waker| {
            self.change(|state, after| {
                let line = &mut state.waiting_senders;
                if waiting.as_ref().is_some_and(|key| line.outcome(key) == Outcome::Waiting) {
                    return wait(line, waiting, waker, cx);
                }
                let promised = waiting.take().is_some_and(|key| state.remove_sender(key, after));
                loop {
                    let offered = value.take().expect("a send was polled after it had ended");
                    match state.offer(offered, self, promised, after) {
                        Offer::Sent(receivers) => return Turn::Over(Ok(receivers)),
                        Offer::Closed(value) => {
                            state.promise(self, after);
                            return Turn::Over(Err(value));
                        }
                        Offer::Full(offered) => *value = Some(offered),
                    }
                    // Else a receiver has made room meanwhile.
                    if state.await_room(self) {
                        return wait(&mut state.waiting_senders, waiting, waker, cx);
                    }
                }
            })
        })
    }

    /// Gives up a sender's wait. Room that it was promised goes to the next.
    pub(super) fn stop_offer(&self, key: Key) {
        self.change(|state, after| {
            state.remove_sender(key, after);
            state.promise(self, after);
        });
    }

    // ---- receiving ------------------------------------------------------------------------------

    /// The next value, if it lies in the block that the receiver knows.
    #[inline]
    fn receive_known(&self, cursor: &Cursor<T>) -> Option<T>
    where
        T: Clone,
    {
        cursor.receive(&self.head, || self.pass_room_on())
    }

    /// Room was made for which somebody waits.
    #[inline(never)]
    fn pass_room_on(&self) {
        self.change(|state, after| state.promise(self, after));
    }

    #[inline]
    pub(super) fn try_read(&self, cursor: &Cursor<T>) -> Read<T>
    where
        T: Clone,
    {
        self.receive_known(cursor).map_or_else(|| self.try_read_slowly(cursor).into_value(), Read::Value)
    }

    #[inline(never)]
    fn try_read_slowly(&self, cursor: &Cursor<T>) -> Read<Seen<T>> {
        self.change(|state, after| state.read(cursor, self, after))
    }

    /// Reads the next value, or stands in line with the key in `waiting`.
    #[inline]
    pub(super) fn poll_read(
        &self,
        cursor: &Cursor<T>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Read<T>>
    where
        T: Clone,
    {
        if waiting.is_none() {
            if let Some(value) = self.receive_known(cursor) {
                return Poll::Ready(Read::Value(value));
            }
        }
        self.poll_read_slowly(cursor, waiting, cx).map(Read::into_value)
    }

    #[inline(never)]
    fn poll_read_slowly(
        &self,
        cursor: &Cursor<T>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Read<Seen<T>>> {
        take_turns(cx, |waker| {
            self.change(|state, after| {
                let read = state.read(cursor, self, after);
                let waits = matches!(read, Read::Empty);
                let line = &mut state.waiting_receivers;
                let in_line = waiting.as_ref().is_some_and(|key| line.outcome(key) == Outcome::Waiting);
                if !(waits && in_line) {
                    after.waiter = waiting.take().map(|key| line.remove(key));
                }
                if waits { wait(line, waiting, waker, cx) } else { Turn::Over(read) }
            })
        })
    }

    /// Gives up a receiver's wait.
    pub(super) fn stop_read(&self, key: Key) {
        self.change(|state, after| after.waiter = Some(state.waiting_receivers.remove(key)));
    }

    // ---- coming and going -----------------------------------------------------------------------

    pub(super) fn add_sender(&self) {
        self.state.lock().senders += 1;
    }

    /// One sender less; the last one closes the channel.
    pub(super) fn drop_sender(&self) {
        self.change(|state, after| {
            state.senders -= 1;
            if state.senders == 0 {
                state.close(after);
            }
        });
    }

    /// So many receivers more.
    fn count(&self, state: &mut State<T>, more: isize) {
        state.receivers = state.receivers.wrapping_add_signed(more);
        self.audience.store(state.receivers, Ordering::Relaxed);
    }

    /// One more receiver, that begins with the next value; gives its cursor.
    pub(super) fn add_receiver(&self) -> Cursor<T> {
        let mut state = self.state.lock();
        self.count(&mut state, 1);
        Cursor::new(state.slots.tail())
    }

    /// One more receiver, that has yet to see what the one with this cursor has; gives its cursor.
    pub(super) fn add_receiver_at(&self, cursor: &Cursor<T>) -> Cursor<T> {
        let mut state = self.state.lock();
        self.count(&mut state, 1);
        state.slots.count_in(cursor, &self.head)
    }

    /// One receiver less. What only it had yet to see is dropped; without any receiver senders that wait
    /// get their values back.
    pub(super) fn drop_receiver(&self, cursor: &Cursor<T>) {
        self.change(|state, after| {
            self.count(state, -1);
            state.slots.count_out(cursor, &self.head, &mut after.values);
            if state.receivers == 0 {
                state.waiting_senders.close(&mut after.wakers);
            }
            state.promise(self, after);
        });
    }

    /// Closes the channel; whether it was open.
    pub(super) fn close(&self) -> bool {
        self.change(State::close)
    }

    // ---- questions ------------------------------------------------------------------------------

    /// What a dump says of it.
    #[cold]
    pub(super) fn info(&self) -> ChannelInfo {
        let (senders, receivers) = {
            let state = self.state.lock();
            (state.senders, state.receivers)
        };
        ChannelInfo {
            created: self.created,
            len: self.len(),
            capacity: Some(self.capacity),
            senders,
            receivers,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    pub(super) fn len(&self) -> usize {
        let state = self.state.lock();
        state.slots.settle(&self.head);
        (state.slots.tail() - self.head.get()) as usize
    }

    /// How many values the receiver with this cursor could read.
    pub(super) fn unseen(&self, cursor: &Cursor<T>) -> usize {
        let state = self.state.lock();
        let (head, next) = cursor.since(&self.head);
        (state.slots.tail() - next.max(head)) as usize
    }

    pub(super) fn receivers(&self) -> usize {
        self.state.lock().receivers
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }
}
