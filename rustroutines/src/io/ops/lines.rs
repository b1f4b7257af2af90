//! Reading to a mark: a line, or what lies between two of some byte.

use super::read::append_text;
use super::{Polled, advanced};
use crate::Suspend;
use crate::io::BufRead;
use crate::suspend::{IntoSuspendIterator, SuspendIterator};
use memchr::memchr;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The operation of [`BufRead::fill_buf`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct FillBufOp<'a, R>(
    /// What is looked at, until it is shown.
    Option<&'a mut R>,
);

impl<'a, R: BufRead + Unpin> FillBufOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R) -> Self {
        Self(Some(reader))
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<&'a [u8]> {
        let reader = self.0.take().expect("an operation is polled no more once it is done");
        // What the first look shows can't be returned and be given back, so it is only asked how it ended.
        let ended = loop {
            match Pin::new(&mut *reader).poll_fill_buf(cx) {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(shown)) => break Some(shown.is_empty()),
                Poll::Pending => break None,
            }
        };
        match ended {
            Some(true) => Poll::Ready(Ok(&[])),
            Some(false) => Pin::new(reader).poll_fill_buf(cx),
            None => {
                self.0 = Some(reader);
                Poll::Pending
            }
        }
    }
}

advanced!(['a, R: BufRead + Unpin] FillBufOp<'a, R> => io::Result<&'a [u8]>);

/// Appends what comes before the next `byte`, and that. `false`: the end came first.
fn poll_until<R: BufRead + Unpin>(
    reader: &mut R,
    byte: u8,
    buf: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Polled<bool> {
    loop {
        let (found, used) = match ready!(Pin::new(&mut *reader).poll_fill_buf(cx)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
            Ok([]) => return Poll::Ready(Ok(false)),
            Ok(shown) => {
                let mark = memchr(byte, shown);
                let used = mark.map_or(shown.len(), |at| at + 1);
                if buf.capacity() == 0 {
                    // Most are whole: room for this one, and not for what may come.
                    *buf = shown[..used].to_vec();
                } else {
                    buf.extend_from_slice(&shown[..used]);
                }
                (mark.is_some(), used)
            }
        };
        Pin::new(&mut *reader).consume(used);
        if found {
            return Poll::Ready(Ok(true));
        }
    }
}

/// The operation of [`BufRead::read_until`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadUntilOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// The mark.
    byte: u8,
    /// Where it goes.
    buf: &'a mut Vec<u8>,
    /// How long `buf` was before.
    begin: usize,
}

impl<'a, R: BufRead + Unpin> ReadUntilOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, byte: u8, buf: &'a mut Vec<u8>) -> Self {
        let begin = buf.len();
        Self { reader, byte, buf, begin }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        ready!(poll_until(self.reader, self.byte, self.buf, cx))?;
        Poll::Ready(Ok(self.buf.len() - self.begin))
    }
}

advanced!(['a, R: BufRead + Unpin] ReadUntilOp<'a, R> => io::Result<usize>);

/// The operation of [`BufRead::read_line`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct ReadLineOp<'a, R> {
    /// Where it comes from.
    reader: &'a mut R,
    /// The line. Beside the caller's text, because it may end in the midst of a character.
    line: PartialLine<'a>,
}

/// A line of which a part has come.
#[derive(Debug)]
struct PartialLine<'a> {
    /// Where it goes.
    text: &'a mut String,
    /// What has come.
    bytes: Vec<u8>,
}

impl<'a, R: BufRead + Unpin> ReadLineOp<'a, R> {
    pub(in crate::io) fn new(reader: &'a mut R, text: &'a mut String) -> Self {
        // The room of a text that is used again and again.
        let bytes = if text.is_empty() { mem::take(text).into_bytes() } else { Vec::new() };
        Self { reader, line: PartialLine { text, bytes } }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Polled<usize> {
        ready!(poll_until(self.reader, b'\n', &mut self.line.bytes, cx))?;
        let count = self.line.bytes.len();
        Poll::Ready(append_text(self.line.text, mem::take(&mut self.line.bytes)).map(|()| count))
    }
}

/// Leaves what has come of an unfinished line with the caller.
impl Drop for PartialLine<'_> {
    fn drop(&mut self) {
        if self.bytes.capacity() > 0 {
            let valid = std::str::from_utf8(&self.bytes).map_or_else(|error| error.valid_up_to(), str::len);
            self.bytes.truncate(valid);
            let appended = append_text(self.text, mem::take(&mut self.bytes));
            debug_assert!(appended.is_ok(), "what is not valid was cut off");
        }
    }
}

