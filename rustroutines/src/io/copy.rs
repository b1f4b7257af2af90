//! From a reader to a writer: [`copy`], [`copy_buf`], [`copy_bidirectional`].

use super::fs::{File, Moving, Outlet};
use super::ops::advanced;
use super::{BufRead, Read, Write};
use crate::task::budget;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much is on its way at once at first.
const PIECE: usize = 64 * 1024;
/// And once so much was there at once.
const LARGE: usize = 256 * 1024;

/// Copies everything that comes from `reader` to `writer`, and flushes that. The value says how many bytes
/// it was.
///
/// It flushes as well whenever it has to wait for `reader`, so that what came arrives. From a [`File`], or what a
/// [`Take`](super::Take) or an emptied [`BufReader`](super::BufReader) reads of it, to a stream of
/// [`net`](super::net), and from one `File` to another, the system copies, where it can (Linux), as in
/// [`std::io::copy`]. All else goes through a buffer: also a part of a file to another file, and a stream to a file.
/// Who changes a file that is being sent so may have the other side read either.
///
/// # Errors
/// Those of both. (A stream whose other side is gone is an error as long as `SIGPIPE` is ignored, as Rust programs
/// do. One that has set it back to its default is ended by it where the system sends a file.)
///
/// # Cancel safety
/// What has been read and could not be written yet (256 KiB at most) is lost with it, but for what comes from memory or
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
    CopyOp { reader, writer, transfer: Transfer::default() }
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

/// What a reader is at this moment, as far as a copy can make use of it.
#[doc(hidden)]
pub enum Origin<'a> {
    /// It can be read.
    Read,
    /// It has a buffer. What is copied out of that needs no second one.
    Buffered(Pin<&'a mut dyn BufRead>),
    /// It is a file.
    File(&'a mut File),
    /// It is so much of a file.
    Part(&'a mut File, &'a mut u64),
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "Read",
            Self::Buffered(_) => "Buffered",
            Self::File(_) => "File",
            Self::Part(..) => "Part",
        })
    }
}

/// What a writer is, as far as a copy can make use of it.
#[doc(hidden)]
pub enum Target<'a> {
    /// It can be written to.
    Write,
    /// It is a file.
    File(&'a mut File),
    /// It is a stream of the system's.
    Stream(&'a dyn Outlet),
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "Write",
            Self::File(_) => "File",
            Self::Stream(_) => "Stream",
        })
    }
}

/// Copying in one direction, a piece at a time: by the system where that moves anything, else by hand.
#[derive(Debug, Default)]
struct Transfer {
    /// What the system does of it.
    moving: Moving,
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
    fn advance<R, W>(&mut self, reader: &mut R, writer: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<u64>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        while !self.ended {
            let moved = match (Pin::new(&mut *reader).origin(), Pin::new(&mut *writer).target()) {
                (Origin::File(from), Target::File(to)) => ready!(self.moving.poll_piece(from, to, cx))?,
                (Origin::File(from), Target::Stream(to)) => {
                    ready!(self.moving.poll_sent(from, u64::MAX, to, cx))?
                }
                (Origin::Part(from, limit), Target::Stream(to)) => {
                    let sent = ready!(self.moving.poll_sent(from, *limit, to, cx))?;
                    *limit -= sent as u64;
                    sent
                }
                _ => 0,
            };
            self.count += moved as u64;
            if moved == 0 {
                ready!(self.poll_by_hand(reader, writer, cx))?;
            }
        }
        ready!(Pin::new(&mut *writer).poll_flush(cx))?;
        Poll::Ready(Ok(self.count))
    }

    /// Copies a piece, or finds that there is none.
    fn poll_by_hand<R, W>(
        &mut self,
        reader: &mut R,
        writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        let (count, unflushed) = (&mut self.count, &mut self.unflushed);
        let passed_on = match Pin::new(&mut *reader).origin() {
            Origin::Read => return self.poll_through(reader, writer, cx),
            Origin::Buffered(reader) => ready!(poll_passed_on(reader, u64::MAX, writer, unflushed, cx))?,
            Origin::File(file) => ready!(poll_passed_on(Pin::new(file), u64::MAX, writer, unflushed, cx))?,
            Origin::Part(file, limit) => {
                let passed_on = ready!(poll_passed_on(Pin::new(file), *limit, writer, unflushed, cx))?;
                *limit -= passed_on as u64;
                passed_on
            }
        };
        *count += passed_on as u64;
        self.ended = passed_on == 0;
        Poll::Ready(Ok(()))
    }

