//! A scheduler without threads, for tests: one thread runs everything, in an order that follows from a
//! seed, on a clock that moves only when nobody can run.
//!
//! It is the same [`Scheduler`] with the same tasks, timers and registry, only that no worker was started.
//! Everything that becomes ready goes into the injector, as from any thread that is no worker, and is run
//! by [`Simulation::run`]. A routine that blocks its thread ([`Simulation::park`]) goes on with that on top
//! of its own stack, until it is woken and drawn.
//!
//! One step is one of these, the first that applies:
//! 1. fire what is due;
//! 2. draw one of those that can run, and run it: a task, the main operation, or the innermost that blocks;
//! 3. move the clock to the next timer;
//! 4. nobody will ever run again: say so.
//!
//! When the simulation ends, those that block in it are unwound by a panic: see [`Over`].
//!
//! The order of polls, the choices of selects, and how long a routine runs on before it yields by budget
//! come from one generator. So a seed repeats a run, provided that the program itself does nothing that
//! differs from run to run: no other threads, no real clock, no iteration over a `HashMap`.

use super::blocked::Blocked;
use super::{Pinning, Scheduler, Settings, Task, Topology, dump};
use crate::driver::parker::Parker;
use crate::panics::{self, Payload};
use crate::platform::clock::{self, Instant};
use crate::platform::random;
use crate::task::budget;
use crate::task::trace::{self, WaitsFor};
use crossbeam_deque::Steal;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

crate::platform::thread::thread_local! {
    /// What this thread simulates.
    static SIMULATION: RefCell<Option<Rc<Simulation>>> = const { RefCell::new(None) };
}

/// What a thread simulates.
pub(crate) struct Simulation {
    /// Has no threads.
    scheduler: Arc<Scheduler>,
    /// What its order follows from.
    seed: u64,
    /// When it began, on its own clock.
    start: Instant,
    /// Tasks that can run.
    ready: RefCell<Vec<Task>>,
    /// The routine in whose poll we are; 0 for none.
    current: Cell<u64>,
    /// The main operation, while it is not being polled.
    main: RefCell<Option<Main>>,
    /// Wakes the main operation, by being notified.
    main_woken: Arc<Parker>,
    /// How it ended.
    end: RefCell<Option<End>>,
    /// What the routines wait for, while the innermost that blocks is asked the same.
    stuck: RefCell<Option<Vec<dump::Found>>>,
}

/// What is run first, and whose end is the end of all. It leaves its output with whoever made it.
pub(crate) type Main = Pin<Box<dyn Future<Output = ()>>>;

/// How a simulation ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The main operation is done.
    Done,
    /// The main operation panicked.
    Panicked(Payload),
    /// Nobody can run any more.
    Deadlock(Deadlock),
}

/// Nobody can run any more.
#[derive(Debug)]
pub(crate) struct Deadlock {
    /// The routines.
    pub(crate) routines: Vec<dump::Found>,
    /// What the main operation waits for.
    pub(crate) main: Vec<WaitsFor>,
    /// What the innermost that blocks waits for.
    pub(crate) blocked: Option<Vec<WaitsFor>>,
}

/// The simulation has ended around an operation that blocks.
#[derive(Debug)]
pub(crate) struct Over;

/// This thread simulates until this is dropped.
pub(crate) struct Entered {
    /// What it simulates.
    simulation: Rc<Simulation>,
    /// Takes this thread's random numbers up again where they were.
    random: u64,
}

/// The simulation of this thread, if there is one.
pub(crate) fn current() -> Option<Rc<Simulation>> {
    SIMULATION.try_with(|cell| cell.borrow().clone()).ok().flatten()
}

/// The scheduler that this thread simulates.
#[inline(never)]
pub(super) fn scheduler() -> Option<Arc<Scheduler>> {
    current().map(|simulation| simulation.scheduler.clone())
}

