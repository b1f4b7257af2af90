//! A channel of values between tasks: one lock that spins, around a queue and two lists of pointers to the operations
//! that wait. A value that someone waits for is written into the waiting operation itself.
//!
//! Invariants, all under the lock:
//!
//! - A pointer is in a list exactly while its operation has been polled, has not been dropped and is not `done`. An
//!   operation is pinned, so that the pointer is good for so long.
//! - Who takes a pointer from a list writes or takes the value, takes the waker, and stores `done` last: after that the
//!   operation is its owner's alone, who may look at `done` without the lock.
//! - Receivers wait only while nothing is queued and no sender waits; senders only while the queue is full.

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// What an operation leaves in its list.
struct Slot<T> {
    value: UnsafeCell<Option<T>>,
    waker: UnsafeCell<Option<Waker>>,
    done: AtomicBool,
}

struct Inner<T> {
    queue: VecDeque<T>,
    senders: VecDeque<*const Slot<T>>,
    receivers: VecDeque<*const Slot<T>>,
    closed: bool,
}

struct Shared<T> {
    locked: AtomicBool,
    inner: UnsafeCell<Inner<T>>,
    capacity: usize,
    /// Senders that have not been dropped.
    count: AtomicUsize,
}

// SAFETY: `inner` and the slots in its lists are touched under the lock only, and hold values that may be sent.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: the same.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Calls `work` under the lock. It must not call code that isn't known here, but to clone and drop wakers: one that
    /// used this channel then, or panicked, would have everybody wait for ever, which is no library's way, but sound.
    fn with<R>(&self, work: impl FnOnce(&mut Inner<T>) -> R) -> R {
        while self.locked.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            // Off the cache line for a while, as the library does.
            (0..64).for_each(|_| std::hint::spin_loop());
            if self.locked.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        }
        // SAFETY: the lock is ours, so that this is the only reference.
        let result = work(unsafe { &mut *self.inner.get() });
        self.locked.store(false, Ordering::Release);
        result
    }
}

impl<T> Slot<T> {
    fn new(value: Option<T>) -> Self {
        let (value, waker) = (UnsafeCell::new(value), UnsafeCell::new(None));
        Self { value, waker, done: AtomicBool::new(false) }
    }

    /// Ends the wait of the operation whose slot this is: exchanges values, and gives the waker.
    ///
    /// # Safety
    ///
    /// The pointer has just been taken from a list, under the lock, which is still held.
    unsafe fn finish(this: *const Self, value: Option<T>) -> (Option<T>, Option<Waker>) {
        // SAFETY: what was in a list is alive, and its owner touches neither value nor waker without the lock until
        // `done` is set, which is the last that happens to it here.
        unsafe {
            let old = std::mem::replace(&mut *(*this).value.get(), value);
            let waker = (*(*this).waker.get()).take();
            (*this).done.store(true, Ordering::Release);
            (old, waker)
        }
    }
}

/// A channel for so many values; of none, a value goes from one operation into the other.
pub fn channel<T: Send>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let inner = Inner {
        queue: VecDeque::with_capacity(capacity),
        senders: VecDeque::new(),
        receivers: VecDeque::new(),
        closed: false,
    };
    let (inner, count) = (UnsafeCell::new(inner), AtomicUsize::new(1));
    let shared = Arc::new(Shared { locked: AtomicBool::new(false), inner, capacity, count });
    (Sender(shared.clone()), Receiver(shared))
}

/// Where values go in. The channel is closed with the last of them.
pub struct Sender<T>(Arc<Shared<T>>);
/// Where values come out.
pub struct Receiver<T>(Arc<Shared<T>>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Self(self.0.clone())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let waiting: Vec<_> = self.0.with(|inner| {
            inner.closed = true;
            // SAFETY: they are taken from the list, under the lock.
            inner.receivers.drain(..).map(|slot| unsafe { Slot::finish(slot, None) }).collect()
        });
        waiting.into_iter().filter_map(|(_, waker)| waker).for_each(Waker::wake);
    }
}

impl<T: Send> Sender<T> {
    /// Puts a value in if there is room, or someone waits for it.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        let waker = self.0.with(|inner| give(inner, self.0.capacity, value))?;
        waker.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Puts a value in, once there is room. (With no receiver left it waits for ever: this is no library.)
    pub fn send(&self, value: T) -> Send_<'_, T> {
        Send_(Operation::new(&self.0, Some(value)))
    }
}

impl<T: Send> Receiver<T> {
    /// Takes a value if there is one.
    pub fn try_recv(&self) -> Option<T> {
        let (value, waker) = self.0.with(take)?;
        waker.into_iter().for_each(Waker::wake);
        Some(value)
    }

    /// Takes a value, once there is one; `None` where the channel is closed and empty.
    pub fn recv(&self) -> Recv<'_, T> {
        Recv(Operation::new(&self.0, None))
    }
}

/// Hands a value to who waits for it, or to the queue.
fn give<T>(inner: &mut Inner<T>, capacity: usize, value: T) -> Result<Option<Waker>, T> {
    if let Some(slot) = inner.receivers.pop_front() {
        // SAFETY: it has just been taken from the list, under the lock.
        return Ok(unsafe { Slot::finish(slot, Some(value)) }.1);
    }
    if inner.queue.len() < capacity {
        inner.queue.push_back(value);
        return Ok(None);
    }
    Err(value)
}

/// Takes a value from the queue, which whoever waits with another fills up; or straight from who waits.
fn take<T>(inner: &mut Inner<T>) -> Option<(T, Option<Waker>)> {
    let first = inner.queue.pop_front();
    // SAFETY: it has just been taken from the list, under the lock.
    let waiting = inner.senders.pop_front().map(|slot| unsafe { Slot::finish(slot, None) });
    match (first, waiting) {
        (Some(first), Some((value, waker))) => {
            inner.queue.extend(value);
            Some((first, waker))
        }
        (Some(first), None) => Some((first, None)),
        (None, Some((value, waker))) => Some((value?, waker)),
        (None, None) => None,
    }
}

