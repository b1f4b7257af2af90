//! A hierarchical timer wheel: many deadlines, of which the earliest come out first.
//!
//! Pure: no clock, no lock, no waker. Time is a number of ticks that the caller passes in.
//!
//! Written as a number in base 256, a tick has eight digits; the wheel has a level for each digit and
//! a slot for each value of it. An entry is on the level of the *highest digit in which its deadline
//! differs from `elapsed`*, in the slot of that digit. Since eight digits hold every `u64`, there is
//! no horizon beyond which deadlines have to be treated otherwise, and nothing ever wraps.
//!
//! A slot is emptied in one go before anything that is due meanwhile comes out, so it should hold little: the
//! digits are large for that. Rejected: base 64, where all that is due in the same quarter of a second may be in
//! one slot. Of a million sleeps, 70,000 were late by more than 20 ms.
//!
//! # Invariants
//! - An entry on level L agrees with `elapsed` in all digits above L, and its digit at L is greater
//!   than that of `elapsed`; where it was put off since it found its place, this holds of the deadline that it had then,
//!   which was earlier. Therefore every entry of a level is earlier than every entry of a higher
//!   level, and within a level the slots are in order: the earliest slot is the first occupied one of
//!   the lowest occupied level.
//! - `elapsed` moves only up to the beginning of the earliest slot; this slot is then emptied, and its
//!   entries find their place anew, on lower levels. So each entry moves at most seven times, unless it is put off.
//! - `due` holds entries that were too late when they were inserted: not after `elapsed`.
//! - While a slot is `opening`, `elapsed` stands still at its beginning, no deadline belongs there, and
//!   new entries of any deadline queue up behind those that are still in it, so that the entries of one
//!   tick keep the order of their insertion.
//! - A bit in `occupied` is set if and only if the slot's list is not empty and it is not opening, a bit
//!   in `levels` if and only if the level has an occupied slot.
//! - `Slot::earliest` is not after any deadline in the slot. It is one of them, unless that one was
//!   cancelled or put off.

pub(crate) use super::slab::Key;
use super::slab::Slab;

/// Bits of a digit.
const BITS: u32 = 8;
/// Slots of a level.
const SLOTS: usize = 1 << BITS;
/// Words of a bit for each slot of a level.
const WORDS: usize = SLOTS / u64::BITS as usize;
/// Levels: as many as a `u64` has digits.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// The end of a list.
const NONE: u32 = u32::MAX;
/// How many entries may find their place anew for each payload that may come out of one `advance`.
const MOVES_PER_PAYLOAD: usize = 8;

/// See the module. `P` is what comes out when a deadline has come.
#[derive(Debug)]
pub(crate) struct Wheel<P> {
    /// All entries. The lists link them by index.
    entries: Slab<Entry<P>>,
    /// The tick up to which deadlines have been looked at.
    elapsed: u64,
    /// Bit L: level L has an occupied slot.
    levels: u16,
    /// For each level: bit S: slot S is occupied.
    occupied: [[u64; WORDS]; LEVELS],
    /// The slots of all levels, level 0 first.
    slots: Box<[Slot]>,
    /// Entries that were too late when they came in.
    due: List,
    /// The slot that is being emptied.
    opening: Option<u16>,
}

#[derive(Debug)]
struct Entry<P> {
    deadline: u64,
    payload: P,
    /// The list that the entry is in.
    place: Place,
    /// The entry before it in the list, or NONE.
    before: u32,
    /// The entry behind it in the list, or NONE.
    behind: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Due,
    /// The number of a slot: level times SLOTS plus digit.
    Slot(u16),
}

#[derive(Debug, Clone, Copy)]
struct List {
    /// The first entry, or NONE.
    head: u32,
    /// The last entry, or NONE.
    tail: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    list: List,
    /// Not after any deadline in the list. Says nothing while the list is empty.
    earliest: u64,
}

impl List {
    const EMPTY: List = List { head: NONE, tail: NONE };

    fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl<P> Wheel<P> {
    /// An empty wheel whose time stands at tick 0.
    pub(crate) fn new() -> Self {
        Self {
            entries: Slab::new(),
            elapsed: 0,
            levels: 0,
            occupied: [[0; WORDS]; LEVELS],
            slots: vec![Slot { list: List::EMPTY, earliest: u64::MAX }; LEVELS * SLOTS].into_boxed_slice(),
            due: List::EMPTY,
            opening: None,
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry. One whose deadline is past comes out at the next [`advance`](Self::advance).
    pub(crate) fn insert(&mut self, deadline: u64, payload: P) -> Key {
        let key =
            self.entries.insert(Entry { deadline, payload, place: Place::Due, before: NONE, behind: NONE });
        match self.opening {
            Some(slot) => self.push(Place::Slot(slot), key.index()),
            None => self.settle(key.index(), deadline),
        }
        key
    }

    /// Takes an entry out before its time. `None` if it has come out already.
    pub(crate) fn cancel(&mut self, key: Key) -> Option<P> {
        let index = self.entries.find(key)?;
        Some(self.take(index))
    }

    /// Puts an entry off, and says whether that was done: not if it has come out, if it was too late already, or to an
    /// earlier tick. It stays where it is, and finds its place when its slot is emptied: who puts off a deadline
    /// over and over does not move it each time.
    pub(crate) fn put_off(&mut self, key: Key, deadline: u64) -> bool {
        let Some(index) = self.entries.find(key) else { return false };
        let entry = self.entries.get_mut(index);
        let is_later = entry.place != Place::Due && entry.deadline <= deadline;
        if is_later {
            entry.deadline = deadline;
        }
        is_later
    }

    /// The payload of an entry that has not come out yet.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut P> {
        let index = self.entries.find(key)?;
        Some(&mut self.entries.get_mut(index).payload)
    }

    /// The tick at which to call [`advance`](Self::advance) next: never after the earliest deadline, and
    /// exactly at it unless an earlier one of its slot was cancelled or put off. `None` if there are no entries.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        if !self.due.is_empty() || self.opening.is_some() {
            return Some(self.elapsed);
        }
        self.earliest_slot().map(|slot| self.slots[slot].earliest)
    }

    /// Moves time on towards `now` and appends to `out` at most `max` payloads whose deadline is not
    /// after it, earliest first; those of one tick in the order in which they were inserted.
    ///
    /// Does a bounded amount of work. There may be more to come out, and it is known that there is
    /// not when [`next_tick`](Self::next_tick) is after `now`.
    pub(crate) fn advance(&mut self, now: u64, max: usize, out: &mut Vec<P>) {
        let mut moves = max.saturating_mul(MOVES_PER_PAYLOAD);
        let mut room = max;
        loop {
            while !self.due.is_empty() {
                if room == 0 {
                    return;
                }
                room -= 1;
                out.push(self.take(self.due.head));
            }
            while let Some(slot) = self.opening {
                let index = self.slots[slot as usize].list.head;
                let deadline = self.entries.get(index).deadline;
                if deadline <= self.elapsed {
                    if room == 0 {
                        return;
                    }
                    room -= 1;
                    out.push(self.take(index));
                } else {
                    if moves == 0 {
                        return;
                    }
                    moves -= 1;
                    self.unlink(index);
                    self.settle(index, deadline);
                }
            }
            if !self.open_earliest_slot(now) {
                return;
            }
        }
    }

    /// Moves time on to the beginning of the earliest slot and begins to empty it; or, where that slot
    /// begins after `now`, moves time on to `now` and says so by `false`.
    fn open_earliest_slot(&mut self, now: u64) -> bool {
        let Some(number) = self.earliest_slot() else {
            self.elapsed = self.elapsed.max(now);
            return false;
        };
        let shift = BITS * (number / SLOTS) as u32;
        let digit = (number % SLOTS) as u64;
        // The digits above this level are those of `elapsed`, the ones below are 0.
        let above = self.elapsed.checked_shr(shift + BITS).unwrap_or(0);
        let start = above.checked_shl(shift + BITS).unwrap_or(0) | (digit << shift);
        if start > now {
            self.elapsed = self.elapsed.max(now);
            return false;
        }
        self.elapsed = start;
        self.opening = Some(number as u16);
        self.vacate(number);
        true
    }

