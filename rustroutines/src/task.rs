//! The unit of work: a routine, as the scheduler sees it.
//!
//! - [`budget`]: how much one routine may do before it lets the others run.
//! - [`locals`]: what routines keep for themselves.
//! - [`report`]: events for the crate `tracing`.
//! - [`stamp`]: when a task was woken, where that is measured.
//! - [`trace`]: what operations that wait say of themselves.
//! - [`registry`]: the routines that are alive, so that they can be named, aborted and dropped.
//!
//! A task is one allocation of the crate `async-task`: reference count, state (idle, scheduled,
//! running, running and woken), the joiner's waker, our [`Meta`], and a [`Body`] whose place its
//! [`Outcome`] takes in the end. What is ours is the body: it
//!
//! - calls the closure that makes the operation on the first poll, inside the routine; closure and
//!   operation share their place, so that what a routine was given is not held twice;
//! - says whose waker it is polled with, so that joiners know which wakers are async-task's own: see
//!   [`poll_joined`];
//! - contains every panic: of the closure, of the operation, of their destructors. async-task would
//!   end the process for a panicking destructor;
//! - looks for the order to abort before each poll. It looks *inside* the poll, after async-task has
//!   gone from scheduled to running: an order that came earlier is seen here, and one that comes later
//!   finds the task running and has it polled once more. Read before the poll it could be missed;
//! - gives each poll a fresh [`budget`];
//! - comes to exactly one [`Ending`].

pub(crate) mod budget;
pub(crate) mod locals;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod stamp;
pub(crate) mod trace;

use crate::error::{JoinError, Panic};
use crate::panics::{self, Contained};
use async_task::{Builder, Runnable, ScheduleInfo, Task, WithInfo};
use pin_project_lite::pin_project;
use registry::{Newcomer, Order, Seat, Slot, Spare, Told};
use std::cell::Cell;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, RawWakerVTable, Waker};

/// What a task belongs to. It is the scheduler; the task itself does not know more about it.
pub(crate) trait Home: Send + Sync + Sized + 'static {
    /// Takes a task that is ready to run.
    fn schedule(task: Runnable<Meta<Self>>, while_running: bool);

    /// Hears that the block of this seat, which was full, can be listed again.
    fn has_room(&self, seat: Seat<Self>);

    /// Tells it from every other home that there is at the same time.
    fn address(&self) -> usize;

    /// Takes what a newcomer on this thread can use, or drops it.
    fn offer(spare: Spare<Self>);

    /// Hears that in a block of seats nobody is left, where somebody has asked for that.
    fn emptied(&self);

    /// Hears what task `id` waits for, which was asked.
    fn told(&self, id: u64, told: Told);

    /// Hears that a task is over; called exactly once for each, before its joiner is woken.
    fn ended(&self, ending: Ending);
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a value.
    Completed,
    /// By an order to abort.
    Aborted,
    /// By a panic.
    Panicked,
    /// Dropped by a shutdown.
    Dropped,
}

/// What goes with a task for its whole life, also after its end while a handle exists.
#[derive(Debug)]
pub(crate) struct Meta<H: Home> {
    /// The task's seat among the living, and through it its home.
    pub(crate) seat: Seat<H>,
    /// The number it goes by.
    pub(crate) id: u64,
    /// The name it was given.
    pub(crate) name: Option<Arc<String>>,
    /// When it was woken last, where that is measured.
    pub(crate) woken: stamp::Stamp,
}

/// What a task leaves behind for its joiner. Dropped unread, it contains the panics of destructors.
#[derive(Debug)]
pub(crate) struct Outcome<T>(Option<Result<T, JoinError>>);

impl<T> Outcome<T> {
    /// The value, or why there is none.
    #[inline]
    pub(crate) fn into_result(mut self) -> Result<T, JoinError> {
        let result = self.0.take().expect("an outcome is read once");
        // Nothing is left in it to be dropped.
        mem::forget(self);
        result
    }
}

impl<T> Drop for Outcome<T> {
    fn drop(&mut self) {
        if let Some(result) = self.0.take() {
            panics::swallow(|| drop(result));
        }
    }
}

crate::platform::thread::thread_local! {
    /// What the wakers of the task are made of that this thread has polled last.
    static OURS: Cell<Option<&'static RawWakerVTable>> = const { Cell::new(None) };
}

/// Polls the joiner's side of a task. async-task ends the process where a joiner's waker panics; so it gets none
/// that could: its own, which routines are polled with, and others in a wrapping.
#[inline]
pub(crate) fn poll_joined<T, M>(task: &mut Task<T, M>, cx: &mut Context<'_>) -> Poll<T> {
    let ours = OURS.try_with(Cell::get).unwrap_or(None);
    if ours.is_some_and(|ours| std::ptr::eq(ours, cx.waker().vtable())) {
        Pin::new(task).poll(cx)
    } else {
        poll_joined_from_elsewhere(task, cx)
    }
}

fn poll_joined_from_elsewhere<T, M>(task: &mut Task<T, M>, cx: &mut Context<'_>) -> Poll<T> {
    if task.is_finished() {
        if let Poll::Ready(value) = Pin::new(&mut *task).poll(&mut Context::from_waker(Waker::noop())) {
            return Poll::Ready(value);
        }
    }
    let waker = Contained::waker(cx.waker().clone());
    Pin::new(task).poll(&mut Context::from_waker(&waker))
}

