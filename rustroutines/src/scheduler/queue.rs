//! Where tasks wait to run.
//!
//! Four kinds of queue, each with its reason:
//! - a *deque* for each worker thread: FIFO, others steal from it in batches;
//! - a *prompt lane* for each worker thread: what time or the system has woken. It goes before the deque,
//!   though not for ever (see [`worker`](super::worker)): a timer is not to be late by all that was
//!   queued before it was due. Others steal from it like from a deque;
//! - a *next slot* for each worker thread: what a routine has just woken or spawned runs right after
//!   it, while the message between them is in the cache. Nobody is woken for it. Thieves leave it
//!   alone (moving it away from its waker is what costs); the monitor takes it from a worker that is
//!   late, and a worker that leaves its place takes it along;
//! - the *injector*, for everything that comes from outside; and an *urgent* one, which goes before it, for what
//!   was in the prompt lane of a thread that has lost its place, or is stuck. Behind what a routine has
//!   just spawned by the hundred thousand it would be late.
//!
//! Lanes belong to threads for life; that a thread has lost its place changes nothing: others steal
//! from them as before.
//!
//! The slot is one word that is exchanged, not a lock: put and take are one atomic step each. Rejected: a
//! deque for it, whose push is no atomic step. What that saves, its further instructions cost.
//!
//! Who is woken first in a poll has the slot, and who comes after it the deque. The other way round, where a routine
//! takes a value from the one before it in a chain after it has given one to the next, what comes into the chain
//! went ahead of what was on its way out: a sieve of 2,000 primes on one worker passed on 2.46 million values in 217 ms,
//! and does 2.07 million in 177 ms.

use super::Task;
use super::metrics::Recorders;
use super::topology::Plan;
use crate::driver::parker::Parker;
use crate::platform::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::platform::random;
use crate::platform::sync::OnceLock;
use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use std::cell::Cell;
use std::sync::Arc;

/// In a burst so many tasks are worth a theft: several batches, and more than there are seats in a block, so that
/// thieves are never at the seats and tasks that the other has just written.
pub(super) const CROWD: usize = if cfg!(shuttle) { 3 } else { 128 };
/// In a burst so many tasks are worth a wake-up: a thief takes several batches before too few are left for it.
pub(super) const CALL: usize = if cfg!(shuttle) { CROWD } else { 4 * CROWD };
/// So many small thefts in one poll of the other's make that a burst.
pub(super) const THEFTS: u32 = if cfg!(shuttle) { 1 } else { 8 };
/// A theft is small that brings less.
const SMALL: usize = 16;

/// What others see of a worker thread. These fields are read by many and written seldom.
pub(crate) struct Remote {
    /// The way into its deque.
    pub(crate) stealer: Stealer<Task>,
    /// The way into its prompt lane.
    pub(crate) prompt: Stealer<Task>,
    /// Where it sleeps.
    pub(crate) parker: Arc<Parker>,
    /// It has a place: it may run tasks. Changed under the lock for places, but for the end of a thread.
    pub(crate) placed: AtomicBool,
    /// It should poll the driver soon.
    pub(crate) look_at_driver: AtomicBool,
    /// Thieves leave less than a [`CROWD`] in its deque, until the poll ends that it is in. Set by a thief, or the
    /// monitor: see [`Thefts`].
    pub(crate) bursts: AtomicBool,
    /// What the thread itself writes with every poll: on cache lines of its own, because thieves would
    /// otherwise wait for each of these writes before they see whether there is anything to steal.
    pub(crate) own: CachePadded<Own>,
}

/// What a worker thread writes all the time, and others read now and then.
pub(crate) struct Own {
    /// What it runs next.
    pub(crate) next: NextSlot<Task>,
    /// Odd during a poll; grows by one at each poll's beginning and end. Written by the thread alone.
    pub(crate) pulse: AtomicU64,
    /// The routine in whose poll it is; 0 for none. Written by the thread alone.
    pub(crate) current: AtomicU64,
    /// What it has counted.
    pub(crate) tally: Tally,
    /// What it has measured.
    pub(crate) recorders: Recorders,
}