    /// The first occupied slot of the lowest occupied level.
    fn earliest_slot(&self) -> Option<usize> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let words = &self.occupied[level];
        let word = words.iter().position(|&word| word != 0).expect("the level is occupied");
        Some(level * SLOTS + word * u64::BITS as usize + words[word].trailing_zeros() as usize)
    }

    /// Puts an entry that is in no list where it belongs.
    fn settle(&mut self, index: u32, deadline: u64) {
        if deadline <= self.elapsed {
            return self.push(Place::Due, index);
        }
        let level = (u64::BITS - 1 - (deadline ^ self.elapsed).leading_zeros()) / BITS;
        let digit = (deadline >> (BITS * level)) as usize % SLOTS;
        let number = level as usize * SLOTS + digit;
        let slot = &mut self.slots[number];
        slot.earliest = if slot.list.is_empty() { deadline } else { slot.earliest.min(deadline) };
        self.occupied[level as usize][digit / u64::BITS as usize] |= 1 << (digit % u64::BITS as usize);
        self.levels |= 1 << level;
        self.push(Place::Slot(number as u16), index);
    }

    /// Takes an entry out of its list and out of the wheel.
    fn take(&mut self, index: u32) -> P {
        self.unlink(index);
        self.entries.remove(index).payload
    }

    /// Takes a slot out of those in which to look for the earliest: it is empty, or opening.
    fn vacate(&mut self, number: usize) {
        let (level, digit) = (number / SLOTS, number % SLOTS);
        self.occupied[level][digit / u64::BITS as usize] &= !(1 << (digit % u64::BITS as usize));
        if self.occupied[level] == [0; WORDS] {
            self.levels &= !(1 << level);
        }
    }

    fn list(&mut self, place: Place) -> &mut List {
        match place {
            Place::Due => &mut self.due,
            Place::Slot(number) => &mut self.slots[number as usize].list,
        }
    }

    /// Appends an entry that is in no list to one.
    fn push(&mut self, place: Place, index: u32) {
        let list = self.list(place);
        let tail = std::mem::replace(&mut list.tail, index);
        if tail == NONE {
            list.head = index;
        } else {
            self.entries.get_mut(tail).behind = index;
        }
        let entry = self.entries.get_mut(index);
        entry.place = place;
        entry.before = tail;
        entry.behind = NONE;
    }

    /// Takes an entry out of the list that it is in.
    fn unlink(&mut self, index: u32) {
        let &Entry { place, before, behind, .. } = self.entries.get(index);
        if before != NONE {
            self.entries.get_mut(before).behind = behind;
        }
        if behind != NONE {
            self.entries.get_mut(behind).before = before;
        }
        let list = self.list(place);
        if before == NONE {
            list.head = behind;
        }
        if behind == NONE {
            list.tail = before;
        }
        let emptied = list.is_empty();
        if let (true, Place::Slot(number)) = (emptied, place) {
            self.vacate(number as usize);
            self.opening = self.opening.filter(|&slot| slot != number);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Everything that is due at `now`, in the order in which it comes out.
    fn fire<P>(wheel: &mut Wheel<P>, now: u64) -> Vec<P> {
        let mut out = Vec::new();
        while wheel.next_tick().is_some_and(|tick| tick <= now) {
            wheel.advance(now, 7, &mut out);
        }
        out
    }

    /// The ticks around every boundary of a level, up to the last tick there is.
    fn boundaries() -> Vec<u64> {
        let mut ticks = vec![0, 1, 2, u64::MAX - 1, u64::MAX];
        for level in 1..LEVELS as u32 {
            let unit = 1_u64 << (BITS * level);
            let slots = SLOTS as u64;
            ticks.extend([unit - 1, unit, unit + 1, unit * (slots - 1), unit.saturating_mul(slots) - 1]);
            // Where one word of bits ends.
            ticks.extend([unit * 63, unit * 64]);
        }
        ticks.sort_unstable();
        ticks.dedup();
        ticks
    }

    #[test]
    fn every_boundary_of_a_level_is_met_to_the_tick_from_every_other() {
        for &start in &boundaries() {
            for &deadline in &boundaries() {
                let mut wheel = Wheel::new();
                assert_eq!(fire(&mut wheel, start), []);
                wheel.advance(start, 1, &mut Vec::new());
                wheel.insert(deadline, deadline);
                if deadline > start {
                    assert_eq!(wheel.next_tick(), Some(deadline), "from {start}");
                    assert_eq!(fire(&mut wheel, deadline - 1), [], "{deadline} is early from {start}");
                    assert_eq!(wheel.next_tick(), Some(deadline), "from {start}");
                }
                assert_eq!(fire(&mut wheel, deadline.max(start)), [deadline], "from {start}");
                assert_eq!((wheel.len(), wheel.next_tick()), (0, None));
            }
        }
    }

    #[test]
    fn a_short_timer_fires_while_a_far_one_waits_at_the_top() {
        // Where the levels end at 2^36 ticks, the short ones of this hang for days.
        for far in [(1 << 36) - 1, 1 << 36, (1 << 36) + 1, u64::MAX] {
            let mut wheel = Wheel::new();
            wheel.insert(far, far);
            for now in [1 << 30, (1 << 36) - 70, (1 << 36) - 4] {
                wheel.insert(now + 2, now);
                assert_eq!(fire(&mut wheel, now + 1), []);
                assert_eq!(fire(&mut wheel, now + 2), [now]);
            }
            assert_eq!(fire(&mut wheel, far), [far]);
        }
    }

    #[test]
    fn permuted_deadlines_come_out_in_order_and_equal_ones_as_inserted() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut deadlines: Vec<u64> = (0..5_000).map(|n| n / 3 * 17).collect();
        random.shuffle(&mut deadlines);
        let mut wheel = Wheel::new();
        for (order, &deadline) in deadlines.iter().enumerate() {
            wheel.insert(deadline, (deadline, order));
        }
        let fired = fire(&mut wheel, u64::MAX);
        assert_eq!(fired.len(), deadlines.len());
        assert!(fired.is_sorted());
    }

    #[test]
    fn an_entry_is_cancelled_once_wherever_it_stands_in_its_list() {
        for victim in 0..5 {
            // In one slot of a high level; in one of level 0; among the overdue.
            for deadline in [1_000_000, 3, 0] {
                let mut wheel = Wheel::new();
                let keys: Vec<_> = (0..5).map(|n| wheel.insert(deadline, n)).collect();
                assert_eq!(wheel.cancel(keys[victim]), Some(victim));
                assert_eq!(wheel.cancel(keys[victim]), None);
                assert_eq!(wheel.get_mut(keys[victim]), None);
                let rest: Vec<_> = (0..5).filter(|&n| n != victim).collect();
                assert_eq!(fire(&mut wheel, deadline), rest);
                assert!(keys.iter().all(|&key| wheel.cancel(key).is_none()), "they have come out");
            }
        }
    }

    #[test]
    fn cancelling_everything_leaves_nothing_to_wake_up_for() {
        let mut wheel = Wheel::new();
        let keys: Vec<_> = boundaries().into_iter().map(|tick| wheel.insert(tick, tick)).collect();
        for key in keys {
            assert!(wheel.cancel(key).is_some());
        }
        assert_eq!((wheel.len(), wheel.next_tick()), (0, None));
    }

    #[test]
    fn a_slot_that_is_being_emptied_takes_and_gives_entries() {
        const FIRST: u64 = SLOTS as u64;
        let mut wheel = Wheel::new();
        // All in one slot of level 1, more than one `advance` may move.
        let keys: Vec<_> = (0..100).map(|n| wheel.insert(FIRST + n % 10, n)).collect();
        let mut out = Vec::new();
        wheel.advance(FIRST, 1, &mut out);
        assert_eq!(out, [0]);
        assert_eq!(wheel.next_tick(), Some(FIRST), "not all have been looked at");
        assert_eq!(wheel.cancel(keys[99]), Some(99));
        assert_eq!(wheel.cancel(keys[1]), Some(1));
        wheel.insert(FIRST, 1_000);
        wheel.insert(FIRST + 1, 1_001);
        let mut expected: Vec<_> = (1..=9).map(|n| n * 10).collect();
        expected.push(1_000);
        assert_eq!(fire(&mut wheel, FIRST), expected);
        let expected: Vec<_> = (1..=9).map(|n| n * 10 + 1).chain([1_001]).collect();
        assert_eq!(fire(&mut wheel, FIRST + 1), expected);
        assert_eq!(fire(&mut wheel, FIRST + 9).len(), 79);
    }

    #[test]
    fn a_batch_is_no_larger_than_was_asked_for() {
        let mut wheel = Wheel::new();
        for n in 0..1_000 {
            wheel.insert(5, n);
        }
        let mut out = Vec::new();
        wheel.advance(5, 64, &mut out);
        assert_eq!(out, (0..64).collect::<Vec<_>>());
        assert_eq!(wheel.next_tick(), Some(5));
    }

    #[test]
    fn random_traffic_agrees_with_a_sorted_map() {
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut wheel = Wheel::new();
            let mut model = BTreeMap::new();
            let mut keys = BTreeMap::new();
            let mut now = if seed % 4 == 0 { u64::MAX - 3_000_000 } else { 0 };
            wheel.advance(now, 1, &mut Vec::new());
            for id in 0..3_000_u64 {
                let reach = 1_u64 << random.u32(0..[8, 13, 25, 63][seed as usize % 4]);
                match random.u8(0..10) {
                    0..=4 => {
                        let deadline = now.saturating_sub(2).saturating_add(random.u64(..reach));
                        model.insert((deadline.max(now), id), deadline);
                        keys.insert(id, (wheel.insert(deadline, id), deadline.max(now)));
                    }
                    5..=6 if !keys.is_empty() => {
                        let nth = random.usize(..keys.len());
                        let (&id, &(key, at)) = keys.iter().nth(nth).unwrap();
                        assert_eq!(wheel.cancel(key), Some(id));
                        assert!(model.remove(&(at, id)).is_some());
                        keys.remove(&id);
                    }
                    _ => {
                        now = now.saturating_add(random.u64(..reach));
                        let later = model.split_off(&(now, u64::MAX));
                        let expected: Vec<_> = model.keys().map(|&(_, id)| id).collect();
                        model = later;
                        assert_eq!(fire(&mut wheel, now), expected, "seed {seed}, tick {now}");
                        wheel.advance(now, 1, &mut Vec::new());
                        keys.retain(|id, _| !expected.contains(id));
                    }
                }
                assert_eq!(wheel.len(), model.len());
                let next = wheel.next_tick();
                assert_eq!(next.is_some(), !model.is_empty());
                assert!(next <= model.keys().next().map(|&(at, _)| at), "it would be slept through");
            }
        }
    }

    #[test]
    fn what_is_put_off_comes_out_at_its_last_deadline() {
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut wheel = Wheel::new();
            let mut entries = BTreeMap::new();
            let mut now = 0;
            for id in 0..2_000_u64 {
                let reach = 1_u64 << [8, 13, 25, 40][seed as usize % 4];
                match random.u8(0..10) {
                    0..=2 => {
                        let deadline = now + random.u64(..reach);
                        entries.insert(id, (wheel.insert(deadline, id), deadline));
                    }
                    3..=7 if !entries.is_empty() => {
                        let nth = random.usize(..entries.len());
                        let (_, (key, at)) = entries.iter_mut().nth(nth).unwrap();
                        let deadline = now + random.u64(..reach);
                        // Not what is due at once, nor to an earlier tick.
                        let is_put_off = wheel.put_off(*key, deadline);
                        assert!(!is_put_off || deadline >= *at);
                        assert!(is_put_off || deadline < *at || *at <= now);
                        if is_put_off {
                            *at = deadline;
                        }
                    }
                    _ => {
                        now += random.u64(..reach / 4);
                        let mut fired = fire(&mut wheel, now);
                        wheel.advance(now, 1, &mut Vec::new());
                        let ticks: Vec<_> = fired.iter().map(|id| entries[id].1).collect();
                        assert!(ticks.is_sorted() && ticks.iter().all(|&at| at <= now), "seed {seed}");
                        let due = entries.iter().filter(|(_, (_, at))| *at <= now);
                        fired.sort_unstable();
                        assert!(due.map(|(&id, _)| id).eq(fired.iter().copied()), "seed {seed}, tick {now}");
                        for id in fired {
                            let (key, _) = entries.remove(&id).unwrap();
                            assert!(!wheel.put_off(key, u64::MAX), "it has come out");
                        }
                    }
                }
                let next = wheel.next_tick();
                assert_eq!(next.is_some(), !entries.is_empty());
                assert!(next <= entries.values().map(|&(_, at)| at).min(), "it would be slept through");
            }
        }
    }

    #[test]
    fn a_million_entries_come_out_in_order_and_leave_no_memory_behind() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut wheel = Wheel::new();
        for _ in 0..1_000_000 {
            let deadline = random.u64(1..=1_000);
            wheel.insert(deadline, deadline);
        }
        let fired = fire(&mut wheel, 1_000);
        assert_eq!(fired.len(), 1_000_000);
        assert!(fired.is_sorted());
        assert!(wheel.entries.capacity() < 1_000);
    }
}
