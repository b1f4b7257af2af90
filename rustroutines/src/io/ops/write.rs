//! Writing bytes, and moving about.

use super::{Polled, advanced, uninterrupted};
use crate::io::{Seek, Write};
use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The operation of [`Write::write`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct WriteOp<'a, W> {
    /// Where it goes.
    writer: &'a mut W,
    /// What is written.
    buf: &'a [u8],
}

impl<'a, W: Write + Unpin> WriteOp<'a, W> {
    pub(in crate::io) fn new(writer: &'a mut W, buf: &'a [u8]) -> Self {
        Self { writer, buf }
    }

    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        Pin::new(&mut *self.writer).poll_write(cx, self.buf)
    }
}

advanced!(['a, W: Write + Unpin] WriteOp<'a, W> => io::Result<usize>);

/// The operation of [`Write::write_all`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct WriteAllOp<'a, W> {
    /// Where it goes.
    writer: &'a mut W,
    /// What is still to be written.
    rest: &'a [u8],
}

impl<'a, W: Write + Unpin> WriteAllOp<'a, W> {
    pub(in crate::io) fn new(writer: &'a mut W, rest: &'a [u8]) -> Self {
        Self { writer, rest }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        poll_write_all(self.writer, &mut self.rest, cx)
    }
}

advanced!(['a, W: Write + Unpin] WriteAllOp<'a, W> => io::Result<()>);

/// The operation of [`Write::write_all_from`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct WriteAllFromOp<'a, 'b, W> {
    /// Where it goes.
    writer: &'a mut W,
    /// What is still to be written.
    rest: &'a mut &'b [u8],
}

impl<'a, 'b, W: Write + Unpin> WriteAllFromOp<'a, 'b, W> {
    pub(in crate::io) fn new(writer: &'a mut W, rest: &'a mut &'b [u8]) -> Self {
        Self { writer, rest }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        poll_write_all(self.writer, self.rest, cx)
    }
}

advanced!(['a, 'b, W: Write + Unpin] WriteAllFromOp<'a, 'b, W> => io::Result<()>);

/// The operation of [`Write::write_fmt`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct WriteFmtOp<'a, W> {
    /// Where it goes.
    writer: &'a mut W,
    /// All of the text.
    text: String,
    /// How much of it is written.
    written: usize,
}

impl<'a, W: Write + Unpin> WriteFmtOp<'a, W> {
    pub(in crate::io) fn new(writer: &'a mut W, text: fmt::Arguments<'_>) -> Self {
        Self { writer, text: fmt::format(text), written: 0 }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        let mut rest = &self.text.as_bytes()[self.written..];
        let result = poll_write_all(self.writer, &mut rest, cx);
        self.written = self.text.len() - rest.len();
        result
    }
}

advanced!(['a, W: Write + Unpin] WriteFmtOp<'a, W> => io::Result<()>);

/// Writes until `rest` is empty.
fn poll_write_all<W: Write + Unpin>(writer: &mut W, rest: &mut &[u8], cx: &mut Context<'_>) -> Polled<()> {
    while !rest.is_empty() {
        match ready!(uninterrupted(cx, |cx| Pin::new(&mut *writer).poll_write(cx, rest)))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => *rest = &rest[count..],
        }
    }
    Poll::Ready(Ok(()))
}

/// The operation of [`Write::flush`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct FlushOp<'a, W>(
    /// What is flushed.
    &'a mut W,
);

impl<'a, W: Write + Unpin> FlushOp<'a, W> {
    pub(in crate::io) fn new(writer: &'a mut W) -> Self {
        Self(writer)
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        uninterrupted(cx, |cx| Pin::new(&mut *self.0).poll_flush(cx))
    }
}

advanced!(['a, W: Write + Unpin] FlushOp<'a, W> => io::Result<()>);

/// The operation of [`Write::close`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct CloseOp<'a, W>(
    /// What is closed.
    &'a mut W,
);

impl<'a, W: Write + Unpin> CloseOp<'a, W> {
    pub(in crate::io) fn new(writer: &'a mut W) -> Self {
        Self(writer)
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<()> {
        uninterrupted(cx, |cx| Pin::new(&mut *self.0).poll_close(cx))
    }
}

advanced!(['a, W: Write + Unpin] CloseOp<'a, W> => io::Result<()>);

/// The operation of [`Seek::seek`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct SeekOp<'a, S> {
    /// What is moved about in.
    object: &'a mut S,
    /// Where to.
    to: SeekFrom,
}

impl<'a, S: Seek + Unpin> SeekOp<'a, S> {
    pub(in crate::io) fn new(object: &'a mut S, to: SeekFrom) -> Self {
        Self { object, to }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<u64> {
        Pin::new(&mut *self.object).poll_seek(cx, self.to)
    }
}

advanced!(['a, S: Seek + Unpin] SeekOp<'a, S> => io::Result<u64>);
