//! Starting, joining and aborting routines.

mod support;

use rustroutines::error::{JoinError, SpawnError};
use rustroutines::routine::{Builder, RoutineHandle, current, go, join_all, spawn, yield_now};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::{Suspend, select};
use std::future::{pending, poll_fn, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use support::{Bomb, Drops, Event, eventually, runtime, within_limit};

const WORKERS: [usize; 3] = [1, 2, 64];

fn nested(depth: u32) -> Box<dyn Future<Output = u32> + Send + Unpin> {
    Box::new(Box::pin(async move {
        if depth == 0 {
            return 0;
        }
        spawn(move || nested(depth - 1)).join().await.unwrap() + 1
    }))
}

#[test]
fn nested_spawns_all_complete() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        assert_eq!(runtime.spawn(|| nested(500)).join().block().unwrap(), 500);
        assert_eq!(runtime.stats().alive, 0);
    }
}

#[test]
fn every_output_is_joined_once() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let handles: Vec<_> = (0..500)
            .map(|n| {
                runtime.spawn(move || async move {
                    yield_now().await;
                    n
                })
            })
            .collect();
        let outputs: Vec<_> = join_all(handles).block().into_iter().map(Result::unwrap).collect();
        assert_eq!(outputs, (0..500).collect::<Vec<_>>());
    }
}

#[test]
fn a_dropped_handle_lets_the_routine_run() {
    let done = Event::default();
    drop(spawn({
        let done = done.clone();
        || async move {
            yield_now().await;
            done.set();
        }
    }));
    done.block();
}

#[test]
fn a_dropped_join_lets_the_routine_run() {
    let (gate, done) = (Event::default(), Event::default());
    let mut join = spawn({
        let (gate, done) = (gate.clone(), done.clone());
        || async move {
            gate.wait().await;
            done.set();
        }
    })
    .join();
    let mut cx = std::task::Context::from_waker(Waker::noop());
    assert!(std::pin::Pin::new(&mut join).poll(&mut cx).is_pending());
    drop(join);
    gate.set();
    done.block();
}

#[test]
fn a_panic_reaches_the_joiner_and_nobody_else() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let gate = Event::default();
        let sibling = runtime.spawn({
            let gate = gate.clone();
            || async move { gate.wait().await }
        });
        let broken: RoutineHandle<()> = runtime.spawn(|| async { panic!("out of {}", "cheese") });
        let error = broken.join().block().unwrap_err();
        assert_eq!(error.panic_message(), Some("out of cheese"));
        let in_the_closure = runtime.spawn(|| -> std::future::Ready<()> { panic!("before it began") });
        let error = in_the_closure.join().block().unwrap_err();
        assert_eq!(error.panic_message(), Some("before it began"));
        gate.set();
        sibling.join().block().unwrap();
        assert_eq!(runtime.stats().panicked, 2);
        assert_eq!(runtime.stats().completed, 1);
    }
}

#[test]
fn a_panicking_destructor_of_an_output_stays_inside() {
    let runtime = runtime(2);
    // Unread when the handle goes, before and after the routine has ended.
    let handle = runtime.spawn(|| ready(Bomb));
    eventually("it ends", || handle.is_finished());
    drop(handle);
    drop(runtime.spawn(|| ready(Bomb)));
    // Unread in a join that is dropped.
    let handle = runtime.spawn(|| ready(Bomb));
    eventually("it ends", || handle.is_finished());
    drop(handle.join());
    // A payload that panics when it is dropped.
    let handle = runtime.spawn(|| async { std::panic::panic_any(Bomb) });
    eventually("it ends", || handle.is_finished());
    drop::<RoutineHandle<()>>(handle);
    eventually("all end", || runtime.stats().alive == 0);
    assert!(runtime.spawn(|| ready(1)).join().block().is_ok());
}

#[test]
fn join_mut_in_the_arm_of_a_loop_leaves_the_handle() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let (ticks, go_on) = (Arc::new(AtomicUsize::new(0)), Event::default());
        let mut routine = runtime.spawn({
            let go_on = go_on.clone();
            move || async move {
                go_on.wait().await;
                7
            }
        });
        let value = loop {
            select! {
                biased;
                value = routine.join_mut() => break value,
                rustroutines::suspend::ready(()) => {
                    assert!(!routine.is_finished() || ticks.load(Ordering::Relaxed) > 1);
                    if ticks.fetch_add(1, Ordering::Relaxed) == 2 {
                        go_on.set();
                    }
                    std::thread::yield_now();
                }
            }
        };
        assert_eq!(value.unwrap(), 7);
        assert!(routine.is_finished());
        assert!(matches!(routine.join_mut().block(), Err(JoinError::AlreadyJoined)));
        assert!(matches!(routine.join().block(), Err(JoinError::AlreadyJoined)));
    }
}

