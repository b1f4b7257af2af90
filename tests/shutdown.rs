//! The end of a runtime.

mod support;

use rustroutines::Suspend;
use rustroutines::error::{JoinError, SpawnError};
use rustroutines::io::block_on_io;
use rustroutines::routine::{Builder, join_all, spawn, yield_now};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::time::sleep;
use std::cell::RefCell;
use std::future::{pending, poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};
use support::{Bomb, Drops, Event, LONG, eventually, runtime, within_limit};

#[test]
fn parked_routines_are_dropped_once_and_named() {
    within_limit(|| {
        for workers in [1, 2, 64] {
            let runtime = runtime(workers);
            let (drops, ready) = (Drops::default(), Event::default());
            let mut handles = Vec::new();
            for n in 0..100 {
                let (counted, ready) = (drops.one(), ready.clone());
                let builder = Builder::new().name(format!("sleeper {n}"));
                handles.push(
                    builder
                        .spawn_on(&runtime, || async move {
                            let _counted = counted;
                            ready.wait().await;
                            pending::<()>().await;
                        })
                        .unwrap(),
                );
            }
            eventually("all wait", || ready.waiters() == 100);
            let report = runtime.shutdown(Duration::ZERO);
            assert_eq!(drops.count(), 100);
            let mut names: Vec<_> = report.stragglers.iter().map(|s| s.name.clone().unwrap()).collect();
            names.sort_by_key(|name| name.split_once(' ').unwrap().1.parse::<u32>().unwrap());
            assert!(names.iter().enumerate().all(|(n, name)| *name == format!("sleeper {n}")));
            assert!(report.stragglers.iter().all(|s| s.site.file().ends_with("shutdown.rs")));
            assert!(report.to_string().contains("sleeper 99, spawned at"), "{report}");
            for handle in handles {
                assert!(matches!(handle.join().block(), Err(JoinError::ShutDown)));
            }
        }
    });
}

#[test]
fn queued_routines_are_dropped_without_being_run() {
    within_limit(|| {
        let runtime = runtime(1);
        let (drops, release, inside) = (Drops::default(), Event::default(), Event::default());
        let stuck = runtime.spawn({
            let (inside, release) = (inside.clone(), release.clone());
            move || {
                poll_fn(move |_| {
                    inside.set();
                    while !release.is_set() {
                        std::thread::yield_now();
                    }
                    Poll::Ready(())
                })
            }
        });
        inside.block();
        let handles: Vec<_> = (0..100)
            .map(|_| {
                let counted = drops.one();
                runtime.spawn(|| async move {
                    pending::<()>().await;
                    drop(counted);
                })
            })
            .collect();
        let report = runtime.shutdown(Duration::ZERO);
        assert_eq!(drops.count(), 100, "also while every worker is stuck");
        assert!(report.stragglers.len() >= 100);
        for result in join_all(handles).block() {
            assert!(matches!(result, Err(JoinError::ShutDown)));
        }
        release.set();
        stuck.join().block().unwrap();
    });
}

#[test]
fn a_shutdown_with_time_lets_routines_end() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let handles: Vec<_> = (0..1_000)
                .map(|n| {
                    runtime.spawn(move || async move {
                        for _ in 0..n % 10 {
                            yield_now().await;
                        }
                        n
                    })
                })
                .collect();
            let report = runtime.shutdown(LONG);
            assert!(report.stragglers.is_empty(), "{report}");
            for (n, result) in join_all(handles).block().into_iter().enumerate() {
                assert_eq!(result.unwrap(), n);
            }
        }
    });
}

#[test]
fn an_idle_runtime_shuts_down_at_once_whatever_its_timeout() {
    within_limit(|| {
        let begin = Instant::now();
        assert!(runtime(4).shutdown(LONG).stragglers.is_empty());
        assert!(begin.elapsed() < LONG / 2);
    });
}

