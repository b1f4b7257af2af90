//! Programs under test: on a clock of their own, in an order that can be repeated.
//!
//! A *simulation* runs a routine, and all that it starts, on the calling thread alone. Its clock stands
//! still while anything can run and then jumps to the next timer, so a day of sleeping takes
//! microseconds. In which order routines run, which of several ready arms a `select!` takes, and
//! where a routine that could run on lets the others run first is drawn from a *seed*: another seed, another
//! order, and the same seed the same order again.
//!
//! ```
//! use rustroutines::prelude::*;
//! use rustroutines::testing;
//!
//! #[routine]
//! fn retries_for_a_day() {
//!     let start = rustroutines::time::now();
//!     let (tx, rx) = channel();
//!     go!(move || {
//!         sleep(Duration::from_secs(24 * 60 * 60));
//!         tx.send("at last").unwrap();
//!     });
//!     let answer = loop {
//!         match rx.recv_timeout(Duration::from_secs(60)) {
//!             Ok(answer) => break answer,
//!             Err(_) => continue,
//!         }
//!     };
//!     assert_eq!(answer, "at last");
//!     assert_eq!(rustroutines::time::now() - start, Duration::from_secs(24 * 60 * 60));
//! }
//!
//! # fn main() {
//! // In a `#[test]`: a hundred orders. One that fails says its seed, and
//! // `RUSTROUTINES_SEED=… cargo test` runs that one alone.
//! testing::check(100, retries_for_a_day);
//! # }
//! ```
//!
//! # What is different inside
//!
//! - `spawn`, `go!`, channels, `select!`, `sleep`, `timeout`, `after`, `tick`, joins and aborts are the
//!   same code as outside.
//! - [`time::now`](crate::time::now) is the simulated time. `Instant::now()` asks the machine, and does not
//!   fit: instants for `sleep_until`, `deadline(…)` and the like come from `time::now`. Timers are kept to
//!   a sixteenth of a millisecond there too: the clock moves by multiples of 62.5 microseconds.
//! - [`block_on_io`](crate::io::block_on_io) calls its closure where it is waited for. What it takes of the
//!   machine's time takes none of the simulated.
//! - A routine that blocks its thread (`.block()`) has the others run on top of its own stack. Two that
//!   block, and wait for one another in turn, are a deadlock here though they are none on threads of their
//!   own.
//! - Where nobody can ever run again, the simulation panics, and says what every routine waits for.
//! - When the routine that was given has ended, those that are left are dropped.
//!
//! # What makes a run differ from the last one in spite of its seed
//!
//! Other threads, the machine's clock, reading the world, iterating over a `HashMap` (its order is random).
//! A thread that the program starts is outside of the simulation: what it sends arrives, but nobody waits
//! for it.

use crate::panics;
use crate::platform::random;
use crate::runtime::deadlock;
use crate::scheduler::simulation::{self, End};
use crate::suspend::Suspend;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::Duration;

/// The environment variable that has [`check`] run one seed.
const SEED: &str = "RUSTROUTINES_SEED";

/// A simulation to be run; see the [module](self).
///
/// # Examples
/// ```
/// use rustroutines::testing::Simulation;
/// use rustroutines::time::sleep;
/// use std::time::Duration;
///
/// Simulation::new(7).max_routines(100).run(|| sleep(Duration::from_secs(3_600)));
/// ```
#[derive(Debug, Clone)]
#[must_use = "a simulation does nothing until it is run"]
pub struct Simulation {
    /// What its order follows from.
    seed: u64,
    /// Routines that may be alive at once.
    max_routines: Option<usize>,
    /// As in the configuration of a runtime.
    max_timers: Option<usize>,
}

