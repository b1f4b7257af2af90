//! Faults on demand, for the tests of the library itself.
//!
//! The system refuses threads: those whose names begin with what a test has chosen, so that tests which
//! run at the same time do not disturb one another.

use parking_lot::Mutex;
use std::io;
use std::thread::JoinHandle;

/// Prefixes of names, and how many threads are still to be refused for each.
static REFUSED: Mutex<Vec<(String, usize)>> = Mutex::new(Vec::new());

/// From here on the next `count` threads are refused whose names begin with `prefix`.
pub(crate) fn refuse_threads(prefix: &str, count: usize) {
    let mut refused = REFUSED.lock();
    refused.retain(|(other, _)| other != prefix);
    refused.push((prefix.into(), count));
}

/// Whether a thread of this name is refused.
fn refuses(name: &str) -> bool {
    let mut refused = REFUSED.lock();
    let entry = refused.iter_mut().find(|(prefix, count)| name.starts_with(prefix.as_str()) && *count > 0);
    entry.map(|(_, count)| *count -= 1).is_some()
}

/// As `std::thread::Builder`, as far as the library uses it.
#[derive(Default)]
pub(crate) struct Builder {
    name: String,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn name(mut self, name: String) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn spawn<T: Send + 'static>(
        self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        if refuses(&self.name) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        std::thread::Builder::new().name(self.name).spawn(run)
    }
}
