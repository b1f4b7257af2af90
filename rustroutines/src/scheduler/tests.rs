//! Threads come, go, and cannot be had, and no place or task is lost.
//!
//! - [`queues`]: what lies where, and who finds it, without threads.

mod queues;

use super::*;
use crate::driver::parker::Parker;
use crate::error::JoinError;
use crate::platform::faults::refuse_threads;
#[cfg(target_os = "linux")]
use crate::platform::system::threads;
use std::future::{Future, poll_fn, ready};
use std::panic::Location;
use std::sync::Barrier;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::Poll;
use std::time::Instant;

/// Longer than any step of a test may take, on the slowest machine.
pub(super) const LONG: Duration = Duration::from_secs(120);

pub(super) fn settings(name: &str, workers: usize, max_threads: usize, keep_alive: Duration) -> Settings {
    Settings {
        workers,
        max_threads,
        max_routines: None,
        max_timers: usize::MAX,
        max_blocking: 4,
        keep_alive,
        name: name.into(),
        pinning: Pinning::None,
        topology: Topology::read(|_| None, None),
    }
}

pub(super) fn start(settings: Settings) -> Arc<Scheduler> {
    Scheduler::start(settings).unwrap()
}

pub(super) fn spawn<O>(
    scheduler: &Arc<Scheduler>,
    make: impl FnOnce() -> O + Send + 'static,
) -> JoinTask<O::Output>
where
    O: Future + Send + 'static,
    O::Output: Send + 'static,
{
    scheduler.spawn(Location::caller(), None, make).unwrap()
}

pub(super) fn join<T>(task: JoinTask<T>) -> Result<T, JoinError> {
    let parker = Arc::new(Parker::new());
    let waker = parker.clone().into();
    let mut task = std::pin::pin!(task);
    let deadline = Instant::now() + LONG;
    loop {
        match task.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome.into_result(),
            Poll::Pending => assert!(parker.park_until(Some(deadline)), "it does not end"),
        }
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LONG, "{what}: not after {LONG:?}");
        std::thread::yield_now();
    }
}

/// A routine that says it blocks, does so, and hears from outside when to go on.
fn blocker(scheduler: &Arc<Scheduler>) -> (Receiver<()>, Sender<()>, JoinTask<()>) {
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let task = spawn(scheduler, move || {
        poll_fn(move |_| {
            step_aside();
            begun.send(()).unwrap();
            released.recv_timeout(LONG).unwrap();
            Poll::Ready(())
        })
    });
    (has_begun, release, task)
}

/// Every place is held by somebody, and what is spawned runs on all of them at once.
fn is_whole(scheduler: &Arc<Scheduler>) {
    let workers = scheduler.settings.workers;
    let barrier = Arc::new(Barrier::new(workers));
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let barrier = barrier.clone();
            spawn(scheduler, move || poll_fn(move |_| Poll::Ready(barrier.wait().is_leader())))
        })
        .collect();
    assert_eq!(tasks.into_iter().map(join).filter(|leads| *leads.as_ref().unwrap()).count(), 1);
    eventually("no place is free", || scheduler.places.free_now() == 0);
    let placed = || scheduler.queues.remotes().filter(|remote| remote.placed.load(Ordering::Relaxed)).count();
    eventually("as many hold a place as there are", || placed() == workers);
}

#[test]
fn threads_that_are_not_needed_retire_and_their_numbers_are_used_again() {
    for workers in [1, 2] {
        let scheduler = start(settings("retire", workers, 64, Duration::from_millis(1)));
        for _ in 0..20 {
            let blocked: Vec<_> = (0..8).map(|_| blocker(&scheduler)).collect();
            for (has_begun, ..) in &blocked {
                has_begun.recv_timeout(LONG).unwrap();
            }
            for (_, release, task) in blocked {
                release.send(()).unwrap();
                join(task).unwrap();
            }
            let numbers = || scheduler.queues.remotes().len();
            eventually("the spares retire", || scheduler.counts().threads == workers as u64 + 1);
            eventually("they leave their numbers", || scheduler.places.vacant_now() == numbers() - workers);
            // Eight that block, the places, and a thread for each that came back before it was needed.
            assert!(numbers() <= 8 + 2 * workers);
            is_whole(&scheduler);
        }
        scheduler.shut_down(Duration::ZERO);
    }
}