/// What both operations are: a slot, and whether it has been in a list.
struct Operation<'a, T> {
    shared: &'a Shared<T>,
    slot: Slot<T>,
    listed: Cell<bool>,
    _pinned: PhantomPinned,
}

// SAFETY: whoever has it may send it on, since the value may be sent, and the channel is `Sync`.
unsafe impl<T: Send> Send for Operation<'_, T> {}

impl<'a, T> Operation<'a, T> {
    fn new(shared: &'a Shared<T>, value: Option<T>) -> Self {
        Self { shared, slot: Slot::new(value), listed: Cell::new(false), _pinned: PhantomPinned }
    }

    /// Whether a wait is over; if not, whom to wake is up to date.
    fn is_over(&self, cx: &Context<'_>) -> bool {
        if !self.slot.done.load(Ordering::Acquire) {
            let over = self.shared.with(|_| {
                if self.slot.done.load(Ordering::Relaxed) {
                    return true;
                }
                // SAFETY: the slot is in a list, and the lock is ours.
                unsafe { *self.slot.waker.get() = Some(cx.waker().clone()) };
                false
            });
            if !over {
                return false;
            }
        }
        self.listed.set(false);
        true
    }

    /// Stands in line. The lock is held, and the operation is pinned.
    fn wait(&self, list: &mut VecDeque<*const Slot<T>>, cx: &Context<'_>) {
        // SAFETY: the slot is in no list yet.
        unsafe { *self.slot.waker.get() = Some(cx.waker().clone()) };
        list.push_back(&raw const self.slot);
        self.listed.set(true);
    }
}

impl<T> Drop for Operation<'_, T> {
    fn drop(&mut self) {
        if self.listed.get() && !self.slot.done.load(Ordering::Acquire) {
            let this = &raw const self.slot;
            self.shared.with(|inner| {
                inner.senders.retain(|slot| *slot != this);
                inner.receivers.retain(|slot| *slot != this);
            });
        }
    }
}

/// The operation of [`Sender::send`].
#[must_use = "it does nothing unless it is awaited"]
pub struct Send_<'a, T>(Operation<'a, T>);
/// The operation of [`Receiver::recv`].
#[must_use = "it does nothing unless it is awaited"]
pub struct Recv<'a, T>(Operation<'a, T>);

impl<T: Send> Future for Send_<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &self.0;
        if this.listed.get() {
            return if this.is_over(cx) { Poll::Ready(()) } else { Poll::Pending };
        }
        let given = this.shared.with(|inner| {
            // SAFETY: the slot is in no list, so that it is ours.
            let value = unsafe { (*this.slot.value.get()).take() }.expect("it is polled once");
            give(inner, this.shared.capacity, value).map_err(|value| {
                // SAFETY: the same.
                unsafe { *this.slot.value.get() = Some(value) };
                this.wait(&mut inner.senders, cx);
            })
        });
        match given {
            Ok(waker) => {
                waker.into_iter().for_each(Waker::wake);
                Poll::Ready(())
            }
            Err(()) => Poll::Pending,
        }
    }
}

impl<T: Send> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &self.0;
        if this.listed.get() {
            if !this.is_over(cx) {
                return Poll::Pending;
            }
            // SAFETY: the wait is over, and the slot ours again.
            return Poll::Ready(unsafe { (*this.slot.value.get()).take() });
        }
        let taken = this.shared.with(|inner| {
            let taken = take(inner);
            if taken.is_none() && !inner.closed {
                this.wait(&mut inner.receivers, cx);
            }
            taken
        });
        match taken {
            Some((value, waker)) => {
                waker.into_iter().for_each(Waker::wake);
                Poll::Ready(Some(value))
            }
            None if this.listed.get() => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    fn poll<F: Future>(operation: Pin<&mut F>) -> Poll<F::Output> {
        operation.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_value_goes_to_who_waits_in_order() {
        for capacity in [0, 1] {
            let (tx, rx) = channel(capacity);
            let (mut one, mut other) = (pin!(rx.recv()), pin!(rx.recv()));
            assert!(poll(one.as_mut()).is_pending() && poll(other.as_mut()).is_pending());
            assert_eq!((tx.try_send(1), tx.try_send(2)), (Ok(()), Ok(())));
            assert_eq!(poll(other.as_mut()), Poll::Ready(Some(2)));
            assert_eq!(poll(one.as_mut()), Poll::Ready(Some(1)));
        }
    }

    #[test]
    fn who_gives_up_is_forgotten() {
        let (tx, rx) = channel(0);
        {
            let mut given_up = pin!(rx.recv());
            assert!(poll(given_up.as_mut()).is_pending());
        }
        assert_eq!(tx.try_send(1), Err(1));
        {
            let mut given_up = pin!(tx.send(2));
            assert!(poll(given_up.as_mut()).is_pending());
        }
        assert_eq!(rx.try_recv(), None);
        drop(tx);
        assert_eq!(poll(pin!(rx.recv())), Poll::Ready(None));
    }

    #[test]
    fn a_full_queue_is_filled_up_by_who_waits() {
        let (tx, rx) = channel(1);
        assert_eq!(tx.try_send(1), Ok(()));
        let mut waits = pin!(tx.send(2));
        assert!(poll(waits.as_mut()).is_pending());
        assert_eq!(rx.try_recv(), Some(1));
        assert_eq!(poll(waits.as_mut()), Poll::Ready(()));
        assert_eq!(rx.try_recv(), Some(2));
    }
}
