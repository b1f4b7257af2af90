//! What a scheduler has counted: each thread on its own, added up for whoever asks.

use super::Scheduler;
use super::queue::Tally;
use crate::platform::atomic::Ordering;

/// What a scheduler has counted.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) spawned: u64,
    pub(crate) completed: u64,
    pub(crate) aborted: u64,
    pub(crate) panicked: u64,
    pub(crate) dropped: u64,
    pub(crate) refused: u64,
    pub(crate) steals: u64,
    pub(crate) parks: u64,
    pub(crate) polls: u64,
    pub(crate) queued: u64,
    pub(crate) handoffs: u64,
    pub(crate) refused_threads: u64,
    pub(crate) threads: u64,
}

impl Scheduler {
    /// Who is alive, as far as one can say while it changes.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut add = |tally: &Tally| {
            // Ends before beginnings: so nobody is counted as ended who is not counted as spawned.
            counts.completed += tally.completed.load(Ordering::Acquire);
            counts.aborted += tally.aborted.load(Ordering::Acquire);
            counts.panicked += tally.panicked.load(Ordering::Acquire);
            counts.dropped += tally.dropped.load(Ordering::Acquire);
            counts.refused += tally.refused.load(Ordering::Relaxed);
            counts.steals += tally.steals.load(Ordering::Relaxed);
            counts.parks += tally.parks.load(Ordering::Relaxed);
        };
        self.queues.remotes().for_each(|remote| add(&remote.own.tally));
        add(&self.outside_tally);
        for remote in self.queues.remotes() {
            counts.spawned += remote.own.tally.spawned.load(Ordering::Relaxed);
            counts.polls += remote.own.pulse.load(Ordering::Relaxed) / 2;
            counts.queued += (remote.stealer.len() + remote.prompt.len()) as u64;
        }
        counts.spawned += self.outside_tally.spawned.load(Ordering::Relaxed);
        counts.queued += self.queues.injected() as u64;
        counts.handoffs = self.places.handoffs();
        counts.refused_threads = self.places.refusals();
        counts.threads = *self.threads.lock() as u64;
        counts
    }
}
