//! What can be read, written, read by the line, and moved about in.
//!
//! Each trait has *poll* methods, which implementors write and which work behind `dyn`, and methods that
//! return operations, which users call. An operation borrows its object, so it needs one that can be moved
//! (`Unpin`); whatever is not can be pinned first: `Pin<&mut T>` and `Pin<Box<T>>` have the traits too.
//!
//! # For implementors
//! - A poll method that answers `Pending` has done nothing, and has seen to it that the waker of `cx` is
//!   woken when another attempt may do better. One waker for reading and one for writing are enough:
//!   the last that was given.
//! - What touches the world, or another routine, takes from the routine's budget; what only moves bytes
//!   about in memory need not.
//! - A byte that was taken in and not reported yet is kept for the next call.

use super::adapters::{Chain, Take};
use super::copy::{Origin, Target};
use super::ops::{
    CloseOp, FillBufOp, FlushOp, Lines, ReadExactOp, ReadLineOp, ReadOp, ReadToEndOp, ReadToStringOp,
    ReadUntilOp, SeekOp, Split, WriteAllFromOp, WriteAllOp, WriteFmtOp, WriteOp,
};
use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What bytes can be read from. The counterpart of [`std::io::Read`].
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, Read}, routine};
///
/// #[routine]
/// fn first_four(mut source: impl Read + Unpin + Send) -> io::Result<[u8; 4]> {
///     let mut bytes = [0; 4];
///     source.read_exact(&mut bytes)?; // suspends while nothing is there
///     Ok(bytes)
/// }
///
/// # use rustroutines::Suspend;
/// assert_eq!(first_four(&b"abcdef"[..]).block().unwrap(), *b"abcd");
/// ```
///
/// An object behind `dyn` has the operations in a box: `Box<dyn Read + Send + Unpin>` is a `Read`.
pub trait Read {
    /// Reads into `buf`, and says how many bytes: 0 at the end, or where `buf` is empty.
    ///
    /// # Errors
    /// Those of the source. Nothing was read then.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Waits until something is there, and reads it into `buf`. The value says how many bytes it was:
    /// 0 at the end, or where `buf` is empty.
    ///
    /// # Errors
    /// Those of the source. Nothing was read then.
    ///
    /// # Cancel safety
    /// A read that is dropped has read nothing: the bytes go to the next.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadOp::new(self, buf)
    }

    /// Fills `buf`.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the end comes first, and those of the source.
    /// What was read before is in `buf`.
    ///
    /// # Cancel safety
    /// What was read until it is dropped is at the head of `buf`, but how much that is, nobody says. Where
    /// that matters, `reader.by_ref().take(n).read_to_end(&mut vec)` reads as much, and `vec` is as long
    /// as what was read.
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExactOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadExactOp::new(self, buf)
    }

    /// Reads to the end and appends it to `buf`. The value says how many bytes that was.
    ///
    /// # Errors
    /// Those of the source. What was read before is in `buf`.
    ///
    /// # Cancel safety
    /// What was read until it is dropped is in `buf`; another one goes on from there.
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEndOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadToEndOp::new(self, buf)
    }

    /// Reads to the end and appends it to `buf`. The value says how many bytes that was.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if it is not UTF-8, and those of the source. `buf` is
    /// unchanged then, and what was read is lost.
    ///
    /// # Cancel safety
    /// What was read until it is dropped is lost: it may end in the midst of a character. Where that
    /// matters, use [`read_to_end`](Read::read_to_end).
    fn read_to_string<'a>(&'a mut self, buf: &'a mut String) -> ReadToStringOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadToStringOp::new(self, buf)
    }

    /// The first `limit` bytes of it.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }

    /// What it reads, and what `next` reads after it.
    fn chain<R: Read>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }

    /// A reference to it, which can be given away in its place: `r.by_ref().take(4)`.
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    /// What [`copy`](super::copy) can make use of, beyond reading. No part of the interface.
    #[doc(hidden)]
    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        Origin::Read
    }
}

