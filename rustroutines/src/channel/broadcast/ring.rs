//! What a broadcast channel is: the retained values, two lines of waiters, one lock.
//!
//! Values have positions, counted from the first that was ever sent. A receiver is a *cursor*: the
//! position that it reads next.
//!
//! # Invariants, whenever the lock is free
//!
//! 1. A slot's `unseen` is the number of receivers whose cursor is not beyond it, and is not 0: what
//!    everyone has seen is not retained. (Whoever has yet to see a value has yet to see those after it,
//!    so it is always the oldest slot that everyone has seen first.)
//! 2. At most `capacity` values are retained, and with [`Overflow::Wait`] at most `capacity` retained
//!    and promised together.
//! 3. A cursor lies before the oldest slot only with [`Overflow::DropOldest`], and by exactly the number
//!    of values that its receiver has missed.
//! 4. Receivers wait only while their cursor is at the tail and the channel is open; senders wait only
//!    while there is no room that is not promised, there is a receiver, and the channel is open.
//!
//! # Waiting
//!
//! A value is for every receiver, so it wakes all that wait, and each reads for itself. Nothing is handed
//! over, so nothing can be lost with a receive that is dropped.
//!
//! A sender that waits is *promised* room, in the order in which they came: whoever makes room counts it
//! as `promised`, takes the first sender out of the line and wakes it. Nobody else can use that room. The
//! sender turns the promise into a slot when it is polled; if it is dropped instead, the room goes to the
//! next. So an arm of a `select!` that was promised room and loses has sent nothing.
//!
//! No wake-up is lost: looking and standing in line happen under one lock, every change that lets a waiter
//! go on takes it out of the line under that lock, and who is taken out of a line is woken.
//!
//! # Rules
//!
//! Under the lock, no waker is woken, cloned or dropped, and no value is cloned or dropped. That is why
//! the values are in `Arc`s: a receiver clones the pointer under the lock and the value after it. What is
//! to be woken and dropped afterwards is collected in an [`After`].
//!
//! Rejected: a lock for each slot, in which receivers clone the value (tokio's broadcast). It spares the
//! allocation of each value, but runs the user's `clone` under a lock.

use super::Overflow;
use crate::channel::core::wake_all;
use crate::channel::turns::{Turn, take_turns, wait};
use crate::channel::waiters::{Key, Outcome, Waiter, Waiters};
use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::ShortMutex;
use crate::task::trace::ChannelInfo;
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// One broadcast channel. Shared by its senders and receivers.
#[derive(Debug)]
pub(super) struct Ring<T> {
    /// Everything that changes.
    state: ShortMutex<State<T>>,
    /// How many values are retained.
    capacity: usize,
    /// What happens when there would be more.
    overflow: Overflow,
    /// Where it was made, for dumps.
    created: &'static Location<'static>,
}

#[derive(Debug)]
struct State<T> {
    /// The retained values, oldest first.
    slots: VecDeque<Slot<T>>,
    /// The position of the oldest slot; that of the next value, where there is none.
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

#[derive(Debug)]
struct Slot<T> {
    /// The value, shared with those that are cloning it.
    value: Arc<T>,
    /// How many receivers have yet to see it.
    unseen: usize,
}

/// What an offer to send came to.
pub(super) enum Offer<T> {
    /// Sent to so many receivers.
    Sent(usize),
    /// No room.
    Full(Arc<T>),
    /// Nobody to receive it, or closed.
    Closed(Arc<T>),
}

/// What a look for a value came to.
pub(super) enum Read<T> {
    /// The next value.
    Value(Arc<T>),
    /// So many values were missed; the cursor is at the oldest slot now.
    Lagged(u64),
    /// Nothing there now.
    Empty,
    /// Nothing there, and nothing will come.
    Closed,
}

/// What is left to do when the lock is free again.
struct After<T> {
    /// To be woken.
    wakers: Vec<Waker>,
    /// To be dropped.
    values: Vec<Arc<T>>,
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

/// The value of an offer that was refused: nobody else has ever seen it.
pub(super) fn sole<T>(value: Arc<T>) -> T {
    Arc::into_inner(value).expect("a value that was not sent is shared with nobody")
}

impl<T> State<T> {
    /// The position of the next value.
    fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// Sends where nobody is to be woken. Gives the number of receivers, and the value that had to go.
    #[inline]
    fn offer_known(&mut self, value: Arc<T>, ring: &Ring<T>) -> Result<(usize, Option<Arc<T>>), Arc<T>> {
        if self.closed || self.receivers == 0 || !self.waiting_receivers.is_empty() {
            return Err(value);
        }
        let mut oldest = None;
        if !self.has_room(ring) {
            if ring.overflow == Overflow::Wait {
                return Err(value);
            }
            oldest = self.slots.pop_front().map(|slot| slot.value);
            self.head += 1;
        }
        self.slots.push_back(Slot { value, unseen: self.receivers });
        Ok((self.receivers, oldest))
    }

