//! What a channel is: its state behind a lock, and a front behind another.
//!
//! # Invariants, whenever the lock is free
//!
//! 1. Receivers wait only while there is no value, and senders only while there is no room, counting room
//!    that is reserved (see `reserve`).
//! 2. So never both sides wait, but for arms of the same select, which never pairs with itself, and
//!    for selects that were decided elsewhere and have not left yet.
//! 3. A closed channel has nobody in line, but for receivers while a value is *in hand*: handed to a
//!    receiver that has not taken it yet, and may go away without it (see 5), or while room is reserved.
//!    Only without either is a closed and empty channel known to stay empty.
//! 4. A value is in exactly one place: with its sender's operation, in the buffer, in the front, in a
//!    waiter, or with its receiver.
//! 5. Buffer and front hold at most `capacity` values, but for those that were handed to a receiver which
//!    went away before it took them: they come back to the head of the buffer, or to the next receiver
//!    in line, whatever the capacity. So an unbuffered channel loses nothing either.
//!
//! # Handing over
//!
//! A sender that finds a receiver in line gives it the value and is done; a receiver that takes a
//! value out of a full buffer moves the value of the first sender in line in. Whoever is completed
//! this way is woken when the lock is free again. No wake-up is lost: looking for a counterpart and
//! standing in line happen under one lock, and who is taken out of the line is always woken.
//!
//! # Rules
//!
//! Under the lock, no waker is woken, cloned or dropped, and no value is dropped: the methods of
//! [`State`] move them out, and [`Channel`] deals with them after the lock.
//!
//! # Two locks
//!
//! Sends, and all that waits, are done under the lock of the [`State`]. Receivers set values aside in the
//! [`Front`], where the next of them come under a lock of their own: see there. With one lock for all, two
//! processors passed its cache line to and fro with every value: 44 to 80 ns a value between two workers
//! where it is 10 to 50 now. Who finds either taken gives way for long enough that many values come and go
//! meanwhile: see [`Way`].
//!
//! Not a lock-free buffer: the waiters need a lock anyway, and one that spins costs what the
//! compare-and-swap of a lock-free queue costs (`crossbeam_queue::ArrayQueue`: 11 ns in and out, where two
//! of these locks around a `VecDeque` are 12). It was set aside for another reason too: a value that is
//! pushed while the channel is closed could arrive after a receiver was told that nothing will come.

use super::front::Front;
use super::state::{Offer, State, Take};
use super::waiters::{Key, Outcome, Waiter, Waiters};
use crate::error::{TryRecvError, TrySendError};
use crate::panics;
use crate::platform;
use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::sync::{ShortMutex, ShortMutexGuard, Way};
use crate::select::Showing;
use crate::task::budget;
use crate::task::trace::ChannelInfo;
use crate::time::Alarm;
use std::panic::Location;
use std::task::{Context, Waker};

/// One channel. Shared by its senders and receivers.
///
/// In this order: what is seldom written lies between what receivers and what senders write all the time, and
/// enough of it that these share no cache line, whatever the address, without the price of an alignment. Where one
/// address of four put both into one line, a value between threads took 28 ns there, and 9 elsewhere.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Channel<T> {
    /// The oldest values.
    pub(super) front: Front<T>,
    /// How many values the buffer holds before senders wait.
    pub(super) capacity: usize,
    /// How many `Sender`s there are. The last one to go closes the channel.
    pub(super) senders: AtomicUsize,
    /// How many `Receiver`s there are. The last one to go closes the channel and empties it.
    pub(super) receivers: AtomicUsize,
    /// The timer that feeds it, where one does; see `sources`.
    pub(super) alarm: Option<Box<Alarm>>,
    /// Where it was made, for dumps.
    created: &'static Location<'static>,
    /// What is still missing to keep the front and the state apart.
    _apart: usize,
    /// Everything that changes but the counts and the front.
    pub(super) state: ShortMutex<State<T>>,
}

/// A channel's state, locked.
pub(super) type Locked<'a, T> = ShortMutexGuard<'a, State<T>>;

/// How a wait stands, or has ended, for the operation that waits.
pub(crate) enum Wait<T> {
    /// It goes on.
    On(Key),
    /// It is over.
    Over(T),
}

