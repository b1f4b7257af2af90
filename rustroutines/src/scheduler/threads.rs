//! Worker threads: their start, and how places come to them.

use super::places::Next;
use super::queue::{Remote, Vacant};
use super::{Scheduler, worker};
use crate::platform::atomic::Ordering;
use crate::platform::sync::Mutex;
use crate::platform::{clock, thread};
use std::io;
use std::sync::Arc;

impl Scheduler {
    /// Takes the place of the thread behind `late` and gives it to another. Says whether it had one.
    pub(super) fn relieve(self: &Arc<Self>, late: &Remote) -> bool {
        if !self.places.free(late) {
            return false;
        }
        // It may have fallen asleep since it was found to be late: it must not sleep among those who
        // have a place.
        late.parker.unpark();
        // Where no thread can be had the place stays free, and the monitor tries again.
        let _refused = self.fill_places();
        true
    }

    /// Gives free places to threads: to those that wait, then to new ones.
    pub(super) fn fill_places(self: &Arc<Self>) -> io::Result<()> {
        loop {
            match self.places.give(&self.queues) {
                Next::Nothing => return Ok(()),
                Next::Unpark(heir) => self.queues.remote(heir).parker.unpark(),
                Next::Start => self.start_thread().inspect_err(|_| self.places.refused())?,
            }
        }
    }

    /// Whether there is any thread but the monitor.
    pub(super) fn has_workers(&self) -> bool {
        *self.threads.lock() > 1
    }

    /// Starts one more thread. It looks for a place by itself.
    fn start_thread(self: &Arc<Self>) -> io::Result<()> {
        let Some(Vacant { index, lanes, remote }) = self.places.enlist(&self.queues) else {
            return Err(io::Error::other("the limit of worker threads is reached"));
        };
        *self.threads.lock() += 1;
        // Where there is no thread, the lanes must come back: a number is never lost.
        let parcel = Arc::new(Mutex::new(Some(lanes)));
        let started = {
            let (scheduler, parcel, remote) = (self.clone(), parcel.clone(), remote.clone());
            thread::Builder::new().name(format!("{}-{index}", self.settings.name)).spawn(move || {
                let lanes = parcel.lock().take().expect("a parcel is opened once");
                worker::run(scheduler, index, lanes, remote);
            })
        };
        if let Err(error) = started {
            if let Some(lanes) = parcel.lock().take() {
                self.places.vacate(Vacant { index, lanes, remote });
            }
            self.thread_ends();
            return Err(error);
        }
        Ok(())
    }

    /// Waits until this thread is given a place, the scheduler is dead, or `keep_alive` has passed.
    /// `false` in the last case: it is to end.
    #[must_use]
    pub(super) fn wait_for_place(&self, me: usize, remote: &Remote, just_come: bool) -> bool {
        self.places.line_up(me, remote, just_come);
        let leave_at = clock::now().checked_add(self.settings.keep_alive);
        // Pairs with the release in `Places::give`. A dead scheduler unparks everybody.
        while !remote.placed.load(Ordering::Acquire) && !self.is_dead() {
            if !remote.parker.park_silently_until(leave_at) && self.places.retire(me) {
                return false;
            }
        }
        true
    }
}
