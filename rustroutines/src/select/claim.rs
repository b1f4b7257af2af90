//! The claim: what keeps two counterparts from completing two arms of one select.
//!
//! A select that has to wait shows itself to the counterparts of all its channel arms at once. What
//! keeps two of them from completing two arms is its `Claim`: one atomic word.
//!
//! | state  | set when                                                   | next                               |
//! |--------|------------------------------------------------------------|------------------------------------|
//! | IDLE   | nothing is published, or the owner has taken the claim back | OPEN (owner)                       |
//! | OPEN   | the select waits; the first to claim it wins               | arm (counterpart), IDLE (owner)    |
//! | arm    | a counterpart has won that arm, and completes it           | none: the select is over           |
//!
//! Both ways out of OPEN are a compare-and-swap, so exactly one party leaves it. A counterpart wins
//! *while it holds the lock of the channel* in whose queue it found the select, and moves the value
//! before it lets go of that lock; the owner collects under the same lock.
//!
//! # Generations
//!
//! A thread keeps the claim of its last select for the next one, and a channel keeps the one of the last
//! select that stood in its line (a [`Spare`]): a routine that selects from the same channels again and
//! again finds it there, and neither allocates a claim nor counts references to it. With an `Arc` cloned and
//! dropped for each arm, these two were half of the read-modify-writes that a waiting arm cost.
//!
//! So a claim may have tickets in the lines of channels that are left over from an earlier select: its arms
//! are dropped after the select itself, and a destructor in between may select on its own. That is why each
//! select counts as another *generation*, which stands in the word and on its tickets: a ticket of an earlier
//! one never wins. A claim whose generations have run out is not kept.
//!
//! Who won an earlier generation may come late to take the waker, and find that of the present one. Then it
//! wakes the present owner once for nothing, which leaves its waker again and looks at the word afterwards.

use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::ShortMutex;
use std::cell::Cell;
use std::sync::Arc;
use std::task::Waker;

const IDLE: u32 = u32::MAX;
const OPEN: u32 = u32::MAX - 1;

/// The word of a claim: what state it is in, in which generation.
fn word(generation: u32, state: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(state)
}

/// The one word that decides a waiting select; see the module.
#[derive(Debug)]
pub(super) struct Claim {
    /// The generation, and IDLE, OPEN, or the number of the arm that a counterpart has won.
    word: AtomicU64,
    /// Wakes the owner. Taken by the counterpart that wins.
    waker: ShortMutex<Option<Waker>>,
}

crate::platform::thread::thread_local! {
    /// A claim that is not used.
    static KEPT: Cell<Option<Arc<Claim>>> = const { Cell::new(None) };
}

impl Claim {
    pub(super) fn new() -> Self {
        Self { word: AtomicU64::new(word(0, IDLE)), waker: ShortMutex::new(None) }
    }

    /// A claim that no ticket can win: the one this thread keeps, if there is one.
    pub(super) fn obtain() -> Arc<Self> {
        KEPT.try_with(Cell::take).ok().flatten().unwrap_or_else(|| Arc::new(Self::new()))
    }

    /// Owner, at the end: nobody wins it any more, and this thread keeps it for its next select.
    pub(super) fn keep(self: Arc<Self>) {
        let next = self.generation().checked_add(1);
        let decided = self.winner().is_some();
        // Relaxed: where it is still open, nobody has won it before this store or nobody cares that
        // somebody has: the arm that was won is dropped, and passes on what it was given.
        self.word.store(word(next.unwrap_or(u32::MAX), IDLE), Ordering::Relaxed);
        if !decided {
            let waker = self.waker.lock().take();
            drop(waker);
        }
        if next.is_some() {
            let before = KEPT.try_with(|kept| kept.replace(Some(self)));
            drop(before);
        }
    }

    /// Owner: the present generation.
    fn generation(&self) -> u32 {
        // Relaxed: only the owner changes it.
        (self.word.load(Ordering::Relaxed) >> 32) as u32
    }

    /// Owner: leaves the waker and lets counterparts compete.
    pub(super) fn open(&self, waker: &Waker) {
        let new = waker.clone();
        let old = self.waker.lock().replace(new);
        drop(old);
        // Release: pairs with the acquire in `win`, which goes on to take the waker.
        self.word.store(word(self.generation(), OPEN), Ordering::Release);
    }

    /// Owner: sees to it that winning wakes `waker`. Look at [`winner`](Claim::winner) afterwards.
    pub(super) fn set_waker(&self, waker: &Waker) {
        if self.waker.lock().as_ref().is_some_and(|old| old.will_wake(waker)) {
            return;
        }
        let new = waker.clone();
        let old = self.waker.lock().replace(new);
        drop(old);
    }

    /// Owner: takes an open claim back, or learns which arm has been won.
    pub(super) fn take_back(&self) -> Result<(), usize> {
        let (open, idle) = (word(self.generation(), OPEN), word(self.generation(), IDLE));
        // Acquire on failure: pairs with the release in `win`.
        let taken = self.word.compare_exchange(open, idle, Ordering::Relaxed, Ordering::Acquire);
        taken.map(drop).map_err(|word| word as u32 as usize)
    }

    /// Owner: the arm that has been won, if one has.
    pub(super) fn winner(&self) -> Option<usize> {
        // Acquire: pairs with the release in `win`.
        match self.word.load(Ordering::Acquire) as u32 {
            IDLE | OPEN => None,
            arm => Some(arm as usize),
        }
    }
}

