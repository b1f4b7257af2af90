//! The model checker's machine, under `--cfg loom`.

/// Locks with the interface of `parking_lot`'s.
pub(crate) mod sync {
    use super::super::clock::Instant;
    use std::ops::{Deref, DerefMut};
    // Set once, before anything contends for it: not worth a model.
    pub(crate) use std::sync::OnceLock;

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

    pub(crate) fn available_parallelism() -> std::io::Result<std::num::NonZeroUsize> {
        Ok(std::num::NonZeroUsize::MIN)
    }
}

/// A queue that delivers nothing but the sound of the bell.
pub(crate) mod readiness {
    use super::sync::{Condvar, Mutex};
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Selector {
        /// Held by who waits.
        waiting: Mutex<()>,
        /// Shared with the bell.
        sound: Arc<Sound>,
    }

    #[derive(Debug)]
    struct Sound {
        /// The bell was rung, and nobody has heard it yet.
        rung: Mutex<bool>,
        /// Where the thread waits.
        heard: Condvar,
    }

    #[derive(Debug)]
    pub(crate) struct Bell(Arc<Sound>);

    /// There are none.
    #[derive(Debug)]
    pub(crate) enum Event {}

    impl Selector {
        pub(crate) fn new() -> io::Result<(Self, Bell)> {
            let sound = Arc::new(Sound { rung: Mutex::new(false), heard: Condvar::new() });
            Ok((Self { waiting: Mutex::new(()), sound: sound.clone() }, Bell(sound)))
        }

        /// A wait with a timeout other than zero ends by the bell alone, as all waits in a model do.
        pub(crate) fn wait(
            &self,
            timeout: Option<Duration>,
            waits_still: &dyn Fn() -> bool,
            deliver: impl FnOnce(&mut dyn Iterator<Item = &Event>),
        ) {
            let waiting = match timeout {
                Some(Duration::ZERO) => self.waiting.try_lock(),
                _ => Some(self.waiting.lock()),
            };
            if waiting.is_none() || !waits_still() {
                return;
            }
            let mut rung = self.sound.rung.lock();
            while !*rung && timeout != Some(Duration::ZERO) {
                self.sound.heard.wait(&mut rung);
            }
            *rung = false;
            drop(rung);
            deliver(&mut std::iter::empty());
        }
    }

    impl Bell {
        pub(crate) fn ring(&self) {
            *self.0.rung.lock() = true;
            self.0.heard.notify_one();
        }
    }
}
