//! The model checker's machine, under `--cfg loom`.

/// Locks with the interface of `parking_lot`'s.
pub(crate) mod sync {
    use super::super::clock::Instant;
    use std::ops::{Deref, DerefMut};
    // Set once, before anything contends for it: not worth a model.
    pub(crate) use std::sync::OnceLock;
    /// What belongs to the whole process outlives each execution of a model, and is no object of it.
    pub(crate) type GlobalMutex<T> = parking_lot::Mutex<T>;

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    /// To the checker, a lock is a lock.
    pub(crate) type ShortMutex<T> = Mutex<T>;

    /// The inner guard is an `Option` because a wait on a [`Condvar`] takes it and brings it back.
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())))
        }

        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().expect("the guard is away only inside a wait")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("the guard is away only inside a wait")
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    /// Whether a timed wait ended by its timeout; here, never.
    pub(crate) struct WaitTimeoutResult;

    impl WaitTimeoutResult {
        pub(crate) fn timed_out(&self) -> bool {
            false
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().expect("the guard is away only inside a wait");
            guard.0 = Some(self.0.wait(inner).unwrap_or_else(|poisoned| poisoned.into_inner()));
        }

        pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        pub(crate) fn notify_one(&self) -> bool {
            self.0.notify_one();
            true
        }

        pub(crate) fn notify_all(&self) -> usize {
            self.0.notify_all();
            0
        }
    }
}

/// Atomics.
pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
}

/// Threads.
pub(crate) mod thread {
    pub(crate) use loom::thread::Builder;
    #[cfg(test)]
    pub(crate) use loom::thread::yield_now;

    /// loom's threads are coroutines on one thread of the system, so the standard `thread_local` would
    /// be shared between them. loom's own knows nothing of `const` blocks.
    macro_rules! model_thread_local {
        ($($(#[$attr:meta])* static $name:ident: $type:ty = const { $init:expr };)+) => {
            loom::thread_local! { $($(#[$attr])* static $name: $type = $init;)+ }
        };
    }
    pub(crate) use model_thread_local as thread_local;

    pub(crate) fn sleep(_: std::time::Duration) {
        loom::thread::yield_now();
    }

    pub(crate) fn name() -> Option<String> {
        None
    }

    pub(crate) fn available_parallelism() -> std::io::Result<std::num::NonZeroUsize> {
        Ok(std::num::NonZeroUsize::MIN)
    }
}

/// The real clock: models wait for nothing, and a stand-in for the clock is a thread that wakes.
pub(crate) mod clock {
    pub use std::time::Instant;

    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    pub(crate) fn coarse() -> u32 {
        0
    }

    pub(crate) fn coarse_now() -> u32 {
        0
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn nanos() -> u64 {
        0
    }

    pub(crate) fn refresh_coarse() {}

    pub(crate) fn set_virtual(_: Option<Instant>) {}
}

/// Nobody counts: a model's threads are no threads of the process.
pub(crate) mod census {
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Counted;
    pub(crate) type Errand = Counted;
    pub(crate) type Watch = Counted;

    impl Counted {
        pub(crate) fn new() -> Self {
            Self
        }
    }

    pub(crate) fn fall_silent() {}
    pub(crate) fn wake_silent() {}
    pub(crate) fn is_watched() -> bool {
        false
    }
    pub(crate) fn look(_: usize) -> Option<Duration> {
        None
    }
    pub(crate) fn watch(_: fn()) -> Watch {
        Counted
    }
    pub(crate) fn resident() -> Counted {
        Counted
    }
    pub(crate) fn standby() -> Counted {
        Counted
    }
}

/// No randomness: the checker explores schedules, not dice.
pub(crate) mod random {
    /// Always 0.
    pub(crate) fn below(_: usize) -> usize {
        0
    }

    pub(crate) fn reseed(_: u64) -> u64 {
        0
    }
}
