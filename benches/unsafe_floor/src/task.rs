//! A task in one allocation: state, future or output, and the waker of who joins it. To be run by whoever gets it from
//! the function that schedules.
//!
//! The state is a word: `SCHEDULED`, `RUNNING`, `DONE`, `JOINING`, and above them a count of references: the
//! joiner's, each waker's, and one of what is scheduled or runs. A task that ends without a wait takes four atomic
//! steps that read and write: it begins, the joiner leaves a waker, it ends, the last reference goes.

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// It lies in a queue, or shall when it has been polled.
const SCHEDULED: usize = 1;
/// It is being polled.
const RUNNING: usize = 2;
/// The output is there, until the joiner takes it.
const DONE: usize = 4;
/// The joiner's waker is there, until the task ends.
const JOINING: usize = 8;
/// One reference.
const ONE: usize = 16;

/// What a task is to who doesn't know its future.
struct Header {
    state: AtomicUsize,
    /// Written by the joiner before `JOINING` is set, taken by the task after `DONE` is.
    joiner: UnsafeCell<Option<Waker>>,
    schedule: fn(Runnable),
    poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> bool,
    free: unsafe fn(NonNull<Header>),
}

enum Stage<F: Future> {
    Future(F),
    Output(F::Output),
    Gone,
}

/// The allocation. The header is first, so that a pointer to either is one to both.
#[repr(C)]
struct Whole<F: Future> {
    header: Header,
    /// Touched by who runs, until `DONE`; then by the joiner.
    stage: UnsafeCell<Stage<F>>,
}

/// A task that is to be run.
pub struct Runnable(NonNull<Header>);

/// Waits for a task's output. (A task whose `Join` is dropped goes on.)
pub struct Join<F: Future>(NonNull<Whole<F>>);

// SAFETY: there is one of each task, and futures are sent only if they may be ([`spawn`]).
unsafe impl Send for Runnable {}
// SAFETY: what it gives may be sent.
unsafe impl<F: Future> Send for Join<F> where F::Output: Send {}

/// Makes a task, which is scheduled as often as it can go on.
pub fn spawn<F: Future<Output: Send> + Send + 'static>(
    future: F,
    schedule: fn(Runnable),
) -> (Runnable, Join<F>) {
    let header = Header {
        state: AtomicUsize::new(SCHEDULED + 2 * ONE),
        joiner: UnsafeCell::new(None),
        schedule,
        poll: poll::<F>,
        free: free::<F>,
    };
    let whole = Box::new(Whole { header, stage: UnsafeCell::new(Stage::Future(future)) });
    let whole = NonNull::from(Box::leak(whole));
    (Runnable(whole.cast()), Join(whole))
}

/// Polls the future; whether it has ended.
///
/// # Safety
///
/// The header is of a `Whole<F>` that is alive, `RUNNING` and not `DONE`.
unsafe fn poll<F: Future>(task: NonNull<Header>, cx: &mut Context<'_>) -> bool {
    // SAFETY: who runs it has the stage alone.
    let stage = unsafe { &mut *task.cast::<Whole<F>>().as_ref().stage.get() };
    let Stage::Future(future) = stage else { unreachable!("it is not done") };
    // SAFETY: the future lies where it was put first, until it is dropped there.
    match unsafe { Pin::new_unchecked(future) }.poll(cx) {
        Poll::Ready(output) => {
            *stage = Stage::Output(output);
            true
        }
        Poll::Pending => false,
    }
}

/// # Safety
///
/// The header is of a `Whole<F>`, to which this was the last reference.
unsafe fn free<F: Future>(task: NonNull<Header>) {
    // SAFETY: it was leaked from a box, and nobody else has it.
    drop(unsafe { Box::from_raw(task.cast::<Whole<F>>().as_ptr()) });
}

/// Drops a reference.
///
/// # Safety
///
/// It is the caller's, who doesn't use it again.
unsafe fn unref(task: NonNull<Header>) {
    // SAFETY: the reference keeps it alive until here.
    unsafe {
        let Header { state, free, .. } = task.as_ref();
        let free = *free;
        if state.fetch_sub(ONE, Ordering::AcqRel) < 2 * ONE {
            free(task);
        }
    }
}

impl Runnable {
    /// Polls the task once.
    pub fn run(self) {
        let task = ManuallyDrop::new(self).0;
        // SAFETY: the reference of what is scheduled is ours until the end of this.
        let header = unsafe { task.as_ref() };
        header.state.fetch_add(RUNNING.wrapping_sub(SCHEDULED), Ordering::Acquire);
        // SAFETY: the waker is good while our reference is; it is not dropped, since it has none of its own.
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw(task)) });
        // SAFETY: it runs, and is not done: what is done is never scheduled.
        if unsafe { (header.poll)(task, &mut Context::from_waker(&waker)) } {
            let before = header.state.fetch_add(DONE - RUNNING, Ordering::AcqRel);
            if before & JOINING != 0 {
                // SAFETY: the joiner has left it, and leaves no other.
                let waker = unsafe { (*header.joiner.get()).take() };
                waker.into_iter().for_each(Waker::wake);
            }
            // SAFETY: it is ours.
            unsafe { unref(task) };
        } else if header.state.fetch_sub(RUNNING, Ordering::AcqRel) & SCHEDULED != 0 {
            (header.schedule)(Runnable(task));
        } else {
            // SAFETY: it is ours.
            unsafe { unref(task) };
        }
    }

    /// Passes it to the function that schedules.
    pub fn schedule(self) {
        // SAFETY: the reference keeps it alive.
        let schedule = unsafe { self.0.as_ref() }.schedule;
        schedule(self);
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: its reference is ours. (The future goes with the last one.)
        unsafe { unref(self.0) };
    }
}

