//! Wakers that panic, when they wake or when they are dropped: whoever calls them goes on, and nobody else misses
//! anything. Their panics show up in what the tests print.

mod support;

use rustroutines::Suspend;
use rustroutines::channel::{bounded_channel, tick};
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::io::{Read, block_on_io};
use rustroutines::routine::RoutineHandle;
use rustroutines::runtime::RustRoutineRuntime;
use rustroutines::time::{sleep, timeout};
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use support::{Event, eventually, runtime, within_limit};

/// What the wakers of a test have done.
#[derive(Default)]
struct Deeds {
    woken: AtomicUsize,
    dropped: AtomicUsize,
}

/// Panics whatever happens to it.
struct Grenade(Arc<Deeds>);

impl Wake for Grenade {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.woken.fetch_add(1, Ordering::SeqCst);
        panic!("a waker that panics when it wakes");
    }
}

impl Drop for Grenade {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
        if !std::thread::panicking() {
            panic!("a waker that panics when it is dropped");
        }
    }
}

/// Polls `operation` once with a waker that panics. Its own hold on it is gone afterwards.
fn poll<T>(operation: impl Future<Output = T> + Unpin, deeds: &Arc<Deeds>) -> Poll<T> {
    let waker = Waker::from(Arc::new(Grenade(deeds.clone())));
    let polled = pin!(operation).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending(), "somebody must keep the waker");
    polled
}

fn has_woken(deeds: &Arc<Deeds>, times: usize) {
    eventually("it was woken", || deeds.woken.load(Ordering::SeqCst) == times);
    eventually("it was dropped", || deeds.dropped.load(Ordering::SeqCst) == times);
}

/// The runtime runs on, with all its workers.
fn is_sound(runtime: &RustRoutineRuntime, workers: usize) {
    let barrier = Arc::new(std::sync::Barrier::new(workers));
    let all: Vec<_> = (0..workers)
        .map(|_| {
            let barrier = barrier.clone();
            runtime.spawn(move || async move { barrier.wait().is_leader() })
        })
        .collect();
    let leaders = all.into_iter().map(|one| one.join().block().unwrap());
    assert_eq!(leaders.filter(|leads| *leads).count(), 1);
    assert_eq!(runtime.stats().panicked, 0, "it was nobody's own panic");
}

/// A routine that waits for the event and gives seven.
fn seven(runtime: &RustRoutineRuntime, go: &Event) -> RoutineHandle<u32> {
    let wait = go.wait();
    runtime.spawn(move || async move {
        wait.await;
        7
    })
}

#[test]
fn of_a_joiner() {
    within_limit(|| {
        for workers in [1, 2] {
            let (runtime, go, deeds) = (runtime(workers), Event::default(), Arc::default());
            let mut handle = seven(&runtime, &go);
            let _ = poll(handle.join_mut(), &deeds);
            go.set();
            has_woken(&deeds, 1);
            assert_eq!(handle.join().block().unwrap(), 7, "the value is still there");
            is_sound(&runtime, workers);
        }
    });
}

#[test]
fn of_a_joiner_that_another_replaces() {
    within_limit(|| {
        let (runtime, go, deeds) = (runtime(2), Event::default(), Arc::new(Deeds::default()));
        let mut handle = seven(&runtime, &go);
        for polls in 1..=3 {
            let _ = poll(handle.join_mut(), &deeds);
            eventually("those before it are dropped", || deeds.dropped.load(Ordering::SeqCst) == polls - 1);
        }
        go.set();
        assert_eq!(handle.join().block().unwrap(), 7);
        eventually("all are dropped", || deeds.dropped.load(Ordering::SeqCst) == 3);
        is_sound(&runtime, 2);
    });
}

#[test]
fn of_a_joiner_inside_a_routine() {
    within_limit(|| {
        let (runtime, go, deeds) = (runtime(1), Event::default(), Arc::new(Deeds::default()));
        let mut handle = seven(&runtime, &go);
        // What polls inside brings wakers of its own along, as combinators do.
        let own = deeds.clone();
        let outer = runtime.spawn(move || async move {
            let _ = poll(handle.join_mut(), &own);
            handle
        });
        let handle = outer.join().block().unwrap();
        go.set();
        has_woken(&deeds, 1);
        assert_eq!(handle.join().block().unwrap(), 7);
        is_sound(&runtime, 1);
    });
}

#[test]
fn of_a_joiner_whose_routine_is_aborted_or_dropped_by_a_shutdown() {
    within_limit(|| {
        let (runtime, deeds) = (runtime(2), Arc::default());
        let mut aborted = runtime.spawn(pending::<()>);
        let mut left = runtime.spawn(pending::<()>);
        let _ = poll(aborted.join_mut(), &deeds);
        let _ = poll(left.join_mut(), &deeds);
        aborted.abort();
        has_woken(&deeds, 1);
        is_sound(&runtime, 2);
        let report = runtime.shutdown(Duration::ZERO);
        assert_eq!(report.stragglers.len(), 1);
        has_woken(&deeds, 2);
    });
}

