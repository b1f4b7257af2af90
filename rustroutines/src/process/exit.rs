//! How the end of a child is noticed.
//!
//! By an event in the readiness queue where the system has one ([`End`]), and else by asking again and again: after a
//! millisecond, then after twice as long, up to [`LONGEST`].

use crate::driver::readiness::Direction;
use crate::driver::source::{Done, Registered, Waiting};
use crate::platform::system::child::End;
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
    Event(Registered<End>),
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
        match End::of(child).and_then(|end| Registered::new(&crate::runtime::driver(), end, true)) {
            Ok(end) => Exit::Event(end),
            Err(_) => Exit::Asking { sleep: sleep(SHORTEST), pause: SHORTEST },
        }
    }

    /// How it ended, when it has.
    pub(super) fn poll(&mut self, child: &mut Child, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        match self {
            Exit::Event(end) => {
                let attempt =
                    |_: &End| child.try_wait()?.ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock));
                end.poll(Direction::Read, cx, Waiting::Owned, attempt, Done::other)
            }
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
            Exit::Event(_) => "Event",
            Exit::Asking { .. } => "Asking",
        })
    }
}
