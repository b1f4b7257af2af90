//! Timers: wakers with a deadline.
//!
//! The [`Wheel`] behind a lock, and the tick at which it has to be looked at next in an atomic beside it,
//! so that a busy worker sees without a lock that nothing is due.
//!
//! # Invariants
//! - `next` is written only under the lock, and is then what the wheel says.
//! - `armed` is the tick by which somebody looks at the wheel without being told to, 0 where all who
//!   would have to be told are awake anyway. It is read and written under the lock that insertions take;
//!   so of an insertion and an arming the second one knows of the first. See [`Driver`](super::Driver).
//! - A timer is never early: its deadline is rounded up to a tick, the present is rounded down. What lies
//!   beyond the ticks that can be counted, in 36 million years, never comes.
//! - A timer that is in the wheel is not before `next`. So who finds a tick before `next` knows without the
//!   lock that a timer of this tick has come out: see [`Timers::is_out`].
//! - The lock is held while some hundred entries are moved, at most: it is one that spins, for its price.
//! - A waker is never cloned, woken or dropped while the lock is held. So a waker may make, change and
//!   cancel timers itself, and a panic in one concerns no other.

use crate::error::TimerError;
use crate::panics;
use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::clock::{self, Instant};
use crate::platform::sync::ShortMutex;
use crate::time::wheel::{Key, Wheel};
use std::num::NonZeroU32;
use std::task::Waker;
use std::time::Duration;

/// Wakers that leave the lock together.
const BATCH: usize = 64;
/// Wakers that one call of `fire` wakes at most, before its caller sees to other things.
const PER_FIRE: usize = 16 * BATCH;
/// From one tick to the next: about what the system itself is late by, and a part of a millisecond without a
/// remainder, so that a time in milliseconds is met to the tick.
pub(crate) const TICK: Duration = Duration::from_nanos(TICK_NANOS as u64);
const TICK_NANOS: u32 = 62_500;
const TICKS_PER_SEC: u64 = 1_000_000_000 / TICK_NANOS as u64;
/// A sleeper that wakes for the time costs about as much as ten timers. Where it found so many due, it had better
/// let some more come together before it wakes again: a tick for each so many, up to a few.
const A_FEW: usize = 4;
const GATHER: u64 = 6;
/// What stands in `next` while there are no timers.
const NEVER: u64 = u64::MAX;
/// The tick of all deadlines that no tick can be counted for. The present never gets there.
const BEYOND: u64 = NEVER - 1;

/// Names a timer. One that has fired or was cancelled is never found again.
///
/// Its parts are in an order in which they, and the absence of all, take two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerKey {
    /// Whose timer it is.
    driver: NonZeroU32,
    /// The first part of the key in the wheel.
    index: u32,
    /// The second.
    generation: u64,
}

impl TimerKey {
    /// Of no timer.
    pub(crate) const NONE: Self = Self { driver: NonZeroU32::MAX, index: 0, generation: 0 };

    /// The number of the driver whose timer it is.
    pub(crate) fn driver(self) -> NonZeroU32 {
        self.driver
    }