advanced!(['a, R: BufRead + Unpin] ReadLineOp<'a, R> => io::Result<usize>);

/// The lines of a reader; see [`BufRead::lines`].
///
/// A `for` loop in a routine goes over it by suspending, one in plain code by blocking.
#[derive(Debug)]
pub struct Lines<R>(
    /// What lies between two `\n`.
    Split<R>,
);

/// The parts of a reader between some byte and the next; see [`BufRead::split`].
///
/// A `for` loop in a routine goes over it by suspending, one in plain code by blocking.
#[derive(Debug)]
pub struct Split<R> {
    /// Where it comes from.
    reader: R,
    /// The mark.
    byte: u8,
    /// What has come of the next part. Here, and not in the operation, so that it stays when that is dropped.
    part: Vec<u8>,
}

impl<R: BufRead + Unpin> Lines<R> {
    pub(in crate::io) fn new(reader: R) -> Self {
        Self(Split::new(reader, b'\n'))
    }

    /// Waits for the next line; `None` at the end.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the line is not UTF-8: it is lost, and the next comes
    /// after it. And those of the source.
    ///
    /// # Cancel safety
    /// Dropped, it keeps what it has read: the next goes on from there.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::{Suspend, io::BufRead};
    ///
    /// let mut lines = BufRead::lines(&b"one\r\ntwo"[..]);
    /// assert_eq!(lines.next().block().unwrap().unwrap(), "one");
    /// ```
    #[expect(clippy::should_implement_trait, reason = "it does: by blocking")]
    pub fn next(&mut self) -> NextLine<'_, R> {
        NextLine(&mut self.0)
    }

    /// The reader. What has been read of a line that is not complete yet is lost.
    pub fn into_inner(self) -> R {
        self.0.reader
    }
}

impl<R: BufRead + Unpin> Split<R> {
    pub(in crate::io) fn new(reader: R, byte: u8) -> Self {
        Self { reader, byte, part: Vec::new() }
    }

    /// Waits for the next part; `None` at the end.
    ///
    /// # Errors
    /// Those of the source.
    ///
    /// # Cancel safety
    /// Dropped, it keeps what it has read: the next goes on from there.
    #[expect(clippy::should_implement_trait, reason = "it does: by blocking")]
    pub fn next(&mut self) -> NextPart<'_, R> {
        NextPart(self)
    }

    /// The reader. What has been read of a part that is not complete yet is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Vec<u8>>>> {
        let found = match ready!(poll_until(&mut self.reader, self.byte, &mut self.part, cx)) {
            Ok(found) => found,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        let mut part = mem::take(&mut self.part);
        if found {
            part.pop();
        } else if part.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(part)))
    }
}

/// The operation of [`Lines::next`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct NextLine<'a, R>(
    /// What lies between two `\n`.
    &'a mut Split<R>,
);

/// The operation of [`Split::next`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct NextPart<'a, R>(
    /// What is gone over.
    &'a mut Split<R>,
);

impl<R: BufRead + Unpin> NextLine<'_, R> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<String>>> {
        let part = ready!(self.0.advance(cx));
        Poll::Ready(part.map(|part| {
            let mut line = part?;
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }))
    }
}

impl<R: BufRead + Unpin> NextPart<'_, R> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Vec<u8>>>> {
        self.0.advance(cx)
    }
}

advanced!(['a, R: BufRead + Unpin] NextLine<'a, R> => Option<io::Result<String>>);
advanced!(['a, R: BufRead + Unpin] NextPart<'a, R> => Option<io::Result<Vec<u8>>>);

/// What both are: gone over by suspending, or by blocking.
macro_rules! iterated {
    ($iter:ident, $next:ident, $item:ty) => {
        impl<R: BufRead + Unpin> SuspendIterator for $iter<R> {
            type Item = io::Result<$item>;
            type Next<'a>
                = $next<'a, R>
            where
                Self: 'a;

            fn next(&mut self) -> $next<'_, R> {
                $iter::next(self)
            }
        }

        impl<R: BufRead + Unpin> IntoSuspendIterator for $iter<R> {
            type Item = io::Result<$item>;
            type Iter = Self;

            fn into_suspend_iter(self) -> Self {
                self
            }
        }

        impl<'i, R: BufRead + Unpin> IntoSuspendIterator for &'i mut $iter<R> {
            type Item = io::Result<$item>;
            type Iter = &'i mut $iter<R>;

            fn into_suspend_iter(self) -> Self {
                self
            }
        }

        impl<R: BufRead + Unpin> Iterator for $iter<R> {
            type Item = io::Result<$item>;

            fn next(&mut self) -> Option<io::Result<$item>> {
                $iter::next(self).block()
            }
        }
    };
}

iterated!(Lines, NextLine, String);
iterated!(Split, NextPart, Vec<u8>);
