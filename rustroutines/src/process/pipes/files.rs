//! Pipes as files.

use crate::Suspend;
use crate::io::fs::File;
use crate::io::{Read, Write};
use std::io;
use std::os::windows::io::OwnedHandle;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

/// A pipe that is written to.
#[derive(Debug)]
pub(super) struct Writer(File);

/// A pipe that is read from.
#[derive(Debug)]
pub(super) struct Reader(File);

fn file(pipe: impl Into<OwnedHandle>) -> File {
    std::fs::File::from(pipe.into()).into()
}

impl Writer {
    pub(super) fn new(pipe: impl Into<OwnedHandle>) -> io::Result<Self> {
        Ok(Self(file(pipe)))
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // The child sees it without a flush. One write is on its way at most.
        ready!(self.poll_flush(cx))?;
        let count = ready!(Pin::new(&mut self.0).poll_write(cx, buf))?;
        // How that ends is asked by the next.
        let _ = self.poll_flush(cx);
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
}

impl Reader {
    pub(super) fn new(pipe: impl Into<OwnedHandle>) -> io::Result<Self> {
        Ok(Self(file(pipe)))
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }

    pub(super) fn into_stdio(self) -> io::Result<Stdio> {
        // Nothing was read ahead where nothing was read.
        self.0.into_std().block().map(Stdio::from)
    }
}