    fn offer(&mut self, value: Arc<T>, ring: &Ring<T>, promised: bool, after: &mut After<T>) -> Offer<T> {
        if self.closed || self.receivers == 0 {
            return Offer::Closed(value);
        }
        match ring.overflow {
            Overflow::Wait if !promised && !self.has_room(ring) => return Offer::Full(value),
            Overflow::DropOldest if self.slots.len() == ring.capacity => self.drop_oldest(after),
            Overflow::Wait | Overflow::DropOldest => {}
        }
        self.slots.push_back(Slot { value, unseen: self.receivers });
        self.waiting_receivers.close(&mut after.wakers);
        Offer::Sent(self.receivers)
    }

    /// Whether there is room that nobody was promised.
    fn has_room(&self, ring: &Ring<T>) -> bool {
        self.slots.len() + self.promised < ring.capacity
    }

    /// Reads where nobody is to be woken, and no value is left to be dropped.
    #[inline]
    fn read_known(&mut self, cursor: &AtomicU64) -> Option<Arc<T>> {
        let next = get(cursor);
        let slot = self.slots.get_mut(next.checked_sub(self.head)? as usize)?;
        if slot.unseen > 1 {
            slot.unseen -= 1;
            set(cursor, next + 1);
            return Some(slot.value.clone());
        }
        if !self.waiting_senders.is_empty() {
            return None;
        }
        set(cursor, next + 1);
        self.head += 1;
        self.slots.pop_front().map(|oldest| oldest.value)
    }

    fn read(&mut self, cursor: &AtomicU64, ring: &Ring<T>, after: &mut After<T>) -> Read<T> {
        let next = get(cursor);
        if next < self.head {
            set(cursor, self.head);
            return Read::Lagged(self.head - next);
        }
        let Some(slot) = self.slots.get_mut((next - self.head) as usize) else {
            return if self.closed { Read::Closed } else { Read::Empty };
        };
        set(cursor, next + 1);
        slot.unseen -= 1;
        if slot.unseen > 0 {
            return Read::Value(slot.value.clone());
        }
        let slot = self.slots.pop_front().expect("it is the oldest: see invariant 1");
        self.head += 1;
        self.promise(ring, after);
        Read::Value(slot.value)
    }

    /// The slots that the receiver with this cursor has yet to see.
    fn unseen(&mut self, cursor: &AtomicU64) -> impl Iterator<Item = &mut Slot<T>> {
        let seen = get(cursor).saturating_sub(self.head) as usize;
        self.slots.iter_mut().skip(seen)
    }

    fn drop_oldest(&mut self, after: &mut After<T>) {
        if let Some(slot) = self.slots.pop_front() {
            self.head += 1;
            after.values.push(slot.value);
        }
    }

