//! Two halves of any stream: [`split`].
//!
//! The stream lies in a slot that both halves share. A half takes it out while it polls it, and puts it back;
//! nothing of the stream's own runs under the lock. The other half, if it comes meanwhile, leaves its waker,
//! and is woken when the stream is back. A poll takes no time to speak of, so that is seldom.
//!
//! # Why no wake-up is lost
//! That the stream is away and the waker that is left are seen under one lock, and so are its return and the
//! taking of that waker.

use super::{Read, Write};
use crate::platform::sync::Mutex;
use std::fmt;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Splits a stream into a half that is read from and one that is written to, for different routines. Works
/// with any stream; the sockets of [`net`](super::net) have cheaper halves of their own.
///
/// Closing the write half closes the stream for writing. It is dropped with the second half.
///
/// # Examples
/// ```
/// use rustroutines::{go, io::{self, Read, Write}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let (stream, mut other) = io::duplex(16);
///     let (mut from, mut to) = io::split(stream);
///     go!(move || to.write_all(b"question"));
///     other.read_exact(&mut [0; 8])?;
///     other.write_all(b"answer")?;
///     let mut answer = [0; 6];
///     from.read_exact(&mut answer)?;
///     assert_eq!(&answer, b"answer");
///     Ok(())
/// }
/// ```
pub fn split<S: Read + Write + Unpin>(stream: S) -> (ReadHalf<S>, WriteHalf<S>) {
    let slot = Slot { stream: Some(stream), waiting: None };
    let shared = Arc::new(Mutex::new(slot));
    (ReadHalf(shared.clone()), WriteHalf(shared))
}

/// The half that is read from; see [`split`].
pub struct ReadHalf<S>(
    /// What both halves share.
    Arc<Mutex<Slot<S>>>,
);

/// The half that is written to; see [`split`].
pub struct WriteHalf<S>(
    /// What both halves share.
    Arc<Mutex<Slot<S>>>,
);

/// What both halves share.
struct Slot<S> {
    /// The stream, while no half polls it.
    stream: Option<S>,
    /// The half that waits until it is back.
    waiting: Option<Waker>,
}

/// The stream, out of its slot. It goes back even where a poll panics.
struct Taken<'a, S> {
    /// The slot.
    slot: &'a Mutex<Slot<S>>,
    /// The stream; away only in `drop`.
    stream: Option<S>,
}

impl<S> Drop for Taken<'_, S> {
    fn drop(&mut self) {
        let mut slot = self.slot.lock();
        slot.stream = self.stream.take();
        let waiting = slot.waiting.take();
        drop(slot);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Polls the stream, when the other half does not.
fn poll<S, T>(
    slot: &Mutex<Slot<S>>,
    cx: &mut Context<'_>,
    poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<T>,
) -> Poll<T>
where
    S: Unpin,
{
    let mut waker = None;
    loop {
        let mut locked = slot.lock();
        if let Some(stream) = locked.stream.take() {
            drop(locked);
            let mut taken = Taken { slot, stream: Some(stream) };
            let stream = taken.stream.as_mut().expect("away only in `drop`");
            return poll(Pin::new(stream), cx);
        }
        if waker.is_some() {
            let old = mem::replace(&mut locked.waiting, waker);
            drop(locked);
            drop(old);
            return Poll::Pending;
        }
        drop(locked);
        waker = Some(cx.waker().clone());
    }
}

impl<S: Read + Unpin> Read for ReadHalf<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        poll(&self.0, cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl<S: Write + Unpin> Write for WriteHalf<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        poll(&self.0, cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll(&self.0, cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll(&self.0, cx, |stream, cx| stream.poll_close(cx))
    }
}

impl<S: Read + Write + Unpin> ReadHalf<S> {
    /// The stream, if `other` is its other half; else both halves.
    ///
    /// # Errors
    /// Both halves, where they are not of one stream.
    pub fn reunite(self, other: WriteHalf<S>) -> Result<S, (Self, WriteHalf<S>)> {
        if !Arc::ptr_eq(&self.0, &other.0) {
            return Err((self, other));
        }
        let mut slot = self.0.lock();
        let (stream, waiting) = (slot.stream.take(), slot.waiting.take());
        drop(slot);
        drop(waiting);
        Ok(stream.expect("no half is polled: both are here"))
    }
}

impl<S> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadHalf")
    }
}

impl<S> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteHalf")
    }
}

#[cfg(all(test, loom))]
mod model;
