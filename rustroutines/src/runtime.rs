//! The runtime: workers, timers and the blocking pool under one name.
//!
//! - `config`: [`RuntimeConfig`].
//! - `stats`: [`RuntimeStats`].
//! - `metrics`: histograms, with the feature of this name.
//! - `dump`: [`Dump`], what every routine does.
//! - `signal`: a dump when a signal comes.
//! - `deadlock`: what is said where nothing can ever run again.
//!
//! Most programs never name it: `spawn` starts the global runtime on first use. There may be several
//! runtimes in a process; a routine's own is the one whose worker runs it.

mod config;
pub(crate) mod deadlock;
mod dump;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(all(test, shuttle))]
mod shuttle;
#[cfg(unix)]
mod signal;
mod stats;

pub use crate::scheduler::Pinning;
pub use crate::task::trace::{ChannelInfo, WaitsFor};
pub use config::RuntimeConfig;
pub use dump::{Dump, RoutineInfo, RoutineState, ThreadInfo};
#[cfg(feature = "metrics")]
pub use metrics::{Histogram, RuntimeMetrics};
pub use stats::RuntimeStats;

use crate::driver::timer::TimerKey;
use crate::driver::{self, Driver};
use crate::error::{RuntimeError, SpawnError};
use crate::platform::sync::{Mutex, OnceLock};
use crate::routine::{Builder, RoutineHandle, RoutineId};
use crate::scheduler::blocking::BlockingPool;
use crate::scheduler::{self, Scheduler, Straggler};
use futures_task::{FutureObj, Spawn};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// The runtime that serves everyone who is on no other.
static GLOBAL: OnceLock<RustRoutineRuntime> = OnceLock::new();

/// Workers that run routines.
///
/// Dropping it shuts it down at once, as [`shutdown`](Self::shutdown) with no time. It may be dropped
/// anywhere, also inside a routine of its own.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
/// use std::time::Duration;
///
/// let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2))?;
/// let handle = runtime.spawn(|| std::future::ready(6 * 7));
/// assert_eq!(handle.join().block().unwrap(), 42);
/// assert!(runtime.shutdown(Duration::from_secs(1)).stragglers.is_empty());
/// # Ok::<(), rustroutines::error::RuntimeError>(())
/// ```
pub struct RustRoutineRuntime {
    /// What it consists of.
    scheduler: Arc<Scheduler>,
    /// Dumps when a signal comes.
    #[cfg(unix)]
    signals: Option<signal::Dumper>,
}

impl RustRoutineRuntime {
    /// Starts a runtime with the default configuration and what the environment overrides.
    ///
    /// If the system grants it some threads, but fewer than it is to have, it begins with these, one worker at
    /// least, and asks for the others again. [`RuntimeStats::refused_threads`] counts the refusals.
    ///
    /// # Errors
    /// [`RuntimeError::Thread`] if the system refuses the first threads, [`RuntimeError::Config`] if the
    /// environment sets something that makes no sense.
    pub fn new() -> Result<Self, RuntimeError> {
        Self::with_config(RuntimeConfig::new())
    }

    /// Starts a runtime.
    ///
    /// # Errors
    /// [`RuntimeError::Thread`] if the system refuses a thread, [`RuntimeError::Config`] if the
    /// configuration makes no sense.
    pub fn with_config(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        #[cfg(unix)]
        let signal = config.signal()?;
        let settings = config.settings()?;
        let scheduler = Scheduler::start(settings).map_err(RuntimeError::Thread)?;
        let runtime = Self {
            scheduler,
            #[cfg(unix)]
            signals: None,
        };
        #[cfg(unix)]
        let runtime = runtime.with_signal(signal)?;
        Ok(runtime)
    }

    /// The same, dumping when this signal comes.
    #[cfg(unix)]
    fn with_signal(mut self, signal: Option<i32>) -> Result<Self, RuntimeError> {
        let dumper = signal.map(|signal| signal::Dumper::start(signal, &self.scheduler));
        self.signals = dumper.transpose()?;
        Ok(self)
    }

