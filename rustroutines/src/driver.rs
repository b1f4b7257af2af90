//! What threads do while they have nothing to run: sleep, keep the time, and wait for the system.
//!
//! - [`parker`]: one thread's place to sleep until it is woken or a deadline passes.
//! - [`timer`]: wakers with a deadline.
//! - [`io`]: sources of I/O, and the queue in which the system says what became of them.
//! - [`readiness`]: what is known of one source, and who waits for it.
//! - `source`: one source, and how an operation on it is polled.
//! - `faults`: what goes wrong, for tests.
//!
//! # The keeper
//! Of the threads that are parked here one, the *keeper*, sleeps no longer than to the next deadline, and
//! as long as there are sources of I/O it sleeps in the system's queue. The others sleep without a deadline. So a
//! deadline or an event wakes one thread, and where there are no timers nobody ever wakes for the time.
//!
//! Parking:
//! 1. Take `watch`. Where there is no keeper, become it; else join `sleepers`.
//! 2. As the keeper, under `watch`: read the next tick and note it as *armed*, in one go under the lock of
//!    the timers.
//! 3. Sleep, the keeper until the armed tick, in the system's queue where there are sources.
//! 4. Notified: leave (below), and return to the scheduler. Roused, or the time is up: again from 2; if
//!    timers are due by then, or events have come, wake whom they concern, leave and return.
//!
//! Leaving: take `watch`. If the thread is the keeper and the role is to be handed on, the sleeper that parked
//! first becomes it, the timers are armed for it as in 2, and it is roused to go on at step 2; it need not be
//! where there is nothing to keep. If not, or if there is no sleeper, the timers are disarmed.
//!
//! Inserting: insert into the wheel, and compare with the armed tick, in one go under the lock of the
//! timers. If the new tick is before it, it becomes the armed one, and the keeper is roused.
//!
//! A source of I/O that comes where there was none rouses the keeper, unless that is at the queue already.
//! When the last one goes, the keeper may stay there: to rouse it each time would cost a program that opens
//! one connection after another. Where nobody else has anything to do it leaves, so that a deadlock can be
//! told from a wait for the system: see [`census`].
//!
//! # When the role is handed on
//! To hand it on costs a switch to another thread, at each event of a server that is not busy, and at each
//! message of a program that has little to do; most often the thread that leaves will be back in a moment. So
//! it is not handed on by a worker that has a place and a monitor. Then nobody keeps until a thread parks,
//! which takes the role, and meanwhile:
//! - workers that run look at the timers and at the queue every few dozen tasks, and whenever the monitor
//!   asks them to, every few milliseconds;
//! - if there are timers, the monitor makes a sleeper the keeper when it next looks
//!   ([`Driver::keep_time`]);
//! - when a worker is stuck in a poll, it does so for the sake of I/O too, or looks itself where nobody sleeps
//!   ([`Driver::attend`]).
//!
//! All others hand on: a thread that blocks in a poll and has no place, and everybody where there is no
//! monitor (any more).
//!
//! # When the role is not taken
//! A worker that parks at the queue while another is in the midst of events is woken by the next event, alone,
//! although the other would take it in a moment together with many: two switches of threads for each event,
//! and where there are no more processors than threads, at the cost of who sends them. So while the workers
//! are *brisk*, one poll after another, each shorter than it takes to wake a thread, whoever parks while
//! another is awake does not become the keeper. The other looks at the timers and at the queue soon, has a sleeper take a
//! part of what it finds there, and becomes the keeper where it is the last to park. The monitor says who is
//! brisk; when they cease to be, and nobody keeps, it makes a sleeper the keeper at once.
//!
//! # When the role is taken away
//! The system may not run a keeper whose time is up: while another program has its processor, say, for many
//! milliseconds, although other processors have time. The monitor finds a timer overdue then, and makes another sleeper
//! the keeper ([`Driver::keep_time`]), which the system may wake elsewhere. The former one finds that it is a
//! sleeper when it gets to step 2. Until then it may have the queue to itself: its heir waits for that, but not beyond
//! its deadline.
//!
//! # Invariants
//! - Under `watch`: if there is a keeper, it is parked. It sleeps no longer than to the armed tick, or
//!   somebody is about to rouse it, or has done so and it has not yet been through step 2.
//! - If there is no keeper, nobody is parked, or a worker under the monitor's eyes is awake: it has left the
//!   role, or it was not taken because of it.
//! - The lock of the timers may be taken under `watch`, never the reverse.
//!
//! # Why no deadline is slept through
//! Inserting and arming happen under one lock. If the timer was inserted first, the keeper arms for it, or
//! for an earlier one. If the keeper armed first, the inserter sees that it sleeps too long and rouses it; a
//! parker keeps that call even where its owner does not sleep yet. Should the keeper leave between the
//! comparison and the call, its heir is armed after the insertion, and the call does no harm; where there is
//! no heir, see above. And whatever the former keeper does next (it may compute for a second), the role has
//! gone to a thread that sleeps, if one does, or goes to one when the monitor finds it late.
//!
//! # Why no event is slept through
//! An event stays in the system's queue until somebody takes it out, and whoever does tells its source. So it
//! is enough that somebody looks: the keeper, which sleeps nowhere else; or, where nobody keeps, those named
//! above. Whoever registers the first source counts it, and then looks for the keeper under `watch`; the keeper
//! looks at the count after it has been under `watch` in step 2. So if the keeper came first it is roused,
//! and else it sees the source.
//!
//! # Rejected
//! - The keeper keeps the role while it runs: then the time depends on its polling, and a long poll
//!   delays all timers although another thread does nothing.
//! - The role is always handed on: two workers that take turns in serving one connection would wake one
//!   another for each message.
//! - All sleep until the next deadline: every timer wakes every thread.
//! - The armed tick follows when the earliest timer is cancelled: the keeper would have to be roused to
//!   save it one wake-up. As it is, a timer that is set and cancelled over and over, with a deadline that
//!   moves on, rouses the keeper once for each time that it sleeps, not each time.
//! - A thread of its own for I/O: each event would cost a switch of threads.

