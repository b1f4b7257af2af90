//! The thread that finds workers which are stuck in a poll.
//!
//! A CPU loop, `std::thread::sleep`, a blocking read: while a routine does such a thing, its worker
//! runs nobody else, polls no driver, and hides what is in its next slot. So every few milliseconds
//! the monitor looks at the workers' pulses. A worker that is in the same poll as at the last look is
//! *late*:
//! - what is in its next slot, and in its queues, goes into the injector: others take from its queues only when
//!   they have nothing else, and a program may keep them busy for as long as this poll lasts;
//! - where it starts many it is a burst, else it is none any more: see [`queue`](super::queue);
//! - while anything waits to run, or a timer is due, a sleeper is woken for it; where nobody sleeps
//!   or searches, the late worker's place goes to a spare thread. But not that of a worker that starts one routine
//!   after another in its poll, while another worker is brisk: it uses its processor, and what it starts is run. A
//!   third thread on two processors would take from both;
//! - a sleeper is made to keep the time and the sources of I/O, where the late worker did: see
//!   [`driver`](crate::driver).
//!
//! It looks again sooner while somebody is in a poll that may turn out to be a long one: see [`SUSPICIOUS`]; and
//! does not sleep over it while a timer is overdue: see [`OVERDUE`].
//!
//! Workers that are busy but not late are asked to look at the driver, so that timers are served in
//! time also by workers whose polls take a millisecond each.
//!
//! Where nobody keeps the time, because the worker that did is awake, the monitor has a sleeper do it, and where the
//! keeper does not come for a timer that is overdue, another: see [`driver`](crate::driver). It also says whether workers are *brisk*, in which case none need sleep at the queue of
//! I/O while another runs.
//!
//! While all workers sleep, and no thread without a place is in a burst, the monitor sleeps too, so that an idle program
//! uses no CPU:
//! - M1. it says that it dozes; M2. a `SeqCst` fence; M3. it looks whether all still sleep; M4. parks.
//! - A worker that wakes: it counts itself as awake; a `SeqCst` fence; it looks whether the monitor
//!   dozes, and if so unparks it.
//!
//! One of the two fences comes first, so either M3 sees the worker awake or the worker sees the doze. (A burst is not begun
//! while it dozes: who says so is a worker that is awake, or the monitor.)

use super::Scheduler;
use super::queue::Remote;
use crate::driver::parker::Parker;
use crate::platform::atomic::{AtomicBool, Ordering, fence};
use crate::platform::{census, clock, thread};
use crate::task::report;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks, ordinarily. A poll that one look finds and the next finds again makes its worker late.
const QUIET: Duration = Duration::from_millis(4);
/// The next look, after one that found somebody in a poll: but not twice in a row, lest a busy program be
/// looked at all the time. So a worker is late 1 to 5 ms after the beginning of its poll.
const SUSPICIOUS: Duration = Duration::from_millis(1);
/// A timer for which nobody came in so long tells of a poll that is long already. Where every processor is
/// computing, a sleep of the monitor's may itself take many milliseconds: it makes sure at once.
const OVERDUE: Duration = Duration::from_millis(2);
/// A poll is as good as stuck, then, that goes on for so long under the monitor's eyes.
const GLANCE: Duration = Duration::from_micros(50);
/// A worker is brisk whose polls have taken less than this since the last look, on average, and whatever it did in
/// between: about what it takes to wake a thread.
const BRISK: Duration = Duration::from_micros(16);
/// Looks that find everybody asleep before the monitor dozes: a program that pauses for a moment
/// should not pay for a wake-up of the monitor each time.
const IDLE_TICKS: u32 = 8;

/// How the monitor is reached.
#[derive(Debug)]
pub(super) struct Monitor {
    /// Where it sleeps.
    parker: Parker,
    /// It sleeps until a worker wakes, not until the next tick.
    dozes: AtomicBool,
}

impl Monitor {
    pub(super) fn new() -> Self {
        Self { parker: Parker::new(), dozes: AtomicBool::new(false) }
    }

    /// Wakes it if it dozes. The caller has just passed a `SeqCst` fence.
    #[inline]
    pub(super) fn rouse(&self) {
        if self.dozes.load(Ordering::Relaxed) && self.dozes.swap(false, Ordering::Relaxed) {
            self.parker.unpark();
        }
    }

    /// Wakes it whatever it does: for a shutdown.
    pub(super) fn wake(&self) {
        self.parker.unpark();
    }

    /// M1 to M4. `nothing` says whether all sleep, and nothing is to be looked after.
    fn doze(&self, nothing: impl Fn() -> bool) {
        self.dozes.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst); // Pairs with the one in `Scheduler::rouse_monitor`.
        if nothing() {
            self.parker.park();
        }
        self.dozes.store(false, Ordering::Relaxed);
    }
}

/// Starts the monitor's thread.
pub(super) fn start(scheduler: &Arc<Scheduler>) -> io::Result<()> {
    *scheduler.threads.lock() += 1;
    let clone = scheduler.clone();
    let started = thread::Builder::new()
        .name(format!("{}-monitor", scheduler.settings.name))
        .spawn(move || watch(&clone));
    if let Err(error) = started {
        scheduler.thread_ends();
        return Err(error);
    }
    Ok(())
}

