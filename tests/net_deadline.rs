//! Deadlines of sockets, as in Go: they end what waits, and come before what is ready.

#[path = "support/net.rs"]
mod net;

use net::{LONG, on_runtime, pair};
use rustroutines::io::net::{TcpListener, UdpSocket};
use rustroutines::io::{self, ErrorKind};
use rustroutines::prelude::*;
use std::sync::Arc;

#[test]
fn deadlines_from_a_nanosecond_to_a_second_always_end_a_read() {
    const NANOS: [u64; 19] = [
        1,
        2,
        5,
        10,
        50,
        100,
        500,
        1_000,
        5_000,
        10_000,
        50_000,
        100_000,
        500_000,
        1_000_000,
        5_000_000,
        10_000_000,
        50_000_000,
        250_000_000,
        1_000_000_000,
    ];

    #[routine]
    fn read(nanos: u64) -> io::Result<()> {
        let (_here, there) = pair()?;
        for _ in 0..2 {
            let begin = Instant::now();
            let wait = Duration::from_nanos(nanos);
            there.set_read_deadline(Some(begin + wait));
            let error = there.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{nanos} ns");
            assert!(begin.elapsed() >= wait, "early: {nanos} ns");
        }
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let all: Vec<_> = NANOS.into_iter().map(|nanos| go!(read(nanos))).collect();
        for one in all {
            one.join().unwrap()?;
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_deadline_that_has_passed_beats_what_is_ready_and_loses_nothing() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        here.write(b"hello")?;
        assert_eq!(there.peek(&mut [0; 8])?, 5, "it is ready");
        there.set_read_deadline(Some(Instant::now()));
        assert_eq!(there.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(there.write(b"other direction")?, 15);
        there.set_read_deadline(None);
        assert_eq!(there.read(&mut [0; 8])?, 5);
        here.set_write_deadline(Some(Instant::now() - Duration::from_secs(1)));
        assert_eq!(here.write(b"x").unwrap_err().kind(), ErrorKind::TimedOut);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_deadline_that_is_set_ends_who_waits_already() {
    #[routine]
    fn test() -> io::Result<()> {
        let (_here, there) = pair()?;
        let there = Arc::new(there);
        there.set_read_deadline(Some(Instant::now() + LONG));
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let there = there.clone();
                go!(move || there.read(&mut [0; 8]))
            })
            .collect();
        yield_now(); // Some wait by now, some do not.
        there.set_read_deadline(Some(Instant::now()));
        for reader in readers {
            assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_deadline_that_is_put_off_or_taken_back_ends_nobody() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = pair()?;
        let there = Arc::new(there);
        let soon = Instant::now() + Duration::from_millis(5);
        there.set_read_deadline(Some(soon));
        let reading = there.clone();
        let reader = go!(move || reading.read(&mut [0; 8]));
        // The reader may have been too late already.
        there.set_read_deadline(Some(Instant::now() + LONG));
        there.set_read_deadline(None);
        assert_eq!(there.read_deadline(), None);
        sleep_until(soon + Duration::from_millis(5));
        here.write(b"hello")?;
        match reader.join().unwrap() {
            Ok(n) => assert_eq!(n, 5),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                assert!(Instant::now() >= soon);
            }
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn listeners_and_datagrams_have_deadlines_too() {
    #[routine]
    fn test() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_deadline(Some(Instant::now() + Duration::from_millis(1)));
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::TimedOut);
        listener.set_deadline(None);
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_deadline(Some(Instant::now() + Duration::from_millis(1)));
        assert_eq!(socket.recv_from(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_write_that_waits_for_room_ends_at_its_deadline() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, _there) = pair()?;
        here.set_write_deadline(Some(Instant::now() + Duration::from_millis(20)));
        let block = [0; 64 * 1024];
        let error = loop {
            if let Err(error) = here.write(&block) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        Ok(())
    }
    on_runtime(test).unwrap();
}

/// As for each request of a connection: the timer is only put off, and the last deadline counts, be it later or earlier.
#[test]
fn a_deadline_that_is_set_over_and_over_ends_a_read_when_the_last_has_come() {
    #[routine]
    fn test(later: bool) -> io::Result<()> {
        let (_here, there) = pair()?;
        let there = Arc::new(there);
        let waits = there.clone();
        let begin = Instant::now();
        let mut last = begin + Duration::from_secs(3_600);
        there.set_read_deadline(Some(if later { begin + Duration::from_millis(5) } else { last }));
        let reader = go!(move || {
            let read = waits.read(&mut [0; 8]);
            (read.map_err(|error| error.kind()), Instant::now())
        });
        let mut is_late = false;
        for n in 0..300 {
            let before = there.read_deadline().unwrap();
            last = if later {
                // Some fire meanwhile, and find that they were put off.
                Instant::now() + Duration::from_millis(5 + n / 100 * 15)
            } else {
                begin + Duration::from_millis(400 - n)
            };
            there.set_read_deadline(Some(last));
            // Then the one before has come, on a machine that is busy with other things.
            is_late |= Instant::now() >= before;
            if n % 10 == 0 {
                sleep(Duration::from_millis(1));
            }
        }
        assert_eq!(there.read_deadline(), Some(last));
        let (read, ended) = reader.join().unwrap();
        assert_eq!(read, Err(ErrorKind::TimedOut));
        assert!(ended >= last || is_late || !later, "early");
        Ok(())
    }
    on_runtime(|| test(true)).unwrap();
    on_runtime(|| test(false)).unwrap();
}

/// That no timer is left is seen at the end, like of every test here.
#[test]
fn a_socket_that_goes_takes_its_deadlines_along() {
    #[routine]
    fn test() -> io::Result<()> {
        let far = Some(Instant::now() + Duration::from_secs(36_000));
        let (one, other) = pair()?;
        one.set_read_deadline(far);
        other.set_write_deadline(far);
        drop((one, other));
        let (one, other) = pair()?;
        one.set_read_deadline(far);
        one.set_write_deadline(far);
        let _theirs = one.into_std()?;
        let (reads, writes) = other.into_split();
        reads.as_ref().set_read_deadline(far);
        writes.as_ref().set_write_deadline(far);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_deadline(far);
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_deadline(far);
        assert!(timeout(Duration::from_millis(1), || listener.accept()).is_err());
        Ok(())
    }
    on_runtime(test).unwrap();
}
