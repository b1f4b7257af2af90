//! The end of a scheduler, in order.
//!
//! 1. DRAINING: nothing new is accepted. Routines run on until the deadline or until none is left.
//! 2. The registry is closed: from here on nobody is seated, so what is alive now is all there is.
//! 3. DEAD: I/O that waits ends with an error. Who is still alive is a straggler, and has the order to end at its next poll. Every task
//!    that is queued from here on gets that poll from whoever queues it, so waking a parked routine
//!    drops it; workers stop and do the same with what they have.
//! 4. The threads end. One that is stuck in a poll is not waited for: its routine is dropped at its
//!    next suspension, and the thread ends after that. Nor does a worker that shuts down its own
//!    scheduler wait for any thread: it is one of them.
//!
//! Destructors run on the thread that shuts down, or on the worker that had the task, under no lock.
//!
//! A task that is queued while the phase changes is not forgotten: its pusher pushes, passes a
//! `SeqCst` fence and looks at the phase; the shutdown sets the phase, passes a fence and empties the
//! queues. One of the two sees the other.

use super::{DEAD, DRAINING, Scheduler, worker};
use crate::platform::atomic::{Ordering, fence};
use crate::platform::clock;
use crate::task::registry::Living;
use std::cell::Cell;
use std::time::Duration;

/// A routine that had not ended at the deadline.
pub(crate) type Straggler = Living;

/// How often a shutdown that waits looks again by itself. Ends of routines are not announced: that
/// would cost each of them a fence.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How long threads that are in no poll, or in one after another, may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// A thread that is in one and the same poll for so long is stuck, and not waited for.
const STUCK: Duration = Duration::from_millis(50);

crate::platform::thread::thread_local! {
    /// The address of the scheduler whose tasks this thread is ending already. Their destructors may
    /// queue others: the loop that runs ends those too, and the stack does not grow with a chain of them.
    static ENDING: Cell<usize> = const { Cell::new(0) };
}

impl Scheduler {
    /// Shuts down. Gives who had to be dropped.
    pub(crate) fn shut_down(self: &std::sync::Arc<Self>, timeout: Duration) -> Vec<Straggler> {
        if self.phase.fetch_max(DRAINING, Ordering::AcqRel) == DEAD {
            return Vec::new();
        }
        let own = self.on_worker(|worker| worker.is_some());
        let me = self.on_worker(|worker| worker.and_then(worker::Worker::current));
        if own && !timeout.is_zero() {
            self.on_worker(|worker| worker.map(worker::Worker::step_aside));
        }
        let deadline = clock::now().checked_add(timeout);
        self.wait(deadline, || self.registry.is_empty_but(me));
        let mut stragglers = self.registry.close();

        self.phase.store(DEAD, Ordering::Relaxed);
        fence(Ordering::SeqCst); // Pairs with the one in `inject`.
        self.driver.set_monitored(false);
        self.driver.shut_io_down();
        self.drop_queued();
        for straggler in &mut stragglers {
            if let Some(waker) = straggler.waker.take() {
                waker.wake();
            }
        }
        stragglers.retain(|straggler| Some(straggler.id) != me);
        self.queues.remotes().for_each(|remote| remote.parker.unpark());
        self.monitor.wake();
        self.blocking.shut_down(!timeout.is_zero());
        if !own {
            self.wait_for_threads();
            self.drop_queued();
        }
        stragglers
    }

    /// Waits until every thread has ended that is not stuck in a poll.
    fn wait_for_threads(&self) {
        let begin = clock::now();
        let pulses = || self.queues.remotes().map(|remote| remote.own.pulse.load(Ordering::Relaxed));
        let first: Vec<_> = pulses().collect();
        self.wait(begin.checked_add(GRACE), || {
            let stuck = if begin.elapsed() < STUCK {
                0
            } else {
                first.iter().zip(pulses()).filter(|&(first, now)| now % 2 == 1 && now == *first).count()
            };
            *self.threads.lock() <= stuck
        });
    }

    /// Waits until `done` or the deadline.
    fn wait(&self, deadline: Option<clock::Instant>, done: impl Fn() -> bool) {
        while !done() {
            let now = clock::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return;
            }
            let until = deadline.map_or(now + LOOK_AGAIN, |deadline| deadline.min(now + LOOK_AGAIN));
            let mut threads = self.threads.lock();
            self.thread_ended.wait_until(&mut threads, until);
        }
    }

    /// Ends every task that is queued, where the scheduler is dead.
    pub(super) fn drop_queued(&self) {
        if !self.is_dead() {
            return;
        }
        let me = std::ptr::from_ref(self).addr();
        let outer = ENDING.try_with(|ending| ending.replace(me)).unwrap_or(0);
        if outer != me {
            while let Some(task) = self.queues.take_any() {
                task.run(); // It has the order to end: this drops the routine, and tells its joiner.
            }
        }
        let _ = ENDING.try_with(|ending| ending.set(outer));
    }

    /// A thread is about to end.
    pub(super) fn thread_ends(&self) {
        *self.threads.lock() -= 1;
        self.thread_ended.notify_all();
    }
}
