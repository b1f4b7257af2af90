//! Which workers sleep, and who wakes them.
//!
//! A worker that has a place is busy, *searching* (it has nothing, and looks into the others' queues)
//! or *asleep* (listed in `sleepers`). One word counts the searching and the sleeping ones, so that a
//! producer decides with one load that there is nobody to wake.
//!
//! # Protocol
//! A producer, with every task that others could take:
//! - P1. pushes the task into a queue;
//! - P2. a `SeqCst` fence;
//! - P3. loads the counts. Somebody searches, or nobody sleeps: done;
//! - P4. under the lock, looks again, takes one sleeper off the list, counts it as searching, and
//!   unparks it outside the lock.
//!
//! A worker that has found nothing:
//! - W1. under the lock, lists itself, counts itself as asleep and no longer as searching;
//! - W2. a `SeqCst` fence;
//! - W3. looks whether somebody searches; if nobody does, it looks into every queue once more. Where there
//!   is something, it takes itself off the list (or finds that it has been taken off: then it counts as
//!   searching) and starts over, as a searcher if it may. Only searchers take from the queues of others, so
//!   that F2 is never left out;
//! - W4. parks.
//!
//! A searching worker that has found something:
//! - F1. counts itself as searching no longer;
//! - F2. if it was the last, a fence, and it looks whether more is left; if so, it acts as a producer
//!   from P2 on.
//!
//! # No wake-up is lost
//! The fences of P2 and W2 (or F2) are in one order. If the worker's comes first, P3 sees that it
//! sleeps (or that it searches no longer), and P4 wakes a sleeper. If the producer's comes first, W3
//! (or F2) sees the task. So a task is in no queue while all sleep without one of them being woken.
//!
//! A worker that finds somebody searching in W3 need not look for itself: that searcher's end, by F1 or by a
//! W1 of its own, comes after this worker's W1 in the order of changes of the counts. The last searcher to
//! end looks after that, in F2 or in W3, and finds this one asleep. (To look all the same, and to start over
//! for what only searchers may take, would be to spin until the searcher has taken it: if the system has
//! suspended the searcher, for long.)
//!
//! What a poll that is a burst has queued is not for others unless it is a crowd (see [`queue`](super::queue)): until
//! then its producer leaves P2 to P4 out, and W3 and F2 do not see it. When the poll ends, its worker says that it is
//! for others, and acts as a producer from P2 on; so does the monitor in its place. A thief that calls it a burst when
//! it has just ended is corrected by the end of the next poll: until then the worker itself is awake.
//!
//! Fences rather than `SeqCst` accesses: the argument needs no more, and the model checker knows them.
//!
//! Rejected: every push wakes a sleeper (each costs about 20 µs of two CPUs; with one searcher at a
//! time the wake-ups of a burst follow one another as long as there is work for them).

use crate::platform::atomic::{AtomicU32, Ordering, fence};
use crate::platform::sync::Mutex;

/// One searching worker, in `counts`.
const SEARCHING: u32 = 1 << 16;
/// One sleeping worker, in `counts`.
const SLEEPING: u32 = 1;

/// Which workers sleep.
#[derive(Debug)]
pub(crate) struct Idle {
    /// How many search (upper half) and how many sleep (lower half).
    counts: AtomicU32,
    /// The sleepers, the latest last: it is woken first, its caches are the warmest.
    sleepers: Mutex<Vec<usize>>,
    /// So many may search at once: half of the places, and at least one.
    searchers: u32,
    /// How many places there are.
    places: u32,
}

impl Idle {
    /// For `places` workers that run at once.
    pub(crate) fn new(places: usize) -> Self {
        let places = u32::try_from(places).unwrap_or(u32::MAX).min(SEARCHING - 1);
        Self {
            counts: AtomicU32::new(0),
            sleepers: Mutex::new(Vec::with_capacity(places as usize)),
            searchers: places.div_ceil(2),
            places,
        }
    }

    /// Asks for leave to search. Not granted while half of the workers search already: they would only
    /// get into one another's way.
    pub(crate) fn start_search(&self) -> bool {
        if self.counts.load(Ordering::Relaxed) / SEARCHING >= self.searchers {
            return false;
        }
        // AcqRel: part of the one order of changes that P3 reads from.
        self.counts.fetch_add(SEARCHING, Ordering::AcqRel);
        true
    }

    /// F1: the caller has found work. Says whether it must look for more (F2): it was the last
    /// searcher. Includes the fence.
    #[must_use]
    pub(crate) fn found(&self) -> bool {
        let before = self.counts.fetch_sub(SEARCHING, Ordering::AcqRel);
        fence(Ordering::SeqCst); // F2, pairs with P2.
        before / SEARCHING == 1
    }

    /// W1 and W2: the caller goes to sleep. It must now look into the queues once more (W3).
    pub(crate) fn fall_asleep(&self, me: usize, searching: bool) {
        let mut sleepers = self.sleepers.lock();
        sleepers.push(me);
        let delta = if searching { SEARCHING - SLEEPING } else { 0u32.wrapping_sub(SLEEPING) };
        self.counts.fetch_sub(delta, Ordering::AcqRel);
        drop(sleepers);
        fence(Ordering::SeqCst); // W2, pairs with P2.
    }

    /// The first half of W3: somebody searches, who will look once more after the caller has fallen asleep.
    pub(crate) fn somebody_searches(&self) -> bool {
        self.counts.load(Ordering::Relaxed) / SEARCHING != 0
    }

    /// The caller is awake again. Says whether somebody woke it for work: then it counts as searching.
    #[must_use]
    pub(crate) fn wake_up(&self, me: usize) -> bool {
        let mut sleepers = self.sleepers.lock();
        match sleepers.iter().position(|&sleeper| sleeper == me) {
            Some(position) => {
                sleepers.remove(position);
                self.counts.fetch_sub(SLEEPING, Ordering::AcqRel);
                false
            }
            None => true,
        }
    }

