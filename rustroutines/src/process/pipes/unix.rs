//! Pipes as sources of events.

use crate::driver::readiness::Direction;
use crate::driver::source::{Registered, Waiting, bytes};
use mio::unix::pipe::{Receiver, Sender};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::task::{Context, Poll};

/// A pipe that is written to.
#[derive(Debug)]
pub(super) struct Writer(Registered<Sender>);

/// A pipe that is read from.
#[derive(Debug)]
pub(super) struct Reader(Registered<Receiver>);

impl Writer {
    pub(super) fn new(pipe: impl Into<OwnedFd>) -> io::Result<Self> {
        let pipe = Sender::from(pipe.into());
        pipe.set_nonblocking(true)?;
        Registered::new(&crate::runtime::driver(), pipe, true).map(Self)
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let attempt = |mut pipe: &Sender| io::Write::write(&mut pipe, buf);
        self.0.poll(Direction::Write, cx, Waiting::Owned, attempt, bytes(buf.len()))
    }

    pub(super) fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Reader {
    pub(super) fn new(pipe: impl Into<OwnedFd>) -> io::Result<Self> {
        let pipe = Receiver::from(pipe.into());
        pipe.set_nonblocking(true)?;
        Registered::new(&crate::runtime::driver(), pipe, true).map(Self)
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let most = buf.len();
        let attempt = |mut pipe: &Receiver| io::Read::read(&mut pipe, buf);
        self.0.poll(Direction::Read, cx, Waiting::Owned, attempt, bytes(most))
    }

    pub(super) fn into_stdio(self) -> io::Result<Stdio> {
        let pipe = self.0.into_inner()?;
        pipe.set_nonblocking(false)?;
        Ok(OwnedFd::from(pipe).into())
    }
}
