//! A worker thread: takes tasks and runs them while it has a place.
//!
//! The order in which it looks for a task:
//! 1. every 61st time the driver is polled and the injector looked at first, so that a worker that
//!    never runs dry serves timers and what comes from outside;
//! 2. its next slot, but only a few times in a row: two routines that wake one another must not keep
//!    the worker from the rest. What has joined a routine that has just ended comes after what is in the deque by then, up
//!    to a limit: most likely it joins the next of them, and is not to be woken by each;
//! 3. its prompt lane, likewise;
//! 4. its deque;
//! 5. the injector and the others' deques, as a searcher; then it sleeps: see [`idle`](super::idle).
//!
//! # What time or the system brings
//! To wake another worker for it costs some 20 µs of two processors, and a worker does twenty short polls in as
//! much. So what the driver brings is its finder's *own* for a moment ([`ALONE`]); what is left after that is shared,
//! as is at once what is much to begin with. Where it was too much for one, it is shared at once the next times.
//! Nothing is hidden by that: its finder is awake and does nothing else, whoever searches finds it, and if the
//! finder is stuck in a poll meanwhile, the monitor clears its queues out and wakes somebody for it. That is a delay
//! of some milliseconds at most, and seldom: the next times are doubled each time.
//!
//! A busy worker steals nothing, as the driver always has something new for it; and where there are more threads than
//! processors, the system suspends a worker for milliseconds in the midst of what the driver has brought it. So each looks
//! at step 1 whether another still has much in its prompt lane and has neither begun nor ended a poll since the look
//! before, and takes that over first: what is older goes before what is new (of 1,000 connections the latest answer but
//! one in a hundred comes after 12 ms instead of 15). The monitor would do it later, and take the place away, too.
//!
//! A thread without a place (taken by the monitor, or given up for a wait) finishes the poll it is in,
//! pushing what it wakes into the injector (but for a burst: see [`queue`](super::queue)), hands its queues over, and
//! waits among the spares.

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use super::queue::{CALL, Lanes, Remote, Vacant, bump};
use super::suspect::Suspect;
use super::{Scheduler, Task};
use crate::driver::Driver;
use crate::platform::atomic::{Ordering, fence};
use crate::platform::clock::{self, Instant};
use crate::platform::system::threads;
use crate::platform::{census, random};
use crate::task::Home as _;
use crate::task::locals::Key;
use crate::task::registry::Spawner;
use crossbeam_utils::CachePadded;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;
use std::time::Duration;

/// Polls between two looks at the driver and the injector. A prime, so that it falls into no step with
/// a program's own rhythm.
const INTERVAL: u32 = 61;
/// How often a searcher looks again before it sleeps, and how many hints to the CPU it gives in between:
/// so many that the others have made a batch worth the theft.
const ROUNDS: u32 = 4;
const SPINS: u32 = 200;
/// Looking again is given up after so many times in a row that it found nothing.
const HOPES: u32 = 4;
/// It is tried once more on every so manieth time that a worker finds nothing.
const TRY_AGAIN: u32 = 16;
/// A worker that has run so many tasks since it slept is in the midst of something: it looks again.
const BUSY: u32 = 16;
/// So long a worker keeps what the driver has brought to itself: some times what it takes to wake another.
const ALONE: Duration = Duration::from_micros(100);
/// Of so many it keeps none to itself: they would take longer.
const MANY: usize = 128;
/// So many times, after one that took too long, it shares at once.
const LEAST_SHARES: u32 = 16;
/// At most so many, where it has always taken too long.
const MOST_SHARES: u32 = 1 << 12;
/// Tasks from the next slot in a row.
const NEXT_IN_A_ROW: u32 = 16;
/// Tasks of the deque that go before who has joined the one that has just ended.
const PATIENCE: usize = 64;
/// Tasks from the prompt lane between two from the deque.
const PROMPT_IN_A_ROW: u32 = 16;

