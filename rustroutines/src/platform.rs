//! The one door to locks, atomics, threads, the clock and randomness.
//!
//! Nothing else in the crate names `std::sync`'s locks and atomics, `parking_lot`, `std::thread` or
//! `Instant::now` (a test holds that). So the same code runs on the real machine and, built with
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
pub(crate) mod census;
#[cfg(not(loom))]
mod native;
#[cfg(not(loom))]
pub(crate) use native::{atomic, clock, random, sync, thread};

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub(crate) use model::{atomic, census, clock, random, sync, thread};