/// What bytes can be written to. The counterpart of [`std::io::Write`].
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, Write}, routine};
///
/// #[routine]
/// fn greet(mut to: impl Write + Unpin + Send, name: &str) -> io::Result<()> {
///     to.write_all(format!("hello {name}\n").as_bytes())?; // suspends while there is no room
///     to.flush()
/// }
///
/// # use rustroutines::Suspend;
/// let mut out = Vec::new();
/// greet(&mut out, "you").block().unwrap();
/// assert_eq!(out, b"hello you\n");
/// ```
pub trait Write {
    /// Writes the beginning of `buf`, and says how many bytes.
    ///
    /// # Errors
    /// Those of the sink. Nothing was written then.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends on what is still held in buffers.
    ///
    /// # Errors
    /// Those of the sink, also of earlier writes that it had taken.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, and says that nothing will follow. The other side of a connection reads the end.
    ///
    /// # Errors
    /// Those of the sink, also of earlier writes that it had taken.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits until there is room, and writes the beginning of `buf`. The value says how many bytes: 0
    /// only where nothing more is taken, or where `buf` is empty.
    ///
    /// # Errors
    /// Those of the sink. Nothing was written then.
    ///
    /// # Cancel safety
    /// A write that is dropped has written nothing.
    fn write<'a>(&'a mut self, buf: &'a [u8]) -> WriteOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        WriteOp::new(self, buf)
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// [`WriteZero`](io::ErrorKind::WriteZero) if no more is taken, and those of the sink. A part may have
    /// been written before.
    ///
    /// # Cancel safety
    /// A part may have been written when it is dropped, and nobody says how much. Where that matters, use
    /// [`write_all_from`](Write::write_all_from).
    fn write_all<'a>(&'a mut self, buf: &'a [u8]) -> WriteAllOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        WriteAllOp::new(self, buf)
    }

    /// Writes all of `rest`, which afterwards is empty.
    ///
    /// # Errors
    /// Those of [`write_all`](Write::write_all). `rest` is what was not written.
    ///
    /// # Cancel safety
    /// When it is dropped, `rest` is what was not written; another one goes on from there.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::{Suspend, io::Write};
    ///
    /// let (mut out, mut rest) = (Vec::new(), &b"all of it"[..]);
    /// out.write_all_from(&mut rest).block().unwrap();
    /// assert!(rest.is_empty());
    /// ```
    fn write_all_from<'a, 'b>(&'a mut self, rest: &'a mut &'b [u8]) -> WriteAllFromOp<'a, 'b, Self>
    where
        Self: Sized + Unpin,
    {
        WriteAllFromOp::new(self, rest)
    }

    /// Writes formatted text. This is what `write!(to, …)` and `writeln!(to, …)` call, which in a routine wait
    /// like any other operation.
    ///
    /// The text is made at once, all of it, and then written as by [`write_all`](Write::write_all).
    ///
    /// # Errors
    /// Those of [`write_all`](Write::write_all).
    ///
    /// # Panics
    /// If a value's formatting returns an error, as `format!` does.
    ///
    /// # Cancel safety
    /// A part may have been written when it is dropped, and nobody says how much.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::{Suspend, io::{self, Write}, routine};
    ///
    /// #[routine]
    /// fn report(mut to: impl Write + Unpin + Send, count: usize) -> io::Result<()> {
    ///     writeln!(to, "{count} files")
    /// }
    ///
    /// let mut out = Vec::new();
    /// report(&mut out, 3).block()?;
    /// write!(out, "that is all").block()?;
    /// assert_eq!(out, b"3 files\nthat is all");
    /// # Ok::<(), io::Error>(())
    /// ```
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> WriteFmtOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        WriteFmtOp::new(self, text)
    }

    /// Sends on what is still held in buffers, and waits until that is done.
    ///
    /// # Errors
    /// Those of the sink, also of earlier writes that it had taken.
    ///
    /// # Cancel safety
    /// Dropped, it may have sent on a part. The rest stays where it was.
    fn flush(&mut self) -> FlushOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        FlushOp::new(self)
    }

    /// Flushes, and says that nothing will follow. The other side of a connection reads the end.
    ///
    /// # Errors
    /// Those of the sink, also of earlier writes that it had taken.
    ///
    /// # Cancel safety
    /// Dropped, it may have sent on a part; another one goes on from there.
    #[doc(alias = "shutdown")]
    fn close(&mut self) -> CloseOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        CloseOp::new(self)
    }

    /// What [`copy`](super::copy) can make use of, beyond writing. No part of the interface.
    #[doc(hidden)]
    fn target(self: Pin<&mut Self>) -> Target<'_> {
        Target::Write
    }
}

