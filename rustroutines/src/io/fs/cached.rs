//! What is done on the spot, if that takes no waiting: reading a small file of which all lies in the system's cache, or a
//! little from a file that is open, and asking what the system knows about a file.
//!
//! To hand a job to another thread and to be told when it is done costs more than such a file. So it is first
//! tried without: Linux can be asked to look a path up, and to read, only as far as its caches go. Where anything
//! is missing, where there is an error, and on other systems, a job does it, as if nothing had been tried.
//!
//! # What is never done on a worker
//! - *Opening what is no regular file.* That may wait (for the other end of a pipe), and others may notice (who
//!   waits at that other end). So the path is first opened as a mere place (`O_PATH`), which touches nothing.
//!   Who puts a pipe in the place of the file in this very moment has it opened, without waiting, and closed.
//! - *Asking a file system that has to ask others* (a network's, or one that is a program). Which those are is not
//!   found out on a worker either: of each file system the first file is a job's, and that asks. Until then nothing is
//!   looked at but the number of the file system, as it is known here (`STATX_DONT_SYNC`). Only on those is anything
//!   done on the spot of which it is known that it can be.
//! - *Waiting for the disk*, be it for a directory (`RESOLVE_CACHED`) or for the contents (`RWF_NOWAIT`).
//! - *Reading much*: what is larger than some ten thousand bytes is a job for another thread.
//!
//! # File systems in memory
//! tmpfs refuses to be asked for what is in the cache (up to Linux 6.18, at least), because there is nothing else. What is
//! in it may have been swapped out, as the program's own memory may have been: a worker that reads it waits no longer than
//! one that touches a value. So such a file is read on the spot without asking. Overlays (the files of a container) refuse
//! too, though the file below would answer; what is below is not to be seen from above, so there a job reads.
//!
//! # Why what is read is whole
//! Another file may have come to the path between the two looks at it, and a file may grow. So its length is only a
//! hint. The end is where a read gives nothing; or where it gives less than there was room for, in the midst of a
//! page: what is not in the cache is missing by the page.
//!
//! From a file that is open any number of bytes will do, and the system itself says where it has no such way to read. Then
//! a look at it tells whether it is in memory.

use super::{File, FsOp};
#[cfg(not(any(loom, shuttle)))]
use crate::driver::faults;
use crate::io::block_on_io;
use crate::io::ops::advanced;
use crate::platform::system::Links;
use crate::platform::system::cached::{Instead, Reading, read_on};
use crate::task::budget;
use std::fmt;
use std::fs::Metadata;
use std::future::Future;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads on from the place in an open file, on the spot, if that can be now. The buffer is to be small.
pub(super) fn read_open(file: &std::fs::File, how: &mut Reading, buf: &mut [u8]) -> Option<usize> {
    #[cfg(not(any(loom, shuttle)))]
    if !faults::is_cached() {
        return None;
    }
    let count = read_on(file, how, buf)?;
    budget::spend_on(count);
    Some(count)
}

/// The operation of [`read`](super::read), [`metadata`](super::metadata) and others.
///
/// # Cancel safety
/// As with the [others](super).
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct CachedOp<T: Send + 'static> {
    /// How far it is.
    stage: Stage<T>,
    /// What is to be done.
    task: Task<T>,
}

/// What can be done in two ways.
struct Task<T> {
    /// On the spot, unless it turns out that something else is to be done.
    attempt: fn(&Path) -> Result<io::Result<T>, Instead>,
    /// By a job.
    job: fn(&Path, Instead) -> io::Result<T>,
}

impl<T> Copy for Task<T> {}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// How far the operation is.
enum Stage<T: Send + 'static> {
    /// Nothing has been done yet.
    Fresh(PathBuf),
    /// It could not be done on the spot. A job does it.
    Job(FsOp<T>),
    /// Done.
    Finished,
}

impl CachedOp<Vec<u8>> {
    pub(super) fn read(path: &Path) -> Self {
        Self::new(path, Task { attempt: |path| read(path).map(Ok), job: |path, instead| instead.read(path) })
    }
}

impl CachedOp<String> {
    pub(super) fn read_to_string(path: &Path) -> Self {
        Self::new(
            path,
            Task {
                attempt: |path| read(path).map(into_text),
                job: |path, instead| instead.read(path).and_then(into_text),
            },
        )
    }
}

impl CachedOp<Metadata> {
    pub(super) fn metadata(path: &Path) -> Self {
        Self::new(
            path,
            Task {
                attempt: |path| Instead::of_looking(path, Links::Followed).map(Ok),
                job: |path, instead| instead.look(path, Links::Followed),
            },
        )
    }

    pub(super) fn symlink_metadata(path: &Path) -> Self {
        Self::new(
            path,
            Task {
                attempt: |path| Instead::of_looking(path, Links::Themselves).map(Ok),
                job: |path, instead| instead.look(path, Links::Themselves),
            },
        )
    }
}

impl CachedOp<File> {
    pub(super) fn open(path: &Path) -> Self {
        Self::new(
            path,
            Task {
                attempt: |path| Instead::of_opening(path).map(|file| Ok(file.into())),
                job: |path, instead| instead.open(path).map(File::from),
            },
        )
    }
}

impl CachedOp<bool> {
    pub(super) fn exists(path: &Path) -> Self {
        Self::new(
            path,
            Task { attempt: |path| Instead::of_existing(path).map(Ok), job: |path, _| std::fs::exists(path) },
        )
    }
}

/// Reads the file on the spot, if that can be.
fn read(path: &Path) -> Result<Vec<u8>, Instead> {
    let bytes = Instead::of_reading(path)?;
    budget::spend_on(bytes.len());
    Ok(bytes)
}

fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

impl<T: Send + 'static> CachedOp<T> {
    fn new(path: &Path, task: Task<T>) -> Self {
        Self { stage: Stage::Fresh(path.to_owned()), task }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if let Stage::Fresh(path) = &mut self.stage {
            ready!(budget::poll_proceed(cx));
            let (path, task) = (mem::take(path), self.task);
            self.stage = match on_the_spot(&path, task) {
                Ok(done) => {
                    self.stage = Stage::Finished;
                    return Poll::Ready(done);
                }
                Err(instead) => {
                    budget::refund();
                    Stage::Job(block_on_io(move || (task.job)(&path, instead)))
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

fn on_the_spot<T>(path: &Path, task: Task<T>) -> Result<io::Result<T>, Instead> {
    #[cfg(not(any(loom, shuttle)))]
    if !faults::is_cached() {
        return Err(Instead::AsUsual);
    }
    (task.attempt)(path)
}

advanced!([T: Send + 'static] CachedOp<T> => io::Result<T>);

impl<T: Send + 'static> fmt::Debug for CachedOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage: &dyn fmt::Debug = match &self.stage {
            Stage::Fresh(path) => path,
            Stage::Job(job) => job,
            Stage::Finished => &"finished",
        };
        f.debug_tuple("CachedOp").field(stage).finish()
    }
}