crate::platform::thread::thread_local! {
    /// The worker that this thread is.
    static WORKER: OnceCell<Worker> = const { OnceCell::new() };
    /// The routine that this thread polls outside of the loop of a worker.
    static GUEST: Cell<Option<Key>> = const { Cell::new(None) };
}

/// A worker thread's own side.
pub(crate) struct Worker {
    /// What it works for.
    scheduler: Arc<Scheduler>,
    /// Its number among the threads.
    index: usize,
    /// Its queues.
    lanes: Lanes,
    /// What others see of it.
    remote: Arc<CachePadded<Remote>>,
    /// Something was put into the next slot and not taken by us since.
    has_next: Cell<bool>,
    /// Something was put into the prompt lane, perhaps, since we last found it empty.
    has_prompt: Cell<bool>,
    /// The driver tells this thread what has happened, one thing after another: what is woken now was woken by
    /// time or by the system. Nobody else is told before the end.
    attends: Cell<bool>,
    /// Tasks taken from the prompt lane since one was taken from the deque.
    prompt_in_a_row: Cell<u32>,
    /// Tasks taken from the next slot in a row.
    in_a_row: Cell<u32>,
    /// Tasks run since the last look at the driver.
    since_look: Cell<u32>,
    /// How often in a row looking again may still find nothing.
    hopes: Cell<u32>,
    /// How often it found nothing to run.
    dry: Cell<u32>,
    /// Its pulse when it last woke.
    woke_at: Cell<u64>,
    /// It last woke because somebody called it, not for the time or for the system.
    called: Cell<bool>,
    /// Until then nobody has been told of what the driver brought.
    alone_until: Cell<Option<Instant>>,
    /// How many more times it shares at once what the driver brings.
    shares: Cell<u32>,
    /// How many times it did when it last took too long.
    shares_before: Cell<u32>,
    /// The routine that it is running has ended.
    pub(super) ends: Cell<bool>,
    /// So many tasks of the deque go before the one in the next slot.
    patience: Cell<usize>,
    /// Which other worker may be stuck.
    suspect: Cell<Suspect>,
    /// Seats the routines that are spawned here.
    pub(crate) spawner: RefCell<Spawner<super::Owner>>,
}

/// Calls `f` with the worker that this thread is, if it is one.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
    // A destructor of a thread-local may run after ours: then this thread is no worker any more.
    let mut f = Some(f);
    let result = WORKER.try_with(|worker| f.take().map(|f| f(worker.get())));
    match result {
        Ok(Some(result)) => result,
        _ => without(f.take().expect("it was not called")),
    }
}

/// Apart, so that `f` stands in [`with`] once and becomes a part of it.
#[cold]
#[inline(never)]
fn without<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
    f(None)
}

/// Polls a task that has the order to end, on whatever thread this is.
pub(super) fn run_as_guest(task: Task) {
    let meta = task.metadata();
    let key = Key::of_routine(meta.seat.home().address(), meta.id);
    let outer = GUEST.try_with(|guest| guest.replace(Some(key))).unwrap_or(None);
    // It contains all panics.
    task.run();
    let _ = GUEST.try_with(|guest| guest.set(outer));
}

/// The key of the routine that this thread polls.
pub(super) fn current_key() -> Option<Key> {
    let guest = GUEST.try_with(Cell::get).unwrap_or(None);
    guest.or_else(|| {
        with(|worker| {
            let worker = worker?;
            Some(Key::of_routine(Arc::as_ptr(&worker.scheduler).addr(), worker.current()?))
        })
    })
}

/// Makes this thread a worker, until it is not needed any more or the scheduler is shut down.
pub(crate) fn run(scheduler: Arc<Scheduler>, index: usize, lanes: Lanes, remote: Arc<CachePadded<Remote>>) {
    // It is a wish: where the system does not grant it (a processor may have gone), the thread runs anywhere.
    let _granted = threads::stay_on(scheduler.queues.plan().cpus(index));
    let _resident = census::resident();
    let worker = Worker::new(scheduler, index, lanes, remote);
    WORKER.with(|cell| {
        let worker = cell.get_or_init(|| worker);
        worker.work();
        worker.end();
    });
}

