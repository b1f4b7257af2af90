//! One thread's place to sleep.
//!
//! A [`Parker`] holds at most one notification: [`unpark`](Parker::unpark) leaves it, or wakes the
//! thread that sleeps; [`park`](Parker::park) takes it, or sleeps until there is one. It is not
//! `std::thread::park`, whose notifications belong to the user: an operation that blocks must not
//! swallow one that was meant for the program.
//!
//! Beside it there is a lesser call, [`rouse`](Parker::rouse): "look again how long to sleep". The
//! [`Driver`](super::Driver) uses it; it is no notification, and a plain `park` sleeps on over it.
//!
//! The owner may also sleep elsewhere, in a wait that a bell ends ([`park_at`](Parker::park_at)): the
//! system's readiness queue.
//!
//! | state    | set when                                | next                                        |
//! |----------|-----------------------------------------|---------------------------------------------|
//! | EMPTY    | nobody sleeps, nothing to tell          | PARKED (park), ROUSED, NOTIFIED             |
//! | PARKED   | the owner sleeps or is about to         | ROUSED, NOTIFIED (unpark), EMPTY (timeout)  |
//! | SILENT   | the same, and the time wakes nobody     | ROUSED, NOTIFIED (unpark), EMPTY (timeout)  |
//! | AWAY     | the same, in a wait that a bell ends    | ROUSED, NOTIFIED (unpark), EMPTY (its end)  |
//! | ROUSED   | the owner is to look at its deadline    | NOTIFIED (unpark), EMPTY (park takes it)    |
//! | NOTIFIED | a notification waits for the owner      | EMPTY (park takes it)                       |
//!
//! NOTIFIED replaces ROUSED, never the reverse: an owner that returns with a notification looks at
//! everything afresh before it sleeps again, its deadline included.
//!
//! No wake-up is lost: the owner looks at the state while it holds `lock`, and lets go of that only by
//! waiting on `wake`. A notifier that finds PARKED or SILENT changes the state and takes `lock` before it
//! notifies, so the owner is by then either waiting, and hears it, or has yet to look. A bell is heard by who
//! waits, and else by whoever looks next. So the owner, once it is the only one that can look, asks whether it
//! is still AWAY: what was left before that it sees, and a bell that is rung after that is its own. Where the
//! owner has come back meanwhile, somebody's next wait ends at once, for nothing, once.
//!
//! Who is SILENT is counted as such, and whoever takes it out of that state counts it as woken: see
//! [`census`]. It is so without a deadline, and with one at which it will do nothing to others.

use crate::platform;
use crate::platform::atomic::{AtomicU8, AtomicU32, Ordering};
use crate::platform::census;
use crate::platform::clock::{self, Instant};
use crate::platform::readiness::Bell;
use crate::platform::sync::{Condvar, Mutex, OnceLock};
use std::sync::Arc;
use std::task::Wake;

const EMPTY: u8 = 0;
const PARKED: u8 = 1;
const ROUSED: u8 = 2;
const NOTIFIED: u8 = 3;
const AWAY: u8 = 4;
const SILENT: u8 = 5;

/// What ended a sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wakeup {
    /// The notification, which is taken by this.
    Notified,
    /// A call to look at the deadline again.
    Roused,
    /// The deadline.
    TimedOut,
}

/// One thread's place to sleep. Only the owning thread parks; any thread may unpark.
#[derive(Debug)]
pub(crate) struct Parker {
    /// See the table in the module.
    state: AtomicU8,
    /// Held from the last look at the state until the sleep has begun.
    lock: Mutex<()>,
    /// Where the owner sleeps.
    wake: Condvar,
    /// Ends the waits of `park_at`. Set before the first.
    bell: OnceLock<Arc<Bell>>,
    /// How many waits in a row have ended only when the owner had let other threads run. Of the owner alone, as
    /// is the next.
    crowded: AtomicU32,
    /// At how many of these the owner sleeps without a look.
    patience: AtomicU32,
}

impl Parker {
    /// So many waits must have ended after a yield before the owner sleeps to be placed anew.
    const LEAST_PATIENCE: u32 = 16;
    /// At most so many, where that has never helped.
    const MOST_PATIENCE: u32 = 128;

