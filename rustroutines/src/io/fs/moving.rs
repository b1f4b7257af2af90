//! Out of a file by the system, into another or into a stream: no byte comes into this process.
//!
//! Only ever a part of a copy: [`Moving`] says how much the system has moved, and whoever copies goes on by hand where
//! it moves nothing, for whatever reason. So the end of a file, what cannot be moved that way (a pipe, a file of `/proc`,
//! one that is opened to be appended to), a system that cannot do it, and errors of files are all one case here, and are
//! told apart by the read and the write that follow.
//!
//! # To a file
//! A job moves a piece. While it does, it belongs to both files, as any job in flight does: each waits for its end before
//! anything else is done with it, also where the copy has been dropped. The job itself holds what tells them.
//!
//! # To a stream
//! A piece is sent on the spot, as any other write, if it lies in the system's cache: looks at a few of its bytes say so, or
//! what kind of file system it is. Where it does not, a piece goes by hand, which a job reads, and the next is tried
//! again. (What the looks have missed keeps the worker waiting, until it is relieved.) The place in the file moves by
//! what the stream has taken, in the same call: a copy that is dropped has lost nothing.
//!
//! Set aside: from a stream through a pipe (`splice`). A pipe takes sixteen pages unless it is enlarged, and then that
//! was no faster than a buffer of 256 KiB (docs/PERFORMANCE.md), and a copy that is dropped would lose what is in the pipe.
//! And a part of a file ([`Take`](crate::io::Take)) to a file: where such a copy is dropped, the job moves on, and nobody
//! is left to take what it moved off what the part still has.

use super::File;
use crate::channel::{Receiver, channel};
#[cfg(not(any(loom, shuttle)))]
use crate::driver::faults;
use crate::io::{BlockOnIo, block_on_io};
use crate::platform::system::{Sent, moving};
use std::fs;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much is sent at once at most: some fifty microseconds.
const SEND: usize = 256 * 1024;

/// A stream to which the system sends out of files.
pub trait Outlet {
    /// Sends what follows the place in `from`, `most` bytes at most, and moves the place on.
    ///
    /// # Errors
    /// Those of the stream. Nothing was sent then.
    fn poll_send(&self, cx: &mut Context<'_>, from: &fs::File, most: usize) -> Poll<io::Result<Sent>>;
}

/// Moving out of one file. To the same place each time.
#[derive(Debug, Default)]
pub(in crate::io) struct Moving {
    /// The job that moves it into a file.
    job: Option<BlockOnIo<usize>>,
    /// The system moves nothing more.
    ended: bool,
}

impl Moving {
    /// Has the next piece moved from the place in `from` to that in `to`, and says how much it was. 0: the rest, if there
    /// is any, is to be copied by hand.
    ///
    /// # Errors
    /// Those of what was written before.
    pub(in crate::io) fn poll_piece(
        &mut self,
        from: &mut File,
        to: &mut File,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.ended {
            return Poll::Ready(Ok(0));
        }
        let job = match &mut self.job {
            Some(job) => job,
            None => {
                ready!(from.poll_settled(cx))?;
                ready!(to.poll_settled(cx))?;
                if !moving::POSSIBLE || from.unread() > 0 {
                    self.ended = true;
                    return Poll::Ready(Ok(0));
                }
                let ((from_ends, from_ended), (to_ends, to_ended)) = (channel::<()>(), channel::<()>());
                let (from, to) = (from.lend_until(end(from_ended)), to.lend_until(end(to_ended)));
                self.job.insert(block_on_io(move || {
                    let _ends = (from_ends, to_ends);
                    let moved = moving::move_piece(&from, &to);
                    #[cfg(not(any(loom, shuttle)))]
                    faults::note_moved(moved);
                    moved
                }))
            }
        };
        let moved = ready!(Pin::new(job).poll(cx));
        self.job = None;
        self.ended = moved == 0;
        Poll::Ready(Ok(moved))
    }

    /// Has the next piece, `limit` bytes at most, sent from the place in `from`, and says how much it was. 0: a piece, if
    /// there is any, is to be copied by hand.
    ///
    /// # Errors
    /// Those of the stream. Nothing was sent then.
    pub(in crate::io) fn poll_sent(
        &mut self,
        from: &File,
        limit: u64,
        to: &dyn Outlet,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.ended || !moving::POSSIBLE {
            return Poll::Ready(Ok(0));
        }
        let Some(from) = from.at_rest() else { return Poll::Ready(Ok(0)) };
        let most = usize::try_from(limit).map_or(SEND, |limit| limit.min(SEND));
        let sent = match ready!(to.poll_send(cx, from, most))? {
            Sent::Bytes(sent) => sent,
            Sent::NotNow => 0,
            Sent::Never => {
                self.ended = true;
                0
            }
        };
        Poll::Ready(Ok(sent))
    }
}

/// Waits until the channel is closed, which is all that happens to it.
async fn end(closed: Receiver<()>) {
    let _closed = closed.recv().await;
}

/// Sends from the place in a file, if that takes no waiting for the file.
///
/// # Errors
/// Those of the stream. Nothing was sent then.
#[cfg(not(any(loom, shuttle)))]
pub(in crate::io) fn send(from: &fs::File, to: &impl moving::Outlet, most: usize) -> io::Result<Sent> {
    if !faults::is_cached() {
        return Ok(Sent::NotNow);
    }
    let sent = moving::send(from, to, most)?;
    if let Sent::Bytes(bytes) = sent {
        faults::note_moved(bytes);
    }
    Ok(sent)
}
