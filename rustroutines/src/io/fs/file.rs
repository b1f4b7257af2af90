//! An open file.
//!
//! The file itself is used only by jobs on the blocking pool, one at a time, and, while there is none, for reads that
//! need no waiting (see `cached`); the job in flight belongs to the `File`, not to the operation that began it. So an operation that is dropped takes nothing along: the
//! next one waits for the job to end, and finds what it brought.
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
//! Meanwhile more is gathered. A job that fails returns what it could not write, and that stays at the head
//! of `behind`; the error goes to the operation that finds the job ended.
//!
//! Set aside: handing each write over and waiting for it. When such a write is dropped, nobody knows whether
//! it happened.

use super::cached::{self, Unread};
use super::{FsOp, OpenOptions};
use crate::Suspend;
use crate::io::copy::{Origin, Target};
use crate::io::ops::advanced;
use crate::io::{BlockOnIo, BufRead, Read, Seek, Write, block_on_io};
use crate::suspend::operation::routine;
use crate::task::budget;
use std::fmt;
use std::fs::{FileTimes, Metadata, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::mem;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How much is read ahead at first. It doubles each time all of it was there.
const AHEAD: usize = 32 * 1024;
/// How much is read ahead at most, and by a read that is large itself.
const LARGE: usize = 512 * 1024;
/// How much is read at most without a job, where that needs no waiting: some ten microseconds.
const ON_THE_SPOT: usize = 64 * 1024;
/// How much is gathered before it is written.
const BEHIND: usize = 128 * 1024;

/// An open file. See [`std::fs::File`].
///
/// It has its buffers in it: it reads ahead, so that many small reads are one job for the blocking pool, and
/// it gathers what is written. So `file.lines()` needs no [`BufReader`](crate::io::BufReader).
///
/// **What was written is in the file after a [`flush`](Write::flush)** (or a close, a seek, a read, a
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
    /// Whether to try first to read on the spot.
    on_the_spot: bool,
    /// By how much the descriptor has to be moved back before anything else.
    back: u64,
    /// What was written and no job has taken.
    behind: Vec<u8>,
    /// The last job that wrote has failed. Nothing more is gathered until one succeeds.
    failed: bool,
}

/// What a file is doing.
enum Stage {
    /// Nothing.
    Idle,
    /// A job fills the buffer for reading ahead.
    Reading(BlockOnIo<Ahead>),
    /// A job writes.
    Writing(BlockOnIo<Written>),
    /// A job moves to a place.
    Seeking(SeekFrom, BlockOnIo<io::Result<u64>>),
    /// A job does something else, and nobody waits any more to hear how it went.
    Ending(Pin<Box<dyn Future<Output = ()> + Send + Sync>>),
}

/// What a job that reads comes back with.
struct Ahead {
    /// The buffer.
    buf: Vec<u8>,
    /// Whether the place in the file can be changed.
    seekable: bool,
    /// How much was read.
    count: io::Result<usize>,
}

/// What a job that writes comes back with.
struct Written {
    /// What was not written, then empty if all went well.
    rest: Vec<u8>,
    /// How it went.
    result: io::Result<()>,
}