fn watch(scheduler: &Arc<Scheduler>) {
    let _resident = census::resident();
    let mut seen = Vec::new();
    let mut idle_ticks = 0;
    let mut pause = QUIET;
    while !scheduler.is_dead() {
        scheduler.monitor.parker.park_until(Some(clock::now() + pause));
        // Also where all sleep: it is a sleeper that does not come.
        let overdue = overdue(scheduler, OVERDUE);
        scheduler.driver.keep_time(overdue);
        if all_rest(scheduler) {
            pause = QUIET;
            idle_ticks += 1;
            if idle_ticks >= IDLE_TICKS {
                scheduler.monitor.doze(|| all_rest(scheduler) && !scheduler.is_dead());
                idle_ticks = 0;
            }
        } else {
            idle_ticks = 0;
            // Those for which no thread could be had when they became free.
            let _refused = scheduler.fill_places();
            let mut in_polls = look(scheduler, &mut seen, pause);
            if in_polls && overdue {
                thread::linger(GLANCE);
                in_polls = look(scheduler, &mut seen, GLANCE);
            }
            pause = if in_polls && pause == QUIET { SUSPICIOUS } else { QUIET };
        }
    }
    scheduler.thread_ends();
}

/// Whether there is nobody to look after.
fn all_rest(scheduler: &Scheduler) -> bool {
    scheduler.idle.all_asleep() && !scheduler.queues.somebody_bursts()
}

/// What a look sees of a worker.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    /// Its pulse.
    pulse: u64,
    /// The routines that it had started.
    spawned: u64,
}

/// One look at the workers. `seen` is what the last one saw, `pause` ago. Says whether somebody is in a poll
/// that the last look had not seen.
pub(super) fn look(scheduler: &Arc<Scheduler>, seen: &mut Vec<Seen>, pause: Duration) -> bool {
    let mut late = Vec::new();
    let (mut in_polls, mut brisk) = (false, false);
    // So many things in this time are many.
    let least = if cfg!(shuttle) { 0 } else { pause.as_nanos() };
    let many = |number: u64| u128::from(number) * BRISK.as_nanos() > least;
    for (index, remote) in scheduler.queues.remotes().enumerate() {
        if index == seen.len() {
            seen.push(Seen::default());
        }
        let own = &remote.own;
        let (pulse, spawned) = (own.pulse.load(Ordering::Relaxed), own.tally.spawned.load(Ordering::Relaxed));
        let before = std::mem::replace(&mut seen[index], Seen { pulse, spawned });
        if pulse % 2 == 1 && pulse == before.pulse {
            let bursts = many(spawned.wrapping_sub(before.spawned));
            remote.bursts.store(bursts, Ordering::Relaxed);
            scheduler.clear_out(remote);
            if remote.placed.load(Ordering::Relaxed) {
                late.push((remote, pulse, bursts));
            }
        } else {
            in_polls |= pulse % 2 == 1;
            remote.look_at_driver.store(true, Ordering::Relaxed);
        }
        // Two for each poll.
        brisk |= many(pulse.wrapping_sub(before.pulse) / 2);
    }
    scheduler.driver.set_brisk(brisk);
    if late.is_empty() {
        return in_polls;
    }
    scheduler.driver.attend();
    if scheduler.queues.is_empty() && !overdue(scheduler, Duration::ZERO) {
        return in_polls;
    }
    scheduler.notify();
    if scheduler.idle.all_busy() {
        for (remote, pulse, bursts) in late {
            if brisk && bursts {
                continue;
            }
            // Starting a thread takes a while: it may have come back meanwhile.
            if remote.own.pulse.load(Ordering::Relaxed) == pulse {
                relieve(scheduler, remote);
            }
        }
    }
    in_polls
}

/// Whether the next timer was due so long ago.
fn overdue(scheduler: &Scheduler, by: Duration) -> bool {
    let due = scheduler.driver.next_deadline();
    due.is_some_and(|due| clock::now().checked_duration_since(due).is_some_and(|since| since >= by))
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::scheduler::idle::Idle;

    /// The only worker wakes while the monitor is about to doze, and stays awake: the monitor must not sleep
    /// on. Mutations that must hang: no fence on either side; no second look at the workers.
    #[test]
    fn a_worker_that_wakes_rouses_the_monitor() {
        loom::model(|| {
            let world = Arc::new((Idle::new(1), Monitor::new()));
            world.0.fall_asleep(0, false);
            let worker = loom::thread::spawn({
                let world = world.clone();
                move || {
                    assert!(!world.0.wake_up(0), "nobody took it off the list");
                    // `Scheduler::rouse_monitor`.
                    fence(Ordering::SeqCst);
                    world.1.rouse();
                }
            });
            let (idle, monitor) = &*world;
            monitor.doze(|| idle.all_asleep());
            worker.join().unwrap();
        });
    }
}

/// Gives a late worker's place to another thread, and reports whose poll it was in.
fn relieve(scheduler: &Arc<Scheduler>, late: &Remote) {
    let id = late.own.current.load(Ordering::Relaxed);
    let living = if report::IS_ON { scheduler.registry.find(id) } else { None };
    if scheduler.relieve(late) {
        // Once more, now that nothing is put there any more: see `Worker::take_back`. While all others sleep, the
        // monitor does not look.
        scheduler.clear_out(late);
        if let Some(living) = living {
            report::late(living.who());
        }
    }
}
