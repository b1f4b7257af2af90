//! What tasks know of their scheduler, and what they tell it.

use super::{Scheduler, Task, count, worker};
use crate::task::registry::{Seat, Spare, Told};
use crate::task::{Ending, Home};
use std::sync::{Arc, Weak};

/// What a task knows of its scheduler. Weak: a task that somebody keeps (by a waker, say) keeps no
/// scheduler.
pub(crate) struct Owner(pub(super) Weak<Scheduler>);

impl Owner {
    /// Calls `f` with the scheduler, if it is still there, and the worker of it that this thread is.
    fn with(&self, f: impl FnOnce(&Scheduler, Option<&worker::Worker>)) {
        worker::with(|worker| {
            // On a worker of its own a task finds its scheduler without touching a reference count.
            match worker.filter(|worker| std::ptr::eq(Arc::as_ptr(worker.scheduler()), self.0.as_ptr())) {
                Some(worker) => f(worker.scheduler(), Some(worker)),
                None => {
                    if let Some(scheduler) = self.0.upgrade() {
                        f(&scheduler, None);
                    }
                }
            }
        });
    }
}

impl Home for Owner {
    #[inline]
    fn schedule(task: Task, while_running: bool) {
        let mut task = Some(task);
        let owner = task.as_ref().expect("it is there").metadata().seat.home().0.as_ptr();
        let left = worker::with(|worker| {
            let worker = worker.filter(|worker| {
                std::ptr::eq(Arc::as_ptr(worker.scheduler()), owner) && !worker.scheduler().is_dead()
            });
            match worker {
                Some(worker) => worker.push(task.take().expect("it is there"), while_running).err(),
                None => task.take(),
            }
        });
        if let Some(task) = left {
            match task.metadata().seat.home().0.upgrade() {
                Some(scheduler) => scheduler.inject(task),
                // Its scheduler was shut down before it went: the task has the order to end.
                None => worker::run_as_guest(task),
            }
        }
    }

    fn has_room(&self, seat: Seat<Self>) {
        self.with(|scheduler, _| scheduler.registry.list(&seat));
    }

    fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }

    #[inline]
    fn offer(spare: Spare<Self>) {
        let mut spare = Some(spare);
        worker::with(|worker| {
            // Not while it seats somebody: it may be what drops this.
            if let Some(mut spawner) = worker.and_then(|worker| worker.spawner.try_borrow_mut().ok()) {
                spare = spare.take().and_then(|spare| spawner.keep(spare));
            }
        });
        drop(spare);
    }

    fn emptied(&self) {
        self.with(|scheduler, _| scheduler.news.tell());
    }

    fn told(&self, id: u64, told: Told) {
        self.with(|scheduler, _| scheduler.inquiry.tell(id, told));
    }

    #[inline]
    fn ended(&self, ending: Ending) {
        self.with(|scheduler, worker| {
            let (tally, own) = match worker {
                Some(worker) => {
                    worker.ends.set(true);
                    (&worker.remote().own.tally, true)
                }
                None => (&*scheduler.outside_tally, false),
            };
            let counter = match ending {
                Ending::Completed => &tally.completed,
                Ending::Aborted => &tally.aborted,
                Ending::Panicked => &tally.panicked,
                Ending::Dropped => &tally.dropped,
            };
            count(counter, own);
            scheduler.release();
        });
    }
}