#[cfg(not(any(loom, shuttle)))]
pub(crate) mod faults;
pub(crate) mod io;
pub(crate) mod parker;
pub(crate) mod readiness;
#[cfg(not(any(loom, shuttle)))]
pub(crate) mod source;
pub(crate) mod timer;

use crate::error::TimerError;
use crate::platform::census;
use crate::platform::clock::Instant;
use crate::platform::sync::{GlobalMutex, Mutex, MutexGuard};
use io::Reactor;
use parker::{Parker, Wakeup};
use readiness::Readiness;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Weak};
use std::task::Waker;
use timer::{TimerKey, Timers};

/// See the module.
#[derive(Debug)]
pub(crate) struct Driver {
    /// The timers.
    timers: Timers,
    /// Sources of I/O.
    io: Reactor,
    /// Who is parked, and who of them keeps the time.
    watch: Mutex<Watch>,
}

#[derive(Debug)]
struct Watch {
    /// The thread that keeps the time.
    keeper: Option<Arc<Parker>>,
    /// The other parked threads, in the order in which they parked.
    sleepers: Vec<Arc<Parker>>,
    /// A monitor finds the workers that are late.
    monitored: bool,
    /// It has found workers that look at the queue so often that nobody else need sleep there.
    brisk: bool,
}

impl Watch {
    fn is_keeper(&self, parker: &Arc<Parker>) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| Arc::ptr_eq(keeper, parker))
    }
}

impl Driver {
    /// A driver without timers, of which there may be `max_timers` at once.
    pub(crate) fn new(max_timers: usize) -> Self {
        let watch = Watch { keeper: None, sleepers: Vec::new(), monitored: false, brisk: false };
        let timers = Timers::new(DRIVERS.lock().number(), max_timers);
        Self { timers, io: Reactor::new(), watch: Mutex::new(watch) }
    }

    /// A driver that [`find`] finds by its timers.
    pub(crate) fn shared(max_timers: usize) -> Arc<Self> {
        let driver = Arc::new(Self::new(max_timers));
        DRIVERS.lock().shared.insert(driver.timers.driver(), Arc::downgrade(&driver));
        driver
    }

    /// Sleeps until `parker` is unparked, or, where this thread is the keeper, until timers have fired or
    /// events have come; says whether it was unparked. `parker` must be the calling thread's own.
    pub(crate) fn park(&self, parker: &Arc<Parker>) -> bool {
        self.enter(parker, false);
        self.sleep(parker, false)
    }

    /// As [`park`](Self::park), for a worker that the monitor watches again as soon as this returns.
    /// `others_run`: other workers are awake, of which the last to park is told otherwise.
    pub(crate) fn park_watched(&self, parker: &Arc<Parker>, others_run: bool) -> bool {
        self.enter(parker, others_run);
        self.sleep(parker, true)
    }