#[test]
fn spawning_into_a_shutdown_is_refused_or_ends() {
    within_limit(|| {
        for _ in 0..20 {
            let runtime = runtime(2);
            let (drops, first) = (Drops::default(), Event::default());
            let spawned = runtime.spawn({
                let (drops, first) = (drops.clone(), first.clone());
                || async move {
                    let mut made = 0;
                    loop {
                        let counted = drops.one();
                        made += 1;
                        let spawned = Builder::new().spawn(move || async move {
                            pending::<()>().await;
                            drop(counted);
                        });
                        first.set();
                        if let Err(error) = spawned {
                            assert_eq!(error, SpawnError::ShutDown);
                            return made;
                        }
                        yield_now().await;
                    }
                }
            });
            first.block();
            runtime.shutdown(Duration::from_millis(2));
            if let Ok(made) = spawned.join().block() {
                assert_eq!(drops.count(), made);
            }
        }
    });
}

#[test]
fn destructors_may_wake_and_spawn_during_a_shutdown() {
    within_limit(|| {
        struct Wakes(Event);
        impl Drop for Wakes {
            fn drop(&mut self) {
                self.0.set();
                let _refused = spawn(|| ready(()));
            }
        }
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let events: Vec<_> = (0..10_001).map(|_| Event::default()).collect();
            let drops = Drops::default();
            // Dropping one routine wakes the next: a chain, which must not grow the stack.
            for pair in events.windows(2) {
                let (wakes, wait, counted) = (Wakes(pair[1].clone()), pair[0].clone(), drops.one());
                drop(runtime.spawn(|| async move {
                    let _kept = (wakes, counted);
                    wait.wait().await;
                    pending::<()>().await;
                }));
            }
            eventually("all wait", || events[..10_000].iter().all(|event| event.waiters() == 1));
            runtime.shutdown(Duration::ZERO);
            assert_eq!(drops.count(), 10_000);
        }
    });
}

#[test]
fn wakes_may_race_a_shutdown() {
    within_limit(|| {
        for round in 0..20 {
            let runtime = runtime([1, 2, 3, 64][round % 4]);
            let drops = Drops::default();
            let events: Vec<_> = (0..10_000).map(|_| Event::default()).collect();
            for event in &events {
                let (event, counted) = (event.clone(), drops.one());
                drop(runtime.spawn(|| async move {
                    let _counted = counted;
                    event.wait().await;
                }));
            }
            let waker = std::thread::spawn(move || events.iter().for_each(Event::set));
            runtime.shutdown(Duration::ZERO);
            waker.join().unwrap();
            eventually("all are dropped", || drops.count() == 10_000);
        }
    });
}

#[test]
fn a_panicking_destructor_does_not_stop_a_shutdown() {
    within_limit(|| {
        let runtime = runtime(1);
        let (gate, drops) = (Event::default(), Drops::default());
        for _ in 0..10 {
            let (gate, counted) = (gate.clone(), drops.one());
            drop(runtime.spawn(|| async move {
                let _kept = (Bomb, counted);
                gate.wait().await;
            }));
        }
        eventually("all wait", || gate.waiters() == 10);
        runtime.shutdown(Duration::ZERO);
        assert_eq!(drops.count(), 10);
    });
}

#[test]
fn a_runtime_may_be_dropped_inside_a_routine_of_its_own() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let (give, done) = (Arc::new(std::sync::Mutex::new(None)), Event::default());
            let drops = Drops::default();
            let (taken, counted, ended) = (give.clone(), drops.one(), done.clone());
            let handle = runtime.spawn(|| async move {
                let _counted = counted;
                loop {
                    let runtime = taken.lock().unwrap().take();
                    if let Some(runtime) = runtime {
                        drop::<rustroutines::runtime::RustRoutineRuntime>(runtime);
                        break;
                    }
                    yield_now().await;
                }
                ended.set();
                yield_now().await;
                unreachable!("its runtime is gone");
            });
            *give.lock().unwrap() = Some(runtime);
            done.block();
            assert!(matches!(handle.join().block(), Err(JoinError::ShutDown)));
            assert_eq!(drops.count(), 1);
        }
    });
}

