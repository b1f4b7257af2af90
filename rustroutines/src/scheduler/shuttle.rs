//! The whole scheduler under the randomised checker: threads that retire, shutdowns in every state, wakes
//! from outside, and routines that spawn, block, panic and are aborted, all at once.
//!
//! Time passes as fast as a schedule likes, so the monitor may look at any moment, and find any poll late.

use super::{Pinning, Scheduler, Settings, Topology};
use crate::Suspend;
use crate::channel::{Receiver, Sender, bounded_channel, channel};
use crate::error::{JoinError, SpawnError};
use crate::platform::explore;
use crate::platform::random::below;
use crate::routine::{Builder, spawn, yield_now};
use crate::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A runtime whose spare threads retire as soon as they find no place.
fn hasty(workers: usize) -> RustRoutineRuntime {
    let config = RuntimeConfig::new()
        .workers(workers)
        .max_threads(workers + 2)
        .keep_alive(Duration::ZERO)
        .thread_name("model");
    RustRoutineRuntime::with_config(config).unwrap()
}

/// Counts its drops, without being a step of the program.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Plain code inside a routine.
fn plain<R>(code: impl FnOnce() -> R) -> R {
    code()
}

/// Every routine blocks its thread for the one after it, which gives places away and takes them again while
/// the threads that are not needed retire.
#[test]
fn threads_retire_while_places_change_hands() {
    explore(1_000, || {
        let runtime = hasty(1 + below(2));
        let (first, mut last) = channel::<u32>();
        for _ in 0..3 {
            let (to, from) = channel();
            let before = std::mem::replace(&mut last, from);
            runtime.spawn(move || async move {
                let number = plain(|| before.recv().block()).unwrap();
                yield_now().await;
                plain(|| to.send(number + 1).block()).unwrap();
            });
        }
        first.send(0).block().unwrap();
        assert_eq!(last.recv().block().unwrap(), 3);
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}

/// What comes from outside finds workers that fall asleep, are asleep, or wake up.
#[test]
fn wakes_from_outside_are_heard() {
    explore(1_000, || {
        let runtime = hasty(1 + below(2));
        let (to, from) = bounded_channel(1);
        let (back, answers) = bounded_channel(1);
        runtime.spawn(move || async move {
            while let Ok(number) = from.recv().await {
                back.send(number + 1_u32).await.unwrap();
            }
        });
        for n in 0..3 {
            to.send(n).block().unwrap();
            assert_eq!(answers.recv().block().unwrap(), n + 1);
            assert_eq!(runtime.spawn(move || std::future::ready(n)).join().block().unwrap(), n);
        }
        drop(to);
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}

/// A poll without end wakes others while the monitor takes its place away, at any moment. They run all the same,
/// though everybody else sleeps by then.
#[test]
fn what_a_poll_without_end_has_woken_runs_though_its_place_is_taken_meanwhile() {
    explore(4_000, || {
        let runtime = hasty(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let endless = runtime.spawn(move || async move {
            for _ in 0..3 {
                let ran = ran.clone();
                (0..below(6)).for_each(|_| shuttle::thread::yield_now());
                crate::routine::spawn(move || async move {
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            }
            // Many looks of the monitor.
            for _ in 0..2_000 {
                if ran.load(Ordering::Relaxed) == 3 {
                    return;
                }
                shuttle::thread::yield_now();
            }
            panic!("what it has woken waits for the end of its poll");
        });
        endless.join().block().unwrap();
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}

/// Routines that spawn, block, panic and yield, one of which is aborted: each ends in one of the ways that
/// it may, and the counters agree.
#[test]
fn whatever_routines_do_the_counters_agree() {
    explore(1_000, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let runtime = hasty(1 + below(2));
        let made = 3 + usize::from(below(2) == 0);
        let handles: Vec<_> = (0..made)
            .map(|kind| {
                let held = Counted(drops.clone());
                runtime.spawn(move || async move {
                    let _held = held;
                    match kind {
                        0 => crate::routine::spawn(yield_now).join().await.unwrap(),
                        1 => plain(|| crate::routine::spawn(yield_now).join().block()).unwrap(),
                        // Not `panic!`: its message is no business of this model's.
                        2 => std::panic::resume_unwind(Box::new("expected")),
                        _ => yield_now().await,
                    }
                })
            })
            .collect();
        let victim = below(made);
        handles[victim].abort();
        let (mut completed, mut aborted, mut panicked) = (0, 0, 0);
        for (kind, handle) in handles.into_iter().enumerate() {
            match handle.join().block() {
                Ok(()) => completed += 1,
                Err(JoinError::Aborted) if kind == victim => aborted += 1,
                Err(JoinError::Panicked(_)) if kind == 2 => panicked += 1,
                Err(error) => panic!("{kind}: {error:?}"),
            }
        }
        assert_eq!(drops.load(Ordering::Relaxed), made);
        // Those that were spawned inside may still be on their way.
        let stats = runtime.stats();
        assert!(stats.completed >= completed);
        assert_eq!((stats.aborted, stats.panicked), (aborted, panicked));
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}

/// Stragglers whose destructors wait for one another, on one worker or two.
#[test]
fn destructors_that_wait_for_one_another_end_in_a_shutdown() {
    /// Meets the other one when it is dropped, and tells.
    struct Meets(Option<(Sender<()>, Receiver<()>)>, Sender<()>);
    impl Drop for Meets {
        fn drop(&mut self) {
            let (to, from) = self.0.take().expect("it is there");
            to.send(()).block().expect("the other listens");
            from.recv().block().expect("the other speaks");
            self.1.try_send(()).expect("there is room");
        }
    }
    explore(1_000, || {
        let (tell, met) = bounded_channel(2);
        let runtime = hasty(1 + below(2));
        let (there, from_here) = bounded_channel(1);
        let (here, from_there) = bounded_channel(1);
        let (parked, parks) = bounded_channel(2);
        for ends in [(there, from_there), (here, from_here)] {
            let (meets, parked) = (Meets(Some(ends), tell.clone()), parked.clone());
            runtime.spawn(move || async move {
                let _meets = meets;
                parked.try_send(()).unwrap();
                std::future::pending::<()>().await;
            });
        }
        if below(2) == 0 {
            parks.recv().block().unwrap();
        }
        assert_eq!(runtime.shutdown(Duration::ZERO).stragglers.len(), 2);
        // However little patience the shutdown had: under this clock it may have none.
        met.recv().block().unwrap();
        met.recv().block().unwrap();
    });
}

/// A routine that shuts its own runtime down, and one that spawns into it: nothing is left.
#[test]
fn a_shutdown_from_inside_races_a_spawner() {
    explore(1_000, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let runtime = hasty(1 + below(2));
        let spawned = Arc::new(AtomicUsize::new(0));
        let spawner = runtime.spawn({
            let (drops, spawned) = (drops.clone(), spawned.clone());
            move || async move {
                for _ in 0..3 {
                    let held = Counted(drops.clone());
                    spawned.fetch_add(1, Ordering::Relaxed);
                    let started = Builder::new().spawn(move || async move {
                        let _held = held;
                        std::future::pending::<()>().await;
                    });
                    if let Err(error) = started {
                        assert_eq!(error, SpawnError::ShutDown);
                        return;
                    }
                    yield_now().await;
                }
            }
        });
        let (give, given) = bounded_channel(1);
        let closes = runtime.spawn(move || async move {
            let runtime: RustRoutineRuntime = given.recv().await.unwrap();
            runtime.shutdown(if below(2) == 0 { Duration::ZERO } else { Duration::from_millis(1) })
        });
        give.try_send(runtime).map_err(drop).unwrap();
        let _report = closes.join().block();
        let _ended = spawner.join().block();
        assert_eq!(drops.load(Ordering::Relaxed), spawned.load(Ordering::Relaxed));
    });
}

/// Tasks that were about to be queued when all ended, and are queued then, get their last poll. To the checker a
/// wake is one step, so these are held in its midst by hand.
#[test]
fn tasks_that_are_queued_after_the_end_are_dropped() {
    explore(200, || {
        let drops = Arc::new(AtomicUsize::new(0));
        // Without a thread, what is spawned stays where it was queued.
        let scheduler = Scheduler::new(Settings {
            workers: 1,
            max_threads: 0,
            max_routines: None,
            max_timers: 1,
            max_blocking: 1,
            keep_alive: Duration::ZERO,
            name: "model".into(),
            pinning: Pinning::None,
            topology: Topology::read(|_| None, None),
        });
        let joins = [(); 2].map(|()| {
            let held = Counted(drops.clone());
            let make = move || async move {
                let _held = held;
                std::future::pending::<()>().await;
            };
            scheduler.spawn(Location::caller(), None, make).unwrap()
        });
        let tasks = [(); 2].map(|()| scheduler.queues.take_any().expect("it is queued"));
        scheduler.end_alone();
        assert_eq!(drops.load(Ordering::Relaxed), 0);
        let queue = tasks.map(|task| {
            let scheduler = scheduler.clone();
            ::shuttle::thread::spawn(move || scheduler.inject(task))
        });
        queue.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(drops.load(Ordering::Relaxed), 2);
        drop(joins);
    });
}

/// A burst (a theft makes one here) blocks on what it has started, and left to itself: that is for others then,
/// whatever a thief says of it, and however late. (Nobody looks after it: while all others sleep the monitor does, too.)
#[test]
fn what_a_burst_has_started_runs_when_its_thread_blocks() {
    explore(2_000, || {
        let runtime = hasty(2);
        let burst = runtime.spawn(|| async {
            let started: Vec<_> = (0..4).map(|n| spawn(move || std::future::ready(n))).collect();
            plain(|| started.into_iter().map(|one| one.join().block().unwrap()).sum::<u32>())
        });
        assert_eq!(burst.join().block().unwrap(), 6);
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}