    /// The global runtime, started now if it is not running yet.
    ///
    /// # Panics
    /// If it has to be started and cannot be: see [`try_global`](Self::try_global).
    pub fn global() -> &'static Self {
        Self::try_global().unwrap_or_else(|error| panic!("the global runtime could not be started: {error}"))
    }

    /// The global runtime, started now if it is not running yet.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), if it has to be started. It may be tried again.
    pub fn try_global() -> Result<&'static Self, RuntimeError> {
        if let Some(runtime) = GLOBAL.get() {
            return Ok(runtime);
        }
        Self::start_global(RuntimeConfig::new()).or_else(|error| match error {
            RuntimeError::AlreadyStarted => Ok(GLOBAL.get().expect("it was started")),
            error => Err(error),
        })
    }

    /// Starts the global runtime with a configuration of its own, before its first use.
    ///
    /// # Errors
    /// [`RuntimeError::AlreadyStarted`] if it is running already; else as
    /// [`with_config`](Self::with_config).
    pub fn start_global(config: RuntimeConfig) -> Result<&'static Self, RuntimeError> {
        /// Held while the global runtime is being started, so that only one ever is.
        static STARTING: OnceLock<Mutex<()>> = OnceLock::new();
        let _starting = STARTING.get_or_init(|| Mutex::new(())).lock();
        if GLOBAL.get().is_some() {
            return Err(RuntimeError::AlreadyStarted);
        }
        let runtime = Self::with_config(config)?;
        Ok(GLOBAL.get_or_init(|| runtime))
    }

    /// Starts a routine on this runtime. See [`spawn`](crate::routine::spawn).
    #[track_caller]
    pub fn spawn<F, O>(&self, make: F) -> RoutineHandle<O::Output>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        Builder::new()
            .spawn_on(self, make)
            .unwrap_or_else(|error: SpawnError| RoutineHandle::not_spawned(error))
    }

    /// What has been counted so far. Exact while nothing happens.
    pub fn stats(&self) -> RuntimeStats {
        RuntimeStats::of(&self.scheduler)
    }

    /// How long routines have waited for a worker and held one. Only with the feature `metrics`, which costs
    /// each poll two looks at the clock.
    #[cfg(feature = "metrics")]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::of(&self.scheduler)
    }

    /// What every routine does now, and what it waits for.
    ///
    /// It costs routines nothing as long as nobody asks. To find out, each routine that waits is polled once
    /// more: that changes nothing for it, but it takes its turn on a worker. This waits until all have
    /// told, blocking the thread; those that have not after a while, because they or their worker are stuck
    /// in a poll, are shown as running or ready to run.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::runtime::RustRoutineRuntime;
    ///
    /// let runtime = RustRoutineRuntime::new()?;
    /// let stuck = runtime.spawn(|| rustroutines::time::sleep(std::time::Duration::MAX));
    /// println!("{}", runtime.dump());
    /// # stuck.abort();
    /// # Ok::<(), rustroutines::error::RuntimeError>(())
    /// ```
    pub fn dump(&self) -> Dump {
        Dump::new(self.scheduler.dump(), scheduler::dump::threads())
    }

    /// Shuts down: accepts nothing new, lets the routines and the jobs of the blocking pool run until all
    /// have ended or `timeout` has passed, and drops those that are left. With no time, jobs that no thread
    /// has begun are dropped at once.
    ///
    /// Destructors of routines that are left run as the routines did, on the workers: they may block, and
    /// wait for one another, for some seconds. A routine that is stuck inside a poll is dropped at its next
    /// suspension and not waited for.
    ///
    /// Called inside a routine of this runtime, that routine is not waited for, and dropped at its next
    /// suspension.
    pub fn shutdown(self, timeout: Duration) -> ShutdownReport {
        let left = self.scheduler.shut_down(timeout);
        ShutdownReport {
            stragglers: left.stragglers.into_iter().map(StragglerInfo::new).collect(),
            blocking_jobs: left.jobs,
        }
    }

    pub(crate) fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }
}

/// Futures of other libraries run as routines.
///
/// # Examples
/// ```
/// use futures_task::{FutureObj, Spawn};
/// use rustroutines::Suspend;
/// use rustroutines::prelude::*;
/// use rustroutines::runtime::RustRoutineRuntime;
///
/// let runtime = RustRoutineRuntime::new()?;
/// let (tx, rx) = channel();
/// let future = Box::pin(async move { tx.send(7).await.unwrap() });
/// runtime.spawn_obj(FutureObj::new(future)).unwrap();
/// assert_eq!(rx.recv().block(), Ok(7));
/// # Ok::<(), rustroutines::error::RuntimeError>(())
/// ```
impl Spawn for RustRoutineRuntime {
    /// Starts the future as a routine of its own.
    ///
    /// # Errors
    /// The only one that this trait knows, "shut down", also where the limit of routines is reached.
    #[track_caller]
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), futures_task::SpawnError> {
        let started = Builder::new().spawn_on(self, move || future);
        started.map(drop).map_err(|_| futures_task::SpawnError::shutdown())
    }

    fn status(&self) -> Result<(), futures_task::SpawnError> {
        if self.scheduler.accepts() { Ok(()) } else { Err(futures_task::SpawnError::shutdown()) }
    }
}

