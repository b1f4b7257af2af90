//! What the tests share.

use rustroutines::Suspend;
use rustroutines::routine::{RoutineHandle, spawn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

/// What a side of a test runs on. Each channel program runs on all four pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A thread of the system, that blocks.
    Thread,
    /// A routine, that suspends.
    Routine,
}

/// Every combination of two sides.
pub const PAIRS: [(Kind, Kind); 4] = [
    (Kind::Thread, Kind::Thread),
    (Kind::Thread, Kind::Routine),
    (Kind::Routine, Kind::Thread),
    (Kind::Routine, Kind::Routine),
];

/// Something that was started, to be waited for.
#[derive(Debug)]
pub enum Started<T> {
    /// On a thread.
    Thread(thread::JoinHandle<T>),
    /// As a routine.
    Routine(RoutineHandle<T>),
}

impl Kind {
    /// Starts what `make` makes.
    pub fn start<F, O>(self, make: F) -> Started<O::Output>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Suspend + Send + 'static,
        O::Output: Send + 'static,
    {
        match self {
            Kind::Thread => Started::Thread(thread::spawn(move || make().block())),
            Kind::Routine => Started::Routine(spawn(make)),
        }
    }
}

impl<T: Send + 'static> Started<T> {
    /// Waits for its value.
    ///
    /// # Panics
    /// If it panicked.
    pub fn finish(self) -> T {
        match self {
            Started::Thread(thread) => thread.join().unwrap(),
            Started::Routine(routine) => routine.join().block().unwrap(),
        }
    }
}

/// Counts operations that have begun to wait, so that a test acts when they stand in line, and not before.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<AtomicUsize>);

/// An operation that a [`Line`] counts.
#[must_use = "an operation does nothing until it is carried out"]
#[derive(Debug)]
pub struct Waiting<O> {
    operation: Pin<Box<O>>,
    /// Taken when it has been counted.
    line: Option<Line>,
}

impl Line {
    /// The operation, which is counted once it has to wait.
    pub fn watch<O: Suspend>(&self, operation: O) -> Waiting<O> {
        Waiting { operation: Box::pin(operation), line: Some(self.clone()) }
    }

    /// Returns when so many have had to wait.
    pub fn await_waiting(&self, count: usize) {
        while self.0.load(Ordering::Acquire) < count {
            thread::yield_now();
        }
    }
}

impl<O: Suspend> Future for Waiting<O> {
    type Output = O::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        let polled = self.operation.as_mut().poll(cx);
        if polled.is_pending() {
            if let Some(line) = self.line.take() {
                line.0.fetch_add(1, Ordering::Release);
            }
        }
        polled
    }
}

impl<O: Suspend> Suspend for Waiting<O> {}

/// Runs a test that must not hang. The limit is far beyond what a busy machine needs.
///
/// # Panics
/// If the test panics, or has not ended in two minutes.
pub fn ends(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let runner = thread::Builder::new()
        .name(thread::current().name().unwrap_or("test").to_owned())
        .spawn(move || {
            test();
            let _ = done.send(());
        })
        .unwrap();
    match ended.recv_timeout(Duration::from_secs(120)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the test hangs"),
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {
            if let Err(panic) = runner.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Counts values that are made and dropped, so that a test can say that none is lost or doubled.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

/// A value that a [`Ledger`] counts.
#[derive(Debug)]
pub struct Entry {
    /// Tells it from the others.
    pub number: usize,
    ledger: Arc<Counts>,
}

impl Ledger {
    /// A value that is counted.
    pub fn entry(&self, number: usize) -> Entry {
        self.0.made.fetch_add(1, Ordering::Relaxed);
        Entry { number, ledger: self.0.clone() }
    }

    /// How many have been dropped.
    pub fn dropped(&self) -> usize {
        self.0.dropped.load(Ordering::SeqCst)
    }

    /// Whether each value that was made has been dropped by now.
    pub fn balanced(&self) -> bool {
        self.dropped() == self.0.made.load(Ordering::SeqCst)
    }

    /// Checks that each value that was made has been dropped, once.
    ///
    /// # Panics
    /// If not.
    pub fn balance(&self) {
        assert_eq!(self.dropped(), self.0.made.load(Ordering::SeqCst), "values were lost or doubled");
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.ledger.dropped.fetch_add(1, Ordering::SeqCst);
    }
}
