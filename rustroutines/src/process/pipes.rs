//! The standard streams of a child.
//!
//! On Unix they are sources in the readiness queue, as sockets are. On Windows they are files on the blocking
//! pool, of which each write is handed over at once.

#[cfg(unix)]
#[path = "pipes/unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "pipes/files.rs"]
mod system;

use crate::io::{Read, Write};
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

/// What a child reads: the end to which it is written. Dropping or closing it lets the child read the end.
///
/// # Errors
/// Writing is an error, [`BrokenPipe`](io::ErrorKind::BrokenPipe), when the child has ended or reads no more.
///
/// # Cancel safety
/// A write that is dropped has written nothing.
#[derive(Debug)]
pub struct ChildStdin(
    /// The pipe; away when it is closed.
    Option<system::Writer>,
);

/// What a child writes: the end from which it is read.
///
/// # Cancel safety
/// A read that is dropped has read nothing.
#[derive(Debug)]
pub struct ChildStdout(
    /// The pipe.
    system::Reader,
);

/// What a child complains: the end from which it is read.
///
/// # Cancel safety
/// A read that is dropped has read nothing.
#[derive(Debug)]
pub struct ChildStderr(
    /// The pipe.
    system::Reader,
);

impl ChildStdin {
    pub(super) fn new(std: std::process::ChildStdin) -> io::Result<Self> {
        system::Writer::new(std).map(|pipe| Self(Some(pipe)))
    }
}

impl Write for ChildStdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(pipe) => pipe.poll_write(cx, buf),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Some(pipe) => pipe.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.as_mut().poll_flush(cx))?;
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

/// What both readers are.
macro_rules! reader {
    ($reader:ident) => {
        impl $reader {
            pub(super) fn new(std: std::process::$reader) -> io::Result<Self> {
                system::Reader::new(std).map(Self)
            }

            /// For another child, which reads it: `next.stdin(child.stdout.take()….into_stdio()?)`.
            ///
            /// # Errors
            /// Those of the system.
            pub fn into_stdio(self) -> io::Result<Stdio> {
                self.0.into_stdio()
            }
        }

        impl Read for $reader {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_read(cx, buf)
            }
        }
    };
}

reader!(ChildStdout);
reader!(ChildStderr);
