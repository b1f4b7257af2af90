//! The real machine.

/// Locks.
pub(crate) mod sync {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::OnceLock;

    use crossbeam_utils::Backoff;
    use spin::mutex::{SpinMutex, SpinMutexGuard};
    use std::time::Duration;

    /// A lock for critical sections of a few dozen instructions, in which nothing of the user's runs
    /// and nobody waits.
    ///
    /// It is released by one store, where a lock that can put threads to sleep needs a second
    /// read-modify-write: that halves the price of a lock without contention. Who finds it taken spins
    /// for a moment, then lets other threads run, and at last sleeps for moments at a time, so that a
    /// holder which has lost its processor gets it back whatever the priorities are.
    #[derive(Debug, Default)]
    pub(crate) struct ShortMutex<T>(SpinMutex<T>);

    impl<T> ShortMutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(SpinMutex::new(value))
        }

        #[inline]
        pub(crate) fn lock(&self) -> SpinMutexGuard<'_, T> {
            match self.0.try_lock() {
                Some(guard) => guard,
                None => self.contend(),
            }
        }

        #[cold]
        fn contend(&self) -> SpinMutexGuard<'_, T> {
            /// Turns given to other threads before we sleep.
            const YIELDS: u32 = 100;
            let backoff = Backoff::new();
            let mut yields = 0;
            loop {
                while self.0.is_locked() {
                    if yields < YIELDS {
                        yields += u32::from(backoff.is_completed());
                        backoff.snooze();
                    } else {
                        std::thread::sleep(Duration::from_micros(50));
                    }
                }
                if let Some(guard) = self.0.try_lock() {
                    return guard;
                }
            }
        }
    }
}

/// Atomics.
pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
}

/// Threads.
pub(crate) mod thread {
    #[cfg(test)]
    pub(crate) use std::thread::yield_now;
    pub(crate) use std::thread::{Builder, available_parallelism};
    pub(crate) use std::thread_local;
}