#[test]
fn a_spare_that_retires_at_once_loses_neither_places_nor_tasks() {
    let scheduler = start(settings("hasty", 2, 16, Duration::ZERO));
    for round in 0..500 {
        let blocked: Vec<_> = (0..4).map(|_| blocker(&scheduler)).collect();
        let others: Vec<_> = (0..4).map(|n| spawn(&scheduler, move || ready(n))).collect();
        for (n, other) in others.into_iter().enumerate() {
            assert_eq!(join(other).unwrap(), n, "round {round}");
        }
        for (_, release, task) in blocked {
            release.send(()).unwrap();
            join(task).unwrap();
        }
    }
    is_whole(&scheduler);
    scheduler.shut_down(Duration::ZERO);
}

#[test]
fn a_refused_thread_is_asked_for_again() {
    let scheduler = start(settings("refused", 1, 8, LONG));
    for refusals in [1, 2, 5] {
        refuse_threads("refused", refusals);
        let before = scheduler.counts().refused_threads;
        let (has_begun, release, blocked) = blocker(&scheduler);
        has_begun.recv_timeout(LONG).unwrap();
        // The only place is free, and nobody is there to take it until the monitor gets a thread.
        let (second_has_begun, second_release, second) = blocker(&scheduler);
        second_has_begun.recv_timeout(LONG).unwrap();
        let (third_has_begun, third_release, third) = blocker(&scheduler);
        third_has_begun.recv_timeout(LONG).unwrap();
        for (release, task) in [(release, blocked), (second_release, second), (third_release, third)] {
            release.send(()).unwrap();
            join(task).unwrap();
        }
        if refusals == 1 {
            assert_eq!(scheduler.counts().refused_threads, before + 1);
        }
    }
    refuse_threads("refused", 0);
    is_whole(&scheduler);
    scheduler.shut_down(Duration::ZERO);
}

#[test]
fn without_any_spare_thread_the_place_comes_back_with_whoever_had_it() {
    let scheduler = start(settings("none", 1, 8, LONG));
    refuse_threads("none", usize::MAX);
    let (has_begun, release, blocked) = blocker(&scheduler);
    has_begun.recv_timeout(LONG).unwrap();
    assert_eq!(scheduler.places.free_now(), 1);
    let waits = spawn(&scheduler, || ready(7));
    release.send(()).unwrap();
    join(blocked).unwrap();
    assert_eq!(join(waits).unwrap(), 7);
    is_whole(&scheduler);
    assert!(scheduler.counts().refused_threads > 0);
    assert_eq!(scheduler.counts().threads, 2, "a worker and the monitor");
    scheduler.shut_down(Duration::ZERO);
    eventually("they end", || scheduler.counts().threads == 0);
}

/// Whose worker is stuck is not helped by thieves where nobody ever runs dry.
#[test]
fn what_lies_behind_a_long_poll_is_put_where_everybody_looks() {
    const QUEUED: usize = 100;
    // Nobody can take its place.
    let scheduler = start(settings("behind", 1, 1, LONG));
    let inner = scheduler.clone();
    let stuck = spawn(&scheduler, move || {
        poll_fn(move |_| {
            let queued: Vec<_> = (0..QUEUED).map(|number| spawn(&inner, move || ready(number))).collect();
            eventually("they are for everybody", || inner.queues.injected() == QUEUED);
            Poll::Ready(queued)
        })
    });
    for (number, task) in join(stuck).unwrap().into_iter().enumerate() {
        assert_eq!(join(task).unwrap(), number);
    }
    scheduler.shut_down(Duration::ZERO);
}

#[test]
fn exactly_as_many_threads_block_as_there_may_be() {
    const MAX: usize = 5;
    let scheduler = start(settings("bound", 2, MAX, LONG));
    let blocked: Vec<_> = (0..MAX).map(|_| blocker(&scheduler)).collect();
    for (has_begun, ..) in &blocked {
        has_begun.recv_timeout(LONG).unwrap();
    }
    // All threads block now. One more routine has to wait, and the refusals are counted.
    let (waits_has_begun, waits_release, waits) = blocker(&scheduler);
    eventually("a thread is missed", || scheduler.counts().refused_threads > 0);
    assert!(waits_has_begun.try_recv().is_err());
    assert_eq!(scheduler.places.free_now(), 2);
    assert_eq!(scheduler.counts().threads, MAX as u64 + 1);
    let mut blocked = blocked.into_iter();
    let (_, release, first) = blocked.next().unwrap();
    release.send(()).unwrap();
    join(first).unwrap();
    waits_has_begun.recv_timeout(LONG).unwrap();
    for (release, task) in blocked.map(|(_, release, task)| (release, task)).chain([(waits_release, waits)]) {
        release.send(()).unwrap();
        join(task).unwrap();
    }
    is_whole(&scheduler);
    scheduler.shut_down(Duration::ZERO);
}

