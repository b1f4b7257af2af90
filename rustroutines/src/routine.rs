//! Routines: starting them, waiting for them, stopping them.
//!
//! - `builder`: [`Builder`], for a routine with a name, or one whose start may fail visibly.
//! - `local`: [`RoutineLocal`], a static of which each routine has its own.
//! - `handle`: [`RoutineHandle`] and the operations that wait for routines.
//! - `yielding`: [`yield_now`].

mod builder;
mod handle;
mod local;
mod yielding;

pub use builder::Builder;
pub use handle::{Join, JoinAll, JoinMut, RoutineHandle, join_all};
pub use local::RoutineLocal;
pub use yielding::{YieldNow, yield_now};

use crate::scheduler;
use std::fmt;

/// The number of a routine, unique in its runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutineId(u64);

impl RoutineId {
    pub(crate) fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RoutineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Starts a routine on the runtime of the routine that calls, or else on the global one.
///
/// It takes a closure that *makes* the operation, and calls it inside the new routine. The routine
/// runs whether its handle is kept or dropped.
///
/// Never panics for a limit, a shutdown, or want of threads: where the routine cannot be started, its
/// handle's `join` says so. [`Builder::spawn`] says so at once.
///
/// # Panics
/// If the global runtime is needed, and what the environment configures makes no sense.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::routine::{spawn, yield_now};
///
/// let handle = spawn(|| yield_now());
/// assert!(handle.join().block().is_ok());
/// ```
#[track_caller]
pub fn spawn<F, O>(make: F) -> RoutineHandle<O::Output>
where
    F: FnOnce() -> O + Send + 'static, // a closure that makes the operation: `|| f(x)`, or `move || f(x)`
    O: Future + Send + 'static,        // an operation, and what it keeps while it waits must be `Send`
    O::Output: Send + 'static,         // the value goes to the thread that joins
{
    Builder::new().go(make)
}

/// [`spawn`] by its other name.
///
/// # Panics
/// As [`spawn`].
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::routine::{go, yield_now};
///
/// assert!(go(yield_now).join().block().is_ok());
/// ```
#[track_caller]
pub fn go<F, O>(make: F) -> RoutineHandle<O::Output>
where
    F: FnOnce() -> O + Send + 'static, // a closure that makes the operation: `|| f(x)`, or `move || f(x)`
    O: Future + Send + 'static,        // an operation, and what it keeps while it waits must be `Send`
    O::Output: Send + 'static,         // the value goes to the thread that joins
{
    Builder::new().go(make)
}

/// The routine that this is called in; `None` outside of any.
///
/// # Examples
/// ```
/// assert_eq!(rustroutines::routine::current(), None);
/// ```
pub fn current() -> Option<RoutineId> {
    scheduler::current_routine().map(RoutineId)
}
