//! What the scheduler's tests share: an event to wait for, and values that count their drops.
#![allow(dead_code, reason = "each test file uses a part of it")]

use rustroutines::Suspend;
use rustroutines::routine::{RoutineHandle, yield_now};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Longer than any step of a test may take, on the slowest machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) fn runtime(workers: usize) -> RustRoutineRuntime {
    RustRoutineRuntime::with_config(RuntimeConfig::new().workers(workers)).unwrap()
}

/// Something that happens once; routines, threads and async code can wait for it.
#[derive(Clone, Default)]
pub(crate) struct Event(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Event {
    pub(crate) fn set(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.0 = true;
        let wakers = std::mem::take(&mut inner.1);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.lock().unwrap().0
    }

    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let event = self.0.clone();
        poll_fn(move |cx| {
            let mut inner = event.lock().unwrap();
            if inner.0 {
                return Poll::Ready(());
            }
            inner.1.push(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Blocks this thread as an operation does.
    pub(crate) fn block(&self) {
        Op(Box::pin(self.wait())).block();
    }

    /// How many wait, or have waited and not been told yet.
    pub(crate) fn waiters(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }
}

/// Makes an operation of any future.
pub(crate) struct Op<T>(pub(crate) std::pin::Pin<Box<dyn Future<Output = T> + Send>>);

impl<T> Future for Op<T> {
    type Output = T;
    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> Suspend for Op<T> {}

/// Counts its drops.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

pub(crate) struct Counted(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn one(&self) -> Counted {
        Counted(self.0.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Panics when it is dropped.
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}

/// Waits for something that other threads do and that sends no event, such as a statistic. It is a
/// limit for a broken program, not a measurement.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LONG, "{what}: not after {LONG:?}");
        std::thread::yield_now();
    }
}

/// Runs `test`, and fails if it hangs.
pub(crate) fn within_limit(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(LONG) {
        panic!("hangs");
    }
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Aborts its own routine at the `at`-th suspension of `operation`. Gives how often it suspended, if it ended.
async fn aborted_at<T>(
    at: usize,
    me: Arc<OnceLock<RoutineHandle<(T, usize)>>>,
    operation: impl Future<Output = T>,
) -> (T, usize) {
    // Else all of a short operation might be over before its handle is put down.
    while me.get().is_none() {
        yield_now().await;
    }
    let mut operation = pin!(operation);
    let mut suspensions = 0;
    let value = poll_fn(|cx| {
        let polled = operation.as_mut().poll(cx);
        if polled.is_pending() {
            if suspensions == at {
                me.get().expect("it was put down before the first poll").abort();
            }
            suspensions += 1;
        }
        polled
    })
    .await;
    (value, suspensions)
}

/// Starts an operation whose routine is aborted at its `at`-th suspension.
pub(crate) fn start<T: Send + 'static, O: Future<Output = T> + Send + 'static>(
    runtime: &RustRoutineRuntime,
    at: usize,
    make: impl FnOnce() -> O + Send + 'static,
) -> Arc<OnceLock<RoutineHandle<(T, usize)>>> {
    let me = Arc::new(OnceLock::new());
    let own = me.clone();
    let handle = runtime.spawn(move || aborted_at(at, own, make()));
    assert!(me.set(handle).is_ok());
    me
}
