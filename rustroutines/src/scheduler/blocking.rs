//! Threads for work that blocks.
//!
//! A job is queued; a thread takes it, in the order of arrival. A thread that finds nothing to do waits
//! for `keep_alive` and then ends; where nobody waits, a new one is started, up to `max_threads`.
//!
//! # Invariants
//! - Everything is decided under `state`. No job is run or dropped, and no thread is started, while it is
//!   held.
//! - `threads` counts the threads that run, wait, or are being started by a `submit` that has not heard
//!   of a failure yet. It never exceeds `max_threads`.
//! - While the queue is not empty there are threads, and the pool is not shut down for good.
//! - `waiting` threads are inside the wait on `arrival`. While no more jobs are queued than threads wait,
//!   each queued job has had its own notification since a thread last began to wait.
//!
//! # Why no job is stranded
//! - *By a thread that leaves.* It looks at the queue once more after its time is up, and lowers
//!   `threads`, in one go under the lock. A `submit` is either before that, and its job is taken, or
//!   after, and finds one waiting thread less.
//! - *By a thread that cannot be started.* Another `submit` may have relied on it and returned already.
//!   So the one that fails last, with no threads left, takes the whole queue and gives it back to its
//!   caller to run in place: its own job and those of the others.
//! - *By a notification for a thread that has just given up waiting.* `notify_one` wakes another, or
//!   none; the one that gave up looks at the queue.
//! - *By a panic.* It is caught around each job, with the drop of whatever the job leaves behind.
//! - *By the shutdown.* Draining keeps the threads until the queue is empty. Rejecting drops the jobs, on
//!   the thread that shuts down; a job that somebody waits for says so when it is dropped (see `io::blocking`).

use crate::panics;
use crate::platform::sync::{Condvar, Mutex, MutexGuard};
use crate::platform::thread;
use crate::platform::{census, clock};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Work for the pool.
pub(crate) type Job = Box<dyn FnOnce() + Send>;
/// Starts a thread of this name that runs this.
type Start = Box<dyn Fn(String, Job) -> io::Result<()> + Send + Sync>;

/// See the module.
pub(crate) struct BlockingPool {
    /// What the threads share with the pool. They do not keep the pool itself alive.
    shared: Arc<Shared>,
    /// What the threads are called, before their number.
    name: Arc<str>,
    /// Starts a thread.
    start: Start,
}

struct Shared {
    /// Threads that there may be at once.
    max_threads: usize,
    /// How long a thread waits for its next job.
    keep_alive: Duration,
    /// See the module.
    state: Mutex<State>,
    /// Where threads wait for jobs.
    arrival: Condvar,
    /// Where `wait_until_gone` waits for the last thread to end.
    gone: Condvar,
}

struct State {
    /// Jobs that no thread has taken yet.
    queue: VecDeque<Job>,
    /// Threads that there are.
    threads: usize,
    /// Threads that wait for a job.
    waiting: usize,
    /// Threads that run one.
    busy: usize,
    /// Threads that were ever started: the number of the next one.
    started: usize,
    /// No more jobs are accepted.
    shut_down: bool,
}

impl BlockingPool {
    /// A pool without threads yet.
    ///
    /// # Panics
    /// If `max_threads` is 0.
    pub(crate) fn new(max_threads: usize, keep_alive: Duration, name: impl Into<Arc<str>>) -> Self {
        Self::with_start(max_threads, keep_alive, name.into(), |name, run| {
            thread::Builder::new().name(name).spawn(run).map(drop)
        })
    }

    /// A pool that starts its threads by `start`, which may fail.
    fn with_start(
        max_threads: usize,
        keep_alive: Duration,
        name: Arc<str>,
        start: impl Fn(String, Job) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        assert!(max_threads > 0, "a pool without threads does nothing");
        let state =
            State { queue: VecDeque::new(), threads: 0, waiting: 0, busy: 0, started: 0, shut_down: false };
        let shared = Shared {
            max_threads,
            keep_alive,
            state: Mutex::new(state),
            arrival: Condvar::new(),
            gone: Condvar::new(),
        };
        Self { shared: Arc::new(shared), name, start: Box::new(start) }
    }

