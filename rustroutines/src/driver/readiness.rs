//! What is known of one source of I/O: whether it may be tried, and who waits for it.
//!
//! The system says each change once (its queue is edge-triggered), and says it to whichever thread asks.
//! A [`Readiness`] keeps what was said until an attempt has shown that it holds no longer.
//!
//! # Protocol
//! An operation, in one direction:
//! - R1. looks: is the source ready, and at which *tick*. A tick counts what has been told here: events,
//!   deadlines, the shutdown;
//! - R2. if it is ready, tries its system call. Done, unless the system says `WouldBlock`;
//! - R3. waits: under the lock, if the tick is still the one of R1, the source is noted as not ready, and the
//!   waker is left. If it is not, something was told since: again from R1.
//!
//! An event: under the lock, the tick goes on, the source is noted as ready, and the wakers of all who
//! wait in that direction are taken; they are woken after the lock is released.
//!
//! # Invariants
//! - What says that a source is not ready (R3, and [`drained`](Readiness::drained)) names the tick before the
//!   system call that showed it, and counts only if nothing has been told since.
//! - A waker that is left belongs to an operation that found its source not ready at the present tick.
//! - All waiters of a direction are woken together: how many of them can go on the event does not say.
//!
//! # Why no readiness is lost
//! Let the source become ready after the attempt of R2. The system then queues an event, which is told after
//! that. If it is told before R3, R3 sees a new tick. If it is told after R3, it finds the waker. If the
//! source became ready before the attempt and the attempt consumed that, an event that is told later makes
//! one attempt fail, which is harmless; so is one that was meant for a source whose number has gone to
//! another since. Ticks have 64 bits and do not come round.
//!
//! # Short reads
//! On a stream, fewer bytes than were asked for show that nothing is left, without another system call:
//! [`drained`](Readiness::drained). Not so if the other side had closed by then: the end is still to be read,
//! and no event will say so again. So once the system has said *closed*, only `WouldBlock` counts.

use crate::panics;
use crate::platform::clock::Instant;
use crate::platform::sync::ShortMutex;
use std::task::{Context, Waker};

/// One of the two ways that bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Also accepting.
    Read = 0,
    /// Also connecting.
    Write = 1,
}

/// What an event says of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// An attempt may succeed.
    pub(crate) ready: bool,
    /// This direction has ended, or failed.
    pub(crate) closed: bool,
}

/// What is known of a direction at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// An attempt may succeed.
    pub(crate) ready: bool,
    /// When this was.
    pub(crate) tick: u64,
    /// From when on every operation is too late.
    pub(crate) deadline: Option<Instant>,
    /// Nobody tells anything any more.
    pub(crate) orphaned: bool,
}

/// The place of one operation among those who wait. Not `Clone`: it stands for a waker that was left.
#[derive(Debug, Default)]
pub(crate) struct Place(u64);

impl Place {
    /// The place of the operation for which the only owner of a direction waits: the last that waits there has it.
    pub(crate) fn of_owner() -> Self {
        Self(OWNER)
    }
}

/// The number of all who wait without a place of their own, by a `poll` method that several may call. They are
/// told apart by whom they wake, and there is nobody to take one away again whose operation is dropped.
const POLLED: u64 = 0;
/// The number of the owner's place. What waits there is replaced by what waits there next.
const OWNER: u64 = 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Readiness(ShortMutex<State>);

#[derive(Debug)]
struct State {
    /// How much has been told.
    tick: u64,
    /// The last place that was given out.
    last_place: u64,
    /// Nobody tells anything any more.
    orphaned: bool,
    /// Reading and writing.
    sides: [Side; 2],
}

#[derive(Debug, Default)]
struct Side {
    /// An attempt may succeed.
    ready: bool,
    /// The system has said that this direction has ended.
    closed: bool,
    /// From when on every operation is too late.
    deadline: Option<Instant>,
    /// Who waits. The first has room here: mostly there is one.
    first: Option<Waiter>,
    /// The others.
    more: Vec<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    /// Its place; [`POLLED`] where it has none.
    place: u64,
    /// Whom to wake.
    waker: Waker,
}

impl Side {
    fn waiters(&mut self) -> impl Iterator<Item = &mut Waiter> {
        self.first.iter_mut().chain(&mut self.more)
    }

    fn push(&mut self, waiter: Waiter) {
        match self.first {
            None => self.first = Some(waiter),
            Some(_) => self.more.push(waiter),
        }
    }

