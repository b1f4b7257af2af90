//! Who may run tasks: N places, and the threads that hold them.
//!
//! | a thread             | until                                                       | then          |
//! |----------------------|-------------------------------------------------------------|---------------|
//! | is *coming*          | it runs, and looks for a place                              | holds, waits  |
//! | *holds* a place      | it blocks, or the monitor finds it late: it is *relieved*   | finishes      |
//! | *finishes* its poll  | it is back, and looks for a place                           | holds, waits  |
//! | *waits* for a place  | it is given one, or has waited for `keep_alive`             | holds, retires|
//! | *retires*            | its number, queue and counters lie in `vacant` for the next | (gone)        |
//!
//! # Invariants
//! - Places that are held, and `free` ones, are N together: a place changes hands only under the lock,
//!   where it goes from a holder to `free`, or from `free` to a thread that is there.
//! - While a place is free nobody waits for one: who comes takes it, and who frees one calls
//!   [`fill`](super::Scheduler::fill_places).
//! - A thread that was listed in `waiting` and is so no longer holds a place, or retires by its own decision.
//!
//! # No place is lost
//! A place that becomes free goes to who waits. Where nobody does, threads are started, as many as places
//! are free; each takes one when it gets here. If the system refuses the thread, or there are as many as
//! the configuration allows, the place stays free: the first that finishes its poll takes it, and the
//! monitor tries again with every tick (it never dozes meanwhile: a free place does not sleep). A thread
//! that is about to retire decides so under the lock, so a place that is given to it is given before, and
//! then it stays.
//!
//! No task is lost with a thread that retires: it has handed its queues over before it waited, and without
//! a place it has put nothing there since.
//!
//! Rejected: the place stays with the late thread until its heir runs. Then what the late thread wakes goes
//! into its own queue, where nobody looks while it blocks.

use super::queue::{Queues, Remote, Vacant};
use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::Mutex;

/// See the module.
pub(super) struct Places {
    /// The lock under which places change hands.
    inner: Mutex<Inner>,
    /// Places that were taken from a thread, or that one gave away for a wait.
    handoffs: AtomicU64,
    /// Threads that could not be started, because the system or the configuration allows no more.
    refusals: AtomicU64,
}

struct Inner {
    /// Places that no thread holds.
    free: usize,
    /// Threads that were started for a place and have not looked for it yet.
    coming: usize,
    /// The numbers of the threads that wait for a place, the latest last: it is taken first, so that
    /// those which are not needed retire.
    waiting: Vec<usize>,
    /// What threads that retired, or could not be started, have left.
    vacant: Vec<Vacant>,
}

/// What is to be done about a free place.
pub(super) enum Next {
    /// No place is free, or enough threads are coming.
    Nothing,
    /// This thread has just been given it, and is to be unparked.
    Unpark(usize),
    /// A thread is to be started; it is counted as coming already.
    Start,
}

impl Places {
    /// `places` that nobody holds yet.
    pub(super) fn new(places: usize) -> Self {
        let inner = Inner { free: places, coming: 0, waiting: Vec::new(), vacant: Vec::new() };
        Self { inner: Mutex::new(inner), handoffs: AtomicU64::new(0), refusals: AtomicU64::new(0) }
    }

