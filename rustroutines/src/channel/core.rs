//! What a channel is: a buffer, two lines of waiters, one lock.
//!
//! # Invariants, whenever the lock is free
//!
//! 1. Receivers wait only while the buffer is empty, and senders only while it is full, counting room
//!    that is reserved (see `reserve`).
//! 2. So never both sides wait, but for arms of the same select, which never pairs with itself, and
//!    for selects that were decided elsewhere and have not left yet.
//! 3. A closed channel has nobody in line, but for receivers while a value is *in hand*: handed to a
//!    receiver that has not taken it yet, and may go away without it (see 5), or while room is reserved.
//!    Only without either is a closed and empty channel known to stay empty.
//! 4. A value is in exactly one place: with its sender's operation, in the buffer, in a waiter, or
//!    with its receiver.
//! 5. The buffer holds at most `capacity` values, but for those that were handed to a receiver which
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
//! One lock, and not a lock-free buffer: the waiters need a lock anyway, and one that spins costs no
//! more than the two compare-and-swaps of a lock-free queue. `crossbeam_queue::ArrayQueue` was set
//! aside for another reason too: a value that is pushed while the channel is closed could arrive
//! after a receiver was told that nothing will come.

use crate::channel::reserve::Reservations;
use crate::channel::waiters::{Key, Outcome, Party, Waiter, Waiters};
use crate::error::{TryRecvError, TrySendError};
use crate::panics;
use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::sync::ShortMutex;
use crate::select::Showing;
use crate::task::trace::ChannelInfo;
use crate::time::Alarm;
use std::collections::VecDeque;
use std::panic::Location;
use std::task::{Context, Waker};

/// One channel. Shared by its senders and receivers.
#[derive(Debug)]
pub(crate) struct Channel<T> {
    /// Everything that changes but the counts.
    pub(super) state: ShortMutex<State<T>>,
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
}

#[derive(Debug)]
pub(super) struct State<T> {
    /// Values that were sent and not yet received, oldest first.
    pub(super) buffer: VecDeque<T>,
    /// Senders that wait for room or for a receiver, each with its value.
    pub(super) senders: Waiters<T>,
    /// Receivers that wait for a value.
    pub(super) receivers: Waiters<T>,
    /// How many values have been handed to receivers that have not taken them yet.
    in_hand: usize,
    /// Room that is reserved, and who waits for some.
    pub(super) reservations: Reservations,
    /// Whether nothing more can be sent.
    pub(super) closed: bool,
}

/// What an offer to send came to.
enum Offer<T> {
    /// Sent; a receiver may have to be woken.
    Sent(Option<Waker>),
    /// No room and no receiver.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

/// What a look for a value came to.
enum Take<T> {
    /// A value; a sender may have to be woken.
    Value(T, Option<Waker>),
    /// Nothing there now.
    Empty,
    /// Nothing there, and nothing will come.
    Closed,
}

impl<T> State<T> {
    #[inline]
    fn offer(&mut self, value: T, capacity: usize) -> Offer<T> {
        if self.closed {
            return Offer::Closed(value);
        }
        match self.give(value) {
            Ok(waker) => Offer::Sent(waker),
            Err(value) if self.has_room(capacity) => {
                self.buffer.push_back(value);
                Offer::Sent(None)
            }
            Err(value) => Offer::Full(value),
        }
    }

    #[inline]
    fn take(&mut self, capacity: usize) -> Take<T> {
        if let Some(value) = self.buffer.pop_front() {
            return Take::Value(value, self.admit(capacity));
        }
        match self.senders.take() {
            Some((value, waker)) => Take::Value(value, waker),
            None if self.is_over() => Take::Closed,
            None => Take::Empty,
        }
    }

    /// Hands `value` to the first receiver in line.
    #[inline]
    pub(super) fn give(&mut self, value: T) -> Result<Option<Waker>, T> {
        let waker = self.receivers.give(value)?;
        self.in_hand += 1;
        Ok(waker)
    }

    /// Whether nothing is in the buffer, given that, and nothing will ever be.
    pub(super) fn is_over(&self) -> bool {
        self.closed && self.in_hand == 0 && self.reservations.reserved == 0
    }

    /// Takes a receiver out, with what it was given; where that was the last thing the others waited for,
    /// they learn that nothing will come.
    fn remove_receiver(&mut self, key: Key, wakers: &mut Vec<Waker>) -> Waiter<T> {
        let waiter = self.receivers.remove(key);
        if waiter.outcome == Outcome::Done {
            self.in_hand -= 1;
            if self.is_over() {
                self.receivers.close(wakers);
            }
        }
        waiter
    }

