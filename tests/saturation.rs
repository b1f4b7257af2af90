//! Timers and others are served while every worker is busy or stuck.

mod support;

use rustroutines::Suspend;
use rustroutines::channel::bounded_channel;
use rustroutines::routine::{join_all, spawn, yield_now};
use rustroutines::time::sleep;
use std::future::{pending, poll_fn, ready};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
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

/// What keeps a worker, and what lets it go: only a routine does that which runs meanwhile.
type Hold = (Box<dyn FnOnce() + Send>, Box<dyn FnOnce() + Send>);

fn a_loop() -> Hold {
    let over = Arc::new(AtomicBool::new(false));
    let ends = over.clone();
    let spins = move || {
        while !over.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    };
    (Box::new(spins), Box::new(move || ends.store(true, Ordering::Relaxed)))
}

fn a_sleep() -> Hold {
    let over = Arc::new(AtomicBool::new(false));
    let ends = over.clone();
    let sleeps = move || {
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(5 * MOMENT);
        }
    };
    (Box::new(sleeps), Box::new(move || ends.store(true, Ordering::Relaxed)))
}

fn a_read() -> Hold {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    let reads = move || near.read_exact(&mut [0]).unwrap();
    (Box::new(reads), Box::new(move || far.write_all(&[1]).unwrap()))
}

/// The lock is held by a thread that is told to let go of it.
fn a_lock() -> Hold {
    let lock = Arc::new(Mutex::new(()));
    let (has, is_held) = mpsc::channel();
    let (free, is_freed) = mpsc::channel::<()>();
    let holder = lock.clone();
    std::thread::spawn(move || {
        let guard = holder.lock().unwrap();
        has.send(()).unwrap();
        is_freed.recv_timeout(LONG).unwrap();
        drop(guard);
    });
    is_held.recv_timeout(LONG).unwrap();
    (Box::new(move || drop(lock.lock().unwrap())), Box::new(move || free.send(()).unwrap()))
}

fn an_operation() -> Hold {
    let (tx, rx) = bounded_channel(1);
    (Box::new(move || rx.recv().block().unwrap()), Box::new(move || tx.try_send(()).unwrap()))
}

#[test]
fn whatever_holds_every_worker_up_others_run() {
    within_limit(|| {
        for kind in [a_loop, a_sleep, a_read, a_lock, an_operation] {
            for workers in [1, 2, 3] {
                let runtime = runtime(workers);
                let (holds, releases): (Vec<_>, Vec<_>) = (0..workers).map(|_| kind()).unzip();
                let held = Arc::new(AtomicUsize::new(0));
                let stuck: Vec<_> = holds
                    .into_iter()
                    .map(|hold| {
                        let held = held.clone();
                        runtime.spawn(move || async move {
                            held.fetch_add(1, Ordering::Relaxed);
                            hold();
                        })
                    })
                    .collect();
                // Itself a routine: it runs though there is no worker left for it, and more of them behind it.
                let frees = runtime.spawn(move || async move {
                    while held.load(Ordering::Relaxed) < workers {
                        sleep(MOMENT).await;
                    }
                    spawn(|| ready(())).join().await.unwrap();
                    releases.into_iter().for_each(|release| release());
                });
                frees.join().block().unwrap();
                join_all(stuck).block().into_iter().for_each(|result| result.unwrap());
                assert!(runtime.stats().handoffs > 0, "a place changed hands");
            }
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
