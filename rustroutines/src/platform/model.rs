//! The checkers' machines: loom's under `--cfg loom`, shuttle's under `--cfg shuttle`. Both have the shape
//! of the standard library, so this is one file; where they differ it says so.

#[cfg(loom)]
use ::loom as checker;
#[cfg(shuttle)]
use ::shuttle as checker;

/// Locks with the interface of `parking_lot`'s.
pub(crate) mod sync {
    pub(crate) use super::super::Way;
    use super::super::clock::Instant;
    use super::checker;
    use std::ops::{Deref, DerefMut};
    // Set once, before anything contends for it: not worth a model.
    pub(crate) use std::sync::OnceLock;
    // Never contended: not worth one either.
    pub(crate) use parking_lot::ReentrantMutex;
    /// What belongs to the whole process outlives each execution of a model, and is no object of it.
    pub(crate) type GlobalMutex<T> = parking_lot::Mutex<T>;

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(checker::sync::Mutex<T>);

    /// To the checker, a lock is a lock.
    pub(crate) type ShortMutex<T> = Mutex<T>;

    /// See [`ShortMutex`].
    pub(crate) type ShortMutexGuard<'a, T> = MutexGuard<'a, T>;

    /// The inner guard is an `Option` because a wait on a [`Condvar`] takes it and brings it back.
    pub(crate) struct MutexGuard<'a, T> {
        /// The checker's guard.
        inner: Option<checker::sync::MutexGuard<'a, T>>,
        /// What it guards.
        #[cfg(shuttle)]
        mutex: &'a Mutex<T>,
    }

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(checker::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.guard(self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
        }

        /// Whoever contends for it, the checker has them come in any order.
        pub(crate) fn lock_giving_way(&self, _: impl FnOnce() -> Way) -> MutexGuard<'_, T> {
            self.lock()
        }

        /// To the checker, nobody finds a lock taken: who does otherwise does the same after he has waited.
        pub(crate) fn lock_at_once(&self) -> Option<MutexGuard<'_, T>> {
            Some(self.lock())
        }

        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| self.guard(guard))
        }

        fn guard<'a>(&'a self, inner: checker::sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            MutexGuard {
                inner: Some(inner),
                #[cfg(shuttle)]
                mutex: self,
            }
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.inner.as_ref().expect("the guard is away only inside a wait")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.inner.as_mut().expect("the guard is away only inside a wait")
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct Condvar(checker::sync::Condvar);

    /// Whether a timed wait ended by its timeout: never under loom, always under shuttle.
    pub(crate) struct WaitTimeoutResult;

    impl WaitTimeoutResult {
        pub(crate) fn timed_out(&self) -> bool {
            cfg!(shuttle)
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(checker::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.inner.take().expect("the guard is away only inside a wait");
            guard.inner = Some(self.0.wait(inner).unwrap_or_else(|poisoned| poisoned.into_inner()));
        }

        #[cfg(loom)]
        pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        /// A notification that comes before the time is up is not heard: the caller sees what it was
        /// about when it looks, as it must after any timeout.
        #[cfg(shuttle)]
        pub(crate) fn wait_until<T>(
            &self,
            guard: &mut MutexGuard<'_, T>,
            deadline: Instant,
        ) -> WaitTimeoutResult {
            guard.inner = None;
            checker::thread::yield_now();
            super::advance(deadline);
            guard.inner = guard.mutex.lock().inner.take();
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
    pub(crate) use super::checker::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
}

/// Threads.
pub(crate) mod thread {
    use super::checker;
    pub(crate) use checker::thread::Builder;
    #[cfg(test)]
    pub(crate) use checker::thread::yield_now;

    // The checkers' threads are coroutines on one thread of the system, so the standard `thread_local`
    // would be shared between them.
    #[cfg(shuttle)]
    pub(crate) use shuttle::thread_local;

    /// loom's own knows nothing of `const` blocks.
    #[cfg(loom)]
    macro_rules! model_thread_local {
        ($($(#[$attr:meta])* static $name:ident: $type:ty = const { $init:expr };)+) => {
            loom::thread_local! { $($(#[$attr])* static $name: $type = $init;)+ }
        };
    }
    #[cfg(loom)]
    pub(crate) use model_thread_local as thread_local;

    pub(crate) fn relax(_: bool) {
        checker::thread::yield_now();
    }

    pub(crate) fn linger(_: std::time::Duration) {
        checker::thread::yield_now();
    }

    pub(crate) fn sleep(_: std::time::Duration) {
        checker::thread::yield_now();
    }

    pub(crate) fn name() -> Option<String> {
        None
    }

    pub(crate) fn available_parallelism() -> std::io::Result<std::num::NonZeroUsize> {
        Ok(std::num::NonZeroUsize::MIN)
    }
}

/// The clock. Under loom the real one: models wait for nothing, and a stand-in for the clock is a thread that
/// wakes.
pub(crate) mod clock {
    pub use std::time::Instant;

    #[cfg(loom)]
    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    #[cfg(shuttle)]
    pub(crate) use super::randomised::now;

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
    pub(crate) fn source_comes() {}
    pub(crate) fn source_goes() {}
    pub(crate) fn has_sources() -> bool {
        true
    }
    pub(crate) fn at_queue() -> Counted {
        Counted
    }
    pub(crate) fn watch(_: fn(), _: fn()) -> Watch {
        Counted
    }
    pub(crate) fn resident() -> Counted {
        Counted
    }
    pub(crate) fn standby() -> Counted {
        Counted
    }
}

/// Under loom, which explores schedules and no dice, always 0; shuttle throws them, and records them with the
/// schedule.
pub(crate) mod random {
    #[cfg(loom)]
    pub(crate) fn below(bound: usize) -> usize {
        assert!(bound > 0);
        0
    }

    #[cfg(shuttle)]
    pub(crate) use super::randomised::below;

    pub(crate) fn reseed(_: u64) -> u64 {
        0
    }
}

#[cfg(shuttle)]
use randomised::advance;

#[cfg(all(test, shuttle))]
pub(crate) use randomised::explore;

/// What only shuttle has.
#[cfg(shuttle)]
mod randomised {
    use super::super::clock::Instant;
    use shuttle::rand::Rng;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    shuttle::lazy_static! {
        /// How far the clock of this execution has come, in nanoseconds. A standard atomic: looking at the
        /// clock is no step of the program.
        static ref PASSED: AtomicU64 = AtomicU64::new(0);
    }

    /// Where the clock begins.
    fn beginning() -> Instant {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        *BEGINNING.get_or_init(Instant::now)
    }

    pub(crate) fn now() -> Instant {
        beginning() + Duration::from_nanos(PASSED.load(Ordering::Relaxed))
    }

    /// It is `instant`, if it was earlier before.
    pub(in super::super) fn advance(instant: Instant) {
        let nanos = instant.saturating_duration_since(beginning()).as_nanos();
        PASSED.fetch_max(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn below(bound: usize) -> usize {
        shuttle::rand::thread_rng().gen_range(0..bound)
    }

    /// Runs `model` under many random schedules: half of them switch threads anywhere, half only at two
    /// places but wherever these lie (probabilistic concurrency testing of depth 3).
    ///
    /// `RUSTROUTINES_SCHEDULES` says how many; without it, `schedules`. A failure prints its schedule, and
    /// `RUSTROUTINES_REPLAY` set to that text runs it once more.
    #[cfg(test)]
    pub(crate) fn explore(schedules: usize, model: impl Fn() + Send + Sync + 'static) {
        use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler};
        use shuttle::{Config, Runner};
        use std::sync::Arc;

        let mut config = Config::new();
        config.stack_size = 1 << 18;
        config.silence_warnings = true;
        // The schedule has been printed by then; to go on unwinding in its midst may panic again.
        config.ungraceful_shutdown_config.immediately_return_on_panic = true;
        let variable = |name| std::env::var(name).ok();
        if let Some(schedule) = variable("RUSTROUTINES_REPLAY") {
            Runner::new(ReplayScheduler::new_from_encoded(&schedule), config).run(model);
            return;
        }
        let schedules = variable("RUSTROUTINES_SCHEDULES")
            .map_or(schedules, |number| number.parse().expect("RUSTROUTINES_SCHEDULES is a number"));
        let model = Arc::new(model);
        let again = model.clone();
        Runner::new(RandomScheduler::new(schedules.div_ceil(2)), config.clone()).run(move || model());
        Runner::new(PctScheduler::new(3, schedules / 2), config).run(move || again());
    }
}

/// A queue that delivers nothing but the sound of the bell.
pub(crate) mod readiness {
    use super::clock::Instant;
    use super::sync::{Condvar, Mutex};
    use std::io;
    use std::sync::Arc;

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
        /// Where a model waits until somebody has heard it.
        taken: Condvar,
    }

    #[derive(Debug)]
    pub(crate) struct Bell(Arc<Sound>);

    /// There are none.
    #[derive(Debug)]
    pub(crate) enum Event {}

    impl Selector {
        pub(crate) fn new() -> io::Result<(Self, Bell)> {
            let sound =
                Arc::new(Sound { rung: Mutex::new(false), heard: Condvar::new(), taken: Condvar::new() });
            Ok((Self { waiting: Mutex::new(()), sound: sound.clone() }, Bell(sound)))
        }

        /// It ends by the bell alone, whatever the deadline, as all waits in a model do.
        pub(crate) fn wait(
            &self,
            _deadline: Option<Instant>,
            waits_still: &dyn Fn() -> bool,
            deliver: &mut dyn FnMut(&mut dyn Iterator<Item = &Event>),
        ) {
            let _waiting = self.waiting.lock();
            if waits_still() {
                self.sound.hear(true);
                deliver(&mut std::iter::empty());
            }
        }

        pub(crate) fn look(&self, deliver: &mut dyn FnMut(&mut dyn Iterator<Item = &Event>)) {
            if let Some(_waiting) = self.waiting.try_lock() {
                self.sound.hear(false);
                deliver(&mut std::iter::empty());
            }
        }
    }

    impl Sound {
        fn hear(&self, waits: bool) {
            let mut rung = self.rung.lock();
            while waits && !*rung {
                self.heard.wait(&mut rung);
            }
            *rung = false;
            drop(rung);
            self.taken.notify_one();
        }
    }

    impl Bell {
        pub(crate) fn ring(&self) {
            *self.0.rung.lock() = true;
            self.0.heard.notify_one();
        }

        /// Rings as an event would, and waits until somebody has heard it at the queue.
        #[cfg(test)]
        pub(crate) fn ring_until_heard(&self) {
            self.ring();
            let mut rung = self.0.rung.lock();
            while *rung {
                self.0.taken.wait(&mut rung);
            }
        }
    }
}