    /// Promises what room there is to the senders in line.
    fn promise(&mut self, ring: &Ring<T>, after: &mut After<T>) {
        while self.has_room(ring) {
            let Ok(waker) = self.waiting_senders.give(()) else { return };
            self.promised += 1;
            after.wakers.extend(waker);
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

/// Relaxed: a cursor is read and written under the lock only.
fn get(cursor: &AtomicU64) -> u64 {
    cursor.load(Ordering::Relaxed)
}

fn set(cursor: &AtomicU64, position: u64) {
    cursor.store(position, Ordering::Relaxed);
}

impl<T> Ring<T> {
    /// A channel with one sender, and no receiver yet.
    #[track_caller]
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        let state = State {
            slots: VecDeque::new(),
            head: 0,
            senders: 1,
            receivers: 0,
            waiting_senders: Waiters::new(),
            waiting_receivers: Waiters::new(),
            promised: 0,
            closed: false,
        };
        Self { state: ShortMutex::new(state), capacity, overflow, created: Location::caller() }
    }

    /// Changes the state, and does afterwards what the change has left to do.
    fn change<R>(&self, change: impl FnOnce(&mut State<T>, &mut After<T>) -> R) -> R {
        let mut after = After::new();
        let result = change(&mut self.state.lock(), &mut after);
        after.settle();
        result
    }

    // ---- sending --------------------------------------------------------------------------------

    #[inline]
    pub(super) fn try_offer(&self, value: Arc<T>) -> Offer<T> {
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
    fn try_offer_slowly(&self, value: Arc<T>) -> Offer<T> {
        self.change(|state, after| state.offer(value, self, false, after))
    }

    /// Sends what is in `value`, or stands in line with the key in `waiting`.
    #[inline]
    pub(super) fn poll_offer(
        &self,
        value: &mut Option<Arc<T>>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Result<usize, Arc<T>>> {
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
        value: &mut Option<Arc<T>>,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Result<usize, Arc<T>>> {
        take_turns(cx, |waker| {
            self.change(|state, after| {
                let line = &mut state.waiting_senders;
                if waiting.as_ref().is_some_and(|key| line.outcome(key) == Outcome::Waiting) {
                    return wait(line, waiting, waker, cx);
                }
                let promised = waiting.take().is_some_and(|key| state.remove_sender(key, after));
                let offered = value.take().expect("a send was polled after it had ended");
                match state.offer(offered, self, promised, after) {
                    Offer::Sent(receivers) => Turn::Over(Ok(receivers)),
                    Offer::Closed(value) => {
                        state.promise(self, after);
                        Turn::Over(Err(value))
                    }
                    Offer::Full(offered) => {
                        *value = Some(offered);
                        wait(&mut state.waiting_senders, waiting, waker, cx)
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

    #[inline]
    pub(super) fn try_read(&self, cursor: &AtomicU64) -> Read<T> {
        let known = self.state.lock().read_known(cursor);
        known.map_or_else(|| self.try_read_slowly(cursor), Read::Value)
    }

    #[inline(never)]
    fn try_read_slowly(&self, cursor: &AtomicU64) -> Read<T> {
        self.change(|state, after| state.read(cursor, self, after))
    }

    /// Reads the next value, or stands in line with the key in `waiting`.
    #[inline]
    pub(super) fn poll_read(
        &self,
        cursor: &AtomicU64,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Read<T>> {
        if waiting.is_none() {
            let known = self.state.lock().read_known(cursor);
            if let Some(value) = known {
                return Poll::Ready(Read::Value(value));
            }
        }
        self.poll_read_slowly(cursor, waiting, cx)
    }

    #[inline(never)]
    fn poll_read_slowly(
        &self,
        cursor: &AtomicU64,
        waiting: &mut Option<Key>,
        cx: &Context<'_>,
    ) -> Poll<Read<T>> {
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

    /// One more receiver, that begins with the next value; gives its cursor.
    pub(super) fn add_receiver(&self) -> u64 {
        let mut state = self.state.lock();
        state.receivers += 1;
        state.tail()
    }

    /// One more receiver, that has yet to see what the one with this cursor has; gives its cursor.
    pub(super) fn add_receiver_at(&self, cursor: &AtomicU64) -> u64 {
        let mut state = self.state.lock();
        state.receivers += 1;
        for slot in state.unseen(cursor) {
            slot.unseen += 1;
        }
        get(cursor)
    }

    /// One receiver less. What only it had yet to see is dropped; without any receiver senders that wait
    /// get their values back.
    pub(super) fn drop_receiver(&self, cursor: &AtomicU64) {
        self.change(|state, after| {
            state.receivers -= 1;
            for slot in state.unseen(cursor) {
                slot.unseen -= 1;
            }
            while state.slots.front().is_some_and(|slot| slot.unseen == 0) {
                state.drop_oldest(after);
            }
            if state.receivers == 0 {
                state.waiting_senders.close(&mut after.wakers);
            }
            state.promise(self, after);
        });
    }

    /// What a dump says of it.
    #[cold]
    pub(super) fn info(&self) -> ChannelInfo {
        ChannelInfo::new(self.created, self.len(), Some(self.capacity))
    }

    /// Closes the channel; whether it was open.
    pub(super) fn close(&self) -> bool {
        self.change(State::close)
    }

    // ---- questions ------------------------------------------------------------------------------

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().slots.len()
    }

    /// How many values the receiver with this cursor could read.
    pub(super) fn unseen(&self, cursor: &AtomicU64) -> usize {
        self.state.lock().unseen(cursor).count()
    }

    pub(super) fn receivers(&self) -> usize {
        self.state.lock().receivers
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }
}
