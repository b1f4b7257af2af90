//! A connection in memory: [`duplex`].
//!
//! It is two pipes, one each way. A pipe is a bounded queue of bytes under one lock, with one waker for
//! the reader and one for the writer.
//!
//! # Why no wake-up is lost
//! Looking at the queue and leaving the waker are one critical section; so are each change of the queue and
//! the taking of the waker of the other side. A waker is cloned, woken and dropped outside the lock.

use super::{Read, Write};
use crate::platform::sync::Mutex;
use crate::task::budget;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

/// Two ends of a connection in memory: what is written to one is read from the other. `capacity` bytes are
/// on their way at most, in each direction.
///
/// For tests, and for programs that speak a protocol with themselves.
///
/// # Panics
/// If `capacity` is 0.
///
/// # Examples
/// ```
/// use rustroutines::{go, io::{self, Read, Write}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let (mut here, mut there) = io::duplex(16);
///     go!(move || {
///         let mut word = [0; 4];
///         there.read_exact(&mut word)?;
///         word.reverse();
///         there.write_all(&word)
///     });
///     here.write_all(b"live")?;
///     let mut answer = String::new();
///     here.read_to_string(&mut answer)?; // to the end: the routine has let go of its end
///     assert_eq!(answer, "evil");
///     Ok(())
/// }
/// ```
pub fn duplex(capacity: usize) -> (DuplexStream, DuplexStream) {
    let ((to_b, from_a), (to_a, from_b)) = (pipe(capacity), pipe(capacity));
    (DuplexStream { reader: from_b, writer: to_b }, DuplexStream { reader: from_a, writer: to_a })
}

/// A pipe in memory, one way: what is written to the one is read from the other. `capacity` bytes are on
/// their way at most.
///
/// # Panics
/// If `capacity` is 0.
pub fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    assert!(capacity > 0, "nothing ever gets through a pipe without room");
    let state = State { bytes: VecDeque::new(), over: false, reader: None, writer: None };
    let pipe = Arc::new(Pipe { capacity, state: Mutex::new(state) });
    (PipeWriter(pipe.clone()), PipeReader(pipe))
}

/// One end of a connection in memory; see [`duplex`].
///
/// Closing or dropping it lets the other end read what is on its way, and then the end. Writing to an end
/// whose other end is gone is an error, [`BrokenPipe`](io::ErrorKind::BrokenPipe).
#[derive(Debug)]
pub struct DuplexStream {
    /// What comes from the other end.
    reader: PipeReader,
    /// What goes there.
    writer: PipeWriter,
}

impl DuplexStream {
    /// Both halves, which may go to different routines.
    pub fn into_split(self) -> (PipeReader, PipeWriter) {
        (self.reader, self.writer)
    }
}

/// Where a pipe is read from; see [`pipe`].
pub struct PipeReader(
    /// What both ends share.
    Arc<Pipe>,
);

/// Where a pipe is written to; see [`pipe`].
pub struct PipeWriter(
    /// What both ends share.
    Arc<Pipe>,
);

/// What both ends share.
struct Pipe {
    /// How many bytes are on their way at most.
    capacity: usize,
    /// See the module.
    state: Mutex<State>,
}

struct State {
    /// What is on its way.
    bytes: VecDeque<u8>,
    /// One end is closed or gone. The reader still gets what is on its way.
    over: bool,
    /// Waits for bytes.
    reader: Option<Waker>,
    /// Waits for room.
    writer: Option<Waker>,
}

/// Which end.
#[derive(Clone, Copy)]
enum End {
    Reader,
    Writer,
}

impl State {
    fn waker(&mut self, end: End) -> &mut Option<Waker> {
        match end {
            End::Reader => &mut self.reader,
            End::Writer => &mut self.writer,
        }
    }
}

impl End {
    fn other(self) -> Self {
        match self {
            End::Reader => End::Writer,
            End::Writer => End::Reader,
        }
    }
}

impl Pipe {
    /// Tries, and leaves the waker of this end where that comes to nothing. Else the other end is woken.
    fn poll<T>(
        &self,
        end: End,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&mut State) -> Option<T>,
    ) -> Poll<T> {
        ready!(budget::poll_proceed(cx));
        let mut fresh = None;
        loop {
            let mut state = self.state.lock();
            if let Some(value) = attempt(&mut state) {
                let other = state.waker(end.other()).take();
                drop(state);
                other.into_iter().for_each(Waker::wake);
                return Poll::Ready(value);
            }
            let known = state.waker(end).as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if known || fresh.is_some() {
                let old = if known { None } else { mem::replace(state.waker(end), fresh.take()) };
                drop(state);
                drop(old);
                budget::refund();
                return Poll::Pending;
            }
            drop(state);
            fresh = Some(cx.waker().clone());
        }
    }

    /// One end goes. The other is told, and what this one has left behind is dropped.
    fn end(&self, end: End) {
        let mut state = self.state.lock();
        state.over = true;
        let own = state.waker(end).take();
        let other = state.waker(end.other()).take();
        drop(state);
        drop(own);
        other.into_iter().for_each(Waker::wake);
    }
}

impl Read for PipeReader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll(End::Reader, cx, |state| {
            if state.bytes.is_empty() {
                return state.over.then_some(Ok(0));
            }
            let (first, second) = state.bytes.as_slices();
            let from_first = first.len().min(buf.len());
            let from_second = second.len().min(buf.len() - from_first);
            buf[..from_first].copy_from_slice(&first[..from_first]);
            buf[from_first..from_first + from_second].copy_from_slice(&second[..from_second]);
            let count = from_first + from_second;
            state.bytes.drain(..count);
            Some(Ok(count))
        })
    }
}

impl Write for PipeWriter {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll(End::Writer, cx, |state| {
            if state.over {
                return Some(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let count = buf.len().min(self.0.capacity - state.bytes.len());
            state.bytes.extend(&buf[..count]);
            (count > 0).then_some(Ok(count))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.end(End::Writer);
        Poll::Ready(Ok(()))
    }
}

impl Read for DuplexStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl Write for DuplexStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(cx)
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.0.end(End::Reader);
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.end(End::Writer);
    }
}

impl fmt::Debug for PipeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipeReader")
    }
}

impl fmt::Debug for PipeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipeWriter")
    }
}

#[cfg(all(test, loom))]
mod model;
