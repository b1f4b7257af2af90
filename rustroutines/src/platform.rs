//! The one door to locks, atomics, threads, the clock, randomness and the system's readiness queue.
//!
//! Nothing else in the crate names `std::sync`'s locks and atomics, `parking_lot`, `std::thread`,
//! `Instant::now` or `mio::Poll` (a test holds that). So the same code runs on the real machine and, built with
//! `--cfg loom`, under the model checker, where every lock and atomic is a point at which another
//! thread may come in between.
//!
//! What the two backends share is the shape of `parking_lot`: `lock()` gives a guard, and a panic
//! poisons nothing. loom knows no timeouts, so there a timed wait waits until it is woken; a model
//! stands in for the clock with a thread that does the waking.
//!
//! `Arc` is always the standard one: wakers need it, and a failing model that holds loom's own
//! aborts instead of reporting.

#[cfg(not(loom))]
mod native;
#[cfg(not(loom))]
pub(crate) use native::{atomic, readiness, sync, thread};

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub(crate) use model::{atomic, readiness, sync, thread};

/// The clock.
pub(crate) mod clock {
    pub use std::time::Instant;

    /// The present instant of the monotonic clock.
    #[inline]
    pub(crate) fn now() -> Instant {
        Instant::now()
    }
}

/// Randomness: fast, per thread, good enough to be fair, of no use to a cryptographer.
pub(crate) mod random {
    /// Numbers that a seed determines, for tests.
    #[cfg(feature = "faults")]
    pub(crate) use fastrand::Rng as Seeded;

    /// A uniform number below `bound`. A model gets 0: the checker explores schedules, not dice.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub(crate) fn below(bound: usize) -> usize {
        if cfg!(loom) { 0 } else { fastrand::usize(..bound) }
    }
}
