//! What not every system has. This is the one place where something is compiled for one system alone: all
//! others ask here, and are told so where the system has nothing of the kind.
//!
//! | what | on Linux | elsewhere |
//! |---|---|---|
//! | [`cached`]: a file on the spot, as far as the system's cache goes | `openat2`, `statx`, `preadv2` | by a job |
//! | [`moving`]: bytes that never come into this process | `copy_file_range`, `sendfile` | through a buffer |
//! | [`child`]: an event when a process has ended | `pidfd_open` | by asking again and again |
//! | [`threads`]: where threads run, and how many there are | `sched_setaffinity`, `/proc`, `/sys` | not known |
//!
//! To a checker the system has none of it.

#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
mod elsewhere;
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
mod linux;

#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
use elsewhere as here;
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
use linux as here;

pub(crate) use here::{cached, child, moving, threads};

/// What becomes of a link at the end of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Links {
    /// What it leads to is meant.
    Followed,
    /// It is meant.
    Themselves,
}

/// What became of an attempt to send out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes were sent.
    Bytes(usize),
    /// Nothing: what comes next is little, or is not in the cache.
    NotNow,
    /// Nothing: the system has no such way out of this file. Or there is an error, which a read will find again.
    Never,
}