    /// Steps 2 to 4 of parking.
    fn sleep(&self, parker: &Arc<Parker>, watched: bool) -> bool {
        let notified = loop {
            let keeps = self.arm(parker);
            // Not to fall asleep over what is due already spares the system call.
            if keeps.is_some_and(|armed| armed.is_some()) && self.timers.fire() > 0 {
                break false;
            }
            let mut woken = 0;
            let deadline = keeps.flatten().and_then(|tick| self.timers.instant(tick));
            let wakeup = match self.io.bell() {
                Some(bell) if keeps.is_some() && self.io.registered() > 0 => {
                    parker.park_at(bell, |waits_still| {
                        let for_events_alone = deadline.is_none().then(census::at_queue);
                        // Whoever took the last source away meanwhile may have looked before we were counted.
                        if for_events_alone.is_none() || census::has_sources() {
                            woken = self.io.wait(deadline, waits_still);
                        }
                    })
                }
                _ => parker.park_rousable(deadline),
            };
            match wakeup {
                Wakeup::Notified => break true,
                Wakeup::Roused | Wakeup::TimedOut if woken > 0 => break false,
                Wakeup::Roused | Wakeup::TimedOut => {}
            }
        };
        self.leave(parker, watched);
        notified
    }

    /// Wakes what is due without sleeping; says how many that were. At most a load and a look at the
    /// clock where nothing is due, and a system call where there are sources of I/O.
    pub(crate) fn poll(&self) -> usize {
        self.timers.fire() + self.io.poll()
    }

    /// The monitor has come by. Where nobody keeps, and there are timers that no brisk worker looks at, a sleeper
    /// does; and where the keeper has not come although the next timer is `overdue`, another sleeper.
    pub(crate) fn keep_time(&self, overdue: bool) {
        if self.timers.next_tick().is_none() {
            return;
        }
        let mut watch = self.watch.lock();
        if overdue && !watch.sleepers.is_empty() {
            if let Some(late) = watch.keeper.take() {
                watch.sleepers.push(late);
                return self.appoint(watch);
            }
        }
        if !watch.brisk {
            self.appoint(watch);
        }
    }

    /// A worker is late. A sleeper becomes the keeper where nobody keeps; where nobody sleeps either, this
    /// looks for events.
    pub(crate) fn attend(&self) {
        let watch = self.watch.lock();
        if watch.keeper.is_none() && watch.sleepers.is_empty() {
            drop(watch);
            self.io.poll();
            return;
        }
        self.appoint(watch);
    }

    /// Whether a monitor calls [`attend`](Self::attend) from now on.
    pub(crate) fn set_monitored(&self, monitored: bool) {
        let mut watch = self.watch.lock();
        watch.monitored = monitored;
        if !monitored {
            self.appoint(watch);
        }
    }

    /// Whether there are workers that run one short poll after another: see the module. Where there are no
    /// sources of I/O that makes no difference.
    pub(crate) fn set_brisk(&self, brisk: bool) {
        let mut watch = self.watch.lock();
        watch.brisk = brisk && self.waits_for_io();
        if !watch.brisk {
            self.appoint(watch);
        }
    }

    /// Whether there are sources of I/O: then work comes from the system's queue, and a thread without any had
    /// better wait there, or let another program have the processor that is to answer, than look for some.
    pub(crate) fn waits_for_io(&self) -> bool {
        self.io.registered() > 0
    }

    /// How many sources of I/O are registered.
    pub(crate) fn io_sources(&self) -> usize {
        self.io.registered()
    }

    /// Ends all I/O that waits with an error, and all that will.
    pub(crate) fn shut_io_down(&self) {
        self.io.shut_down();
    }

