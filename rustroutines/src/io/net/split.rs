//! A stream as two halves, of which each has its own owner.
//!
//! Two routines that borrow a stream need not split it: `&TcpStream` can be read from and written to.

use crate::driver::source::Waiting;
use crate::io::copy::Target;
use crate::io::fs::Outlet;
use crate::io::{Read, Write};
use crate::platform::system::Sent;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A stream that can be split: [`TcpStream`](super::TcpStream) and, on Unix, `UnixStream`.
pub trait Stream: sealed::Stream {}

pub(super) mod sealed {
    use crate::driver::source::Waiting;
    use crate::platform::system::Sent;
    use std::io;
    use std::net::Shutdown;
    use std::task::{Context, Poll};

    /// What the halves need.
    #[allow(private_interfaces, reason = "nobody outside can name this trait")]
    pub trait Stream {
        /// As [`Read`](crate::io::Read) has it.
        fn poll_read(
            &self,
            cx: &mut Context<'_>,
            waiting: Waiting<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>>;

        /// As [`Write`](crate::io::Write) has it.
        fn poll_write(
            &self,
            cx: &mut Context<'_>,
            waiting: Waiting<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>>;

        /// As [`Outlet`](crate::io::fs::Outlet) has it.
        fn poll_send(
            &self,
            cx: &mut Context<'_>,
            waiting: Waiting<'_>,
            from: &std::fs::File,
            most: usize,
        ) -> Poll<io::Result<Sent>>;

        /// Ends one direction, or both. No error where the other side has ended the connection.
        fn end(&self, how: Shutdown) -> io::Result<()>;
    }
}

/// The half of a stream that is read from.
#[derive(Debug)]
pub struct ReadHalf<S>(Arc<S>);

/// The half of a stream that is written to. When it is dropped, the other side reads the end.
#[derive(Debug)]
pub struct WriteHalf<S: Stream> {
    /// The stream; away only in `reunite`.
    stream: Option<Arc<S>>,
}

pub(super) fn split<S: Stream>(stream: S) -> (ReadHalf<S>, WriteHalf<S>) {
    let stream = Arc::new(stream);
    (ReadHalf(stream.clone()), WriteHalf { stream: Some(stream) })
}

impl<S: Stream> ReadHalf<S> {
    /// Makes one stream of both halves again.
    ///
    /// # Errors
    /// [`ReuniteError`] if they do not belong together. It holds both.
    pub fn reunite(self, mut other: WriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.0, other.stream()) {
            return Err(ReuniteError(self, other));
        }
        drop(other.stream.take());
        Ok(Arc::into_inner(self.0).expect("there are two halves"))
    }
}

impl<S: Stream> WriteHalf<S> {
    fn stream(&self) -> &Arc<S> {
        self.stream.as_ref().expect("away only in `reunite`")
    }
}

impl<S: Stream> AsRef<S> for ReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.0
    }
}

impl<S: Stream> AsRef<S> for WriteHalf<S> {
    fn as_ref(&self) -> &S {
        self.stream()
    }
}

impl<S: Stream> Drop for WriteHalf<S> {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            // Where it fails, the other side is gone already.
            let _ = stream.end(Shutdown::Write);
        }
    }
}

impl<S: Stream> Read for ReadHalf<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, Waiting::Owned, buf)
    }
}

impl<S: Stream> Write for WriteHalf<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, Waiting::Owned, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream().end(Shutdown::Write))
    }

    fn target(self: Pin<&mut Self>) -> Target<'_> {
        Target::Stream(self.get_mut())
    }
}

impl<S: Stream> Outlet for WriteHalf<S> {
    fn poll_send(&self, cx: &mut Context<'_>, from: &std::fs::File, most: usize) -> Poll<io::Result<Sent>> {
        self.stream().poll_send(cx, Waiting::Owned, from, most)
    }
}

/// Two halves that do not belong together.
pub struct ReuniteError<S: Stream>(pub ReadHalf<S>, pub WriteHalf<S>);

impl<S: Stream> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReuniteError(..)")
    }
}

impl<S: Stream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different streams")
    }
}

impl<S: Stream> Error for ReuniteError<S> {}