    /// Takes the waiter with this place out.
    fn take(&mut self, place: u64) -> Option<Waiter> {
        if self.first.as_ref().is_some_and(|first| first.place == place) {
            return self.first.take();
        }
        let at = self.more.iter().position(|waiter| waiter.place == place)?;
        Some(self.more.swap_remove(at))
    }

    fn take_all(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.first.take().into_iter().chain(self.more.drain(..)).map(|waiter| waiter.waker));
    }
}

impl Readiness {
    /// A source of which nothing is known; `ready` if it is to be tried first.
    pub(crate) fn new(ready: bool) -> Self {
        let side = || Side { ready, ..Side::default() };
        let sides = [side(), side()];
        Self(ShortMutex::new(State { tick: 0, last_place: OWNER, orphaned: false, sides }))
    }

    /// R1.
    pub(crate) fn look(&self, direction: Direction) -> Look {
        let state = self.0.lock();
        let side = &state.sides[direction as usize];
        Look { ready: side.ready, tick: state.tick, deadline: side.deadline, orphaned: state.orphaned }
    }

    /// R3, for an operation with a place of its own. `false`: look again.
    #[must_use]
    pub(crate) fn wait(
        &self,
        direction: Direction,
        tick: u64,
        cx: &mut Context<'_>,
        place: &mut Place,
    ) -> bool {
        if place.0 != POLLED && self.waits_already(direction, tick, cx, |waiter| waiter.place == place.0) {
            return true;
        }
        let waker = cx.waker().clone();
        let mut state = self.0.lock();
        if state.tick != tick {
            drop(state);
            return false; // The waker is dropped after the lock.
        }
        if place.0 == POLLED {
            state.last_place += 1;
            place.0 = state.last_place;
        }
        let side = &mut state.sides[direction as usize];
        side.ready = false;
        let before = side.take(place.0);
        side.push(Waiter { place: place.0, waker });
        drop(state);
        panics::discard(before.map(|waiter| waiter.waker));
        true
    }

    /// R3, for a `poll` method, whose caller is told once, if need be for nothing. `false`: look again.
    #[must_use]
    pub(crate) fn wait_polled(&self, direction: Direction, tick: u64, cx: &mut Context<'_>) -> bool {
        if self.waits_already(direction, tick, cx, |waiter| waiter.place == POLLED) {
            return true;
        }
        let waker = cx.waker().clone();
        let mut state = self.0.lock();
        if state.tick != tick {
            drop(state);
            return false;
        }
        let side = &mut state.sides[direction as usize];
        side.ready = false;
        side.push(Waiter { place: POLLED, waker });
        true
    }

    /// Whether the waker of one of `who` has been left already, and the tick is the same.
    fn waits_already(
        &self,
        direction: Direction,
        tick: u64,
        cx: &Context<'_>,
        who: impl Fn(&Waiter) -> bool,
    ) -> bool {
        let mut state = self.0.lock();
        let same = state.tick == tick;
        let side = &mut state.sides[direction as usize];
        let waits = same && side.waiters().any(|waiter| who(waiter) && waiter.waker.will_wake(cx.waker()));
        if waits {
            side.ready = false;
        }
        waits
    }

    /// An attempt at `tick` has taken all that there was.
    pub(crate) fn drained(&self, direction: Direction, tick: u64) {
        let mut state = self.0.lock();
        if state.tick == tick && !state.sides[direction as usize].closed {
            state.sides[direction as usize].ready = false;
        }
    }

    /// An operation that has left a waker waits no longer.
    pub(crate) fn leave(&self, direction: Direction, place: &mut Place) {
        let place = std::mem::take(place).0;
        if place != POLLED {
            let waiter = self.0.lock().sides[direction as usize].take(place);
            panics::discard(waiter.map(|waiter| waiter.waker));
        }
    }

    /// An event. Whom to wake, after all locks are released, is put into `wakers`.
    pub(crate) fn tell(&self, read: Told, write: Told, wakers: &mut Vec<Waker>) {
        let mut state = self.0.lock();
        state.tick += 1;
        for (side, told) in state.sides.iter_mut().zip([read, write]) {
            side.closed |= told.closed;
            if told.ready || told.closed {
                side.ready = true;
                side.take_all(wakers);
            }
        }
    }

