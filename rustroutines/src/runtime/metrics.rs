//! Histograms: [`RuntimeMetrics`].

use crate::scheduler::Scheduler;
use crate::scheduler::metrics::{BUCKETS, largest};
use std::fmt;
use std::time::Duration;

/// How long routines have waited for a worker, and how long they have held one, since the runtime's start.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RuntimeMetrics {
    /// From the wake-up of a routine to its poll.
    pub scheduling_latency: Histogram,
    /// How long a poll took.
    pub poll_time: Histogram,
}

/// How many durations there were of each size, which is known to a quarter.
#[derive(Debug, Clone)]
pub struct Histogram {
    /// How many fell into each bucket.
    buckets: Box<[u64; BUCKETS]>,
}

impl RuntimeMetrics {
    pub(super) fn of(scheduler: &Scheduler) -> Self {
        let mut metrics = Self { scheduling_latency: Histogram::new(), poll_time: Histogram::new() };
        scheduler.each_recorder(|recorders| {
            recorders.latency.add_to(&mut metrics.scheduling_latency.buckets);
            recorders.poll.add_to(&mut metrics.poll_time.buckets);
        });
        metrics
    }
}

impl Histogram {
    fn new() -> Self {
        Self { buckets: Box::new([0; BUCKETS]) }
    }

    /// How many durations there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// A duration that this share of all does not exceed: of 0.99, say, all but one in a hundred. It is at
    /// most a quarter too long. `None` where there were none.
    ///
    /// # Panics
    /// If `share` is not between 0 and 1.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        assert!((0.0..=1.0).contains(&share), "a share is between 0 and 1, and not {share}");
        let rank = ((self.count() as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        let bucket = self.buckets.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(Duration::from_nanos(largest(bucket)))
    }

    /// The longest, to a quarter. `None` where there were none.
    pub fn max(&self) -> Option<Duration> {
        self.quantile(1.0)
    }
}

impl fmt::Display for RuntimeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "scheduling latency  {}", self.scheduling_latency)?;
        write!(f, "poll time           {}", self.poll_time)
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in all", self.count())?;
        for (name, share) in [("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("99.9 %", 0.999), ("all", 1.0)] {
            if let Some(duration) = self.quantile(share) {
                write!(f, ", {name} within {duration:.1?}")?;
            }
        }
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::runtime::{RuntimeConfig, RustRoutineRuntime};
    use crate::suspend::Suspend;

    #[test]
    fn quantiles_are_ranks() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.count(), histogram.max()), (0, None));
        histogram.buckets[1] = 90;
        histogram.buckets[7] = 10;
        assert_eq!(histogram.quantile(0.0), Some(Duration::from_nanos(1)));
        assert_eq!(histogram.quantile(0.9), Some(Duration::from_nanos(1)));
        assert_eq!(histogram.quantile(0.91), Some(Duration::from_nanos(7)));
        assert_eq!(histogram.max(), Some(Duration::from_nanos(7)));
    }

    #[test]
    fn every_poll_is_in_both_histograms_and_a_long_one_is_long() {
        let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
        let long = Duration::from_millis(20);
        let handles: Vec<_> = (0..10)
            .map(|_| runtime.spawn(crate::routine::yield_now))
            .chain([runtime.spawn(move || {
                crate::platform::thread::sleep(long);
                crate::suspend::ready(())
            })])
            .collect();
        crate::routine::join_all(handles).block();
        // A poll is counted when it is over, and its routine is joined before.
        let mut metrics = RuntimeMetrics::of(runtime.scheduler());
        while metrics.poll_time.count() < 21 {
            crate::platform::thread::sleep(Duration::from_millis(1));
            metrics = RuntimeMetrics::of(runtime.scheduler());
        }
        assert_eq!((metrics.scheduling_latency.count(), metrics.poll_time.count()), (21, 21));
        assert!(metrics.poll_time.max().unwrap() >= long);
        assert!(metrics.to_string().contains("21 in all, 50 % within "), "{metrics}");
    }
}