/// What a worker thread is made of, while there is no such thread.
pub(crate) struct Vacant {
    /// Its number.
    pub(crate) index: usize,
    /// Its queues.
    pub(crate) lanes: Lanes,
    /// What others will see of it.
    pub(crate) remote: Arc<CachePadded<Remote>>,
}

/// A worker thread's own side of its queues.
pub(crate) struct Lanes {
    /// What waits its turn.
    pub(crate) deque: Worker<Task>,
    /// What time or the system has woken.
    pub(crate) prompt: Worker<Task>,
    /// What it has stolen last.
    thefts: Thefts,
}

impl Lanes {
    /// Empty ones.
    pub(crate) fn new() -> Self {
        Self { deque: Worker::new_fifo(), prompt: Worker::new_fifo(), thefts: Thefts::default() }
    }
}

/// A thief's last thefts, which were from one deque in one poll of its owner.
///
/// A routine that starts a hundred thousand others in one poll does so more slowly than a thief runs them, where they
/// are short. So the thief is back every other microsecond, in the midst of what the other is writing, or asleep, and
/// to wake it for a few tasks costs more than they do. Who has stolen a little time and again from one poll says so to
/// both: it is a *burst*. From then on thieves wait for a [`CROWD`], and nobody is called for less than a [`CALL`].
///
/// The monitor says so, too, of a poll that has gone on for some milliseconds and starts many. That is what keeps a burst
/// one whose place the monitor has taken, with which what it starts would go to the injector, one by one: on one processor
/// a million took 480 ns each so, where they take 200 to 340 now, and 350 to 650 instead of 230 to 300 on two.
///
/// The poll's end ends it, and so does giving the place away; then somebody is called for what is left. If the poll
/// goes on, but starts nobody any more, the monitor ends it within some milliseconds: it does not doze meanwhile. A thief
/// may say so too late, when the poll has ended: that is undone by the end of the next. Or when the thread has given its
/// place away and blocks: what it has left is the monitor's concern, too.
#[derive(Default)]
struct Thefts {
    /// From whom, and in which poll.
    of: Cell<(usize, u64)>,
    /// How many small ones there were.
    small: Cell<u32>,
}

impl Thefts {
    /// So many tasks come from `victim`.
    fn note(&self, index: usize, victim: &Remote, number: usize) {
        let pulse = victim.own.pulse.load(Ordering::Relaxed);
        let before = if self.of.replace((index, pulse)) == (index, pulse) { self.small.get() } else { 0 };
        let small = before + u32::from(number < SMALL);
        self.small.set(small);
        // Relaxed: whoever sees it late steals, or calls, once too often.
        let has_begun = small >= THEFTS && pulse % 2 == 1 && victim.placed.load(Ordering::Relaxed);
        if has_begun && !victim.bursts.load(Ordering::Relaxed) {
            victim.bursts.store(true, Ordering::Relaxed);
        }
    }
}

impl Remote {
    /// Where thieves find something, what is the most urgent first.
    fn stealers(&self) -> [&Stealer<Task>; 2] {
        [&self.prompt, &self.stealer]
    }

    /// Which of them thieves are to look into.
    fn offers(&self) -> [bool; 2] {
        let least = if self.bursts.load(Ordering::Relaxed) { CROWD } else { 1 };
        [!self.prompt.is_empty(), self.stealer.len() >= least]
    }
}

/// What a worker thread runs next; see the module. Put in by the thread alone, taken by anybody.
pub(crate) struct NextSlot<T> {
    /// The task.
    task: AtomicCell<Option<T>>,
    /// There is one, most likely: who comes after it is spared the atomic step.
    filled: AtomicBool,
}

impl<T> NextSlot<T> {
    fn new() -> Self {
        Self { task: AtomicCell::new(None), filled: AtomicBool::new(false) }
    }

