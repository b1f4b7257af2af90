//! What a runtime counts, against what the tests count themselves.

mod support;

use rustroutines::error::JoinError;
use rustroutines::io::block_on_io;
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RuntimeStats, RustRoutineRuntime};
use support::{Event, eventually, runtime, within_limit};

const HOUR: Duration = Duration::from_secs(3_600);

/// The figures once nobody works.
fn at_rest(runtime: &RustRoutineRuntime) -> RuntimeStats {
    let mut stats = runtime.stats();
    eventually("every worker sleeps", || {
        stats = runtime.stats();
        stats.idle_workers == stats.workers
    });
    stats
}

#[test]
fn every_beginning_and_every_end_is_counted_once() {
    within_limit(|| {
        let config = RuntimeConfig::new().workers(2).max_routines(200);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        // From outside, and from inside routines.
        let parents: Vec<_> = (0..10)
            .map(|_| {
                runtime.spawn(|| {
                    suspend!({
                        let children = (0..7).map(|n| {
                            go!(move || {
                                yield_now();
                                assert!(n != 3, "one in seven panics");
                            })
                        });
                        join_all(children)
                    })
                })
            })
            .collect();
        let (mut completed, mut panicked) = (0, 0);
        for parent in join_all(parents).block() {
            completed += 1;
            for child in parent.unwrap() {
                match child {
                    Ok(()) => completed += 1,
                    Err(JoinError::Panicked(_)) => panicked += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        let sleepers: Vec<_> = (0..200).map(|_| runtime.spawn(|| sleep(HOUR))).collect();
        let refused = (0..5).map(|_| runtime.spawn(|| sleep(HOUR)));
        for refused in join_all(refused).block() {
            assert!(matches!(refused, Err(JoinError::NotSpawned(_))));
        }
        let stats = at_rest(&runtime);
        assert_eq!((stats.alive, stats.timers), (200, 200));
        sleepers.iter().for_each(RoutineHandle::abort);
        let aborted = join_all(sleepers).block().iter().filter(|ended| ended.is_err()).count() as u64;
        assert_eq!((completed, panicked, aborted), (70, 10, 200));

        let stats = at_rest(&runtime);
        assert_eq!(stats.completed, completed);
        assert_eq!(stats.panicked, panicked);
        assert_eq!(stats.aborted, aborted);
        assert_eq!(stats.refused, 5);
        assert_eq!(stats.dropped, 0);
        assert_eq!(stats.spawned, completed + panicked + aborted);
        assert_eq!((stats.alive, stats.queued, stats.timers), (0, 0, 0));
    });
}

#[test]
fn every_poll_is_counted() {
    within_limit(|| {
        let runtime = runtime(2);
        let handles: Vec<_> = (0..50)
            .map(|n| {
                runtime.spawn(move || {
                    suspend!(move {
                        for _ in 0..n {
                            yield_now();
                        }
                    })
                })
            })
            .collect();
        assert!(join_all(handles).block().iter().all(Result::is_ok));
        // One for each yield, and one to end.
        assert_eq!(at_rest(&runtime).polls, (0..50).sum::<u64>() + 50);
    });
}

#[test]
fn a_worker_that_wakes_parks_again() {
    within_limit(|| {
        let runtime = runtime(1);
        let before = at_rest(&runtime).parks;
        for _ in 0..10 {
            runtime.spawn(|| std::future::ready(())).join().block().unwrap();
            at_rest(&runtime);
        }
        let stats = at_rest(&runtime);
        assert!(stats.parks >= before + 10, "{stats}");
        assert_eq!(stats.handoffs, 0);
    });
}

#[test]
fn a_place_that_changes_hands_is_counted() {
    within_limit(|| {
        let runtime = runtime(1);
        let gate = Event::default();
        let inside = gate.clone();
        let blocks = runtime.spawn(move || async move { inside.block() });
        eventually("it blocks", || gate.waiters() == 1);
        // The place has gone to another thread, or this could not run.
        runtime.spawn(|| std::future::ready(())).join().block().unwrap();
        let stats = runtime.stats();
        assert!(stats.handoffs >= 1 && stats.threads >= 3, "{stats}");
        gate.set();
        blocks.join().block().unwrap();
    });
}

#[test]
fn the_blocking_pool_is_counted() {
    within_limit(|| {
        let config = RuntimeConfig::new().workers(1).max_blocking_threads(1);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        let gate = Event::default();
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let gate = gate.clone();
                runtime.spawn(move || block_on_io(move || gate.block()))
            })
            .collect();
        eventually("one runs, and three wait", || {
            let stats = runtime.stats();
            (stats.blocking_threads, stats.blocking_queued, gate.waiters()) == (1, 3, 1)
        });
        gate.set();
        assert!(join_all(calls).block().iter().all(Result::is_ok));
        assert_eq!(runtime.stats().blocking_queued, 0);
    });
}

#[test]
fn figures_of_a_busy_runtime_never_say_that_more_have_ended_than_begun() {
    within_limit(|| {
        let runtime = runtime(2);
        let stop = Event::default();
        let until = stop.clone();
        let spawner = runtime.spawn(move || {
            suspend!(move {
                let mut spawned = 0_u64;
                while !until.is_set() {
                    go!(|| yield_now());
                    spawned += 1;
                    yield_now();
                }
                spawned
            })
        });
        for _ in 0..10_000 {
            let stats = runtime.stats();
            let ended = stats.completed + stats.aborted + stats.panicked + stats.dropped;
            assert!(ended <= stats.spawned, "{stats}");
        }
        stop.set();
        let spawned = spawner.join().block().unwrap() + 1;
        eventually("all have ended", || runtime.stats().alive == 0);
        let stats = at_rest(&runtime);
        assert_eq!((stats.spawned, stats.completed), (spawned, spawned));
    });
}

#[test]
fn they_print_as_a_table() {
    let runtime = runtime(2);
    runtime.spawn(|| std::future::ready(())).join().block().unwrap();
    let stats = at_rest(&runtime);
    let text = stats.to_string();
    let widths: Vec<_> = text.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!((row("spawned"), row("completed"), row("workers")), (1, 1, 2));
    assert_eq!((row("idle workers"), row("polls")), (2, stats.polls));
}

#[test]
fn a_panic_says_which_routine_it_was() {
    let runtime = runtime(1);
    let named = rustroutines::routine::Builder::new().name("the baker");
    let ended = named.spawn_on(&runtime, || async { panic!("out of flour") }).unwrap().join().block();
    let ended: Result<(), JoinError> = ended;
    let error = ended.unwrap_err();
    assert_eq!(error.to_string(), "the routine `the baker` panicked: out of flour");
    assert_eq!(error.panic_message(), Some("out of flour"));
    let JoinError::Panicked(panic) = error else { panic!("{error}") };
    assert_eq!(panic.routine(), Some("the baker"));
}