    fn key(self) -> Key {
        Key::from_parts(self.index, self.generation)
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Timers {
    /// The driver's number.
    driver: NonZeroU32,
    /// The instant of tick 0.
    start: Instant,
    /// All timers, and who waits for them.
    locked: ShortMutex<Locked>,
    /// When to look at the wheel next: a tick, or NEVER.
    next: AtomicU64,
    /// Until this tick nobody wakes for the time who sleeps: what is due before is gathered. Never more than
    /// GATHER after the present.
    gathers: AtomicU64,
    /// So many there may be at once.
    limit: usize,
    /// Those that were refused for that.
    refused: AtomicU64,
}

#[derive(Debug)]
struct Locked {
    /// All timers.
    wheel: Wheel<Waker>,
    /// The tick by which the keeper wakes by itself; NEVER if it does not, 0 if nobody needs to be woken.
    armed: u64,
}

impl Timers {
    /// No timers yet, `limit` at most, and nobody who sleeps.
    pub(crate) fn new(driver: NonZeroU32, limit: usize) -> Self {
        Self {
            driver,
            start: clock::now(),
            locked: ShortMutex::new(Locked { wheel: Wheel::new(), armed: 0 }),
            next: AtomicU64::new(NEVER),
            gathers: AtomicU64::new(0),
            limit,
            refused: AtomicU64::new(0),
        }
    }

    /// The driver's number.
    pub(crate) fn driver(&self) -> NonZeroU32 {
        self.driver
    }

    /// Adds a timer. `true`: the keeper sleeps beyond it, and is to be roused by the caller.
    ///
    /// # Errors
    /// Where there are as many as there may be.
    pub(crate) fn insert(&self, deadline: Instant, waker: Waker) -> Result<(TimerKey, bool), TimerError> {
        let tick = self.tick_after(deadline);
        let mut locked = self.locked.lock();
        if locked.wheel.len() >= self.limit {
            // The waker is dropped after the lock, being older.
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(TimerError::LimitReached(self.limit));
        }
        let key = locked.wheel.insert(tick, waker);
        self.publish_next(&locked.wheel);
        // Relaxed: by an older value the keeper is roused for nothing, and by a newer one not so soon.
        let wakes = tick.max(self.gathers.load(Ordering::Relaxed));
        let hurry = wakes < locked.armed;
        if hurry {
            locked.armed = wakes;
        }
        let (index, generation) = key.parts();
        Ok((TimerKey { driver: self.driver, index, generation }, hurry))
    }

    /// Notes that the keeper is about to sleep until the next tick, or until enough are gathered, which this
    /// returns.
    pub(crate) fn arm(&self) -> Option<u64> {
        let mut locked = self.locked.lock();
        let next = locked.wheel.next_tick().map(|next| next.max(self.gathers.load(Ordering::Relaxed)));
        locked.armed = next.unwrap_or(NEVER);
        next
    }

    /// Notes that nobody sleeps.
    pub(crate) fn disarm(&self) {
        self.locked.lock().armed = 0;
    }

    /// The tick until which the keeper sleeps at most; see `armed`.
    #[cfg(test)]
    pub(crate) fn armed(&self) -> u64 {
        self.locked.lock().armed
    }

    /// Has the timer wake `waker` from now on. `false` if it has fired or was cancelled.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: &Waker) -> bool {
        match self.locked.lock().wheel.get_mut(key.key()) {
            None => return false,
            Some(old) if old.will_wake(waker) => return true,
            Some(_) => {}
        }
        let mut waker = waker.clone();
        // Only whoever holds the key changes the waker, and it is here; but the timer may fire meanwhile.
        let mut locked = self.locked.lock();
        let found = locked.wheel.get_mut(key.key()).map(|old| std::mem::swap(old, &mut waker)).is_some();
        drop(locked);
        found
    }

    /// Puts the timer off to a later deadline. `false`: it has fired or was cancelled, or this one is earlier, and
    /// nothing has changed. Who sleeps until the former deadline wakes for it, and sleeps again.
    pub(crate) fn put_off(&self, key: TimerKey, deadline: Instant) -> bool {
        let tick = self.tick_after(deadline);
        self.locked.lock().wheel.put_off(key.key(), tick)
    }

    /// Takes the timer away. `false` if it has fired or was cancelled before.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        let mut locked = self.locked.lock();
        let waker = locked.wheel.cancel(key.key());
        self.publish_next(&locked.wheel);
        drop(locked);
        waker.is_some()
    }

    /// Whether no timer of this deadline is left that was made before. `false`: perhaps.
    pub(crate) fn is_out(&self, deadline: Instant) -> bool {
        // Relaxed: whoever asks has made such a timer, and reads no older value than its insertion wrote.
        // From then until it came out none was written that is after its tick.
        self.tick_after(deadline) < self.next.load(Ordering::Relaxed)
    }

    /// Wakes what is due, earliest first, and says how many that were. Stops at some thousand, and after some
    /// thousand that had only to be moved to where they are due later: there may be more at once then.
    /// Costs a load while there are no timers, and a look at the clock while none is due.
    pub(crate) fn fire(&self) -> usize {
        if self.next_tick().is_none() {
            return 0;
        }
        // Timers that the wakers make are due later than this, or, at zero, at the next call.
        let now = self.tick_before(clock::now());
        let mut fired = 0;
        let mut wakers = Vec::new();
        for _ in 0..PER_FIRE / BATCH {
            if self.next_tick().is_none_or(|next| next > now) {
                break;
            }
            wakers.reserve(BATCH);
            let mut locked = self.locked.lock();
            locked.wheel.advance(now, BATCH, &mut wakers);
            self.publish_next(&locked.wheel);
            drop(locked);
            fired += wakers.len();
            for waker in wakers.drain(..) {
                panics::wake(waker);
            }
        }
        if fired >= A_FEW {
            let pause = GATHER.min((fired / A_FEW) as u64);
            self.gathers.store(now.saturating_add(pause), Ordering::Relaxed);
        }
        fired
    }

