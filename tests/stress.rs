//! Much at once, and ends at every moment: nothing is lost, doubled or left behind.
//!
//! Built in release mode, or with `RUSTROUTINES_STRESS=full` in the environment, the sizes are those one would
//! boast of; a debug build takes a tenth. `.ci/run stress` runs all of them in full.

mod support;

use rustroutines::error::JoinError;
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines_tests::{Entry, Ledger};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use support::{Drops, Event, LONG, eventually, runtime, start, within_limit};

const WORKERS: [usize; 4] = [1, 2, 3, 64];

fn size(full: usize) -> usize {
    let in_full = std::env::var("RUSTROUTINES_STRESS").is_ok_and(|size| size == "full");
    if cfg!(debug_assertions) && !in_full { full / 10 } else { full }
}

/// Nothing is left in it.
fn is_clean(runtime: &RustRoutineRuntime) {
    let stats = runtime.stats();
    assert_eq!((stats.alive, stats.timers, stats.queued), (0, 0, 0), "{stats}");
    let ended = stats.completed + stats.aborted + stats.panicked + stats.dropped;
    assert_eq!(stats.spawned, ended, "{stats}");
}

#[routine]
fn skynet(result: Sender<u64>, number: u64, count: u64) {
    if count == 1 {
        result.send(number).unwrap();
        return;
    }
    let (tx, rx) = bounded_channel(10);
    for part in 0..10 {
        go!(skynet(tx.clone(), number + part * (count / 10), count / 10));
    }
    drop(tx);
    let mut sum = 0;
    for part in rx {
        sum += part;
    }
    result.send(sum).unwrap();
}

#[test]
fn a_million_routines_add_their_numbers_up() {
    within_limit(|| {
        let count = size(1_000_000) as u64;
        for workers in WORKERS {
            let runtime = runtime(workers);
            let (tx, rx) = channel();
            let root = runtime.spawn(move || skynet(tx, 0, count));
            assert_eq!(rx.recv().block().unwrap(), count * (count - 1) / 2);
            root.join().block().unwrap();
            eventually("all have ended", || runtime.stats().alive == 0);
            assert_eq!(runtime.stats().spawned, (0..=count.ilog10()).map(|level| 10_u64.pow(level)).sum());
            is_clean(&runtime);
        }
    });
}

#[test]
fn a_million_routines_wait_and_are_all_woken() {
    within_limit(|| {
        for workers in WORKERS {
            let count = size(1_000_000);
            let runtime = runtime(workers);
            let waiting = Arc::new(AtomicUsize::new(0));
            let (open, gate) = channel::<()>();
            let handles: Vec<_> = (0..count)
                .map(|n| {
                    let (waiting, gate) = (waiting.clone(), gate.clone());
                    runtime.spawn(move || async move {
                        waiting.fetch_add(1, Ordering::Relaxed);
                        gate.recv().await.unwrap_err();
                        n
                    })
                })
                .collect();
            eventually("all wait", || waiting.load(Ordering::Relaxed) == count);
            drop(open);
            for (n, result) in join_all(handles).block().into_iter().enumerate() {
                assert_eq!(result.unwrap(), n);
            }
            is_clean(&runtime);
        }
    });
}

#[test]
fn a_million_sleeps_of_no_time_wait_for_nobody() {
    within_limit(|| {
        for workers in WORKERS {
            // Who needed a timer would be refused it.
            let config = RuntimeConfig::new().workers(workers).max_timers(0);
            let runtime = RustRoutineRuntime::with_config(config).unwrap();
            let count = size(1_000_000);
            let sleeper = runtime.spawn(move || {
                suspend!(move {
                    for _ in 0..count {
                        sleep(Duration::ZERO);
                    }
                })
            });
            sleeper.join().block().unwrap();
            is_clean(&runtime);
        }
    });
}