    /// Copies a piece through `buf`, or finds that there is none.
    fn poll_through<R, W>(
        &mut self,
        mut reader: &mut R,
        mut writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        R: Read + Unpin + ?Sized,
        W: Write + Unpin + ?Sized,
    {
        if self.begin == self.end {
            self.make_room();
            let count = loop {
                match Pin::new(&mut reader).poll_read(cx, &mut self.buf) {
                    Poll::Ready(Ok(count)) => break count,
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return poll_flush_to_wait(&mut writer, &mut self.unflushed, cx),
                }
            };
            self.ended = count == 0;
            (self.begin, self.end) = (0, count);
        }
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
        Poll::Ready(Ok(()))
    }

    /// Makes the buffer; a larger one where the last piece has filled it. It is empty.
    fn make_room(&mut self) {
        let length = if self.buf.is_empty() { PIECE } else { LARGE };
        if self.buf.len() < length && self.end == self.buf.len() {
            // Not `resize`: it would write all of it, and the system has zeros.
            self.buf = vec![0; length];
            (self.begin, self.end) = (0, 0);
        }
    }
}

/// Sends on what was written before a wait for more. `Pending` at last.
fn poll_flush_to_wait<W: Write + Unpin + ?Sized, T>(
    writer: &mut W,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    if *unflushed {
        ready!(Pin::new(writer).poll_flush(cx))?;
        *unflushed = false;
    }
    Poll::Pending
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
        loop {
            let reader = Pin::new(&mut *self.reader);
            let unflushed = &mut self.unflushed;
            match ready!(poll_passed_on(reader, u64::MAX, &mut *self.writer, unflushed, cx))? {
                0 => break,
                passed_on => self.count += passed_on as u64,
            }
        }
        ready!(Pin::new(&mut *self.writer).poll_flush(cx))?;
        Poll::Ready(Ok(self.count))
    }
}

/// Writes out of the buffer of `reader`, `limit` bytes at most, and says how many: 0 at the end. Flushes before a wait
/// for more.
fn poll_passed_on<R: BufRead + ?Sized, W: Write + Unpin + ?Sized>(
    mut reader: Pin<&mut R>,
    limit: u64,
    mut writer: &mut W,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if limit == 0 {
        return Poll::Ready(Ok(0));
    }
    loop {
        // Neither side may ever have to wait, and others want to run.
        ready!(budget::poll_proceed(cx));
        let shown = match reader.as_mut().poll_fill_buf(cx) {
            Poll::Ready(Ok([])) => return Poll::Ready(Ok(0)),
            Poll::Ready(Ok(shown)) => shown,
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                budget::refund();
                return poll_flush_to_wait(&mut writer, unflushed, cx);
            }
        };
        let most = usize::try_from(limit).map_or(shown.len(), |limit| limit.min(shown.len()));
        let written = match ready!(Pin::new(&mut writer).poll_write(cx, &shown[..most])) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        reader.as_mut().consume(written);
        *unflushed = true;
        return Poll::Ready(Ok(written));
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
/// What has been read and could not be written yet (256 KiB at most each way) is lost with it.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, go, io::{self, Read, Write}};
///
/// let (mut client, mut outside) = io::duplex(100);
/// let (mut inside, mut server) = io::duplex(100);
/// let proxy = go!(move || io::copy_bidirectional(&mut outside, &mut inside));
///
/// client.write_all(b"question").block()?;
/// client.close().block()?;
/// let (mut question, mut answer) = (String::new(), String::new());
/// server.read_to_string(&mut question).block()?;
/// server.write_all(b"answer").block()?;
/// server.close().block()?;
/// client.read_to_string(&mut answer).block()?;
/// assert_eq!((&*question, &*answer), ("question", "answer"));
/// assert_eq!(proxy.join().block().unwrap()?, (8, 6));
/// # Ok::<(), io::Error>(())
/// ```
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
        Self::Copying(Transfer::default())
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
