//! Threads for work that blocks.
//!
//! A job is queued; a thread takes it, in the order of arrival. A thread that finds nothing to do waits
//! for `keep_alive` and then ends; where nobody waits, a new one is started, up to `max_threads`.
//!
//! # Calling
//! Threads are *called* (woken, or started) one at a time: while one is on its way, `submit` calls no other. A
//! thread that takes a job and leaves others in the queue calls the next before it begins with its own. So a
//! job that takes long holds none up, and of many that are short the first thread runs several, where to wake
//! one thread for each would cost more than the jobs.
//!
//! # Invariants
//! - Everything is decided under `state`. No job is run or dropped, and no thread is started, while it is
//!   held.
//! - `threads` counts the threads that run, wait, or are being started by a `submit` that has not heard
//!   of a failure yet. It never exceeds `max_threads`.
//! - While the queue is not empty there are threads, and the pool is not shut down for good.
//! - `waiting` threads are inside the wait on `arrival`; each looks at the queue when it comes out.
//! - While the queue is not empty, a thread has been called that has not looked at it since, or all threads that
//!   there may be run jobs. `called` says so, until a thread has looked.
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
//! - *By a job that waits for another.* Whoever took it has called a thread for the other.
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
}

struct Shared {
    /// What the threads are called, before their number.
    name: Arc<str>,
    /// Starts a thread.
    start: Start,
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
    /// A thread is on its way to the queue.
    called: bool,
    /// No more jobs are accepted.
    shut_down: bool,
}

/// Who is called.
#[must_use]
enum Call {
    /// Nobody: one is on its way, or all are busy.
    Nobody,
    /// One that waits.
    Waiting,
    /// A new one, of this number.
    New(usize),
}

impl State {
    /// Calls a thread, if there is none on its way. The caller carries it out when it has let go of the lock.
    fn call(&mut self, max_threads: usize) -> Call {
        if self.called {
            return Call::Nobody;
        }
        if self.waiting > 0 {
            self.called = true;
            return Call::Waiting;
        }
        if self.threads == max_threads {
            return Call::Nobody;
        }
        self.called = true;
        self.threads += 1;
        self.started += 1;
        Call::New(self.started - 1)
    }
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
        let state = State {
            queue: VecDeque::new(),
            threads: 0,
            waiting: 0,
            busy: 0,
            started: 0,
            called: false,
            shut_down: false,
        };
        let shared = Shared {
            name,
            start: Box::new(start),
            max_threads,
            keep_alive,
            state: Mutex::new(state),
            arrival: Condvar::new(),
            gone: Condvar::new(),
        };
        Self { shared: Arc::new(shared) }
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
        let call = state.call(self.shared.max_threads);
        drop(state);
        self.shared.carry_out(call)
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
    /// Calls a thread. Gives back what is then stranded, for the caller to run.
    fn carry_out(self: &Arc<Self>, call: Call) -> Result<(), Job> {
        match call {
            Call::Nobody => Ok(()),
            Call::Waiting => {
                self.arrival.notify_one();
                Ok(())
            }
            Call::New(number) => self.start_thread(number),
        }
    }

    /// Starts the thread that `threads` counts already.
    fn start_thread(self: &Arc<Self>, number: usize) -> Result<(), Job> {
        let shared = self.clone();
        let started = (self.start)(format!("{}-{number}", self.name), Box::new(move || shared.serve()));
        if started.is_ok() {
            return Ok(());
        }
        let mut state = self.state.lock();
        state.threads -= 1;
        state.called = false;
        if state.threads > 0 {
            // Those that run look when they are done. One that has begun to wait since has not been called.
            if state.waiting > 0 && !state.queue.is_empty() {
                state.called = true;
                drop(state);
                self.arrival.notify_one();
            }
            return Ok(());
        }
        self.gone.notify_all();
        let stranded = std::mem::take(&mut state.queue);
        drop(state);
        if stranded.is_empty() {
            return Ok(());
        }
        Err(Box::new(move || stranded.into_iter().for_each(run)))
    }

    /// What a thread of the pool does.
    fn serve(self: &Arc<Self>) {
        let _standby = census::standby();
        let mut state = self.state.lock();
        state.called = false;
        loop {
            while let Some(job) = state.queue.pop_front() {
                state.busy += 1;
                let call = if state.queue.is_empty() { Call::Nobody } else { state.call(self.max_threads) };
                drop(state);
                let stranded = self.carry_out(call);
                debug_assert!(stranded.is_ok(), "this thread is there");
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
            state.called = false;
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
            .field("name", &self.shared.name)
            .field("threads", &state.threads)
            .field("waiting", &state.waiting)
            .field("queued", &state.queue.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
