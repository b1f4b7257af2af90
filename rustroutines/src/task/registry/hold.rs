//! References to blocks, which are handed on: to count one costs what a lock costs.
//!
//! A [`Hold`] that is dropped is offered, as a [`Spare`], to the [`Spawner`] of the thread, which keeps it for
//! the next newcomer if that is to sit in the same block.

use super::block::{Block, SEATS};
use crate::task::Home;
use std::ops::Deref;
use std::sync::Arc;

/// Keeps a block there. Dropped, it is offered to the thread's spawner.
pub(crate) struct Hold<H: Home>(Option<Arc<Block<H>>>);

impl<H: Home> Hold<H> {
    pub(super) fn new(block: Arc<Block<H>>) -> Self {
        Self(Some(block))
    }

    /// One more reference, which is not handed on.
    pub(super) fn block(&self) -> Arc<Block<H>> {
        self.0.clone().expect("it is taken by the drop alone")
    }
}

impl<H: Home> Clone for Hold<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Home> Deref for Hold<H> {
    type Target = Block<H>;

    #[inline]
    fn deref(&self) -> &Block<H> {
        self.0.as_ref().expect("it is taken by the drop alone")
    }
}

impl<H: Home> Drop for Hold<H> {
    #[inline]
    fn drop(&mut self) {
        if let Some(block) = self.0.take() {
            H::offer(Spare(block));
        }
    }
}

/// A reference to a block that is needed no more, and may be by the next newcomer.
pub(crate) struct Spare<H: Home>(Arc<Block<H>>);

/// Seats newcomers; one for each thread that spawns much.
pub(crate) struct Spawner<H: Home> {
    /// The block it has adopted.
    pub(super) block: Option<Arc<Block<H>>>,
    /// References to it that newcomers need not make: two for each seat at most.
    pub(super) spares: Vec<Arc<Block<H>>>,
}

impl<H: Home> Spawner<H> {
    pub(crate) const fn new() -> Self {
        Self { block: None, spares: Vec::new() }
    }

    /// Gives the block back that it has adopted.
    pub(super) fn leave_block(&mut self) -> Option<Arc<Block<H>>> {
        self.spares.clear();
        self.block.take()
    }

    /// Keeps a reference for the next newcomer, if it is to the adopted block.
    #[inline]
    pub(crate) fn keep(&mut self, spare: Spare<H>) -> Option<Spare<H>> {
        let adopted = self.block.as_ref().is_some_and(|block| Arc::ptr_eq(block, &spare.0));
        if !adopted || self.spares.len() == 2 * SEATS {
            return Some(spare);
        }
        self.spares.push(spare.0);
        None
    }
}