/// Runs `f`; gives what it panicked with.
fn contain<R>(f: impl FnOnce() -> R) -> Result<R, JoinError> {
    panics::contain(f).map_err(|payload| JoinError::Panicked(Panic::new(payload)))
}

/// The joiner's side of a task that carries `O` out.
type Joined<H, O> = Task<Outcome<<O as Future>::Output>, Meta<H>>;

/// Makes a task out of a closure that makes an operation. It is not scheduled yet.
pub(crate) fn spawn<H, F, O>(
    newcomer: Newcomer<H>,
    name: Option<Arc<String>>,
    make: F,
) -> (Runnable<Meta<H>>, Joined<H, O>)
where
    H: Home,
    F: FnOnce() -> O + Send + 'static,
    O: Future + Send + 'static,
    O::Output: Send + 'static,
{
    let Newcomer { id, seat, slot } = newcomer;
    let meta = Meta { seat, id, name, woken: stamp::Stamp::new() };
    // The schedule function captures nothing: async-task then saves two steps of the reference count
    // for each wake-up. It finds the scheduler in the metadata.
    Builder::new()
        .metadata(meta)
        .spawn(move |_| Body { stage: Stage::Make { make }, slot }, WithInfo(schedule::<H>))
}

fn schedule<H: Home>(task: Runnable<Meta<H>>, info: ScheduleInfo) {
    task.metadata().woken.set();
    H::schedule(task, info.woken_while_running);
}

pin_project! {
    /// The future that async-task runs.
    struct Body<H: Home, F, O> {
        // The closure, then the operation.
        #[pin]
        stage: Stage<F, O>,
        // Our seat among the living, given up when we are dropped. It knows how we have ended.
        slot: Slot<H>,
    }

    impl<H: Home, F, O> PinnedDrop for Body<H, F, O> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if end(this.stage, this.slot).is_err() {
                this.slot.set_ending(Ending::Panicked);
            }
            this.slot.leave();
        }
    }
}

pin_project! {
    #[project = StageNow]
    #[project_replace = StageBefore]
    enum Stage<F, O> {
        Make { make: F },
        Run { #[pin] operation: O },
        Over,
    }
}

/// Drops what a routine consists of, and then what it has kept for itself. A panic of either is the first's.
fn end<H: Home, F, O>(mut stage: Pin<&mut Stage<F, O>>, slot: &Slot<H>) -> Result<(), JoinError> {
    let ended = contain(|| stage.set(Stage::Over));
    let locals = if locals::are_used() { slot.key().end() } else { Ok(()) };
    let locals = locals.map_err(|payload| JoinError::Panicked(Panic::new(payload)));
    match (ended, locals) {
        (Err(panicked), locals) => {
            panics::swallow(|| drop(locals));
            Err(panicked)
        }
        (Ok(()), locals) => locals,
    }
}

impl<H: Home, F, O> Future for Body<H, F, O>
where
    F: FnOnce() -> O,
    O: Future,
{
    type Output = Outcome<O::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _ = OURS.try_with(|ours| ours.set(Some(cx.waker().vtable())));
        let mut this = self.project();
        let order = this.slot.order();
        let mut asked = matches!(order, Order::Tell).then(|| this.slot.asked());
        let step = match order {
            Order::End(error) => Ok(Poll::Ready(Err(error))),
            _ => contain(|| {
                budget::with_fresh(|| {
                    let polled = this.stage.as_mut().step(cx).map(Ok);
                    if let Some(asked) = &mut asked {
                        asked.poll_ends();
                    }
                    polled
                })
            }),
        };
        let result = match step {
            Ok(Poll::Pending) => {
                // Once, on the first time: from here on it is found by its waker alone.
                this.slot.parked(cx.waker());
                if let Some(asked) = asked {
                    this.slot.tell(*asked);
                }
                return Poll::Pending;
            }
            Ok(Poll::Ready(result)) => result,
            Err(panicked) => Err(panicked),
        };
        // The operation's destructors belong to the routine: they run before its outcome shows.
        let outcome = match end(this.stage, this.slot) {
            Ok(()) => Outcome(Some(result)),
            Err(panicked) => {
                drop(Outcome(Some(result)));
                Outcome(Some(Err(panicked)))
            }
        };
        this.slot.set_ending(match &outcome.0 {
            Some(Err(JoinError::Aborted)) => Ending::Aborted,
            Some(Err(JoinError::ShutDown)) => Ending::Dropped,
            Some(Err(_)) => Ending::Panicked,
            _ => Ending::Completed,
        });
        Poll::Ready(outcome)
    }
}

impl<F, O> Stage<F, O>
where
    F: FnOnce() -> O,
    O: Future,
{
    /// One poll of the operation, which is made first where it is not there yet.
    fn step(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        if matches!(*self, Stage::Make { .. }) {
            if let StageBefore::Make { make } = self.as_mut().project_replace(Stage::Over) {
                self.set(Stage::Run { operation: make() });
            }
        }
        match self.project() {
            StageNow::Run { operation } => operation.poll(cx),
            _ => unreachable!("a task is not polled after its end"),
        }
    }
}