impl File {
    /// Opens a file for reading.
    pub fn open(path: impl AsRef<Path>) -> FsOp<File> {
        OpenOptions::new().read(true).open(path)
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

    /// The file, for a job that begins when this is [settled](Self::poll_settled). Nothing else is done with it
    /// before `ended` is.
    pub(super) fn lend_until(
        &mut self,
        ended: impl Future<Output = ()> + Send + Sync + 'static,
    ) -> Arc<std::fs::File> {
        self.stage = Stage::Ending(Box::pin(ended));
        self.file.clone()
    }

    /// The file, where nothing is going on and its descriptor is at the place that the user sees.
    pub(super) fn at_rest(&self) -> Option<&std::fs::File> {
        let is_at_rest = matches!(self.stage, Stage::Idle)
            && self.behind.is_empty()
            && self.unread() == 0
            && self.back == 0;
        is_at_rest.then_some(&*self.file)
    }

    /// How much was read ahead and not asked for yet.
    pub(super) fn unread(&self) -> usize {
        self.end - self.begin
    }

    /// Gives back what was read ahead, where that can be done.
    fn give_back(&mut self) {
        if self.seekable {
            self.back += self.unread() as u64;
            (self.begin, self.end) = (0, 0);
        }
    }

    /// Waits for the job in flight, and takes what it brings.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = match &mut self.stage {
            Stage::Idle => return Poll::Ready(Ok(())),
            Stage::Reading(job) => {
                let Ahead { buf, seekable, count } = ready!(Pin::new(job).poll(cx));
                (self.ahead, self.seekable, self.begin) = (buf, seekable, 0);
                self.end = *count.as_ref().unwrap_or(&0);
                if self.end >= self.window {
                    self.window = (2 * self.window).min(LARGE);
                }
                count.map(drop)
            }
            Stage::Writing(job) => {
                let Written { rest, result } = ready!(Pin::new(job).poll(cx));
                let since = mem::replace(&mut self.behind, rest);
                self.behind.extend_from_slice(&since);
                self.failed = result.is_err();
                result
            }
            Stage::Seeking(_, job) => ready!(Pin::new(job).poll(cx)).map(drop),
            Stage::Ending(job) => {
                ready!(job.as_mut().poll(cx));
                Ok(())
            }
        };
        self.stage = Stage::Idle;
        Poll::Ready(result)
    }

    /// The file and how far to move it back first, for a job. There is none now.
    fn lend(&mut self) -> impl FnOnce() -> io::Result<Arc<std::fs::File>> + Send + use<> {
        let (file, back) = (self.file.clone(), mem::take(&mut self.back));
        move || {
            if back > 0 {
                let back = i64::try_from(back).map_err(|_| io::ErrorKind::InvalidInput)?;
                (&*file).seek(SeekFrom::Current(-back))?;
            }
            Ok(file)
        }
    }

    /// Reads ahead without a job, if there is nothing to wait for; says whether it has. It stays with files in which
    /// the place can be changed: of others little may be there, and more in a moment.
    fn read_on_the_spot(&mut self, wanted: usize) -> bool {
        if !self.on_the_spot || self.back > 0 {
            return false;
        }
        self.seekable = self.seekable || (&*self.file).stream_position().is_ok();
        let size = wanted.clamp(self.window, LARGE).min(ON_THE_SPOT);
        if self.ahead.len() < size {
            self.ahead.resize(size, 0);
        }
        (self.begin, self.end) = (0, 0);
        let read = if self.seekable {
            cached::read_open(&self.file, &mut self.ahead[..size])
        } else {
            Err(Unread::Never)
        };
        self.end = *read.as_ref().unwrap_or(&0);
        self.on_the_spot = read != Err(Unread::Never);
        read.is_ok()
    }

    fn start_reading(&mut self, wanted: usize) {
        let mut buf = mem::take(&mut self.ahead);
        (self.begin, self.end) = (0, 0);
        let lend = self.lend();
        let size = wanted.clamp(self.window, LARGE);
        self.stage = Stage::Reading(block_on_io(move || {
            if buf.len() < size {
                buf.resize(size, 0);
            }
            let read = |buf: &mut [u8]| -> io::Result<(bool, usize)> {
                let file = lend()?;
                let mut file = &*file;
                let seekable = file.stream_position().is_ok();
                loop {
                    match file.read(buf) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        read => return read.map(|count| (seekable, count)),
                    }
                }
            };
            match read(&mut buf[..size]) {
                Ok((seekable, count)) => Ahead { buf, seekable, count: Ok(count) },
                Err(error) => Ahead { buf, seekable: false, count: Err(error) },
            }
        }));
    }

    fn start_writing(&mut self) {
        let mut rest = mem::take(&mut self.behind);
        let lend = self.lend();
        self.stage = Stage::Writing(block_on_io(move || {
            let result = lend().and_then(|file| write_out(&file, &mut rest));
            Written { rest, result }
        }));
    }

    fn start_seeking(&mut self, to: SeekFrom) {
        let lend = self.lend();
        self.stage = Stage::Seeking(to, block_on_io(move || (&*lend()?).seek(to)));
    }

    /// Waits until something was read ahead, or the file is at its end.
    fn poll_ahead(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
        loop {
            let reads = matches!(self.stage, Stage::Reading(_));
            ready!(self.poll_idle(cx))?;
            if reads || self.unread() > 0 {
                return Poll::Ready(Ok(()));
            }
            if self.behind.is_empty() {
                ready!(budget::poll_proceed(cx));
                if self.read_on_the_spot(wanted) {
                    return Poll::Ready(Ok(()));
                }
                budget::refund();
                self.start_reading(wanted);
            } else {
                self.start_writing();
            }
        }
    }

    /// Waits until what was written is written.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while matches!(self.stage, Stage::Writing(_)) || !self.behind.is_empty() {
            ready!(self.poll_idle(cx))?;
            if !self.behind.is_empty() {
                self.start_writing();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until everything is written, nothing is going on, and the descriptor is at the place that the
    /// user sees; but for what was read ahead of what has no places.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_written(cx))?;
            ready!(self.poll_idle(cx))?;
            self.give_back();
            if self.back == 0 {
                return Poll::Ready(Ok(()));
            }
            self.start_seeking(SeekFrom::Current(0));
        }
    }
}