    /// A parker that holds no notification.
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            lock: Mutex::new(()),
            wake: Condvar::new(),
            bell: OnceLock::new(),
            crowded: AtomicU32::new(0),
            patience: AtomicU32::new(Self::LEAST_PATIENCE),
        }
    }

    /// Looks for a moment whether a notification comes: two threads that answer one another need not go to
    /// sleep for it, which costs a hundred times as much. Then sleeps until notified.
    ///
    /// Threads that answer one another and have come to be on one processor stay there as long as they only
    /// yield, whether or not another is idle: the system moves none that has run a moment ago, but it chooses anew
    /// when it wakes one. So where waits end only after a yield, time and again, the owner sleeps once without a
    /// look; if that does not help, half as often the next time. It halved the time of a value from four threads
    /// to one without a buffer.
    ///
    /// Whether it looks or not, and how a look ends, is a matter of time alone: it always ends in `park`, which
    /// takes the notification.
    pub(crate) fn park_soon(&self) {
        let before @ (crowded, patience) =
            (self.crowded.load(Ordering::Relaxed), self.patience.load(Ordering::Relaxed));
        let after = if crowded >= patience {
            (0, (patience * 2).min(Self::MOST_PATIENCE))
        } else {
            match platform::await_briefly(|| self.is_notified()) {
                Some(0) => (0, (patience / 2).max(Self::LEAST_PATIENCE)),
                Some(_) => (crowded + 1, patience),
                None => (0, patience),
            }
        };
        // Seldom, so as to leave the cache line of the state to whoever notifies.
        if after != before {
            self.crowded.store(after.0, Ordering::Relaxed);
            self.patience.store(after.1, Ordering::Relaxed);
        }
        self.park();
    }

    /// Whether the owner sleeps in a wait that a bell ends, or is about to.
    pub(super) fn is_away(&self) -> bool {
        self.state.load(Ordering::Relaxed) == AWAY
    }

    /// Whether a notification waits: then `park` would not sleep.
    pub(crate) fn is_notified(&self) -> bool {
        // Relaxed: `park` takes it, and acquires.
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Sleeps until notified. Returns at once where a notification waits already.
    pub(crate) fn park(&self) {
        self.park_silently_until(None);
    }

    /// Sleeps until notified or until `deadline`; says whether it was notified. The owner does nothing by
    /// itself when the time is up, but for going away, say: meanwhile it counts as silent.
    pub(crate) fn park_silently_until(&self, deadline: Option<Instant>) -> bool {
        self.park_over_calls(|| self.park_as(SILENT, deadline))
    }

    /// Sleeps until notified or until `deadline`; says whether it was notified.
    pub(crate) fn park_until(&self, deadline: Option<Instant>) -> bool {
        self.park_over_calls(|| self.park_rousable(deadline))
    }

    /// Sleeps on over calls to look at the deadline.
    fn park_over_calls(&self, park: impl Fn() -> Wakeup) -> bool {
        loop {
            match park() {
                Wakeup::Notified => return true,
                Wakeup::TimedOut => return false,
                Wakeup::Roused => {}
            }
        }
    }

    /// Sleeps until notified, roused, or until `deadline`; says which.
    pub(crate) fn park_rousable(&self, deadline: Option<Instant>) -> Wakeup {
        self.park_as(if deadline.is_some() { PARKED } else { SILENT }, deadline)
    }

    fn park_as(&self, asleep: u8, deadline: Option<Instant>) -> Wakeup {
        if let Some(wakeup) = self.take() {
            return wakeup;
        }
        if self.state.compare_exchange(EMPTY, asleep, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return self.take().expect("only the owner takes what is left for it");
        }
        let mut look = None;
        if asleep == SILENT {
            census::fall_silent();
            // Not under the lock: whoever finds that everything is asleep has a lot to say.
            look = if census::is_watched() { census::look(0) } else { None };
        }
        let mut looks = 0;
        let mut guard = self.lock.lock();
        loop {
            if let Some(wakeup) = self.take() {
                return wakeup;
            }
            let look_at = look.map(|pause| clock::now() + pause);
            let until = match (deadline, look_at) {
                (Some(deadline), Some(look_at)) => Some(deadline.min(look_at)),
                (deadline, look_at) => deadline.or(look_at),
            };
            let timed_out = match until {
                Some(until) => self.wake.wait_until(&mut guard, until).timed_out(),
                None => {
                    self.wake.wait(&mut guard);
                    false
                }
            };
            if !timed_out {
                continue;
            }
            if until == deadline {
                let before = self.state.swap(EMPTY, Ordering::Acquire);
                if before == SILENT {
                    census::wake_silent();
                }
                // A notifier may have come in between: what it left is then taken here.
                return Self::wakeup(before).unwrap_or(Wakeup::TimedOut);
            }
            drop(guard);
            looks += 1;
            look = census::look(looks);
            guard = self.lock.lock();
        }
    }

    /// As [`park_rousable`](Self::park_rousable), in `wait`, which `bell` ends. A parker always gets the
    /// same bell.
    ///
    /// Others may hear the bell before `wait` does: once it has seen to it that nobody can any more, it must
    /// ask its argument whether it is still to wait.
    pub(crate) fn park_at(&self, bell: &Arc<Bell>, wait: impl FnOnce(&dyn Fn() -> bool)) -> Wakeup {
        debug_assert!(self.bell.get().is_none_or(|own| Arc::ptr_eq(own, bell)), "one driver for each thread");
        self.bell.get_or_init(|| bell.clone());
        if let Some(wakeup) = self.take() {
            return wakeup;
        }
        // Release: who finds AWAY finds the bell too. Pairs with the acquires in `unpark` and `rouse`.
        if self.state.compare_exchange(EMPTY, AWAY, Ordering::Release, Ordering::Relaxed).is_err() {
            return self.take().expect("only the owner takes what is left for it");
        }
        // Acquire: of no consequence, as what was left is taken below.
        wait(&|| self.state.load(Ordering::Acquire) == AWAY);
        // Acquire: as in `take`.
        Self::wakeup(self.state.swap(EMPTY, Ordering::Acquire)).unwrap_or(Wakeup::TimedOut)
    }

    /// Takes what was left for the owner, where there is something.
    fn take(&self) -> Option<Wakeup> {
        if matches!(self.state.load(Ordering::Relaxed), EMPTY | PARKED | SILENT | AWAY) {
            return None;
        }
        // A swap, not a store: a second notifier may have come since, and what it wrote before its
        // notification must be seen too. Acquire: pairs with the release in `unpark`.
        Self::wakeup(self.state.swap(EMPTY, Ordering::Acquire))
    }

    /// What a state means for a sleeper.
    fn wakeup(state: u8) -> Option<Wakeup> {
        match state {
            NOTIFIED => Some(Wakeup::Notified),
            ROUSED => Some(Wakeup::Roused),
            _ => None,
        }
    }

    /// Leaves a notification, and wakes the owner where it sleeps. At most one system call.
    pub(crate) fn unpark(&self) {
        // Release: what was written before this is seen by the owner when it returns from `park`.
        // Acquire: pairs with the release in `park_at`.
        self.end_sleep(self.state.swap(NOTIFIED, Ordering::AcqRel));
    }

    /// Has the owner look at its deadline again: one that sleeps in
    /// [`park_rousable`](Self::park_rousable) returns from it, another does when it gets there.
    pub(crate) fn rouse(&self) {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if matches!(state, ROUSED | NOTIFIED) {
                return;
            }
            // It carries nothing: what the owner is to look at is behind a lock of its own.
            // Acquire: pairs with the release in `park_at`.
            match self.state.compare_exchange_weak(state, ROUSED, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        self.end_sleep(state);
    }

    /// Wakes the owner, where `state`, which has just been replaced, says that it sleeps.
    #[inline]
    fn end_sleep(&self, state: u8) {
        #[cfg(all(test, not(any(loom, shuttle))))]
        tests::calls::count(matches!(state, PARKED | SILENT | AWAY));
        match state {
            AWAY => return self.bell.get().expect("set before").ring(),
            SILENT => census::wake_silent(),
            PARKED => {}
            _ => return,
        }
        // The owner is between its decision to sleep and the sleep, or asleep; see the module.
        drop(self.lock.lock());
        self.wake.notify_one();
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) mod tests {
    use super::*;
    use crate::platform::clock;
    use std::time::Duration;

    /// How often each thread has called upon the system to wake another.
    pub(crate) mod calls {
        use std::cell::Cell;

        std::thread_local! {
            static CALLS: Cell<u64> = const { Cell::new(0) };
        }

        /// This thread makes one, if so.
        pub(in crate::driver) fn count(is_made: bool) {
            let _ = CALLS.try_with(|calls| calls.set(calls.get() + u64::from(is_made)));
        }

        /// Those of this thread.
        pub(crate) fn made() -> u64 {
            CALLS.with(Cell::get)
        }
    }

    #[test]
    fn a_notification_is_kept_until_it_is_taken_and_only_once() {
        let parker = Parker::new();
        parker.unpark();
        parker.unpark();
        assert!(parker.park_until(None));
        assert!(!parker.park_until(Some(clock::now())));
    }

    #[test]
    fn a_deadline_in_the_past_returns_unnotified() {
        let past = clock::now();
        assert!(!Parker::new().park_until(Some(past)));
    }

    #[test]
    fn a_silent_sleep_ends_by_its_deadline_or_by_a_notification() {
        let parker = Arc::new(Parker::new());
        assert!(!parker.park_silently_until(Some(clock::now() + Duration::from_millis(1))));
        parker.unpark();
        assert!(parker.park_silently_until(Some(clock::now())));
        let other = parker.clone();
        let unparks = std::thread::spawn(move || other.unpark());
        assert!(parker.park_silently_until(Some(clock::now() + Duration::from_secs(60))));
        unparks.join().unwrap();
        assert!(!parker.park_silently_until(Some(clock::now())), "it was taken");
    }

    #[test]
    fn a_call_to_look_again_is_no_notification_and_hides_none() {
        let parker = Parker::new();
        parker.rouse();
        assert!(!parker.park_until(Some(clock::now())));
        parker.rouse();
        assert_eq!(parker.park_rousable(None), Wakeup::Roused);
        parker.unpark();
        parker.rouse();
        assert_eq!(parker.park_rousable(None), Wakeup::Notified);
        parker.rouse();
        parker.unpark();
        assert_eq!(parker.park_rousable(None), Wakeup::Notified);
        assert_eq!(parker.park_rousable(Some(clock::now())), Wakeup::TimedOut);
    }

    /// Often enough for waits of every kind: that end at a look, after a yield, and by a sleep without a look.
    #[test]
    fn two_threads_that_look_first_answer_one_another() {
        let here = Arc::new(Parker::new());
        let there = Arc::new(Parker::new());
        let other = std::thread::spawn({
            let (here, there) = (here.clone(), there.clone());
            move || {
                for _ in 0..10_000 {
                    there.park_soon();
                    here.unpark();
                }
            }
        });
        for _ in 0..10_000 {
            there.unpark();
            here.park_soon();
        }
        other.join().unwrap();
        assert!(!here.is_notified() && !there.is_notified());
    }

    /// One that has waited in company many times sleeps, and is woken.
    #[test]
    fn a_wait_without_a_look_ends_by_a_notification() {
        let parker = Arc::new(Parker::new());
        parker.crowded.store(Parker::LEAST_PATIENCE, Ordering::Relaxed);
        let other = parker.clone();
        let unparks = std::thread::spawn(move || other.unpark());
        parker.park_soon();
        unparks.join().unwrap();
        assert_eq!(parker.crowded.load(Ordering::Relaxed), 0);
        assert_eq!(parker.patience.load(Ordering::Relaxed), 2 * Parker::LEAST_PATIENCE);
    }

    #[test]
    fn two_threads_wake_one_another_in_turn() {
        let here = Arc::new(Parker::new());
        let there = Arc::new(Parker::new());
        let other = std::thread::spawn({
            let (here, there) = (here.clone(), there.clone());
            move || {
                for _ in 0..10_000 {
                    there.park();
                    here.unpark();
                }
            }
        });
        for _ in 0..10_000 {
            there.unpark();
            assert!(here.park_until(Some(clock::now() + Duration::from_secs(60))));
        }
        other.join().unwrap();
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::platform::atomic::AtomicBool;

    /// One thread publishes and unparks while the other parks until it sees what was published.
    /// Without the lock in `unpark`, or with the state set to PARKED outside it, this hangs.
    #[test]
    fn no_wake_up_is_lost_between_the_decision_and_the_sleep() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let ready = Arc::new(AtomicBool::new(false));
            let other = loom::thread::spawn({
                let (parker, ready) = (parker.clone(), ready.clone());
                move || {
                    ready.store(true, Ordering::Relaxed);
                    parker.unpark();
                }
            });
            parker.park();
            assert!(ready.load(Ordering::Relaxed), "park returned without its notification");
            other.join().unwrap();
        });
    }

    /// Two notifiers, one sleeper that parks twice at most: one notification may stand for both.
    #[test]
    fn two_notifiers_leave_no_sleeper_behind() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let flags = [Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false))];
            let threads: Vec<_> = flags
                .iter()
                .map(|flag| {
                    let (parker, flag) = (parker.clone(), flag.clone());
                    loom::thread::spawn(move || {
                        flag.store(true, Ordering::Relaxed);
                        parker.unpark();
                    })
                })
                .collect();
            while !flags.iter().all(|flag| flag.load(Ordering::Relaxed)) {
                parker.park();
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}
