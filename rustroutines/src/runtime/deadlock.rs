//! A program in which nothing can ever run again says so.
//!
//! When that is so, and how it is found out: see [`census`].

use super::Dump;
use crate::platform::{census, thread};
use crate::scheduler::dump::FoundThread;
use crate::scheduler::simulation::Deadlock;
use crate::scheduler::{self, dump};
use std::process;

/// What a program that is deadlocked ends with.
const HEADLINE: &str = "all routines are asleep: deadlock";
/// Go's exit code for it.
const EXIT_CODE: i32 = 2;

/// As long as this is there, a deadlock ends the process.
#[derive(Debug)]
pub struct Main(#[allow(dead_code, reason = "its drop ends the watch")] census::Watch);

/// The main routine begins.
pub(crate) fn watch() -> Main {
    Main(census::watch(report, leave_queues))
}

fn report() {
    // On a thread of its own: the one that found out may be a worker, and workers are needed to ask the
    // routines.
    let reporter = thread::Builder::new().name("deadlock".into()).spawn(end_the_process);
    if reporter.is_err() {
        eprintln!("{HEADLINE}");
        process::exit(EXIT_CODE);
    }
}

fn leave_queues() {
    scheduler::all().iter().for_each(|scheduler| scheduler.driver.leave_queue());
}

fn end_the_process() {
    let routines = scheduler::all().iter().flat_map(|scheduler| scheduler.dump()).collect();
    eprintln!("{HEADLINE}\n{}", Dump::new(routines, dump::threads()));
    process::exit(EXIT_CODE);
}

/// The report of a simulation.
#[cold]
pub(crate) fn in_a_simulation(deadlock: Deadlock) -> String {
    let thread = |name: &str, waits| FoundThread { name: Some(name.into()), routine: None, waits };
    let main = thread("main", deadlock.main);
    let blocked = deadlock.blocked.map(|waits| thread("the innermost that blocks", waits));
    let threads = std::iter::once(main).chain(blocked).collect();
    format!("{HEADLINE}\n{}", Dump::new(deadlock.routines, threads))
}