    /// The event of a source that was only said not to be ready: see `driver::faults`.
    #[cfg(not(any(loom, shuttle)))]
    pub(crate) fn tell_again(&self) {
        let mut wakers = Vec::new();
        let ready = Told { ready: true, closed: false };
        self.tell(ready, ready, &mut wakers);
        wakers.into_iter().for_each(panics::wake);
    }

    /// Sets from when on every operation is too late. Who waits is woken, to look.
    pub(crate) fn set_deadline(&self, direction: Direction, deadline: Option<Instant>) {
        self.look_again(&[direction], |state| state.sides[direction as usize].deadline = deadline);
    }

    /// A deadline has come: who waits is woken, to look.
    pub(crate) fn expire(&self, direction: Direction) {
        self.look_again(&[direction], |_| {});
    }

    /// Nobody will tell anything any more.
    pub(crate) fn orphan(&self) {
        self.look_again(&[Direction::Read, Direction::Write], |state| state.orphaned = true);
    }

    /// Whether somebody waits here.
    #[cfg(test)]
    fn is_awaited(&self) -> bool {
        self.0.lock().sides.iter().any(|side| side.first.is_some() || !side.more.is_empty())
    }

    /// Makes a change, and has who waits look at it.
    fn look_again(&self, directions: &[Direction], change: impl FnOnce(&mut State)) {
        let mut wakers = Vec::new();
        let mut state = self.0.lock();
        state.tick += 1;
        change(&mut state);
        directions.iter().for_each(|&direction| state.sides[direction as usize].take_all(&mut wakers));
        drop(state);
        wakers.into_iter().for_each(panics::wake);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::Direction::{Read, Write};
    use super::*;
    use std::sync::Arc;
    use std::task::Wake;

    const READY: Told = Told { ready: true, closed: false };
    const CLOSED: Told = Told { ready: true, closed: true };
    const NOTHING: Told = Told { ready: false, closed: false };

    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    fn waker() -> Waker {
        Waker::from(Arc::new(Nobody))
    }

    fn tell(readiness: &Readiness, read: Told, write: Told) -> usize {
        let mut wakers = Vec::new();
        readiness.tell(read, write, &mut wakers);
        wakers.len()
    }

    #[test]
    fn what_an_old_attempt_shows_does_not_hide_what_was_told_since() {
        let readiness = Readiness::new(true);
        let before = readiness.look(Read);
        tell(&readiness, READY, NOTHING);
        let waker = waker();
        let mut place = Place::default();
        assert!(!readiness.wait(Read, before.tick, &mut Context::from_waker(&waker), &mut place));
        readiness.drained(Read, before.tick);
        assert!(readiness.look(Read).ready);
        assert!(!readiness.is_awaited());
    }

    #[test]
    fn ticks_do_not_come_round() {
        let readiness = Readiness::new(true);
        let before = readiness.look(Read);
        for _ in 0..(1 << 17) {
            tell(&readiness, READY, NOTHING);
            assert_ne!(readiness.look(Read).tick, before.tick);
        }
        readiness.drained(Read, before.tick);
        assert!(readiness.look(Read).ready);
    }

    #[test]
    fn all_who_wait_in_a_direction_are_woken_and_nobody_else() {
        let readiness = Readiness::new(false);
        let tick = readiness.look(Read).tick;
        let wakers: Vec<_> = (0..5).map(|_| waker()).collect();
        let mut places: Vec<_> = (0..5).map(|_| Place::default()).collect();
        for (waker, place) in wakers.iter().zip(&mut places) {
            assert!(readiness.wait(Read, tick, &mut Context::from_waker(waker), place));
        }
        assert!(readiness.wait_polled(Write, tick, &mut Context::from_waker(&wakers[0])));
        readiness.leave(Read, &mut places[0]);
        readiness.leave(Read, &mut places[3]);
        assert_eq!(tell(&readiness, READY, NOTHING), 3);
        assert_eq!(tell(&readiness, READY, READY), 1);
        assert!(!readiness.is_awaited());
    }

    #[test]
    fn who_waits_again_is_woken_once() {
        let readiness = Readiness::new(false);
        let tick = readiness.look(Read).tick;
        let (one, other) = (waker(), waker());
        let mut place = Place::default();
        for waker in [&one, &one, &other] {
            assert!(readiness.wait(Read, tick, &mut Context::from_waker(waker), &mut place));
            assert!(readiness.wait_polled(Read, tick, &mut Context::from_waker(waker)));
        }
        assert_eq!(tell(&readiness, READY, NOTHING), 3, "one with a place, and two that poll");
    }

    #[test]
    fn of_an_owner_only_the_last_waker_is_kept() {
        let readiness = Readiness::new(false);
        let tick = readiness.look(Read).tick;
        for _ in 0..100 {
            let waker = waker();
            let mut cx = Context::from_waker(&waker);
            assert!(readiness.wait(Read, tick, &mut cx, &mut Place::of_owner()));
        }
        let mut place = Place::default();
        assert!(readiness.wait(Read, tick, &mut Context::from_waker(&waker()), &mut place));
        assert_eq!(tell(&readiness, READY, NOTHING), 2, "the owner, and one with a place of its own");
    }

    #[test]
    fn the_end_is_not_hidden_by_a_short_read_but_by_a_failed_attempt() {
        let readiness = Readiness::new(false);
        tell(&readiness, CLOSED, NOTHING);
        let tick = readiness.look(Read).tick;
        readiness.drained(Read, tick);
        assert!(readiness.look(Read).ready);
        let waker = waker();
        assert!(readiness.wait_polled(Read, tick, &mut Context::from_waker(&waker)));
        assert!(!readiness.look(Read).ready);
    }

    #[test]
    fn a_deadline_and_the_shutdown_wake_who_waits() {
        let readiness = Readiness::new(false);
        let waker = waker();
        let mut cx = Context::from_waker(&waker);
        let mut place = Place::default();
        let tick = readiness.look(Read).tick;
        assert!(readiness.wait(Read, tick, &mut cx, &mut place));
        readiness.set_deadline(Read, Some(crate::platform::clock::now()));
        assert!(!readiness.is_awaited());
        assert!(!readiness.wait(Read, tick, &mut cx, &mut place), "there is something new to see");
        let tick = readiness.look(Write).tick;
        assert!(readiness.wait_polled(Write, tick, &mut cx));
        readiness.orphan();
        assert!(!readiness.is_awaited() && readiness.look(Write).orphaned);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::driver::parker::Parker;
    use crate::platform::atomic::{AtomicUsize, Ordering};
    use std::sync::Arc;

    /// A source that holds items, and the event that each new one causes.
    struct World {
        items: AtomicUsize,
        readiness: Readiness,
    }

    impl World {
        fn put(&self) {
            self.items.fetch_add(1, Ordering::AcqRel);
            let mut wakers = Vec::new();
            let told = Told { ready: true, closed: false };
            self.readiness.tell(told, Told::default(), &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }

        fn take(&self) -> bool {
            let one_less = |items: usize| items.checked_sub(1);
            self.items.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok()
        }

        /// R1 to R3. Hangs without the comparison of ticks, or if a waiter does not leave its waker under the
        /// lock under which it compares.
        fn take_one(&self, short: bool) {
            let parker = Arc::new(Parker::new());
            let waker = Waker::from(parker.clone());
            let mut place = Place::default();
            loop {
                let look = self.readiness.look(Direction::Read);
                if look.ready && self.take() {
                    if short && self.items.load(Ordering::Acquire) == 0 {
                        self.readiness.drained(Direction::Read, look.tick);
                    }
                    return;
                }
                let mut cx = Context::from_waker(&waker);
                if self.readiness.wait(Direction::Read, look.tick, &mut cx, &mut place) {
                    parker.park();
                }
            }
        }
    }

    fn check(short: bool) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let world = Arc::new(World { items: AtomicUsize::new(0), readiness: Readiness::new(false) });
            let other = loom::thread::spawn({
                let world = world.clone();
                move || {
                    world.put();
                    world.put();
                }
            });
            world.take_one(short);
            world.take_one(short);
            other.join().unwrap();
        });
    }

    #[test]
    fn no_readiness_is_lost_to_a_failed_attempt() {
        check(false);
    }

    #[test]
    fn no_readiness_is_lost_to_a_short_read() {
        check(true);
    }

    #[test]
    fn two_readers_get_an_item_each() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let world = Arc::new(World { items: AtomicUsize::new(0), readiness: Readiness::new(true) });
            let reader = || {
                let world = world.clone();
                loom::thread::spawn(move || world.take_one(false))
            };
            let readers = [reader(), reader()];
            world.put();
            world.put();
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
    }
}