impl Simulation {
    /// One whose order follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, max_routines: None, max_timers: None }
    }

    /// How many routines may be alive at once, as in a
    /// [`RuntimeConfig`](crate::runtime::RuntimeConfig::max_routines).
    pub fn max_routines(mut self, routines: usize) -> Self {
        self.max_routines = Some(routines);
        self
    }

    /// How many timers may be set at once, as in
    /// [`RuntimeConfig`](crate::runtime::RuntimeConfig::max_timers).
    pub fn max_timers(mut self, timers: usize) -> Self {
        self.max_timers = Some(timers);
        self
    }

    /// Runs the operation that `make` makes, and all that it starts, until it is done. Routines that have
    /// not ended by then are dropped.
    ///
    /// # Panics
    /// Where the operation does; where nobody can ever run again before it is done; inside another
    /// simulation; on a worker of a runtime.
    pub fn run<O>(self, make: impl FnOnce() -> O) -> O::Output
    where
        O: Suspend + 'static,
        O::Output: 'static,
    {
        let entered = simulation::enter(self.seed, self.max_routines, self.max_timers)
            .expect("a simulation runs on a thread that neither simulates nor works for a runtime");
        let (operation, output) = (make(), Rc::new(Cell::new(None)));
        let there = output.clone();
        let end = entered.run(Box::pin(async move { there.set(Some(operation.await)) }));
        // Before anybody hears of it, what is left is dropped.
        drop(entered);
        match end {
            End::Done => output.take().expect("it was done"),
            End::Panicked(payload) => resume_unwind(payload),
            End::Deadlock(found) => panic!("{}", deadlock::in_a_simulation(found)),
        }
    }
}

/// Runs a simulation whose order follows from `seed`: see [`Simulation::run`].
///
/// # Panics
/// As [`Simulation::run`].
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// #[routine]
/// fn total() -> u32 {
///     let (tx, rx) = channel();
///     for n in 1..=3 {
///         let tx = tx.clone();
///         go!(move || tx.send(n).unwrap());
///     }
///     drop(tx);
///     rx.iter().sum()
/// }
///
/// assert_eq!(rustroutines::testing::run(42, total), 6);
/// ```
pub fn run<O>(seed: u64, make: impl FnOnce() -> O) -> O::Output
where
    O: Suspend + 'static,
    O::Output: 'static,
{
    Simulation::new(seed).run(make)
}

/// Runs `runs` simulations of what `make` makes, each with another seed. Where one panics, its seed is
/// printed, and the panic goes on.
///
/// The seeds are new ones each time. With the environment variable `RUSTROUTINES_SEED` there is one run, with
/// that seed.
///
/// # Panics
/// As [`Simulation::run`]; where the environment variable is set to something that is no number.
pub fn check<O>(runs: u64, mut make: impl FnMut() -> O)
where
    O: Suspend + 'static,
    O::Output: 'static,
{
    let given = std::env::var(SEED).ok();
    let given =
        given.map(|seed| seed.trim().parse().unwrap_or_else(|_| panic!("{SEED} is `{seed}`, no number")));
    let (first, runs) = match given {
        Some(seed) => (seed, 1),
        None => (random::below(1 << 31) as u64, runs),
    };
    for seed in (0..runs).map(|run| first.wrapping_add(run)) {
        if let Err(payload) = panics::contain(|| drop(run(seed, &mut make))) {
            eprintln!("this simulation failed with seed {seed}; to run it again: {SEED}={seed}");
            resume_unwind(payload);
        }
    }
}

/// How much time has passed in the simulation in which this is called.
///
/// # Panics
/// Outside of a simulation.
pub fn elapsed() -> Duration {
    current("testing::elapsed").elapsed()
}

/// Moves the clock of the simulation on, as if the routine that calls had been busy for `duration`: what
/// becomes due by that happens once this routine waits.
///
/// # Panics
/// Outside of a simulation, and beyond what the clock can express.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
/// use rustroutines::testing;
///
/// #[routine]
/// fn slow() {
///     let late = after(Duration::from_secs(1));
///     testing::advance(Duration::from_secs(2));
///     assert_eq!(late.try_recv(), Err(TryRecvError::Empty)); // nobody has looked at the clock yet
///     yield_now();
///     assert!(late.try_recv().is_ok());
/// }
/// testing::run(1, slow);
/// ```
pub fn advance(duration: Duration) {
    current("testing::advance").advance(duration);
}

/// The seed of the simulation in which this is called; `None` outside of any.
pub fn seed() -> Option<u64> {
    simulation::current().map(|simulation| simulation.seed())
}

fn current(what: &str) -> Rc<simulation::Simulation> {
    simulation::current().unwrap_or_else(|| panic!("`{what}` is called outside of a simulation"))
}
