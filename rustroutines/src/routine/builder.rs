//! Starting a routine that has a name.

use super::RoutineHandle;
use crate::error::SpawnError;
use crate::runtime::{self, RustRoutineRuntime};
use crate::scheduler::Scheduler;
use std::panic::Location;
use std::sync::Arc;

/// Sets a routine up before it starts.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::routine::{Builder, yield_now};
///
/// let handle = Builder::new().name("crawler").spawn(yield_now)?;
/// assert_eq!(handle.name(), Some("crawler"));
/// handle.join().block().unwrap();
/// # Ok::<(), rustroutines::error::SpawnError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `spawn` is called"]
pub struct Builder {
    /// The name that it will have.
    name: Option<Arc<String>>,
}

impl Builder {
    /// A routine without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the routine: dumps, reports of a shutdown and the handle show it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(Arc::new(name.into()));
        self
    }

    /// Starts the routine on the runtime of the routine that calls, or else on the global one.
    ///
    /// # Errors
    /// [`SpawnError::LimitReached`] if as many routines are alive as the runtime allows,
    /// [`SpawnError::ShutDown`] if it is shutting down, [`SpawnError::NoThread`] if the global runtime is
    /// needed, is not running yet, and the system refuses it its threads.
    ///
    /// # Panics
    /// If the global runtime is needed, and what the environment configures makes no sense.
    #[track_caller]
    pub fn spawn<F, O>(self, make: F) -> Result<RoutineHandle<O::Output>, SpawnError>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        let site = Location::caller();
        runtime::with_scheduler_to_spawn(|scheduler| self.start(scheduler, site, make))
    }

    /// Starts the routine on `runtime`.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_on<F, O>(
        self,
        runtime: &RustRoutineRuntime,
        make: F,
    ) -> Result<RoutineHandle<O::Output>, SpawnError>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        self.start(runtime.scheduler(), Location::caller(), make)
    }

    /// Starts the routine; where that fails, its handle says so.
    #[track_caller]
    pub(crate) fn go<F, O>(self, make: F) -> RoutineHandle<O::Output>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        let site = Location::caller();
        // Not by `spawn`: a handle that is made at once need not be moved out of a result.
        let started = runtime::with_scheduler(|scheduler| scheduler.spawn(site, self.name, make));
        match started {
            Ok(task) => RoutineHandle::new(task),
            Err(error) => RoutineHandle::not_spawned(error),
        }
    }

    fn start<F, O>(
        self,
        scheduler: &Arc<Scheduler>,
        site: &'static Location<'static>,
        make: F,
    ) -> Result<RoutineHandle<O::Output>, SpawnError>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Future + Send + 'static,
        O::Output: Send + 'static,
    {
        scheduler.spawn(site, self.name, make).map(RoutineHandle::new)
    }
}
