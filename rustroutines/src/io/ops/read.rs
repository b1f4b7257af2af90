//! Reading bytes.

use super::{Polled, advanced, uninterrupted};
use crate::io::Read;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The operation of [`Read::read`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    buf: &'a mut [u8],
}

impl<'a, R: Read + Unpin> ReadOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, buf: &'a mut [u8]) -> Self {
        Self { reader, buf }
    }

    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        Pin::new(&mut *self.reader).poll_read(cx, self.buf)
    }
}

advanced!(['a, R: Read + Unpin] ReadOp<'a, R> => io::Result<usize>);

/// The operation of [`Read::read_exact`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadExactOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    buf: &'a mut [u8],
    /// How much has come.
    filled: usize,
}

impl<'a, R: Read + Unpin> ReadExactOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, buf: &'a mut [u8]) -> Self {
        Self { reader, buf, filled: 0 }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        while self.filled < self.buf.len() {
            let rest = &mut self.buf[self.filled..];
            match ready!(uninterrupted(cx, |cx| Pin::new(&mut *self.reader).poll_read(cx, rest)))? {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                count => self.filled += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

advanced!(['a, R: Read + Unpin] ReadExactOp<'a, R> => io::Result<()>);

/// The least that is offered to a source of unknown length.
const LEAST: usize = 512;
/// The most.
const MOST: usize = 128 * 1024;

/// Reads to the end, a piece at a time.
#[derive(Debug)]
struct Pieces {
    /// How much is offered for the next piece. It grows while the source fills what it is offered: what
    /// is offered has to be cleared first.
    size: usize,
    /// How much has come.
    count: usize,
}

impl Pieces {
    fn new() -> Self {
        Self { size: LEAST, count: 0 }
    }

    /// Appends to `buf`, which between two polls holds nothing but what was read.
    fn advance<R: Read + Unpin>(
        &mut self,
        reader: &mut R,
        buf: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Polled<usize> {
        loop {
            let begin = buf.len();
            // A buffer that was made large enough does not grow for the look at the end.
            let size = match buf.capacity() - begin {
                0 => self.size,
                spare => spare.min(self.size),
            };
            buf.resize(begin + size, 0);
            let polled = uninterrupted(cx, |cx| Pin::new(&mut *reader).poll_read(cx, &mut buf[begin..]));
            let count = match &polled {
                Poll::Ready(Ok(count)) => *count,
                _ => 0,
            };
            buf.truncate(begin + count);
            match ready!(polled)? {
                0 => return Poll::Ready(Ok(self.count)),
                count => self.count += count,
            }
            if count == size {
                self.size = (self.size * 2).min(MOST);
            }
        }
    }
}

/// The operation of [`Read::read_to_end`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadToEndOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    buf: &'a mut Vec<u8>,
    /// How far it is.
    pieces: Pieces,
}

impl<'a, R: Read + Unpin> ReadToEndOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        Self { reader, buf, pieces: Pieces::new() }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        self.pieces.advance(self.reader, self.buf, cx)
    }
}

advanced!(['a, R: Read + Unpin] ReadToEndOp<'a, R> => io::Result<usize>);

/// The operation of [`Read::read_to_string`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadToStringOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// Where it goes.
    buf: &'a mut String,
    /// What has come.
    bytes: Vec<u8>,
    /// How far it is.
    pieces: Pieces,
}

impl<'a, R: Read + Unpin> ReadToStringOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, buf: &'a mut String) -> Self {
        Self { reader, buf, bytes: Vec::new(), pieces: Pieces::new() }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        let count = ready!(self.pieces.advance(self.reader, &mut self.bytes, cx))?;
        Poll::Ready(append_text(self.buf, std::mem::take(&mut self.bytes)).map(|()| count))
    }
}

advanced!(['a, R: Read + Unpin] ReadToStringOp<'a, R> => io::Result<usize>);

/// Appends `bytes` if they are UTF-8.
pub(super) fn append_text(text: &mut String, bytes: Vec<u8>) -> io::Result<()> {
    let new = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if text.is_empty() {
        *text = new;
    } else {
        text.push_str(&new);
    }
    Ok(())
}
