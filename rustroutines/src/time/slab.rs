//! Numbered entries that keep their place, in memory that is given back.
//!
//! Entries live in chunks of [`CHUNK`]. A chunk is allocated when the first entry moves in and freed
//! when the last moves out, so that a burst costs memory only while it lasts, and growing never
//! copies what is there already. One freed chunk is kept for the next time, so that coming and going
//! at the edge of a chunk does not go to the allocator each time.
//!
//! A [`Key`] is an index and a generation that is never given out twice: the key of an entry that is
//! gone finds nothing, whatever has moved into its place since.
//!
//! # Invariants
//! - A chunk is in `roomy` exactly once if it has room, and not at all if it is full.
//! - `Cell::Vacant` cells of a chunk form its free list; cells beyond its `cells.len()` are free too.

/// Entries in a chunk.
const CHUNK: usize = 512;
/// The end of a chunk's free list.
const NONE: u32 = u32::MAX;

/// Names one entry, for as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Where the entry is.
    index: u32,
    /// Which of the entries that were ever there.
    generation: u64,
}

impl Key {
    /// For who has its own way of keeping it.
    pub(crate) fn parts(self) -> (u32, u64) {
        (self.index, self.generation)
    }

    /// The reverse.
    pub(crate) fn from_parts(index: u32, generation: u64) -> Self {
        Self { index, generation }
    }

    /// Where the entry is: what the links of a list hold.
    pub(super) fn index(self) -> u32 {
        self.index
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Slab<E> {
    /// Chunk `i` holds the indices from `i * CHUNK`.
    chunks: Vec<Chunk<E>>,
    /// The chunks that have room. The last one is filled first.
    roomy: Vec<u32>,
    /// The memory of a chunk that became empty.
    spare: Option<Vec<Cell<E>>>,
    /// The generation of the next entry.
    generation: u64,
    /// How many entries there are.
    len: usize,
}

#[derive(Debug)]
struct Chunk<E> {
    /// Without capacity while no entry lives here.
    cells: Vec<Cell<E>>,
    /// The first vacant cell, or NONE.
    free: u32,
    /// How many cells are occupied.
    used: u32,
}

#[derive(Debug)]
enum Cell<E> {
    /// Holds the next vacant cell of the chunk, or NONE.
    Vacant(u32),
    Occupied(u64, E),
}

impl<E> Slab<E> {
    /// An empty slab, which owns no memory.
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), roomy: Vec::new(), spare: None, generation: 0, len: 0 }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Lets an entry in.
    ///
    /// # Panics
    /// If there are 2³² − 512 entries already.
    pub(super) fn insert(&mut self, entry: E) -> Key {
        let number = match self.roomy.last() {
            Some(&number) => number,
            None => self.add_chunk(),
        };
        let chunk = &mut self.chunks[number as usize];
        if chunk.cells.capacity() == 0 {
            chunk.cells = self.spare.take().unwrap_or_else(|| Vec::with_capacity(CHUNK));
        }
        let generation = self.generation;
        self.generation += 1;
        let offset = if chunk.free == NONE {
            chunk.cells.push(Cell::Occupied(generation, entry));
            chunk.cells.len() - 1
        } else {
            let offset = chunk.free as usize;
            match std::mem::replace(&mut chunk.cells[offset], Cell::Occupied(generation, entry)) {
                Cell::Vacant(next) => chunk.free = next,
                Cell::Occupied(..) => unreachable!("the free list holds vacant cells only"),
            }
            offset
        };
        chunk.used += 1;
        if chunk.used as usize == CHUNK {
            self.roomy.pop();
        }
        self.len += 1;
        Key { index: number * CHUNK as u32 + offset as u32, generation }
    }

    /// Adds a chunk, without memory yet.
    fn add_chunk(&mut self) -> u32 {
        // The last index must stay below NONE, which the links of lists use as their end.
        assert!(self.chunks.len() < NONE as usize / CHUNK, "too many entries");
        self.chunks.push(Chunk { cells: Vec::new(), free: NONE, used: 0 });
        let number = self.chunks.len() as u32 - 1;
        self.roomy.push(number);
        number
    }

