//! Whom a worker tells of what the driver brings, and of what it starts; and what it takes over from another.

use super::*;
use crate::scheduler::tests::{LONG, settings, spawn};
use std::future::ready;

/// A worker that is no thread's, and another that is asleep, beside it.
struct World {
    scheduler: Arc<Scheduler>,
    worker: Worker,
    other: Vacant,
}

impl World {
    fn new(name: &str) -> Self {
        let scheduler = Scheduler::new(settings(name, 2, 2, LONG));
        let [mine, other] = [(); 2].map(|()| scheduler.places.enlist(&scheduler.queues).unwrap());
        scheduler.places.line_up(mine.index, &mine.remote, false);
        let Vacant { index, lanes, remote } = mine;
        let worker = Worker::new(scheduler.clone(), index, lanes, remote);
        scheduler.idle.fall_asleep(other.index, false);
        Self { scheduler, worker, other }
    }

    fn task(&self) -> Task {
        spawn(&self.scheduler, || ready(())).detach();
        self.scheduler.queues.injector.steal().success().expect("what comes from outside lies there")
    }

    /// The driver brings so many, beside what was `taken` already. Says whether the sleeper is called for it.
    fn shares(&self, number: usize, taken: Option<&Task>) -> bool {
        let tasks: Vec<_> = (0..number).map(|_| self.task()).collect();
        // For those, which came from outside.
        let _called = self.called();
        self.worker.attend(|_| {
            for task in tasks {
                assert!(self.worker.push(task, false).is_ok(), "it has a place");
            }
        });
        self.worker.share(taken);
        self.called()
    }

    /// Whether the sleeper was called since the last time. It finds nothing, and sleeps again.
    fn called(&self) -> bool {
        let called = self.scheduler.idle.wake_up(self.other.index);
        self.scheduler.idle.fall_asleep(self.other.index, called);
        called
    }

    /// Nothing is left, in good time.
    fn done(&self) {
        self.worker.alone_until.set(None);
        for lanes in [&self.worker.lanes, &self.other.lanes] {
            while lanes.prompt.pop().or_else(|| lanes.deque.pop()).is_some() {}
        }
        drop(self.worker.remote.own.next.take());
    }

    /// Whether the sleeper is called when it was the worker's own for too long.
    fn shares_late(&self) -> bool {
        assert!(self.worker.alone_until.get().is_some(), "it is the worker's own");
        self.worker.alone_until.set(Some(clock::now()));
        self.worker.share_late();
        self.called()
    }

    fn ends(self) {
        self.done();
        self.scheduler.end_alone();
    }
}

#[test]
fn a_few_are_the_own_of_whom_they_were_brought_to() {
    let world = World::new("few");
    assert!(!world.shares(1, None));
    assert!(world.worker.alone_until.get().is_none(), "it runs that one at once");
    for number in [2, MANY] {
        world.done();
        assert!(!world.shares(number, None));
        assert!(world.worker.alone_until.get().is_some());
    }
    world.done();
    let taken = world.task();
    assert!(!world.shares(0, Some(&taken)));
    assert!(world.worker.alone_until.get().is_none());
    assert!(!world.shares(1, Some(&taken)));
    assert!(world.worker.alone_until.get().is_some());
    drop(taken);
    world.ends();
}

#[test]
fn what_is_too_much_for_one_is_shared_at_once() {
    let world = World::new("much");
    assert!(world.shares(MANY + 1, None));
    world.done();
    let taken = world.task();
    assert!(world.shares(MANY, Some(&taken)));
    world.done();
    // It has something to do already.
    world.worker.lanes.deque.push(taken);
    assert!(!world.shares(0, None), "that alone it runs itself");
    assert!(world.shares(1, None));
    assert!(world.worker.alone_until.get().is_none());
    world.ends();
}

