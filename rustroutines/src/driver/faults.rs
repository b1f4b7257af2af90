//! Faults under the sockets, for the library's own tests: what a system does rarely, it does here often.
//!
//! Behind the feature `faults`. Without it, all of this is nothing.
//!
//! - *WouldBlock* where the call would have succeeded, and an event at once: a storm of false alarms.
//! - *Interrupted*, before the call.
//! - *Short* reads and writes: fewer bytes than there is room for.
//! - *Aborted* connections and *exhausted* descriptors, when accepting; what was to be accepted stays.
//! - *Uncached* files: what lies in the system's cache does not, for who asks for no more than that.
//! - *Broken* connections: `BrokenPipe` from a write, `ConnectionReset` from a read.
//!
//! And it counts what the system has copied by itself, which nobody could tell otherwise.

#[cfg(feature = "faults")]
pub use real::{Faults, Injected, inject, moved_by_system};
#[cfg(feature = "faults")]
pub(crate) use real::{accept, alarm, are_injected, is_cached, note_moved, read, write};
#[cfg(not(feature = "faults"))]
pub(crate) use unreal::{accept, alarm, are_injected, is_cached, note_moved, read, write};

#[cfg(not(feature = "faults"))]
mod unreal {
    use std::io;

    #[inline]
    pub(crate) fn are_injected() -> bool {
        false
    }

    #[inline]
    pub(crate) fn alarm() -> io::Result<()> {
        Ok(())
    }

    #[inline]
    pub(crate) fn accept() -> io::Result<()> {
        Ok(())
    }

    #[inline]
    pub(crate) fn read(most: usize) -> io::Result<usize> {
        Ok(most)
    }

    #[inline]
    pub(crate) fn is_cached() -> bool {
        true
    }

    #[inline]
    pub(crate) fn write(most: usize) -> io::Result<usize> {
        Ok(most)
    }

    #[inline]
    pub(crate) fn note_moved(_: usize) {}
}

#[cfg(feature = "faults")]
mod real {
    use crate::platform::atomic::{AtomicBool, AtomicU64, Ordering};
    use crate::platform::random::Seeded;
    use crate::platform::sync::Mutex;
    use std::io;

    /// How many of a thousand calls go wrong, and in which way.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Faults {
        /// Where the dice begin.
        pub seed: u64,
        /// `WouldBlock` for nothing.
        pub would_block: u64,
        /// `Interrupted`.
        pub interrupted: u64,
        /// Fewer bytes than there is room for.
        pub short: u64,
        /// `ConnectionAborted`, when accepting.
        pub aborted: u64,
        /// No descriptor left, when accepting.
        pub exhausted: u64,
        /// What is in the system's cache is said not to be.
        pub uncached: u64,
        /// `BrokenPipe` and `ConnectionReset`.
        pub broken: u64,
    }

    /// Faults are injected as long as this lives.
    #[derive(Debug)]
    pub struct Injected(());

    /// The faults, the dice, and how many faults there have been.
    static PLAN: Mutex<Option<(Faults, Seeded, u64)>> = Mutex::new(None);
    /// Whether there is a plan.
    static ACTIVE: AtomicBool = AtomicBool::new(false);
    /// How many bytes the system has copied by itself.
    static MOVED: AtomicU64 = AtomicU64::new(0);

    /// Injects faults into all sockets of the process, until what this returns is dropped.
    pub fn inject(faults: Faults) -> Injected {
        *PLAN.lock() = Some((faults, Seeded::with_seed(faults.seed), 0));
        ACTIVE.store(true, Ordering::Relaxed);
        Injected(())
    }

    impl Injected {
        /// How many faults there have been.
        pub fn count(&self) -> u64 {
            PLAN.lock().as_ref().map_or(0, |(_, _, count)| *count)
        }
    }

    impl Drop for Injected {
        fn drop(&mut self) {
            ACTIVE.store(false, Ordering::Relaxed);
            *PLAN.lock() = None;
        }
    }

    /// Whether there may be faults: then few bytes say nothing about what is left.
    pub(crate) fn are_injected() -> bool {
        ACTIVE.load(Ordering::Relaxed)
    }

    /// Whether a fault of this kind is due; with a number from the dice.
    fn due(permille: fn(&Faults) -> u64) -> Option<u64> {
        if !ACTIVE.load(Ordering::Relaxed) {
            return None;
        }
        let mut plan = PLAN.lock();
        let (faults, dice, count) = plan.as_mut()?;
        let is_due = dice.u64(..1000) < permille(faults);
        *count += u64::from(is_due);
        is_due.then(|| dice.u64(..))
    }

    /// A false alarm, or an interruption.
    pub(crate) fn alarm() -> io::Result<()> {
        if due(|faults| faults.interrupted).is_some() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match due(|faults| faults.would_block) {
            Some(_) => Err(io::ErrorKind::WouldBlock.into()),
            None => Ok(()),
        }
    }

    /// What goes wrong with an acceptance.
    pub(crate) fn accept() -> io::Result<()> {
        const NO_DESCRIPTOR: i32 = 24;
        if due(|faults| faults.aborted).is_some() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match due(|faults| faults.exhausted) {
            Some(_) => Err(io::Error::from_raw_os_error(NO_DESCRIPTOR)),
            None => Ok(()),
        }
    }

    /// Whether a file may be in the system's cache.
    pub(crate) fn is_cached() -> bool {
        due(|faults| faults.uncached).is_none()
    }

    /// How many bytes a read moves at most, or what goes wrong.
    pub(crate) fn read(most: usize) -> io::Result<usize> {
        match due(|faults| faults.broken) {
            Some(_) => Err(io::ErrorKind::ConnectionReset.into()),
            None => Ok(limit(most)),
        }
    }

    /// How many bytes a write moves at most, or what goes wrong.
    pub(crate) fn write(most: usize) -> io::Result<usize> {
        match due(|faults| faults.broken) {
            Some(_) => Err(io::ErrorKind::BrokenPipe.into()),
            None => Ok(limit(most)),
        }
    }

    /// The system has copied so many bytes by itself.
    pub(crate) fn note_moved(bytes: usize) {
        MOVED.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// How many bytes the system has copied by itself, from file to file and from file to stream, so far.
    pub fn moved_by_system() -> u64 {
        MOVED.load(Ordering::Relaxed)
    }

    fn limit(most: usize) -> usize {
        match due(|faults| faults.short) {
            Some(number) if most > 1 => 1 + (number % (most as u64 - 1)) as usize,
            _ => most,
        }
    }
}