    /// Frees the place of the thread behind `late`. `false`: it has none any more.
    #[must_use]
    pub(super) fn free(&self, late: &Remote) -> bool {
        let mut inner = self.inner.lock();
        if !late.placed.load(Ordering::Relaxed) {
            return false;
        }
        late.placed.store(false, Ordering::Relaxed);
        inner.free += 1;
        drop(inner);
        self.handoffs.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Gives one free place away, if there is one; says what that takes.
    #[must_use]
    pub(super) fn give(&self, queues: &Queues) -> Next {
        let mut inner = self.inner.lock();
        if inner.free == 0 {
            return Next::Nothing;
        }
        if let Some(heir) = inner.waiting.pop() {
            inner.free -= 1;
            // Pairs with the acquire in `Scheduler::wait_for_place`.
            queues.remote(heir).placed.store(true, Ordering::Release);
            return Next::Unpark(heir);
        }
        if inner.coming >= inner.free {
            return Next::Nothing;
        }
        inner.coming += 1;
        Next::Start
    }

    /// A thread looks for a place: it has just come, or finished a poll without one. It holds one after
    /// this, or is listed among those who wait.
    pub(super) fn line_up(&self, me: usize, remote: &Remote, just_come: bool) {
        let mut inner = self.inner.lock();
        if just_come {
            inner.coming -= 1;
        }
        if remote.placed.load(Ordering::Relaxed) {
            return;
        }
        if inner.free > 0 {
            inner.free -= 1;
            remote.placed.store(true, Ordering::Relaxed);
        } else if !inner.waiting.contains(&me) {
            inner.waiting.push(me);
        }
    }

    /// A thread that has waited for long wants to go. `false`: it has been given a place meanwhile.
    #[must_use]
    pub(super) fn retire(&self, me: usize) -> bool {
        let mut inner = self.inner.lock();
        let position = inner.waiting.iter().position(|&waiting| waiting == me);
        position.map(|position| inner.waiting.remove(position)).is_some()
    }

    /// What a new thread is made of. `None`: there are as many threads as there may be.
    pub(super) fn enlist(&self, queues: &Queues) -> Option<Vacant> {
        let mut inner = self.inner.lock();
        // Numbers are added under this lock alone.
        inner.vacant.pop().or_else(|| queues.add())
    }

    /// A thread that was counted as coming cannot be started.
    pub(super) fn refused(&self) {
        self.inner.lock().coming -= 1;
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// What a thread that is gone has left, its queue empty.
    pub(super) fn vacate(&self, vacant: Vacant) {
        self.inner.lock().vacant.push(vacant);
    }

    /// Places that no thread holds.
    #[cfg(test)]
    pub(super) fn free_now(&self) -> usize {
        self.inner.lock().free
    }

    /// Numbers that no thread has.
    #[cfg(test)]
    pub(super) fn vacant_now(&self) -> usize {
        self.inner.lock().vacant.len()
    }

    /// Places that changed hands.
    pub(super) fn handoffs(&self) -> u64 {
        self.handoffs.load(Ordering::Relaxed)
    }

    /// Threads that could not be started.
    pub(super) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::platform::atomic::AtomicUsize;
    use crate::scheduler::topology::{Pinning, Plan, Topology};
    use std::sync::Arc;

    /// Two threads and one place.
    struct World {
        places: Places,
        queues: Queues,
        /// Threads that had to be started.
        starts: AtomicUsize,
    }

    impl World {
        /// Thread 0 holds the place; thread 1 waits for one if `spare`.
        fn new(spare: bool) -> Arc<Self> {
            let plan = Plan::new(&Topology::read(|_| None, None), 2, Pinning::None);
            let queues = Queues::new(2, plan);
            let world = Self { places: Places::new(1), queues, starts: AtomicUsize::new(0) };
            for me in 0..2 {
                assert!(world.places.enlist(&world.queues).is_some());
                if me == 0 || spare {
                    world.places.line_up(me, world.queues.remote(me), false);
                }
            }
            Arc::new(world)
        }

        /// What `Scheduler::relieve` does.
        fn relieve(&self, late: usize) {
            if self.places.free(self.queues.remote(late)) {
                self.fill();
            }
        }

        fn fill(&self) {
            loop {
                match self.places.give(&self.queues) {
                    Next::Nothing => return,
                    Next::Unpark(heir) => self.queues.remote(heir).parker.unpark(),
                    Next::Start => {
                        self.starts.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                }
            }
        }

        fn holds(&self, me: usize) -> bool {
            self.queues.remote(me).placed.load(Ordering::Acquire)
        }

        /// The place is held by one, or free, and if it is free a thread is coming for it.
        fn is_whole(&self) {
            let inner = self.places.inner.lock();
            let held = (0..2).filter(|&me| self.holds(me)).count();
            assert_eq!(held + inner.free, 1, "places are neither lost nor doubled");
            assert!(inner.free <= inner.coming, "a free place, and nobody comes for it");
            assert!(inner.free == 0 || inner.waiting.is_empty(), "one waits while a place is free");
        }
    }

    /// The monitor and the late thread itself (which is about to block) both give its place away; then
    /// it comes back and looks for one. Mutation that must fail: no second look at `placed` in `free`.
    #[test]
    fn a_place_that_is_given_away_twice_is_given_away_once() {
        loom::model(|| {
            let world = World::new(true);
            let monitor = loom::thread::spawn({
                let world = world.clone();
                move || world.relieve(0)
            });
            world.relieve(0);
            world.places.line_up(0, world.queues.remote(0), false);
            monitor.join().unwrap();
            world.is_whole();
        });
    }

    /// The spare gives up waiting while the monitor relieves the late thread. Mutation that must fail:
    /// `retire` without looking whether the thread is still listed.
    #[test]
    fn a_spare_that_retires_takes_no_place_along() {
        loom::model(|| {
            let world = World::new(true);
            let spare = loom::thread::spawn({
                let world = world.clone();
                move || {
                    if world.places.retire(1) {
                        assert!(!world.holds(1), "it takes a place along");
                    } else {
                        world.queues.remote(1).parker.park();
                        assert!(world.holds(1), "it stays for nothing");
                    }
                }
            });
            world.relieve(0);
            spare.join().unwrap();
            world.is_whole();
        });
    }

    /// The late thread comes back while a thread is being started for its place, and refused.
    #[test]
    fn a_refused_thread_leaves_the_place_to_who_comes_back() {
        loom::model(|| {
            let world = World::new(false);
            let monitor = loom::thread::spawn({
                let world = world.clone();
                move || {
                    world.relieve(0);
                    if world.starts.load(Ordering::Relaxed) == 1 {
                        world.places.refused();
                    }
                }
            });
            world.places.line_up(0, world.queues.remote(0), false);
            monitor.join().unwrap();
            // It was relieved after it had looked, or before: either way its next look finds the place.
            world.places.line_up(0, world.queues.remote(0), false);
            assert!(world.holds(0));
            world.is_whole();
        });
    }
}