    /// By when [`poll`](Self::poll) has something to do; where timers were cancelled, perhaps earlier.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_tick().and_then(|tick| self.timers.instant(tick))
    }

    /// How many timers there are.
    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Timers that were refused.
    pub(crate) fn refused_timers(&self) -> u64 {
        self.timers.refused()
    }

    /// Adds a timer that wakes `waker` once `deadline` has passed: never before.
    ///
    /// # Errors
    /// Where there are as many as there may be.
    pub(crate) fn insert(&self, deadline: Instant, waker: Waker) -> Result<TimerKey, TimerError> {
        let (key, hurry) = self.timers.insert(deadline, waker)?;
        if hurry {
            self.rouse_keeper();
        }
        Ok(key)
    }

    /// Numbers a source of I/O, and sees to it that somebody waits for it. The queue must have been started.
    fn seat(&self, readiness: &Arc<Readiness>) -> std::io::Result<usize> {
        let (number, is_first) = self.io.seat(readiness)?;
        if is_first {
            let keeper = self.watch.lock().keeper.clone();
            // One that is at the queue will hear of it there.
            if let Some(keeper) = keeper.filter(|keeper| !keeper.is_away()) {
                keeper.rouse();
            }
        }
        Ok(number)
    }

    /// Has the keeper leave the queue, where no source is left.
    pub(crate) fn leave_queue(&self) {
        if self.io.registered() == 0 {
            self.rouse_keeper();
        }
    }

    /// Has the keeper look again for how long to sleep, and where.
    fn rouse_keeper(&self) {
        let keeper = self.watch.lock().keeper.clone();
        if let Some(keeper) = keeper {
            keeper.rouse();
        }
    }

    /// Has the timer wake `waker` from now on. `false` if it has fired or was cancelled.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: &Waker) -> bool {
        self.timers.set_waker(key, waker)
    }

    /// Puts the timer off to a later deadline. `false`: it has fired or was cancelled, or this one is earlier.
    #[cfg(not(any(loom, shuttle)))]
    fn put_off(&self, key: TimerKey, deadline: Instant) -> bool {
        self.timers.put_off(key, deadline)
    }

    /// Whether no timer of this deadline is left that was made before. `false`: perhaps.
    pub(crate) fn is_out(&self, deadline: Instant) -> bool {
        self.timers.is_out(deadline)
    }

    /// Whether this is the driver of a timer.
    pub(crate) fn has_made(&self, key: TimerKey) -> bool {
        self.timers.driver() == key.driver()
    }

    /// Takes the timer away. `false` if it has fired or was cancelled before.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        self.timers.cancel(key)
    }

    /// Step 1 of parking.
    fn enter(&self, parker: &Arc<Parker>, others_run: bool) {
        let mut watch = self.watch.lock();
        let is_seen_to = others_run && watch.brisk && watch.monitored;
        if watch.keeper.is_none() && !is_seen_to {
            watch.keeper = Some(parker.clone());
        } else {
            watch.sleepers.push(parker.clone());
        }
    }

    /// Step 2 of parking. For the keeper: the tick until which to sleep, if there is one.
    fn arm(&self, parker: &Arc<Parker>) -> Option<Option<u64>> {
        let watch = self.watch.lock();
        watch.is_keeper(parker).then(|| self.timers.arm())
    }

    /// Takes this thread out of the watch, and hands the role on where it has it and that is called for.
    fn leave(&self, parker: &Arc<Parker>, watched: bool) {
        let mut watch = self.watch.lock();
        if !watch.is_keeper(parker) {
            watch.sleepers.retain(|sleeper| !Arc::ptr_eq(sleeper, parker));
            return;
        }
        watch.keeper = None;
        let is_seen_to = watched && watch.monitored;
        if is_seen_to || watch.sleepers.is_empty() {
            self.timers.disarm();
        } else {
            self.appoint(watch);
        }
    }

    /// Makes the first sleeper the keeper, where there is one and nobody keeps.
    fn appoint(&self, mut watch: MutexGuard<'_, Watch>) {
        if watch.keeper.is_some() || watch.sleepers.is_empty() {
            return;
        }
        let heir = watch.sleepers.remove(0);
        watch.keeper = Some(heir.clone());
        let next = self.timers.arm();
        drop(watch);
        if next.is_some() || self.io.registered() > 0 {
            heir.rouse();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let gone = DRIVERS.lock().shared.remove(&self.timers.driver());
        drop(gone);
    }
}

/// The driver whose timer this is, if it is still there. Slow: for who is on another.
#[cold]
pub(crate) fn find(key: TimerKey) -> Option<Arc<Driver>> {
    DRIVERS.lock().shared.get(&key.driver()).and_then(Weak::upgrade)
}

/// The drivers of this process.
struct Drivers {
    /// The number of the latest.
    latest: u32,
    /// Those that can be found.
    shared: BTreeMap<NonZeroU32, Weak<Driver>>,
}

static DRIVERS: GlobalMutex<Drivers> = GlobalMutex::new(Drivers { latest: 0, shared: BTreeMap::new() });

impl Drivers {
    /// A number that no other driver has.
    fn number(&mut self) -> NonZeroU32 {
        loop {
            self.latest = self.latest.wrapping_add(1);
            // The greatest stands for none: see `TimerKey::NONE`.
            let free = |number: &NonZeroU32| *number != NonZeroU32::MAX && !self.shared.contains_key(number);
            if let Some(number) = NonZeroU32::new(self.latest).filter(free) {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests;