    /// P2 to P4: there is something that others could take. Gives the worker to unpark.
    #[must_use]
    #[inline]
    pub(crate) fn notify(&self) -> Option<usize> {
        if self.wants_one() { self.take_sleeper() } else { None }
    }

    /// P2 and P3: whether a sleeper is to be woken for what was pushed.
    #[must_use]
    #[inline]
    pub(crate) fn wants_one(&self) -> bool {
        fence(Ordering::SeqCst); // P2, pairs with W2 and F2.
        wanted(self.counts.load(Ordering::Relaxed))
    }

    #[cold]
    fn take_sleeper(&self) -> Option<usize> {
        let mut sleepers = self.sleepers.lock();
        if !wanted(self.counts.load(Ordering::Relaxed)) {
            return None;
        }
        let sleeper = sleepers.pop()?;
        self.counts.fetch_add(SEARCHING - SLEEPING, Ordering::AcqRel);
        Some(sleeper)
    }

    /// How many sleep.
    pub(crate) fn asleep(&self) -> u64 {
        (self.counts.load(Ordering::Relaxed) % SEARCHING).into()
    }

    /// Whether every place is held by a sleeper.
    pub(crate) fn all_asleep(&self) -> bool {
        self.counts.load(Ordering::Relaxed) == self.places * SLEEPING
    }

    /// Whether others than the caller, who has a place and does not sleep, do not sleep either.
    pub(crate) fn others_run(&self) -> bool {
        self.counts.load(Ordering::Relaxed) % SEARCHING + 1 < self.places
    }

    /// Whether nobody sleeps and nobody searches.
    pub(crate) fn all_busy(&self) -> bool {
        self.counts.load(Ordering::Relaxed) == 0
    }
}

/// Whether a task that was pushed needs a sleeper to be woken.
fn wanted(counts: u32) -> bool {
    counts / SEARCHING == 0 && counts % SEARCHING != 0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_woken_while_somebody_searches() {
        let idle = Idle::new(4);
        assert!(idle.start_search());
        idle.fall_asleep(3, false);
        assert_eq!(idle.notify(), None);
        assert!(idle.found(), "the last searcher looks for more");
        assert_eq!(idle.notify(), Some(3));
        assert_eq!(idle.notify(), None, "the woken one counts as searching");
        assert!(idle.wake_up(3));
    }

    #[test]
    fn half_may_search() {
        let idle = Idle::new(4);
        assert!(idle.start_search());
        assert!(idle.start_search());
        assert!(!idle.start_search());
        assert!(!idle.found());
        assert!(idle.start_search());
    }

    #[test]
    fn who_wakes_by_itself_is_listed_no_longer() {
        let idle = Idle::new(1);
        assert!(idle.start_search());
        idle.fall_asleep(0, true);
        assert!(idle.all_asleep());
        assert!(!idle.wake_up(0));
        assert!(idle.all_busy());
        assert_eq!(idle.notify(), None);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::driver::parker::Parker;
    use crate::platform::atomic::AtomicUsize;
    use std::sync::Arc;

    /// The idle protocol around a queue that is a counter of tasks.
    struct World {
        idle: Idle,
        queue: AtomicUsize,
        parkers: Vec<Parker>,
    }

    impl World {
        fn new(workers: usize) -> Arc<Self> {
            Arc::new(Self {
                idle: Idle::new(workers),
                queue: AtomicUsize::new(0),
                parkers: (0..workers).map(|_| Parker::new()).collect(),
            })
        }

        fn take(&self) -> bool {
            let mut tasks = self.queue.load(Ordering::Relaxed);
            while tasks > 0 {
                match self.queue.compare_exchange(tasks, tasks - 1, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => return true,
                    Err(now) => tasks = now,
                }
            }
            false
        }

        fn notify(&self) {
            if let Some(sleeper) = self.idle.notify() {
                self.parkers[sleeper].unpark();
            }
        }

        fn push(&self) {
            self.queue.fetch_add(1, Ordering::Release);
            self.notify();
        }

        /// Runs one task, as a worker that finds none at first does. Mutations that must hang:
        /// no look into the queue after `fall_asleep`; no fence in `fall_asleep` or in `notify`;
        /// no look for more after `found` (in the model of two workers). Without the look for a searcher
        /// after `fall_asleep` it spins, which the checker reports.
        fn run_one(&self, me: usize) {
            let mut searching = self.idle.start_search();
            loop {
                if searching && self.take() {
                    if self.idle.found() && self.queue.load(Ordering::Relaxed) > 0 {
                        self.notify();
                    }
                    return;
                }
                self.idle.fall_asleep(me, searching);
                if self.idle.somebody_searches() || self.queue.load(Ordering::Relaxed) == 0 {
                    self.parkers[me].park();
                }
                searching = self.idle.wake_up(me) || self.idle.start_search();
            }
        }
    }

    #[test]
    fn one_worker_goes_to_sleep_against_one_producer() {
        loom::model(|| {
            let world = World::new(1);
            let producer = loom::thread::spawn({
                let world = world.clone();
                move || world.push()
            });
            world.run_one(0);
            producer.join().unwrap();
        });
    }

    #[test]
    fn two_workers_share_two_tasks() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let world = World::new(2);
            let other = loom::thread::spawn({
                let world = world.clone();
                move || world.run_one(1)
            });
            let producer = loom::thread::spawn({
                let world = world.clone();
                move || {
                    world.push();
                    world.push();
                }
            });
            world.run_one(0);
            other.join().unwrap();
            producer.join().unwrap();
        });
    }
}
