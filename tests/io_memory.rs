//! The traits of `io` over what lies in memory, and the readers and writers made of others.

use rustroutines::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use rustroutines::suspend::{IntoSuspendIterator, SuspendIterator};
use rustroutines::{Suspend, routine};
use std::io::Cursor;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives what is in it in pieces of these lengths. 0: it is interrupted, or waits for a moment, by turns.
struct Pieces {
    text: &'static [u8],
    lengths: Vec<usize>,
    waits: bool,
}

impl Pieces {
    fn new(text: &'static str, lengths: &[usize]) -> Self {
        Self { text: text.as_bytes(), lengths: lengths.iter().rev().copied().collect(), waits: false }
    }
}

impl Read for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let length = self.lengths.pop().unwrap_or(usize::MAX).min(buf.len()).min(self.text.len());
        if length == 0 && !self.text.is_empty() {
            self.waits = !self.waits;
            if self.waits {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Err(ErrorKind::Interrupted.into()));
        }
        let (now, later) = self.text.split_at(length);
        buf[..length].copy_from_slice(now);
        self.text = later;
        Poll::Ready(Ok(length))
    }
}

/// Takes what is written in pieces of three bytes, waits between them, and is full at some point.
#[derive(Default)]
struct Reluctant {
    taken: Vec<u8>,
    limit: Option<usize>,
    ready: bool,
    flushes: usize,
    closed: bool,
}

