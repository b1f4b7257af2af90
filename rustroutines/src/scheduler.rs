//! Which routine runs where.
//!
//! - [`worker`]: a thread that takes tasks and runs them.
//! - [`queue`]: where tasks wait to run.
//! - [`topology`]: which threads are near one another.
//! - [`idle`]: which workers sleep, and who wakes them.
//! - [`monitor`]: the thread that finds workers which are stuck in a poll.
//! - [`shutdown`]: the end, in order.
//! - [`blocking`]: threads for calls that block.
//! - [`places`]: which threads may run tasks.
//! - [`threads`]: how they start, and hand places on.
//! - [`owner`]: what tasks know of their scheduler.
//! - [`current`]: what a thread knows of it.
//! - [`counts`]: what it has counted.
//! - [`metrics`]: how long routines wait, and how long they run.
//! - [`blocked`]: threads that block in an operation.
//! - [`dump`]: what every routine does.
//! - [`simulation`]: all of it on one thread and a clock of its own, for tests.
//!
//! # Places
//! N *places* are permits to run tasks; as many routines run at once. A place is held by a thread
//! that runs, searches or sleeps; threads without one are *spares* and wait, and retire after a while.
//! A thread that is about to block, or that the monitor finds stuck in a poll, passes its place on to a
//! spare, which is started where none waits. The late thread finishes its poll without a place and
//! becomes a spare. If no thread can be had, the place stays free until one comes back: see [`places`].
//!
//! Rejected: giving the place back to the thread that blocked. Whoever holds it now would have to be
//! stopped for that, at the price of one more switch of threads.

pub(crate) mod blocked;
pub(crate) mod blocking;
mod counts;
mod current;
pub(crate) mod dump;
mod idle;
pub(crate) mod metrics;
mod monitor;
mod owner;
mod places;
mod queue;
mod shutdown;
#[cfg(all(test, shuttle))]
mod shuttle;
pub(crate) mod simulation;
mod suspect;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
mod threads;
mod topology;
mod worker;

pub(crate) use current::{current_key, current_routine, park, step_aside, with_current};
pub(crate) use owner::Owner;
pub(crate) use shutdown::Straggler;
pub use topology::Pinning;
pub(crate) use topology::Topology;

use crate::driver::Driver;
use crate::error::SpawnError;
use crate::platform::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
use crate::platform::sync::{GlobalMutex, Mutex};
use crate::task::registry::{Newcomer, Registry, Spawner};
use crate::task::report::{self, Who};
use crate::task::{self, Meta, Outcome};
use blocking::BlockingPool;
use crossbeam_utils::CachePadded;
use idle::Idle;
use places::Places;
use queue::{Queues, Remote, Tally, bump};
use std::io;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;
use topology::Plan;

/// A task that is ready to run.
pub(crate) type Task = async_task::Runnable<Meta<Owner>>;
/// The joiner's side of a task.
pub(crate) type JoinTask<T> = async_task::Task<Outcome<T>, Meta<Owner>>;

/// Everything goes on.
const RUNNING: u8 = 0;
/// Nothing new is accepted.
const DRAINING: u8 = 1;
/// What is queued is dropped.
const DEAD: u8 = 2;

/// Every scheduler that was started, and is still there.
static ALL: GlobalMutex<Vec<Weak<Scheduler>>> = GlobalMutex::new(Vec::new());

/// Every scheduler of the process, but for simulations.
pub(crate) fn all() -> Vec<Arc<Scheduler>> {
    ALL.lock().iter().filter_map(Weak::upgrade).collect()
}

/// What a scheduler is made with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Places.
    pub(crate) workers: usize,
    /// Worker threads, with and without a place.
    pub(crate) max_threads: usize,
    /// Routines that may be alive at once.
    pub(crate) max_routines: Option<usize>,
    /// Timers that may be set at once.
    pub(crate) max_timers: usize,
    /// Threads of the blocking pool.
    pub(crate) max_blocking: usize,
    /// How long an idle thread of the blocking pool, or a worker thread without a place, stays.
    pub(crate) keep_alive: Duration,
    /// What the names of the threads begin with.
    pub(crate) name: String,
    /// How worker threads are bound to processors.
    pub(crate) pinning: Pinning,
    /// The machine.
    pub(crate) topology: Topology,
}