/// Writes all of `rest` and leaves what could not be written.
fn write_out(mut file: &std::fs::File, rest: &mut Vec<u8>) -> io::Result<()> {
    let mut written = 0;
    let result = loop {
        if written == rest.len() {
            break Ok(());
        }
        match file.write(&rest[written..]) {
            Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    rest.drain(..written);
    result
}

impl Read for File {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_ahead(cx, buf.len()))?;
        let count = self.unread().min(buf.len());
        buf[..count].copy_from_slice(&self.ahead[self.begin..self.begin + count]);
        self.begin += count;
        Poll::Ready(Ok(count))
    }

    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        Origin::File(self.get_mut())
    }
}

impl BufRead for File {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_ahead(cx, 0))?;
        Poll::Ready(Ok(&this.ahead[this.begin..this.end]))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        assert!(amount <= self.unread(), "more is taken out than was shown");
        self.begin += amount;
    }
}

impl Write for File {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(budget::poll_proceed(cx));
        if self.failed {
            ready!(self.poll_written(cx))?;
        }
        if !matches!(self.stage, Stage::Idle | Stage::Writing(_)) {
            ready!(self.poll_idle(cx))?;
        }
        if self.behind.len() >= BEHIND {
            ready!(self.poll_idle(cx))?;
            if self.behind.len() >= BEHIND {
                self.start_writing();
            }
        }
        self.give_back();
        let count = buf.len().min(BEHIND - self.behind.len());
        self.behind.extend_from_slice(&buf[..count]);
        if self.behind.len() == BEHIND && matches!(self.stage, Stage::Idle) {
            self.start_writing();
        }
        if let Stage::Writing(_) = self.stage {
            // A job begins when it is first asked for. What it has to say can wait for the next write.
            if let Poll::Ready(Err(error)) = self.poll_idle(cx) {
                // This write has not been reported: it is taken out again.
                let keep = self.behind.len() - count;
                self.behind.truncate(keep);
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    fn target(self: Pin<&mut Self>) -> Target<'_> {
        Target::File(self.get_mut())
    }
}

impl Seek for File {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        loop {
            if let Stage::Seeking(last, job) = &mut self.stage {
                let (last, place) = (*last, ready!(Pin::new(job).poll(cx)));
                self.stage = Stage::Idle;
                if last == to {
                    return Poll::Ready(place);
                }
            }
            ready!(self.poll_written(cx))?;
            ready!(self.poll_idle(cx))?;
            self.give_back();
            self.start_seeking(to);
        }
    }
}

/// Writes what is left, on the spot: what a write has reported is not lost.
impl Drop for File {
    fn drop(&mut self) {
        let mut position = Ok(());
        match mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Writing(job) => {
                let Written { rest, .. } = job.finish();
                let since = mem::replace(&mut self.behind, rest);
                self.behind.extend_from_slice(&since);
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
            on_the_spot: true,
            back: 0,
            behind: Vec::new(),
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

/// What is done with the standard library's file.
type Action<T> = Box<dyn FnOnce(&std::fs::File) -> io::Result<T> + Send>;

/// An operation on an open file as a whole: [`File::metadata`], [`File::sync_all`], and others.
///
/// # Cancel safety
/// Dropped before it has been handed to the blocking pool, it does nothing; after that it goes on to its end,
/// before anything else is done with the file.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct FileOp<'a, T: Send + 'static> {
    /// The file.
    file: &'a mut File,
    /// What is to be done, until a job does it.
    action: Option<Action<T>>,
    /// The job.
    job: Option<FsOp<T>>,
}

impl<'a, T: Send + 'static> FileOp<'a, T> {
    fn new(
        file: &'a mut File,
        action: impl FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self { file, action: Some(Box::new(action)), job: None }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.job.is_none() {
            ready!(self.file.poll_settled(cx))?;
            let action = self.action.take().expect("an operation is polled no more once it is done");
            let file = self.file.file.clone();
            self.job = Some(block_on_io(move || action(&file)));
        }
        let job = self.job.as_mut().expect("it is there now");
        let value = ready!(Pin::new(job).poll(cx));
        self.job = None;
        Poll::Ready(value)
    }
}

advanced!(['a, T: Send + 'static] FileOp<'a, T> => io::Result<T>);

impl<T: Send + 'static> Drop for FileOp<'_, T> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.file.stage = Stage::Ending(Box::pin(async { drop(job.await) }));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for FileOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOp").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The operation of [`File::into_std`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct IntoStdOp(
    /// The file, until it is given out.
    Option<File>,
);

impl IntoStdOp {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<std::fs::File>> {
        let file = self.0.as_mut().expect("an operation is polled no more once it is done");
        ready!(file.poll_settled(cx))?;
        let std = file.file.clone();
        self.0 = None;
        // A job that nobody waits for any more may still have it.
        Poll::Ready(Arc::try_unwrap(std).or_else(|shared| shared.try_clone()))
    }
}

advanced!([] IntoStdOp => io::Result<std::fs::File>);
