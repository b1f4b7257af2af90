//! Some seats under one lock, and who sits there.

use super::Living;
use crate::platform::atomic::AtomicU8;
use crate::platform::sync::ShortMutex;
use crate::task::report::Who;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

/// Seats in a block: as many as a word has bits.
pub(super) const SEATS: usize = 64;

/// No order.
pub(super) const GO_ON: u8 = 0;
/// End at the next suspension: aborted.
pub(super) const ABORT: u8 = 1;
/// End at the next suspension: the runtime is shut down.
pub(super) const SHUT_DOWN: u8 = 2;
/// Say at the next poll what it waits for. The least of the orders: the others replace it.
pub(super) const TELL: u8 = 3;

/// Some of the seats of a runtime.
pub(crate) struct Block<H> {
    /// What the routines belong to.
    pub(super) home: H,
    /// The orders, one for each seat: outside the lock because every poll reads one.
    pub(super) orders: [AtomicU8; SEATS],
    /// The rest.
    pub(super) inner: ShortMutex<Inner>,
}

/// What is known of the seats of a block.
pub(super) struct Inner {
    /// A bit for each seat that is taken.
    pub(super) taken: u64,
    /// Who sits there.
    pub(super) seats: Vec<Option<Resident>>,
    /// The next number to give, and the first that is not ours.
    pub(super) ids: (u64, u64),
    /// A spawner seats newcomers here.
    pub(super) adopted: bool,
    /// The registry lists it for adoption.
    pub(super) listed: bool,
    /// Nobody is seated any more.
    pub(super) closed: bool,
    /// Somebody waits until nobody sits here but on these seats.
    pub(super) awaited: Option<u64>,
}

/// What is known of a routine that is alive.
pub(super) struct Resident {
    /// Its number.
    pub(super) id: u64,
    /// Where it was spawned.
    pub(super) site: &'static Location<'static>,
    /// The name it was given.
    pub(super) name: Option<Arc<String>>,
    /// Wakes it. From its first park on.
    pub(super) waker: Option<Waker>,
}

impl<H> Block<H> {
    pub(super) fn new(home: H) -> Self {
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

impl Resident {
    pub(super) fn who(&self) -> Who<'_> {
        Who { id: self.id, name: self.name.as_ref().map(|name| name.as_str()), site: self.site }
    }

    pub(super) fn to_living(&self) -> Living {
        Living { id: self.id, site: self.site, name: self.name.clone(), waker: self.waker.clone() }
    }
}
