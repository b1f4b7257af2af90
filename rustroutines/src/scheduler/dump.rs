//! What every routine does, for whoever asks.
//!
//! 1. Everyone in the registry who has ever parked gets the order to *tell*, and is woken.
//! 2. Each is polled once more on a worker, in its turn, with that thread tracing, and tells: see
//!    [`trace`](crate::task::trace). Threads that block in an operation do the same: see
//!    [`blocked`].
//!    Whoever is in a poll is not asked: it runs.
//! 3. Who asks waits until all have told, or until nobody has told anything for a while: those who have
//!    not are in a queue behind one that is stuck, or have got stuck themselves meanwhile.
//!
//! One asks at a time. An order that nobody waits for any more is carried out all the same, and what is told
//! then is dropped.

use super::blocked::{self, Blocked};
use super::{Scheduler, simulation, worker};
use crate::platform::atomic::Ordering;
use crate::platform::clock;
use crate::platform::sync::{Condvar, Mutex};
use crate::platform::thread;
use crate::task::registry::{Asked, Told};
use crate::task::trace::WaitsFor;
use std::collections::{HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// How long nobody may tell anything before the rest is not waited for.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often who asks looks whether those that it waits for are still there.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Where routines tell.
pub(super) struct Inquiry {
    /// Held by who asks.
    turn: Mutex<()>,
    /// What was told; `None` while nobody asks.
    told: Mutex<Option<Answers>>,
    /// Everything was told.
    heard: Condvar,
}

struct Answers {
    /// How many were asked.
    expected: usize,
    /// What they told, by their numbers.
    told: HashMap<u64, Told>,
}

/// A routine, as a dump finds it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: u64,
    pub(crate) name: Option<Arc<String>>,
    pub(crate) site: &'static Location<'static>,
    pub(crate) state: State,
}

/// What a routine does.
#[derive(Debug)]
pub(crate) enum State {
    /// It is in a poll.
    Running,
    /// It waits for a worker.
    Queued,
    /// It waits.
    Waiting(Told),
}

/// A thread that blocks.
#[derive(Debug)]
pub(crate) struct FoundThread {
    pub(crate) name: Option<String>,
    pub(crate) routine: Option<u64>,
    pub(crate) waits: Vec<WaitsFor>,
}

impl Inquiry {
    pub(super) fn new() -> Self {
        Self { turn: Mutex::new(()), told: Mutex::new(None), heard: Condvar::new() }
    }

    /// A routine tells.
    pub(super) fn tell(&self, id: u64, told: Told) {
        if let Some(answers) = &mut *self.told.lock() {
            answers.told.insert(id, told);
            if answers.told.len() == answers.expected {
                self.heard.notify_all();
            }
        }
    }
}

impl Scheduler {
    /// What every routine does.
    pub(crate) fn dump(self: &Arc<Self>) -> Vec<Found> {
        let simulation = simulation::current().filter(|simulation| simulation.is_of(self));
        if simulation.is_none() {
            // The others must be able to run while this one waits for them.
            worker::with(|worker| worker.map(worker::Worker::step_aside));
        }
        let _turn = self.inquiry.turn.lock();
        *self.inquiry.told.lock() = Some(Answers { expected: usize::MAX, told: HashMap::new() });
        let running = self.running();
        let asked = self.registry.ask(|id| !running.contains(&id));
        if let Some(answers) = &mut *self.inquiry.told.lock() {
            answers.expected = asked.iter().filter(|asked| asked.living.waker.is_some()).count();
        }
        for asked in &asked {
            if let Some(waker) = &asked.living.waker {
                waker.wake_by_ref();
            }
        }
        match &simulation {
            Some(simulation) => simulation.run_asked(),
            None => self.hear(&asked),
        }
        let mut told = self.inquiry.told.lock().take().map(|answers| answers.told).unwrap_or_default();
        let running = self.running();
        let found = |Asked { living, seat }: Asked<super::Owner>| {
            let state = match told.remove(&living.id) {
                Some(told) if !told.waits.contains(&WaitsFor::Turn) => State::Waiting(told),
                _ if running.contains(&living.id) => State::Running,
                _ if !seat.is_taken_by(living.id) => return None,
                _ => State::Queued,
            };
            Some(Found { id: living.id, name: living.name, site: living.site, state })
        };
        asked.into_iter().filter_map(found).collect()
    }

    /// Waits until all have told.
    fn hear(&self, asked: &[Asked<super::Owner>]) {
        // Also one that is in a poll by now: in the one in which it tells, most likely.
        let left = || asked.iter().filter(|asked| asked.seat.is_asked(asked.living.id)).count();
        wait(left, |until| {
            let mut answers = self.inquiry.told.lock();
            let all = answers.as_ref().is_none_or(|answers| answers.told.len() >= answers.expected);
            if !all {
                self.inquiry.heard.wait_until(&mut answers, until);
            }
            !all
        });
    }

    /// The routines in whose poll a thread is.
    fn running(self: &Arc<Self>) -> HashSet<u64> {
        let workers = self.queues.remotes().map(|remote| remote.own.current.load(Ordering::Relaxed));
        let simulated = simulation::current()
            .filter(|simulation| simulation.is_of(self))
            .and_then(|simulation| simulation.current_routine());
        workers.chain(simulated).filter(|&id| id != 0).collect()
    }
}

/// What every thread of the process does that blocks in an operation.
pub(crate) fn threads() -> Vec<FoundThread> {
    worker::with(|worker| worker.map(worker::Worker::step_aside));
    let threads = blocked::all();
    threads.iter().for_each(|thread| thread.ask());
    wait(|| threads.iter().filter(|thread| thread.is_asked()).count(), |_| false);
    let found = |thread: &Arc<Blocked>| {
        let (name, routine) = (thread.thread().map(str::to_owned), thread.routine());
        thread.answer().map(|waits| FoundThread { name, routine, waits })
    };
    threads.iter().filter_map(found).collect()
}

/// Waits until nobody is `left`, or nobody has left for a while. `sleep` may sleep until the instant it is
/// given, and says whether it did.
fn wait(left: impl Fn() -> usize, sleep: impl Fn(clock::Instant) -> bool) {
    let mut before = usize::MAX;
    let mut give_up = clock::now() + PATIENCE;
    loop {
        let left = left();
        let now = clock::now();
        if left == 0 || (left >= before && now >= give_up) {
            return;
        }
        if left < before {
            (before, give_up) = (left, now + PATIENCE);
        }
        if !sleep(now + LOOK_AGAIN) {
            thread::sleep(LOOK_AGAIN);
        }
    }
}