/// Ten thousand timers of one tick are served in batches.
#[test]
fn a_hundred_thousand_timers_of_one_tick_let_others_run_in_between() {
    within_limit(|| {
        for workers in [1, 2] {
            let count = size(100_000);
            let runtime = runtime(workers);
            let (set, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let mut due = Instant::now() + Duration::from_millis(500);
            let handles = loop {
                let handles: Vec<_> = (0..count)
                    .map(|_| {
                        let (set, woken) = (set.clone(), woken.clone());
                        runtime.spawn(move || async move {
                            let sleep = sleep_until(due);
                            set.fetch_add(1, Ordering::SeqCst);
                            sleep.await;
                            woken.fetch_add(1, Ordering::SeqCst);
                        })
                    })
                    .collect();
                eventually("all are set", || set.load(Ordering::SeqCst) == count);
                if Instant::now() < due {
                    break handles;
                }
                // So slow a machine that some were due before the last was set: once more, later.
                join_all(handles).block();
                set.store(0, Ordering::SeqCst);
                woken.store(0, Ordering::SeqCst);
                due = Instant::now() + 4 * (Instant::now() - due) + Duration::from_secs(2);
            };
            // A bystander that only lets the others run, and looks how far they are each time.
            let looks = runtime.spawn({
                let woken = woken.clone();
                move || async move {
                    let (mut steps, mut seen) = (0, 0);
                    while seen < count {
                        yield_now().await;
                        let now = woken.load(Ordering::SeqCst);
                        steps += usize::from(now != seen);
                        seen = now;
                    }
                    steps
                }
            });
            let steps = looks.join().block().unwrap();
            assert!(steps >= count / 10_000, "it ran only {steps} times while {count} timers fired");
            join_all(handles).block().into_iter().for_each(|result| result.unwrap());
            is_clean(&runtime);
        }
    });
}

#[routine]
fn source(out: Sender<Entry>, ledger: Ledger) {
    for n in 0..6 {
        // However fast the others are, it suspends each time.
        yield_now();
        if n % 2 == 0 {
            sleep(Duration::from_micros(300));
        }
        if out.send(ledger.entry(n)).is_err() {
            return;
        }
    }
}

#[routine]
fn stage(from: Receiver<Entry>, out: Sender<Entry>, ledger: Ledger) {
    let spare = ledger.entry(100);
    loop {
        select! {
            entry = from.recv() => {
                let Ok(entry) = entry else { break };
                let entry = block_on_io(move || entry);
                // A routine of its own, which holds the value for a while.
                let Ok(entry) = go!(move || {
                    yield_now();
                    entry
                }).join() else { break };
                if out.send(entry).is_err() {
                    break;
                }
            },
            timeout(Duration::from_micros(200)) => yield_now(),
        }
    }
    drop(spare);
}

#[routine]
fn sink(from: Receiver<Entry>, ledger: Ledger) -> usize {
    let spare = ledger.entry(200);
    let mut last = None;
    let mut received = 0;
    for entry in from {
        assert!(last < Some(entry.number), "out of order");
        last = Some(entry.number);
        received += 1;
        match timeout(Duration::from_micros(100), || sleep(Duration::from_millis(1))) {
            Ok(()) | Err(Timeout) => yield_now(),
        }
    }
    drop(spare);
    received
}

/// How a routine of the pipeline ended. `None`: it was aborted.
fn outcome<T: Send + 'static>(handle: Arc<OnceLock<RoutineHandle<(T, usize)>>>) -> Option<T> {
    // The routine drops its own hold on the handle with its operation.
    let mut handle = handle;
    let handle = loop {
        match Arc::try_unwrap(handle) {
            Ok(handle) => break handle.into_inner().unwrap(),
            Err(shared) => handle = shared,
        }
        std::thread::yield_now();
    };
    match handle.join().block() {
        Ok((value, _)) => Some(value),
        Err(JoinError::Aborted) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_abort_at_every_suspension_loses_nothing() {
    within_limit(|| {
        for workers in WORKERS {
            let runtime = runtime(workers);
            for victim in 0..3 {
                let mut at = 0;
                loop {
                    let ledger = Ledger::default();
                    let at_of = |who: usize| if who == victim { at } else { usize::MAX };
                    let (first_tx, first_rx) = bounded_channel(1);
                    let (second_tx, second_rx) = channel();
                    let (one, two, three) = (ledger.clone(), ledger.clone(), ledger.clone());
                    let source = start(&runtime, at_of(0), move || source(first_tx, one));
                    let stage = start(&runtime, at_of(1), move || stage(first_rx, second_tx, two));
                    let sink = start(&runtime, at_of(2), move || sink(second_rx, three));
                    let ends = (outcome(source), outcome(stage), outcome(sink));
                    eventually("those that were started inside end too", || runtime.stats().alive == 0);
                    eventually("the jobs of the victim end", || {
                        let stats = runtime.stats();
                        stats.blocking_queued == 0 && stats.timers == 0
                    });
                    // A job that is still running when its routine goes drops what it holds a moment later.
                    eventually("every value is dropped", || ledger.balanced());
                    ledger.balance();
                    is_clean(&runtime);
                    let aborted = [ends.0.is_none(), ends.1.is_none(), ends.2.is_none()];
                    assert!((0..3).all(|who| who == victim || !aborted[who]), "the others end by themselves");
                    if !aborted[victim] {
                        // It has ended before its suspension number `at`: the last that there is was met.
                        assert_eq!(ends.2, Some(6));
                        break;
                    }
                    at += 1;
                }
                // The source sleeps three times; that its sends wait, nobody promises.
                assert!(at > 3, "victim {victim} suspended only {at} times");
            }
        }
    });
}

#[test]
fn aborts_from_outside_at_any_moment_lose_nothing() {
    within_limit(|| {
        for workers in WORKERS {
            let runtime = runtime(workers);
            let drops = Drops::default();
            let count = size(20_000);
            let gate = Event::default();
            let handles: Vec<_> = (0..count)
                .map(|n| {
                    let (counted, gate) = (drops.one(), gate.clone());
                    runtime.spawn(move || async move {
                        let _counted = counted;
                        for step in 0..n % 5 {
                            match step % 2 {
                                0 => yield_now().await,
                                _ => sleep(Duration::from_micros(n as u64 % 700)).await,
                            }
                        }
                        if n % 3 == 0 {
                            gate.wait().await;
                        }
                    })
                })
                .collect();
            let (odd, even): (Vec<_>, Vec<_>) =
                handles.into_iter().enumerate().partition(|(n, _)| n % 2 == 1);
            let aborter = std::thread::spawn(move || {
                odd.iter().for_each(|(_, handle)| handle.abort());
                odd
            });
            even.iter().filter(|(n, _)| n % 4 == 0).for_each(|(_, handle)| handle.abort());
            gate.set();
            let all = aborter.join().unwrap().into_iter().chain(even).map(|(_, handle)| handle);
            let aborted = join_all(all).block().into_iter().filter(|result| {
                assert!(matches!(result, Ok(()) | Err(JoinError::Aborted)), "{result:?}");
                result.is_err()
            });
            assert_eq!(aborted.count() as u64, runtime.stats().aborted);
            assert_eq!(drops.count(), count);
            eventually("the timers are gone", || runtime.stats().timers == 0);
            is_clean(&runtime);
        }
    });
}

#[test]
fn sleeps_and_wakes_from_outside_meet_workers_that_fall_asleep() {
    within_limit(|| {
        for workers in WORKERS {
            let runtime = runtime(workers);
            let count = size(50_000);
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let (to, from) = channel::<usize>();
                    let echo = {
                        let (back, answers) = channel::<usize>();
                        runtime.spawn(move || async move {
                            while let Ok(n) = from.recv().await {
                                back.send(n + 1).await.unwrap();
                            }
                        });
                        answers
                    };
                    std::thread::spawn(move || {
                        // Each question meets workers that are about to sleep, or do.
                        for n in 0..count / 10 {
                            to.send(n).block().unwrap();
                            assert_eq!(echo.recv_timeout(LONG).block().unwrap(), n + 1);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            eventually("the echoes end", || runtime.stats().alive == 0);
            is_clean(&runtime);
        }
    });
}