#[test]
fn a_join_mut_that_is_dropped_loses_nothing() {
    let runtime = runtime(1);
    let go_on = Event::default();
    let mut routine = runtime.spawn({
        let go_on = go_on.clone();
        || async move {
            go_on.wait().await;
            7
        }
    });
    select! {
        value = routine.join_mut() => panic!("it waits, and left {value:?}"),
        default => go_on.set(),
    }
    assert_eq!(routine.join().block().unwrap(), 7);
    let mut aborted = runtime.spawn(pending::<()>);
    aborted.abort();
    assert!(matches!(aborted.join_mut().block(), Err(JoinError::Aborted)));
}

#[test]
fn abort_drops_a_parked_routine_once() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let (drops, started) = (Drops::default(), Event::default());
        let handle = runtime.spawn({
            let (counted, started) = (drops.one(), started.clone());
            || async move {
                started.set();
                pending::<()>().await;
                drop(counted);
            }
        });
        started.block();
        std::thread::spawn(move || {
            handle.abort();
            handle.abort();
            assert!(matches!(handle.join().block(), Err(JoinError::Aborted)));
        })
        .join()
        .unwrap();
        assert_eq!(drops.count(), 1);
        assert_eq!(runtime.stats().aborted, 1);
    }
}

#[test]
fn abort_acts_though_the_handle_is_dropped_at_once() {
    let runtime = runtime(2);
    let (drops, started) = (Drops::default(), Event::default());
    let handle = runtime.spawn({
        let (counted, started) = (drops.one(), started.clone());
        || async move {
            started.set();
            pending::<()>().await;
            drop(counted);
        }
    });
    started.block();
    handle.abort();
    drop(handle);
    eventually("it is dropped", || drops.count() == 1);
}

