//! Who runs, where and when.

mod support;

use rustroutines::Suspend;
use rustroutines::routine::{join_all, spawn, yield_now};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::time::sleep_until;
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use support::{Event, Op, eventually, runtime, within_limit};

/// Routines that all wait inside their poll for one another can only pass if all run at once.
fn all_at_once(runtime: &RustRoutineRuntime, routines: usize) {
    let barrier = Arc::new(Barrier::new(routines));
    let handles: Vec<_> = (0..routines)
        .map(|_| {
            let barrier = barrier.clone();
            runtime.spawn(move || poll_fn(move |_| Poll::Ready(barrier.wait().is_leader())))
        })
        .collect();
    let leaders = join_all(handles).block().into_iter().filter(|result| *result.as_ref().unwrap()).count();
    assert_eq!(leaders, 1);
}

#[test]
fn as_many_routines_as_workers_run_at_once_also_after_a_pause() {
    within_limit(|| {
        for workers in [1, 2, 8] {
            let runtime = runtime(workers);
            for _ in 0..20 {
                all_at_once(&runtime, workers);
                let parks = runtime.stats().parks;
                eventually("they sleep", || runtime.stats().parks >= parks.max(workers as u64));
            }
        }
    });
}

#[test]
fn more_blocked_polls_than_workers_are_relieved_by_the_monitor() {
    within_limit(|| {
        let runtime = runtime(2);
        all_at_once(&runtime, 12);
        assert!(runtime.stats().handoffs >= 10);
    });
}

/// A ball that is in one of two hands; who waits for it is woken.
#[derive(Default)]
struct Ball {
    state: Mutex<(bool, [Option<Waker>; 2])>,
}

impl Ball {
    async fn play(self: Arc<Self>, side: bool, over: Arc<AtomicBool>) {
        poll_fn(|cx| {
            let mut state = self.state.lock().unwrap();
            if over.load(Ordering::SeqCst) {
                let other = state.1[usize::from(!side)].take();
                drop(state);
                other.into_iter().for_each(Waker::wake);
                return Poll::Ready(());
            }
            if state.0 == side {
                state.0 = !side;
            }
            state.1[usize::from(side)] = Some(cx.waker().clone());
            let other = state.1[usize::from(!side)].take();
            drop(state);
            other.into_iter().for_each(Waker::wake);
            Poll::Pending
        })
        .await;
    }
}

#[test]
fn ping_pong_pairs_do_not_starve_a_bystander() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let over = Arc::new(AtomicBool::new(false));
            let players: Vec<_> = (0..100)
                .flat_map(|_| {
                    let ball = Arc::new(Ball::default());
                    [false, true].map(|side| {
                        let (ball, over) = (ball.clone(), over.clone());
                        runtime.spawn(move || ball.play(side, over))
                    })
                })
                .collect();
            let bystander = runtime.spawn(|| async {
                for _ in 0..100 {
                    yield_now().await;
                }
            });
            bystander.join().block().unwrap();
            over.store(true, Ordering::SeqCst);
            join_all(players).block().into_iter().for_each(|result| result.unwrap());
        }
    });
}

#[test]
fn two_routines_that_wake_one_another_do_not_keep_the_only_worker() {
    within_limit(|| {
        let runtime = runtime(1);
        let over = Arc::new(AtomicBool::new(false));
        let ball = Arc::new(Ball::default());
        let players = [false, true].map(|side| {
            let (ball, over) = (ball.clone(), over.clone());
            runtime.spawn(move || ball.play(side, over))
        });
        // Spawned by a routine, it lies in the deque behind the next slot that the two use.
        let bystander = runtime.spawn(|| async { spawn(|| ready(7)).join().await.unwrap() });
        assert_eq!(bystander.join().block().unwrap(), 7);
        over.store(true, Ordering::SeqCst);
        join_all(players).block().into_iter().for_each(|result| result.unwrap());
    });
}