/// Begins to simulate on this thread. `None`: it does so already, or is a worker.
pub(crate) fn enter(seed: u64, max_routines: Option<usize>, max_timers: Option<usize>) -> Option<Entered> {
    if current().is_some() || super::worker::with(|worker| worker.is_some()) {
        return None;
    }
    let start = clock::now();
    clock::set_virtual(Some(start));
    let random = random::reseed(seed);
    let scheduler = Scheduler::new(Settings {
        workers: 1,
        max_threads: 0,
        max_routines,
        max_timers: max_timers.unwrap_or(usize::MAX),
        max_blocking: 1,
        keep_alive: Duration::ZERO,
        name: "simulation".into(),
        pinning: Pinning::None,
        topology: Topology::read(|_| None, None),
    });
    // What blocks runs where it is waited for: a pool that takes no jobs has them run in place.
    scheduler.blocking.shut_down(false);
    let simulation = Rc::new(Simulation {
        scheduler,
        seed,
        start,
        ready: RefCell::new(Vec::new()),
        current: Cell::new(0),
        main: RefCell::new(None),
        main_woken: Arc::new(Parker::new()),
        end: RefCell::new(None),
        stuck: RefCell::new(None),
    });
    SIMULATION.with(|cell| *cell.borrow_mut() = Some(simulation.clone()));
    Some(Entered { simulation, random })
}

impl Entered {
    /// Runs `main` and all that it starts, until it is done, panics, or nobody can run any more.
    pub(crate) fn run(&self, main: Main) -> End {
        let simulation = &self.simulation;
        *simulation.main.borrow_mut() = Some(main);
        simulation.main_woken.unpark();
        loop {
            if let Some(end) = simulation.end.take() {
                return end;
            }
            simulation.step(None);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Those that are left are dropped inside the simulation: their destructors see its clock.
        let main = self.simulation.main.take();
        panics::swallow(|| drop(main));
        for task in self.simulation.ready.take() {
            self.simulation.scheduler.queues.injector.push(task);
        }
        self.simulation.scheduler.end_alone();
        let _ = SIMULATION.try_with(|cell| cell.borrow_mut().take());
        budget::set_fresh(budget::PER_POLL);
        random::reseed(self.random);
        clock::set_virtual(None);
    }
}

impl Simulation {
    /// What its order follows from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// How much time has passed in it.
    pub(crate) fn elapsed(&self) -> Duration {
        clock::now().saturating_duration_since(self.start)
    }

    /// Moves the clock, as if whoever calls had been busy for so long.
    ///
    /// # Panics
    /// If the clock cannot express the new time.
    pub(crate) fn advance(&self, duration: Duration) {
        let now = clock::now().checked_add(duration).expect("the clock reaches so far");
        clock::set_virtual(Some(now));
    }

    /// The routine in whose poll we are.
    pub(super) fn current_routine(&self) -> Option<u64> {
        Some(self.current.get()).filter(|&id| id != 0)
    }

    /// Whether it simulates this scheduler.
    pub(super) fn is_of(&self, scheduler: &Arc<Scheduler>) -> bool {
        Arc::ptr_eq(&self.scheduler, scheduler)
    }

    /// Runs the others until `blocked` is woken and drawn. Comes back also to have it tell what it waits
    /// for.
    ///
    /// # Errors
    /// If the simulation ends before that.
    pub(super) fn park(&self, blocked: &Blocked) -> Result<(), Over> {
        loop {
            if self.end.borrow().is_some() {
                return Err(Over);
            }
            if self.step(Some(blocked)) {
                return Ok(());
            }
        }
    }