    /// Puts a task in where there is none. Gives back the one that has to go elsewhere: where there is one, the
    /// newcomer.
    #[inline]
    pub(crate) fn swap(&self, task: Option<T>) -> Option<T> {
        // Relaxed: it is out of date only where the monitor takes what is here. Then a newcomer goes elsewhere for
        // nothing, until the thread itself takes next.
        if self.filled.load(Ordering::Relaxed) {
            return task;
        }
        let before = self.task.swap(task);
        self.filled.store(true, Ordering::Relaxed);
        before
    }

    /// Takes the task.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        let task = self.task.take();
        self.filled.store(false, Ordering::Relaxed);
        task
    }
}

/// Counters; each is written by one thread alone, or, in the one for threads from outside, by many.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) spawned: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) aborted: AtomicU64,
    pub(crate) panicked: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) steals: AtomicU64,
    pub(crate) parks: AtomicU64,
}

/// Counts one, on a counter that this thread alone writes.
#[inline]
pub(crate) fn bump(counter: &AtomicU64) {
    // Release: who reads an end with acquire also reads the beginning that came before it.
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
}

/// All queues of a scheduler.
pub(crate) struct Queues {
    /// What came from outside.
    pub(crate) injector: Injector<Task>,
    /// What time or the system has woken on a thread that does not see to it.
    urgent: Injector<Task>,
    /// The worker threads, in the order of their start.
    remotes: Box<[OnceLock<Arc<CachePadded<Remote>>>]>,
    /// How many of them there are.
    started: AtomicUsize,
    /// Which of them are near one another.
    plan: Plan,
}

impl Queues {
    pub(crate) fn new(max_threads: usize, plan: Plan) -> Self {
        Self {
            plan,
            injector: Injector::new(),
            urgent: Injector::new(),
            remotes: std::iter::repeat_with(OnceLock::new).take(max_threads).collect(),
            started: AtomicUsize::new(0),
        }
    }

    /// Adds what a thread needs. `None` when all numbers are taken.
    pub(crate) fn add(&self) -> Option<Vacant> {
        let lanes = Lanes::new();
        let remote = Arc::new(CachePadded::new(Remote {
            stealer: lanes.deque.stealer(),
            prompt: lanes.prompt.stealer(),
            parker: Arc::new(Parker::new()),
            placed: AtomicBool::new(false),
            look_at_driver: AtomicBool::new(false),
            bursts: AtomicBool::new(false),
            own: CachePadded::new(Own {
                next: NextSlot::new(),
                pulse: AtomicU64::new(0),
                current: AtomicU64::new(0),
                tally: Tally::default(),
                recorders: Recorders::new(),
            }),
        }));
        // Threads are added under the lock for places: one at a time.
        let index = self.started.load(Ordering::Relaxed);
        self.remotes.get(index)?.set(remote.clone()).ok()?;
        // Pairs with the acquire in `remotes`.
        self.started.store(index + 1, Ordering::Release);
        Some(Vacant { index, lanes, remote })
    }

