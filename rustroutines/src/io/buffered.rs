//! Buffers around readers and writers: [`BufReader`], [`BufWriter`].
//!
//! Both keep what they hold in themselves, never in an operation: nothing is lost with one that is dropped.

use super::copy::Origin;
use super::{BufRead, Read, Seek, Write};
use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much a buffer holds where nothing is said.
const CAPACITY: usize = 8 * 1024;

/// A reader with a buffer: small reads cost no call of the system each, and lines can be read.
///
/// A [`File`](super::fs::File) has one already.
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, BufRead, BufReader, Write}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let (mut here, there) = io::duplex(64);
///     here.write_all(b"one\ntwo\n")?;
///     here.close()?;
///     for line in BufReader::new(there).lines() {
///         assert_eq!(line?.len(), 3);
///     }
///     Ok(())
/// }
/// ```
pub struct BufReader<R> {
    /// Where it comes from.
    inner: R,
    /// What has come, and room for more.
    buf: Box<[u8]>,
    /// Where what has not been read yet begins.
    begin: usize,
    /// Where it ends.
    end: usize,
}

impl<R> BufReader<R> {
    /// With a buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(CAPACITY, inner)
    }

    /// With a buffer of this size, and no less than one byte.
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        Self { inner, buf: vec![0; capacity.max(1)].into(), begin: 0, end: 0 }
    }

    /// What has come and has not been read yet.
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.begin..self.end]
    }

    /// Takes the first `amount` bytes out of the buffer, after a [`fill_buf`](BufRead::fill_buf).
    ///
    /// # Panics
    /// If the buffer holds less.
    pub fn consume(&mut self, amount: usize) {
        assert!(amount <= self.end - self.begin, "more is taken out than was shown");
        self.begin += amount;
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader. Whoever reads from it directly passes by what is in the buffer.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader. What is in the buffer is lost.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read + Unpin> Read for BufReader<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.begin == self.end && buf.len() >= self.buf.len() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let shown = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = shown.len().min(buf.len());
        buf[..count].copy_from_slice(&shown[..count]);
        self.begin += count;
        Poll::Ready(Ok(count))
    }

    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        if self.begin < self.end {
            Origin::Buffered(self)
        } else {
            Pin::new(&mut self.get_mut().inner).origin()
        }
    }
}

impl<R: Read + Unpin> BufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.begin == this.end {
            let count = ready!(Pin::new(&mut this.inner).poll_read(cx, &mut this.buf))?;
            (this.begin, this.end) = (0, count);
        }
        Poll::Ready(Ok(this.buffer()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        BufReader::consume(self.get_mut(), amount);
    }
}

impl<R: Seek + Unpin> Seek for BufReader<R> {
    /// Empties the buffer. From the current place, it counts from what has been read out of the buffer.
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let to = match to {
            SeekFrom::Current(by) => {
                let unread = (self.end - self.begin) as i64;
                SeekFrom::Current(by.checked_sub(unread).ok_or(io::ErrorKind::InvalidInput)?)
            }
            other => other,
        };
        let place = ready!(Pin::new(&mut self.inner).poll_seek(cx, to))?;
        (self.begin, self.end) = (0, 0);
        Poll::Ready(Ok(place))
    }
}

impl<R: Write + Unpin> Write for BufReader<R> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("inner", &self.inner)
            .field("unread", &(self.end - self.begin))
            .finish_non_exhaustive()
    }
}

/// A writer with a buffer: small writes cost no call of the system each.
///
/// Flush or close it before you let go of it: what is in the buffer is lost with it, since dropping can't
/// wait.
///
/// # Cancel safety
/// A byte that a write has reported is in the buffer or beyond it; no other is.
pub struct BufWriter<W> {
    /// Where it goes.
    inner: W,
    /// What has not gone there yet, from `begin`.
    buf: Vec<u8>,
    /// Where in `buf` that begins.
    begin: usize,
    /// How much is kept back.
    capacity: usize,
}

impl<W> BufWriter<W> {
    /// With a buffer of 8 KiB.
    pub fn new(inner: W) -> Self {
        Self::with_capacity(CAPACITY, inner)
    }

    /// With a buffer of this size.
    pub fn with_capacity(capacity: usize, inner: W) -> Self {
        Self { inner, buf: Vec::with_capacity(capacity), begin: 0, capacity }
    }

    /// What was written and has not been sent on yet.
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.begin..]
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer. Whoever writes to it directly passes by what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer. What is in the buffer is lost: flush first.
    pub fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write + Unpin> BufWriter<W> {
    /// Sends on what is in the buffer.
    fn poll_empty(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.begin < self.buf.len() {
            let rest = &self.buf[self.begin..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => self.begin += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.buf.clear();
        self.begin = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: Write + Unpin> Write for BufWriter<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.buf.len() + buf.len() > self.capacity {
            ready!(self.poll_empty(cx))?;
        }
        if buf.len() >= self.capacity {
            return Pin::new(&mut self.inner).poll_write(cx, buf);
        }
        self.buf.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_empty(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_empty(cx))?;
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<W: Write + Seek + Unpin> Seek for BufWriter<W> {
    /// Empties the buffer first.
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        ready!(self.poll_empty(cx))?;
        Pin::new(&mut self.inner).poll_seek(cx, to)
    }
}

impl<W: Read + Unpin> Read for BufWriter<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<W: BufRead + Unpin> BufRead for BufWriter<W> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().inner).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.inner).consume(amount);
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("inner", &self.inner)
            .field("unwritten", &(self.buf.len() - self.begin))
            .finish_non_exhaustive()
    }
}