#[test]
fn of_timers() {
    within_limit(|| {
        for workers in [1, 2] {
            let (runtime, deeds) = (runtime(workers), Arc::new(Deeds::default()));
            let own = deeds.clone();
            let sleeps = runtime.spawn(move || async move {
                let due = rustroutines::time::now() + Duration::from_millis(5);
                let mut sleeps: Vec<_> = (0..10).map(|_| rustroutines::time::sleep_until(due)).collect();
                for sleep in sleeps.iter_mut().step_by(2) {
                    let _ = poll(sleep, &own);
                }
                // Among the others, at the same tick.
                for sleep in sleeps.iter_mut().skip(1).step_by(2) {
                    sleep.await;
                }
                sleeps
            });
            let sleeps = sleeps.join().block().unwrap();
            has_woken(&deeds, 5);
            drop(sleeps);
            is_sound(&runtime, workers);
        }
    });
}

#[test]
fn of_receivers_that_time_feeds() {
    within_limit(|| {
        let (runtime, deeds) = (runtime(1), Arc::new(Deeds::default()));
        let made = runtime.spawn(|| std::future::ready(tick(Duration::from_millis(2))));
        let ticks = made.join().block().unwrap();
        let mut first = ticks.recv();
        let _ = poll(&mut first, &deeds);
        has_woken(&deeds, 1);
        first.block().unwrap();
        for _ in 0..3 {
            ticks.recv().block().unwrap();
        }
        is_sound(&runtime, 1);
    });
}

#[test]
fn of_channels() {
    within_limit(|| {
        let runtime = runtime(2);
        for closes in [false, true] {
            let deeds = Arc::new(Deeds::default());
            let (tx, rx) = bounded_channel::<u32>(1);
            let mut waiting: Vec<_> = (0..3).map(|_| rx.recv()).collect();
            for recv in &mut waiting {
                let _ = poll(recv, &deeds);
            }
            let own = deeds.clone();
            let sends = runtime.spawn(move || async move {
                if closes {
                    tx.close();
                } else {
                    for n in 0..3 {
                        tx.send(n).await.unwrap();
                    }
                }
                drop(own);
                tx
            });
            let tx = sends.join().block().unwrap();
            has_woken(&deeds, 3);
            let got: Vec<_> = waiting.into_iter().map(|recv| recv.block().ok()).collect();
            assert_eq!(got, if closes { [None; 3] } else { [Some(0), Some(1), Some(2)] });
            drop(tx);
        }
        is_sound(&runtime, 2);
    });
}

#[test]
fn of_blocking_jobs() {
    within_limit(|| {
        let (runtime, deeds) = (runtime(1), Arc::new(Deeds::default()));
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (begun, began) = bounded_channel(1);
        let own = deeds.clone();
        let begins = runtime.spawn(move || async move {
            let mut job = block_on_io(move || released.recv().is_ok());
            let _ = poll(&mut job, &own);
            begun.send(job).await.unwrap_or_else(|_| panic!("it is received"));
        });
        begins.join().block().unwrap();
        let job = began.recv().block().unwrap();
        release.send(()).unwrap();
        has_woken(&deeds, 1);
        assert!(job.block());
        is_sound(&runtime, 1);
    });
}

#[test]
fn of_sockets() {
    within_limit(|| {
        let (runtime, deeds) = (runtime(1), Arc::new(Deeds::default()));
        let own = deeds.clone();
        let test = runtime.spawn(move || async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let here = TcpStream::connect(listener.local_addr()?).await?;
            let (mut there, _) = listener.accept().await?;
            // By the operations of sockets, and by those of the traits.
            let (mut one, mut other, mut third) = ([0; 1], [0; 1], [0; 1]);
            let mut reads = (there.read(&mut one), there.read(&mut other));
            let _ = poll(&mut reads.0, &own);
            let _ = poll(&mut reads.1, &own);
            here.write(b"a").await?;
            assert_eq!(there.read(&mut third).await?, 1, "who waits beside them is woken");
            drop(reads);
            let mut fills = Read::read_exact(&mut there, &mut third);
            let _ = poll(&mut fills, &own);
            here.write(b"b").await?;
            fills.await?;
            std::io::Result::Ok((here, there, third))
        });
        let (_here, _there, last) = test.join().block().unwrap().unwrap();
        assert_eq!(&last, b"b");
        // The third was woken, or given up for the waker of the routine.
        eventually("all are dropped", || deeds.dropped.load(Ordering::SeqCst) == 3);
        assert!(deeds.woken.load(Ordering::SeqCst) >= 2);
        is_sound(&runtime, 1);
    });
}

#[test]
fn of_those_who_wait_with_a_limit_of_time() {
    within_limit(|| {
        let (runtime, deeds) = (runtime(1), Arc::new(Deeds::default()));
        let (begun, began) = bounded_channel(1);
        let own = deeds.clone();
        let begins = runtime.spawn(move || async move {
            let mut waits = Box::new(timeout(Duration::from_millis(2), || sleep(Duration::MAX)));
            let _ = poll(&mut *waits, &own);
            begun.send(waits).await.unwrap_or_else(|_| panic!("it is received"));
        });
        begins.join().block().unwrap();
        let waits = began.recv().block().unwrap();
        has_woken(&deeds, 1);
        assert!((*waits).block().is_err());
        is_sound(&runtime, 1);
    });
}