/// What is read through a buffer, so that one can look at what comes before one takes it. The counterpart
/// of [`std::io::BufRead`].
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, BufRead}, routine};
///
/// #[routine]
/// fn longest(source: impl BufRead + Unpin + Send) -> io::Result<String> {
///     let mut longest = String::new();
///     for line in source.lines() { // suspends until a line is there
///         let line = line?;
///         if line.len() > longest.len() {
///             longest = line;
///         }
///     }
///     Ok(longest)
/// }
///
/// # use rustroutines::Suspend;
/// assert_eq!(longest(&b"a\nbcd\nef"[..]).block().unwrap(), "bcd");
/// ```
pub trait BufRead: Read {
    /// What the buffer holds; where it is empty, it is filled first. Empty at the end.
    ///
    /// Never `Pending` while the buffer holds something.
    ///
    /// # Errors
    /// Those of the source.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Takes the first `amount` bytes out of the buffer, which holds as many.
    fn consume(self: Pin<&mut Self>, amount: usize);

    /// Waits until the buffer holds something, and shows it. Empty at the end. Take what you have used out
    /// with [`consume`](BufRead::consume).
    ///
    /// # Errors
    /// Those of the source.
    ///
    /// # Cancel safety
    /// Nothing is taken out.
    fn fill_buf(&mut self) -> FillBufOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        FillBufOp::new(self)
    }

    /// Reads to the next `byte` or to the end, and appends it to `buf`, with the `byte`. The value says how
    /// many bytes that was: 0 at the end.
    ///
    /// # Errors
    /// Those of the source. What was read before is in `buf`.
    ///
    /// # Cancel safety
    /// What was read until it is dropped is in `buf`; another one goes on from there.
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> ReadUntilOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadUntilOp::new(self, byte, buf)
    }

    /// Reads to the end of the line, and appends it to `buf`, with its `\n`. The value says how many bytes
    /// that was: 0 at the end.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the line is not UTF-8: `buf` is unchanged then, and
    /// the line is lost. And those of the source: what was read before is in `buf`.
    ///
    /// # Cancel safety
    /// What was read until it is dropped is in `buf`; another one goes on from there. But where the source
    /// had stopped in the midst of a character, that part of it (three bytes at most) is lost, since a
    /// `String` holds none: [`lines`](BufRead::lines) and [`read_until`](BufRead::read_until) lose nothing.
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> ReadLineOp<'a, Self>
    where
        Self: Sized + Unpin,
    {
        ReadLineOp::new(self, buf)
    }

    /// Goes over the lines: `for line in reader.lines()` suspends in a routine until a line is there. Each
    /// is an `io::Result<String>`, without its `\n` or `\r\n`.
    ///
    /// # Cancel safety
    /// `lines.next()` that is dropped keeps what it has read: the next goes on from there.
    fn lines(self) -> Lines<Self>
    where
        Self: Sized + Unpin,
    {
        Lines::new(self)
    }

    /// Goes over what lies between each `byte` and the next. Each is an `io::Result<Vec<u8>>`, without the
    /// `byte`.
    ///
    /// # Cancel safety
    /// `parts.next()` that is dropped keeps what it has read: the next goes on from there.
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }
}

/// What one can move about in. The counterpart of [`std::io::Seek`].
pub trait Seek {
    /// Moves to `to`, and says where that is, counted from the beginning. Where it was `Pending`, it is
    /// called again with the same `to`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if that lies before the beginning.
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>>;

    /// Moves to `to`. The value says where that is, counted from the beginning.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if that lies before the beginning.
    ///
    /// # Cancel safety
    /// Dropped, it may have moved or not.
    fn seek(&mut self, to: SeekFrom) -> SeekOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        SeekOp::new(self, to)
    }

    /// Moves to the beginning.
    ///
    /// # Errors
    /// Those of [`seek`](Seek::seek).
    fn rewind(&mut self) -> SeekOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// Where it is, counted from the beginning.
    ///
    /// # Errors
    /// Those of [`seek`](Seek::seek).
    fn stream_position(&mut self) -> SeekOp<'_, Self>
    where
        Self: Sized + Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}
