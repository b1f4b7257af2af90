//! The thread that finds workers which are stuck in a poll.
//!
//! A CPU loop, `std::thread::sleep`, a blocking read: while a routine does such a thing, its worker
//! runs nobody else, polls no driver, and hides what is in its next slot. So every few milliseconds
//! the monitor looks at the workers' pulses. A worker that is in the same poll as at the last look is
//! *late*:
//! - what is in its next slot goes into the injector;
//! - while anything waits to run, or a timer is due, a sleeper is woken for it; where nobody sleeps
//!   or searches, the late worker's place goes to a spare thread;
//! - a sleeper is made to keep the time and the sources of I/O, where the late worker did: see
//!   [`driver`](crate::driver).
//!
//! Workers that are busy but not late are asked to look at the driver, so that timers are served in
//! time also by workers whose polls take a millisecond each.
//!
//! While all workers sleep the monitor sleeps too, so that an idle program uses no CPU:
//! - M1. it says that it dozes; M2. a `SeqCst` fence; M3. it looks whether all still sleep; M4. parks.
//! - A worker that wakes: it counts itself as awake; a `SeqCst` fence; it looks whether the monitor
//!   dozes, and if so unparks it.
//!
//! One of the two fences comes first, so either M3 sees the worker awake or the worker sees the doze.

use super::Scheduler;
use crate::driver::parker::Parker;
use crate::platform::atomic::{AtomicBool, Ordering, fence};
use crate::platform::{clock, thread};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks. A worker is late after one to two of these.
const TICK: Duration = Duration::from_millis(3);
/// Looks that find everybody asleep before the monitor dozes: a program that pauses for a moment
/// should not pay for a wake-up of the monitor each time.
const IDLE_TICKS: u32 = 4;

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

    /// M1 to M4.
    fn doze(&self, scheduler: &Scheduler) {
        self.dozes.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst); // Pairs with the one in `Scheduler::rouse_monitor`.
        if scheduler.idle.all_asleep() && !scheduler.is_dead() {
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
    let mut pulses = Vec::new();
    let mut idle_ticks = 0;
    while !scheduler.is_dead() {
        scheduler.monitor.parker.park_until(Some(clock::now() + TICK));
        if scheduler.idle.all_asleep() {
            idle_ticks += 1;
            if idle_ticks >= IDLE_TICKS {
                scheduler.monitor.doze(scheduler);
                idle_ticks = 0;
            }
        } else {
            idle_ticks = 0;
            look(scheduler, &mut pulses);
        }
    }
    scheduler.thread_ends();
}

/// One look at the workers. `pulses` is what the last one saw.
fn look(scheduler: &Arc<Scheduler>, pulses: &mut Vec<u64>) {
    let mut late = Vec::new();
    for (index, remote) in scheduler.queues.remotes().enumerate() {
        if index == pulses.len() {
            pulses.push(0);
        }
        let pulse = remote.own.pulse.load(Ordering::Relaxed);
        if pulse % 2 == 1 && pulse == pulses[index] {
            if let Some(task) = remote.own.next.take() {
                scheduler.inject(task);
            }
            if remote.placed.load(Ordering::Relaxed) {
                late.push((remote, pulse));
            }
        } else {
            remote.look_at_driver.store(true, Ordering::Relaxed);
        }
        pulses[index] = pulse;
    }
    if late.is_empty() {
        return;
    }
    scheduler.driver.attend();
    let timer_is_due = || scheduler.driver.next_deadline().is_some_and(|deadline| deadline <= clock::now());
    if scheduler.queues.is_empty() && !timer_is_due() {
        return;
    }
    scheduler.notify();
    if scheduler.idle.all_busy() {
        for (remote, pulse) in late {
            // Starting a thread takes a while: it may have come back meanwhile.
            if remote.own.pulse.load(Ordering::Relaxed) == pulse {
                scheduler.relieve(remote);
            }
        }
    }
}