    /// The index of the entry with this key, if it is still there.
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        match self.chunks.get(key.index as usize / CHUNK)?.cells.get(key.index as usize % CHUNK)? {
            Cell::Occupied(generation, _) if *generation == key.generation => Some(key.index),
            _ => None,
        }
    }

    /// The entry at an index.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn get(&self, index: u32) -> &E {
        match &self.chunks[index as usize / CHUNK].cells[index as usize % CHUNK] {
            Cell::Occupied(_, entry) => entry,
            Cell::Vacant(_) => unreachable!("a link to an entry that is gone"),
        }
    }

    /// The entry at an index.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn get_mut(&mut self, index: u32) -> &mut E {
        match &mut self.chunks[index as usize / CHUNK].cells[index as usize % CHUNK] {
            Cell::Occupied(_, entry) => entry,
            Cell::Vacant(_) => unreachable!("a link to an entry that is gone"),
        }
    }

    /// Takes the entry at an index out.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn remove(&mut self, index: u32) -> E {
        let number = index as usize / CHUNK;
        let offset = index as usize % CHUNK;
        let chunk = &mut self.chunks[number];
        let Cell::Occupied(_, entry) = std::mem::replace(&mut chunk.cells[offset], Cell::Vacant(chunk.free))
        else {
            unreachable!("a link to an entry that is gone")
        };
        chunk.free = offset as u32;
        if chunk.used as usize == CHUNK {
            self.roomy.push(number as u32);
        }
        chunk.used -= 1;
        if chunk.used == 0 {
            let mut cells = std::mem::take(&mut chunk.cells);
            cells.clear();
            chunk.free = NONE;
            // Where a spare is kept already, the allocator gets this one back.
            self.spare.get_or_insert(cells);
        }
        self.len -= 1;
        entry
    }

    /// How many entries there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.cells.capacity()).sum::<usize>()
            + self.spare.as_ref().map_or(0, Vec::capacity)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_key_finds_its_entry_and_never_a_later_one() {
        let mut slab = Slab::new();
        let first = slab.insert("first");
        assert_eq!(slab.remove(slab.find(first).unwrap()), "first");
        let second = slab.insert("second");
        assert_eq!(second.index(), first.index(), "the place is used again");
        assert_eq!(slab.find(first), None);
        assert_eq!(slab.get(slab.find(second).unwrap()), &"second");
    }

    #[test]
    fn a_burst_leaves_no_memory_behind() {
        let mut slab = Slab::new();
        let keys: Vec<_> = (0..100 * CHUNK).map(|n| slab.insert(n)).collect();
        assert_eq!(slab.capacity(), 100 * CHUNK);
        for (n, key) in keys.iter().enumerate().skip(1) {
            let index = slab.find(*key).unwrap();
            assert_eq!(slab.remove(index), n);
        }
        assert_eq!(slab.len(), 1);
        assert!(slab.capacity() <= 2 * CHUNK, "{} cells for one entry", slab.capacity());
    }

    #[test]
    fn random_traffic_agrees_with_a_map() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut slab = Slab::new();
        let mut model: Vec<(Key, u64)> = Vec::new();
        for round in 0..200_000_u64 {
            // Grows and shrinks across several chunks.
            if random.usize(..4_000) > model.len() / 2 + (round as usize / 50_000) * 700 {
                model.push((slab.insert(round), round));
            } else if !model.is_empty() {
                let (key, value) = model.swap_remove(random.usize(..model.len()));
                assert_eq!(slab.remove(slab.find(key).expect("live")), value);
                assert_eq!(slab.find(key), None);
            }
            assert_eq!(slab.len(), model.len());
        }
        for (key, value) in model {
            assert_eq!(*slab.get(slab.find(key).expect("live")), value);
        }
    }
}
