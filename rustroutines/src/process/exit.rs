//! How the end of a child is noticed.
//!
//! On Linux, by a descriptor of the process in the readiness queue. Elsewhere, and where the system gives
//! none (before Linux 5.3, or when descriptors have run out), by asking again and again: after a millisecond,
//! then after twice as long, up to [`LONGEST`].

use crate::time::{Sleep, sleep};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::{Child, ExitStatus};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The first pause between two questions.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest.
const LONGEST: Duration = Duration::from_millis(20);

/// How the end of a child is noticed.
pub(super) enum Exit {
    /// By an event.
    #[cfg(target_os = "linux")]
    Event(event::Descriptor),
    /// By asking.
    Asking {
        /// Until the next question.
        sleep: Sleep,
        /// How long that was.
        pause: Duration,
    },
}

impl Exit {
    /// Of this child, which has not been waited for.
    pub(super) fn of(child: &Child) -> Self {
        #[cfg(target_os = "linux")]
        if let Ok(descriptor) = event::Descriptor::of(child) {
            return Exit::Event(descriptor);
        }
        let _ = child;
        Exit::Asking { sleep: sleep(SHORTEST), pause: SHORTEST }
    }

    /// How it ended, when it has.
    pub(super) fn poll(&mut self, child: &mut Child, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        match self {
            #[cfg(target_os = "linux")]
            Exit::Event(descriptor) => descriptor.poll(child, cx),
            Exit::Asking { sleep, pause } => loop {
                if let Some(status) = child.try_wait()? {
                    return Poll::Ready(Ok(status));
                }
                ready!(Pin::new(&mut *sleep).poll(cx));
                *pause = (*pause * 2).min(LONGEST);
                *sleep = crate::time::sleep(*pause);
            },
        }
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(target_os = "linux")]
            Exit::Event(_) => "Event",
            Exit::Asking { .. } => "Asking",
        })
    }
}

#[cfg(target_os = "linux")]
mod event {
    use crate::driver::readiness::Direction;
    use crate::driver::source::{Registered, Waiting};
    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::process::{Child, ExitStatus};
    use std::task::{Context, Poll};

    /// A descriptor of the child, in the readiness queue.
    pub(in crate::process) struct Descriptor(Registered<Pidfd>);

    impl Descriptor {
        /// The child has not been waited for, so its number is still its own.
        pub(super) fn of(child: &Child) -> io::Result<Self> {
            let pid = Pid::from_child(child);
            let pidfd = Pidfd(pidfd_open(pid, PidfdFlags::empty())?);
            Registered::new(&crate::runtime::driver(), pidfd, true).map(Self)
        }

        pub(super) fn poll(&self, child: &mut Child, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
            let attempt =
                |_: &Pidfd| child.try_wait()?.ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock));
            self.0.poll(Direction::Read, cx, Waiting::Owned, attempt, |_| false)
        }
    }

    /// Readable when the process has ended.
    struct Pidfd(OwnedFd);

    impl mio::event::Source for Pidfd {
        fn register(&mut self, registry: &Registry, token: Token, _: Interest) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).register(registry, token, Interest::READABLE)
        }

        fn reregister(&mut self, registry: &Registry, token: Token, _: Interest) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).reregister(registry, token, Interest::READABLE)
        }

        fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).deregister(registry)
        }
    }
}
