//! The traits of `futures-io`, both ways.

use futures_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
use rustroutines::io::{self, BufRead, BufReader, Compat, Read, Seek, SeekFrom, Write};
use rustroutines::{go, routine};
use std::io::Cursor;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Turns each letter upside down; written for `futures-io` only, over something that is.
struct Flip<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Flip<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.0).poll_read(cx, buf);
        buf.iter_mut().for_each(|byte| *byte ^= 0x20);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Flip<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let flipped: Vec<u8> = buf.iter().map(|byte| byte ^ 0x20).collect();
        Pin::new(&mut self.0).poll_write(cx, &flipped)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

#[routine]
#[test]
fn a_protocol_of_theirs_over_a_connection_of_ours() {
    let (here, mut there) = io::duplex(3);
    let mut flipped = Compat::new(Flip(Compat::new(here)));
    let other = go!(move || {
        let mut text = String::new();
        there.read_to_string(&mut text)?;
        there.write_all(b"Well")?;
        io::Result::Ok(text)
    });
    flipped.write_all(b"Hello").unwrap();
    flipped.close().unwrap();
    let mut answer = String::new();
    flipped.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "wELL");
    assert_eq!(other.join().unwrap().unwrap(), "hELLO");
}

#[routine]
#[test]
fn all_traits_get_through_both_ways() {
    // Ours seen as theirs, and that as ours again.
    let mut twice = Compat::new(theirs(Compat::new(BufReader::new(Cursor::new(b"one\ntwo\n")))));
    let mut line = String::new();
    twice.read_line(&mut line).unwrap();
    assert_eq!(line, "one\n");
    twice.seek(SeekFrom::Start(5)).unwrap();
    twice.read_line(&mut line).unwrap();
    assert_eq!(line, "one\nwo\n");
}

fn theirs<T: AsyncBufRead + AsyncSeek + Unpin + Send>(
    stream: T,
) -> impl AsyncBufRead + AsyncSeek + Unpin + Send {
    stream
}
