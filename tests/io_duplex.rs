//! A connection in memory, also when operations on it are dropped half way.

#[path = "support/random.rs"]
mod random;

use random::{Random, with_seeds};
use rustroutines::io::{self, BufRead, BufReader, BufWriter, DuplexStream, ErrorKind, Read, Write};
use rustroutines::time::{sleep, timeout};
use rustroutines::{Suspend, go, routine, select};
use rustroutines_tests::{PAIRS, ends};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What is sent: each byte says where it belongs.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 31 % 251) as u8).collect()
}

#[routine]
fn send(mut to: DuplexStream, bytes: Vec<u8>, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let piece = rest.len().min(1 + random.below(50));
        to.write_all(&rest[..piece])?;
        rest = &rest[piece..];
    }
    to.close()
}

#[routine]
fn receive(mut from: DuplexStream, seed: u64) -> io::Result<Vec<u8>> {
    let mut random = Random::new(seed);
    let mut all = Vec::new();
    loop {
        let mut piece = vec![0; 1 + random.below(50)];
        match from.read(&mut piece)? {
            0 => return Ok(all),
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

#[test]
fn everything_arrives_in_order_between_threads_and_routines() {
    ends(|| {
        for (a, b) in PAIRS {
            with_seeds(10, |seed| {
                let (here, there) = io::duplex(1 + seed as usize % 40);
                let sender = a.start(move || send(here, text(10_000), seed));
                let receiver = b.start(move || receive(there, seed));
                sender.finish().unwrap();
                assert!(receiver.finish().unwrap() == text(10_000));
            });
        }
    });
}

/// Carries an operation out, but drops it now and then when it has to wait.
fn dropped_now_and_then<O: Suspend + Unpin>(mut operation: O, random: &mut Random) -> Option<O::Output> {
    if random.below(2) == 0 {
        return Some(operation.block());
    }
    match Pin::new(&mut operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn operations_that_are_dropped_lose_and_double_nothing() {
    ends(|| {
        with_seeds(20, |seed| {
            let (mut here, mut there) = io::duplex(1 + seed as usize % 16);
            let bytes = text(5_000);
            let sender = std::thread::spawn(move || {
                let mut random = Random::new(seed);
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let piece = &rest[..rest.len().min(1 + random.below(30))];
                    // What was written is what was reported.
                    if let Some(count) = dropped_now_and_then(here.write(piece), &mut random) {
                        rest = &rest[count.unwrap()..];
                    }
                }
            });
            let mut random = Random::new(seed + 1);
            let mut all = Vec::new();
            loop {
                let mut piece = vec![0; 1 + random.below(30)];
                match dropped_now_and_then(there.read(&mut piece), &mut random).map(Result::unwrap) {
                    Some(0) => break,
                    Some(count) => all.extend_from_slice(&piece[..count]),
                    None => {}
                }
            }
            sender.join().unwrap();
            assert!(all == text(5_000));
        });
    });
}

#[test]
fn lines_that_lose_a_select_are_kept() {
    ends(|| {
        let (mut here, there) = io::duplex(4);
        let sender = go!(move || {
            for n in 0..500 {
                let line = format!("line {n}\n");
                let (first, second) = line.as_bytes().split_at(3);
                here.write_all(first)?;
                if n % 7 == 0 {
                    sleep(Duration::from_micros(200));
                }
                here.write_all(second)?;
            }
            io::Result::Ok(())
        });
        let reader = go!(move || {
            let mut lines = BufReader::with_capacity(5, there).lines();
            let (mut count, mut lost) = (0, 0);
            loop {
                select! {
                    line = lines.next() => match line {
                        Some(line) => {
                            assert_eq!(line.unwrap(), format!("line {count}"));
                            count += 1;
                        }
                        None => return (count, lost),
                    },
                    sleep(Duration::from_micros(50)) => lost += 1,
                }
            }
        });
        sender.join().block().unwrap().unwrap();
        let (count, lost) = reader.join().block().unwrap();
        assert_eq!(count, 500);
        assert!(lost > 0, "no select was lost: nothing was tested");
    });
}

#[test]
fn a_read_that_times_out_leaves_the_bytes() {
    let (mut here, mut there) = io::duplex(8);
    let mut buf = [0; 8];
    assert!(timeout(Duration::from_millis(1), || there.read(&mut buf)).block().is_err());
    here.write_all(b"late").block().unwrap();
    assert_eq!(there.read(&mut buf).block().unwrap(), 4);
}

#[routine]
#[test]
fn an_end_that_closes_is_read_to_its_end_and_still_hears() {
    let (mut here, mut there) = io::duplex(8);
    here.write_all(b"bye").unwrap();
    here.close().unwrap();
    assert_eq!(here.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut text = String::new();
    there.read_to_string(&mut text).unwrap();
    assert_eq!(text, "bye");
    there.write_all(b"well").unwrap();
    drop(there);
    here.read_to_string(&mut text).unwrap();
    assert_eq!(text, "byewell");
}

#[test]
fn an_end_that_goes_wakes_who_waits_for_it() {
    ends(|| {
        let (mut here, there) = io::duplex(2);
        let writer = go!(move || here.write_all(b"abc"));
        let (mut near, far) = io::duplex(2);
        let reader = go!(move || near.read(&mut [0; 4]));
        drop((there, far));
        assert_eq!(writer.join().block().unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(reader.join().block().unwrap().unwrap(), 0);
    });
}

#[test]
fn the_halves_of_a_stream_work_side_by_side() {
    ends(|| {
        let (stream, other) = io::duplex(5);
        let (mut from, mut to) = io::split(stream);
        // The other side sends back what it gets.
        let echo = go!(move || {
            let (mut reader, mut writer) = io::split(other);
            let count = io::copy(&mut reader, &mut writer)?;
            writer.close()?;
            io::Result::Ok(count)
        });
        let writer = go!(move || {
            for piece in text(20_000).chunks(7) {
                to.write_all(piece)?;
            }
            to.close()?;
            io::Result::Ok(to)
        });
        let mut all = Vec::new();
        from.read_to_end(&mut all).block().unwrap();
        assert!(all == text(20_000));
        assert_eq!(echo.join().block().unwrap().unwrap(), 20_000);
        let to = writer.join().block().unwrap().unwrap();
        let (_, stranger) = io::split(io::duplex(1).0);
        let (from, _) = from.reunite(stranger).unwrap_err();
        assert!(from.reunite(to).is_ok());
    });
}

#[test]
fn a_proxy_carries_both_ways_and_passes_the_ends_on() {
    ends(|| {
        let (client, mut left) = io::duplex(10);
        let (mut right, server) = io::duplex(7);
        let proxy = go!(move || io::copy_bidirectional(&mut left, &mut right));
        let (mut from_server, mut to_server) = client.into_split();
        let question = go!(move || {
            to_server.write_all(&text(5_000))?;
            to_server.close()
        });
        let service = go!(move || {
            let (mut server, mut all) = (server, Vec::new());
            server.read_to_end(&mut all)?;
            all.reverse();
            server.write_all(&all[..3_000])
        });
        let mut answer = Vec::new();
        from_server.read_to_end(&mut answer).block().unwrap();
        let mut expected = text(5_000);
        expected.reverse();
        assert!(answer == expected[..3_000]);
        question.join().block().unwrap().unwrap();
        service.join().block().unwrap().unwrap();
        assert_eq!(proxy.join().block().unwrap().unwrap(), (5_000, 3_000));
    });
}

#[test]
fn a_copy_sends_on_what_has_come_before_it_waits_for_more() {
    #[routine]
    fn test(by_buffer: bool) -> io::Result<()> {
        let ((mut source, from), (to, mut sink)) = (io::pipe(100), io::pipe(100));
        let copy = go!(move || {
            let (mut from, mut to) = (BufReader::new(from), BufWriter::new(to));
            if by_buffer { io::copy_buf(&mut from, &mut to) } else { io::copy(from.get_mut(), &mut to) }
        });
        for word in [b"one", b"two"] {
            source.write_all(word)?;
            let mut buf = [0; 3];
            sink.read_exact(&mut buf)?;
            assert_eq!(&buf, word);
        }
        drop(source);
        assert_eq!(copy.join().unwrap()?, 6);
        Ok(())
    }
    ends(|| {
        for by_buffer in [false, true] {
            go!(test(by_buffer)).join().block().unwrap().unwrap();
        }
    });
}
