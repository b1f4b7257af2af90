//! What a thread knows of the scheduler that it works for.

use super::blocked::Blocked;
use super::{Scheduler, simulation, worker};
use crate::task::locals::Key;
use std::sync::Arc;

/// Calls `f` with the scheduler whose worker this thread is, or that it simulates.
pub(crate) fn with_current<R>(f: impl FnOnce(Option<&Arc<Scheduler>>) -> R) -> R {
    worker::with(|worker| {
        let simulated;
        // `f` stands here once: whoever spawns has a copy of all this.
        f(match worker {
            Some(worker) => Some(worker.scheduler()),
            None => {
                simulated = simulation::scheduler();
                simulated.as_ref()
            }
        })
    })
}

/// The number of the routine in whose poll this thread is.
pub(crate) fn current_routine() -> Option<u64> {
    worker::with(|worker| match worker {
        Some(worker) => worker.current(),
        None => simulation::current().and_then(|simulation| simulation.current_routine()),
    })
}

/// The key to what the routine keeps for itself in whose poll, or whose destructors, this thread is.
pub(crate) fn current_key() -> Option<Key> {
    worker::current_key()
}

/// Sleeps until `blocked` is unparked or there may be something new. A worker keeps the time meanwhile if
/// nobody else does: its runtime may have been shut down around it. A thread that simulates runs the
/// others.
///
/// # Errors
/// In a simulation that has ended meanwhile.
pub(crate) fn park(blocked: &Blocked) -> Result<(), simulation::Over> {
    if let Some(driver) = worker::with(|worker| worker.map(|worker| worker.scheduler().driver.clone())) {
        driver.park(blocked.parker());
        return Ok(());
    }
    if let Some(simulation) = simulation::current() {
        return simulation.park(blocked);
    }
    blocked.parker().park_soon();
    Ok(())
}

/// Called before this thread blocks: a worker inside a poll passes its place on, so that the others
/// run on; it finishes the poll without one. Does nothing on any other thread.
pub(crate) fn step_aside() {
    worker::with(|worker| {
        if let Some(worker) = worker {
            worker.step_aside();
        }
    });
}
