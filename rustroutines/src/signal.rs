//! Signals of the system, as values that come from a channel: [`notify`], [`ctrl_c`], [`stop`]; and back:
//! [`reset`].
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
//!
//! **A signal that was once asked for does nothing else any more**: Ctrl-C, say, does not end the program, even
//! after the receiver has had one or was dropped. So a program that is slow to end, or hangs on the way, can't
//! be stopped by pressing it once more, unless it has called [`reset`].

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

/// Makes a receiver of these signals.
///
/// What the system does with them by itself (to end the process, mostly) it does not do from now on: **not even
/// when the receiver is dropped**. [`reset`] has it do so again.
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

/// Makes a receiver that gets a value each time that Ctrl-C is pressed.
///
/// Ctrl-C ends the program no longer, also after the first and when the receiver is dropped; see [`reset`].
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
/// They end the program no longer by themselves, also after the first one has come and when the receiver is
/// dropped: a second Ctrl-C does not stop a program that takes long to clear up, or hangs. Where it should, call
/// [`reset`] after the first.
///
/// # Errors
/// Those of [`notify`].
///
/// # Examples
/// ```no_run
/// use rustroutines::Suspend;
/// use rustroutines::signal::{self, Signal};
///
/// let stop = signal::stop()?;
/// stop.recv().block().unwrap();
/// println!("one moment; press Ctrl-C again not to wait");
/// signal::reset([Signal::INTERRUPT]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias("ctrl_c", "Notify"))]
pub fn stop() -> io::Result<Receiver<Signal>> {
    notify(system::STOP.iter().copied())
}

/// Has these signals do again what they do by themselves: most end the process. Undoes what [`notify`],
/// [`ctrl_c`] and [`stop`] did for them, like Go's `signal.Reset`.
///
/// Receivers get them no more; one that is left with no signal at all is closed. Until they are asked for again,
/// the thread that waits for signals does on their arrival what the system would have done. Signals that were
/// never asked for are left as they are.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::signal::{self, Signal};
///
/// # #[cfg(unix)] {
/// let changes = signal::notify([Signal::WINDOW_CHANGE])?;
/// signal::reset([Signal::WINDOW_CHANGE]);
/// assert!(changes.recv().block().is_err(), "it is closed");
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn reset(signals: impl IntoIterator<Item = Signal>) {
    let signals: Vec<_> = signals.into_iter().collect();
    let mut listeners = LISTENERS.lock();
    let all = std::mem::take(&mut listeners.all).into_iter();
    let (gone, there): (Vec<_>, Vec<_>) = all.partition(|(signal, _)| signals.contains(signal));
    listeners.all = there;
    listeners.reset.extend(signals);
    drop(listeners);
    drop(gone);
}

/// Where signals are asked for.
struct Hub {
    /// What the system has for it.
    system: system::Signals,
}

/// Who listens. Apart from the hub, so that the thread can have it before there is one.
static LISTENERS: Mutex<Listeners> = Mutex::new(Listeners { all: Vec::new(), reset: Vec::new() });

/// Who listens to what.
struct Listeners {
    /// Everybody, and to what.
    all: Vec<(Signal, Sender<Signal>)>,
    /// Signals that do what they do by themselves, though they may have been asked for before.
    reset: Vec<Signal>,
}

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
    let all = std::mem::take(&mut listeners.all).into_iter().chain(new);
    let (gone, there): (Vec<_>, Vec<_>) = all.partition(|(_, sender)| sender.is_closed());
    listeners.all = there;
    listeners.reset.retain(|signal| !signals.contains(signal));
    drop(listeners);
    drop(gone);
}

/// A signal has come.
fn deliver(signal: Signal) {
    let concerned = |(wanted, sender): &(Signal, Sender<Signal>)| (*wanted == signal).then(|| sender.clone());
    let listeners = LISTENERS.lock();
    let senders: Vec<_> = listeners.all.iter().filter_map(concerned).collect();
    let is_reset = listeners.reset.contains(&signal);
    drop(listeners);
    if is_reset {
        system::act_by_default(signal);
    }
    for sender in senders {
        // Full, or nobody listens any more: then nobody is to hear of it.
        let _ = sender.try_send(signal);
    }
}
