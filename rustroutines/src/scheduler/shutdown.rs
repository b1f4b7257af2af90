//! The end of a scheduler, in order.
//!
//! 1. DRAINING: nothing new is accepted. Routines run on until the deadline or until none is left.
//! 2. The registry is closed: from here on nobody is seated, so what is alive now is all there is. Who is
//!    still alive is a straggler, has the order to end at its next poll, and is woken for it.
//! 3. The workers go on, and give the stragglers that poll. It drops them, so their destructors run as
//!    everything of a routine does: one that blocks is relieved, and may wait for another straggler's.
//!    A straggler that is still in the poll which it was in when the order came, after a while, is *stuck*,
//!    and not waited for.
//! 4. DEAD: the workers stop, and I/O that waits ends with an error. Whatever is queued from here on (by a
//!    routine that was stuck, and suspends at last) gets its last poll from whoever queues it.
//! 5. The threads end, but those that are stuck. Nor does a worker that shuts down its own scheduler wait
//!    for any thread: it is one of them.
//!
//! Where no worker is left (all are stuck, and no more threads can be had), the thread that shuts down
//! gives the last polls itself. Destructors run under no lock.
//!
//! A task that is queued while the phase changes is not forgotten: its pusher pushes, passes a
//! `SeqCst` fence and looks at the phase; the shutdown sets the phase, passes a fence and empties the
//! queues. One of the two sees the other.
//!
//! # Waiting
//! Everything that a shutdown waits for is [`News`]: that a thread has ended, or that nobody is left in the
//! block of the registry that was asked for. Routines that end elsewhere tell nobody: a shutdown asks for
//! one block after the other.
//!
//! Rejected: the stragglers are dropped by the thread that shuts down. One whose destructor waits for
//! another straggler would wait for ever.

use super::{DEAD, DRAINING, Scheduler, worker};
use crate::platform::atomic::{Ordering, fence};
use crate::platform::clock::{self, Instant};
use crate::platform::sync::{Condvar, Mutex};
use crate::task::registry::Living;
use std::cell::Cell;
use std::task::Waker;
use std::time::Duration;

/// A routine that had not ended at the deadline.
#[derive(Debug)]
pub(crate) struct Straggler {
    /// Who it is.
    pub(crate) who: Living,
    /// It was inside one and the same poll for as long as the shutdown waited for it.
    pub(crate) stuck: bool,
}

/// What a shutdown found unfinished.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    /// Routines that had not ended at the deadline.
    pub(crate) stragglers: Vec<Straggler>,
    /// Jobs of the blocking pool that were dropped, or still run.
    pub(crate) jobs: usize,
}

/// How long destructors of stragglers, and threads that are in no poll, may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// A thread that is in one and the same poll for so long is stuck, and not waited for.
const STUCK: Duration = Duration::from_millis(50);

crate::platform::thread::thread_local! {
    /// The address of the scheduler whose tasks this thread is ending already. Their destructors may
    /// queue others: the loop that runs ends those too, and the stack does not grow with a chain of them.
    static ENDING: Cell<usize> = const { Cell::new(0) };
}

/// That something has happened which a shutdown may wait for.
#[derive(Debug)]
pub(super) struct News {
    /// How often something has.
    count: Mutex<u64>,
    /// It has again.
    came: Condvar,
}

impl News {
    pub(super) fn new() -> Self {
        Self { count: Mutex::new(0), came: Condvar::new() }
    }

    /// Something has happened. What it was, was written before.
    pub(super) fn tell(&self) {
        *self.count.lock() += 1;
        self.came.notify_all();
    }

    /// Waits until `done`, which is asked again after each piece of news, or until the deadline. Says
    /// whether it is done. None is missed: what is told after `done` was asked changes the count.
    fn wait(&self, deadline: Option<Instant>, mut done: impl FnMut() -> bool) -> bool {
        loop {
            let before = *self.count.lock();
            if done() {
                return true;
            }
            let mut count = self.count.lock();
            while *count == before {
                match deadline {
                    None => self.came.wait(&mut count),
                    Some(deadline) => {
                        if self.came.wait_until(&mut count, deadline).timed_out() {
                            drop(count);
                            return done();
                        }
                    }
                }
            }
        }
    }
}

/// The polls that were going on at one moment.
struct Polls(Vec<(u64, u64)>);

impl Polls {
    fn of(scheduler: &Scheduler) -> Self {
        Self(
            scheduler
                .queues
                .remotes()
                .map(|remote| {
                    // Acquire: pairs with the release in `Worker::run`; who is in this poll was written before.
                    let pulse = remote.own.pulse.load(Ordering::Acquire);
                    (pulse, remote.own.current.load(Ordering::Relaxed))
                })
                .collect(),
        )
    }

