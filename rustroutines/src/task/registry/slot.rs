//! What a routine does with its own seat: it looks for orders, leaves its waker, and gives the seat up.

use super::block::{ABORT, GO_ON, TELL};
use super::hold::Hold;
use super::seat::Seat;
use crate::error::JoinError;
use crate::platform::atomic::Ordering;
use crate::platform::clock;
use crate::task::locals::Key;
use crate::task::trace::{self, Tracing, WaitsFor};
use crate::task::{Ending, Home, budget, report};
use std::task::Waker;
use std::time::Duration;

/// What a routine finds at the beginning of a poll.
#[derive(Debug)]
pub(crate) enum Order {
    /// No order.
    GoOn,
    /// To say what it waits for.
    Tell,
    /// To end, and what its joiner is to hear.
    End(JoinError),
}

/// A routine's own hold on its seat.
///
/// It is moved a few times before it comes to rest, so it consists of whole words: fields that are written
/// one by one and then moved as one have the processor wait.
pub(crate) struct Slot<H: Home> {
    /// The block of its seat.
    pub(super) block: Hold<H>,
    /// The seat's index in the lowest byte; in the next, how the routine has ended, and whether its waker is
    /// in the block; in the upper half, when it went to sleep last, by the coarse clock.
    pub(super) state: u64,
}

/// In the state of a [`Slot`]: its waker is in the block.
const PARKED: u64 = 1 << 15;
/// Where in the state of a [`Slot`] the ending is.
const ENDING: u32 = 8;
/// Where in the state of a [`Slot`] the time is.
const SINCE: u32 = 32;
/// How it can have ended, by the number in the state of a [`Slot`]. The first until it has.
const ENDINGS: [Ending; 4] = [Ending::Dropped, Ending::Completed, Ending::Aborted, Ending::Panicked];

/// A routine is being polled to tell what it waits for.
pub(crate) struct Telling {
    /// Hears it.
    tracing: Tracing,
    /// When it went to sleep before this poll.
    since: u32,
    /// It did something in this poll: it does not just wait on.
    moved: bool,
}

impl Telling {
    /// The poll ends.
    #[cold]
    pub(crate) fn poll_ends(&mut self) {
        self.moved = budget::is_touched();
    }
}

/// What a routine tells of itself.
#[derive(Debug)]
pub(crate) struct Told {
    /// What it waits for.
    pub(crate) waits: Vec<WaitsFor>,
    /// For how long, to some milliseconds.
    pub(crate) since: Duration,
}

impl<H: Home> Slot<H> {
    /// Where this routine is found.
    pub(crate) fn seat(&self) -> Seat<H> {
        Seat { block: self.block.clone(), index: self.index() }
    }

    /// Its number. Asked for seldom: it is read under the lock.
    pub(crate) fn id(&self) -> u64 {
        self.block.inner.lock().seats[self.index()].as_ref().map_or(0, |resident| resident.id)
    }

    /// The key to what it keeps for itself.
    pub(crate) fn key(&self) -> Key {
        Key::of_routine(self.block.home.address(), self.id())
    }

    #[inline]
    fn index(&self) -> usize {
        self.state as usize % 256
    }

    #[inline]
    fn since(&self) -> u32 {
        (self.state >> SINCE) as u32
    }

    #[inline]
    fn set_since(&mut self, since: u32) {
        self.state = self.state & ((1 << SINCE) - 1) | u64::from(since) << SINCE;
    }

    /// It has ended like this. Called once at most; else it was dropped.
    #[inline]
    pub(crate) fn set_ending(&mut self, ending: Ending) {
        let number = ENDINGS.iter().position(|&other| other == ending).unwrap_or(0) as u64;
        self.state = self.state & !(3 << ENDING) | number << ENDING;
    }

    /// What it has been ordered to do.
    #[inline]
    pub(crate) fn order(&self) -> Order {
        match self.block.orders[self.index()].load(Ordering::Relaxed) {
            GO_ON => Order::GoOn,
            ABORT => Order::End(JoinError::Aborted),
            TELL => Order::Tell,
            _ => Order::End(JoinError::ShutDown),
        }
    }

    /// It goes to sleep. Leaves `waker`, the first time.
    #[inline]
    pub(crate) fn parked(&mut self, waker: &Waker) {
        self.set_since(clock::coarse());
        if self.state & PARKED == 0 {
            self.state |= PARKED;
            self.leave_waker(waker);
        }
    }

    #[cold]
    fn leave_waker(&self, waker: &Waker) {
        let clone = waker.clone();
        if let Some(resident) = &mut self.block.inner.lock().seats[self.index()] {
            resident.waker = Some(clone);
        }
        if matches!(self.order(), Order::End(_)) {
            waker.wake_by_ref();
        }
    }

    /// It has the order to tell: this thread traces from here on. In a box, because almost no poll has one.
    #[cold]
    pub(crate) fn asked(&self) -> Box<Telling> {
        Box::new(Telling { tracing: trace::begin(), since: self.since(), moved: true })
    }

    /// It has been polled for the order to tell: that is carried out.
    #[cold]
    pub(crate) fn tell(&mut self, telling: Telling) {
        if !telling.moved {
            self.set_since(telling.since);
        }
        let since = Duration::from_millis(clock::coarse_now().wrapping_sub(self.since()).into());
        self.block.home.told(self.id(), Told { waits: telling.tracing.end(), since });
        // Under the lock, like every order. One to end may have come meanwhile.
        let _inner = self.block.inner.lock();
        let order = &self.block.orders[self.index()];
        if order.load(Ordering::Relaxed) == TELL {
            order.store(GO_ON, Ordering::Relaxed);
        }
    }

    /// Gives the seat up. Called once, when the routine's operation is gone.
    pub(crate) fn leave(&mut self) {
        let ending = ENDINGS[(self.state >> ENDING) as usize % ENDINGS.len()];
        let index = self.index();
        let mut inner = self.block.inner.lock();
        let resident = inner.seats[index].take();
        inner.taken &= !(1 << index);
        let list = !inner.adopted && !inner.listed;
        inner.listed |= list;
        let emptied = inner.awaited.is_some_and(|spared| inner.taken & !spared == 0);
        if emptied {
            inner.awaited = None;
        }
        drop(inner);
        if let Some(resident) = resident {
            report::ended(resident.who(), ending);
        }
        if list {
            self.block.home.has_room(self.seat());
        }
        if emptied {
            self.block.home.emptied();
        }
        self.block.home.ended(ending);
    }
}