#[test]
fn a_routine_may_shut_its_own_runtime_down_and_wait_for_the_others() {
    within_limit(|| {
        let runtime = runtime(1);
        let give = Arc::new(std::sync::Mutex::new(None::<rustroutines::runtime::RustRoutineRuntime>));
        let taken = give.clone();
        let others = Arc::new(AtomicBool::new(false));
        let flag = others.clone();
        let handle = runtime.spawn(|| async move {
            loop {
                let runtime = taken.lock().unwrap().take();
                if let Some(runtime) = runtime {
                    drop(spawn(|| async move {
                        yield_now().await;
                        flag.store(true, Ordering::SeqCst);
                    }));
                    return runtime.shutdown(LONG).stragglers.len();
                }
                yield_now().await;
            }
        });
        *give.lock().unwrap() = Some(runtime);
        assert_eq!(handle.join().block().unwrap(), 0);
        assert!(others.load(Ordering::SeqCst), "the other routine was let to its end");
    });
}

#[test]
fn a_stuck_routine_is_not_waited_for_and_ends_at_its_suspension() {
    within_limit(|| {
        let runtime = runtime(2);
        let (inside, release) = (Event::default(), Event::default());
        let handle = Builder::new()
            .name("stuck")
            .spawn_on(&runtime, {
                let (inside, release) = (inside.clone(), release.clone());
                || async move {
                    inside.set();
                    while !release.is_set() {
                        std::thread::yield_now();
                    }
                    yield_now().await;
                    unreachable!("its runtime is gone");
                }
            })
            .unwrap();
        inside.block();
        let report = runtime.shutdown(Duration::from_millis(1));
        assert_eq!(report.stragglers.len(), 1);
        assert_eq!(report.stragglers[0].name.as_deref(), Some("stuck"));
        release.set();
        assert!(matches!(handle.join().block(), Err::<(), _>(JoinError::ShutDown)));
    });
}

#[test]
fn a_finished_handle_outlives_its_runtime() {
    within_limit(|| {
        let runtime = runtime(1);
        let (done, late) = (runtime.spawn(|| ready(3)), runtime.spawn(pending::<()>));
        eventually("it ends", || done.is_finished());
        drop(runtime);
        assert_eq!(done.join().block().unwrap(), 3);
        late.abort();
        assert!(matches!(late.join().block(), Err(JoinError::ShutDown)));
    });
}

#[test]
fn a_forgotten_runtime_blocks_no_other() {
    within_limit(|| {
        let forgotten = runtime(1);
        let handle = forgotten.spawn(|| ready(1));
        std::mem::forget(forgotten);
        let other = runtime(1);
        assert_eq!(other.spawn(|| ready(2)).join().block().unwrap(), 2);
        assert_eq!(handle.join().block().unwrap(), 1);
    });
}

/// Calls a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn destructors_of_stragglers_may_wait_for_one_another() {
    within_limit(|| {
        for workers in [1, 2] {
            // Saying that they block, and behind the scheduler's back.
            for open in [true, false] {
                const STRAGGLERS: usize = 6;
                let runtime = runtime(workers);
                let (parked, all) = (Event::default(), Event::default());
                let arrived = Arc::new(AtomicUsize::new(0));
                let barrier = Arc::new(std::sync::Barrier::new(STRAGGLERS));
                for _ in 0..STRAGGLERS {
                    let (parked, all) = (parked.clone(), all.clone());
                    let (arrived, barrier) = (arrived.clone(), barrier.clone());
                    drop(runtime.spawn(move || async move {
                        let _meets = OnDrop(move || {
                            if !open {
                                barrier.wait();
                            }
                            if arrived.fetch_add(1, Ordering::SeqCst) + 1 == STRAGGLERS {
                                all.set();
                            }
                            all.block();
                        });
                        parked.wait().await;
                    }));
                }
                eventually("all wait", || parked.waiters() == STRAGGLERS);
                let report = runtime.shutdown(Duration::ZERO);
                assert_eq!(arrived.load(Ordering::SeqCst), STRAGGLERS);
                assert_eq!(report.stragglers.len(), STRAGGLERS);
                assert!(report.stragglers.iter().all(|straggler| !straggler.stuck), "{report}");
            }
        }
    });
}

#[test]
fn a_destructor_may_join_another_straggler() {
    within_limit(|| {
        let runtime = runtime(1);
        let parked = Event::default();
        let wait = || {
            let parked = parked.clone();
            move || async move { parked.wait().await }
        };
        let first = runtime.spawn(wait());
        let mut join = Some(first.join());
        let (heard, hears) = std::sync::mpsc::channel();
        let second = wait();
        drop(runtime.spawn(move || async move {
            let _joins = OnDrop(move || heard.send(join.take().unwrap().block()).unwrap());
            second().await;
        }));
        eventually("both wait", || parked.waiters() == 2);
        runtime.shutdown(Duration::ZERO);
        assert!(matches!(hears.try_recv().unwrap(), Err(JoinError::ShutDown)));
    });
}