#[test]
fn what_was_too_much_once_is_shared_at_once_the_next_times() {
    let world = World::new("times");
    for times in [LEAST_SHARES, 2 * LEAST_SHARES] {
        assert!(!world.shares(2, None));
        assert!(world.shares_late());
        for _ in 0..times {
            world.done();
            assert!(world.shares(2, None));
        }
        world.done();
    }
    assert!(!world.shares(2, None));
    // The monitor has found it before.
    assert!(world.worker.scheduler.queues.clear_out(&world.worker.remote));
    assert!(!world.shares_late(), "nothing is left for others");
    assert!(world.shares(2, None), "and yet it was too much");
    world.ends();
}

#[test]
fn in_a_burst_nobody_is_called_for_less_than_a_crowd_until_it_ends() {
    let world = World::new("burst");
    let start_one = || {
        let task = world.task();
        let _called = world.called();
        assert!(world.worker.push(task, false).is_ok(), "it has a place");
        world.called()
    };
    assert!(!start_one(), "the next slot is its own");
    assert!(start_one());
    world.worker.remote.bursts.store(true, Ordering::Relaxed);
    while world.worker.lanes.deque.len() < CALL - 1 {
        assert!(!start_one());
    }
    assert!(start_one());
    world.worker.end_burst();
    assert!(world.called());
    let Remote { bursts, placed, .. } = &**world.worker.remote;
    assert!(!bursts.load(Ordering::Relaxed));
    placed.store(false, Ordering::Relaxed);
    let task = world.worker.push(world.task(), false).expect_err("it has no place");
    bursts.store(true, Ordering::Relaxed);
    assert!(world.worker.push(task, false).is_ok(), "a burst stays one");
    assert_eq!(world.worker.lanes.deque.len(), CALL + 1);
    world.ends();
}

#[test]
fn who_has_joined_one_that_ends_goes_behind_what_is_queued() {
    let world = World::new("patience");
    let worker = &world.worker;
    let queue = |ends: bool| {
        let task = world.task();
        let id = task.metadata().id;
        worker.ends.set(ends);
        assert!(worker.push(task, false).is_ok(), "it has a place");
        worker.ends.set(false);
        id
    };
    let taken = || worker.take().map(|task| task.metadata().id);
    // Somebody in the slot, and many in the deque.
    let mut others: std::collections::VecDeque<_> = (0..2 * PATIENCE).map(|_| queue(false)).collect();
    assert_eq!(taken(), others.pop_front(), "what is in the slot goes first");
    let joiner = queue(true);
    others.push_back(queue(false));
    for _ in 0..PATIENCE {
        assert_eq!(taken(), others.pop_front());
    }
    assert_eq!(taken(), Some(joiner), "it does not wait for ever");
    assert!((0..others.len()).all(|_| taken() == others.pop_front()));
    // The same behind fewer, the last of which came later.
    others.extend([queue(false), queue(false)]);
    assert_eq!(taken(), others.pop_front());
    let joiner = queue(true);
    others.push_back(queue(false));
    assert_eq!(taken(), others.pop_front());
    assert_eq!(taken(), Some(joiner));
    assert_eq!(taken(), others.pop_front());
    assert_eq!(taken(), None);
    world.ends();
}

#[test]
fn what_a_worker_that_is_stuck_was_brought_is_taken_over() {
    const BROUGHT: usize = 100;
    let world = World::new("stuck");
    (0..BROUGHT).for_each(|_| world.other.lanes.prompt.push(world.task()));
    let pulse = &world.other.remote.own.pulse;
    pulse.store(1, Ordering::Relaxed);
    let taken = || {
        assert!(world.worker.look_around().is_none());
        world.worker.lanes.prompt.len()
    };
    for _ in 0..4 {
        assert_eq!(taken(), 0);
        pulse.fetch_add(2, Ordering::Relaxed);
    }
    assert_eq!(taken(), 0, "it may be at work");
    assert_eq!(taken(), BROUGHT);
    assert!(world.other.lanes.prompt.is_empty());
    world.ends();
}