    /// The routines that are still in the same poll.
    fn still(&self, scheduler: &Scheduler) -> Vec<u64> {
        let pulses = scheduler.queues.remotes().map(|remote| remote.own.pulse.load(Ordering::Relaxed));
        let same = self.0.iter().zip(pulses).filter(|((pulse, _), now)| pulse % 2 == 1 && pulse == now);
        same.map(|((_, routine), _)| *routine).collect()
    }
}

impl Scheduler {
    /// Shuts down. Gives what had not ended.
    pub(crate) fn shut_down(self: &std::sync::Arc<Self>, timeout: Duration) -> Leftovers {
        if self.phase.fetch_max(DRAINING, Ordering::AcqRel) == DEAD {
            return Leftovers::default();
        }
        let own = self.on_worker(|worker| worker.is_some());
        let me = self.on_worker(|worker| worker.and_then(worker::Worker::current));
        if own {
            self.on_worker(|worker| worker.map(worker::Worker::step_aside));
        }
        let deadline = clock::now().checked_add(timeout);
        let mut but: Vec<u64> = me.into_iter().collect();
        self.wait_for_routines(deadline, &but);

        let mut living = self.registry.close();
        let begin = clock::now();
        let polls = Polls::of(self);
        for living in &mut living {
            if let Some(waker) = living.waker.take() {
                waker.wake();
            }
        }
        // A worker that is in no poll (in a waker that the driver calls, say) keeps its place.
        let alone = own && me.is_none();
        self.lend_a_hand(alone, &living);
        if !self.wait_for_routines(begin.checked_add(STUCK), &but) {
            self.lend_a_hand(alone, &living);
            but.extend(polls.still(self));
            self.wait_for_routines(begin.checked_add(GRACE), &but);
        }

        self.phase.store(DEAD, Ordering::Relaxed);
        fence(Ordering::SeqCst); // Pairs with the one in `inject`.
        self.driver.set_monitored(false);
        self.driver.shut_io_down();
        self.drop_queued();
        self.queues.remotes().for_each(|remote| remote.parker.unpark());
        self.monitor.wake();
        let jobs = self.blocking.end(!timeout.is_zero(), deadline);
        if !own {
            let stuck = || polls.still(self).len();
            self.news.wait(clock::now().checked_add(GRACE), || *self.threads.lock() <= stuck());
            self.drop_queued();
        }
        living.retain(|living| Some(living.id) != me);
        let stragglers =
            living.into_iter().map(|who| Straggler { stuck: but.contains(&who.id), who }).collect();
        Leftovers { stragglers, jobs }
    }

    /// The end of a scheduler that never had a thread: nobody else does anything, so there is nothing to wait
    /// for, and no clock to wait by.
    pub(super) fn end_alone(&self) {
        let living = self.registry.close();
        self.phase.store(DEAD, Ordering::Relaxed);
        self.driver.shut_io_down();
        // Each is dropped by the call that queues it.
        living.into_iter().filter_map(|living| living.waker).for_each(Waker::wake);
        self.drop_queued();
    }

    /// Waits until nobody is alive but `but`, or until the deadline. Says whether that is so.
    fn wait_for_routines(&self, deadline: Option<Instant>, but: &[u64]) -> bool {
        let mut at = 0;
        self.news.wait(deadline, || {
            loop {
                match self.registry.ask_for_news(at, but) {
                    Some(busy) => {
                        at = busy;
                        return false;
                    }
                    None if at == 0 => return true,
                    // Somebody may have been seated in a block that was empty.
                    None => at = 0,
                }
            }
        })
    }

    /// Where nobody may be left to do it, gives every task that is queued its last poll.
    fn lend_a_hand(self: &std::sync::Arc<Self>, alone: bool, living: &[Living]) {
        if !living.is_empty() && (alone || self.fill_places().is_err()) {
            self.run_queued();
        }
    }

    /// Ends every task that is queued, where the scheduler is dead.
    pub(super) fn drop_queued(&self) {
        if self.is_dead() {
            self.run_queued();
        }
    }

    /// Runs every task that is queued. All have the order to end: this drops the routine, and tells its
    /// joiner.
    fn run_queued(&self) {
        let me = std::ptr::from_ref(self).addr();
        let outer = ENDING.try_with(|ending| ending.replace(me)).unwrap_or(0);
        if outer != me {
            while let Some(task) = self.queues.take_any() {
                worker::run_as_guest(task);
            }
        }
        let _ = ENDING.try_with(|ending| ending.set(outer));
    }

    /// A thread is about to end.
    pub(super) fn thread_ends(&self) {
        *self.threads.lock() -= 1;
        self.news.tell();
    }
}
