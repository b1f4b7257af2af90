//! Signals of the system, as values that come from a channel: [`notify`], [`ctrl_c`], [`stop`].
//!
//! ```no_run
//! use rustroutines::prelude::*;
//! use rustroutines::signal;
//!
//! #[routine]
//! fn main() -> std::io::Result<()> {
//!     let stop = signal::stop()?; // Ctrl-C or SIGTERM
//!     let (work, jobs) = channel::<u32>();
//!     # drop(work);
//!     loop {
//!         select! {
//!             signal = stop.recv() => { println!("{signal:?}: good-bye"); break },
//!             job = jobs.recv() => match job { Ok(job) => println!("{job}"), Err(_) => break },
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A thread of its own waits for the signals of the whole process, from the first call on; it needs no runtime.
//! It puts each into the channels of all who asked for it. It never waits for a receiver: where a channel is
//! full, the signal is dropped there, as the system drops one that is pending already.

mod system;

use crate::channel::{Receiver, Sender, bounded_channel};
use crate::platform::sync::{Mutex, OnceLock};
use std::fmt;
use std::io;

/// How many signals wait for a receiver.
const PENDING: usize = 16;

/// The one that serves the process.
static HUB: OnceLock<Hub> = OnceLock::new();

/// A signal of the system.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(i32);

impl Signal {
    /// The signal with this number.
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The system's number for it.
    pub const fn as_raw(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match system::NAMES.iter().find(|(signal, _)| signal == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "Signal({})", self.0),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Makes a receiver of these signals. What the system does with them by itself (to end the process, mostly) it
/// does not do from now on, also when the receiver is dropped.
///
/// Up to sixteen signals wait for their receiver; those beyond are dropped. Each receiver that was made for a
/// signal gets it.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for signals that nobody can wait for (`SIGKILL`, `SIGSTOP`, and
/// those that tell of errors in the program); those of the system if it refuses a thread or a pipe.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::signal::{self, Signal};
///
/// # #[cfg(unix)] {
/// let hangups = signal::notify([Signal::HANGUP])?;
/// // `kill -HUP` would make it receive; nobody does that here.
/// assert!(hangups.try_recv().is_err());
/// assert!(signal::notify([Signal::from_raw(9)]).is_err()); // SIGKILL
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn notify(signals: impl IntoIterator<Item = Signal>) -> io::Result<Receiver<Signal>> {
    let signals: Vec<_> = signals.into_iter().collect();
    if let Some(signal) = signals.iter().find(|signal| !system::can_be_awaited(**signal)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("nobody can wait for {signal}")));
    }
    let hub = hub()?;
    let (sender, receiver) = bounded_channel(PENDING);
    // Before the system is asked, so that none comes in between.
    listen(&signals, &sender);
    signals.into_iter().try_for_each(|signal| hub.system.add(signal))?;
    Ok(receiver)
}

/// Makes a receiver that gets a value each time that Ctrl-C is pressed, which ends the program no longer.
///
/// # Errors
/// Those of [`notify`].
///
/// # Examples
/// ```no_run
/// use rustroutines::{Suspend, signal::ctrl_c};
///
/// let pressed = ctrl_c()?;
/// println!("press Ctrl-C");
/// pressed.recv().block().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn ctrl_c() -> io::Result<Receiver<Signal>> {
    notify([Signal::INTERRUPT])
}

/// Makes a receiver of the polite orders to end: Ctrl-C and, on Unix, `SIGTERM`.
///
/// # Errors
/// Those of [`notify`].
pub fn stop() -> io::Result<Receiver<Signal>> {
    notify(system::STOP.iter().copied())
}

/// Where signals are asked for.
struct Hub {
    /// What the system has for it.
    system: system::Signals,
}

/// Everybody who listens, and to what. Apart from the hub, so that the thread can have it before there is one.
static LISTENERS: Mutex<Vec<(Signal, Sender<Signal>)>> = Mutex::new(Vec::new());

fn hub() -> io::Result<&'static Hub> {
    /// Held while the thread is being started, so that only one ever is.
    static STARTING: Mutex<()> = Mutex::new(());
    let _starting = STARTING.lock();
    if let Some(hub) = HUB.get() {
        return Ok(hub);
    }
    let hub = Hub { system: system::Signals::start(deliver)? };
    Ok(HUB.get_or_init(|| hub))
}

/// Lists a receiver, and forgets those that are gone.
fn listen(signals: &[Signal], sender: &Sender<Signal>) {
    let new: Vec<_> = signals.iter().map(|&signal| (signal, sender.clone())).collect();
    let mut listeners = LISTENERS.lock();
    let all = std::mem::take(&mut *listeners).into_iter().chain(new);
    let (gone, there): (Vec<_>, Vec<_>) = all.partition(|(_, sender)| sender.is_closed());
    *listeners = there;
    drop(listeners);
    drop(gone);
}

/// A signal has come.
fn deliver(signal: Signal) {
    let concerned = |(wanted, sender): &(Signal, Sender<Signal>)| (*wanted == signal).then(|| sender.clone());
    let senders: Vec<_> = LISTENERS.lock().iter().filter_map(concerned).collect();
    for sender in senders {
        // Full, or nobody listens any more: then nobody is to hear of it.
        let _ = sender.try_send(signal);
    }
}
