//! Routine-locals: each routine has its own, wherever it runs, and to its very end.

mod support;

use rustroutines::error::{AccessError, JoinError};
use rustroutines::prelude::*;
use rustroutines::routine::RoutineLocal;
use rustroutines::routine_local;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender as Tell};
use std::task::Poll;
use support::{Bomb, Counted, Drops, Event, LONG, eventually, runtime, within_limit};

routine_local! {
    static NUMBER: Cell<usize> = Cell::new(0);
    static TRACE: RefCell<Vec<usize>> = RefCell::new(Vec::new());
    static KEPT: RefCell<Option<Counted>> = RefCell::new(None);
}

#[routine]
fn remembers(number: usize) -> (usize, Vec<usize>) {
    NUMBER.set(number);
    for step in 0..10 {
        TRACE.with_borrow_mut(|trace| trace.push(number * 100 + step));
        yield_now();
    }
    (NUMBER.get(), TRACE.take())
}

#[test]
fn each_routine_has_its_own_on_whichever_thread() {
    within_limit(|| {
        for workers in [1, 2, 8] {
            let runtime = runtime(workers);
            let handles: Vec<_> = (1..200).map(|n| runtime.spawn(move || remembers(n))).collect();
            for (n, result) in join_all(handles).block().into_iter().enumerate() {
                let (number, trace) = result.unwrap();
                assert_eq!(number, n + 1);
                assert!(trace.into_iter().eq((0..10).map(|step| (n + 1) * 100 + step)));
            }
        }
    });
}

#[test]
fn a_thread_that_runs_no_routine_has_its_own_until_it_ends() {
    let drops = Drops::default();
    NUMBER.set(7);
    let counted = drops.one();
    let other = std::thread::spawn(move || {
        KEPT.set(Some(counted));
        NUMBER.replace(8)
    });
    assert_eq!(other.join().unwrap(), 0);
    assert_eq!(drops.count(), 1);
    assert_eq!(NUMBER.get(), 7);
    // Nor does a routine see what the thread has that starts it, or the one that it runs on.
    let runtime = runtime(1);
    for _ in 0..10 {
        assert_eq!(runtime.spawn(|| async { NUMBER.replace(9) }).join().block().unwrap(), 0);
    }
    assert_eq!(NUMBER.get(), 7);
}

#[test]
fn a_value_is_made_once_and_may_be_used_while_it_is_used() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static LOCAL: RoutineLocal<usize> = RoutineLocal::new(|| {
        // One that is made while another is.
        NUMBER.set(41);
        MADE.fetch_add(1, Ordering::SeqCst)
    });
    let runtime = runtime(2);
    let handle = runtime.spawn(|| async {
        let inner = LOCAL.with(|outer| LOCAL.with(|inner| (std::ptr::eq(outer, inner), NUMBER.get())));
        yield_now().await;
        (inner, LOCAL.with(|value| *value), NUMBER.take(), NUMBER.take())
    });
    assert_eq!(handle.join().block().unwrap(), ((true, 41), 0, 41, 0));
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
    assert_eq!(format!("{LOCAL:?}"), "RoutineLocal { .. }");
}

/// Tells the number of the routine in whose end it is dropped.
struct TellsNumber(Tell<usize>);

impl Drop for TellsNumber {
    fn drop(&mut self) {
        self.0.send(NUMBER.get()).unwrap();
    }
}

#[test]
fn destructors_see_them_however_the_routine_ends() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let (tell, told) = mpsc::channel();
            let drops = Drops::default();
            let begin = |number: usize| {
                let (tells, counted) = (TellsNumber(tell.clone()), drops.one());
                move || {
                    NUMBER.set(number);
                    KEPT.set(Some(counted));
                    tells
                }
            };
            let (completes, panics, aborted, dropped) = (begin(1), begin(2), begin(3), begin(4));
            let ended = runtime.spawn(|| async move { drop(completes()) });
            ended.join().block().unwrap();
            assert_eq!((told.recv(), drops.count()), (Ok(1), 1));
            let panicked = runtime.spawn(|| async move {
                let _tells = panics();
                std::panic::resume_unwind(Box::new("expected"));
            });
            assert!(panicked.join().block().is_err());
            assert_eq!((told.recv(), drops.count()), (Ok(2), 2));
            let parked = Event::default();
            let wait = parked.clone();
            let waits = runtime.spawn(|| async move {
                let _tells = aborted();
                wait.wait().await;
            });
            eventually("it waits", || parked.waiters() == 1);
            waits.abort();
            assert!(matches!(waits.join().block(), Err(JoinError::Aborted)));
            assert_eq!((told.recv(), drops.count()), (Ok(3), 3));
            let begun = Event::default();
            let has_begun = begun.clone();
            let handle = runtime.spawn(|| async move {
                let _tells = dropped();
                has_begun.set();
                pending::<()>().await;
            });
            begun.block();
            drop(runtime);
            assert!(matches!(handle.join().block(), Err(JoinError::ShutDown)));
            assert_eq!((told.recv(), drops.count()), (Ok(4), 4));
        }
    });
}

