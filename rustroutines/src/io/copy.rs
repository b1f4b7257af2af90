//! From a reader to a writer: [`copy`], [`copy_buf`], [`copy_bidirectional`].

use super::fs::{File, Moving};
use super::ops::advanced;
use super::{BufRead, Read, Write};
use crate::task::budget;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much is on its way at once.
const PIECE: usize = 64 * 1024;

/// Copies everything that comes from `reader` to `writer`, and flushes that. The value says how many bytes
/// it was.
///
/// It flushes as well whenever it has to wait for `reader`, so that what came arrives. From one
/// [`File`] to another the system copies, where it can (Linux), as in [`std::io::copy`].
///
/// # Errors
/// Those of both.
///
/// # Cancel safety
/// What has been read and could not be written yet (64 KiB at most) is lost with it, but for what comes from memory or
/// a [`File`]. Where that matters, use [`copy_buf`].
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, io};
///
/// let (mut from, mut to) = (&b"everything"[..], Vec::new());
/// assert_eq!(io::copy(&mut from, &mut to).block().unwrap(), 10);
/// assert_eq!(to, b"everything");
/// ```
pub fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> CopyOp<'a, R, W>
where
    R: Read + Unpin + ?Sized,
    W: Write + Unpin + ?Sized,
{
    CopyOp { reader, writer, transfer: Transfer::new() }
}

/// The operation of [`copy`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct CopyOp<'a, R: ?Sized, W: ?Sized> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    writer: &'a mut W,
    /// How far it is.
    transfer: Transfer,
}

impl<R: Read + Unpin + ?Sized, W: Write + Unpin + ?Sized> CopyOp<'_, R, W> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.transfer.advance(&mut *self.reader, &mut *self.writer, cx)
    }
}

advanced!(['a, R: Read + Unpin + ?Sized, W: Write + Unpin + ?Sized] CopyOp<'a, R, W> => io::Result<u64>);

/// What a reader is, as far as a copy can make use of it.
#[doc(hidden)]
pub enum Origin<'a> {
    /// It can be read.
    Read,
    /// It has a buffer. What is copied out of that needs no second one.
    Buffered(Pin<&'a mut dyn BufRead>),
    /// It is a file.
    File(&'a mut File),
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "Read",
            Self::Buffered(_) => "Buffered",
            Self::File(_) => "File",
        })
    }
}

/// Copying in one direction.
#[derive(Debug)]
struct Transfer {
    /// Where the system moves it; `None` once it moves nothing more.
    moving: Option<Moving>,
    /// What is on its way, between `begin` and `end`. Made when the reader has no buffer.
    buf: Vec<u8>,
    /// Where in `buf` that begins.
    begin: usize,
    /// Where it ends.
    end: usize,
    /// How many bytes have been written.
    count: u64,
    /// Whether anything was written since the last flush.
    unflushed: bool,
    /// The reader is at its end.
    ended: bool,
}

impl Transfer {
    fn new() -> Self {
        let moving = Some(Moving::default());
        Self { moving, buf: Vec::new(), begin: 0, end: 0, count: 0, unflushed: false, ended: false }
    }

    fn advance<R, W>(&mut self, reader: &mut R, writer: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<u64>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        while let Some(moving) = &mut self.moving {
            let moved = match (Pin::new(&mut *reader).origin(), Pin::new(&mut *writer).as_file()) {
                (Origin::File(from), Some(to)) => ready!(moving.poll_piece(from, to, cx))?,
                _ => 0,
            };
            self.count += moved as u64;
            if moved == 0 {
                self.moving = None;
            }
        }
        match Pin::new(&mut *reader).origin() {
            Origin::Read => self.advance_by_hand(reader, writer, cx),
            Origin::Buffered(reader) => {
                poll_passed_on(reader, writer, &mut self.count, &mut self.unflushed, cx)
                    .map_ok(|()| self.count)
            }
            Origin::File(file) => {
                poll_passed_on(Pin::new(file), writer, &mut self.count, &mut self.unflushed, cx)
                    .map_ok(|()| self.count)
            }
        }
    }

