//! What threads do while they have nothing to run: sleep, and keep the time.
//!
//! - [`parker`]: one thread's place to sleep until it is woken or a deadline passes.
//! - [`timer`]: wakers with a deadline.
//!
//! # The timekeeper
//! Of the threads that are parked here one, the *keeper*, sleeps no longer than to the next deadline;
//! the others sleep without one. So a deadline wakes one thread, and where there are no timers nobody
//! ever wakes for the time.
//!
//! Parking:
//! 1. Take `watch`. Where there is no keeper, become it; else join `sleepers`.
//! 2. As the keeper, under `watch`: read the next tick and note it as *armed*, in one go under the lock of
//!    the timers.
//! 3. Sleep, the keeper until the armed tick.
//! 4. Notified: leave (below), and return to the scheduler. Roused, or the time is up: again from 2; if
//!    timers are due by then, fire them, leave and return.
//!
//! Leaving: take `watch`; if the thread is the keeper, the sleeper that parked first becomes it, and the
//! timers are armed for it as in 2. If there are any it is roused, and goes on at step 2; if not, it sleeps
//! rightly already. Where there is no sleeper, the timers are disarmed.
//!
//! Leaving for a moment ([`Driver::park_again_soon`]): the role stays open, and the timers are disarmed. A
//! worker that was woken for a single message most often parks again within microseconds; to rouse another
//! thread for so long would double the wake-ups of a program that has little to do. Should it stay away for
//! longer, the monitor gives the role to a sleeper ([`Driver::appoint`]).
//!
//! Inserting: insert into the wheel, and compare with the armed tick, in one go under the lock of the
//! timers. If the new tick is before it, it becomes the armed one, and the keeper is roused.
//!
//! # Invariants
//! - Under `watch`: if anybody is parked, there is a keeper, or one is away for a moment, and then a monitor
//!   is awake. The keeper sleeps no longer than to the armed tick, or somebody is about to rouse it, or has
//!   done so and it has not yet been through step 2.
//! - Without a keeper nobody sleeps for the time: the workers are busy, and fire timers by [`Driver::poll`].
//! - The lock of the timers may be taken under `watch`, never the reverse.
//!
//! # Why no deadline is slept through
//! Inserting and arming happen under one lock. If the timer was inserted first, the keeper arms for it, or
//! for an earlier one. If the keeper armed first, the inserter sees that it sleeps too long and rouses it; a
//! parker keeps that call even where its owner does not sleep yet. Should the keeper leave between the
//! comparison and the call, its heir is armed after the insertion, and the call does no harm. And whatever
//! the former keeper does next (it may compute for a second), the role has gone to a thread that sleeps, if
//! one does.
//!
//! # Rejected
//! - The keeper keeps the role while it runs: then the time depends on its polling, and a long poll
//!   delays all timers although another thread does nothing.
//! - All sleep until the next deadline: every timer wakes every thread.
//! - The armed tick follows when the earliest timer is cancelled: the keeper would have to be roused to
//!   save it one wake-up. As it is, a timer that is set and cancelled over and over, with a deadline that
//!   moves on, rouses the keeper once for each time that it sleeps, not each time.

pub(crate) mod parker;
pub(crate) mod timer;

use crate::platform::clock::Instant;
use crate::platform::sync::Mutex;
use parker::{Parker, Wakeup};
use std::sync::Arc;
use std::task::Waker;
use timer::{TimerKey, Timers};

/// See the module.
#[derive(Debug)]
pub(crate) struct Driver {
    /// The timers.
    timers: Timers,
    /// Who is parked, and who of them keeps the time.
    watch: Mutex<Watch>,
}

#[derive(Debug)]
struct Watch {
    /// The thread that keeps the time.
    keeper: Option<Arc<Parker>>,
    /// The other parked threads, in the order in which they parked.
    sleepers: Vec<Arc<Parker>>,
}

impl Watch {
    fn is_keeper(&self, parker: &Arc<Parker>) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| Arc::ptr_eq(keeper, parker))
    }
}

impl Driver {
    /// A driver without timers.
    pub(crate) fn new() -> Self {
        let watch = Watch { keeper: None, sleepers: Vec::new() };
        Self { timers: Timers::new(), watch: Mutex::new(watch) }
    }

