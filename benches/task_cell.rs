//! Which cell for a task: `async-task` (one allocation) or one of our own over safe code (three: the
//! cell, the boxed future, the joiner's half)?
//!
//! Each contestant spawns a routine, runs it from a queue, and takes its output; alone, and 200,000 at
//! a time. Run with `cargo bench --bench task_cell`.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// The run queue that both use: what is measured is the cell.
static ASYNC_TASKS: Mutex<VecDeque<async_task::Runnable>> = Mutex::new(VecDeque::new());
static OWN_TASKS: Mutex<VecDeque<Arc<Own>>> = Mutex::new(VecDeque::new());

const BURST: usize = 200_000;
const ROUNDS: usize = 9;

const IDLE: u8 = 0;
const SCHEDULED: u8 = 1;
const RUNNING: u8 = 2;
const WOKEN: u8 = 3;

/// Our own cell: four states around a boxed future.
struct Own {
    state: AtomicU8,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

/// What the joiner of our own cell holds.
struct Joint<T>(Mutex<(Option<T>, Option<Waker>)>);

struct OwnJoin<T>(Arc<Joint<T>>);

impl Own {
    fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> OwnJoin<T> {
        let joint = Arc::new(Joint(Mutex::new((None, None))));
        let half = joint.clone();
        let future = Box::pin(async move {
            let output = future.await;
            let mut joint = half.0.lock().unwrap();
            joint.0 = Some(output);
            let waker = joint.1.take();
            drop(joint);
            waker.into_iter().for_each(Waker::wake);
        });
        let task = Arc::new(Self { state: AtomicU8::new(SCHEDULED), future: Mutex::new(Some(future)) });
        OWN_TASKS.lock().unwrap().push_back(task);
        OwnJoin(joint)
    }

    fn run(self: Arc<Self>) {
        self.state.store(RUNNING, Ordering::Release);
        let waker = Waker::from(self.clone());
        let mut future = self.future.lock().unwrap();
        let Some(running) = future.as_mut() else { return };
        if running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            *future = None;
            return;
        }
        drop(future);
        if self.state.compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_err() {
            self.state.store(SCHEDULED, Ordering::Release);
            OWN_TASKS.lock().unwrap().push_back(self);
        }
    }
}

impl Wake for Own {
    fn wake(self: Arc<Self>) {
        let next = |state| match state {
            IDLE => Some(SCHEDULED),
            RUNNING => Some(WOKEN),
            _ => None,
        };
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(IDLE) {
            OWN_TASKS.lock().unwrap().push_back(self);
        }
    }
}

impl<T> Future for OwnJoin<T> {
    type Output = T;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut joint = self.0.0.lock().unwrap();
        match joint.0.take() {
            Some(output) => Poll::Ready(output),
            None => {
                joint.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn schedule(task: async_task::Runnable) {
    ASYNC_TASKS.lock().unwrap().push_back(task);
}

fn take<T>(join: impl Future<Output = T> + Unpin) -> T {
    let mut join = join;
    match Pin::new(&mut join).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it has been run"),
    }
}

fn with_async_task(routines: usize) {
    let joins: Vec<_> = (0..routines)
        .map(|n| {
            let (task, join) = async_task::spawn(async move { n }, schedule);
            task.schedule();
            join
        })
        .collect();
    loop {
        let task = ASYNC_TASKS.lock().unwrap().pop_front();
        match task {
            Some(task) => drop(task.run()),
            None => break,
        }
    }
    joins.into_iter().enumerate().for_each(|(n, join)| assert_eq!(take(join), n));
}

fn with_our_own(routines: usize) {
    let joins: Vec<_> = (0..routines).map(|n| Own::spawn(async move { n })).collect();
    loop {
        let task = OWN_TASKS.lock().unwrap().pop_front();
        match task {
            Some(task) => task.run(),
            None => break,
        }
    }
    joins.into_iter().enumerate().for_each(|(n, join)| assert_eq!(take(join), n));
}

/// The median time of a routine, in nanoseconds.
fn measure(burst: usize, run: fn(usize)) -> f64 {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            (0..BURST / burst).for_each(|_| run(burst));
            begin.elapsed().as_nanos() as f64 / BURST as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() {
    println!("{:<24}{:>14}{:>22}", "spawn, run, take", "one by one", "200,000 at a time");
    for (name, run) in [("async-task", with_async_task as fn(usize)), ("own cell", with_our_own)] {
        println!("{name:<24}{:>11.1} ns{:>19.1} ns", measure(1, run), measure(BURST, run));
    }
}
