//! What every routine does: [`Dump`].

use crate::routine::RoutineId;
use crate::scheduler::dump::{Found, FoundThread, State};
use crate::task::trace::WaitsFor;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// What every routine of a runtime does, and every thread of the process that blocks in an operation; by
/// [`RustRoutineRuntime::dump`](super::RustRoutineRuntime::dump).
///
/// Its `Display` is a report of several lines.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Dump {
    /// The routines that are alive, in the order in which they were numbered.
    pub routines: Vec<RoutineInfo>,
    /// The threads that block.
    pub threads: Vec<ThreadInfo>,
}

/// A routine that is alive.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RoutineInfo {
    /// Its number.
    pub id: RoutineId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub site: &'static Location<'static>,
    /// What it does.
    pub state: RoutineState,
}

/// What a routine does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RoutineState {
    /// It is on a thread. If it blocks there in an operation, `Dump::threads` has that thread.
    Running,
    /// It could run, and waits for its turn.
    Queued,
    /// It waits.
    #[non_exhaustive]
    Waiting {
        /// What for. Several where it waits for several at once; empty where that is no operation of this
        /// crate.
        on: Vec<WaitsFor>,
        /// For how long, to some milliseconds.
        since: Duration,
    },
}

/// A thread that blocks in an operation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThreadInfo {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The routine that blocks there, if it is one.
    pub routine: Option<RoutineId>,
    /// What it waits for.
    pub on: Vec<WaitsFor>,
}

impl Dump {
    pub(crate) fn new(routines: Vec<Found>, threads: Vec<FoundThread>) -> Self {
        let mut routines: Vec<_> = routines.into_iter().map(RoutineInfo::new).collect();
        routines.sort_unstable_by_key(|routine| routine.id);
        let threads = threads.into_iter().map(ThreadInfo::new).collect();
        Self { routines, threads }
    }
}

impl RoutineInfo {
    fn new(found: Found) -> Self {
        Self {
            id: RoutineId::new(found.id),
            name: found.name.map(|name| String::clone(&name)),
            site: found.site,
            state: match found.state {
                State::Running => RoutineState::Running,
                State::Queued => RoutineState::Queued,
                State::Waiting(told) => RoutineState::Waiting { on: told.waits, since: told.since },
            },
        }
    }
}

impl ThreadInfo {
    fn new(found: FoundThread) -> Self {
        Self { name: found.name, routine: found.routine.map(RoutineId::new), on: found.waits }
    }
}

/// What somebody waits for, one after another.
struct Causes<'a>(&'a [WaitsFor]);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("something that is no operation of rustroutines");
        }
        for (index, cause) in self.0.iter().enumerate() {
            write!(f, "{}{cause}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "routines: {}, threads that block: {}", self.routines.len(), self.threads.len())?;
        for routine in &self.routines {
            write!(f, "\n  {routine}")?;
        }
        for thread in &self.threads {
            write!(f, "\n  {thread}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RoutineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "routine {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, ", spawned at {}: {}", self.site, self.state)
    }
}

impl fmt::Display for RoutineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoutineState::Running => f.write_str("running"),
            RoutineState::Queued => f.write_str("ready to run"),
            RoutineState::Waiting { on, since } if *since < Duration::from_millis(1) => {
                write!(f, "waiting: {}", Causes(on))
            }
            RoutineState::Waiting { on, since } => write!(f, "waiting for {since:.1?}: {}", Causes(on)),
        }
    }
}

impl fmt::Display for ThreadInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread")?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        if let Some(routine) = self.routine {
            write!(f, ", in routine {routine}")?;
        }
        write!(f, ": {}", Causes(&self.on))
    }
}
