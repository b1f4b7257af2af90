//! A dump when a signal comes.
//!
//! A thread waits for the signal. It does nothing else, so it counts as being on standby: a program in
//! which it alone could be woken is deadlocked.

use super::Dump;
use crate::error::RuntimeError;
use crate::platform::{census, thread};
use crate::scheduler::{Scheduler, dump};
use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals};
use std::sync::{Arc, Weak};

/// What may be a signal; the system knows better which are.
const SIGNALS: std::ops::Range<i32> = 1..128;

/// Dumps when a signal comes, until it is dropped.
#[derive(Debug)]
pub(super) struct Dumper {
    /// Ends the thread.
    handle: Handle,
}

impl Dumper {
    /// Has `signal` print what the routines of `scheduler` do.
    pub(super) fn start(signal: i32, scheduler: &Arc<Scheduler>) -> Result<Self, RuntimeError> {
        if FORBIDDEN.contains(&signal) || !SIGNALS.contains(&signal) {
            return Err(RuntimeError::Config(format!("signal {signal} cannot be used for a dump")));
        }
        let signals = Signals::new([signal])
            .map_err(|error| RuntimeError::Config(format!("signal {signal} cannot be caught: {error}")))?;
        let dumper = Self { handle: signals.handle() };
        let scheduler = Arc::downgrade(scheduler);
        thread::Builder::new()
            .name("rustroutines-signal".into())
            .spawn(move || serve(signals, &scheduler))
            .map_err(RuntimeError::Thread)?;
        Ok(dumper)
    }
}

impl Drop for Dumper {
    fn drop(&mut self) {
        self.handle.close();
    }
}

fn serve(mut signals: Signals, scheduler: &Weak<Scheduler>) {
    let _standby = census::standby();
    for _ in signals.forever() {
        let _errand = census::Errand::new();
        let Some(scheduler) = scheduler.upgrade() else { return };
        eprintln!("{}", Dump::new(scheduler.dump(), dump::threads()));
    }
}
