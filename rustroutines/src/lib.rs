//! Go's routines, channels and `select!` for Rust, in plain blocking style.
//!
//! ```
//! use rustroutines::prelude::*;
//!
//! #[routine]
//! fn worker(id: usize, jobs: Receiver<u64>, done: Sender<(usize, u64)>) {
//!     // suspends while there is no job
//!     for job in jobs {
//!         done.send((id, job * job)).unwrap(); // suspends while the channel is full
//!     }
//! }
//!
//! #[routine]
//! fn main() {
//!     let (jobs_tx, jobs) = bounded_channel(16);
//!     let (done_tx, done) = channel();
//!     for id in 0..4 {
//!         go!(worker(id, jobs.clone(), done_tx.clone()));
//!     }
//!     drop((jobs, done_tx));
//!     go!(move || {
//!         for n in 1..=10 {
//!             jobs_tx.send(n).unwrap();
//!         }
//!     });
//!
//!     let mut sum = 0;
//!     loop {
//!         select! {
//!             result = done.recv() => match result {
//!                 Ok((_id, square)) => sum += square,
//!                 Err(RecvError) => break,
//!             },
//!             timeout(Duration::from_secs(5)) => panic!("nothing for five seconds"),
//!         }
//!     }
//!     assert_eq!(sum, 385);
//! }
//! ```
//!
//! # The one rule
//!
//! Everything that can wait returns an *operation*: a value whose type implements [`Suspend`].
//! `rx.recv()`, `tx.send(v)`, `handle.join()`, `sleep(d)` and every call of a `#[routine] fn` do.
//!
//! - *In a routine* (a `#[routine] fn`, the body of [`go!`], the arms of [`select!`]) each call whose
//!   result is an operation is carried out where it stands: the routine suspends, its thread runs
//!   others, and the call's value is the operation's output. The compiler decides this by the type
//!   of each call, never by its name; any other call is left as it is.
//! - *In plain code* (other functions, closures, threads) say [`.block()`](Suspend::block), which parks the
//!   thread.
//! - *In async code* an operation is a future.
//!
//! A function that wants an operation as a value, such as [`timeout`](time::timeout) or
//! [`spawn`](routine::spawn), takes a closure that makes it: `timeout(limit, || rx.recv())`.
//!
//! What a routine takes along when it is started is `Send + 'static`, and so is its outcome; what it holds
//! while it waits is `Send`.
//!
//! # What is where
//!
//! - [`mod@routine`]: starting routines, waiting for them, stopping them; statics of which each routine has
//!   its own ([`routine_local!`]).
//! - [`mod@channel`]: values from many senders to many receivers, or to all of them; room that is reserved;
//!   channels that time feeds.
//! - [`mod@select`]: what `select!` does, pass by pass; and cases known only at run time.
//! - [`mod@suspend`]: operations as values; those whose type has a name
//!   ([`Boxed`](suspend::Boxed)).
//! - [`mod@time`]: sleeping, timeouts.
//! - [`mod@io`]: reading and writing (the traits are in [`io::prelude`]); [`io::net`]: sockets; [`io::fs`]:
//!   files; [`block_on_io`](io::block_on_io): calls that block, on threads of their own.
//! - [`mod@process`]: other programs, and what they read and write.
//! - [`mod@signal`]: Ctrl-C and the other signals of the system.
//! - [`mod@runtime`]: configuring and measuring the runtime, and what every routine waits for
//!   ([`Dump`](runtime::Dump)). It starts by itself when it is first needed.
//! - [`mod@testing`]: a program under test, on a clock of its own, in an order that can be repeated.
//! - [`mod@error`]: one error type for each operation.
//! - [`mod@prelude`]: all that most programs use.
//!
//! # When nobody can go on
//!
//! A `#[routine] fn main` says so, and who waits for what, and ends the process with exit code 2 (on Linux).
//! Not while anything waits for time, nor once the program has used sockets or signals: something might still
//! come from there. [`RustRoutineRuntime::dump`](runtime::RustRoutineRuntime::dump) says who waits for what
//! at any moment.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `metrics`: histograms of how long routines wait for a worker, and how long they hold one.
//! - `tracing`: events of the crate `tracing` when routines begin, end, or hog a worker.
//! - `futures-io`: `io::Compat`, the traits of the crate `futures-io`, both ways.

#![forbid(unsafe_code)]
#![cfg_attr(
    any(loom, shuttle),
    allow(dead_code, unused_imports, reason = "a checker has no use for all of it")
)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod channel;
mod driver;
/// For the library's own tests: see the feature `faults`.
#[cfg(all(feature = "faults", not(loom)))]
#[doc(hidden)]
pub mod __faults {
    pub use crate::driver::faults::{Faults, Injected, inject, moved_by_system};
}
pub mod error;
pub mod io;
mod macros;
mod panics;
mod platform;
pub mod prelude;
#[cfg(not(any(loom, shuttle)))]
pub mod process;
pub mod routine;
pub mod runtime;
mod scheduler;
pub mod select;
#[cfg(not(any(loom, shuttle)))]
pub mod signal;
pub mod suspend;
mod task;
pub mod testing;
pub mod time;

pub use macros::{go, plain, routine, select, suspend};
pub use suspend::Suspend;

/// The programs in the README are compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