/// How a send ended; a failure gives the value back.
pub(crate) type Sent<T> = Result<(), T>;
/// How a receive ended; `None`: closed and empty.
pub(crate) type Received<T> = Option<T>;

impl<T> Channel<T> {
    /// A channel with one sender and one receiver to come.
    #[track_caller]
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: ShortMutex::new(State::new()),
            front: Front::new(capacity),
            capacity,
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
            alarm: None,
            created: Location::caller(),
            _apart: 0,
        }
    }

    /// Locks the state.
    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T> {
        self.state.lock_giving_way(|| self.way())
    }

    /// How who finds a lock taken, and holds none, keeps off it. With a buffer, for long: a cache line that goes to and
    /// fro at each value costs more than the values, so the other side is to deal with many in a row. Without
    /// one a thread is waited for; but a worker has other routines to run against this one, and leaves them to others.
    #[cold]
    fn way(&self) -> Way {
        match self.capacity {
            _ if budget::is_limited() => Way::Aside,
            0 => Way::Quick,
            _ => Way::Wide,
        }
    }

    // ---- without waiting ------------------------------------------------------------------------

    #[inline]
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.lock();
        if !state.knows_of_room() {
            return self.try_send_slowly(state, value);
        }
        state.push_known(value);
        Ok(())
    }

    #[inline(never)]
    fn try_send_slowly(&self, mut state: Locked<'_, T>, value: T) -> Result<(), TrySendError<T>> {
        let offer = state.offer(value, self);
        drop(state);
        match offer {
            Offer::Sent(waker) => {
                wake(waker);
                Ok(())
            }
            Offer::Full(value) => Err(TrySendError::Full(value)),
            Offer::Closed(value) => Err(TrySendError::Closed(value)),
        }
    }

    /// Receives where nothing more has to be looked at. `Err`: the state, which has to be, or nothing where there
    /// is no value.
    #[inline(always)]
    pub(super) fn recv_known(&self) -> Result<T, Option<Locked<'_, T>>> {
        if let Some(value) = self.front.pop(|| self.way()) {
            return Ok(value);
        }
        if self.front.mark().is_bare() {
            return Err(None);
        }
        let mut state = self.lock();
        state.take_only(self).ok_or(Some(state))
    }

    #[inline]
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.recv_known() {
            Ok(value) => Ok(value),
            Err(None) => Err(TryRecvError::Empty),
            Err(Some(state)) => self.try_recv_slowly(state),
        }
    }

    #[inline(never)]
    fn try_recv_slowly(&self, mut state: Locked<'_, T>) -> Result<T, TryRecvError> {
        let take = state.take(self);
        drop(state);
        match take {
            Take::Value(value, waker) => {
                wake(waker);
                Ok(value)
            }
            Take::Empty => Err(TryRecvError::Empty),
            Take::Closed => Err(TryRecvError::Closed),
        }
    }

    // ---- waiting --------------------------------------------------------------------------------

    /// Sends, or stands in line; `state` if it is locked already.
    pub(super) fn start_send(
        &self,
        value: T,
        state: Option<Locked<'_, T>>,
        cx: &Context<'_>,
    ) -> Wait<Sent<T>> {
        let Some(state) = state else { return self.send_or_line_up(value, cx) };
        match self.try_send_slowly(state, value) {
            Ok(()) => Wait::Over(Ok(())),
            Err(TrySendError::Closed(value)) => Wait::Over(Err(value)),
            Err(TrySendError::Full(value)) => self.send_or_line_up(value, cx),
        }
    }

    // A frame of its own: where nothing is optimised, a large value lies in it many times over.
    #[inline(never)]
    fn send_or_line_up(&self, value: T, cx: &Context<'_>) -> Wait<Sent<T>> {
        // Cloned before the lock, and only here, where a wait is likely.
        let waker = cx.waker().clone();
        let mut state = self.lock();
        // Without a buffer nothing is let in when a value is taken, so it does not matter what lies in the front.
        if self.capacity != 0 {
            state.is_full(self);
        }
        match state.offer(value, self) {
            Offer::Full(value) => Wait::On(state.line_up_to_send(self).push(waker, Some(value))),
            Offer::Sent(receiver) => {
                drop(state);
                wake(receiver);
                Wait::Over(Ok(()))
            }
            Offer::Closed(value) => {
                drop(state);
                Wait::Over(Err(value))
            }
        }
    }

    /// Receives, or stands in line; `state` if it is locked already.
    pub(super) fn start_recv(&self, state: Option<Locked<'_, T>>, cx: &Context<'_>) -> Wait<Received<T>> {
        if let Some(state) = state {
            match self.try_recv_slowly(state) {
                Ok(value) => return Wait::Over(Some(value)),
                Err(TryRecvError::Closed) => return Wait::Over(None),
                Err(TryRecvError::Empty) => {}
            }
        }
        // Cloned before the lock, and only here, where a wait is likely.
        let waker = cx.waker().clone();
        let mut state = self.lock();
        match state.take(self) {
            Take::Empty => Wait::On(state.line_up_to_receive(self).push(waker, None)),
            Take::Value(value, sender) => {
                drop(state);
                wake(sender);
                Wait::Over(Some(value))
            }
            Take::Closed => {
                drop(state);
                Wait::Over(None)
            }
        }
    }

    /// What has become of a sender's wait; while it goes on, its end will wake `cx`.
    pub(crate) fn look_at_sending(&self, key: &Key, cx: &Context<'_>) -> Outcome {
        self.renew(|state| &mut state.senders, key, cx)
    }

    /// What has become of a receiver's wait; while it goes on, its end will wake `cx`.
    pub(crate) fn look_at_receiving(&self, key: &Key, cx: &Context<'_>) -> Outcome {
        self.renew(|state| &mut state.receivers, key, cx)
    }

    /// What has become of a waiter; while it is nothing, completing it will wake `cx`.
    fn renew(&self, line: impl Fn(&mut State<T>) -> &mut Waiters<T>, key: &Key, cx: &Context<'_>) -> Outcome {
        let outcome = |state: &mut State<T>| {
            let line = line(state);
            (line.outcome(key), line.would_wake(key, cx.waker()))
        };
        let (current, renewed) = outcome(&mut self.lock());
        if renewed || current != Outcome::Waiting {
            return current;
        }
        let new = cx.waker().clone();
        let mut state = self.lock();
        let (outcome, _) = outcome(&mut state);
        let unused = match outcome {
            Outcome::Waiting => line(&mut state).set_waker(key, new),
            Outcome::Done | Outcome::Closed => Some(new),
        };
        drop(state);
        drop(unused);
        outcome
    }

    /// Ends a sender's wait, if it is over.
    #[inline]
    pub(crate) fn end_sending(&self, key: Key) -> Wait<Sent<T>> {
        let ended = self.lock().senders.end(&key);
        match ended {
            Some(value) => Wait::Over(value.map_or(Ok(()), Err)),
            None => Wait::On(key),
        }
    }

    /// Ends a receiver's wait, if it is over.
    #[inline]
    pub(crate) fn end_receiving(&self, key: Key) -> Wait<Received<T>> {
        let mut state = self.lock();
        match state.end_receiver(&key) {
            Some(received) => {
                self.tell_of_the_end(state);
                Wait::Over(received)
            }
            None => Wait::On(key),
        }
    }

    /// Ends a sender's wait: whether the value was sent, else the value.
    pub(crate) fn stop_sending(&self, key: Key) -> Sent<T> {
        let waiter = self.lock().senders.remove(key);
        match waiter.value {
            Some(value) => Err(value),
            None => Ok(()),
        }
    }

    /// Ends a receiver's wait; gives the value that it was given meanwhile, if any.
    pub(crate) fn stop_receiving(&self, key: Key) -> Received<T> {
        let mut state = self.lock();
        let waiter = state.remove_receiver(key);
        self.tell_of_the_end(state);
        waiter.value
    }

    /// After a value in hand was taken: where that was the last thing the others waited for, they learn that
    /// nothing will come.
    #[inline]
    fn tell_of_the_end(&self, state: Locked<'_, T>) {
        if state.is_over() && !state.receivers.is_empty() {
            self.tell_receivers(state);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_receivers(&self, mut state: Locked<'_, T>) {
        let mut wakers = Vec::new();
        state.receivers.close(&mut wakers);
        drop(state);
        wake_all(wakers);
    }

    /// Gives up a receiver's wait. A value that it was given meanwhile goes to the next in line, or to
    /// the head of the buffer.
    pub(crate) fn abandon_receiving(&self, key: Key) {
        let mut state = self.lock();
        let waiter = state.receivers.remove(key);
        let Waiter { value: Some(value), party, .. } = waiter else {
            drop(state);
            drop(waiter);
            return;
        };
        let waker = state.give_again(value, self);
        drop(state);
        drop(party);
        wake(waker);
    }

    /// For a thread that is about to block in a send: looks for a moment whether room comes, before it stands
    /// in line. Who is in line is served, and perhaps woken, for each single value; the others make room for
    /// several meanwhile.
    pub(super) fn await_room_briefly(&self) {
        self.await_briefly(|| self.lock().may_send(self));
    }

    /// The same in a receive, for a value.
    pub(super) fn await_value_briefly(&self) {
        self.await_briefly(|| !self.front.mark().is_bare());
    }

    /// Without a buffer nobody can pass on anything to who is not in line, so nobody looks.
    fn await_briefly(&self, come: impl Fn() -> bool) {
        if self.capacity != 0 {
            let _ = platform::await_briefly(come);
        }
    }

    // ---- as an arm of a select ------------------------------------------------------------------

    /// Puts a select's send in line. `Err`: a counterpart is there, or the channel is closed.
    pub(crate) fn publish_send(&self, value: T, showing: &Showing<'_>) -> Result<Key, T> {
        let mut state = self.lock();
        if state.closed || !state.is_full(self) || state.receivers.has_counterpart(showing) {
            drop(state);
            return Err(value);
        }
        Ok(state.line_up_to_send(self).push_select(showing, Some(value)))
    }

    /// Puts a select's receive in line. `None`: a value or a counterpart is there, or the channel is
    /// closed.
    pub(crate) fn publish_recv(&self, showing: &Showing<'_>) -> Option<Key> {
        let mut state = self.lock();
        if state.is_over() || !state.is_empty(self) || state.senders.has_counterpart(showing) {
            drop(state);
            return None;
        }
        Some(state.line_up_to_receive(self).push_select(showing, None))
    }

    // ---- closing --------------------------------------------------------------------------------

    /// Closes the channel; whether it was open.
    pub(crate) fn close(&self) -> bool {
        let mut wakers = Vec::new();
        let closes = self.lock().close(self, &mut wakers);
        wake_all(wakers);
        closes
    }

    /// One more sender.
    pub(crate) fn add_sender(&self) {
        add(&self.senders);
    }

    /// One more receiver.
    pub(crate) fn add_receiver(&self) {
        add(&self.receivers);
    }

    /// One sender less; the last one closes the channel.
    pub(crate) fn drop_sender(&self) {
        // Release and acquire: what every sender did comes before the close.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
        }
    }

    /// One receiver less; the last one closes the channel and drops what nobody can receive.
    pub(crate) fn drop_receiver(&self) {
        if self.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
            let rest = self.lock().drain(self);
            drop(rest);
        }
    }

    // ---- questions ------------------------------------------------------------------------------

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// What a dump says of it.
    #[cold]
    pub(crate) fn info(&self) -> ChannelInfo {
        ChannelInfo {
            created: self.created,
            len: self.len(),
            capacity: self.capacity(),
            // Relaxed: out of date at once. A timer is no sender.
            senders: if self.alarm.is_some() { 0 } else { self.senders.load(Ordering::Relaxed) },
            receivers: self.receivers.load(Ordering::Relaxed),
        }
    }

    /// Values that are there; see the module's invariant 5.
    pub(crate) fn len(&self) -> usize {
        self.lock().len(self).min(self.capacity)
    }

    /// `None`: no limit.
    pub(crate) fn capacity(&self) -> Option<usize> {
        (self.capacity != usize::MAX).then_some(self.capacity)
    }
}

/// Counts one handle more.
///
/// # Panics
/// At `isize::MAX` handles, which only leaking them by the billion can reach: the count must not wrap.
fn add(handles: &AtomicUsize) {
    let before = handles.fetch_add(1, Ordering::Relaxed);
    assert!(before < isize::MAX as usize, "too many handles to one channel");
}

/// Wakes whoever is to be woken. A value that is on its way out must not be lost to a waker that panics.
#[inline]
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        panics::wake(waker);
    }
}

pub(super) fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(panics::wake);
}
