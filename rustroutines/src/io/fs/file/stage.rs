//! What a file is doing: the job in flight, and what it is to find and brings.
//!
//! | stage   | set when                                         | next                                            |
//! |---------|--------------------------------------------------|-------------------------------------------------|
//! | Idle    | nothing has begun, or what had begun was taken in| any                                             |
//! | Reading | something is wanted, and nothing was read ahead  | Idle, with the buffer                           |
//! | Writing | much was gathered, or it has to be in the file   | Idle, with what was not written                 |
//! | Seeking | a move, or `back` is made good                   | Idle                                            |
//! | Ending  | an operation on the whole file was dropped, or   | Idle                                            |
//! |         | the file is lent to a job that is another's      |                                                 |
//!
//! A job is begun only in Idle, so there is never more than one. No completion is missed: the job keeps the waker of the
//! last poll, whichever operation that was of (see `io::blocking`).

use super::super::cached;
use super::relay::{Handed, Relay};
use super::{File, LARGE, ON_THE_SPOT};
use crate::io::{BlockOnIo, block_on_io};
use crate::platform::system::cached::Reading;
use crate::task::budget;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What a file is doing.
pub(super) enum Stage {
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
pub(super) struct Ahead {
    /// The buffer.
    buf: Vec<u8>,
    /// Whether the place in the file can be changed.
    seekable: bool,
    /// How much was read.
    count: io::Result<usize>,
}

/// What a job that writes comes back with.
pub(super) struct Written {
    /// What was not written, then empty if all went well.
    pub(super) rest: Vec<u8>,
    /// How it went.
    result: io::Result<()>,
}

impl File {
    /// The file, for a job that begins when this is [settled](Self::poll_settled). Nothing else is done with it
    /// before `ended` is.
    pub(in crate::io::fs) fn lend_until(
        &mut self,
        ended: impl Future<Output = ()> + Send + Sync + 'static,
    ) -> Arc<std::fs::File> {
        self.stage = Stage::Ending(Box::pin(ended));
        self.file.clone()
    }

    /// The file, where nothing is going on and its descriptor is at the place that the user sees.
    pub(in crate::io::fs) fn at_rest(&self) -> Option<&std::fs::File> {
        let is_at_rest = matches!(self.stage, Stage::Idle)
            && self.behind.is_empty()
            && self.unread() == 0
            && self.back == 0;
        is_at_rest.then_some(&*self.file)
    }

    /// How much was read ahead and not asked for yet.
    pub(in crate::io::fs) fn unread(&self) -> usize {
        self.end - self.begin
    }

    /// Gives back what was read ahead, where that can be done.
    pub(super) fn give_back(&mut self) {
        if self.seekable {
            self.back += self.unread() as u64;
            (self.begin, self.end) = (0, 0);
        }
    }

    /// Waits for the job in flight, and takes what it brings.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = match &mut self.stage {
            Stage::Idle => return Poll::Ready(Ok(())),
            Stage::Reading(job) => {
                let Ahead { buf, seekable, count } = ready!(Pin::new(job).poll(cx));
                (self.ahead, self.seekable, self.begin) = (buf, seekable, 0);
                self.has_read(*count.as_ref().unwrap_or(&0));
                count.map(drop)
            }
            Stage::Writing(job) => {
                let Written { rest, result } = ready!(Pin::new(job).poll(cx));
                self.take_back(rest);
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
    pub(super) fn lend(&mut self) -> impl FnOnce() -> io::Result<Arc<std::fs::File>> + Send + use<> {
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
        if self.on_the_spot == Reading::ByJob || self.back > 0 {
            return false;
        }
        self.seekable = self.seekable || (&*self.file).stream_position().is_ok();
        let size = wanted.clamp(self.window, LARGE).min(ON_THE_SPOT);
        if self.ahead.len() < size {
            self.ahead.resize(size, 0);
        }
        (self.begin, self.end) = (0, 0);
        if !self.seekable {
            self.on_the_spot = Reading::ByJob;
            return false;
        }
        let read = cached::read_open(&self.file, &mut self.on_the_spot, &mut self.ahead[..size]);
        self.has_read(read.unwrap_or(0));
        read.is_some()
    }

    /// Takes in how much was read ahead. Where it was all that was asked for, more is the next time.
    fn has_read(&mut self, count: usize) {
        self.end = count;
        if count >= self.window {
            self.window = (2 * self.window).min(LARGE);
        }
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

    /// Takes what a job has not written back to the head of what was gathered since.
    pub(super) fn take_back(&mut self, mut rest: Vec<u8>) {
        if !rest.is_empty() {
            rest.append(&mut self.behind);
            mem::swap(&mut rest, &mut self.behind);
        }
        self.spare = rest;
    }

    pub(super) fn start_writing(&mut self) {
        let mut rest = mem::replace(&mut self.behind, mem::take(&mut self.spare));
        let lend = self.lend();
        let relay = self.relay.get_or_insert_with(|| Arc::new(Relay::new())).clone();
        relay.begin();
        let mut job = block_on_io(move || {
            let result = match lend() {
                Ok(file) => relay.carry(&mut rest, |bytes| write_out(&file, bytes)),
                Err(error) => {
                    relay.end(&mut rest);
                    Err(error)
                }
            };
            Written { rest, result }
        });
        job.begin();
        self.stage = Stage::Writing(job);
    }

    /// Gives what was gathered to the job that writes, or to a new one, if that needs no waiting.
    pub(super) fn hand_over(&mut self) {
        match (&self.stage, &self.relay) {
            (Stage::Writing(_), Some(relay)) => {
                // Where it is not taken, whatever comes next waits for that.
                let _ = relay.hand_over(&mut self.behind);
            }
            (Stage::Idle, _) => self.start_writing(),
            _ => {}
        }
    }

    /// Waits until what was gathered is a job's. Nothing else is going on.
    pub(super) fn poll_handed_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let (Stage::Writing(_), Some(relay)) = (&self.stage, &self.relay) {
            if relay.hand_over_or_wait(&mut self.behind, cx) == Handed::Over {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_idle(cx))?;
        }
        self.start_writing();
        Poll::Ready(Ok(()))
    }

    pub(super) fn start_seeking(&mut self, to: SeekFrom) {
        let lend = self.lend();
        self.stage = Stage::Seeking(to, block_on_io(move || (&*lend()?).seek(to)));
    }

    /// Waits until something was read ahead, or the file is at its end.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
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
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while matches!(self.stage, Stage::Writing(_)) || !self.behind.is_empty() {
            if !self.behind.is_empty() {
                self.hand_over();
            }
            ready!(self.poll_idle(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until everything is written, nothing is going on, and the descriptor is at the place that the
    /// user sees; but for what was read ahead of what has no places.
    pub(in crate::io::fs) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
pub(super) fn write_out(mut file: &std::fs::File, rest: &mut Vec<u8>) -> io::Result<()> {
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
