//! How the system tells of signals.

use super::Signal;
use std::io;

#[cfg(unix)]
pub(super) use unix::{NAMES, STOP, Signals, act_by_default, can_be_awaited};
#[cfg(windows)]
pub(super) use windows::{NAMES, STOP, Signals, act_by_default, can_be_awaited};

#[cfg(unix)]
mod unix {
    use super::{Signal, io};
    use crate::platform::thread;
    use signal_hook::consts;
    use signal_hook::iterator;

    /// Constants for signals, with their names.
    macro_rules! signals {
        ($($(#[$doc:meta])* $name:ident = $number:ident;)*) => {
            impl Signal {
                $($(#[$doc])* pub const $name: Self = Self(consts::$number);)*
            }

            /// The signals that have names.
            pub(in crate::signal) const NAMES: &[(Signal, &str)] =
                &[$((Signal::$name, stringify!($number))),*];
        };
    }

    signals! {
        /// Ctrl-C.
        INTERRUPT = SIGINT;
        /// The polite order to end.
        TERMINATE = SIGTERM;
        /// The terminal is gone; to servers, the order to read their configuration again.
        HANGUP = SIGHUP;
        /// Ctrl-\.
        QUIT = SIGQUIT;
        /// For the program's own use.
        USER_1 = SIGUSR1;
        /// For the program's own use.
        USER_2 = SIGUSR2;
        /// A child process has ended or stopped.
        CHILD = SIGCHLD;
        /// The terminal's size has changed.
        WINDOW_CHANGE = SIGWINCH;
        /// A timer of the system.
        ALARM = SIGALRM;
        /// The program goes on after a stop.
        CONTINUE = SIGCONT;
    }

    /// The orders to end.
    pub(in crate::signal) const STOP: &[Signal] = &[Signal::INTERRUPT, Signal::TERMINATE];

    /// Where signals are asked for.
    pub(in crate::signal) struct Signals(iterator::Handle);

    impl Signals {
        /// Starts the thread that waits for them.
        pub(in crate::signal) fn start(deliver: fn(Signal)) -> io::Result<Self> {
            let mut signals = iterator::Signals::new::<_, i32>([])?;
            let handle = signals.handle();
            thread::Builder::new()
                .name("rustroutines-signal".to_owned())
                .spawn(move || signals.forever().for_each(|number| deliver(Signal(number))))?;
            Ok(Self(handle))
        }

        pub(in crate::signal) fn add(&self, signal: Signal) -> io::Result<()> {
            self.0.add_signal(signal.0)
        }
    }

    /// Does what the system does with a signal that nobody asks for.
    pub(in crate::signal) fn act_by_default(signal: Signal) {
        // It knows all that have a name. For others there is nothing that could be done.
        let _unknown = signal_hook::low_level::emulate_default_handler(signal.0);
    }

    pub(in crate::signal) fn can_be_awaited(signal: Signal) -> bool {
        // The crate takes no higher ones, and no system has them.
        (1..128).contains(&signal.0) && !consts::FORBIDDEN.contains(&signal.0)
    }
}

#[cfg(windows)]
mod windows {
    use super::{Signal, io};

    impl Signal {
        /// Ctrl-C.
        pub const INTERRUPT: Self = Self(2);
    }

    /// The signals that have names.
    pub(in crate::signal) const NAMES: &[(Signal, &str)] = &[(Signal::INTERRUPT, "CTRL-C")];

    /// The orders to end.
    pub(in crate::signal) const STOP: &[Signal] = &[Signal::INTERRUPT];

    /// The handler is set.
    pub(in crate::signal) struct Signals;

    impl Signals {
        /// Sets the handler, which has a thread of its own.
        pub(in crate::signal) fn start(deliver: fn(Signal)) -> io::Result<Self> {
            let set = ctrlc::set_handler(move || deliver(Signal::INTERRUPT));
            set.map(|()| Self).map_err(io::Error::other)
        }

        pub(in crate::signal) fn add(&self, _: Signal) -> io::Result<()> {
            Ok(())
        }
    }

    /// Ends the process as the system does, with its `STATUS_CONTROL_C_EXIT`.
    pub(in crate::signal) fn act_by_default(_: Signal) {
        std::process::exit(0xC000_013A_u32 as i32);
    }

    pub(in crate::signal) fn can_be_awaited(signal: Signal) -> bool {
        signal == Signal::INTERRUPT
    }
}
