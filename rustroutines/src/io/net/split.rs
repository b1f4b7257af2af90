//! A stream as two halves, of which each has its own owner.
//!
//! Two routines that borrow a stream need not split it: `&TcpStream` can be read from and written to.

use crate::io::{Read, Write};
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
    use std::io;
    use std::net::Shutdown;

    /// What the halves need.
    pub trait Stream {
        /// Ends one direction, or both.
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

impl<S: Stream> Read for ReadHalf<S>
where
    for<'a> &'a S: Read,
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read(cx, buf)
    }
}

impl<S: Stream> Write for WriteHalf<S>
where
    for<'a> &'a S: Write,
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &**self.stream()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &**self.stream()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &**self.stream()).poll_close(cx)
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
