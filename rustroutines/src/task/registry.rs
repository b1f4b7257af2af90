//! The routines that are alive.
//!
//! Each routine has a *seat* from its spawn to the drop of its operation: there its number, its spawn
//! site, its name, the order to abort and, once it has parked for the first time, its waker are found.
//! That is what a handle's `abort`, a dump and a shutdown need.
//!
//! Seats come in [`Block`]s of 64. A block that has free seats is either *adopted* by one
//! [`Spawner`], which alone seats newcomers there, or *listed* in the registry for the next adopter;
//! a full one is neither. Each worker has a spawner of its own, so that workers that spawn do not
//! meet; whoever ends a routine locks its block.
//!
//! Whoever is seated holds its block twice, in the task's metadata and in its body. A count of references
//! costs as much as a lock, so holds are kept: one that is given up on a thread that seats newcomers in the
//! same block goes to the next of them. See [`Hold`].
//!
//! Locks: a block's or the registry's, never both; nothing of the user's runs under either. The
//! wakers that are cloned and dropped here are async-task's, and a dropped one is dropped outside.
//!
//! An abort is not lost:
//! 1. The aborter, under the block's lock, sets the order and takes a clone of the waker.
//! 2. It lets go of the lock and wakes.
//! 3. The routine looks for the order in each poll; when it parks for the first time, it leaves its
//!    waker under the lock and then looks once more.
//!
//! Before its first poll a routine has no waker here and is in a queue: the order is seen in that poll.
//! During the first poll the order is seen in 3, because the lock was ours either before the aborter's
//! (then it found the waker) or after it. Later there is a waker, and async-task's own rules apply: see
//! [`task`](super).
//!
//! - [`block`]: some seats under one lock, and who sits there.
//! - [`hold`]: references to blocks, which are handed on.
//! - [`seat`]: where a routine is found, by those who want something of it.
//! - [`slot`]: what a routine does with its own seat.

mod block;
mod hold;
mod seat;
mod slot;
#[cfg(test)]
mod tests;

pub(crate) use hold::{Spare, Spawner};
pub(crate) use seat::Seat;
pub(crate) use slot::{Order, Slot, Told};

use super::Home;
use super::report::Who;
use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::Mutex;
use block::{Block, GO_ON, Resident, SHUT_DOWN, TELL};
use hold::Hold;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

/// Numbers that a block takes from the registry at once.
const IDS: u64 = 256;

/// All routines of one runtime that are alive.
pub(crate) struct Registry<H> {
    /// What the routines belong to; given to each block. Made by a closure because `H` need not be
    /// `Clone`.
    home: Box<dyn Fn() -> H + Send + Sync>,
    /// Every block, and those that nobody has adopted.
    blocks: Mutex<Blocks<H>>,
    /// The next number that no block has taken.
    ids: AtomicU64,
}

struct Blocks<H> {
    /// Every block there is.
    all: Vec<Arc<Block<H>>>,
    /// Those with free seats and no adopter.
    listed: Vec<Arc<Block<H>>>,
    /// Nobody is seated any more.
    closed: bool,
}

/// A routine that is alive, as seen from outside at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Living {
    /// Its number.
    pub(crate) id: u64,
    /// Where it was spawned.
    pub(crate) site: &'static Location<'static>,
    /// Its name.
    pub(crate) name: Option<Arc<String>>,
    /// Wakes it, if it has ever parked.
    pub(crate) waker: Option<Waker>,
}

/// A routine that was asked what it waits for.
pub(crate) struct Asked<H: Home> {
    /// Who it is.
    pub(crate) living: Living,
    /// Where it is found.
    pub(crate) seat: Seat<H>,
}

/// A newcomer: its number, and its seat, twice.
pub(crate) struct Newcomer<H: Home> {
    /// Its number.
    pub(crate) id: u64,
    /// For the metadata.
    pub(crate) seat: Seat<H>,
    /// For the body.
    pub(crate) slot: Slot<H>,
}

impl<H: Home> Registry<H> {
    pub(crate) fn new(home: impl Fn() -> H + Send + Sync + 'static) -> Self {
        let blocks = Blocks { all: Vec::new(), listed: Vec::new(), closed: false };
        Self { home: Box::new(home), blocks: Mutex::new(blocks), ids: AtomicU64::new(1) }
    }

    /// Seats a newcomer. `None` once the registry is closed.
    pub(crate) fn seat(
        &self,
        spawner: &mut Spawner<H>,
        site: &'static Location<'static>,
        name: Option<&Arc<String>>,
    ) -> Option<Newcomer<H>> {
        loop {
            let block = match &spawner.block {
                Some(block) => block,
                None => spawner.block.insert(self.adopt()?),
            };
            let mut inner = block.inner.lock();
            if inner.closed {
                return None;
            }
            if inner.taken == u64::MAX {
                inner.adopted = false;
                drop(inner);
                spawner.leave_block();
                continue;
            }
            if inner.ids.0 == inner.ids.1 {
                let first = self.ids.fetch_add(IDS, Ordering::Relaxed);
                inner.ids = (first, first + IDS);
            }
            let id = inner.ids.0;
            inner.ids.0 += 1;
            let index = inner.taken.trailing_ones() as usize;
            inner.taken |= 1 << index;
            // Nobody sits there; said like this, it is written where it belongs.
            inner.seats[index].get_or_insert_with(|| Resident { id, site, name: name.cloned(), waker: None });
            // The task itself is handed over through a queue: no ordering needed here.
            block.orders[index].store(GO_ON, Ordering::Relaxed);
            drop(inner);
            let mut hold = || Hold::new(spawner.spares.pop().unwrap_or_else(|| block.clone()));
            let seat = Seat { block: hold(), index };
            return Some(Newcomer { id, seat, slot: Slot { block: hold(), state: index as u64 } });
        }
    }