impl Write for Reluctant {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.ready = !self.ready;
        if self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = self.limit.map_or(3, |limit| limit - self.taken.len());
        let count = buf.len().min(3).min(room);
        self.taken.extend_from_slice(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

const LENGTHS: &[usize] = &[1, 0, 2, 0, 3, 0, 0, 5];

#[routine]
#[test]
fn read_gives_what_is_there() {
    let mut source = Pieces::new("abcdef", &[2, 0, 3]);
    let mut buf = [0; 4];
    assert_eq!(source.read(&mut buf).unwrap(), 2);
    assert_eq!(&buf[..2], b"ab");
    // One call is one attempt: it is not tried again behind the user's back.
    assert_eq!(source.read(&mut buf).unwrap(), 3);
    assert_eq!(source.read(&mut buf).unwrap(), 1);
    assert_eq!(source.read(&mut buf).unwrap(), 0);
}

#[routine]
#[test]
fn read_exact_fills_or_says_that_the_end_came() {
    let mut source = Pieces::new("abcdefghij", LENGTHS);
    let mut buf = [0; 8];
    source.read_exact(&mut buf).unwrap();
    assert_eq!(&buf, b"abcdefgh");
    assert_eq!(source.read_exact(&mut buf).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(&buf[..2], b"ij");
    source.read_exact(&mut []).unwrap();
}

#[routine]
#[test]
fn reading_to_the_end_appends() {
    let mut bytes = b"> ".to_vec();
    assert_eq!(Pieces::new("grüße", LENGTHS).read_to_end(&mut bytes).unwrap(), 7);
    assert_eq!(bytes, "> grüße".as_bytes());
    let mut text = String::from("> ");
    assert_eq!(Pieces::new("grüße", LENGTHS).read_to_string(&mut text).unwrap(), 7);
    assert_eq!(text, "> grüße");
    let error = (&b"\xff"[..]).read_to_string(&mut text).unwrap_err();
    assert_eq!((error.kind(), &*text), (ErrorKind::InvalidData, "> grüße"));
}

#[routine]
#[test]
fn reading_to_the_end_of_much_allocates_no_more_than_needed() {
    let much = vec![7; 300_000];
    let mut bytes = Vec::new();
    assert_eq!((&much[..]).read_to_end(&mut bytes).unwrap(), much.len());
    assert!(bytes == much && bytes.capacity() < 2 * much.len() + 128 * 1024);
}

#[routine]
#[test]
fn take_and_chain() {
    let mut source = Pieces::new("abcdef", LENGTHS).take(4).chain(&b"xyz"[..]);
    let mut text = String::new();
    source.read_to_string(&mut text).unwrap();
    assert_eq!(text, "abcdxyz");

    let mut rest = &b"one\ntwo\nthree"[..];
    let mut lines = BufRead::lines(rest.by_ref().take(6).chain(&b"!\n"[..]));
    assert_eq!(lines.next().unwrap().unwrap(), "one");
    assert_eq!(lines.next().unwrap().unwrap(), "tw!");
    assert!(lines.next().is_none());
    assert_eq!(rest, b"o\nthree", "what was not taken is left");
}

#[routine]
#[test]
fn lines_end_where_they_should() {
    let text = "one\r\n\ntwo\rstill two\nthree";
    let mut lines = Vec::new();
    for line in BufReader::with_capacity(4, Pieces::new(text, LENGTHS)).lines() {
        lines.push(line.unwrap());
    }
    assert!(lines.iter().eq(["one", "", "two\rstill two", "three"].iter()));
}

#[routine]
#[test]
fn lines_can_be_gone_over_a_part_at_a_time() {
    let mut lines = BufReader::new(Pieces::new("head\n\nbody\n", LENGTHS)).lines();
    let mut head = Vec::new();
    for line in &mut lines {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    assert_eq!(head, ["head"]);
    assert_eq!(lines.next().unwrap().unwrap(), "body");
}

#[test]
fn everything_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<io::fs::File>();
    check::<io::fs::ReadDir>();
    check::<io::fs::FsOp<Vec<u8>>>();
    check::<io::fs::CachedOp<Vec<u8>>>();
    check::<io::DuplexStream>();
    check::<io::Stdin>();
    check::<io::Stdout>();
    check::<io::ops::Lines<BufReader<io::DuplexStream>>>();
    check::<rustroutines::process::Child>();
    check::<rustroutines::process::ChildStdin>();
}

#[test]
fn plain_code_goes_over_lines_by_blocking() {
    let lines: Result<Vec<_>, _> = BufReader::new(Pieces::new("a\nb", LENGTHS)).lines().collect();
    assert_eq!(lines.unwrap(), ["a", "b"]);
    let parts: Result<Vec<_>, _> = BufReader::new(Pieces::new("a,,b", LENGTHS)).split(b',').collect();
    assert_eq!(parts.unwrap(), [&b"a"[..], b"", b"b"]);
}

#[routine]
#[test]
fn a_line_that_is_no_text_is_an_error_and_the_next_is_not() {
    let mut lines = BufRead::lines(&b"a\n\xff\nb\n"[..]).into_suspend_iter();
    assert_eq!(SuspendIterator::next(&mut lines).unwrap().unwrap(), "a");
    assert_eq!(SuspendIterator::next(&mut lines).unwrap().unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(SuspendIterator::next(&mut lines).unwrap().unwrap(), "b");
}

#[routine]
#[test]
fn read_line_and_read_until_keep_the_mark() {
    let mut source = BufReader::with_capacity(3, Pieces::new("grüße\nan alle", LENGTHS));
    let mut line = String::new();
    assert_eq!(source.read_line(&mut line).unwrap(), 8);
    assert_eq!(line, "grüße\n");
    let mut word = Vec::new();
    assert_eq!(source.read_until(b' ', &mut word).unwrap(), 3);
    assert_eq!(source.read_until(b' ', &mut word).unwrap(), 4);
    assert_eq!(word, b"an alle");
    assert_eq!(source.read_line(&mut line).unwrap(), 0);
}

#[test]
fn read_line_that_is_dropped_leaves_what_it_has_read() {
    let mut source = BufReader::new(Pieces::new("abcdef\n", &[3, 0, 4]));
    let mut line = String::new();
    let mut reading = source.read_line(&mut line);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut reading).poll(&mut cx).is_pending());
    drop(reading);
    assert_eq!(line, "abc");
    source.read_line(&mut line).block().unwrap();
    assert_eq!(line, "abcdef\n");
}

#[test]
fn read_line_uses_the_room_that_the_text_has() {
    let mut source = BufReader::with_capacity(4, Pieces::new("one\ntwo, and more\nthree", LENGTHS));
    let mut line = String::with_capacity(100);
    let room = line.as_ptr();
    for expected in ["one\n", "two, and more\n", "three", ""] {
        line.clear();
        assert_eq!(source.read_line(&mut line).block().unwrap(), expected.len());
        assert_eq!((&*line, line.as_ptr()), (expected, room));
    }
    let mut source = BufReader::new(Pieces::new("abcdef\n", &[3, 0, 4]));
    let mut reading = source.read_line(&mut line);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut reading).poll(&mut cx).is_pending());
    drop(reading);
    assert_eq!((&*line, line.as_ptr()), ("abc", room), "also where it is dropped");
}

#[routine]
#[test]
fn fill_buf_shows_and_takes_nothing() {
    let mut source = BufReader::with_capacity(4, Pieces::new("abcdef", &[0, 0, 3]));
    assert_eq!(source.fill_buf().unwrap(), b"abc");
    assert_eq!(source.fill_buf().unwrap(), b"abc");
    source.consume(2);
    assert_eq!(source.buffer(), b"c");
    let mut rest = String::new();
    source.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "cdef");
    assert_eq!(source.fill_buf().unwrap(), b"");
}

#[routine]
#[test]
fn seeking_in_a_buffer_counts_from_what_was_read() {
    let mut source = BufReader::with_capacity(4, Cursor::new(b"0123456789"));
    let mut one = [0];
    source.read_exact(&mut one).unwrap();
    assert_eq!(source.stream_position().unwrap(), 1);
    assert_eq!(source.seek(SeekFrom::Current(2)).unwrap(), 3);
    source.read_exact(&mut one).unwrap();
    assert_eq!(&one, b"3");
    assert!(source.seek(SeekFrom::Current(-9)).is_err());
}