/// Runs routines on threads.
pub(crate) struct Scheduler {
    /// What it was made with.
    settings: Settings,
    /// Timers.
    pub(crate) driver: Arc<Driver>,
    /// Threads for calls that block.
    pub(crate) blocking: Arc<BlockingPool>,
    /// Where tasks wait.
    queues: Queues,
    /// Who sleeps.
    idle: Idle,
    /// Who is alive.
    registry: Registry<Owner>,
    /// Seats those who are spawned from outside.
    outside: Mutex<Spawner<Owner>>,
    /// What threads from outside have counted.
    outside_tally: CachePadded<Tally>,
    /// Routines alive; counted only where there is a limit.
    alive: AtomicUsize,
    /// Who may run tasks.
    places: Places,
    /// RUNNING, DRAINING or DEAD.
    phase: AtomicU8,
    /// Threads that have not ended.
    threads: Mutex<usize>,
    /// What a shutdown waits for.
    news: shutdown::News,
    /// The monitor's place to sleep.
    monitor: monitor::Monitor,
    /// Where routines tell what they wait for.
    inquiry: dump::Inquiry,
}

impl Scheduler {
    /// Starts a scheduler and its threads.
    ///
    /// # Errors
    /// Where the system refuses the monitor's thread, or all others. With one worker it begins: the monitor asks
    /// for the others again and again.
    pub(crate) fn start(settings: Settings) -> io::Result<Arc<Self>> {
        let scheduler = Self::new(settings);
        let started = monitor::start(&scheduler).and_then(|()| {
            scheduler.driver.set_monitored(true);
            let filled = scheduler.fill_places();
            if scheduler.has_workers() { Ok(()) } else { filled }
        });
        if let Err(error) = started {
            scheduler.shut_down(Duration::ZERO);
            return Err(error);
        }
        let mut all = ALL.lock();
        all.retain(|scheduler| scheduler.strong_count() > 0);
        all.push(Arc::downgrade(&scheduler));
        drop(all);
        Ok(scheduler)
    }

    /// A scheduler without threads yet.
    fn new(settings: Settings) -> Arc<Self> {
        let name = settings.name.clone();
        let plan = Plan::new(&settings.topology, settings.workers, settings.pinning);
        Arc::new_cyclic(|this: &Weak<Self>| {
            let this = this.clone();
            Self {
                driver: Driver::shared(settings.max_timers),
                blocking: Arc::new(BlockingPool::new(settings.max_blocking, settings.keep_alive, name)),
                queues: Queues::new(settings.max_threads, plan),
                idle: Idle::new(settings.workers),
                registry: Registry::new(move || Owner(this.clone())),
                outside: Mutex::new(Spawner::new()),
                outside_tally: CachePadded::default(),
                alive: AtomicUsize::new(0),
                places: Places::new(settings.workers),
                phase: AtomicU8::new(RUNNING),
                threads: Mutex::new(0),
                news: shutdown::News::new(),
                monitor: monitor::Monitor::new(),
                inquiry: dump::Inquiry::new(),
                settings,
            }
        })
    }