/// It can be ended by its runtime, which has to find it for that; and it shows in dumps for as long.
#[test]
fn a_detached_routine_that_nothing_can_wake_stays_until_its_runtime_ends() {
    let runtime = runtime(1);
    let (drops, kept) = (Drops::default(), Arc::new(Mutex::new(None)));
    let handle = runtime.spawn({
        let (counted, kept) = (drops.one(), kept.clone());
        || async move {
            poll_fn(|cx| {
                *kept.lock().unwrap() = Some(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
            drop(counted);
        }
    });
    let id = handle.id();
    drop(handle);
    eventually("it waits", || kept.lock().unwrap().is_some());
    // The only worker comes to this one after that poll.
    runtime.spawn(|| ready(())).join().block().unwrap();
    drop(kept.lock().unwrap().take());
    runtime.spawn(|| ready(())).join().block().unwrap();
    assert_eq!(drops.count(), 0, "goroutines are not collected either");
    assert!(runtime.dump().routines.iter().any(|routine| routine.id == id));
    drop(runtime);
    assert_eq!(drops.count(), 1);
}

#[test]
fn abort_before_the_first_poll_runs_nothing() {
    let runtime = runtime(1);
    let (drops, gate, ran) = (Drops::default(), Event::default(), Event::default());
    // The only worker is busy, so that the other routine cannot start.
    let (busy, inside) = (gate.clone(), Event::default());
    let blocker = runtime.spawn({
        let inside = inside.clone();
        move || {
            poll_fn(move |_| {
                inside.set();
                while !busy.is_set() {
                    std::hint::spin_loop();
                }
                Poll::Ready(())
            })
        }
    });
    inside.block();
    // The monitor would start it on a spare thread: hence the abort right after the spawn, and the
    // check that allows for a start before the abort.
    let handle = runtime.spawn({
        let (counted, ran) = (drops.one(), ran.clone());
        move || {
            ran.set();
            async move {
                pending::<()>().await;
                drop(counted);
            }
        }
    });
    handle.abort();
    let early = ran.is_set();
    gate.set();
    assert!(matches!(handle.join().block(), Err(JoinError::Aborted)));
    assert_eq!(drops.count(), 1, "its captures are dropped once");
    assert!(early || !ran.is_set(), "it ran after the abort");
    blocker.join().block().unwrap();
}

#[test]
fn abort_during_a_poll_acts_at_the_next_suspension() {
    let runtime = runtime(2);
    let (inside, go_on, after) = (Event::default(), Event::default(), Event::default());
    let handle = runtime.spawn({
        let (inside, go_on, after) = (inside.clone(), go_on.clone(), after.clone());
        || async move {
            inside.set();
            while !go_on.is_set() {
                std::thread::yield_now();
            }
            after.set();
            yield_now().await;
            unreachable!("it went on after its suspension");
        }
    });
    inside.block();
    handle.abort();
    go_on.set();
    assert!(matches!(handle.join().block(), Err(JoinError::Aborted)));
    assert!(after.is_set(), "what comes before the suspension is done");
}

#[test]
fn abort_racing_completion_gives_one_outcome() {
    let runtime = runtime(2);
    let (mut aborted, mut completed) = (0, 0);
    for _ in 0..5_000 {
        let drops = Drops::default();
        let handle = runtime.spawn({
            let counted = drops.one();
            || async move {
                yield_now().await;
                counted
            }
        });
        handle.abort();
        match handle.join().block() {
            Ok(counted) => {
                completed += 1;
                drop(counted);
            }
            Err(JoinError::Aborted) => aborted += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(drops.count(), 1);
    }
    let stats = runtime.stats();
    assert_eq!((stats.aborted, stats.completed, stats.alive), (aborted, completed, 0));
}

#[test]
fn a_panic_while_an_abort_drops_the_routine_is_reported() {
    let runtime = runtime(1);
    let started = Event::default();
    let handle = runtime.spawn({
        let started = started.clone();
        || async move {
            let _bomb = Bomb;
            started.set();
            pending::<()>().await;
        }
    });
    started.block();
    handle.abort();
    let error = handle.join().block().unwrap_err();
    assert_eq!(error.panic_message(), Some("the bomb went off"));
    assert!(runtime.spawn(|| ready(1)).join().block().is_ok(), "the worker lives on");
}

#[test]
fn wakes_during_a_poll_cause_one_more_poll_and_later_ones_none() {
    let runtime = runtime(2);
    let polls = Arc::new(AtomicUsize::new(0));
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let handle = runtime.spawn({
        let (polls, kept) = (polls.clone(), kept.clone());
        move || {
            poll_fn(move |cx| {
                let first = polls.fetch_add(1, Ordering::SeqCst) == 0;
                *kept.lock().unwrap() = Some(cx.waker().clone());
                if first {
                    (0..10).for_each(|_| cx.waker().wake_by_ref());
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
        }
    });
    handle.join().block().unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 2);
    let waker = kept.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    waker.wake();
    runtime.spawn(|| ready(())).join().block().unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[test]
fn the_limit_is_exact_and_nobody_panics_over_it() {
    let config = RuntimeConfig::new().workers(2).max_routines(3);
    let runtime = RustRoutineRuntime::with_config(config).unwrap();
    let gate = Event::default();
    let wait = || {
        let gate = gate.clone();
        move || async move { gate.wait().await }
    };
    let handles: Vec<_> = (0..3).map(|_| Builder::new().spawn_on(&runtime, wait()).unwrap()).collect();
    assert!(matches!(Builder::new().spawn_on(&runtime, wait()), Err(SpawnError::LimitReached(3))));
    let refused = runtime.spawn(wait());
    assert!(refused.is_finished());
    assert!(matches!(refused.join().block(), Err(JoinError::NotSpawned(SpawnError::LimitReached(3)))));
    assert_eq!(runtime.stats().refused, 2);
    gate.set();
    join_all(handles).block().into_iter().for_each(|result| result.unwrap());
    Builder::new().spawn_on(&runtime, || ready(())).unwrap().join().block().unwrap();
}

#[test]
fn a_routine_knows_its_number_and_its_name() {
    let handle = Builder::new().name("clerk").spawn(|| async { current() }).unwrap();
    let (id, name) = (handle.id(), handle.name().map(str::to_owned));
    assert_eq!(name.as_deref(), Some("clerk"));
    assert_eq!(handle.join().block().unwrap(), Some(id));
    assert_eq!(current(), None);
    assert_ne!(go(|| ready(())).id(), go(|| ready(())).id());
}

#[test]
fn handles_and_operations_are_send() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<RoutineHandle<Box<u8>>>();
    sync::<RoutineHandle<Box<u8>>>();
    send::<rustroutines::routine::Join<Box<u8>>>();
    send::<rustroutines::routine::JoinAll<Box<u8>>>();
    send::<rustroutines::routine::YieldNow>();
    send::<RustRoutineRuntime>();
    sync::<RustRoutineRuntime>();
}

#[test]
fn a_routine_may_own_a_panicking_destructor_when_it_ends() {
    within_limit(|| {
        let runtime = runtime(1);
        struct Op(#[allow(dead_code, reason = "dropped with the operation")] Bomb);
        impl Future for Op {
            type Output = u8;
            fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<u8> {
                Poll::Ready(7)
            }
        }
        let error = runtime.spawn(|| Op(Bomb)).join().block().unwrap_err();
        assert_eq!(error.panic_message(), Some("the bomb went off"));
    });
}
