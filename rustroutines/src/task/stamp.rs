//! When a task was woken: the feature `metrics`. Without it there is nothing.

#[cfg(not(feature = "metrics"))]
mod off {
    /// Nothing is noted.
    #[derive(Debug)]
    pub(crate) struct Stamp;

    impl Stamp {
        #[inline]
        pub(crate) fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn set(&self) {}
    }
}

#[cfg(feature = "metrics")]
mod on {
    use crate::platform::atomic::{AtomicU64, Ordering};
    use crate::platform::clock;

    /// When a task was woken last, by [`clock::nanos`].
    #[derive(Debug)]
    pub(crate) struct Stamp(AtomicU64);

    impl Stamp {
        /// Not woken yet.
        #[inline]
        pub(crate) fn new() -> Self {
            Self(AtomicU64::new(0))
        }

        /// It is woken now.
        #[inline]
        pub(crate) fn set(&self) {
            // Relaxed: the queue carries it to the worker.
            self.0.store(clock::nanos(), Ordering::Relaxed);
        }

        /// When it was woken.
        #[inline]
        pub(crate) fn get(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }
}

#[cfg(not(feature = "metrics"))]
pub(crate) use off::Stamp;
#[cfg(feature = "metrics")]
pub(crate) use on::Stamp;
