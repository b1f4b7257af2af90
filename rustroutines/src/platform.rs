//! The one door to locks, atomics, threads, the clock, randomness and the system's readiness queue.
//!
//! Nothing else in the crate names `std::sync`'s locks and atomics, `parking_lot`, `std::thread`,
//! `Instant::now` or `mio::Poll` (a test holds that). So the same code runs on three machines:
//!
//! | built with      | machine                    | what its tests are for                               |
//! |-----------------|----------------------------|------------------------------------------------------|
//! | nothing         | `native`: the real one     | everything                                           |
//! | `--cfg loom`    | `model`, on loom           | every schedule of two or three threads               |
//! | `--cfg shuttle` | `model`, on shuttle        | thousands of random schedules of larger programs     |
//!
//! Under a checker every lock and atomic is a point at which another thread may come in between. loom also
//! knows what weakly ordered memory may show; shuttle takes every atomic for `SeqCst`, but has room for a
//! whole scheduler. Tests for shuttle are in modules named `shuttle` and call `explore`; the other unit
//! tests need the real machine.
//!
//! What the backends share is the shape of `parking_lot`: `lock()` gives a guard, and a panic poisons
//! nothing. The checkers know no time. Under loom a timed wait waits until it is woken, and a model
//! stands in for the clock with a thread that does the waking. Under shuttle the clock stands still but
//! for timed waits: each lets others run for a moment, and then its time is up, on the clock too. So time
//! passes as fast as any schedule can ask for, and a timeout may come before whatever it races.
//!
//! `Arc` is always the standard one: wakers need it, and a failing model that holds loom's own
//! aborts instead of reporting. Under shuttle, whose threads are coroutines on one thread, lock-free
//! queues of other crates are single steps.

#[cfg(not(any(loom, shuttle)))]
pub(crate) mod census;
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) mod faults;

#[cfg(not(any(loom, shuttle)))]
mod native;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use native::{atomic, clock, random, readiness, sync, thread};

#[cfg(any(loom, shuttle))]
mod model;
pub(crate) mod system;
#[cfg(all(test, shuttle))]
pub(crate) use model::explore;
#[cfg(any(loom, shuttle))]
pub(crate) use model::{atomic, census, clock, random, readiness, sync, thread};

/// How who finds a [`ShortMutex`](sync::ShortMutex) taken leaves it to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It looks again at once, and then keeps off for longer each time: it is wanted for this alone.
    Quick,
    /// Long enough for others to take it a hundred times, from a cache that nobody else looks into.
    Wide,
    /// The same, and where that is in vain time and again, a sleep of a hundred microseconds. Only where no other lock is
    /// held, and for a worker in a poll: the others take its routines, and have those that contend to themselves. Two
    /// workers that go on side by side are slower than one, since they wait for one another's cache lines.
    Aside,
}

/// Looks for a moment whether `come`, for who would sleep otherwise, at a hundred times the price; says how many
/// turns it gave to other threads before that. `None`: it has not come. Where a checker explores schedules nobody
/// looks: it saves a wait, and is needed for nothing.
///
/// Two threads that answer one another may be on one processor, where the one comes only when the other yields. So
/// it yields early, and looks often in between.
#[inline]
pub(crate) fn await_briefly(come: impl Fn() -> bool) -> Option<u32> {
    /// Turns given to other threads before it is given up.
    const TURNS: u32 = 8;
    /// Looks before each of these.
    const LOOKS: u32 = 5;
    if cfg!(any(loom, shuttle)) {
        return None;
    }
    for look in 0..TURNS * LOOKS {
        if come() {
            return Some(look / LOOKS);
        }
        thread::relax(look % LOOKS == LOOKS - 1);
    }
    None
}