impl Drop for RustRoutineRuntime {
    fn drop(&mut self) {
        self.scheduler.shut_down(Duration::ZERO);
    }
}

impl fmt::Debug for RustRoutineRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustRoutineRuntime").field("stats", &self.stats()).finish()
    }
}

/// What a shutdown had to drop.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The routines that had not ended at the deadline.
    pub stragglers: Vec<StragglerInfo>,
    /// How many jobs of the blocking pool were dropped, or still ran at the end.
    pub blocking_jobs: usize,
}

/// A routine that had not ended when its runtime was shut down.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StragglerInfo {
    /// Its number.
    pub id: RoutineId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub site: &'static Location<'static>,
    /// It was inside a poll that did not return: a CPU loop, or a call that blocks. Such a routine is
    /// dropped when that poll returns at last.
    pub stuck: bool,
}

impl StragglerInfo {
    fn new(straggler: Straggler) -> Self {
        let Straggler { who, stuck } = straggler;
        let name = who.name.map(|name| String::clone(&name));
        Self { id: RoutineId::new(who.id), name, site: who.site, stuck }
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} routines had not ended", self.stragglers.len())?;
        for straggler in &self.stragglers {
            write!(f, "\n  {straggler}")?;
        }
        if self.blocking_jobs > 0 {
            write!(f, "\n{} blocking jobs had not ended", self.blocking_jobs)?;
        }
        Ok(())
    }
}

impl fmt::Display for StragglerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("(no name)");
        write!(f, "routine {} {name}, spawned at {}", self.id, self.site)?;
        if self.stuck { f.write_str(", stuck in a poll") } else { Ok(()) }
    }
}

/// Calls `f` with the current runtime's scheduler: the one whose worker this is, else the global one.
pub(crate) fn with_scheduler<R>(f: impl FnOnce(&Arc<Scheduler>) -> R) -> R {
    scheduler::with_current(|current| f(current.unwrap_or_else(|| RustRoutineRuntime::global().scheduler())))
}

/// The same, for a spawn, which has an error to give where the global one gets no thread.
///
/// # Panics
/// If the global runtime is needed, and its configuration makes no sense.
pub(crate) fn with_scheduler_to_spawn<R>(
    f: impl FnOnce(&Arc<Scheduler>) -> Result<R, SpawnError>,
) -> Result<R, SpawnError> {
    scheduler::with_current(|current| {
        // `f` stands here once: whoever spawns has a copy of all this.
        f(match current {
            Some(scheduler) => scheduler,
            None => global_to_spawn()?,
        })
    })
}

fn global_to_spawn() -> Result<&'static Arc<Scheduler>, SpawnError> {
    match RustRoutineRuntime::try_global() {
        Ok(runtime) => Ok(runtime.scheduler()),
        Err(RuntimeError::Thread(_)) => Err(SpawnError::NoThread),
        Err(error) => panic!("the global runtime could not be started: {error}"),
    }
}

/// Calls `f` with the driver of the current runtime, which costs no count of references.
pub(crate) fn with_driver<R>(f: impl FnOnce(&Driver) -> R) -> R {
    with_scheduler(|scheduler| f(&scheduler.driver))
}

/// Calls `f` with the driver of a timer; `None` if that is gone.
pub(crate) fn with_driver_of<R>(key: TimerKey, f: impl FnOnce(&Driver) -> R) -> Option<R> {
    scheduler::with_current(|current| {
        let global = || GLOBAL.get().map(RustRoutineRuntime::scheduler);
        let near = current.or_else(global).filter(|scheduler| scheduler.driver.has_made(key));
        // `f` stands here once.
        let far;
        let driver = match near {
            Some(scheduler) => &*scheduler.driver,
            None => {
                far = driver::find(key)?;
                &*far
            }
        };
        Some(f(driver))
    })
}

/// The driver of the current runtime.
pub(crate) fn driver() -> Arc<Driver> {
    with_scheduler(|scheduler| scheduler.driver.clone())
}

/// The blocking pool of the current runtime.
pub(crate) fn blocking_pool() -> Arc<BlockingPool> {
    with_scheduler(|scheduler| scheduler.blocking.clone())
}