#[test]
fn without_a_worker_left_the_parked_are_dropped_all_the_same() {
    within_limit(|| {
        let config = RuntimeConfig::new().workers(1).max_threads(1);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        let (drops, parked, inside, release) =
            (Drops::default(), Event::default(), Event::default(), Event::default());
        for _ in 0..100 {
            let (counted, parked) = (drops.one(), parked.clone());
            drop(runtime.spawn(|| async move {
                let _counted = counted;
                parked.wait().await;
            }));
        }
        eventually("all wait", || parked.waiters() == 100);
        let stuck = runtime.spawn({
            let (inside, release) = (inside.clone(), release.clone());
            move || {
                poll_fn(move |_| {
                    inside.set();
                    while !release.is_set() {
                        std::thread::yield_now();
                    }
                    Poll::Ready(5)
                })
            }
        });
        inside.block();
        let report = runtime.shutdown(Duration::ZERO);
        assert_eq!(drops.count(), 100);
        assert_eq!(report.stragglers.len(), 101);
        let stuck_ones: Vec<_> = report.stragglers.iter().filter(|straggler| straggler.stuck).collect();
        assert_eq!(stuck_ones.len(), 1);
        assert_eq!(stuck_ones[0].id, stuck.id());
        assert!(report.to_string().contains("stuck in a poll"), "{report}");
        release.set();
        assert_eq!(stuck.join().block().unwrap(), 5, "its last poll came to an end");
    });
}

#[test]
fn sleeping_routines_are_dropped_and_leave_no_timers() {
    within_limit(|| {
        let runtime = runtime(2);
        let (drops, asleep) = (Drops::default(), Arc::new(AtomicUsize::new(0)));
        for n in 0..1_000 {
            let (counted, asleep) = (drops.one(), asleep.clone());
            drop(runtime.spawn(move || async move {
                let _counted = counted;
                asleep.fetch_add(1, Ordering::SeqCst);
                sleep(if n % 2 == 0 { LONG } else { Duration::MAX }).await;
            }));
        }
        eventually("all sleep", || asleep.load(Ordering::SeqCst) == 1_000 && runtime.stats().timers == 500);
        assert_eq!(runtime.shutdown(Duration::from_millis(2)).stragglers.len(), 1_000);
        assert_eq!(drops.count(), 1_000);
    });
}

#[test]
fn a_shutdown_with_time_runs_the_blocking_jobs_and_one_without_drops_them() {
    within_limit(|| {
        for drain in [true, false] {
            let config = RuntimeConfig::new().workers(1).max_blocking_threads(1);
            let runtime = RustRoutineRuntime::with_config(config).unwrap();
            let (inside, release, ran) = (Event::default(), Event::default(), Arc::new(AtomicUsize::new(0)));
            let first = runtime.spawn({
                let (inside, release) = (inside.clone(), release.clone());
                || {
                    block_on_io(move || {
                        inside.set();
                        while !release.is_set() {
                            std::thread::yield_now();
                        }
                    })
                }
            });
            inside.block();
            let others: Vec<_> = (0..10)
                .map(|_| {
                    let ran = ran.clone();
                    runtime.spawn(|| block_on_io(move || ran.fetch_add(1, Ordering::SeqCst)))
                })
                .collect();
            eventually("they queue", || runtime.stats().blocking_queued == 10);
            if drain {
                let releases = std::thread::spawn(move || release.set());
                let report = runtime.shutdown(LONG);
                releases.join().unwrap();
                assert!(report.stragglers.is_empty() && report.blocking_jobs == 0, "{report}");
                first.join().block().unwrap();
                assert_eq!(ran.load(Ordering::SeqCst), 10);
                assert!(others.into_iter().all(|other| other.join().block().is_ok()));
            } else {
                let report = runtime.shutdown(Duration::ZERO);
                assert_eq!((report.stragglers.len(), report.blocking_jobs), (11, 11), "{report}");
                assert!(report.to_string().contains("11 blocking jobs"), "{report}");
                release.set();
                assert_eq!(ran.load(Ordering::SeqCst), 0);
                for other in others {
                    assert!(matches!(other.join().block(), Err(JoinError::ShutDown)));
                }
            }
        }
    });
}

