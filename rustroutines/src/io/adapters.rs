//! Readers made of readers, and the ends of the world: [`Take`], [`Chain`], [`empty`], [`repeat`], [`sink`].

use super::copy::Origin;
use super::{BufRead, Read, Write};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The first bytes of a reader; see [`Read::take`].
#[derive(Debug)]
pub struct Take<R> {
    /// Where they come from.
    inner: R,
    /// How many may still come.
    limit: u64,
}

impl<R> Take<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, limit }
    }

    /// How many bytes may still come.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Lets so many bytes come from now on.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader. What is read from it directly does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// How much of something as long as this may come.
    fn allowed(&self, length: usize) -> usize {
        usize::try_from(self.limit).map_or(length, |limit| length.min(limit))
    }
}

impl<R: Read + Unpin> Read for Take<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let allowed = self.allowed(buf.len());
        if allowed == 0 {
            return Poll::Ready(Ok(0));
        }
        let count = ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf[..allowed]))?;
        self.limit -= count as u64;
        Poll::Ready(Ok(count))
    }

    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).origin() {
            Origin::File(file) => Origin::Part(file, &mut this.limit),
            // Of what has a buffer no part can be shown by itself, nor a part of a part.
            Origin::Read | Origin::Buffered(_) | Origin::Part(..) => Origin::Read,
        }
    }
}

impl<R: BufRead + Unpin> BufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let limit = usize::try_from(this.limit).unwrap_or(usize::MAX);
        let shown = ready!(Pin::new(&mut this.inner).poll_fill_buf(cx))?;
        Poll::Ready(Ok(&shown[..shown.len().min(limit)]))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        assert!(amount as u64 <= self.limit, "more is taken out than was shown");
        self.limit -= amount as u64;
        Pin::new(&mut self.inner).consume(amount);
    }
}

/// One reader after another; see [`Read::chain`].
#[derive(Debug)]
pub struct Chain<A, B> {
    /// Comes first.
    first: A,
    /// Comes after it.
    second: B,
    /// The first is at its end.
    first_ended: bool,
}

impl<A, B> Chain<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Self { first, second, first_ended: false }
    }

    /// Both readers.
    pub fn into_inner(self) -> (A, B) {
        (self.first, self.second)
    }
}

impl<A: Read + Unpin, B: Read + Unpin> Read for Chain<A, B> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.first_ended {
            let count = ready!(Pin::new(&mut self.first).poll_read(cx, buf))?;
            if count > 0 || buf.is_empty() {
                return Poll::Ready(Ok(count));
            }
            self.first_ended = true;
        }
        Pin::new(&mut self.second).poll_read(cx, buf)
    }
}

impl<A: BufRead + Unpin, B: BufRead + Unpin> BufRead for Chain<A, B> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if !this.first_ended {
            this.first_ended = ready!(Pin::new(&mut this.first).poll_fill_buf(cx))?.is_empty();
        }
        if this.first_ended {
            Pin::new(&mut this.second).poll_fill_buf(cx)
        } else {
            Pin::new(&mut this.first).poll_fill_buf(cx)
        }
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        if self.first_ended {
            Pin::new(&mut self.second).consume(amount);
        } else {
            Pin::new(&mut self.first).consume(amount);
        }
    }
}

/// A reader that is at its end; see [`empty`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty(());

/// A reader that is at its end.
pub fn empty() -> Empty {
    Empty(())
}

impl Read for Empty {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }
}

impl BufRead for Empty {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(&[]))
    }

    fn consume(self: Pin<&mut Self>, _: usize) {}
}

/// A reader that gives one byte without end; see [`repeat`].
#[derive(Debug, Clone, Copy)]
pub struct Repeat(
    /// That byte.
    u8,
);

/// A reader that gives this byte without end.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, io::{self, Read}};
///
/// let mut text = String::new();
/// io::repeat(b'-').take(5).read_to_string(&mut text).block().unwrap();
/// assert_eq!(text, "-----");
/// ```
pub fn repeat(byte: u8) -> Repeat {
    Repeat(byte)
}

impl Read for Repeat {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        buf.fill(self.0);
        Poll::Ready(Ok(buf.len()))
    }
}

/// A writer that takes everything and keeps nothing; see [`sink`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Sink(());

/// A writer that takes everything and keeps nothing.
pub fn sink() -> Sink {
    Sink(())
}

impl Write for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