    /// Spawns a routine. On a worker it runs next there; from outside it goes into the injector.
    pub(crate) fn spawn<F, O>(
        self: &Arc<Self>,
        site: &'static Location<'static>,
        name: Option<Arc<String>>,
        make: F,
    ) -> Result<JoinTask<O::Output>, SpawnError>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        let newcomer = match self.seat(site, name.as_ref()) {
            Ok(newcomer) => newcomer,
            Err(error) => {
                self.tally(|tally, own| count(&tally.refused, own));
                return Err(error);
            }
        };
        let label = name.as_ref().map(|name| name.as_str());
        report::spawned(Who { id: newcomer.id, name: label, site });
        let (task, join) = task::spawn(newcomer, name, make);
        task.schedule();
        Ok(join)
    }

    fn seat(
        self: &Arc<Self>,
        site: &'static Location<'static>,
        name: Option<&Arc<String>>,
    ) -> Result<Newcomer<Owner>, SpawnError> {
        if !self.accepts() {
            return Err(SpawnError::ShutDown);
        }
        if let Some(limit) = self.settings.max_routines {
            let room = |alive| (alive < limit).then_some(alive + 1);
            if self.alive.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_err() {
                return Err(SpawnError::LimitReached(limit));
            }
        }
        let newcomer = self.on_worker(|worker| match worker {
            Some(worker) => {
                let newcomer = self.registry.seat(&mut worker.spawner.borrow_mut(), site, name);
                bump(&worker.remote().own.tally.spawned);
                newcomer
            }
            None => {
                let newcomer = self.registry.seat(&mut self.outside.lock(), site, name);
                self.outside_tally.spawned.fetch_add(1, Ordering::Relaxed);
                newcomer
            }
        });
        newcomer.ok_or_else(|| {
            // A shutdown came in between.
            self.tally(|tally, own| count(&tally.dropped, own));
            self.release();
            SpawnError::ShutDown
        })
    }

    /// Whether it starts routines.
    pub(crate) fn accepts(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == RUNNING
    }

    /// Calls `f` with the worker of this scheduler that this thread is, if it is one.
    #[inline]
    fn on_worker<R>(&self, f: impl FnOnce(Option<&worker::Worker>) -> R) -> R {
        worker::with(|worker| f(worker.filter(|worker| std::ptr::eq(&**worker.scheduler(), self))))
    }

    /// Calls `f` with this thread's counters, and whether they are its own.
    #[inline]
    fn tally(&self, f: impl FnOnce(&Tally, bool)) {
        self.on_worker(|worker| match worker {
            Some(worker) => f(&worker.remote().own.tally, true),
            None => f(&self.outside_tally, false),
        });
    }

    /// One routine is alive no longer.
    fn release(&self) {
        if self.settings.max_routines.is_some() {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Queues a task where any worker finds it.
    fn inject(&self, task: Task) {
        self.queues.injector.push(task);
        self.notify(); // Includes the fence that pairs with the one in `shut_down`.
        if self.is_dead() {
            self.drop_queued();
        }
    }

    /// Moves all that lies in a thread's queues to where any worker finds it.
    fn clear_out(&self, remote: &Remote) {
        if self.queues.clear_out(remote) {
            self.notify(); // As in `inject`.
            if self.is_dead() {
                self.drop_queued();
            }
        }
    }

    /// There is something that others could take: wakes a worker where that is needed.
    #[inline]
    fn notify(&self) {
        if let Some(sleeper) = self.idle.notify() {
            self.queues.remote(sleeper).parker.unpark();
        }
    }

    /// Whether everything that is queued is to be dropped.
    #[inline]
    fn is_dead(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == DEAD
    }

    /// A worker is awake: the monitor must be too.
    fn rouse_monitor(&self) {
        fence(Ordering::SeqCst); // Pairs with the one in `Monitor::doze`.
        self.monitor.rouse();
    }

    /// Calls `f` with what each thread has measured.
    #[cfg(feature = "metrics")]
    pub(crate) fn each_recorder(&self, mut f: impl FnMut(&metrics::Recorders)) {
        self.queues.remotes().for_each(|remote| f(&remote.own.recorders));
    }

    /// Places whose holders sleep.
    pub(crate) fn idle_workers(&self) -> u64 {
        self.idle.asleep()
    }

    /// What it was made with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Counts one: cheaply on a counter of this thread's own, safely on a shared one.
#[inline]
fn count(counter: &AtomicU64, own: bool) {
    if own {
        bump(counter);
    } else {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