    /// All threads there are.
    pub(crate) fn remotes(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<CachePadded<Remote>>> + ExactSizeIterator {
        // Pairs with the release in `add`.
        let started = self.started.load(Ordering::Acquire);
        self.remotes[..started].iter().map(|cell| cell.get().expect("it is set before it is counted"))
    }

    /// Thread number `index`.
    pub(crate) fn remote(&self, index: usize) -> &Arc<CachePadded<Remote>> {
        self.remotes[index].get().expect("numbers are given to threads that are there")
    }

    /// Whether there is a poll that is a burst.
    pub(crate) fn somebody_bursts(&self) -> bool {
        self.remotes().any(|remote| {
            remote.bursts.load(Ordering::Relaxed) && remote.own.pulse.load(Ordering::Relaxed) % 2 == 1
        })
    }

    /// Whether a thief would find nothing.
    pub(crate) fn is_empty(&self) -> bool {
        let nothing = |remote: &Arc<CachePadded<Remote>>| remote.offers() == [false; 2];
        self.injector.is_empty() && self.urgent.is_empty() && self.remotes().all(nothing)
    }

    /// Moves what lies in a thread's queues, also in its next slot, into the injectors. Says whether that was
    /// anything.
    pub(crate) fn clear_out(&self, remote: &Remote) -> bool {
        let mut any = false;
        for (stealer, injector) in remote.stealers().into_iter().zip([&self.urgent, &self.injector]) {
            loop {
                match stealer.steal() {
                    Steal::Success(task) => injector.push(task),
                    Steal::Empty => break,
                    Steal::Retry => {
                        std::hint::spin_loop();
                        continue;
                    }
                }
                any = true;
            }
        }
        let next = remote.own.next.take();
        any |= next.is_some();
        next.into_iter().for_each(|next| self.injector.push(next));
        any
    }

    /// Takes over what a thread without a place has queued. Says whether that was anything.
    pub(crate) fn take_over(&self, lanes: &Lanes) -> bool {
        let mut any = false;
        for (lane, injector) in [(&lanes.prompt, &self.urgent), (&lanes.deque, &self.injector)] {
            while let Some(task) = lane.pop() {
                injector.push(task);
                any = true;
            }
        }
        any
    }

    /// How many tasks wait here for any worker.
    pub(crate) fn injected(&self) -> usize {
        self.injector.len() + self.urgent.len()
    }

    /// From the injectors, with a batch for the caller's lanes.
    pub(crate) fn take_injected(&self, lanes: &Lanes) -> Option<Task> {
        loop {
            if !self.urgent.is_empty() {
                match self.urgent.steal_batch_and_pop(&lanes.prompt) {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => {}
                    Steal::Retry => {
                        std::hint::spin_loop();
                        continue;
                    }
                }
            }
            match self.injector.steal_batch_and_pop(&lanes.deque) {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    /// Which threads are where.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// From the injectors or from anybody but thread `me`, beginning anywhere among those that are nearest. What
    /// is prompt there is so here.
    pub(crate) fn steal(&self, me: usize, lanes: &Lanes) -> Option<Task> {
        loop {
            if let Some(task) = self.take_injected(lanes) {
                return Some(task);
            }
            // Pairs with the release in `add`.
            let threads = self.started.load(Ordering::Acquire);
            let first = random::below(threads);
            let mut again = false;
            for victim in self.plan.victims(me, threads, first) {
                let (remote, into) = (self.remote(victim), [&lanes.prompt, &lanes.deque]);
                for ((stealer, offer), lane) in remote.stealers().into_iter().zip(remote.offers()).zip(into) {
                    if !offer {
                        continue;
                    }
                    match stealer.steal_batch_and_pop(lane) {
                        Steal::Success(task) => {
                            lanes.thefts.note(victim, remote, 1 + lane.len());
                            return Some(task);
                        }
                        Steal::Empty => {}
                        Steal::Retry => again = true,
                    }
                }
            }
            if !again {
                return None;
            }
            std::hint::spin_loop();
        }
    }

    /// Any task at all, also out of a next slot: for a shutdown.
    pub(crate) fn take_any(&self) -> Option<Task> {
        loop {
            let mut again = false;
            for injector in [&self.urgent, &self.injector] {
                match injector.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => {}
                    Steal::Retry => again = true,
                }
            }
            for remote in self.remotes() {
                if let Some(task) = remote.own.next.take() {
                    return Some(task);
                }
                for stealer in remote.stealers() {
                    match stealer.steal() {
                        Steal::Success(task) => return Some(task),
                        Steal::Empty => {}
                        Steal::Retry => again = true,
                    }
                }
            }
            if !again {
                return None;
            }
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_is_next() {
        let next = NextSlot::new();
        assert_eq!(next.swap(Some(1)), None);
        assert_eq!(next.swap(Some(2)), Some(2), "the slot has one");
        assert_eq!(next.take(), Some(1));
        assert_eq!(next.take(), None);
        assert_eq!(next.swap(Some(3)), None, "it is free again");
        assert_eq!(next.take(), Some(3));
    }
}