    /// Has a thread run the job.
    ///
    /// # Errors
    /// After the shutdown, the job itself. Where no thread can be started and there is none, a job that
    /// runs everything that is queued: the caller is to run it in place.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Job> {
        let mut state = self.shared.state.lock();
        if state.shut_down {
            drop(state);
            return Err(job);
        }
        state.queue.push_back(job);
        if state.queue.len() <= state.waiting {
            drop(state);
            self.shared.arrival.notify_one();
            return Ok(());
        }
        if state.threads == self.shared.max_threads {
            return Ok(());
        }
        state.threads += 1;
        let number = state.started;
        state.started += 1;
        drop(state);
        self.start_thread(number)
    }

    /// Starts the thread that `threads` counts already.
    fn start_thread(&self, number: usize) -> Result<(), Job> {
        let shared = self.shared.clone();
        let started = (self.start)(format!("{}-{number}", self.name), Box::new(move || shared.serve()));
        if started.is_ok() {
            return Ok(());
        }
        let mut state = self.shared.state.lock();
        state.threads -= 1;
        if state.threads > 0 {
            return Ok(());
        }
        self.shared.gone.notify_all();
        let stranded = std::mem::take(&mut state.queue);
        drop(state);
        if stranded.is_empty() {
            return Ok(());
        }
        Err(Box::new(move || stranded.into_iter().for_each(run)))
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.shared.state.lock().threads
    }

    /// How many jobs wait for a thread.
    pub(crate) fn queued(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Accepts no more jobs. Those that are queued still run if `drain`, else they are dropped here; those
    /// that run go on. Does not wait for the threads to end. Gives how many were dropped.
    pub(crate) fn shut_down(&self, drain: bool) -> usize {
        let mut state = self.shared.state.lock();
        state.shut_down = true;
        let rejected = if drain { VecDeque::new() } else { std::mem::take(&mut state.queue) };
        drop(state);
        self.shared.arrival.notify_all();
        let dropped = rejected.len();
        for job in rejected {
            // What a job leaves behind may panic when it is dropped; the others must still be told.
            panics::swallow(|| drop(job));
        }
        dropped
    }

    /// Shuts down: if `drain`, runs what is queued until the deadline, else nothing more. Gives how many
    /// jobs were dropped or still run.
    pub(crate) fn end(&self, drain: bool, deadline: Option<clock::Instant>) -> usize {
        if drain {
            self.shut_down(true);
            if self.wait_until_gone(deadline) {
                return 0;
            }
        }
        let dropped = self.shut_down(false);
        dropped + self.shared.state.lock().busy
    }

    /// Waits until there are no threads, for no longer than to `deadline`; says whether that is so. After
    /// a shutdown this means that nothing runs any more.
    pub(crate) fn wait_until_gone(&self, deadline: Option<clock::Instant>) -> bool {
        let mut state = self.shared.state.lock();
        while state.threads > 0 {
            match deadline {
                None => self.shared.gone.wait(&mut state),
                Some(deadline) => {
                    if self.shared.gone.wait_until(&mut state, deadline).timed_out() {
                        return state.threads == 0;
                    }
                }
            }
        }
        true
    }
}

/// A pool that nobody can submit to any more lets its threads go once the queue is empty.
impl Drop for BlockingPool {
    fn drop(&mut self) {
        self.shut_down(true);
    }
}

impl Shared {
    /// What a thread of the pool does.
    fn serve(&self) {
        let _standby = census::standby();
        let mut state = self.state.lock();
        loop {
            while let Some(job) = state.queue.pop_front() {
                state.busy += 1;
                drop(state);
                run(job);
                state = self.state.lock();
                state.busy -= 1;
            }
            if state.shut_down || !self.await_arrival(&mut state) {
                break;
            }
        }
        state.threads -= 1;
        if state.threads == 0 {
            self.gone.notify_all();
        }
    }

    /// Waits for a job, or for the shutdown. `false`: neither came in time.
    fn await_arrival(&self, state: &mut MutexGuard<'_, State>) -> bool {
        let leave_at = clock::now().checked_add(self.keep_alive);
        state.waiting += 1;
        let mut in_time = !self.keep_alive.is_zero();
        while in_time && state.queue.is_empty() && !state.shut_down {
            match leave_at {
                Some(leave_at) => in_time = !self.arrival.wait_until(state, leave_at).timed_out(),
                None => self.arrival.wait(state),
            }
        }
        state.waiting -= 1;
        // A job may have come together with the end of the time.
        in_time || !state.queue.is_empty()
    }
}

/// Runs one job.
fn run(job: Job) {
    panics::swallow(job);
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.lock();
        f.debug_struct("BlockingPool")
            .field("name", &self.name)
            .field("threads", &state.threads)
            .field("waiting", &state.waiting)
            .field("queued", &state.queue.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
