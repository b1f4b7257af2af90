//! A program in which nothing can ever run again says so.

use super::Dump;
use crate::scheduler::dump::FoundThread;
use crate::scheduler::simulation::Deadlock;

/// What a program that is deadlocked ends with.
const HEADLINE: &str = "all routines are asleep: deadlock";

/// The report of a simulation.
#[cold]
pub(crate) fn in_a_simulation(deadlock: Deadlock) -> String {
    let thread = |name: &str, waits| FoundThread { name: Some(name.into()), routine: None, waits };
    let main = thread("main", deadlock.main);
    let blocked = deadlock.blocked.map(|waits| thread("the innermost that blocks", waits));
    let threads = std::iter::once(main).chain(blocked).collect();
    format!("{HEADLINE}\n{}", Dump::new(deadlock.routines, threads))
}
