//! An open file.
//!
//! The file is used only by jobs on the blocking pool, one at a time, and, while there is none, for reads that need no
//! waiting (see `cached`; so is it opened, if it is to be read); the job in flight belongs to the `File`, not to the
//! operation that began it. So an operation that is dropped takes nothing along: the next one waits for the job to end,
//! and finds what it brought.
//!
//! - `stage`: what it is doing, and the buffers on both sides of that;
//! - `relay`: from there to the job that writes;
//! - `streams`: reading, writing, moving;
//! - `whole`: the operations on it as a whole.
//!
//! # Where it is in the file
//! The place that the user sees is that of the descriptor, less what was read ahead and not asked for, less
//! `back`, plus what is gathered to be written. What was read ahead is given back (it becomes part of `back`)
//! by whatever depends on the place: a write, a move, whatever goes to the file as a whole. Each job first
//! moves the descriptor back by `back`. Where that can't be done (a pipe, a terminal), nothing is given back,
//! and what was read ahead stays for the next read.
//!
//! # Writing
//! A write goes into `behind`, and is done; when there is much of it, or somebody flushes, a job takes it.
//! Meanwhile more is gathered, and handed to the same job (see `relay`). A job that fails returns what it could not
//! write, and that stays at the head of `behind`; the error goes to the operation that finds the job ended.
//!
//! Set aside: handing each write over and waiting for it. When such a write is dropped, nobody knows whether
//! it happened.

mod relay;
mod stage;
mod streams;
mod whole;

pub use whole::{FileOp, IntoStdOp};

use super::{CachedOp, FsOp, OpenOptions};
use crate::Suspend;
use crate::platform::system::cached::Reading;
use crate::suspend::operation::routine;
use relay::Relay;
use stage::{Stage, Written, write_out};
use std::fmt;
use std::fs::{FileTimes, Metadata, Permissions};
use std::mem;
use std::path::Path;
use std::sync::Arc;

/// How much is read ahead at first. It doubles each time all of it was there.
const AHEAD: usize = 32 * 1024;
/// How much is read ahead at most, and by a read that is large itself.
const LARGE: usize = 512 * 1024;
/// How much is read at most without a job, where that needs no waiting: some ten microseconds.
const ON_THE_SPOT: usize = 128 * 1024;
/// How much is gathered before it is written.
const BEHIND: usize = 128 * 1024;

/// An open file. See [`std::fs::File`].
///
/// It has its buffers in it: it reads ahead, so that many small reads are one job for the blocking pool, and
/// it gathers what is written. So `file.lines()` needs no [`BufReader`](crate::io::BufReader).
///
/// **What was written is in the file after a [`flush`](crate::io::Write::flush)** (or a close, a seek, a read, a
/// [`sync_all`](File::sync_all)) or when so much was gathered that it was written anyhow; others see it then,
/// and the errors of writing are reported then. Dropping the file writes what is left, too, on the spot, but
/// has nobody to tell of an error.
///
/// # Cancel safety
/// A read that is dropped has read nothing, a write nothing written; what is gathered stays gathered. A move
/// that is dropped may have moved. Whatever the file is doing when an operation is dropped ends before the
/// next begins.
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, BufRead, Seek, Write, fs}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let mut file = fs::TempFile::new()?;
///     for n in 0..1000 {
///         file.write_all(format!("line {n}\n").as_bytes())?; // one job for all
///     }
///     file.rewind()?;
///     let mut count = 0;
///     for line in file.by_ref().lines() {
///         assert_eq!(line?, format!("line {count}"));
///         count += 1;
///     }
///     assert_eq!(count, 1000);
///     Ok(())
/// }
/// # use rustroutines::io::Read;
/// ```
pub struct File {
    /// The file. A job has it while it runs.
    file: Arc<std::fs::File>,
    /// What it is doing.
    stage: Stage,
    /// What was read ahead, between `begin` and `end`.
    ahead: Vec<u8>,
    /// Where in `ahead` what was not asked for yet begins.
    begin: usize,
    /// Where it ends.
    end: usize,
    /// How much is read ahead the next time.
    window: usize,
    /// Whether the place in the file can be changed. Known after the first read.
    seekable: bool,
    /// How it is tried first to read on the spot.
    on_the_spot: Reading,
    /// By how much the descriptor has to be moved back before anything else.
    back: u64,
    /// What was written and no job has taken.
    behind: Vec<u8>,
    /// Empty: the buffer that the last job wrote from.
    spare: Vec<u8>,
    /// From `behind` to the job that writes. None: there has been no such job.
    relay: Option<Arc<Relay>>,
    /// The last job that wrote has failed. Nothing more is gathered until one succeeds.
    failed: bool,
}

