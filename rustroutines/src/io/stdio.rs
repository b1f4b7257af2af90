//! The program's standard streams.
//!
//! The system has no good way to wait for them everywhere, so each read and each write is a job for the
//! threads of [`block_on_io`]. What is read goes through the buffer of [`std::io::stdin`]; what is written
//! goes through [`std::io::stdout`] and is flushed.
//!
//! There is one input: whoever reads has the `Source` in hand, with its job in flight and what that has read,
//! and puts it back into a channel of one place, from which the next takes it. So nothing is lost with an
//! operation or a handle that is dropped, and those who wait are served in turn.

use super::{BlockOnIo, BufRead, Read, Write, block_on_io};
use crate::channel::ops::RecvOp;
use crate::channel::{Receiver, Sender, bounded_channel};
use crate::platform::sync::OnceLock;
use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How much is read or written by a job.
const PIECE: usize = 32 * 1024;

/// What the program reads. Handles take turns.
///
/// A read that waits keeps a thread of the blocking pool until something comes, also when nobody waits any
/// more. That does not keep the program from ending.
///
/// # Cancel safety
/// A read that is dropped has read nothing: the bytes go to the next.
///
/// # Examples
/// ```no_run
/// use rustroutines::{io::{self, BufRead}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     for line in io::stdin().lines() {
///         println!("{} bytes", line?.len());
///     }
///     Ok(())
/// }
/// ```
pub fn stdin() -> Stdin {
    Stdin { source: None, turn: None }
}

/// What the program writes. What was written is passed on at once, and is there after a flush, or when the
/// handle is dropped.
///
/// `println!` does as well in a routine, unless whoever reads it is slow: then it keeps a worker waiting.
///
/// # Cancel safety
/// A write that is dropped has written nothing.
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, Write}, routine};
///
/// #[routine]
/// fn main() -> io::Result<()> {
///     let mut out = io::stdout();
///     out.write_all(b"hello\n")?;
///     out.flush()
/// }
/// ```
pub fn stdout() -> Stdout {
    Stdout(Outlet::new(|bytes| {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }))
}

/// Where the program complains. What was written is passed on at once, and is there after a flush, or when
/// the handle is dropped.
///
/// # Cancel safety
/// A write that is dropped has written nothing.
pub fn stderr() -> Stderr {
    Stderr(Outlet::new(|bytes| std::io::stderr().lock().write_all(bytes)))
}

/// What the program reads; see [`stdin`].
pub struct Stdin {
    /// The input, while it is this one's turn.
    source: Option<Source>,
    /// Waits for its turn.
    turn: Option<RecvOp<'static, Source>>,
}

/// The input.
struct Source {
    /// What was read, between `begin` and `end`.
    buf: Vec<u8>,
    /// Where what was not asked for yet begins.
    begin: usize,
    /// Where it ends.
    end: usize,
    /// The job in flight: gives the buffer back, and says how much it has read.
    job: Option<BlockOnIo<(Vec<u8>, io::Result<usize>)>>,
}

/// Where the input is when nobody has it.
fn place() -> &'static (Sender<Source>, Receiver<Source>) {
    static PLACE: OnceLock<(Sender<Source>, Receiver<Source>)> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = bounded_channel(1);
        put_back(&place.0, Source { buf: Vec::new(), begin: 0, end: 0, job: None });
        place
    })
}

fn put_back(place: &Sender<Source>, source: Source) {
    // There is one source, and room for one; both ends of the channel live for ever.
    let _ = place.try_send(source);
}

impl Source {
    /// Waits until something was read, or the end has come.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.begin == self.end {
            if self.job.is_none() {
                let mut buf = mem::take(&mut self.buf);
                self.job = Some(block_on_io(move || {
                    buf.resize(PIECE, 0);
                    let read = std::io::stdin().lock().read(&mut buf);
                    (buf, read)
                }));
            }
            let job = self.job.as_mut().expect("it is there now");
            let (buf, read) = ready!(Pin::new(job).poll(cx));
            (self.job, self.buf) = (None, buf);
            match read {
                Ok(count) => (self.begin, self.end) = (0, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if self.end == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Stdin {
    /// Waits for the turn, and then for the input.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut Source>> {
        if self.source.is_none() {
            let turn = self.turn.get_or_insert_with(|| place().1.recv());
            let source = ready!(Pin::new(turn).poll(cx));
            self.turn = None;
            self.source = Some(source.expect("both ends live for ever"));
        }
        let source = self.source.as_mut().expect("it is there now");
        ready!(source.poll_ahead(cx))?;
        Poll::Ready(Ok(source))
    }

    /// Lets others have their turn.
    fn yield_turn(&mut self) {
        if let Some(source) = self.source.take() {
            put_back(&place().0, source);
        }
    }
}

impl Read for Stdin {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let source = ready!(self.poll_source(cx))?;
        let count = buf.len().min(source.end - source.begin);
        buf[..count].copy_from_slice(&source.buf[source.begin..source.begin + count]);
        source.begin += count;
        self.yield_turn();
        Poll::Ready(Ok(count))
    }
}

impl BufRead for Stdin {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let source = ready!(self.get_mut().poll_source(cx))?;
        Poll::Ready(Ok(&source.buf[source.begin..source.end]))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        let Some(source) = &mut self.source else {
            assert_eq!(amount, 0, "more is taken out than was shown");
            return;
        };
        assert!(amount <= source.end - source.begin, "more is taken out than was shown");
        source.begin += amount;
        if source.begin == source.end {
            self.yield_turn();
        }
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        self.yield_turn();
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stdin")
    }
}

/// What the program writes; see [`stdout`].
#[derive(Debug)]
pub struct Stdout(
    /// Where it goes.
    Outlet,
);

/// Where the program complains; see [`stderr`].
#[derive(Debug)]
pub struct Stderr(
    /// Where it goes.
    Outlet,
);

/// An output.
struct Outlet {
    /// Writes to it.
    write: fn(&[u8]) -> io::Result<()>,
    /// The job in flight.
    job: Option<BlockOnIo<io::Result<()>>>,
}

impl Outlet {
    fn new(write: fn(&[u8]) -> io::Result<()>) -> Self {
        Self { write, job: None }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        let (write, bytes) = (self.write, buf[..buf.len().min(PIECE)].to_vec());
        let count = bytes.len();
        let job = self.job.insert(block_on_io(move || write(&bytes)));
        // It begins when it is first asked for. How it ends is asked by the next.
        match Pin::new(job).poll(cx) {
            Poll::Ready(result) => {
                self.job = None;
                Poll::Ready(result.map(|()| count))
            }
            Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(job) = &mut self.job else { return Poll::Ready(Ok(())) };
        let result = ready!(Pin::new(job).poll(cx));
        self.job = None;
        Poll::Ready(result)
    }
}

/// What a write has reported is written.
impl Drop for Outlet {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            let _ = job.finish();
        }
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("busy", &self.job.is_some()).finish_non_exhaustive()
    }
}

/// What both outputs are.
macro_rules! output {
    ($output:ident) => {
        impl Write for $output {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx)
            }

            fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx)
            }
        }
    };
}

output!(Stdout);
output!(Stderr);
