//! Work that blocks: [`block_on_io`].
//!
//! The closure and, later, its value lie in a cell that the operation and the pool's job share. The
//! closure stays there until a thread really begins it, so that an operation that is dropped takes it
//! back, and a pool that is shut down does not take it along.
//!
//! | state    | holds       | set when                                   | next                          |
//! |----------|-------------|--------------------------------------------|-------------------------------|
//! | Queued   | the closure | the operation is made                      | Running, Rejected, Abandoned  |
//! | Running  |             | a thread has begun                         | Done, Abandoned               |
//! | Done     | the outcome | the closure has returned or panicked       | Abandoned (taken by the poll) |
//! | Rejected | the closure | the job was dropped without having run     | Running (by the poll)         |
//! | Abandoned|             | the operation was dropped, or has its value|                               |
//!
//! # Why no completion is missed
//! State and waker are under one lock. A poll that finds no outcome leaves its waker in the same
//! critical section; the job, which sets Done or Rejected afterwards, takes it from there. It wakes
//! after the lock is released, and neither closures nor values nor wakers are dropped under it.

use crate::panics;
use crate::platform::census;
use crate::platform::sync::{Mutex, MutexGuard};
use crate::scheduler::blocking::BlockingPool;
use crate::suspend::Suspend;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

/// Runs `f`, which may block, on a thread that is there for this, and waits for its value.
///
/// For reading files, looking up names, compressing, calling a library that knows nothing of routines:
/// whatever would keep a worker from running other routines for more than about a tenth of a millisecond.
/// The threads come from a pool that grows on demand and shrinks when it is idle. Beyond its maximum
/// (`RuntimeConfig`), calls wait for their turn in the order in which they came. Where the system refuses
/// a first thread, and after the runtime was shut down, `f` runs on the thread that waits for it.
///
/// # Panics
/// If `f` panics, the panic goes on in whoever waits for the value.
///
/// # Cancel safety
/// Dropped before a thread has begun with `f`, the operation takes `f` back, and it never runs. Once it
/// has begun, `f` runs to its end, and its value is dropped: what it does to the world happens.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, io::block_on_io};
///
/// let manifest = block_on_io(|| std::fs::read_to_string("Cargo.toml")).block();
/// assert!(manifest.unwrap().contains("[package]"));
/// ```
#[doc(alias("spawn_blocking", "block_in_place", "unblock"))]
pub fn block_on_io<T, F>(f: F) -> BlockOnIo<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    BlockOnIo { stage: Stage::Fresh(Arc::new(Cell::new(Box::new(f)))) }
}

/// The operation of [`block_on_io`].
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct BlockOnIo<T> {
    stage: Stage<T>,
}

/// How far the operation is.
enum Stage<T> {
    /// Not polled yet. In its cell already: behind a lock, so that an operation can be shared (`Sync`).
    Fresh(Arc<Cell<T>>),
    /// Handed to the pool.
    Submitted(Arc<Cell<T>>),
    /// The value has been taken.
    Finished,
}

/// What is to be run.
type Call<T> = Box<dyn FnOnce() -> T + Send>;
/// What it returned, or what it panicked with.
type Outcome<T> = Result<T, Box<dyn Any + Send>>;

/// What the operation and the pool's job share. See the module.
struct Cell<T>(Mutex<Inner<T>>);

struct Inner<T> {
    state: State<T>,
    /// Whom to wake when there is an outcome. There is none where nobody has been told to wait.
    waker: Option<Waker>,
}

impl<T> Inner<T> {
    fn is_waiting(&self) -> bool {
        matches!(self.state, State::Queued(_) | State::Running)
    }
}

/// See the table in the module.
enum State<T> {
    Queued(Call<T>),
    Running,
    Done(Outcome<T>),
    Rejected(Call<T>),
    Abandoned,
}

impl<T> Cell<T> {
    fn new(call: Call<T>) -> Self {
        Self(Mutex::new(Inner { state: State::Queued(call), waker: None }))
    }

    /// The job's part: runs the closure if it is still wanted.
    fn run(&self) {
        let mut inner = self.0.lock();
        let call = match mem::replace(&mut inner.state, State::Running) {
            State::Queued(call) => call,
            other => {
                inner.state = other;
                return;
            }
        };
        drop(inner);
        let outcome = panics::contain(call);
        let mut inner = self.0.lock();
        if matches!(inner.state, State::Running) {
            inner.state = State::Done(outcome);
            wake_after(inner);
        } else {
            // The operation is gone: nobody wants this. Not to be dropped under the lock.
            drop(inner);
            drop(outcome);
        }
    }

    /// The job was dropped. If it has not run, the operation must see to the closure itself.
    fn reject(&self) {
        let mut inner = self.0.lock();
        match mem::replace(&mut inner.state, State::Abandoned) {
            State::Queued(call) => {
                inner.state = State::Rejected(call);
                wake_after(inner);
            }
            other => inner.state = other,
        }
    }

