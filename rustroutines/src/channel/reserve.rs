//! Room that is reserved before there is a value: [`Sender::reserve`] and its [`Permit`].
//!
//! `reserved` counts the permits and what is promised to operations that have waited for one. The buffer
//! and the reserved room together do not exceed the capacity, but as `core` says.
//!
//! Those who wait for a permit stand in a line of their own, first come, first served. Where senders wait
//! too, room that becomes free goes to one line and the other by turns. A permit needs room and no
//! receiver: so a receiver that comes while all room is reserved takes the value of a sender in line, and
//! nobody waits for a permit that is not used.
//!
//! Nobody completes the wait for a permit: it is *promised* room, and takes it when it is polled. If it
//! goes away instead, the room goes to the next; so does the room of a permit that is dropped. That is why
//! it needs no claim to be an arm of a select: a loser holds a promise at most, and passes it on.
//!
//! # After a close
//!
//! What was reserved before a close may still be sent, and receivers wait for it: the channel is not over
//! while room is reserved. The last permit to go tells them.
//!
//! # Unbuffered channels
//!
//! They have no room to reserve, and reserving is an error. A permit could only stand for a receiver that
//! waits; but a receiver may be an arm of a select, which would have to be decided for good although the
//! permit may be dropped; or it may go away before the value comes, and then `send`, which must not wait,
//! would leave a value that nobody has taken.

#[cfg(all(test, loom))]
mod model;

use super::Sender;
use super::core::{Channel, wake_all};
use super::state::State;
use super::turns::{Turn, attempted, take_turns, wait};
use super::waiters::{Key, Outcome, Waiters};
use crate::error::{ReserveError, SendError, TryReserveError};
use crate::platform::atomic::Ordering;
use crate::task::trace::WaitsFor;
use std::fmt;
use std::mem::ManuallyDrop;
use std::task::{Context, Poll, Waker, ready};

/// What a channel knows of reserved room.
#[derive(Debug)]
pub(super) struct Reservations {
    /// Permits, and room that was promised to those who waited for one.
    pub(super) reserved: usize,
    /// Those who wait for a permit.
    line: Waiters<()>,
    /// Whether a sender was let in last, so that it is this line's turn.
    turn: bool,
}

impl Reservations {
    pub(super) fn new() -> Self {
        Self { reserved: 0, line: Waiters::new(), turn: false }
    }

    /// Promises room to the first in line, if anybody stands there.
    pub(super) fn promise(&mut self) -> Option<Option<Waker>> {
        let waker = self.line.give(()).ok()?;
        self.reserved += 1;
        self.turn = false;
        Some(waker)
    }

    /// Whether anybody waits for room to reserve.
    #[inline]
    pub(super) fn is_waited_for(&self) -> bool {
        !self.line.is_empty()
    }

    /// Whether it is this line's turn to be let in.
    pub(super) fn is_next(&self) -> bool {
        self.turn
    }

    /// Notes that a sender was let in.
    pub(super) fn pass(&mut self) {
        self.turn = true;
    }

    pub(super) fn close(&mut self, wakers: &mut Vec<Waker>) {
        self.line.close(wakers);
    }
}

/// Room that could not be reserved, and why.
enum Refusal {
    Full,
    Closed,
    Unbuffered,
}

impl<T> Channel<T> {
    fn reserve_now(&self, state: &mut State<T>) -> Result<(), Refusal> {
        match () {
            () if self.capacity == 0 => Err(Refusal::Unbuffered),
            () if state.closed => Err(Refusal::Closed),
            () if state.is_full(self) => Err(Refusal::Full),
            () => {
                state.reserve();
                Ok(())
            }
        }
    }

    fn poll_reserve(&self, waiting: &mut Option<Key>, cx: &Context<'_>) -> Poll<Result<(), ReserveError>> {
        take_turns(cx, |waker| {
            let mut state = self.lock();
            if let Some(key) = waiting.take() {
                match state.reservations.line.outcome(&key) {
                    Outcome::Waiting => *waiting = Some(key),
                    outcome => {
                        let waiter = state.reservations.line.remove(key);
                        drop(state);
                        drop(waiter);
                        let promised = outcome == Outcome::Done;
                        return Turn::Over(if promised { Ok(()) } else { Err(ReserveError::Closed) });
                    }
                }
            } else {
                match self.reserve_now(&mut state) {
                    Ok(()) => return Turn::Over(Ok(())),
                    Err(Refusal::Closed) => return Turn::Over(Err(ReserveError::Closed)),
                    Err(Refusal::Unbuffered) => return Turn::Over(Err(ReserveError::Unbuffered)),
                    Err(Refusal::Full) => {}
                }
            }
            wait(&mut state.reservations.line, waiting, waker, cx)
        })
    }

    /// Gives up the wait for a permit. Room that was promised goes to the next.
    fn stop_reserving(&self, key: Key) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        let waiter = state.reservations.line.remove(key);
        if waiter.outcome == Outcome::Done {
            state.release(self, &mut wakers);
        }
        drop(state);
        drop(waiter);
        wake_all(wakers);
    }

    /// Gives up reserved room.
    fn release(&self) {
        let mut wakers = Vec::new();
        self.lock().release(self, &mut wakers);
        wake_all(wakers);
    }

    /// Sends into reserved room. `Err`: no receiver is left.
    fn send_reserved(&self, value: T) -> Result<(), T> {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        // Relaxed: whoever drops the last receiver takes this lock afterwards, to empty the buffer. If
        // that is yet to come, it finds the value; if it is done, the lock shows us the count.
        let sent = if self.receivers.load(Ordering::Relaxed) == 0 {
            Err(value)
        } else {
            wakers.extend(state.give_reserved(value, self));
            Ok(())
        };
        state.release(self, &mut wakers);
        drop(state);
        wake_all(wakers);
        sent
    }
}