/// The claim of a waiting select as one of its channels sees it.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Shared by all arms of the select.
    claim: Arc<Claim>,
    /// The generation of the claim that this select is.
    generation: u32,
    /// The arm that this channel would complete.
    arm: u32,
}

/// A claim that a channel keeps for the next select that stands in its line, which may be the same one.
#[derive(Debug)]
pub(crate) struct Spare(
    /// Perhaps in use elsewhere.
    Arc<Claim>,
);

impl Ticket {
    /// Counterpart, under the lock of the channel: wins the select for this arm, unless it is decided.
    /// The waker is to be woken after the lock is released.
    pub(crate) fn win(&self) -> Option<Option<Waker>> {
        let (open, arm) = (word(self.generation, OPEN), word(self.generation, self.arm));
        // Release: pairs with the owner's acquire loads. Acquire: pairs with the release in `open`.
        self.claim.word.compare_exchange(open, arm, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        Some(self.claim.waker.lock().take())
    }

    /// Whether a counterpart that came now could win. May be out of date at once.
    pub(crate) fn is_open(&self) -> bool {
        self.claim.word.load(Ordering::Relaxed) == word(self.generation, OPEN)
    }

    /// What is left of it, once it is out of the line.
    pub(crate) fn into_spare(self) -> Spare {
        Spare(self.claim)
    }
}

/// What a select shows to the channel of one of its arms.
#[doc(hidden)]
#[derive(Debug)]
pub struct Showing<'a> {
    /// Shared by all arms of the select.
    claim: &'a Arc<Claim>,
    /// The arm.
    arm: usize,
}

impl<'a> Showing<'a> {
    pub(super) fn new(claim: &'a Arc<Claim>, arm: usize) -> Self {
        Self { claim, arm }
    }

    /// What stands in line for the arm. `spare` is used up where it is the claim of this select.
    ///
    /// # Panics
    /// With more than four billion arms.
    pub(crate) fn ticket(&self, spare: &mut Option<Spare>) -> Ticket {
        let arm = u32::try_from(self.arm).ok().filter(|&arm| arm < OPEN);
        let arm = arm.expect("fewer than four billion arms");
        let is_ours = |spare: &mut Spare| Arc::ptr_eq(&spare.0, self.claim);
        let claim = spare.take_if(is_ours).map_or_else(|| self.claim.clone(), |spare| spare.0);
        Ticket { generation: self.claim.generation(), claim, arm }
    }

    /// Whether `ticket` stands for the same select, which never pairs with itself.
    pub(crate) fn is_of(&self, ticket: &Ticket) -> bool {
        Arc::ptr_eq(self.claim, &ticket.claim)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_claim_wins_and_takes_the_waker() {
        let claim = Arc::new(Claim::new());
        let ticket = |arm| Showing { claim: &claim, arm }.ticket(&mut None);
        assert!(ticket(0).win().is_none(), "nothing is published");
        claim.open(Waker::noop());
        assert!(ticket(1).win().is_some_and(|waker| waker.is_some()));
        assert!(ticket(0).win().is_none());
        assert_eq!(claim.winner(), Some(1));
        assert_eq!(claim.take_back(), Err(1));
    }

    #[test]
    fn a_claim_that_is_taken_back_cannot_be_won() {
        let claim = Arc::new(Claim::new());
        claim.open(Waker::noop());
        assert_eq!(claim.take_back(), Ok(()));
        assert!(Showing { claim: &claim, arm: 0 }.ticket(&mut None).win().is_none());
        assert_eq!(claim.winner(), None);
    }

    #[test]
    fn a_ticket_of_an_earlier_select_never_wins() {
        let claim = Arc::new(Claim::new());
        claim.open(Waker::noop());
        let stale = Showing { claim: &claim, arm: 0 }.ticket(&mut None);
        claim.clone().keep();
        assert!(!stale.is_open() && stale.win().is_none(), "it is over");
        let again = Claim::obtain();
        assert!(Arc::ptr_eq(&claim, &again), "this thread keeps it");
        again.open(Waker::noop());
        assert!(!stale.is_open() && stale.win().is_none(), "it stands for the select before");
        assert_eq!(again.winner(), None);
        let mut spare = Some(stale.into_spare());
        let ticket = Showing { claim: &again, arm: 7 }.ticket(&mut spare);
        assert!(spare.is_none(), "it was used again");
        assert!(ticket.win().is_some());
        assert_eq!(again.winner(), Some(7));
    }

    #[test]
    fn a_claim_whose_generations_have_run_out_is_not_kept() {
        let claim = Arc::new(Claim { word: AtomicU64::new(word(u32::MAX, OPEN)), ..Claim::new() });
        let ticket = Showing { claim: &claim, arm: 0 }.ticket(&mut None);
        claim.clone().keep();
        assert!(ticket.win().is_none());
        assert!(!Arc::ptr_eq(&claim, &Claim::obtain()));
    }

    #[test]
    fn what_is_kept_for_another_select_stays() {
        let (mine, other) = (Arc::new(Claim::new()), Arc::new(Claim::new()));
        let mut spare = Some(Spare(other.clone()));
        let ticket = Showing { claim: &mine, arm: 0 }.ticket(&mut spare);
        assert!(Arc::ptr_eq(&ticket.claim, &mine));
        assert!(spare.is_some_and(|spare| Arc::ptr_eq(&spare.0, &other)));
    }
}