    fn close(&mut self, wakers: &mut Vec<Waker>) -> bool {
        if std::mem::replace(&mut self.closed, true) {
            return false;
        }
        self.senders.close(wakers);
        self.reservations.close(wakers);
        if self.is_over() {
            self.receivers.close(wakers);
        }
        true
    }
}

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
        let state = State {
            buffer: VecDeque::new(),
            senders: Waiters::new(),
            receivers: Waiters::new(),
            in_hand: 0,
            reservations: Reservations::new(),
            closed: false,
        };
        Self {
            state: ShortMutex::new(state),
            capacity,
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
            alarm: None,
            created: Location::caller(),
        }
    }

    // ---- without waiting ------------------------------------------------------------------------

    #[inline]
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        // The guard is a temporary of this statement: the lock is free when the waker is woken.
        let offer = self.state.lock().offer(value, self.capacity);
        match offer {
            Offer::Sent(waker) => {
                wake(waker);
                Ok(())
            }
            Offer::Full(value) => Err(TrySendError::Full(value)),
            Offer::Closed(value) => Err(TrySendError::Closed(value)),
        }
    }

    #[inline]
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        let take = self.state.lock().take(self.capacity);
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

    /// Sends, or stands in line.
    pub(crate) fn start_send(&self, value: T, cx: &Context<'_>) -> Wait<Sent<T>> {
        let value = match self.try_send(value) {
            Ok(()) => return Wait::Over(Ok(())),
            Err(TrySendError::Closed(value)) => return Wait::Over(Err(value)),
            Err(TrySendError::Full(value)) => value,
        };
        // Cloned before the lock, and only here, where a wait is likely.
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        match state.offer(value, self.capacity) {
            Offer::Full(value) => Wait::On(state.senders.push(Party::Single(Some(waker)), Some(value))),
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

    /// Receives, or stands in line.
    pub(crate) fn start_recv(&self, cx: &Context<'_>) -> Wait<Received<T>> {
        match self.try_recv() {
            Ok(value) => return Wait::Over(Some(value)),
            Err(TryRecvError::Closed) => return Wait::Over(None),
            Err(TryRecvError::Empty) => {}
        }
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        match state.take(self.capacity) {
            Take::Empty => Wait::On(state.receivers.push(Party::Single(Some(waker)), None)),
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
        let (current, renewed) = outcome(&mut self.state.lock());
        if renewed || current != Outcome::Waiting {
            return current;
        }
        let new = cx.waker().clone();
        let mut state = self.state.lock();
        let (outcome, _) = outcome(&mut state);
        let unused = match outcome {
            Outcome::Waiting => line(&mut state).set_waker(key, new),
            Outcome::Done | Outcome::Closed => Some(new),
        };
        drop(state);
        drop(unused);
        outcome
    }

    /// Ends a sender's wait: whether the value was sent, else the value.
    pub(crate) fn stop_sending(&self, key: Key) -> Sent<T> {
        let waiter = self.state.lock().senders.remove(key);
        match waiter.value {
            Some(value) => Err(value),
            None => Ok(()),
        }
    }

    /// Ends a receiver's wait; gives the value that it was given meanwhile, if any.
    pub(crate) fn stop_receiving(&self, key: Key) -> Received<T> {
        let mut wakers = Vec::new();
        let waiter = self.state.lock().remove_receiver(key, &mut wakers);
        wake_all(wakers);
        waiter.value
    }

    /// Gives up a receiver's wait. A value that it was given meanwhile goes to the next in line, or to
    /// the head of the buffer.
    pub(crate) fn abandon_receiving(&self, key: Key) {
        let mut state = self.state.lock();
        let waiter = state.receivers.remove(key);
        let Waiter { value: Some(value), party, .. } = waiter else {
            drop(state);
            drop(waiter);
            return;
        };
        state.in_hand -= 1;
        let waker = match state.give(value) {
            Ok(waker) => waker,
            Err(value) => {
                state.buffer.push_front(value);
                None
            }
        };
        drop(state);
        drop(party);
        wake(waker);
    }

    // ---- as an arm of a select ------------------------------------------------------------------

    /// Puts a select's send in line. `Err`: a counterpart is there, or the channel is closed.
    pub(crate) fn publish_send(&self, value: T, showing: Showing<'_>) -> Result<Key, T> {
        let party = Party::Select(showing.ticket());
        let mut state = self.state.lock();
        let room = state.has_room(self.capacity);
        if state.closed || room || state.receivers.has_counterpart(showing) {
            drop(state);
            return Err(value);
        }
        Ok(state.senders.push(party, Some(value)))
    }

    /// Puts a select's receive in line. `None`: a value or a counterpart is there, or the channel is
    /// closed.
    pub(crate) fn publish_recv(&self, showing: Showing<'_>) -> Option<Key> {
        let party = Party::Select(showing.ticket());
        let mut state = self.state.lock();
        if state.is_over() || !state.buffer.is_empty() || state.senders.has_counterpart(showing) {
            drop(state);
            return None;
        }
        Some(state.receivers.push(party, None))
    }

    // ---- closing --------------------------------------------------------------------------------

    /// Closes the channel; whether it was open.
    pub(crate) fn close(&self) -> bool {
        let mut wakers = Vec::new();
        let closes = self.state.lock().close(&mut wakers);
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
            let rest = std::mem::take(&mut self.state.lock().buffer);
            drop(rest);
        }
    }

    // ---- questions ------------------------------------------------------------------------------

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// What a dump says of it.
    #[cold]
    pub(crate) fn info(&self) -> ChannelInfo {
        ChannelInfo::new(self.created, self.len(), self.capacity())
    }

    /// Values in the buffer; see the module's invariant 5.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().buffer.len().min(self.capacity)
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