#[test]
fn destructors_see_them_where_the_thread_that_shuts_down_runs_them() {
    within_limit(|| {
        // The only thread there may be is stuck, so nobody else is left to drop the routine.
        let config = RuntimeConfig::new().workers(1).max_threads(1);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        let (tell, told) = mpsc::channel();
        let (parked, inside, release) = (Event::default(), Event::default(), Event::default());
        let (tells, wait) = (TellsNumber(tell), parked.clone());
        drop(runtime.spawn(|| async move {
            let _tells = tells;
            NUMBER.set(5);
            wait.wait().await;
        }));
        eventually("it waits", || parked.waiters() == 1);
        let stuck = runtime.spawn({
            let (inside, release) = (inside.clone(), release.clone());
            move || {
                poll_fn(move |_| {
                    NUMBER.set(6);
                    inside.set();
                    while !release.is_set() {
                        std::thread::yield_now();
                    }
                    Poll::Ready(NUMBER.get())
                })
            }
        });
        inside.block();
        NUMBER.set(7);
        runtime.shutdown(Duration::ZERO);
        assert_eq!(told.try_recv(), Ok(5));
        assert_eq!(NUMBER.get(), 7);
        release.set();
        assert_eq!(stuck.join().block().unwrap(), 6);
    });
}

#[test]
fn a_routine_that_is_aborted_before_it_runs_makes_none() {
    within_limit(|| {
        let runtime = runtime(1);
        let (inside, release) = (Event::default(), Event::default());
        let busy = runtime.spawn({
            let (inside, release) = (inside.clone(), release.clone());
            move || {
                poll_fn(move |_| {
                    inside.set();
                    release.block();
                    Poll::Ready(())
                })
            }
        });
        inside.block();
        let (tell, told) = mpsc::channel();
        let tells = TellsNumber(tell);
        let victim = runtime.spawn(|| async move { drop(tells) });
        victim.abort();
        release.set();
        busy.join().block().unwrap();
        let _either = victim.join().block();
        assert_eq!(told.recv_timeout(LONG), Ok(0), "its captures are dropped inside it");
    });
}

#[test]
fn they_are_dropped_last_made_first_and_may_use_one_another() {
    static ORDER: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Named(&'static str);
    impl Drop for Named {
        fn drop(&mut self) {
            let sees = FIRST.try_with(|first| first.0).map_err(|AccessError| "nothing");
            ORDER.lock().unwrap().push(format!("{} sees {}", self.0, sees.unwrap_or_else(|nothing| nothing)));
        }
    }
    routine_local! {
        static FIRST: Named = Named("first");
        static SECOND: Named = Named("second")
    }
    let runtime = runtime(1);
    let handle = runtime.spawn(|| async {
        FIRST.with(|_| ());
        SECOND.with(|_| ());
    });
    handle.join().block().unwrap();
    assert_eq!(*ORDER.lock().unwrap(), ["second sees first", "first sees nothing"]);
}

#[test]
fn a_panicking_destructor_of_one_reaches_the_joiner_and_spares_the_rest() {
    routine_local! { static EXPLODES: RefCell<Vec<Bomb>> = RefCell::new(Vec::new()) }
    within_limit(|| {
        let runtime = runtime(1);
        let drops = Drops::default();
        let kept = || {
            let counted = drops.one();
            move || {
                KEPT.set(Some(counted));
                EXPLODES.with_borrow_mut(|bombs| bombs.push(Bomb));
            }
        };
        let (one, other) = (kept(), kept());
        let panicked = runtime.spawn(|| async move { one() }).join().block().unwrap_err();
        assert_eq!(panicked.panic_message(), Some("the bomb went off"));
        assert_eq!(drops.count(), 1);
        let parked = Event::default();
        let wait = parked.clone();
        let handle = runtime.spawn(|| async move {
            other();
            wait.wait().await;
        });
        eventually("it waits", || parked.waiters() == 1);
        handle.abort();
        assert_eq!(handle.join().block().unwrap_err().panic_message(), Some("the bomb went off"));
        assert_eq!(drops.count(), 2);
        assert_eq!(runtime.stats().panicked, 2);
        // The worker lives on.
        assert_eq!(runtime.spawn(|| std::future::ready(1)).join().block().unwrap(), 1);
    });
}

#[test]
fn two_runtimes_do_not_mix_their_routines_up() {
    within_limit(|| {
        // Numbers of routines begin anew in each runtime.
        let runtimes: Vec<_> = (0..4).map(|_| runtime(1)).collect();
        let handles: Vec<_> =
            (0..400).map(|n| runtimes[n % 4].spawn(move || async move { remembers(n).await.0 })).collect();
        let numbers: Vec<_> = join_all(handles).block().into_iter().map(Result::unwrap).collect();
        assert!(numbers.into_iter().eq(0..400));
    });
}