    /// Sleeps until `parker` is unparked, or, where this thread keeps the time, until timers have fired;
    /// says whether it was unparked. `parker` must be the calling thread's own.
    pub(crate) fn park(&self, parker: &Arc<Parker>) -> bool {
        let notified = self.sleep(parker);
        self.leave(parker);
        notified
    }

    /// As [`park`](Self::park), for a thread that is going to park again within a moment most often: it hands
    /// its role to nobody. Until it parks again [`appoint`](Self::appoint) must be called now and then.
    pub(crate) fn park_again_soon(&self, parker: &Arc<Parker>) -> bool {
        let notified = self.sleep(parker);
        self.leave_for_a_moment(parker);
        notified
    }

    /// Where nobody keeps the time and there are timers, has a sleeper do it.
    pub(crate) fn appoint(&self) {
        if self.timers.next_tick().is_none() {
            return;
        }
        let mut watch = self.watch.lock();
        if watch.keeper.is_some() || watch.sleepers.is_empty() {
            return;
        }
        let heir = watch.sleepers.remove(0);
        watch.keeper = Some(heir.clone());
        drop(watch);
        // It goes through step 2, and arms.
        heir.rouse();
    }

    /// Steps 1 to 4 of parking.
    fn sleep(&self, parker: &Arc<Parker>) -> bool {
        self.enter(parker);
        loop {
            let armed = self.arm(parker);
            // Not to fall asleep over what is due already spares the system call.
            if armed.is_some() && self.timers.fire() > 0 {
                break false;
            }
            match parker.park_rousable(armed.and_then(|tick| self.timers.instant(tick))) {
                Wakeup::Notified => break true,
                Wakeup::Roused | Wakeup::TimedOut => {}
            }
        }
    }

    /// Wakes what is due without sleeping; says how many that were. At most a load and a look at the
    /// clock where nothing is due.
    pub(crate) fn poll(&self) -> usize {
        self.timers.fire()
    }

    /// By when [`poll`](Self::poll) has something to do; where timers were cancelled, perhaps earlier.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_tick().and_then(|tick| self.timers.instant(tick))
    }

    /// How many timers there are.
    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Adds a timer that wakes `waker` once `deadline` has passed: never before.
    pub(crate) fn insert(&self, deadline: Instant, waker: Waker) -> TimerKey {
        let (key, hurry) = self.timers.insert(deadline, waker);
        if hurry {
            let keeper = self.watch.lock().keeper.clone();
            if let Some(keeper) = keeper {
                keeper.rouse();
            }
        }
        key
    }

    /// Has the timer wake `waker` from now on. `false` if it has fired or was cancelled.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: &Waker) -> bool {
        self.timers.set_waker(key, waker)
    }

    /// Takes the timer away. `false` if it has fired or was cancelled before.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        self.timers.cancel(key)
    }

    /// Step 1 of parking.
    fn enter(&self, parker: &Arc<Parker>) {
        let mut watch = self.watch.lock();
        if watch.keeper.is_none() {
            watch.keeper = Some(parker.clone());
        } else {
            watch.sleepers.push(parker.clone());
        }
    }

    /// Step 2 of parking: until when to sleep.
    fn arm(&self, parker: &Arc<Parker>) -> Option<u64> {
        let watch = self.watch.lock();
        if watch.is_keeper(parker) { self.timers.arm() } else { None }
    }

    /// Takes this thread out of the watch; where it has the role, nobody has it then.
    fn leave_for_a_moment(&self, parker: &Arc<Parker>) {
        let mut watch = self.watch.lock();
        if watch.is_keeper(parker) {
            watch.keeper = None;
            self.timers.disarm();
        } else {
            watch.sleepers.retain(|sleeper| !Arc::ptr_eq(sleeper, parker));
        }
    }

    /// Takes this thread out of the watch, and hands the role on where it has it.
    fn leave(&self, parker: &Arc<Parker>) {
        let mut watch = self.watch.lock();
        if !watch.is_keeper(parker) {
            watch.sleepers.retain(|sleeper| !Arc::ptr_eq(sleeper, parker));
            return;
        }
        if watch.sleepers.is_empty() {
            watch.keeper = None;
            self.timers.disarm();
            return;
        }
        let heir = watch.sleepers.remove(0);
        watch.keeper = Some(heir.clone());
        let next = self.timers.arm();
        drop(watch);
        if next.is_some() {
            heir.rouse();
        }
    }
}

#[cfg(test)]
mod tests;
