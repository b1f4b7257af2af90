//! The entries of a directory.
//!
//! A job fetches many entries at once: most directories cost one job. The job in flight belongs to the
//! [`ReadDir`], not to the operation that waits for it, so an operation that is dropped loses no entry.

use super::{CachedOp, FsOp, at};
use crate::Suspend;
use crate::io::ops::advanced;
use crate::io::{BlockOnIo, block_on_io};
use crate::suspend::{IntoSuspendIterator, SuspendIterator};
use crate::task::budget;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How many entries a job fetches.
const BATCH: usize = 256;

/// Opens a directory, to go over its entries. See [`std::fs::read_dir`].
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, fs}, routine};
///
/// #[routine]
/// fn count(path: &std::path::Path) -> io::Result<usize> {
///     let mut count = 0;
///     for entry in fs::read_dir(path)? {
///         count += usize::from(entry?.file_type()?.is_file());
///     }
///     Ok(count)
/// }
/// # use rustroutines::Suspend;
/// # assert!(count("src".as_ref()).block().unwrap() > 0);
/// ```
pub fn read_dir(path: impl AsRef<Path>) -> FsOp<ReadDir> {
    at(path, |path| {
        let (batch, rest) = fetch(Box::new(std::fs::read_dir(path)?));
        Ok(ReadDir { batch, rest: rest.map_or(Rest::Over, Rest::Idle) })
    })
}

/// Some entries, and the source of more if there are more.
type Batch = (VecDeque<io::Result<DirEntry>>, Option<Box<std::fs::ReadDir>>);

fn fetch(mut entries: Box<std::fs::ReadDir>) -> Batch {
    let batch: VecDeque<_> = entries.by_ref().take(BATCH).map(|entry| entry.map(DirEntry::new)).collect();
    let over = batch.len() < BATCH;
    (batch, (!over).then_some(entries))
}

/// The entries of a directory; see [`read_dir`].
///
/// A `for` loop in a routine goes over it by suspending, one in plain code by blocking. Each item is an
/// `io::Result<DirEntry>`.
pub struct ReadDir {
    /// What was fetched and not given out.
    batch: VecDeque<io::Result<DirEntry>>,
    /// Where more comes from.
    rest: Rest,
}

/// Where more entries come from.
enum Rest {
    /// From here, when they are asked for. In a box: on Windows it is large.
    Idle(Box<std::fs::ReadDir>),
    /// From a job.
    Fetching(BlockOnIo<Batch>),
    /// There are no more.
    Over,
}

impl ReadDir {
    /// Waits for the next entry; `None` at the end.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Dropped, it has taken no entry.
    #[expect(clippy::should_implement_trait, reason = "it does: by blocking")]
    pub fn next(&mut self) -> NextEntry<'_> {
        NextEntry(self)
    }
}

/// The operation of [`ReadDir::next`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct NextEntry<'a>(
    /// What is gone over.
    &'a mut ReadDir,
);

impl NextEntry<'_> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        ready!(budget::poll_proceed(cx));
        let dir = &mut *self.0;
        loop {
            if let Some(entry) = dir.batch.pop_front() {
                return Poll::Ready(Some(entry));
            }
            match std::mem::replace(&mut dir.rest, Rest::Over) {
                Rest::Idle(entries) => dir.rest = Rest::Fetching(block_on_io(move || fetch(entries))),
                Rest::Fetching(mut job) => match Pin::new(&mut job).poll(cx) {
                    Poll::Ready((batch, rest)) => {
                        dir.batch = batch;
                        dir.rest = rest.map_or(Rest::Over, Rest::Idle);
                    }
                    Poll::Pending => {
                        dir.rest = Rest::Fetching(job);
                        return Poll::Pending;
                    }
                },
                Rest::Over => return Poll::Ready(None),
            }
        }
    }
}

advanced!(['a] NextEntry<'a> => Option<io::Result<DirEntry>>);

impl SuspendIterator for ReadDir {
    type Item = io::Result<DirEntry>;
    type Next<'a> = NextEntry<'a>;

    fn next(&mut self) -> NextEntry<'_> {
        ReadDir::next(self)
    }
}

impl IntoSuspendIterator for ReadDir {
    type Item = io::Result<DirEntry>;
    type Iter = Self;

    fn into_suspend_iter(self) -> Self {
        self
    }
}

impl<'i> IntoSuspendIterator for &'i mut ReadDir {
    type Item = io::Result<DirEntry>;
    type Iter = &'i mut ReadDir;

    fn into_suspend_iter(self) -> Self {
        self
    }
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<io::Result<DirEntry>> {
        ReadDir::next(self).block()
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = match self.rest {
            Rest::Idle(_) => "idle",
            Rest::Fetching(_) => "fetching",
            Rest::Over => "over",
        };
        f.debug_struct("ReadDir").field("batch", &self.batch).field("rest", &rest).finish()
    }
}

/// An entry of a directory.
#[derive(Debug)]
pub struct DirEntry {
    /// The standard library's.
    entry: std::fs::DirEntry,
    /// What it is; fetched with the entry, since some file systems have to be asked.
    kind: Result<FileType, io::ErrorKind>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        let kind = entry.file_type().map_err(|error| error.kind());
        Self { entry, kind }
    }

    /// The path: that of the directory, and the name.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The name.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What it is. Links are not followed. It was known with the entry: nothing waits.
    ///
    /// # Errors
    /// Those of the system.
    pub fn file_type(&self) -> io::Result<FileType> {
        self.kind.map_err(io::Error::from)
    }

    /// What the system knows about it. Links are not followed.
    pub fn metadata(&self) -> CachedOp<Metadata> {
        super::symlink_metadata(self.path())
    }
}
