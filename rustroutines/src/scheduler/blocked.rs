//! Threads that block in an operation: each has one place to sleep, which others can ask what it waits
//! for.
//!
//! A thread that is asked is unparked; it polls its operation once more, tracing, and tells. One that has
//! gone on meanwhile tells at its next wait, to nobody.

use crate::driver::parker::Parker;
use crate::platform::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::platform::sync::{GlobalMutex, Mutex};
use crate::platform::thread;
use crate::task::trace::WaitsFor;
use std::sync::{Arc, Weak};

/// Everyone who has ever blocked, and whose thread has not ended.
static ALL: GlobalMutex<Vec<Weak<Blocked>>> = GlobalMutex::new(Vec::new());

/// A thread's place to block.
#[derive(Debug)]
pub(crate) struct Blocked {
    /// Where it sleeps.
    parker: Arc<Parker>,
    /// The thread's name.
    thread: Option<String>,
    /// It blocks now.
    waits: AtomicBool,
    /// The routine that blocks, where it is one; 0 for none.
    routine: AtomicU64,
    /// It is to tell what it waits for.
    asked: AtomicBool,
    /// What it told.
    told: Mutex<Vec<WaitsFor>>,
}

impl Blocked {
    /// A place for this thread.
    pub(crate) fn new() -> Arc<Self> {
        let blocked = Arc::new(Self {
            parker: Arc::new(Parker::new()),
            thread: thread::name(),
            waits: AtomicBool::new(false),
            routine: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            told: Mutex::new(Vec::new()),
        });
        let mut all = ALL.lock();
        if all.len() == all.capacity() {
            all.retain(|blocked| blocked.strong_count() > 0);
        }
        all.push(Arc::downgrade(&blocked));
        blocked
    }

    /// Where it sleeps.
    pub(crate) fn parker(&self) -> &Arc<Parker> {
        &self.parker
    }

    /// It begins to wait, until what this gives is dropped.
    pub(crate) fn begin(&self, routine: Option<u64>) -> Waiting<'_> {
        self.routine.store(routine.unwrap_or(0), Ordering::Relaxed);
        self.waits.store(true, Ordering::Relaxed);
        Waiting(self)
    }

    /// Whether it is to tell what it waits for.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Has it tell what it waits for.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.parker.unpark(); // Its release carries the order.
    }

    /// It tells.
    pub(crate) fn tell(&self, waits: Vec<WaitsFor>) {
        *self.told.lock() = waits;
        // Release: who sees that it has told sees what. Pairs with `answer`.
        self.asked.store(false, Ordering::Release);
    }

    /// What it told, once it has.
    pub(super) fn answer(&self) -> Option<Vec<WaitsFor>> {
        (!self.asked.load(Ordering::Acquire)).then(|| self.told.lock().clone())
    }

    /// The thread's name.
    pub(super) fn thread(&self) -> Option<&str> {
        self.thread.as_deref()
    }

    /// The routine that blocks, where it is one.
    pub(super) fn routine(&self) -> Option<u64> {
        Some(self.routine.load(Ordering::Relaxed)).filter(|&id| id != 0)
    }
}

/// A thread waits while this is there.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Blocked);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waits.store(false, Ordering::Relaxed);
    }
}

/// Everyone who blocks now.
pub(super) fn all() -> Vec<Arc<Blocked>> {
    let mut blocked: Vec<_> = ALL.lock().iter().filter_map(Weak::upgrade).collect();
    blocked.retain(|blocked| blocked.waits.load(Ordering::Relaxed));
    blocked
}
