//! TCP streams: both directions and their ends, readiness, cancelling, conversions.

#[path = "support/net.rs"]
mod net;

use net::{LONG, on_runtime, pair};
use rustroutines::io::net::{Shutdown, TcpListener, TcpStream, UdpSocket, resolve};
use rustroutines::io::{self, ErrorKind, Read, Write};
use rustroutines::prelude::*;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

#[test]
fn half_closed_a_stream_ends_at_the_other_side_and_its_other_direction_lives() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, mut there) = pair()?;
        here.write(b"question")?;
        here.shutdown(Shutdown::Write)?;
        let mut question = Vec::new();
        there.read_to_end(&mut question)?;
        assert_eq!(question, b"question");
        there.write_all(b"answer")?;
        there.close()?;
        let mut answer = Vec::new();
        (&here).read_to_end(&mut answer)?;
        assert_eq!(answer, b"answer");
        assert_eq!(here.read(&mut [0; 4])?, 0, "the end stays the end");
        assert_eq!(here.write(b"too late").unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn closing_one_side_unblocks_a_read_on_the_other() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let reader = go!(move || there.read(&mut [0; 8]));
        yield_now(); // The reader may wait by now, or not.
        drop(here);
        assert_eq!(reader.join().unwrap()?, 0);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn shut_down_for_reading_a_stream_unblocks_its_own_read() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, _there) = pair()?;
        let here = Arc::new(here);
        let reading = here.clone();
        let reader = go!(move || reading.read(&mut [0; 8]));
        yield_now();
        here.shutdown(Shutdown::Read)?;
        assert_eq!(reader.join().unwrap()?, 0);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_reset_is_an_error_and_no_hang() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let reader = go!(move || there.read(&mut [0; 8]));
        yield_now();
        here.set_linger(Some(Duration::ZERO))?;
        drop(here);
        assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionReset);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn writing_to_who_is_gone_is_an_error_each_time() {
    #[routine]
    fn test() -> io::Result<()> {
        for _ in 0..20 {
            let (here, there) = pair()?;
            drop(there);
            let error = loop {
                // The first write may still be taken: the answer to it tells that nobody is there.
                if let Err(error) = here.write(b"hello") {
                    break error;
                }
                yield_now();
            };
            assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_full_stream_waits_and_goes_on_when_it_is_drained_again_and_again() {
    const ROUNDS: usize = 8;

    #[routine]
    fn fill(stream: TcpStream, filled: Sender<usize>, drained: Receiver<()>) -> io::Result<()> {
        let block = [7; 64 * 1024];
        for _ in 0..ROUNDS {
            // There is room, and it may take as long as it likes to be told so.
            let mut total = stream.write(&block)?;
            // Until it would have to wait.
            while let Ok(written) = timeout(Duration::from_millis(5), || stream.write(&block)) {
                total += written?;
            }
            filled.send(total).unwrap();
            drained.recv().unwrap();
        }
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let (filled, amounts) = channel();
        let (drained, again) = channel();
        let writer = go!(fill(here, filled, again));
        let mut buf = vec![0; 10_000];
        for amount in amounts {
            let mut left = amount;
            while left > 0 {
                left -= there.read(&mut buf)?;
            }
            drained.send(()).unwrap();
        }
        writer.join().unwrap()
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_large_copy_arrives_whole_in_both_directions_at_once() {
    const LENGTH: usize = 3_000_000;

    fn byte(n: usize) -> u8 {
        (n * 7 + n / 251) as u8
    }

    #[routine]
    fn send(stream: Arc<TcpStream>) -> io::Result<()> {
        let all: Vec<u8> = (0..LENGTH).map(byte).collect();
        (&*stream).write_all(&all)?;
        stream.shutdown(Shutdown::Write)
    }

    #[routine]
    fn receive(stream: Arc<TcpStream>) -> io::Result<()> {
        let mut all = Vec::new();
        (&*stream).read_to_end(&mut all)?;
        assert!(all.into_iter().eq((0..LENGTH).map(byte)));
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let (here, there) = (Arc::new(here), Arc::new(there));
        let all =
            [go!(send(here.clone())), go!(receive(here)), go!(send(there.clone())), go!(receive(there))];
        for handle in all {
            handle.join().unwrap()?;
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn all_who_read_one_stream_are_woken_and_each_byte_goes_to_one() {
    const READERS: usize = 8;
    const BYTES: usize = 4_000;

    #[routine]
    fn read(stream: Arc<TcpStream>) -> io::Result<usize> {
        let mut total = 0;
        loop {
            match stream.read(&mut [0; 3])? {
                0 => return Ok(total),
                n => total += n,
            }
        }
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let there = Arc::new(there);
        let readers: Vec<_> = (0..READERS).map(|_| go!(read(there.clone()))).collect();
        for _ in 0..BYTES {
            assert_eq!(here.write(b"x")?, 1);
        }
        drop(here);
        let mut total = 0;
        for reader in readers {
            total += reader.join().unwrap()?;
        }
        assert_eq!(total, BYTES);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn reads_that_are_cancelled_lose_nothing() {
    const BYTES: usize = 3_000;

    #[routine]
    fn write(stream: TcpStream) -> io::Result<()> {
        for n in 0..BYTES {
            stream.write(&[n as u8])?;
            yield_now();
        }
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let writer = go!(write(here));
        let (ticks, ticked) = bounded_channel(1);
        let ticker = go!(move || while ticks.send(()).is_ok() {
            yield_now();
        });
        let mut received = Vec::new();
        let mut lost = 0;
        loop {
            let mut buf = [0; 16];
            let n = select! {
                read = there.read(&mut buf) => read?,
                _ = ticked.recv() => { lost += 1; continue },
            };
            if n == 0 {
                break;
            }
            received.extend_from_slice(&buf[..n]);
        }
        drop(ticked);
        ticker.join().unwrap();
        writer.join().unwrap()?;
        assert!(lost > 0, "no read was cancelled");
        assert!(received.into_iter().eq((0..BYTES).map(|n| n as u8)));
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn writes_that_are_cancelled_write_nothing() {
    const ROUNDS: u32 = 2_000;

    #[routine]
    fn read(stream: TcpStream) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut buf = [0; 8 * 1024];
        loop {
            match stream.read(&mut buf)? {
                0 => return Ok(all),
                n => all.extend_from_slice(&buf[..n]),
            }
            yield_now();
        }
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let reader = go!(read(there));
        let (ticks, ticked) = bounded_channel(1);
        let ticker = go!(move || while ticks.send(()).is_ok() {
            yield_now();
        });
        // Each block has a number; of each, what was reported is what arrives.
        let (mut sent, mut lost) = (Vec::new(), 0);
        for number in 0..ROUNDS {
            let block = number.to_le_bytes().repeat(4 * 1024);
            let n = select! {
                written = here.write(&block) => written?,
                _ = ticked.recv() => { lost += 1; continue },
            };
            sent.extend_from_slice(&block[..n]);
        }
        drop((here, ticked));
        ticker.join().unwrap();
        assert!(lost > 0, "no write was cancelled");
        assert!(!sent.is_empty() && sent == reader.join().unwrap()?);
        Ok(())
    }
    on_runtime(test).unwrap();
}

/// A waker that wakes nobody, to be counted.
struct Nobody;

impl std::task::Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// Has the operation wait with this waker, and drops it.
fn wait_and_drop<O: Future + Unpin>(make: impl FnOnce() -> O, waker: &Arc<Nobody>) {
    let waker = Waker::from(waker.clone());
    assert!(Pin::new(&mut make()).poll(&mut Context::from_waker(&waker)).is_pending());
}

#[test]
fn operations_of_an_owner_that_are_dropped_leave_one_waker_at_most() {
    /// Has ten operations wait, each with a waker of its own, and drops them; says how many wakers are left.
    fn left_behind(mut reader: impl io::Read + Unpin) -> usize {
        let wakers: Vec<_> = (0..10).map(|_| Arc::new(Nobody)).collect();
        let mut byte = [0];
        wakers.iter().for_each(|waker| wait_and_drop(|| reader.read_exact(&mut byte), waker));
        wakers.iter().filter(|waker| Arc::strong_count(waker) > 1).count()
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (mut here, there) = pair()?;
        let (reads, _writes) = there.into_split();
        assert_eq!(left_behind(&mut here), 1);
        assert_eq!(left_behind(reads), 1);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn operations_of_many_that_are_dropped_leave_no_waker() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, _there) = pair()?;
        let (listener, datagrams) = (TcpListener::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        let (waker, mut byte) = (Arc::new(Nobody), [0]);
        for _ in 0..10 {
            wait_and_drop(|| here.read(&mut byte), &waker);
            wait_and_drop(|| here.peek(&mut byte), &waker);
            wait_and_drop(|| listener.accept(), &waker);
            wait_and_drop(|| datagrams.recv_from(&mut byte), &waker);
            assert_eq!(Arc::strong_count(&waker), 1);
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn an_aborted_reader_leaves_the_bytes_to_the_next() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let there = Arc::new(there);
        for n in 0..100u8 {
            let reading = there.clone();
            let reader = go!(move || reading.read(&mut [0; 8]).map(drop));
            if n % 2 == 0 {
                yield_now();
            }
            reader.abort();
            let read = reader.join();
            here.write(&[n])?;
            if read.is_err() {
                let mut buf = [0; 8];
                assert_eq!(there.read(&mut buf)?, 1);
                assert_eq!(buf[0], n);
            }
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn peeking_takes_nothing() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let peeker = go!(move || {
            let mut buf = [0; 8];
            assert_eq!(there.peek(&mut buf)?, 5);
            assert_eq!(there.peek(&mut buf[..2])?, 2);
            assert_eq!(there.read(&mut buf)?, 5);
            assert_eq!(&buf[..5], b"hello");
            Ok::<_, io::Error>(())
        });
        here.write(b"hello")?;
        peeker.join().unwrap()
    }
    on_runtime(test).unwrap();
}

#[test]
fn vectored_calls_move_several_buffers() {
    use std::io::{IoSlice, IoSliceMut};

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        assert_eq!(here.write_vectored(&[IoSlice::new(b"hel"), IoSlice::new(b"lo")])?, 5);
        let (mut one, mut other) = ([0; 2], [0; 8]);
        assert_eq!(there.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)])?, 5);
        assert_eq!((&one, &other[..3]), (b"he", &b"llo"[..]));
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn options_are_what_they_were_set_to() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        assert_eq!(here.local_addr()?, there.peer_addr()?);
        assert!(!here.nodelay()? && !here.keepalive()?);
        here.set_nodelay(true)?;
        here.set_ttl(17)?;
        here.set_keepalive(Some(Duration::from_secs(30)))?;
        here.set_linger(Some(Duration::from_secs(3)))?;
        assert!(here.nodelay()? && here.keepalive()?);
        assert_eq!(here.ttl()?, 17);
        assert_eq!(here.linger()?, Some(Duration::from_secs(3)));
        here.set_keepalive(None)?;
        here.set_linger(None)?;
        assert!(!here.keepalive()?);
        assert_eq!(here.linger()?, None);
        assert!(here.take_error()?.is_none());
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn halves_have_owners_of_their_own() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let (mut read, mut write) = here.into_split();
        let (other_read, other_write) = there.into_split();
        let echo = go!(move || {
            let (mut read, mut write) = (other_read, other_write);
            let mut all = Vec::new();
            read.read_to_end(&mut all)?;
            write.write_all(&all)
        });
        write.write_all(b"to and fro")?;
        drop(write); // The other side reads the end.
        let mut all = Vec::new();
        read.read_to_end(&mut all)?;
        assert_eq!(all, b"to and fro");
        echo.join().unwrap()?;

        let (one, other) = pair()?;
        let ((read, write), (foreign, _rest)) = (one.into_split(), other.into_split());
        let Err(apart) = foreign.reunite(write) else { panic!("they do not belong together") };
        let whole = read.reunite(apart.1).expect("they belong together");
        assert!(whole.peer_addr().is_ok(), "nothing was closed");
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn sockets_go_to_the_standard_library_and_come_back() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let mut theirs = here.into_std()?;
        there.write(b"hello")?;
        let mut buf = [0; 5];
        std::io::Read::read_exact(&mut theirs, &mut buf)?;
        assert_eq!(&buf, b"hello");
        let here = TcpStream::try_from(theirs)?;
        let reader = go!(move || here.read(&mut [0; 8]));
        there.write(b"again")?;
        assert_eq!(reader.join().unwrap()?, 5);

        let listener = TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0")?)?;
        let address = listener.local_addr()?;
        let client = go!(move || TcpStream::connect(address));
        listener.accept()?;
        client.join().unwrap()?;
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn names_are_looked_up_and_what_is_refused_is_said_to_be() {
    #[routine]
    fn test() -> io::Result<()> {
        let listener = TcpListener::bind("localhost:0")?;
        let port = listener.local_addr()?.port();
        let addresses = resolve(("localhost", port))?;
        assert!(addresses.iter().any(|address| address.ip().is_loopback()));
        let stream = TcpStream::connect(("localhost", port))?;
        assert_eq!(stream.peer_addr()?.port(), port);
        drop((listener, stream));
        assert!(TcpStream::connect(("localhost", port)).is_err());
        let refused = TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(TcpStream::connect("no port").is_err());
        assert!(resolve("name.invalid:1").is_err());
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn plain_threads_block() {
    let listener = TcpListener::bind("127.0.0.1:0").block().unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).block().unwrap();
            stream.write_all(&all).block().unwrap();
        }
    });
    for n in 0..3u8 {
        let stream = TcpStream::connect(address).block().unwrap();
        stream.write(&[n; 5]).block().unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut buf = [0; 8];
        assert_eq!(stream.read(&mut buf).block().unwrap(), 5);
        assert_eq!(buf[..5], [n; 5]);
    }
    server.join().unwrap();
}

#[test]
fn an_operation_waits_under_a_timeout_and_costs_nothing_afterwards() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let mut buf = [0; 1];
        for _ in 0..50 {
            assert!(timeout(Duration::from_micros(100), || there.read(&mut buf)).is_err());
        }
        let reader = go!(move || timeout(LONG, || there.read(&mut buf)));
        here.write(b"x")?;
        assert_eq!(reader.join().unwrap().unwrap()?, 1);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn more_than_65536_events_leave_no_stale_readiness() {
    const EVENTS: usize = 70_000;

    #[routine]
    fn answer(stream: TcpStream) -> io::Result<()> {
        let mut buf = [0; 1];
        while stream.read(&mut buf)? > 0 {
            stream.write(&buf)?;
        }
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        here.set_nodelay(true)?;
        there.set_nodelay(true)?;
        let answers = go!(answer(there));
        for n in 0..EVENTS {
            here.write(&[n as u8])?;
            let mut buf = [0; 2];
            assert_eq!(here.read(&mut buf)?, 1);
            assert_eq!(buf[0], n as u8);
        }
        drop(here);
        answers.join().unwrap()
    }
    on_runtime(test).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn no_socket_is_inherited() {
    use std::os::fd::AsRawFd;

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        for fd in [here.as_raw_fd(), there.as_raw_fd(), listener.as_raw_fd()] {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).expect("there are flags");
            let flags = u32::from_str_radix(flags.trim(), 8).expect("they are octal");
            assert_ne!(flags & 0o2_000_000, 0, "close on exec");
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}