    /// One step; see the module. Says whether it was the turn of `blocked`.
    fn step(&self, blocked: Option<&Blocked>) -> bool {
        while self.scheduler.driver.poll() > 0 {}
        self.gather();
        let main = usize::from(self.main.borrow().is_some() && self.main_woken.is_notified());
        let woken = usize::from(blocked.is_some_and(|blocked| blocked.parker().is_notified()));
        let ready = self.ready.borrow().len();
        if ready + main + woken == 0 {
            return !self.skip_to_next_timer() && self.is_stuck(blocked);
        }
        self.stuck.take();
        self.draw_budget();
        let drawn = random::below(ready + main + woken);
        if drawn < ready {
            let task = self.ready.borrow_mut().swap_remove(drawn);
            self.run(task);
        } else if drawn < ready + main {
            self.main_woken.park();
            self.poll_main();
        } else if let Some(blocked) = blocked {
            blocked.parker().park();
            return true;
        }
        false
    }

    /// Takes in what has become ready.
    fn gather(&self) {
        let mut ready = self.ready.borrow_mut();
        loop {
            match self.scheduler.queues.injector.steal() {
                Steal::Success(task) => ready.push(task),
                Steal::Empty => return,
                Steal::Retry => {}
            }
        }
    }

    /// One poll.
    fn run(&self, task: Task) {
        let outer = self.current.replace(task.metadata().id);
        task.run();
        self.current.set(outer);
    }

    /// One poll of the main operation. It is away meanwhile, so that it is not polled inside itself.
    fn poll_main(&self) {
        let Some(mut main) = self.main.take() else { return };
        let outer = self.current.replace(0);
        let waker = Waker::from(self.main_woken.clone());
        let polled =
            panics::contain(|| budget::with_fresh(|| main.as_mut().poll(&mut Context::from_waker(&waker))));
        self.current.set(outer);
        match polled {
            Ok(Poll::Pending) => *self.main.borrow_mut() = Some(main),
            // It may have been polled inside a routine that blocks; a deadlock may be known already.
            Ok(Poll::Ready(())) => drop(self.end.borrow_mut().get_or_insert(End::Done)),
            Err(payload) => drop(self.end.borrow_mut().get_or_insert(End::Panicked(payload))),
        }
    }

    /// Nobody can run: everyone is asked what they wait for, the innermost that blocks by having it come
    /// back once. That it is woken for this counts for nothing. Says whether it is its turn.
    fn is_stuck(&self, blocked: Option<&Blocked>) -> bool {
        let asked_before = self.stuck.take();
        let routines = match asked_before {
            Some(routines) => routines,
            None => {
                let routines = self.scheduler.dump();
                if let Some(blocked) = blocked {
                    *self.stuck.borrow_mut() = Some(routines);
                    blocked.ask();
                    blocked.parker().park();
                    return true;
                }
                routines
            }
        };
        let tracing = trace::begin();
        self.poll_main();
        let main = tracing.end();
        self.gather();
        if self.ready.borrow().is_empty() && !self.main_woken.is_notified() {
            let blocked = blocked.and_then(|blocked| blocked.answer());
            self.end.borrow_mut().get_or_insert(End::Deadlock(Deadlock { routines, main, blocked }));
        }
        false
    }

    /// Runs those that have an order to tell, and nobody else.
    pub(super) fn run_asked(&self) {
        self.gather();
        let asked = |task: &Task| task.metadata().seat.is_asked(task.metadata().id);
        let (asked, others): (Vec<_>, Vec<_>) = self.ready.take().into_iter().partition(asked);
        *self.ready.borrow_mut() = others;
        asked.into_iter().for_each(|task| self.run(task));
    }

    /// Every second poll ends after a few operations, or before the first, so that routines meet in more
    /// orders than those in which they happen to wait. The fewer, the likelier: most races need an interruption
    /// between the first two or three.
    fn draw_budget(&self) {
        let few = random::below(2) == 0;
        budget::set_fresh(if few { random::below(1 + random::below(12)) as u32 } else { budget::PER_POLL });
    }

    /// Moves the clock to the next timer. `false`: there is none that it reaches.
    fn skip_to_next_timer(&self) -> bool {
        match self.scheduler.driver.next_deadline() {
            Some(next) => {
                clock::set_virtual(Some(clock::now().max(next)));
                true
            }
            None => false,
        }
    }
}
