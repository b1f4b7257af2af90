//! How long routines wait for a worker, and how long they hold one: the feature `metrics`. Without it
//! nothing here costs anything.

use super::Task;

#[cfg(not(feature = "metrics"))]
mod off {
    /// Nothing is measured.
    #[derive(Debug)]
    pub(crate) struct Recorders;

    impl Recorders {
        pub(crate) fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn measure(&self, task: super::Task) {
            task.run();
        }
    }
}

#[cfg(feature = "metrics")]
mod on {
    use crate::platform::atomic::{AtomicU64, Ordering};
    use crate::platform::clock;
    use crate::scheduler::queue::bump;

    /// Steps between one power of two and the next.
    const STEPS: u64 = 4;
    /// Enough for every number of nanoseconds.
    pub(crate) const BUCKETS: usize = bucket(u64::MAX) + 1;

    /// What one thread has measured.
    #[derive(Debug)]
    pub(crate) struct Recorders {
        /// From the wake-up to the poll.
        pub(crate) latency: Recorder,
        /// From the poll's beginning to its end.
        pub(crate) poll: Recorder,
    }

    /// How many durations fell into each bucket. One thread writes.
    #[derive(Debug)]
    pub(crate) struct Recorder([AtomicU64; BUCKETS]);

    impl Recorders {
        /// Nothing measured yet.
        pub(crate) fn new() -> Self {
            Self { latency: Recorder::new(), poll: Recorder::new() }
        }

        /// One poll of the task.
        #[inline]
        pub(crate) fn measure(&self, task: super::Task) {
            let (woken, begin) = (task.metadata().woken.get(), clock::nanos());
            self.latency.record(begin.saturating_sub(woken));
            task.run();
            self.poll.record(clock::nanos().saturating_sub(begin));
        }
    }

    impl Recorder {
        fn new() -> Self {
            Self(std::array::from_fn(|_| AtomicU64::new(0)))
        }

        fn record(&self, nanos: u64) {
            bump(&self.0[bucket(nanos)]);
        }

        /// Adds what was recorded to `sums`.
        pub(crate) fn add_to(&self, sums: &mut [u64; BUCKETS]) {
            for (sum, bucket) in sums.iter_mut().zip(&self.0) {
                *sum += bucket.load(Ordering::Relaxed);
            }
        }
    }

    /// The bucket of a number: exact below `STEPS`, then `STEPS` buckets for each power of two.
    pub(crate) const fn bucket(nanos: u64) -> usize {
        if nanos < STEPS {
            return nanos as usize;
        }
        let shift = nanos.ilog2() - STEPS.ilog2();
        (shift as u64 * STEPS + (nanos >> shift)) as usize
    }

    /// The largest number in a bucket.
    pub(crate) const fn largest(bucket: usize) -> u64 {
        let bucket = bucket as u64;
        if bucket < 2 * STEPS {
            return bucket;
        }
        let shift = bucket / STEPS - 1;
        let first = (bucket % STEPS + STEPS) << shift;
        first + ((1 << shift) - 1)
    }

    #[cfg(all(test, not(loom)))]
    mod tests {
        use super::*;

        #[test]
        fn buckets_follow_one_another_without_a_gap() {
            for number in 0..BUCKETS {
                assert_eq!(bucket(largest(number)), number);
                if number + 1 < BUCKETS {
                    assert_eq!(bucket(largest(number) + 1), number + 1);
                }
            }
            assert_eq!(largest(BUCKETS - 1), u64::MAX);
        }

        #[test]
        fn a_bucket_is_no_wider_than_a_quarter_of_what_is_in_it() {
            for number in 1..BUCKETS {
                let (below, last) = (largest(number - 1), largest(number));
                assert!(last - below <= (below + 1).div_ceil(STEPS), "{number}");
            }
        }
    }
}

#[cfg(not(feature = "metrics"))]
pub(crate) use off::Recorders;
#[cfg(feature = "metrics")]
pub(crate) use on::{BUCKETS, Recorders, largest};