#[test]
fn always_ready_operations_yield_by_their_budget() {
    within_limit(|| {
        const READY: u64 = 10_000;
        let runtime = runtime(1);
        let handles: Vec<_> = (0..READY).map(|n| runtime.spawn(move || ready(n))).collect();
        eventually("all have ended", || runtime.stats().alive == 0 && runtime.stats().polls == READY);
        // Joining what has ended is ready at once: without a budget this would be a single poll.
        let sum = runtime.spawn(|| async {
            let mut sum = 0;
            for handle in handles {
                sum += handle.join().await.unwrap();
            }
            sum
        });
        assert_eq!(sum.join().block().unwrap(), READY * (READY - 1) / 2);
        eventually("the polls are counted", || runtime.stats().polls - READY >= READY / 128);
        assert!(runtime.stats().polls - READY <= READY / 64, "it yields now and then, not all the time");
    });
}

#[test]
fn what_is_spawned_from_outside_runs_under_full_load() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let over = Arc::new(AtomicBool::new(false));
            let load: Vec<_> = (0..workers * 8)
                .map(|_| {
                    let over = over.clone();
                    runtime.spawn(|| async move {
                        while !over.load(Ordering::SeqCst) {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for n in 0..100 {
                assert_eq!(runtime.spawn(move || ready(n)).join().block().unwrap(), n);
            }
            over.store(true, Ordering::SeqCst);
            join_all(load).block();
        }
    });
}

fn daisy(length: u32, gate: Event) -> Op<u32> {
    Op(Box::pin(async move {
        if length == 0 {
            gate.wait().await;
            return 0;
        }
        spawn(move || daisy(length - 1, gate)).join().await.unwrap() + 1
    }))
}

#[test]
fn a_long_daisy_chain_builds_and_tears_down() {
    within_limit(|| {
        for workers in [1, 2, 64] {
            let runtime = runtime(workers);
            let gate = Event::default();
            let head = runtime.spawn({
                let gate = gate.clone();
                || daisy(10_000, gate)
            });
            eventually("the chain is built", || gate.waiters() > 0);
            assert_eq!(runtime.stats().alive, 10_001);
            gate.set();
            assert_eq!(head.join().block().unwrap(), 10_000);
            assert_eq!(runtime.stats().alive, 0);
        }
    });
}

#[test]
fn fifty_thousand_spawns_finish() {
    within_limit(|| {
        for workers in [1, 2, 64] {
            let runtime = runtime(workers);
            let ran = Arc::new(AtomicUsize::new(0));
            for _ in 0..25_000 {
                let ran = ran.clone();
                drop(runtime.spawn(|| async move {
                    let inner = ran.clone();
                    drop(spawn(|| async move {
                        inner.fetch_add(1, Ordering::SeqCst);
                    }));
                    ran.fetch_add(1, Ordering::SeqCst);
                }));
            }
            eventually("all end", || runtime.stats().alive == 0 && runtime.stats().spawned == 50_000);
            assert_eq!(ran.load(Ordering::SeqCst), 50_000);
            let stats = runtime.stats();
            assert_eq!((stats.completed, stats.queued), (50_000, 0));
        }
    });
}

#[test]
fn the_next_slot_cannot_hide_work_behind_a_long_poll() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let routine = runtime.spawn(|| {
                poll_fn(|_| {
                    let ran = Event::default();
                    let inner = ran.clone();
                    drop(spawn(|| async move { inner.set() }));
                    // Blocks its worker without telling anyone.
                    while !ran.is_set() {
                        std::thread::yield_now();
                    }
                    Poll::Ready(())
                })
            });
            routine.join().block().unwrap();
        }
    });
}