#[routine]
#[test]
fn write_all_gets_through_or_says_that_it_is_full() {
    let mut sink = Reluctant::default();
    sink.write_all(b"abcdefgh").unwrap();
    assert_eq!(sink.taken, b"abcdefgh");
    sink.limit = Some(10);
    assert_eq!(sink.write_all(b"ijkl").unwrap_err().kind(), ErrorKind::WriteZero);
    assert_eq!(sink.taken, b"abcdefghij");
}

#[test]
fn write_all_from_says_what_is_left() {
    let mut sink = Reluctant::default();
    let mut rest = &b"abcdefgh"[..];
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for left in [8, 5, 2] {
        assert!(Pin::new(&mut sink.write_all_from(&mut rest)).poll(&mut cx).is_pending());
        assert_eq!(rest.len(), left);
    }
    sink.write_all_from(&mut rest).block().unwrap();
    assert_eq!(sink.taken, b"abcdefgh");
}

#[routine]
#[test]
fn a_writer_with_a_buffer_sends_on_when_it_is_full_or_told_to() {
    let mut out = BufWriter::with_capacity(8, Reluctant::default());
    for _ in 0..3 {
        out.write_all(b"abc").unwrap();
    }
    assert_eq!(out.get_ref().taken, b"abcabc");
    assert_eq!(out.buffer(), b"abc");
    out.write_all(b"0123456789").unwrap();
    assert_eq!(out.get_ref().taken, b"abcabcabc0123456789"[..9 + 10 - out.buffer().len()]);
    out.flush().unwrap();
    assert_eq!((out.get_ref().flushes, out.buffer().len()), (1, 0));
    out.write_all(b"!").unwrap();
    out.close().unwrap();
    assert!(out.get_ref().closed);
    assert_eq!(out.into_inner().taken, b"abcabcabc0123456789!");
}

#[routine]
#[test]
fn copying() {
    let mut to = Reluctant::default();
    let count = io::copy(&mut Pieces::new("some more text", LENGTHS), &mut to).unwrap();
    assert_eq!((count, &*to.taken), (14, &b"some more text"[..]));
    assert!(to.flushes > 0);
    let mut to = Reluctant::default();
    let mut from = BufReader::with_capacity(5, Pieces::new("some more text", LENGTHS));
    let count = io::copy_buf(&mut from, &mut to).unwrap();
    assert_eq!((count, &*to.taken), (14, &b"some more text"[..]));
    let count = io::copy(&mut io::repeat(1).take(1_000_000), &mut io::sink()).unwrap();
    assert_eq!(count, 1_000_000);
    assert_eq!(io::copy(&mut io::empty(), &mut io::sink()).unwrap(), 0);
}

#[test]
fn copy_buf_that_is_dropped_leaves_the_rest_with_the_reader() {
    let (mut from, mut to) = (&b"some more text"[..], Reluctant::default());
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for _ in 0..3 {
        assert!(Pin::new(&mut io::copy_buf(&mut from, &mut to)).poll(&mut cx).is_pending());
        assert_eq!([&to.taken, from].concat(), b"some more text");
    }
    assert_eq!(to.taken, b"some m");
}

#[test]
fn copying_without_end_can_be_aborted() {
    let routine = rustroutines::go!(|| io::copy(&mut io::repeat(1), &mut io::sink()));
    routine.abort();
    assert!(routine.join().block().is_err());
}

#[routine]
#[test]
fn objects_behind_dyn_have_the_operations() {
    let mut source: Box<dyn BufRead + Send + Unpin> = Box::new(&b"a\nb\n"[..]);
    let mut line = String::new();
    source.read_line(&mut line).unwrap();
    assert_eq!(line, "a\n");
    let mut rest = Vec::new();
    let mut pinned: Pin<Box<dyn BufRead + Send>> = Box::pin(source);
    pinned.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"b\n");
    let mut out: Vec<Box<dyn Write + Send + Unpin>> = vec![Box::new(Vec::new()), Box::new(io::sink())];
    for out in &mut out {
        out.write_all(b"x").unwrap();
    }
}

#[routine]
#[test]
fn slices_and_cursors_are_written_to() {
    let mut place = [0; 4];
    (&mut place[..]).write_all(b"ab").unwrap();
    assert_eq!(&place, b"ab\0\0");
    assert_eq!((&mut place[..]).write_all(b"abcde").unwrap_err().kind(), ErrorKind::WriteZero);
    let mut cursor = Cursor::new(Vec::new());
    cursor.write_all(b"abcd").unwrap();
    cursor.seek(SeekFrom::Start(1)).unwrap();
    cursor.write_all(b"X").unwrap();
    assert_eq!(cursor.into_inner(), b"aXcd");
}