    /// The operation's part: the outcome, or the waker is left.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        // Before `inner`, so that it is dropped after it: a waker is not dropped under the lock.
        let mut fresh = None;
        let mut inner = self.0.lock();
        if inner.is_waiting() {
            if inner.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            drop(inner);
            fresh = Some(cx.waker().clone());
            inner = self.0.lock();
        }
        if inner.is_waiting() {
            mem::swap(&mut inner.waker, &mut fresh);
            return Poll::Pending;
        }
        match mem::replace(&mut inner.state, State::Abandoned) {
            State::Done(outcome) => Poll::Ready(outcome),
            State::Rejected(call) => {
                drop(inner);
                Poll::Ready(panics::contain(call))
            }
            _ => unreachable!("only the operation abandons, and it does not poll again"),
        }
    }

    /// The closure, if no thread has begun with it. None will.
    fn take_back(&self) -> Option<Call<T>> {
        let mut inner = self.0.lock();
        match mem::replace(&mut inner.state, State::Abandoned) {
            State::Queued(call) | State::Rejected(call) => {
                let waker = inner.waker.take();
                drop(inner);
                drop(waker);
                Some(call)
            }
            other => {
                inner.state = other;
                None
            }
        }
    }

    /// The operation is dropped.
    fn abandon(&self) {
        let mut inner = self.0.lock();
        let state = mem::replace(&mut inner.state, State::Abandoned);
        let waker = inner.waker.take();
        drop(inner);
        drop((state, waker));
    }
}

/// Releases the lock, then wakes who waits.
fn wake_after<T>(mut inner: MutexGuard<'_, Inner<T>>) {
    let waker = inner.waker.take();
    drop(inner);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The job in the pool's queue. Dropped without having run, it says so.
struct Job<T> {
    /// What it is to run.
    cell: Arc<Cell<T>>,
    /// As long as it is not done with, it may wake somebody.
    _errand: census::Errand,
}

impl<T> Job<T> {
    fn new(cell: Arc<Cell<T>>) -> Self {
        Self { cell, _errand: census::Errand::new() }
    }

    fn run(self) {
        self.cell.run();
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.cell.reject();
    }
}

impl<T: Send + 'static> BlockOnIo<T> {
    /// Hands the closure to the pool, or runs it here where the pool says so.
    fn submit(pool: &BlockingPool, cell: &Arc<Cell<T>>) {
        let job = Job::new(cell.clone());
        if let Err(job) = pool.submit(Box::new(move || job.run())) {
            job();
        }
    }

    /// Hands it to the pool before it is first polled. It wakes nobody until then.
    pub(crate) fn begin(&mut self) {
        if let Stage::Fresh(cell) = &self.stage {
            let cell = cell.clone();
            Self::submit(&crate::runtime::blocking_pool(), &cell);
            self.stage = Stage::Submitted(cell);
        }
    }

    /// Carries it out on this thread: runs the closure here where no thread of the pool has begun with it,
    /// and waits where one has. So it waits for no other job, and may be called in a job itself, in `drop`
    /// say.
    pub(crate) fn finish(mut self) -> T {
        if let Stage::Fresh(cell) | Stage::Submitted(cell) = &self.stage {
            if let Some(call) = cell.take_back() {
                self.stage = Stage::Finished;
                return call();
            }
        }
        self.block()
    }

    fn poll_on(&mut self, pool: impl FnOnce() -> Arc<BlockingPool>, cx: &mut Context<'_>) -> Poll<T> {
        let cell = match mem::replace(&mut self.stage, Stage::Finished) {
            Stage::Fresh(cell) => {
                Self::submit(&pool(), &cell);
                cell
            }
            Stage::Submitted(cell) => cell,
            Stage::Finished => panic!("`block_on_io` polled again after it had finished"),
        };
        match cell.poll(cx) {
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(payload)) => resume_unwind(payload),
            Poll::Pending => {
                self.stage = Stage::Submitted(cell);
                Poll::Pending
            }
        }
    }
}

impl<T: Send + 'static> Future for BlockOnIo<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(budget::poll_proceed(cx));
        let polled = self.poll_on(crate::runtime::blocking_pool, cx);
        if polled.is_pending() {
            budget::refund();
            trace::waits(|| WaitsFor::BlockingCall);
        }
        polled
    }
}

impl<T: Send + 'static> Suspend for BlockOnIo<T> {}

/// It holds its parts in boxes.
impl<T> Unpin for BlockOnIo<T> {}

impl<T> Drop for BlockOnIo<T> {
    fn drop(&mut self) {
        if let Stage::Submitted(cell) = &self.stage {
            cell.abandon();
        }
    }
}

impl<T> fmt::Debug for BlockOnIo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Fresh(_) => "not started",
            Stage::Submitted(_) => "waiting",
            Stage::Finished => "finished",
        };
        f.debug_tuple("BlockOnIo").field(&stage).finish()
    }
}

#[cfg(test)]
mod tests;
