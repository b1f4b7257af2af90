//! Timers and others are served while every worker is busy or stuck.

mod support;

use rustroutines::Suspend;
use rustroutines::routine::{join_all, spawn, yield_now};
use rustroutines::time::sleep;
use std::future::{pending, poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use support::{Event, LONG, runtime, within_limit};

const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn timers_fire_while_every_worker_is_stuck_in_a_poll() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let over = Event::default();
            let stuck: Vec<_> = (0..workers)
                .map(|_| {
                    let over = over.clone();
                    runtime.spawn(move || {
                        poll_fn(move |_| {
                            // Neither suspends nor says that it blocks, until the timer has fired.
                            while !over.is_set() {
                                std::thread::yield_now();
                            }
                            Poll::Ready(())
                        })
                    })
                })
                .collect();
            let sleeper = runtime.spawn(|| async move {
                for _ in 0..10 {
                    sleep(MOMENT).await;
                    // A hop to another routine in between.
                    spawn(|| ready(())).join().await.unwrap();
                }
                over.set();
            });
            sleeper.join().block().unwrap();
            join_all(stuck).block().into_iter().for_each(|result| result.unwrap());
        }
    });
}

#[test]
fn timers_fire_while_every_worker_is_kept_busy() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let over = Arc::new(AtomicBool::new(false));
            let busy: Vec<_> = (0..workers * 4)
                .map(|_| {
                    let over = over.clone();
                    runtime.spawn(|| async move {
                        while !over.load(Ordering::SeqCst) {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            runtime.spawn(|| async { sleep(MOMENT).await }).join().block().unwrap();
            over.store(true, Ordering::SeqCst);
            join_all(busy).block();
        }
    });
}

#[test]
fn timers_fire_while_all_sleep() {
    within_limit(|| {
        for workers in [1, 2, 8] {
            let runtime = runtime(workers);
            let sleepers: Vec<_> =
                (0..100).map(|n| runtime.spawn(move || sleep(Duration::from_millis(n % 10)))).collect();
            join_all(sleepers).block().into_iter().for_each(|result| result.unwrap());
            assert_eq!(runtime.stats().timers, 0);
        }
    });
}

#[test]
fn a_join_that_times_out_gives_the_handle_back() {
    let runtime = runtime(1);
    let handle = runtime.spawn(pending::<()>);
    let handle = handle.join_timeout(Duration::ZERO).block().unwrap_err();
    let handle = handle.join_timeout(MOMENT).block().unwrap_err();
    handle.abort();
    assert!(handle.join_timeout(LONG).block().unwrap().is_err());
    let ended = runtime.spawn(|| ready(1));
    while !ended.is_finished() {
        std::thread::yield_now();
    }
    assert_eq!(ended.join_timeout(Duration::ZERO).block().unwrap().unwrap(), 1);
}
