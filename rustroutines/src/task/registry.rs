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

use super::locals::Key;
use super::report::{self, Who};
use super::trace::{self, Tracing, WaitsFor};
use super::{Ending, Home, budget};
use crate::error::JoinError;
use crate::platform::atomic::{AtomicU8, AtomicU64, Ordering};
use crate::platform::clock;
use crate::platform::sync::{Mutex, ShortMutex};
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Seats in a block: as many as a word has bits.
const SEATS: usize = 64;
/// Numbers that a block takes from the registry at once.
const IDS: u64 = 256;

/// No order.
const GO_ON: u8 = 0;
/// End at the next suspension: aborted.
const ABORT: u8 = 1;
/// End at the next suspension: the runtime is shut down.
const SHUT_DOWN: u8 = 2;
/// Say at the next poll what it waits for. The least of the orders: the others replace it.
const TELL: u8 = 3;

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

pub(crate) struct Block<H> {
    /// What the routines belong to.
    home: H,
    /// The orders, one for each seat: outside the lock because every poll reads one.
    orders: [AtomicU8; SEATS],
    /// The rest.
    inner: ShortMutex<Inner>,
}

struct Inner {
    /// A bit for each seat that is taken.
    taken: u64,
    /// Who sits there.
    seats: Vec<Option<Resident>>,
    /// The next number to give, and the first that is not ours.
    ids: (u64, u64),
    /// A spawner seats newcomers here.
    adopted: bool,
    /// The registry lists it for adoption.
    listed: bool,
    /// Nobody is seated any more.
    closed: bool,
    /// Somebody waits until nobody sits here but on these seats.
    awaited: Option<u64>,
}

/// What is known of a routine that is alive.
struct Resident {
    id: u64,
    site: &'static Location<'static>,
    name: Option<Arc<String>>,
    /// From its first park on.
    waker: Option<Waker>,
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

/// Keeps a block there. Dropped, it is offered to the thread's spawner.
pub(crate) struct Hold<H: Home>(Option<Arc<Block<H>>>);

impl<H: Home> Hold<H> {
    fn new(block: Arc<Block<H>>) -> Self {
        Self(Some(block))
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

/// A place in a block. Says where a routine is found, and is no proof that it still is.
pub(crate) struct Seat<H: Home> {
    block: Hold<H>,
    index: usize,
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

/// A routine's own hold on its seat.
///
/// It is moved a few times before it comes to rest, so it consists of whole words: fields that are written
/// one by one and then moved as one have the processor wait.
pub(crate) struct Slot<H: Home> {
    block: Hold<H>,
    /// The seat's index in the lowest byte; in the next, how the routine has ended, and whether its waker is
    /// in the block; in the upper half, when it went to sleep last, by the coarse clock.
    state: u64,
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

/// Seats newcomers; one for each thread that spawns much.
pub(crate) struct Spawner<H: Home> {
    /// The block it has adopted.
    block: Option<Arc<Block<H>>>,
    /// References to it that newcomers need not make: two for each seat at most.
    spares: Vec<Arc<Block<H>>>,
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
        let block = seat.block.clone().0.take();
        self.blocks.lock().listed.extend(block);
    }
}

impl Resident {
    fn who(&self) -> Who<'_> {
        Who { id: self.id, name: self.name.as_ref().map(|name| name.as_str()), site: self.site }
    }

    fn to_living(&self) -> Living {
        Living { id: self.id, site: self.site, name: self.name.clone(), waker: self.waker.clone() }
    }
}

impl Living {
    /// Who it is, for a report.
    pub(crate) fn who(&self) -> Who<'_> {
        Who { id: self.id, name: self.name.as_ref().map(|name| name.as_str()), site: self.site }
    }
}

impl<H: Home> Spawner<H> {
    pub(crate) const fn new() -> Self {
        Self { block: None, spares: Vec::new() }
    }