impl Worker {
    fn new(scheduler: Arc<Scheduler>, index: usize, lanes: Lanes, remote: Arc<CachePadded<Remote>>) -> Self {
        Self {
            scheduler,
            index,
            lanes,
            remote,
            has_next: Cell::new(false),
            has_prompt: Cell::new(false),
            attends: Cell::new(false),
            prompt_in_a_row: Cell::new(0),
            in_a_row: Cell::new(0),
            since_look: Cell::new(random::below(INTERVAL as usize) as u32),
            hopes: Cell::new(HOPES),
            dry: Cell::new(0),
            woke_at: Cell::new(0),
            called: Cell::new(true),
            alone_until: Cell::new(None),
            shares: Cell::new(0),
            shares_before: Cell::new(0),
            ends: Cell::new(false),
            patience: Cell::new(0),
            suspect: Cell::new(Suspect::nobody(index)),
            spawner: RefCell::new(Spawner::new()),
        }
    }

    /// What it works for.
    pub(crate) fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }

    /// What others see of it.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The routine in whose poll this thread is.
    pub(crate) fn current(&self) -> Option<u64> {
        Some(self.remote.own.current.load(Ordering::Relaxed)).filter(|&id| id != 0)
    }

    /// Queues a task that was woken or spawned on this thread. Gives it back where the thread has no
    /// place: nothing is queued here then, because nobody might look for a long time. But for a burst, after which the
    /// monitor looks.
    #[inline]
    pub(crate) fn push(&self, task: Task, while_running: bool) -> Result<(), Task> {
        if !self.remote.placed.load(Ordering::Relaxed) {
            return self.push_without_place(task);
        }
        if while_running {
            // It yielded, or was woken in its own poll: to the back. This thread is about to take a
            // task, so there is one more for others only if the next slot is taken.
            self.lanes.deque.push(task);
            if self.has_next.get() {
                self.scheduler.notify();
            }
            return Ok(());
        }
        if self.attends.get() {
            self.lanes.prompt.push(task);
            self.has_prompt.set(true);
            return Ok(());
        }
        let other = self.remote.own.next.swap(Some(task));
        self.has_next.set(true);
        if let Some(other) = other {
            self.lanes.deque.push(other);
            if self.scheduler.idle.wants_one() {
                self.call();
            }
        } else if self.ends.get() {
            self.patience.set(PATIENCE.min(self.lanes.deque.len()));
        }
        if self.remote.placed.load(Ordering::Relaxed) { Ok(()) } else { self.take_back() }
    }

    /// What a burst starts goes into the deque all the same.
    #[cold]
    fn push_without_place(&self, task: Task) -> Result<(), Task> {
        if !self.remote.bursts.load(Ordering::Relaxed) {
            return Err(task);
        }
        self.lanes.deque.push(task);
        if self.scheduler.idle.wants_one() {
            self.call();
        }
        Ok(())
    }

    /// Wakes a sleeper for what is in the deque, unless that is too little for a burst.
    #[cold]
    fn call(&self) {
        if !self.remote.bursts.load(Ordering::Relaxed) || self.lanes.deque.len() >= CALL {
            self.scheduler.notify();
        }
    }

    /// The poll that was a burst is over, or about to block: what thieves have left is for everybody.
    #[cold]
    fn end_burst(&self) {
        self.remote.bursts.store(false, Ordering::Relaxed);
        if !self.lanes.deque.is_empty() {
            self.scheduler.notify(); // Includes the fence that pairs with W2: see `idle`.
        }
    }

    /// The place has gone while a task was put into the next slot. The monitor empties that after it has taken the
    /// place, and both exchange what is in the slot: so it finds the task, or this finds the place gone.
    #[cold]
    fn take_back(&self) -> Result<(), Task> {
        self.remote.own.next.take().map_or(Ok(()), Err)
    }

    /// The main loop, until the scheduler is dead or the thread is not needed any more.
    fn work(&self) {
        let mut just_come = true;
        while !self.scheduler.is_dead() {
            if !self.remote.placed.load(Ordering::Relaxed) {
                self.hand_queues_over();
                if !self.scheduler.wait_for_place(self.index, &self.remote, just_come) {
                    return;
                }
                just_come = false;
                continue;
            }
            match self.take() {
                Some(task) => self.run(task),
                None => self.idle(),
            }
        }
    }

    /// One poll.
    #[inline]
    fn run(&self, task: Task) {
        let own = &*self.remote.own;
        let pulse = own.pulse.load(Ordering::Relaxed);
        own.current.store(task.metadata().id, Ordering::Relaxed);
        // Release: pairs with the acquire in `Polls::of`.
        own.pulse.store(pulse.wrapping_add(1), Ordering::Release);
        own.recorders.measure(task);
        self.ends.set(false);
        own.current.store(0, Ordering::Relaxed);
        own.pulse.store(pulse.wrapping_add(2), Ordering::Relaxed);
        if self.remote.bursts.load(Ordering::Relaxed) {
            self.end_burst();
        }
    }

    /// Steps 1 to 4.
    #[inline]
    fn take(&self) -> Option<Task> {
        let tasks = self.since_look.get() + 1;
        self.since_look.set(tasks);
        if tasks >= INTERVAL || self.remote.look_at_driver.load(Ordering::Relaxed) {
            if let Some(task) = self.look_around() {
                return Some(task);
            }
        }
        if self.has_next.get() {
            if self.patience.get() > 0 {
                if let Some(task) = self.take_before_next() {
                    return Some(task);
                }
            }
            let taken = self.in_a_row.get();
            if taken < NEXT_IN_A_ROW {
                self.in_a_row.set(taken + 1);
                self.has_next.set(false);
                if let Some(task) = self.remote.own.next.take() {
                    return Some(task);
                }
            } else {
                self.flush_next();
            }
        }
        self.in_a_row.set(0);
        self.take_queued()
    }

    /// Steps 3 and 4.
    #[inline]
    fn take_queued(&self) -> Option<Task> {
        if self.has_prompt.get() {
            if let Some(task) = self.take_prompt() {
                return Some(task);
            }
        }
        self.lanes.deque.pop()
    }

    /// A task that goes before the one in the next slot.
    #[inline(never)]
    fn take_before_next(&self) -> Option<Task> {
        let task = self.take_queued();
        // Where others have stolen them there is nothing to wait for.
        let left = if task.is_some() { self.patience.get() - 1 } else { 0 };
        self.patience.set(left);
        task
    }

    /// Step 3.
    fn take_prompt(&self) -> Option<Task> {
        if self.alone_until.get().is_some() {
            self.share_late();
        }
        let taken = self.prompt_in_a_row.get();
        if taken < PROMPT_IN_A_ROW {
            self.prompt_in_a_row.set(taken + 1);
            if let Some(task) = self.lanes.prompt.pop() {
                return Some(task);
            }
            self.has_prompt.set(false);
        }
        self.prompt_in_a_row.set(0);
        // The deque's turn. Where it is empty, there may still be something here.
        self.lanes.deque.pop().or_else(|| self.lanes.prompt.pop())
    }

    /// Calls `driver`, which may wake many: they go into the prompt lane. The caller then
    /// [shares](Self::share) them.
    fn attend(&self, driver: impl FnOnce(&Driver)) {
        self.attends.set(true);
        driver(&self.scheduler.driver);
        self.attends.set(false);
    }

    /// Has another worker take a part of what the driver has brought, where it is not to be this worker's own: see
    /// the module. One that is told of the first would find that alone, and sleep again. And one of all tasks this
    /// worker is about to run itself: `taken`, or one of those here.
    fn share(&self, taken: Option<&Task>) {
        self.alone_until.set(None);
        let ours = usize::from(taken.is_some()) + usize::from(self.has_next.get()) + self.lanes.prompt.len();
        let queued = self.lanes.deque.len();
        if ours + queued <= 1 {
            return;
        }
        let shares = self.shares.get();
        if queued > 0 || ours > MANY || shares > 0 {
            self.shares.set(shares.saturating_sub(1));
            self.scheduler.notify();
        } else {
            self.alone_until.set(clock::now().checked_add(ALONE));
        }
    }

    /// The same, where it was the worker's own and it is not done in time.
    fn share_late(&self) {
        if self.alone_until.get().is_none_or(|until| clock::now() < until) {
            return;
        }
        self.alone_until.set(None);
        // Also where nothing is left because the monitor has cleared it out.
        let shares = (self.shares_before.get() * 2).clamp(LEAST_SHARES, MOST_SHARES);
        self.shares_before.set(shares);
        self.shares.set(shares);
        if !self.lanes.prompt.is_empty() {
            self.scheduler.notify();
        }
    }

    /// Step 1.
    #[cold]
    fn look_around(&self) -> Option<Task> {
        self.since_look.set(0);
        self.remote.look_at_driver.store(false, Ordering::Relaxed);
        clock::refresh_coarse();
        self.unburden();
        self.attend(|driver| _ = driver.poll());
        let injected = self.scheduler.queues.take_injected(&self.lanes);
        self.has_prompt.set(true);
        self.share(injected.as_ref());
        injected
    }

    /// Takes over what waits in the prompt lane of a worker that is stuck: see the module.
    fn unburden(&self) {
        let queues = &self.scheduler.queues;
        let mut suspect = self.suspect.get();
        if let Some(index) = suspect.other_than(self.index) {
            let other = queues.remote(index);
            let waiting = other.prompt.len();
            if suspect.is_stuck(waiting, || other.own.pulse.load(Ordering::Relaxed)) {
                // Each theft takes one at least, unless another thief is there first.
                for _ in 0..waiting {
                    if !other.prompt.steal_batch(&self.lanes.prompt).is_success() {
                        break;
                    }
                }
            }
        }
        self.suspect.set(suspect.next(self.index, queues.remotes().len()));
    }

    /// Moves the next task into the deque.
    fn flush_next(&self) {
        self.has_next.set(false);
        if let Some(task) = self.remote.own.next.take() {
            self.lanes.deque.push(task);
        }
    }

    /// Step 5: comes back with a task run, or after a sleep.
    fn idle(&self) {
        let scheduler = &*self.scheduler;
        if self.alone_until.take().is_some() {
            // It was done in time.
            self.shares_before.set(self.shares_before.get() / 2);
        }
        let mut searching = scheduler.idle.start_search();
        if searching {
            if let Some(task) = self.search() {
                return self.run(task);
            }
        }
        scheduler.idle.fall_asleep(self.index, searching);
        let nothing = scheduler.idle.somebody_searches() || scheduler.queues.is_empty();
        if nothing && !scheduler.is_dead() {
            bump(&self.remote.own.tally.parks);
            // The last to fall asleep finds that all sleep.
            let others_run = !scheduler.idle.all_asleep();
            // Awake for a message, it is back in a moment; and while it is awake the monitor is.
            self.attend(|driver| self.called.set(driver.park_watched(&self.remote.parker, others_run)));
        }
        clock::refresh_coarse();
        searching = scheduler.idle.wake_up(self.index);
        scheduler.rouse_monitor();
        self.woke_at.set(self.remote.own.pulse.load(Ordering::Relaxed));
        if searching {
            // Timers that fired here may have filled our own queues; and our place may be gone.
            let own = &self.lanes;
            let elsewhere = !self.has_next.get() && own.prompt.is_empty() && own.deque.is_empty();
            if elsewhere && self.remote.placed.load(Ordering::Relaxed) {
                if let Some(task) = self.search() {
                    return self.run(task);
                }
            }
            // Nothing after all. A fence's worth of care: what was pushed while we counted as a
            // searcher woke nobody.
            if scheduler.idle.found() && !scheduler.queues.is_empty() {
                scheduler.notify();
            }
        } else {
            // Not before: asleep, this thread would be told itself.
            self.share(None);
        }
    }

    /// Looks for a task in all queues; the caller counts as searching. If it finds one, it does not
    /// count any more.
    fn search(&self) -> Option<Task> {
        let scheduler = &*self.scheduler;
        let task = self.steal()?;
        bump(&self.remote.own.tally.steals);
        if scheduler.idle.found() && !scheduler.queues.is_empty() {
            scheduler.notify();
        }
        Some(task)
    }

    /// Looks into all queues, for some microseconds in all. A worker that runs its batch faster than
    /// another spawns would otherwise be put to sleep and woken for every few tasks, at a hundred times
    /// the price. Where there is little to do, looking again finds nothing, and is left out, as it is where all others
    /// sleep and nobody has called: then there is nobody who makes a batch. And where there are
    /// sources of I/O, one look is enough: tasks come from there, and are waited for there.
    fn steal(&self) -> Option<Task> {
        let queues = &self.scheduler.queues;
        self.has_prompt.set(true);
        let task = queues.steal(self.index, &self.lanes);
        if task.is_some() || !self.hopes_for_more() {
            return task;
        }
        for _ in 0..ROUNDS {
            if self.scheduler.is_dead() || self.scheduler.driver.waits_for_io() {
                return None;
            }
            (0..SPINS).for_each(|_| std::hint::spin_loop());
            if !queues.is_empty() {
                if let Some(task) = queues.steal(self.index, &self.lanes) {
                    self.hopes.set(HOPES);
                    return Some(task);
                }
            }
        }
        self.hopes.set(self.hopes.get().saturating_sub(1));
        None
    }

    /// Whether it is worth the time to look again.
    fn hopes_for_more(&self) -> bool {
        if !self.called.get() && !self.scheduler.idle.others_run() {
            return false;
        }
        let dry = self.dry.get().wrapping_add(1);
        self.dry.set(dry);
        // Two for each task.
        let pulses = self.remote.own.pulse.load(Ordering::Relaxed).wrapping_sub(self.woke_at.get());
        self.hopes.get() > 0 || pulses >= u64::from(2 * BUSY) || dry % TRY_AGAIN == 0
    }

    /// Gives this thread's place away for a wait, where it has one and another thread can be had.
    pub(super) fn step_aside(&self) {
        // Outside of a poll (in a waker that the driver calls, say) the place is kept.
        if self.current().is_none() {
            return;
        }
        let placed = self.remote.placed.load(Ordering::Relaxed);
        if placed {
            self.flush_next();
        }
        if self.remote.bursts.load(Ordering::Relaxed) {
            self.end_burst();
        }
        if placed {
            self.scheduler.relieve(&self.remote);
        }
    }

    /// Without a place nothing may lie here for long.
    fn hand_queues_over(&self) {
        self.flush_next();
        if self.scheduler.queues.take_over(&self.lanes) {
            self.scheduler.notify();
        }
    }

    /// The thread ends. Where the scheduler is dead, what is queued here is dropped here.
    fn end(&self) {
        self.remote.placed.store(false, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.hand_queues_over();
        self.scheduler.drop_queued();
        self.scheduler.thread_ends();
    }
}

/// The thread is gone: its number, its queue and its block of seats are for others. By now nothing is put
/// into the queue any more, also not by other destructors of this thread: it has no place.
impl Drop for Worker {
    fn drop(&mut self) {
        self.scheduler.registry.dismiss(self.spawner.get_mut());
        let lanes = std::mem::replace(&mut self.lanes, Lanes::new());
        self.scheduler.places.vacate(Vacant { index: self.index, lanes, remote: self.remote.clone() });
    }
}
