//! What a runtime counts.

use crate::scheduler::Scheduler;
use std::fmt;

/// What a runtime has counted since its start, and what there is in it now.
///
/// The counters are kept for each thread apart, so that counting disturbs nobody; they are added up
/// here. While routines run, the figures are of slightly different moments; while none does, they are
/// exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RuntimeStats {
    /// Routines that were started.
    pub spawned: u64,
    /// Routines that are alive.
    pub alive: u64,
    /// Routines that ended with a value.
    pub completed: u64,
    /// Routines that were aborted.
    pub aborted: u64,
    /// Routines that panicked.
    pub panicked: u64,
    /// Routines that a shutdown dropped.
    pub dropped: u64,
    /// Routines that were not started, because of the limit or a shutdown.
    pub refused: u64,
    /// Polls of routines.
    pub polls: u64,
    /// Batches of routines that a worker took from the injector or from another worker.
    pub steals: u64,
    /// Times that a worker went to sleep.
    pub parks: u64,
    /// Places that went from a stuck or blocking thread to another.
    pub handoffs: u64,
    /// Times that a worker thread could not be started for a place: the system refused it, or there were
    /// as many as the configuration allows.
    pub refused_threads: u64,
    /// Routines that wait in the queues to run.
    pub queued: u64,
    /// Routines that run at once, at most.
    pub workers: u64,
    /// Workers that sleep, because there is nothing to do.
    pub idle_workers: u64,
    /// Threads: workers with and without a place, and the monitor.
    pub threads: u64,
    /// Threads of the blocking pool.
    pub blocking_threads: u64,
    /// Jobs that wait for a thread of the blocking pool.
    pub blocking_queued: u64,
    /// Timers that are set.
    pub timers: u64,
    /// Timers that were not set, because of the limit.
    pub refused_timers: u64,
    /// Sockets and other sources of I/O that are open.
    pub io_sources: u64,
}

impl RuntimeStats {
    pub(super) fn of(scheduler: &Scheduler) -> Self {
        let counts = scheduler.counts();
        let ended = counts.completed + counts.aborted + counts.panicked + counts.dropped;
        Self {
            spawned: counts.spawned,
            alive: counts.spawned.saturating_sub(ended),
            completed: counts.completed,
            aborted: counts.aborted,
            panicked: counts.panicked,
            dropped: counts.dropped,
            refused: counts.refused,
            polls: counts.polls,
            steals: counts.steals,
            parks: counts.parks,
            handoffs: counts.handoffs,
            refused_threads: counts.refused_threads,
            queued: counts.queued,
            workers: scheduler.settings().workers as u64,
            idle_workers: scheduler.idle_workers(),
            threads: counts.threads,
            blocking_threads: scheduler.blocking.threads() as u64,
            blocking_queued: scheduler.blocking.queued() as u64,
            timers: scheduler.driver.timers() as u64,
            refused_timers: scheduler.driver.refused_timers(),
            io_sources: scheduler.driver.io_sources() as u64,
        }
    }

    fn rows(&self) -> [(&'static str, u64); 21] {
        [
            ("spawned", self.spawned),
            ("alive", self.alive),
            ("completed", self.completed),
            ("aborted", self.aborted),
            ("panicked", self.panicked),
            ("dropped", self.dropped),
            ("refused", self.refused),
            ("polls", self.polls),
            ("steals", self.steals),
            ("parks", self.parks),
            ("hand-offs", self.handoffs),
            ("refused threads", self.refused_threads),
            ("queued", self.queued),
            ("workers", self.workers),
            ("idle workers", self.idle_workers),
            ("threads", self.threads),
            ("blocking threads", self.blocking_threads),
            ("blocking queued", self.blocking_queued),
            ("timers", self.timers),
            ("refused timers", self.refused_timers),
            ("I/O sources", self.io_sources),
        ]
    }
}

impl fmt::Display for RuntimeStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.rows().into_iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<16} {value:>12}")?;
        }
        Ok(())
    }
}
