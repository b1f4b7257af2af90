//! Reading on the spot, if that takes no waiting: a small file of which all lies in the system's cache, or a little
//! from a file that is open.
//!
//! To hand a job to another thread and to be told when it is done costs more than such a file. So it is first
//! tried without: Linux can be asked to look a path up, and to read, only as far as its caches go. Where anything
//! is missing, and on other systems, the file is read by a job, as if nothing had been tried.
//!
//! # What is never done on a worker
//! - *Opening what is no regular file.* That may wait (for the other end of a pipe), and others may notice (who
//!   waits at that other end). So the path is first opened as a mere place (`O_PATH`), which touches nothing.
//!   Who puts a pipe in the place of the file in this very moment has it opened, without waiting, and closed.
//! - *Asking a file system that has to ask others* (a network's, or one that is a program). Which those are is not
//!   found out on a worker either: of each file system the first file is read by a job, and that asks. Only those are
//!   read on the spot of which it is known that they can be (`JUDGED`).
//! - *Waiting for the disk*, be it for a directory (`RESOLVE_CACHED`) or for the contents (`RWF_NOWAIT`).
//! - *Reading much*: what is larger than some ten thousand bytes is a job for another thread.
//!
//! # Why what is read is whole
//! Another file may have come to the path between the two looks at it, and a file may grow. So its length is only a
//! hint. The end is where a read gives nothing; or where it gives less than there was room for, in the midst of a
//! page: what is not in the cache is missing by the page.
//!
//! From a file that is open any number of bytes will do, and the system itself says where it has no such way to read.

#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
mod linux;
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
use linux::{Instead, read_on};

use super::FsOp;
#[cfg(not(any(loom, shuttle)))]
use crate::driver::faults;
use crate::io::block_on_io;
use crate::io::ops::advanced;
use crate::task::budget;
use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much is as much work as an operation of another kind.
const SHARE: usize = 8 * 1024;

/// Where nothing can be tried.
#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
enum Instead {
    Read,
}

#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
impl Instead {
    fn of_trying(_: &Path) -> Result<Vec<u8>, Self> {
        Err(Self::Read)
    }

    fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
fn read_on(_: &std::fs::File, _: &mut [u8]) -> Result<usize, Unread> {
    Err(Unread::Never)
}

/// Why an open file could not be read on the spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "to a checker nothing is in the cache"))]
pub(super) enum Unread {
    /// What comes next is not in the cache.
    NotNow,
    /// The system has no such way to read this one. Or there is an error, which a job will find again.
    Never,
}

/// Reads on from the place in an open file, on the spot. The buffer is to be small.
pub(super) fn read_open(file: &std::fs::File, buf: &mut [u8]) -> Result<usize, Unread> {
    #[cfg(not(any(loom, shuttle)))]
    if !faults::is_cached() {
        return Err(Unread::NotNow);
    }
    let count = read_on(file, buf)?;
    (0..count / SHARE).for_each(|_| budget::spend());
    Ok(count)
}

/// The operation of [`read`](super::read) and [`read_to_string`](super::read_to_string).
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadFileOp<T: Send + 'static> {
    /// How far it is.
    stage: Stage<T>,
    /// What is made of the bytes.
    make: fn(Vec<u8>) -> io::Result<T>,
}

/// How far the operation is.
enum Stage<T: Send + 'static> {
    /// Nothing has been done yet.
    Fresh(PathBuf),
    /// It could not be read on the spot. A job reads it.
    Job(FsOp<T>),
    /// Done.
    Finished,
}

impl<T: Send + 'static> ReadFileOp<T> {
    pub(super) fn new(path: &Path, make: fn(Vec<u8>) -> io::Result<T>) -> Self {
        Self { stage: Stage::Fresh(path.to_owned()), make }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if let Stage::Fresh(path) = &mut self.stage {
            ready!(budget::poll_proceed(cx));
            let (path, make) = (mem::take(path), self.make);
            self.stage = match on_the_spot(&path) {
                Ok(bytes) => {
                    (0..bytes.len() / SHARE).for_each(|_| budget::spend());
                    self.stage = Stage::Finished;
                    return Poll::Ready(make(bytes));
                }
                Err(instead) => {
                    budget::refund();
                    Stage::Job(block_on_io(move || instead.read(&path).and_then(make)))
                }
            };
        }
        let Stage::Job(job) = &mut self.stage else {
            panic!("an operation is polled no more once it is done")
        };
        let made = ready!(Pin::new(job).poll(cx));
        self.stage = Stage::Finished;
        Poll::Ready(made)
    }
}

/// Tries to read the file on the spot.
fn on_the_spot(path: &Path) -> Result<Vec<u8>, Instead> {
    #[cfg(not(any(loom, shuttle)))]
    if !faults::is_cached() {
        return Err(Instead::Read);
    }
    Instead::of_trying(path)
}

advanced!([T: Send + 'static] ReadFileOp<T> => io::Result<T>);

impl<T: Send + 'static> fmt::Debug for ReadFileOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage: &dyn fmt::Debug = match &self.stage {
            Stage::Fresh(path) => path,
            Stage::Job(job) => job,
            Stage::Finished => &"finished",
        };
        f.debug_tuple("ReadFileOp").field(stage).finish()
    }
}
