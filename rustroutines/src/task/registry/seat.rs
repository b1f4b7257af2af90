//! Where a routine is found, by those who want something of it.

use super::block::{ABORT, TELL};
use super::hold::Hold;
use crate::platform::atomic::Ordering;
use crate::task::Home;
use std::fmt;
use std::task::Waker;

/// A place in a block. Says where a routine is found, and is no proof that it still is.
pub(crate) struct Seat<H: Home> {
    /// The block.
    pub(super) block: Hold<H>,
    /// The number there.
    pub(super) index: usize,
}

impl<H: Home> Seat<H> {
    /// What the routine belongs to.
    pub(crate) fn home(&self) -> &H {
        &self.block.home
    }

    /// Orders routine `id` to end at its next suspension. Gives its waker, to be woken outside of
    /// every lock.
    pub(crate) fn abort(&self, id: u64) -> Option<Waker> {
        let index = self.index;
        let inner = self.block.inner.lock();
        // By now the seat may be another's.
        let resident = inner.seats[index].as_ref().filter(|resident| resident.id == id)?;
        // Relaxed: the lock, or async-task's state when the waker is used, carries it.
        self.block.orders[index].store(ABORT, Ordering::Relaxed);
        resident.waker.clone()
    }

    /// Whether routine `id` is alive.
    pub(crate) fn is_taken_by(&self, id: u64) -> bool {
        let inner = self.block.inner.lock();
        inner.seats[self.index].as_ref().is_some_and(|resident| resident.id == id)
    }

    /// Whether routine `id` is alive and has an order to tell before it.
    pub(crate) fn is_asked(&self, id: u64) -> bool {
        self.block.orders[self.index].load(Ordering::Relaxed) == TELL && self.is_taken_by(id)
    }
}

impl<H: Home> fmt::Debug for Seat<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("index", &self.index).finish_non_exhaustive()
    }
}
