//! A model of two halves, for the checker: every schedule of two threads.
//!
//! It fails (by a hang) without the wake-up in `Taken::drop`, and where the waker is left without a second
//! look.

use super::split;
use crate::Suspend;
use crate::io::{Read, Write};
use loom::thread::spawn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream that never waits.
struct Ready;

impl Read for Ready {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
}

impl Write for Ready {
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

#[test]
fn each_half_gets_its_turn() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (mut from, mut to) = split(Ready);
        let writer = spawn(move || {
            to.write_all(b"a").block().unwrap();
            to
        });
        from.read_exact(&mut [0]).block().unwrap();
        let to = writer.join().unwrap();
        assert!(from.reunite(to).is_ok());
    });
}
