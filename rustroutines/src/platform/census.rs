//! Which threads of the process may still do something: what a deadlock is told by.
//!
//! A thread is
//! - *silent* while it sleeps, without a time limit, until one of this process's threads wakes it: see
//!   [`Parker`](crate::driver::parker::Parker). Whoever wakes it counts it as woken, so there is no moment
//!   in which one that was woken counts as silent and nobody counts as awake;
//! - *on standby* while it can only do what it is given: a thread of the blocking pool. What it is given
//!   is counted as an *errand* from before it is handed over to after its end;
//! - *at a queue* while it waits for the system's events and for nothing else. Where there is no source of I/O
//!   left, none will come; it is then told to wait elsewhere, where it is silent;
//! - anything else, as far as we know: it runs, sleeps until a deadline, waits for the system, or is not
//!   ours. Threads that are not ours and block in an operation of ours are silent like others.
//!
//! # When everything is asleep
//! Whoever falls silent counts itself, and then looks:
//! 1. how many have been woken so far, and how many are silent;
//! 2. that there is no errand, and how many there have been;
//! 3. how many are on standby, and how many threads the process has (one number, read from the system);
//! 4. that no errand has come or been since, and nobody has been woken.
//!
//! If by 4 nobody has, those that were silent in 1 were so in 3, and those on standby had nothing to do. If
//! these are as many as there were threads, every thread was asleep at that moment, and none of them can
//! wake another. Nothing but the system could, and who waits for that, or for time, is not silent. So it is
//! never said of a program that could go on.
//!
//! # Who still waits at a queue
//! A thread that goes to a queue counts itself, and then looks whether there are sources at all. Whoever takes
//! the last source away counts it off, and falls silent some time later; then it looks whether all others are
//! silent or at a queue. The accesses are in one order: the first sees that there is no source, or the other
//! sees it at the queue, and has it leave. It falls silent like others, and looks.
//!
//! # What is missed
//! It is missed only where the last that could do something is no thread of ours and ends without a call
//! of ours. Where a thread too many is seen it may be about to end, so whoever looked looks again, a few
//! times, at growing intervals.
//!
//! Only a program that asked for it ([`watch`]) pays more than a count for each sleep; and only where
//! the system says how many threads there are, as Linux does, can anything be found.

use super::system::threads;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Threads that have fallen silent, ever.
static SILENCED: AtomicU64 = AtomicU64::new(0);
/// Silent threads that have been woken, ever.
static WOKEN: AtomicU64 = AtomicU64::new(0);
/// Errands that have been given, ever.
static GIVEN: AtomicU64 = AtomicU64::new(0);
/// Errands that are done.
static DONE: AtomicU64 = AtomicU64::new(0);
/// Threads on standby.
static STANDBY: AtomicUsize = AtomicUsize::new(0);
/// Threads that are ours and not on standby: fewer are never there, so that while not all of these are
/// silent nobody need ask the system.
static RESIDENTS: AtomicUsize = AtomicUsize::new(0);
/// Whether anybody wants to know.
static WATCHED: AtomicBool = AtomicBool::new(false);
/// Threads at a queue.
static AT_QUEUES: AtomicUsize = AtomicUsize::new(0);
/// Sources of I/O that are registered, with whatever queue.
static SOURCES: AtomicUsize = AtomicUsize::new(0);
/// Whom to tell.
static REPORT: OnceLock<fn()> = OnceLock::new();
/// Who has threads leave their queues.
static LEAVE_QUEUES: OnceLock<fn()> = OnceLock::new();

/// How long to wait before another look, each time.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(10), Duration::from_millis(100), Duration::from_secs(1)];

/// A thread has fallen silent.
#[inline]
pub(crate) fn fall_silent() {
    SILENCED.fetch_add(1, SeqCst);
}

/// The caller has woken a thread that was silent.
#[inline]
pub(crate) fn wake_silent() {
    WOKEN.fetch_add(1, SeqCst);
}

/// Whether whoever falls silent is to [`look`].
#[inline]
pub(crate) fn is_watched() -> bool {
    WATCHED.load(SeqCst)
}

/// A silent thread looks whether all are asleep, for the `turn`th time. `Some`: it is to look again after so
/// long.
#[cold]
pub(crate) fn look(turn: usize) -> Option<Duration> {
    if !is_watched() {
        return None;
    }
    let woken = WOKEN.load(SeqCst);
    let silent = SILENCED.load(SeqCst).wrapping_sub(woken);
    let residents = RESIDENTS.load(SeqCst) as u64;
    if silent < residents {
        // The last of these will look.
        if !has_sources() && silent + AT_QUEUES.load(SeqCst) as u64 >= residents {
            if let Some(leave_queues) = LEAVE_QUEUES.get() {
                leave_queues();
            }
        }
        return None;
    }
    let given = GIVEN.load(SeqCst);
    let errands = given != DONE.load(SeqCst);
    let standby = STANDBY.load(SeqCst) as u64;
    let threads = threads::count()?;
    let unchanged = GIVEN.load(SeqCst) == given && WOKEN.load(SeqCst) == woken;
    if !errands && unchanged && silent + standby == threads {
        if WATCHED.swap(false, SeqCst) {
            if let Some(report) = REPORT.get() {
                report();
            }
        }
        return None;
    }
    PAUSES.get(turn).copied()
}

/// As long as this is there, the program wants to know when everything is asleep.
#[derive(Debug)]
pub(crate) struct Watch(());

/// Has `report` called, once, on a thread that must not be kept, when every thread is asleep for good;
/// `leave_queues` has those leave that are at a queue without sources. The caller is one of ours from here on.
pub(crate) fn watch(report: fn(), leave_queues: fn()) -> Watch {
    REPORT.get_or_init(|| report);
    LEAVE_QUEUES.get_or_init(|| leave_queues);
    RESIDENTS.fetch_add(1, SeqCst);
    WATCHED.store(threads::count().is_some(), SeqCst);
    Watch(())
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.store(false, SeqCst);
        RESIDENTS.fetch_sub(1, SeqCst);
    }
}

/// Something that is counted as long as this is there.
#[derive(Debug)]
pub(crate) struct Counted(&'static AtomicUsize);

impl Counted {
    fn new(counter: &'static AtomicUsize) -> Self {
        counter.fetch_add(1, SeqCst);
        Self(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// This thread is a worker, or looks after workers.
pub(crate) fn resident() -> Counted {
    Counted::new(&RESIDENTS)
}

/// This thread does only what it is given.
pub(crate) fn standby() -> Counted {
    Counted::new(&STANDBY)
}

/// This thread is at a queue.
pub(crate) fn at_queue() -> Counted {
    Counted::new(&AT_QUEUES)
}

/// A source of I/O is about to be registered.
pub(crate) fn source_comes() {
    SOURCES.fetch_add(1, SeqCst);
}

/// It is registered no more.
pub(crate) fn source_goes() {
    SOURCES.fetch_sub(1, SeqCst);
}

/// Whether there are sources of I/O.
pub(crate) fn has_sources() -> bool {
    SOURCES.load(SeqCst) > 0
}

/// Something that a thread on standby is given, until it is done with.
#[derive(Debug)]
pub(crate) struct Errand(());

impl Errand {
    pub(crate) fn new() -> Self {
        GIVEN.fetch_add(1, SeqCst);
        Self(())
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        DONE.fetch_add(1, SeqCst);
        if is_watched() {
            // It may have been the last that could do something. Whoever was to wait for it may be gone.
            look(0);
        }
    }
}