/// Several timers come due while one worker has a long queue: they must not queue up behind it.
#[test]
fn timers_that_are_due_go_before_what_was_queued_before() {
    const BACKLOG: usize = 2_000;
    const SLEEPERS: usize = 32;
    within_limit(|| {
        let runtime = runtime(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let asleep = Arc::new(AtomicUsize::new(0));
        let deadline = Instant::now() + Duration::from_millis(100);
        let sleepers: Vec<_> = (0..SLEEPERS)
            .map(|_| {
                let (ran, asleep) = (ran.clone(), asleep.clone());
                runtime.spawn(move || async move {
                    asleep.fetch_add(1, Ordering::Relaxed);
                    sleep_until(deadline).await;
                    ran.load(Ordering::Relaxed)
                })
            })
            .collect();
        eventually("all sleep", || asleep.load(Ordering::Relaxed) == SLEEPERS);
        let spawner = runtime.spawn({
            let ran = ran.clone();
            move || async move {
                let each = |_| {
                    let ran = ran.clone();
                    spawn(move || async move {
                        // All of them are in the queue when the deadline passes.
                        while Instant::now() < deadline {
                            yield_now().await;
                        }
                        ran.fetch_add(1, Ordering::Relaxed);
                    })
                };
                (0..BACKLOG).map(each).collect::<Vec<_>>()
            }
        });
        let backlog = spawner.join().block().unwrap();
        for before in join_all(sleepers).block() {
            let before = before.unwrap();
            assert!(before < BACKLOG, "{before} of {BACKLOG} ran first");
        }
        join_all(backlog).block();
        assert_eq!(ran.load(Ordering::Relaxed), BACKLOG, "it runs all the same");
    });
}

/// A worker keeps a few that come due together to itself, for a moment: not where that holds one of them up. Again and
/// again, so that it has shared them late, at once, and late again.
#[test]
fn who_comes_due_together_and_waits_for_the_others_is_not_kept_by_one_worker() {
    const ROUNDS: u32 = 24;
    within_limit(|| {
        for (workers, sleepers) in [(1, 2), (2, 2), (2, 8), (8, 8)] {
            let runtime = runtime(workers);
            for round in 0..ROUNDS {
                let barrier = Arc::new(Barrier::new(if round % 3 == 0 { sleepers } else { 1 }));
                let deadline = Instant::now() + Duration::from_millis(2);
                let sleep = |_| {
                    let barrier = barrier.clone();
                    runtime.spawn(move || async move {
                        sleep_until(deadline).await;
                        // Blocks its worker without telling anyone.
                        poll_fn(|_| Poll::Ready(barrier.wait())).await;
                    })
                };
                let handles: Vec<_> = (0..sleepers).map(sleep).collect();
                join_all(handles).block().into_iter().for_each(|slept| slept.unwrap());
            }
        }
    });
}

#[test]
fn blocking_in_every_place_never_deadlocks() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let gate = Event::default();
            let blocked: Vec<_> = (0..50)
                .map(|n| {
                    let gate = gate.clone();
                    runtime.spawn(move || async move {
                        gate.block();
                        // A second time in the same poll, now without a place.
                        spawn(move || ready(n)).join().block().unwrap()
                    })
                })
                .collect();
            runtime.spawn(|| async move { gate.set() }).join().block().unwrap();
            for (n, result) in join_all(blocked).block().into_iter().enumerate() {
                assert_eq!(result.unwrap(), n);
            }
        }
    });
}

#[test]
fn blocking_at_the_limit_of_threads_goes_on_when_one_comes_back() {
    within_limit(|| {
        let config = RuntimeConfig::new().workers(1).max_threads(2);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        for _ in 0..50 {
            let gate = Event::default();
            let blocked = runtime.spawn({
                let gate = gate.clone();
                || async move { gate.block() }
            });
            let other = runtime.spawn(|| async move { gate.set() });
            other.join().block().unwrap();
            blocked.join().block().unwrap();
        }
        assert!(runtime.stats().threads <= 3, "two workers and the monitor");
    });
}

#[test]
fn a_runtime_inside_a_routine_of_another_works() {
    within_limit(|| {
        let outer = runtime(1);
        let routine = outer.spawn(|| async {
            let inner = runtime(1);
            let handle = inner.spawn(|| async { spawn(|| ready(5)).join().await.unwrap() });
            handle.join().await.unwrap()
        });
        assert_eq!(routine.join().block().unwrap(), 5);
    });
}

#[test]
fn counters_agree_with_what_was_counted_apart() {
    let runtime = runtime(2);
    let polls = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..1_000)
        .map(|n| {
            let polls = polls.clone();
            runtime.spawn(move || {
                let mut left = n % 7;
                poll_fn(move |cx| {
                    polls.fetch_add(1, Ordering::SeqCst);
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                })
            })
        })
        .collect();
    join_all(handles).block();
    let stats = runtime.stats();
    assert_eq!((stats.spawned, stats.completed, stats.alive), (1_000, 1_000, 0));
    eventually("the last poll is counted", || runtime.stats().polls == polls.load(Ordering::SeqCst) as u64);
    let table = runtime.stats().to_string();
    assert!(table.lines().any(|line| line.split_whitespace().eq(["spawned", "1000"])), "{table}");
}