impl<T> Sender<T> {
    /// Reserves room for one value; waits while the channel is full. The [`Permit`] then sends a value
    /// without waiting. For values that are to be made, or taken from elsewhere, only when there is room:
    /// a `select!` evaluates the value of a [`send`](Self::send) before it waits.
    ///
    /// Reserved room counts as used, though not for [`len`](Self::len). A value takes its place in the
    /// order when it is sent, not when its room is reserved. Those who wait for a permit and those who wait
    /// to send are let in by turns.
    ///
    /// # Errors
    /// [`ReserveError::Closed`]: the channel is closed, or is closed while this waits.
    /// [`ReserveError::Unbuffered`]: the channel has no buffer, so there is no room to reserve.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has reserved nothing: room that was on its way to it goes to the next
    /// in line.
    ///
    /// A permit that is forgotten (`std::mem::forget`) keeps its room; so does this, with room that was on its way
    /// to it. Once the channel is closed, receivers that find nothing wait for what would have come there.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let (tx, rx) = bounded_channel(1);
    /// let permit = tx.reserve().block().unwrap();
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// permit.send(1).unwrap();
    /// assert_eq!(rx.recv().block(), Ok(1));
    /// ```
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve { sender: self, waiting: None }
    }

    /// Reserves room for one value if there is room now.
    ///
    /// # Errors
    /// [`TryReserveError::Full`]: there is none. Else as [`reserve`](Self::reserve).
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TryReserveError> {
        let channel = &*self.channel;
        let reserved = channel.reserve_now(&mut channel.lock());
        match reserved {
            Ok(()) => Ok(Permit { sender: self }),
            Err(Refusal::Full) => Err(TryReserveError::Full),
            Err(Refusal::Closed) => Err(TryReserveError::Closed),
            Err(Refusal::Unbuffered) => Err(TryReserveError::Unbuffered),
        }
    }
}

/// Reserves room: the operation of [`Sender::reserve`].
#[must_use = "nothing is reserved until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct Reserve<'a, T> {
    /// Where.
    sender: &'a Sender<T>,
    /// Our place in line.
    waiting: Option<Key>,
}

impl<'a, T> Reserve<'a, T> {
    fn attempt(&mut self, cx: &Context<'_>) -> Poll<Result<Permit<'a, T>, ReserveError>> {
        let reserved = ready!(self.sender.channel.poll_reserve(&mut self.waiting, cx));
        Poll::Ready(reserved.map(|()| Permit { sender: self.sender }))
    }
}

impl<T> Reserve<'_, T> {
    fn describe(&self) -> WaitsFor {
        WaitsFor::Reserving(self.sender.channel.info())
    }
}

attempted!(['a, T] Reserve<'a, T>, Result<Permit<'a, T>, ReserveError>);

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.waiting.take() {
            self.sender.channel.stop_reserving(key);
        }
    }
}

/// Room for one value, reserved by [`Sender::reserve`]. Dropping it gives the room to the next in line.
#[must_use = "room that is reserved and not used is given back"]
pub struct Permit<'a, T> {
    /// Where.
    sender: &'a Sender<T>,
}

impl<T> Permit<'_, T> {
    /// Sends `value` into the reserved room, without waiting. That works also if the channel was
    /// [closed](Sender::close) since.
    ///
    /// # Errors
    /// No receiver is left. The error holds the value.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        // Sending uses the room up, so there is none to be given back.
        let permit = ManuallyDrop::new(self);
        permit.sender.channel.send_reserved(value).map_err(SendError)
    }

    /// The same room, as a permit that borrows nothing: one that another routine can use, or that is kept.
    pub fn into_owned(self) -> OwnedPermit<T> {
        // The room changes hands; it is not given back.
        let permit = ManuallyDrop::new(self);
        OwnedPermit { sender: permit.sender.clone(), used: false }
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.sender.channel.release();
    }
}

/// Room for one value, as a [`Permit`], made by [`Permit::into_owned`]. It borrows nothing, and keeps the
/// channel open as a [`Sender`] does. Dropping it gives the room to the next in line.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = bounded_channel(1);
/// let permit = tx.reserve().block().unwrap().into_owned();
/// drop(tx);
/// go!(move || permit.send("from another routine").unwrap());
/// assert_eq!(rx.recv().block(), Ok("from another routine"));
/// assert_eq!(rx.recv().block(), Err(RecvError));
/// ```
#[must_use = "room that is reserved and not used is given back"]
pub struct OwnedPermit<T> {
    /// Where.
    sender: Sender<T>,
    /// Whether a value was sent into the room, so that there is none to be given back.
    used: bool,
}

impl<T> OwnedPermit<T> {
    /// As [`Permit::send`].
    ///
    /// # Errors
    /// No receiver is left. The error holds the value.
    pub fn send(mut self, value: T) -> Result<(), SendError<T>> {
        self.used = true;
        self.sender.channel.send_reserved(value).map_err(SendError)
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if !self.used {
            self.sender.channel.release();
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
