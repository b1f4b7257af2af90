//! The end of a runtime.

mod support;

use rustroutines::Suspend;
use rustroutines::error::{JoinError, SpawnError};
use rustroutines::routine::{Builder, join_all, spawn, yield_now};
use std::future::{pending, poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
        for _ in 0..5 {
            let runtime = runtime(2);
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