    /// The tick at which to [`fire`](Self::fire) next.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        // Acquire: pairs with the release in `publish_next`. Who sleeps upon the answer asks `arm` instead.
        Some(self.next.load(Ordering::Acquire)).filter(|&tick| tick != NEVER)
    }

    /// The instant of a tick; `None` where the clock, or the counting, does not reach so far.
    pub(crate) fn instant(&self, tick: u64) -> Option<Instant> {
        if tick == BEYOND {
            return None;
        }
        let nanos = (tick % TICKS_PER_SEC) as u32 * TICK_NANOS;
        self.start.checked_add(Duration::new(tick / TICKS_PER_SEC, nanos))
    }

    /// How many timers there are.
    pub(crate) fn len(&self) -> usize {
        self.locked.lock().wheel.len()
    }

    /// How many there were too many.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Forgets all timers.
    #[cfg(test)]
    pub(crate) fn clear(&self) {
        let forgotten = std::mem::replace(&mut self.locked.lock().wheel, Wheel::new());
        self.next.store(NEVER, Ordering::Release);
        drop(forgotten);
    }

    /// Called under the lock, after every change.
    fn publish_next(&self, wheel: &Wheel<Waker>) {
        let next = wheel.next_tick().unwrap_or(NEVER);
        if self.next.load(Ordering::Relaxed) != next {
            // Release: pairs with the acquire in `next_tick`.
            self.next.store(next, Ordering::Release);
        }
    }

    /// The first tick that is not before `instant`.
    fn tick_after(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        Self::ticks(since.as_secs(), since.subsec_nanos().div_ceil(TICK_NANOS))
    }

    /// The last tick that is not after `instant`.
    fn tick_before(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        Self::ticks(since.as_secs(), since.subsec_nanos() / TICK_NANOS).min(BEYOND - 1)
    }

    /// `ticks` after `secs` seconds.
    fn ticks(secs: u64, ticks: u32) -> u64 {
        secs.saturating_mul(TICKS_PER_SEC).saturating_add(u64::from(ticks)).min(BEYOND)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// As long as it lives, this thread's clock stands still.
    struct Still;

    impl Drop for Still {
        fn drop(&mut self) {
            clock::set_virtual(None);
        }
    }

    /// Timers, and the instant at which the clock stands.
    fn still() -> (Still, Timers, Instant) {
        let start = clock::now();
        clock::set_virtual(Some(start));
        (Still, Timers::new(NonZeroU32::MIN, usize::MAX), start)
    }

    fn insert(timers: &Timers, deadline: Instant) -> bool {
        timers.insert(deadline, Waker::noop().clone()).unwrap().1
    }

    /// Moves the clock, and fires.
    fn fire_at(timers: &Timers, instant: Instant) -> usize {
        clock::set_virtual(Some(instant));
        timers.fire()
    }

    #[test]
    fn it_is_due_at_the_first_tick_that_is_not_before_its_deadline() {
        let (_still, timers, start) = still();
        let nanos = [1, 2, 62_499, 62_500, 62_501, 999_999, 1_000_000, 999_999_999, 1_000_000_000];
        for offset in nanos.map(Duration::from_nanos) {
            insert(&timers, start + offset);
            let tick = timers.arm().unwrap();
            let at = timers.instant(tick).unwrap();
            assert!(at >= start + offset && at < start + offset + TICK, "{offset:?}");
            assert_eq!(fire_at(&timers, at - Duration::from_nanos(1)), 0, "{offset:?} is early");
            assert_eq!(fire_at(&timers, at), 1, "who sleeps until {offset:?} sleeps again");
        }
    }

    #[test]
    fn one_call_moves_some_thousand_at_most() {
        let (_still, timers, start) = still();
        // All of them in one slot of a high level, which is opened for one that is due long before the others.
        insert(&timers, start + TICK * 66_000);
        (0..50_000).for_each(|_| _ = insert(&timers, start + TICK * 130_000));
        let (mut calls, mut fired) = (0, 0);
        while timers.next_tick().is_some_and(|next| next <= 66_000) {
            fired += fire_at(&timers, start + TICK * 66_000);
            calls += 1;
        }
        assert_eq!(fired, 1);
        assert!(calls > 3, "others are served in between: {calls}");
        clock::set_virtual(Some(start + TICK * 130_000));
        while timers.next_tick().is_some_and(|next| next <= 130_000) {
            fired += timers.fire();
        }
        assert_eq!(fired, 50_001);
    }

    #[test]
    fn where_many_were_due_together_the_sleeper_waits_for_some_more() {
        let (_still, timers, start) = still();
        let tick = |n: u32| start + TICK * n;
        insert(&timers, tick(1));
        assert_eq!(fire_at(&timers, tick(1)), 1);
        insert(&timers, tick(2));
        assert_eq!(timers.arm(), Some(2), "one alone");
        (0..9).for_each(|_| _ = insert(&timers, tick(2)));
        assert_eq!(fire_at(&timers, tick(2)), 10);
        insert(&timers, tick(3));
        assert_eq!(timers.arm(), Some(4));
        assert!(!insert(&timers, tick(3)), "it is gathered with the other");
        assert_eq!(fire_at(&timers, tick(4)), 2, "and a tick each");
        (0..1_000).for_each(|_| _ = insert(&timers, tick(5)));
        assert_eq!(fire_at(&timers, tick(5)), 1_000);
        insert(&timers, tick(20));
        assert_eq!(timers.arm(), Some(20), "not before it is due");
        assert!(insert(&timers, tick(6)), "nor for longer than a few ticks");
        assert_eq!(timers.armed(), 5 + GATHER);
    }
}
