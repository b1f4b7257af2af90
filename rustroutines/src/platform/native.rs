//! The real machine.

/// Locks.
pub(crate) mod sync {
    pub(crate) use super::super::Way;
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, ReentrantMutex};
    pub(crate) use spin::mutex::SpinMutexGuard as ShortMutexGuard;
    /// A lock for what belongs to the whole process.
    pub(crate) type GlobalMutex<T> = Mutex<T>;
    pub(crate) use std::sync::OnceLock;

    use super::clock::{self, Instant};
    use spin::mutex::SpinMutex;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    std::thread_local! {
        /// When this thread last kept off a lock for long, and found it taken again.
        static IN_VAIN: Cell<Option<Instant>> = const { Cell::new(None) };
    }

    /// So long who goes aside sleeps: long enough for others to take its routines, and a hundredth of what a worker may
    /// be late. And it does so only where it has kept off in vain twice in so short a time.
    const ASIDE: Duration = Duration::from_micros(100);

    /// This thread has kept off a lock for long, and found it taken again. Says whether that was so a moment ago, too.
    fn in_vain_again() -> bool {
        let now = clock::now();
        let before = IN_VAIN.try_with(|last| last.replace(Some(now))).ok().flatten();
        before.is_some_and(|before| now.saturating_duration_since(before) < ASIDE)
    }

    /// A lock for critical sections that are short almost always, in which nothing of the user's runs
    /// and nobody waits.
    ///
    /// It is released by one store, where a lock that can put threads to sleep needs a second
    /// read-modify-write: that halves the price of a lock without contention.
    ///
    /// Who finds it taken keeps off it for a moment, without a look, and then lets other threads run. Who
    /// has it does better with the cache line to itself: where both sides of a stream of values went on
    /// trying, each value cost 50 to 270 ns, where it costs 15 to 50 since they give each other way for a
    /// microsecond or three (see [`Way`], and docs/PERFORMANCE.md).
    ///
    /// Such a lock knows no queue, so a thread that takes it over and over would keep all others out: who
    /// has been kept out for a while says so in `starving`, and whoever comes after that waits too. At last
    /// it sleeps for moments at a time, so that a holder which has lost its processor gets it back whatever
    /// the priorities are.
    #[derive(Debug, Default)]
    pub(crate) struct ShortMutex<T> {
        /// How many have been kept out for long.
        starving: AtomicU32,
        /// The lock.
        inner: SpinMutex<T>,
    }

    impl<T> ShortMutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self { starving: AtomicU32::new(0), inner: SpinMutex::new(value) }
        }

        #[inline]
        pub(crate) fn lock(&self) -> ShortMutexGuard<'_, T> {
            self.lock_giving_way(|| Way::Quick)
        }

        /// The guard if nobody else has it now.
        #[inline]
        pub(crate) fn try_lock(&self) -> Option<ShortMutexGuard<'_, T>> {
            self.inner.try_lock()
        }

        /// The same as [`lock`](Self::lock); who finds it taken asks `way` how long to leave it to the others.
        #[inline]
        pub(crate) fn lock_giving_way(&self, way: impl FnOnce() -> Way) -> ShortMutexGuard<'_, T> {
            match self.lock_at_once() {
                Some(guard) => guard,
                None => self.contend(way()),
            }
        }

        /// `None`: it is taken, or somebody starves for it.
        #[inline(always)]
        pub(crate) fn lock_at_once(&self) -> Option<ShortMutexGuard<'_, T>> {
            // Relaxed: a hint to be fair; the lock alone excludes.
            if self.starving.load(Ordering::Relaxed) == 0 { self.inner.try_lock() } else { None }
        }

        /// Keeps off while others are served, for longer each time, and then yields, or goes aside; at last it starves,
        /// and is served before newcomers.
        #[cold]
        fn contend(&self, way: Way) -> ShortMutexGuard<'_, T> {
            /// A time off, in pauses of the processor, that is long enough for many turns of the others.
            const LONG: u32 = 64;
            /// The longest: some microseconds.
            const LONGEST: u32 = 128;
            /// Turns given to other threads before we call it starving.
            const PATIENCE: u32 = 4;
            let mut pauses = if way == Way::Quick { 1 } else { LONG };
            let mut aside = false;
            while pauses <= LONGEST && !aside {
                (0..pauses).for_each(|_| std::hint::spin_loop());
                if let Some(guard) = self.look() {
                    return guard;
                }
                aside = way == Way::Aside && pauses == LONG && in_vain_again();
                pauses *= 2;
            }
            for _ in 0..PATIENCE {
                if aside {
                    std::thread::sleep(ASIDE);
                } else {
                    std::thread::yield_now();
                }
                if let Some(guard) = self.look() {
                    return guard;
                }
            }
            self.starve()
        }

        /// The lock is free between two of the holder's turns, and taken in each: so it looks some times.
        fn look(&self) -> Option<ShortMutexGuard<'_, T>> {
            const LOOKS: u32 = 8;
            (0..LOOKS).find_map(|_| self.lock_at_once())
        }

        #[cold]
        fn starve(&self) -> ShortMutexGuard<'_, T> {
            /// Turns given to other threads before we sleep.
            const YIELDS: u32 = 100;
            self.starving.fetch_add(1, Ordering::Relaxed);
            let mut turns = 0;
            let guard = loop {
                if let Some(guard) = self.inner.try_lock() {
                    break guard;
                }
                turns += 1;
                if turns < YIELDS {
                    std::thread::yield_now();
                } else {
                    std::thread::sleep(Duration::from_micros(50));
                }
            };
            self.starving.fetch_sub(1, Ordering::Relaxed);
            guard
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
    pub(crate) use super::super::faults::Builder;
    #[cfg(not(test))]
    pub(crate) use std::thread::Builder;
    pub(crate) use std::thread::available_parallelism;
    pub(crate) use std::thread::sleep;
    #[cfg(test)]
    pub(crate) use std::thread::yield_now;
    pub(crate) use std::thread_local;

    /// A hundred nanoseconds without a look at memory, or a turn for another thread.
    #[inline]
    pub(crate) fn relax(yields: bool) {
        if yields {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
            std::hint::spin_loop();
        }
    }

    /// Stays on the processor for so long, where a sleep might take many times as long.
    pub(crate) fn linger(duration: std::time::Duration) {
        let begin = std::time::Instant::now();
        while begin.elapsed() < duration {
            std::hint::spin_loop();
        }
    }

    /// The name of this thread.
    pub(crate) fn name() -> Option<String> {
        std::thread::current().name().map(str::to_owned)
    }
}

