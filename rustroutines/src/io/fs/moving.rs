//! From one file to another, by the system: no byte comes into this process.
//!
//! Only ever a part of a copy: [`Moving`] says how much the system has moved, and whoever copies goes on by hand where
//! it moves nothing, for whatever reason. So the end of a file, what cannot be moved that way (a pipe, a file of `/proc`,
//! one that is opened to be appended to), a system that cannot do it, and errors are all one case here, and are told
//! apart by the read and the write that follow.
//!
//! A job moves a piece. While it does, it belongs to both files, as any job in flight does: each waits for its end before
//! anything else is done with it, also where the copy has been dropped. The job itself holds what tells them.

use super::File;
use crate::channel::{Receiver, channel};
use crate::io::{BlockOnIo, block_on_io};
use std::fs;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much one job moves: some milliseconds' work, if it is in the system's cache.
#[cfg(target_os = "linux")]
const PIECE: usize = 8 << 20;

/// Moving from one file to another. The same two each time.
#[derive(Debug, Default)]
pub(in crate::io) struct Moving {
    /// The job that does.
    job: Option<BlockOnIo<usize>>,
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
        let job = match &mut self.job {
            Some(job) => job,
            None => {
                ready!(from.poll_settled(cx))?;
                ready!(to.poll_settled(cx))?;
                if !POSSIBLE || from.unread() > 0 {
                    return Poll::Ready(Ok(0));
                }
                let ((from_ends, from_ended), (to_ends, to_ended)) = (channel::<()>(), channel::<()>());
                let (from, to) = (from.lend_until(end(from_ended)), to.lend_until(end(to_ended)));
                self.job.insert(block_on_io(move || {
                    let _ends = (from_ends, to_ends);
                    move_piece(&from, &to)
                }))
            }
        };
        let moved = ready!(Pin::new(job).poll(cx));
        self.job = None;
        Poll::Ready(Ok(moved))
    }
}

/// Waits until the channel is closed, which is all that happens to it.
async fn end(closed: Receiver<()>) {
    let _closed = closed.recv().await;
}

/// Whether the system can be asked at all.
const POSSIBLE: bool = cfg!(target_os = "linux");

/// Moves up to a piece, and says how much.
#[cfg(target_os = "linux")]
fn move_piece(from: &fs::File, to: &fs::File) -> usize {
    let mut moved = 0;
    while moved < PIECE {
        match rustix::fs::copy_file_range(from, None, to, None, PIECE - moved) {
            Ok(0) => break,
            Ok(count) => moved += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    moved
}

#[cfg(not(target_os = "linux"))]
fn move_piece(_: &fs::File, _: &fs::File) -> usize {
    0
}