    fn advance_by_hand<R, W>(
        &mut self,
        mut reader: &mut R,
        mut writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<u64>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        self.buf.resize(PIECE, 0);
        loop {
            while self.begin < self.end {
                // Neither side may ever have to wait, and others want to run.
                ready!(budget::poll_proceed(cx));
                match Pin::new(&mut writer).poll_write(cx, &self.buf[self.begin..self.end]) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(count)) => {
                        self.begin += count;
                        self.count += count as u64;
                        self.unflushed = true;
                    }
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {
                        budget::refund();
                        return Poll::Pending;
                    }
                }
            }
            if self.ended {
                ready!(Pin::new(&mut writer).poll_flush(cx))?;
                return Poll::Ready(Ok(self.count));
            }
            match Pin::new(&mut reader).poll_read(cx, &mut self.buf) {
                Poll::Ready(Ok(count)) => {
                    self.ended = count == 0;
                    (self.begin, self.end) = (0, count);
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if self.unflushed {
                        ready!(Pin::new(&mut writer).poll_flush(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Copies everything that comes from `reader` to `writer`, and flushes that; through the buffer of
/// `reader`, and not through one of its own. The value says how many bytes it was.
///
/// # Errors
/// Those of both.
///
/// # Cancel safety
/// What was not written is still in `reader`; another one goes on from there.
pub fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> CopyBufOp<'a, R, W>
where
    R: BufRead + Unpin + ?Sized,
    W: Write + Unpin + ?Sized,
{
    CopyBufOp { reader, writer, count: 0, unflushed: false }
}

/// The operation of [`copy_buf`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct CopyBufOp<'a, R: ?Sized, W: ?Sized> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    writer: &'a mut W,
    /// How many bytes have been written.
    count: u64,
    /// Whether anything was written since the last flush.
    unflushed: bool,
}

impl<R: BufRead + Unpin + ?Sized, W: Write + Unpin + ?Sized> CopyBufOp<'_, R, W> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let reader = Pin::new(&mut *self.reader);
        poll_passed_on(reader, &mut *self.writer, &mut self.count, &mut self.unflushed, cx)
            .map_ok(|()| self.count)
    }
}

/// Writes everything out of the buffer of `reader`, and flushes: at the end, and before a wait for more. Adds to `count`.
fn poll_passed_on<R: BufRead + ?Sized, W: Write + Unpin + ?Sized>(
    mut reader: Pin<&mut R>,
    mut writer: &mut W,
    count: &mut u64,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        // Neither side may ever have to wait, and others want to run.
        ready!(budget::poll_proceed(cx));
        let shown = match reader.as_mut().poll_fill_buf(cx) {
            Poll::Ready(Ok(shown)) => shown,
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                budget::refund();
                if *unflushed {
                    ready!(Pin::new(&mut writer).poll_flush(cx))?;
                    *unflushed = false;
                }
                return Poll::Pending;
            }
        };
        if shown.is_empty() {
            return Pin::new(&mut writer).poll_flush(cx);
        }
        let written = match ready!(Pin::new(&mut writer).poll_write(cx, shown)) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        reader.as_mut().consume(written);
        *count += written as u64;
        *unflushed = true;
    }
}

advanced!(['a, R: BufRead + Unpin + ?Sized, W: Write + Unpin + ?Sized] CopyBufOp<'a, R, W> => io::Result<u64>);

/// Copies in both directions at once, as a proxy does: what comes from `a` goes to `b`, and the other way
/// round. Where one side ends, the other is closed for writing, and the other direction goes on. The value
/// says how many bytes went from `a` to `b`, and from `b` to `a`.
///
/// # Errors
/// The first of either side; it ends both directions.
///
/// # Cancel safety
/// What has been read and could not be written yet (64 KiB at most each way) is lost with it.
pub fn copy_bidirectional<'a, A, B>(a: &'a mut A, b: &'a mut B) -> CopyBidirectionalOp<'a, A, B>
where
    A: Read + Write + Unpin + ?Sized,
    B: Read + Write + Unpin + ?Sized,
{
    CopyBidirectionalOp { a, b, a_to_b: Direction::new(), b_to_a: Direction::new() }
}

/// The operation of [`copy_bidirectional`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct CopyBidirectionalOp<'a, A: ?Sized, B: ?Sized> {
    /// One side.
    a: &'a mut A,
    /// The other.
    b: &'a mut B,
    /// How far the one direction is.
    a_to_b: Direction,
    /// How far the other is.
    b_to_a: Direction,
}

/// How far a direction is.
#[derive(Debug)]
enum Direction {
    /// It copies.
    Copying(Transfer),
    /// So much was copied; it closes.
    Closing(u64),
    /// So much was copied, and it is closed.
    Closed(u64),
}

impl Direction {
    fn new() -> Self {
        Self::Copying(Transfer::new())
    }

    fn advance<R, W>(
        &mut self,
        reader: &mut R,
        mut writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<u64>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        loop {
            *self = match self {
                Self::Copying(transfer) => Self::Closing(ready!(transfer.advance(reader, writer, cx))?),
                Self::Closing(count) => {
                    ready!(Pin::new(&mut writer).poll_close(cx))?;
                    Self::Closed(*count)
                }
                Self::Closed(count) => return Poll::Ready(Ok(*count)),
            };
        }
    }
}

impl<A: Read + Write + Unpin + ?Sized, B: Read + Write + Unpin + ?Sized> CopyBidirectionalOp<'_, A, B> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(u64, u64)>> {
        let forth = self.a_to_b.advance(&mut *self.a, &mut *self.b, cx)?;
        let back = self.b_to_a.advance(&mut *self.b, &mut *self.a, cx)?;
        match (forth, back) {
            (Poll::Ready(forth), Poll::Ready(back)) => Poll::Ready(Ok((forth, back))),
            _ => Poll::Pending,
        }
    }
}

advanced!(
    ['a, A: Read + Write + Unpin + ?Sized, B: Read + Write + Unpin + ?Sized]
    CopyBidirectionalOp<'a, A, B> => io::Result<(u64, u64)>
);