    /// Gives the block back that it has adopted.
    fn leave_block(&mut self) -> Option<Arc<Block<H>>> {
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

impl<H> Block<H> {
    fn new(home: H) -> Self {
        let inner = Inner {
            taken: 0,
            seats: std::iter::repeat_with(|| None).take(SEATS).collect(),
            ids: (0, 0),
            adopted: true,
            listed: false,
            closed: false,
            awaited: None,
        };
        Self { home, orders: std::array::from_fn(|_| AtomicU8::new(GO_ON)), inner: ShortMutex::new(inner) }
    }
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
}

impl<H: Home> Seat<H> {
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

impl<H: Home> fmt::Debug for Seat<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("index", &self.index).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod fake {
    use super::super::Meta;
    use super::*;
    use async_task::Runnable;

    /// A home for seats without tasks.
    pub(super) struct Nobody;

    impl Home for Nobody {
        fn schedule(_: Runnable<Meta<Self>>, _: bool) {
            unreachable!("there are no tasks here");
        }
        fn has_room(&self, _: Seat<Self>) {}
        fn address(&self) -> usize {
            0
        }
        fn emptied(&self) {}
        fn ended(&self, _: Ending) {}
        fn told(&self, _: u64, _: Told) {}
        fn offer(_: Spare<Self>) {}
    }

    pub(super) fn registry() -> Registry<Nobody> {
        Registry::new(|| Nobody)
    }

    pub(super) fn seat(registry: &Registry<Nobody>, spawner: &mut Spawner<Nobody>) -> Option<Slot<Nobody>> {
        registry.seat(spawner, Location::caller(), None).map(|newcomer| newcomer.slot)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::fake::{registry, seat};
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_unique_and_seats_are_used_again() {
        let registry = registry();
        let (mut one, mut other) = (Spawner::new(), Spawner::new());
        let mut numbers = HashSet::new();
        for _ in 0..1_000 {
            for spawner in [&mut one, &mut other] {
                let mut slot = seat(&registry, spawner).unwrap();
                assert!(numbers.insert(slot.id()));
                slot.leave();
            }
        }
        assert_eq!(registry.blocks().len(), 2, "one block for each spawner is enough");
        assert_eq!(registry.ask_for_news(0, &[]), None);
    }

    #[test]
    fn a_full_block_is_left_and_may_be_adopted_again() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let mut slots: Vec<_> = (0..=SEATS).map(|_| seat(&registry, &mut spawner).unwrap()).collect();
        assert_eq!(registry.blocks().len(), 2);
        let mut first = slots.remove(0);
        let gone = first.id();
        first.leave();
        registry.list(&first.seat());
        let again = seat(&registry, &mut Spawner::new()).unwrap();
        assert_eq!(registry.blocks().len(), 2, "the seat that came free was taken");
        assert_ne!(again.id(), gone);
    }

    #[test]
    fn the_block_of_a_dismissed_spawner_is_adopted_by_the_next() {
        let registry = registry();
        let mut kept = Vec::new();
        for n in 0..2 * SEATS {
            let mut spawner = Spawner::new();
            kept.push(seat(&registry, &mut spawner).unwrap());
            registry.dismiss(&mut spawner);
            registry.dismiss(&mut spawner);
            assert_eq!(registry.blocks().len(), n / SEATS + 1, "full before another is made");
        }
    }

    #[test]
    fn an_abort_that_comes_late_does_not_hit_the_next_one_on_the_seat() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let mut gone = seat(&registry, &mut spawner).unwrap();
        let (place, id) = (gone.seat(), gone.id());
        gone.leave();
        let next = seat(&registry, &mut spawner).unwrap();
        assert!(place.abort(id).is_none());
        assert!(matches!(next.order(), Order::GoOn));
        place.abort(next.id());
        assert!(matches!(next.order(), Order::End(JoinError::Aborted)));
    }

    #[test]
    fn a_closed_registry_seats_nobody_and_orders_everybody() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let (slot, aborted) =
            (seat(&registry, &mut spawner).unwrap(), seat(&registry, &mut spawner).unwrap());
        aborted.seat().abort(aborted.id());
        let living = registry.close();
        assert_eq!(living.iter().map(|living| living.id).collect::<Vec<_>>(), [slot.id(), aborted.id()]);
        assert!(matches!(slot.order(), Order::End(JoinError::ShutDown)));
        assert!(matches!(aborted.order(), Order::End(JoinError::Aborted)));
        assert!(seat(&registry, &mut spawner).is_none());
        assert!(seat(&registry, &mut Spawner::new()).is_none());
        assert_eq!(registry.ask_for_news(0, &[slot.id()]), Some(0));
        assert_eq!(registry.ask_for_news(0, &[slot.id(), aborted.id()]), None);
        assert_eq!(registry.ask_for_news(1, &[]), None);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::fake::{registry, seat};
    use super::*;
    use crate::driver::parker::Parker;

    /// A routine parks for the first time while it is aborted. Without the second look in
    /// `leave_waker` this hangs.
    #[test]
    fn an_abort_during_the_first_poll_is_not_lost() {
        loom::model(|| {
            let registry = registry();
            let mut slot = seat(&registry, &mut Spawner::new()).unwrap();
            let (place, id) = (slot.seat(), slot.id());
            let aborter = loom::thread::spawn(move || {
                if let Some(waker) = place.abort(id) {
                    waker.wake();
                }
            });
            let parker = Arc::new(Parker::new());
            let waker = Waker::from(parker.clone());
            if matches!(slot.order(), Order::GoOn) {
                slot.parked(&waker);
                parker.park();
                assert!(matches!(slot.order(), Order::End(_)), "woken without an order");
            }
            aborter.join().unwrap();
        });
    }
}
