//! Reading, writing and moving in an open file. See the module above for what is behind.

use super::stage::Stage;
use super::{BEHIND, File};
use crate::io::copy::{Origin, Target};
use crate::io::{BufRead, Read, Seek, Write};
use crate::task::budget;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

impl Read for File {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.unread() == 0 || !matches!(self.stage, Stage::Idle) {
            ready!(self.poll_ahead(cx, buf.len()))?;
        }
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
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.unread() == 0 || !matches!(this.stage, Stage::Idle) {
            ready!(this.poll_ahead(cx, 0))?;
        }
        Poll::Ready(Ok(&this.ahead[this.begin..this.end]))
    }

    #[inline]
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
            ready!(self.poll_handed_over(cx))?;
        }
        self.give_back();
        let count = buf.len().min(BEHIND - self.behind.len());
        self.behind.extend_from_slice(&buf[..count]);
        budget::spend_on(count);
        if self.behind.len() == BEHIND {
            self.hand_over();
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