/// The clock: the machine's, or, on a thread that simulates, one that stands still until it is moved.
pub(crate) mod clock {
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::time::Duration;
    pub use std::time::Instant;

    std::thread_local! {
        /// What time it is on a thread that simulates.
        static VIRTUAL: Cell<Option<Instant>> = const { Cell::new(None) };
        /// See [`coarse`].
        static COARSE: Cell<u32> = const { Cell::new(0) };
    }

    /// The present instant of this thread's clock.
    #[inline]
    pub(crate) fn now() -> Instant {
        match VIRTUAL.try_with(Cell::get) {
            Ok(Some(instant)) => instant,
            // A thread that is ending simulates nothing.
            _ => Instant::now(),
        }
    }

    /// Milliseconds since this process first asked, as this thread last looked.
    #[inline]
    pub(crate) fn coarse() -> u32 {
        COARSE.try_with(Cell::get).unwrap_or(0)
    }

    /// The same, as of now. It wraps after seven weeks.
    pub(crate) fn coarse_now() -> u32 {
        since_start().as_millis() as u32
    }

    /// Nanoseconds since this process first asked.
    #[cfg(feature = "metrics")]
    pub(crate) fn nanos() -> u64 {
        since_start().as_nanos() as u64
    }

    fn since_start() -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        let now = now();
        now.saturating_duration_since(*START.get_or_init(|| now))
    }

    /// Looks at the clock for [`coarse`].
    pub(crate) fn refresh_coarse() {
        let now = coarse_now();
        let _ = COARSE.try_with(|coarse| coarse.set(now));
    }

    /// Stops this thread's clock at `instant`; `None` gives it the machine's again.
    pub(crate) fn set_virtual(instant: Option<Instant>) {
        let _ = VIRTUAL.try_with(|clock| clock.set(instant));
        refresh_coarse();
    }
}

