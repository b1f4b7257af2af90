//! What routines keep for themselves: values that go with a routine, whichever thread polls it.
//!
//! They are seldom used, so a routine without them pays nothing for them but one look, at its end, whether
//! anybody in this process has ever made one. They lie in a table beside the tasks, under the routine's key.
//! A thread that runs no routine has a key of its own, and keeps its values until it ends.
//!
//! # Invariants
//! - A value is made, used and dropped while no lock is held: others may be used meanwhile, and the same.
//! - A value is made at most once for each key, and never after it was dropped. So dropping them comes to
//!   an end, though their destructors may make others.
//! - Only the one who runs under a key touches its entries: the locks are there for the others in a shard.

use crate::panics::{self, Payload};
use crate::platform::atomic::{AtomicU64, Ordering};
use crate::platform::sync::{Mutex, OnceLock};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parts of the table that are locked apart.
const SHARDS: usize = 32;

/// Whose values they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Tells the routines of one home from those of another; 0 for threads.
    home: usize,
    /// The number of the routine in its home, or of the thread.
    number: u64,
}

/// A value, whatever its type.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// How it stands with one value of one key.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It has not been made yet.
    Absent,
    /// It is there.
    There(Value),
    /// It has been dropped, because the key is at its end.
    Gone,
}

/// What one key has: for each value the address of the static that it belongs to, and the value, until it is
/// dropped.
type Entries = Vec<(usize, Option<Value>)>;

struct Table {
    /// The entries of the keys.
    shards: [Mutex<BTreeMap<Key, Entries>>; SHARDS],
    /// The number for the next thread.
    threads: AtomicU64,
}

/// Made when the first value is asked for.
static TABLE: OnceLock<Table> = OnceLock::new();

/// Whether anybody has ever kept anything.
#[inline]
pub(crate) fn are_used() -> bool {
    TABLE.get().is_some()
}

fn table() -> &'static Table {
    TABLE.get_or_init(|| Table {
        shards: std::array::from_fn(|_| Mutex::new(BTreeMap::new())),
        threads: AtomicU64::new(0),
    })
}

impl Table {
    fn shard(&self, key: Key) -> &Mutex<BTreeMap<Key, Entries>> {
        &self.shards[key.number as usize % SHARDS]
    }
}

impl Key {
    /// Of routine `number` of a home.
    pub(crate) fn of_routine(home: usize, number: u64) -> Self {
        Self { home, number }
    }

    /// Of one more thread.
    fn of_thread() -> Self {
        Self { home: 0, number: table().threads.fetch_add(1, Ordering::Relaxed) }
    }

    /// What it has of the static at `place`.
    pub(crate) fn find(self, place: usize) -> Entry {
        let shard = table().shard(self).lock();
        let entry = shard.get(&self).and_then(|entries| entries.iter().find(|(at, _)| *at == place));
        match entry {
            None => Entry::Absent,
            Some((_, Some(value))) => Entry::There(value.clone()),
            Some((_, None)) => Entry::Gone,
        }
    }

    /// Keeps a value that was made for the static at `place`, unless there is one; gives what is there now.
    pub(crate) fn keep(self, place: usize, value: Value) -> Entry {
        let entry = self.find(place);
        // Nobody else adds any: what was absent is so still.
        if let Entry::Absent = entry {
            table().shard(self).lock().entry(self).or_default().push((place, Some(value.clone())));
            return Entry::There(value);
        }
        entry
    }

    /// Drops everything that it has, the latest first. Gives what the first destructor panicked with that
    /// did.
    pub(crate) fn end(self) -> Result<(), Payload> {
        let Some(table) = TABLE.get() else { return Ok(()) };
        let mut result = Ok(());
        loop {
            let mut shard = table.shard(self).lock();
            let Some(entries) = shard.get_mut(&self) else { break };
            let value = entries.iter_mut().rev().find_map(|(_, value)| value.take());
            if value.is_none() {
                shard.remove(&self);
                break;
            }
            drop(shard);
            let dropped = panics::contain(|| drop(value));
            match result {
                Ok(()) => result = dropped,
                Err(_) => panics::swallow(|| drop(dropped)),
            }
        }
        result
    }
}

/// The key of a thread, as long as the thread.
struct Thread(Key);

impl Drop for Thread {
    fn drop(&mut self) {
        // As of any destructor at the end of a thread, nobody is there to hear of the panic but the hook.
        panics::swallow(|| drop(self.0.end()));
    }
}

crate::platform::thread::thread_local! {
    /// The key of this thread, once it has been asked for.
    static THREAD: OnceLock<Thread> = const { OnceLock::new() };
}

/// The key of this thread. `None`: the thread is at its end.
pub(crate) fn of_this_thread() -> Option<Key> {
    THREAD.try_with(|thread| thread.get_or_init(|| Thread(Key::of_thread())).0).ok()
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn value(of: &Entry) -> u32 {
        match of {
            Entry::There(value) => *value.downcast_ref::<u32>().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_key_has_its_own_values_until_its_end() {
        let (one, other) = (Key::of_routine(1, 7), Key::of_routine(2, 7));
        assert!(matches!(one.find(100), Entry::Absent));
        assert_eq!(value(&one.keep(100, Arc::new(1_u32))), 1);
        assert_eq!(value(&other.keep(100, Arc::new(2_u32))), 2);
        assert_eq!(value(&one.keep(100, Arc::new(3_u32))), 1, "there is one already");
        one.end().unwrap();
        assert!(matches!(one.find(100), Entry::Absent));
        assert_eq!(value(&other.find(100)), 2);
        other.end().unwrap();
    }

    #[test]
    fn a_destructor_may_use_others_but_not_what_is_gone() {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        struct Looks(Key);
        impl Drop for Looks {
            fn drop(&mut self) {
                assert_eq!(value(&self.0.find(1)), 5, "made before it, dropped after it");
                assert!(matches!(self.0.find(2), Entry::Gone), "itself");
                assert_eq!(value(&self.0.keep(3, Arc::new(6_u32))), 6, "a new one");
                assert!(matches!(self.0.keep(2, Arc::new(())), Entry::Gone));
                SEEN.fetch_add(1, Ordering::Relaxed);
            }
        }
        let key = Key::of_routine(3, 1);
        key.keep(1, Arc::new(5_u32));
        key.keep(2, Arc::new(Looks(key)));
        key.end().unwrap();
        assert_eq!(SEEN.load(Ordering::Relaxed), 1);
        assert!(table().shard(key).lock().get(&key).is_none());
    }

    #[test]
    fn a_panicking_destructor_keeps_none_from_being_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("one of several"));
            }
        }
        let (key, last) = (Key::of_routine(4, 1), Arc::new(()));
        key.keep(1, last.clone());
        key.keep(2, Arc::new(Bomb));
        key.keep(3, Arc::new(Bomb));
        assert!(key.end().is_err());
        assert_eq!(Arc::strong_count(&last), 1);
    }
}