#[test]
fn a_scheduler_whose_threads_are_refused_is_an_error_and_leaves_none_behind() {
    for (name, refused) in [("first", "first-0"), ("watch", "watch-monitor")] {
        refuse_threads(refused, usize::MAX);
        let error = Scheduler::start(settings(name, 2, 8, LONG)).err().expect("a thread was refused");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}

#[test]
fn a_scheduler_begins_with_the_workers_that_it_gets_and_asks_for_the_others_again() {
    refuse_threads("fewer-1", 5);
    let scheduler = start(settings("fewer", 3, 8, LONG));
    let alone = spawn(&scheduler, || ready(7));
    assert_eq!(join(alone).unwrap(), 7);
    is_whole(&scheduler);
    assert_eq!(scheduler.counts().refused_threads, 5);
}

#[test]
fn threads_that_are_pinned_steal_near_and_far() {
    // Two nodes, whatever the machine has: where it does not have the processors, nobody is pinned.
    let files = |name: &str| match name {
        "online" => Some("0-1".into()),
        "node0/cpulist" => Some("0,2,4".into()),
        "node1/cpulist" => Some("1,3,5".into()),
        "node0/distance" => Some("10 21".into()),
        "node1/distance" => Some("21 10".into()),
        _ => None,
    };
    for pinning in [Pinning::Node, Pinning::Processor] {
        let mut settings = settings("pinned", 4, 64, LONG);
        settings.pinning = pinning;
        settings.topology = Topology::read(files, None);
        let scheduler = start(settings);
        for _ in 0..20 {
            // All four at once: work that lies on one node is taken by the other.
            is_whole(&scheduler);
        }
        // Spares too.
        let blocked: Vec<_> = (0..8).map(|_| blocker(&scheduler)).collect();
        for (has_begun, ..) in &blocked {
            has_begun.recv_timeout(LONG).unwrap();
        }
        for (_, release, task) in blocked {
            release.send(()).unwrap();
            join(task).unwrap();
        }
        is_whole(&scheduler);
        scheduler.shut_down(Duration::ZERO);
    }
}

/// The processors that the calling thread may run on.
#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    threads::allowed_cpus().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_pinned_thread_stays_where_it_should() {
    let mine = allowed();
    for pinning in [Pinning::None, Pinning::Node, Pinning::Processor] {
        let mut settings = settings("stays", mine.len(), mine.len() + 4, LONG);
        settings.pinning = pinning;
        settings.topology = Topology::read(|_| None, Some(&mine));
        let scheduler = start(settings);
        let seen = join(spawn(&scheduler, || async { allowed() })).unwrap();
        match pinning {
            Pinning::Processor => assert!(seen.len() == 1 && mine.contains(&seen[0])),
            _ => assert_eq!(seen, mine),
        }
        scheduler.shut_down(Duration::ZERO);
    }
}

/// Counts its polls, and leaves its waker.
fn wakeful(scheduler: &Arc<Scheduler>) -> (Arc<AtomicU64>, std::task::Waker) {
    let polls = Arc::new(AtomicU64::new(0));
    let (give, given) = mpsc::channel();
    let own = polls.clone();
    // Detached, it ends with the scheduler.
    spawn(scheduler, move || {
        poll_fn(move |cx| {
            if own.fetch_add(1, Ordering::SeqCst) == 0 {
                give.send(cx.waker().clone()).unwrap();
            }
            Poll::<()>::Pending
        })
    })
    .detach();
    (polls, given.recv_timeout(LONG).unwrap())
}

#[test]
fn a_wake_from_outside_calls_upon_the_system_once_at_most() {
    use crate::driver::parker::tests::calls::made;
    for workers in [1, 2, 4] {
        let scheduler = start(settings("calls", workers, 64, LONG));
        let (polls, waker) = wakeful(&scheduler);
        let begin = made();
        // One by one, while all sleep.
        for n in 2..=100 {
            eventually("all sleep", || scheduler.idle.all_asleep());
            let before = made();
            waker.wake_by_ref();
            assert!(made() - before <= 1, "{} calls for one wake-up", made() - before);
            eventually("it is polled", || polls.load(Ordering::SeqCst) == n);
        }
        assert!(made() > begin, "nobody was ever asleep");
        // And in a storm, while they fall asleep and wake.
        for _ in 0..10_000 {
            let before = made();
            waker.wake_by_ref();
            assert!(made() - before <= 1, "{} calls for one wake-up", made() - before);
        }
        scheduler.shut_down(Duration::ZERO);
    }
}