    /// A block with free seats for one spawner alone.
    fn adopt(&self) -> Option<Arc<Block<H>>> {
        let mut blocks = self.blocks.lock();
        if blocks.closed {
            return None;
        }
        if let Some(block) = blocks.listed.pop() {
            drop(blocks);
            let mut inner = block.inner.lock();
            inner.listed = false;
            inner.adopted = true;
            drop(inner);
            return Some(block);
        }
        let block = Arc::new(Block::new((self.home)()));
        blocks.all.push(block.clone());
        Some(block)
    }

    /// Seats nobody from here on, orders everyone who is alive to end at the next suspension, and gives
    /// them: to be woken outside of every lock.
    pub(crate) fn close(&self) -> Vec<Living> {
        self.blocks.lock().closed = true;
        let mut living = Vec::new();
        for block in self.blocks() {
            let mut inner = block.inner.lock();
            inner.closed = true;
            for (resident, order) in inner.seats.iter().zip(&block.orders) {
                if let Some(resident) = resident {
                    living.push(resident.to_living());
                    // An order to abort stands. Orders are written under the lock alone, and carried to
                    // the routine as in `Seat::abort`.
                    if matches!(order.load(Ordering::Relaxed), GO_ON | TELL) {
                        order.store(SHUT_DOWN, Ordering::Relaxed);
                    }
                }
            }
        }
        living
    }

    /// The first block, from number `from` on, in which anybody but `but` is alive. The home hears when
    /// nobody else is there any more.
    pub(crate) fn ask_for_news(&self, from: usize, but: &[u64]) -> Option<usize> {
        let mut number = from;
        loop {
            let block = self.blocks.lock().all.get(number).cloned()?;
            let mut inner = block.inner.lock();
            if inner.taken != 0 {
                let spared = |resident: &Option<Resident>| {
                    resident.as_ref().is_some_and(|resident| but.contains(&resident.id))
                };
                let spared = inner.seats.iter().map(spared);
                let spared =
                    spared.enumerate().fold(0, |bits, (index, spared)| bits | u64::from(spared) << index);
                if inner.taken & !spared != 0 {
                    // Under the lock under which seats are given up: none is missed.
                    inner.awaited = Some(spared);
                    return Some(number);
                }
            }
            number += 1;
        }
    }

    /// The spawner is needed no more: its block is for others.
    pub(crate) fn dismiss(&self, spawner: &mut Spawner<H>) {
        let Some(block) = spawner.leave_block() else { return };
        let mut inner = block.inner.lock();
        inner.adopted = false;
        let list = inner.taken != u64::MAX && !inner.listed;
        inner.listed |= list;
        drop(inner);
        if list {
            self.blocks.lock().listed.push(block);
        }
    }

    /// Everyone who is alive. Those who have parked and whom `wanted` wants have the order to tell, and are
    /// to be woken by the caller; for the others there is no waker.
    pub(crate) fn ask(&self, wanted: impl Fn(u64) -> bool) -> Vec<Asked<H>> {
        let mut found = Vec::new();
        for block in self.blocks() {
            let inner = block.inner.lock();
            for (index, resident) in inner.seats.iter().enumerate() {
                let Some(resident) = resident else { continue };
                let mut living = resident.to_living();
                // An order to end stands, and so does an older one to tell. It is carried to the routine
                // as in `Seat::abort`.
                let order = &block.orders[index];
                let free = order.load(Ordering::Relaxed) == GO_ON;
                if living.waker.is_some() && wanted(living.id) {
                    if free {
                        order.store(TELL, Ordering::Relaxed);
                    }
                } else {
                    living.waker = None;
                }
                found.push(Asked { living, seat: Seat { block: Hold::new(block.clone()), index } });
            }
        }
        found
    }

    /// Routine `id`, if it is alive. Looks at every routine.
    pub(crate) fn find(&self, id: u64) -> Option<Living> {
        self.blocks().iter().find_map(|block| {
            let inner = block.inner.lock();
            inner.seats.iter().flatten().find(|resident| resident.id == id).map(Resident::to_living)
        })
    }

    fn blocks(&self) -> Vec<Arc<Block<H>>> {
        self.blocks.lock().all.clone()
    }

    /// Lets others adopt a block that has free seats again.
    pub(crate) fn list(&self, seat: &Seat<H>) {
        let block = seat.block.block();
        self.blocks.lock().listed.push(block);
    }
}

impl Living {
    /// Who it is, for a report.
    pub(crate) fn who(&self) -> Who<'_> {
        Who { id: self.id, name: self.name.as_ref().map(|name| name.as_str()), site: self.site }
    }
}
