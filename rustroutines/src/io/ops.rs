//! The operations of [`Read`](super::Read), [`Write`](super::Write), [`BufRead`](super::BufRead) and
//! [`Seek`](super::Seek). Programs seldom name them.
//!
//! - `read`, `write`: those of bytes, and [`SeekOp`];
//! - `lines`: those that go to a mark, and [`Lines`] and [`Split`].
//!
//! An operation that takes several steps keeps between them what it has done in the caller's own buffer,
//! not in itself, wherever the type of that buffer lets it. So little is lost with an operation that is
//! dropped. A call that was interrupted by a signal is tried again.

mod lines;
mod read;
mod write;

pub use lines::{FillBufOp, Lines, NextLine, NextPart, ReadLineOp, ReadUntilOp, Split};
pub use read::{ReadExactOp, ReadOp, ReadToEndOp, ReadToStringOp};
pub use write::{CloseOp, FlushOp, SeekOp, WriteAllFromOp, WriteAllOp, WriteFmtOp, WriteOp};

use std::io;
use std::task::{Context, Poll};

/// What one attempt at an input or output comes to.
type Polled<T> = Poll<io::Result<T>>;

/// An operation whose every poll is one call of its method `advance`.
macro_rules! advanced {
    ([$($generics:tt)*] $operation:ty => $output:ty) => {
        impl<$($generics)*> Future for $operation {
            type Output = $output;

            #[inline]
            fn poll(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                self.get_mut().advance(cx)
            }
        }

        impl<$($generics)*> crate::Suspend for $operation {}
    };
}

pub(crate) use advanced;

/// Tries again what a signal has interrupted.
fn uninterrupted<T>(
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&mut Context<'_>) -> Polled<T>,
) -> Polled<T> {
    loop {
        match attempt(cx) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