#[test]
fn runtimes_in_thread_locals_end_with_their_threads() {
    thread_local! {
        static MINE: RefCell<Option<RustRoutineRuntime>> = const { RefCell::new(None) };
    }
    within_limit(|| {
        let drops = Drops::default();
        for before in [true, false] {
            let counted = drops.one();
            let thread = std::thread::spawn(move || {
                // Other thread-locals of the library are there before it, or come after it.
                if before {
                    spawn(|| ready(())).join().block().unwrap();
                    MINE.set(None);
                }
                MINE.set(Some(runtime(2)));
                let parked = Event::default();
                MINE.with_borrow(|mine| {
                    let parked = parked.clone();
                    let handle = mine.as_ref().unwrap().spawn(|| async move {
                        let _counted = counted;
                        parked.wait().await;
                    });
                    drop(handle);
                });
                eventually("it waits", || parked.waiters() == 1);
            });
            thread.join().unwrap();
        }
        assert_eq!(drops.count(), 2);
        // One that lives in a thread-local of another's worker.
        let outer = runtime(1);
        let (inner, wait) = (drops.one(), Event::default());
        let waiting = wait.clone();
        let lives = outer.spawn(|| async move {
            let handle = MINE.with_borrow_mut(|mine| {
                let runtime = mine.insert(runtime(1));
                runtime.spawn(|| async move {
                    let _counted = inner;
                    waiting.wait().await;
                })
            });
            drop(handle);
        });
        lives.join().block().unwrap();
        eventually("it waits", || wait.waiters() == 1);
        drop(outer);
        eventually("the worker's thread ends, and what it kept", || drops.count() == 3);
    });
}

#[test]
fn one_runtime_of_several_goes_alone() {
    within_limit(|| {
        let runtimes: Vec<_> = (1..=4).map(runtime).collect();
        let (gate, drops) = (Event::default(), Drops::default());
        let mut handles: Vec<_> = runtimes
            .iter()
            .map(|runtime| {
                let (gate, counted) = (gate.clone(), drops.one());
                runtime.spawn(|| async move {
                    gate.wait().await;
                    drop(counted);
                    7
                })
            })
            .collect();
        eventually("all wait", || gate.waiters() == 4);
        let mut runtimes = runtimes.into_iter();
        drop(runtimes.next());
        assert!(matches!(handles.remove(0).join().block(), Err(JoinError::ShutDown)));
        assert_eq!(drops.count(), 1);
        gate.set();
        for handle in handles {
            assert_eq!(handle.join().block().unwrap(), 7);
        }
        for runtime in runtimes {
            assert!(runtime.shutdown(LONG).stragglers.is_empty());
        }
    });
}

#[test]
fn a_blocking_job_that_races_a_shutdown_is_run_or_dropped_and_its_routine_ends() {
    within_limit(|| {
        for round in 0..200 {
            let config = RuntimeConfig::new().workers(1 + round % 3).max_blocking_threads(1 + round % 2);
            let runtime = RustRoutineRuntime::with_config(config).unwrap();
            let (made, drops, begun) = (Arc::new(AtomicUsize::new(0)), Drops::default(), Event::default());
            let routines: Vec<_> = (0..4)
                .map(|_| {
                    let (made, drops, begun) = (made.clone(), drops.clone(), begun.clone());
                    runtime.spawn(move || async move {
                        loop {
                            made.fetch_add(1, Ordering::SeqCst);
                            let (kept, begun) = (drops.one(), begun.clone());
                            block_on_io(move || {
                                begun.set();
                                drop(kept);
                            })
                            .await;
                        }
                    })
                })
                .collect();
            begun.block();
            runtime.shutdown(Duration::from_micros(round as u64 % 5 * 100));
            for routine in routines {
                let never: Result<std::convert::Infallible, _> = routine.join().block();
                assert!(matches!(never, Err(JoinError::ShutDown)), "{never:?}");
            }
            eventually("every job is gone", || drops.count() == made.load(Ordering::SeqCst));
        }
    });
}