/// Randomness: fast, per thread, good enough to be fair, of no use to a cryptographer.
pub(crate) mod random {
    /// Numbers that a seed determines, for tests.
    #[cfg(feature = "faults")]
    pub(crate) use fastrand::Rng as Seeded;

    /// A uniform number below `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub(crate) fn below(bound: usize) -> usize {
        fastrand::usize(..bound)
    }

    /// Has this thread's numbers follow from `seed`. Gives the seed that takes them up again where they
    /// were.
    pub(crate) fn reseed(seed: u64) -> u64 {
        let before = fastrand::get_seed();
        fastrand::seed(seed);
        before
    }
}

/// The system's readiness queue: epoll, kqueue, IOCP.
pub(crate) mod readiness {
    use super::clock::{self, Instant};
    use super::sync::Mutex;
    use mio::{Poll, Token};
    use std::io;
    use std::time::Duration;

    pub(crate) use mio::Registry;
    pub(crate) use mio::event::Event;

    /// Events that one look takes from the system at most; what is left comes with the next.
    const EVENTS: usize = 1024;
    /// What the bell's own events are told by.
    const BELL: Token = Token(usize::MAX);

    /// The queue. One thread waits at it at a time; sources are registered from any.
    #[derive(Debug)]
    pub(crate) struct Selector {
        /// The queue, and room for what comes out of it; locked while somebody waits.
        locked: Mutex<(Poll, mio::Events)>,
        /// Where sources are registered.
        registry: Registry,
    }

    /// Wakes whoever waits at a [`Selector`], or is the next to.
    #[derive(Debug)]
    pub(crate) struct Bell(mio::Waker);

    impl Selector {
        pub(crate) fn new() -> io::Result<(Self, Bell)> {
            let poll = Poll::new()?;
            let registry = poll.registry().try_clone()?;
            let bell = Bell(mio::Waker::new(&registry, BELL)?);
            Ok((Self { locked: Mutex::new((poll, mio::Events::with_capacity(EVENTS))), registry }, bell))
        }

        pub(crate) fn registry(&self) -> &Registry {
            &self.registry
        }

        /// Waits for events, until the bell is rung, or until `deadline`, and gives the events to `deliver`.
        /// Does nothing where another thread is here until then, nor where `waits_still` denies it, which is asked
        /// when nobody else can hear the bell any more.
        ///
        /// # Panics
        /// If the system's queue fails, which it does only where it is misused.
        pub(crate) fn wait(
            &self,
            deadline: Option<Instant>,
            waits_still: &dyn Fn() -> bool,
            deliver: &mut dyn FnMut(&mut dyn Iterator<Item = &Event>),
        ) {
            let locked = match deadline {
                Some(deadline) => self.locked.try_lock_until(deadline),
                None => Some(self.locked.lock()),
            };
            let Some(mut locked) = locked.filter(|_| waits_still()) else { return };
            let timeout = deadline.map(|at| at.saturating_duration_since(clock::now()));
            take_out(&mut locked, timeout, deliver);
        }

        /// Gives the events that are there to `deliver`; none where another thread waits for them.
        ///
        /// # Panics
        /// As [`wait`](Self::wait).
        pub(crate) fn look(&self, deliver: &mut dyn FnMut(&mut dyn Iterator<Item = &Event>)) {
            if let Some(mut locked) = self.locked.try_lock() {
                take_out(&mut locked, Some(Duration::ZERO), deliver);
            }
        }
    }

    fn take_out(
        (poll, events): &mut (Poll, mio::Events),
        timeout: Option<Duration>,
        deliver: &mut dyn FnMut(&mut dyn Iterator<Item = &Event>),
    ) {
        match poll.poll(events, timeout) {
            Ok(()) => deliver(&mut events.iter().filter(|event| event.token() != BELL)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the system's readiness queue failed: {error}"),
        }
    }

    impl Bell {
        /// Wakes who waits. One system call.
        pub(crate) fn ring(&self) {
            // It fails only where the queue is gone; then nobody waits at it.
            let _ = self.0.wake();
        }
    }
}