impl<F: Future> Future for Join<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the joiner's reference keeps it alive.
        let Whole { header, stage } = unsafe { self.0.as_ref() };
        let mut state = header.state.load(Ordering::Acquire);
        if state & (DONE | JOINING) == JOINING {
            state = header.state.fetch_and(!JOINING, Ordering::AcqRel);
        }
        if state & DONE == 0 {
            // SAFETY: without `JOINING` the task doesn't touch it.
            unsafe { *header.joiner.get() = Some(cx.waker().clone()) };
            state = header.state.fetch_or(JOINING, Ordering::AcqRel);
            if state & DONE == 0 {
                return Poll::Pending;
            }
        }
        // SAFETY: it is done, and the stage the joiner's.
        match std::mem::replace(unsafe { &mut *stage.get() }, Stage::Gone) {
            Stage::Output(output) => Poll::Ready(output),
            _ => unreachable!("it is polled until it is ready, and no further"),
        }
    }
}

impl<F: Future> Drop for Join<F> {
    fn drop(&mut self) {
        // SAFETY: its reference is ours.
        unsafe { unref(self.0.cast()) };
    }
}

const TABLE: RawWakerVTable = RawWakerVTable::new(
    // SAFETY: of these four: the pointer is that of `raw`, and a waker keeps its task alive.
    |task| unsafe {
        let task = header(task);
        task.as_ref().state.fetch_add(ONE, Ordering::Relaxed);
        raw(task)
    },
    // SAFETY: see the first.
    |task| unsafe {
        wake(header(task));
        unref(header(task));
    },
    // SAFETY: see the first.
    |task| unsafe { wake(header(task)) },
    // SAFETY: see the first.
    |task| unsafe { unref(header(task)) },
);

fn raw(task: NonNull<Header>) -> RawWaker {
    RawWaker::new(task.as_ptr().cast_const().cast(), &TABLE)
}

/// # Safety
///
/// The pointer is that of [`raw`].
unsafe fn header(task: *const ()) -> NonNull<Header> {
    // SAFETY: it was made of one that isn't null.
    unsafe { NonNull::new_unchecked(task.cast_mut().cast()) }
}

/// Schedules a task, now or when it has been polled, unless it is done or scheduled.
///
/// # Safety
///
/// The caller has a reference.
unsafe fn wake(task: NonNull<Header>) {
    // SAFETY: the reference keeps it alive.
    let Header { state, schedule, .. } = unsafe { task.as_ref() };
    let woken = state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| match state {
        _ if state & (SCHEDULED | DONE) != 0 => None,
        // Who runs it has a reference, and passes it on.
        _ if state & RUNNING != 0 => Some(state | SCHEDULED),
        _ => Some((state | SCHEDULED) + ONE),
    });
    if woken.is_ok_and(|before| before & RUNNING == 0) {
        schedule(Runnable(task));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::pin::pin;
    use std::sync::{Arc, Mutex};

    static QUEUE: Mutex<VecDeque<Runnable>> = Mutex::new(VecDeque::new());
    /// The queue is everybody's.
    static TURN: Mutex<()> = Mutex::new(());

    fn schedule(task: Runnable) {
        QUEUE.lock().unwrap().push_back(task);
    }

    fn run_all() {
        while let Some(task) = { QUEUE.lock().unwrap().pop_front() } {
            task.run();
        }
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_output_comes_to_who_waits_for_it_and_is_freed_once() {
        let _turn = TURN.lock();
        let output = Arc::new(());
        for waits in [true, false] {
            for taken in [true, false] {
                let its = output.clone();
                let (task, join) = spawn(async move { its }, schedule);
                let mut join = Box::pin(join);
                if waits {
                    assert!(poll(join.as_mut()).is_pending() && poll(join.as_mut()).is_pending());
                }
                task.schedule();
                run_all();
                assert!(!taken || poll(join.as_mut()).is_ready());
            }
        }
        assert_eq!(Arc::strong_count(&output), 1);
    }

    #[test]
    fn a_task_that_wakes_itself_runs_again_and_one_that_is_dropped_is_freed() {
        let _turn = TURN.lock();
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let future = std::future::poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            if counted.fetch_add(1, Ordering::Relaxed) < 9 { Poll::Pending } else { Poll::Ready(()) }
        });
        let (task, join) = spawn(future, schedule);
        let mut join = pin!(join);
        task.run();
        assert!(poll(join.as_mut()).is_pending());
        run_all();
        assert!(poll(join.as_mut()).is_ready());
        assert_eq!(polls.load(Ordering::Relaxed), 10);
        let counted = polls.clone();
        drop(spawn(async move { drop(counted) }, schedule));
        assert_eq!(Arc::strong_count(&polls), 1, "what has ended, or is dropped, has no future");
    }
}