impl File {
    /// Opens a file for reading.
    ///
    /// On Linux, a regular file on one of the machine's own disks or in its memory is opened at once, without a job,
    /// if all that leads there is in the system's cache.
    pub fn open(path: impl AsRef<Path>) -> CachedOp<File> {
        CachedOp::open(path.as_ref())
    }

    /// Opens a file for writing, and throws away what is in it; it is made if need be.
    pub fn create(path: impl AsRef<Path>) -> FsOp<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file, for reading and writing; it is an error if there is one.
    pub fn create_new(path: impl AsRef<Path>) -> FsOp<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// How a file is opened otherwise.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// What the system knows about it.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn metadata(&mut self) -> FileOp<'_, Metadata> {
        FileOp::new(self, |file| file.metadata())
    }

    /// Makes it as long as this, by cutting it or by adding zeros.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn set_len(&mut self, length: u64) -> FileOp<'_, ()> {
        FileOp::new(self, move |file| file.set_len(length))
    }

    /// Waits until everything that was written, and what the system knows about the file, is on the disk.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn sync_all(&mut self) -> FileOp<'_, ()> {
        FileOp::new(self, |file| file.sync_all())
    }

    /// Waits until everything that was written is on the disk.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn sync_data(&mut self) -> FileOp<'_, ()> {
        FileOp::new(self, |file| file.sync_data())
    }

    /// Changes what may be done with it.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn set_permissions(&mut self, permissions: Permissions) -> FileOp<'_, ()> {
        FileOp::new(self, move |file| file.set_permissions(permissions))
    }

    /// Changes its times.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn set_times(&mut self, times: FileTimes) -> FileOp<'_, ()> {
        FileOp::new(self, move |file| file.set_times(times))
    }

    /// A second one of the same file. As in the standard library, they have one place in the file in common;
    /// since each reads ahead, move before you read with the other.
    ///
    /// # Errors
    /// Those of the system, and of what was written before.
    pub fn try_clone(&mut self) -> FileOp<'_, File> {
        FileOp::new(self, |file| file.try_clone().map(File::from))
    }

    /// The standard library's file, at the same place.
    ///
    /// # Errors
    /// Those of what was written before, and of giving back what was read ahead.
    ///
    /// # Cancel safety
    /// Dropped, it drops the file.
    pub fn into_std(self) -> IntoStdOp {
        IntoStdOp(Some(self))
    }
}

/// Writes what is left, on the spot: what a write has reported is not lost.
impl Drop for File {
    fn drop(&mut self) {
        let mut position = Ok(());
        match mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Writing(job) => {
                let Written { rest, .. } = job.finish();
                self.take_back(rest);
            }
            Stage::Seeking(_, job) if !self.behind.is_empty() => position = job.finish().map(drop),
            Stage::Ending(job) if !self.behind.is_empty() => routine(job).block(),
            _ => {}
        }
        if !self.behind.is_empty() && position.is_ok() {
            if let Ok(file) = self.lend()() {
                let _ = write_out(&file, &mut self.behind);
            }
        }
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> Self {
        Self {
            file: Arc::new(file),
            stage: Stage::Idle,
            ahead: Vec::new(),
            begin: 0,
            end: 0,
            window: AHEAD,
            seekable: false,
            on_the_spot: Reading::default(),
            back: 0,
            behind: Vec::new(),
            spare: Vec::new(),
            relay: None,
            failed: false,
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("file", &self.file)
            .field("unread", &self.unread())
            .field("unwritten", &self.behind.len())
            .finish_non_exhaustive()
    }
}
