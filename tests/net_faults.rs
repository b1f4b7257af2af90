//! Sockets on a system where much goes wrong: false alarms, interrupted calls, short reads and writes,
//! connections that are aborted or break, descriptors that run out.

#[path = "support/net.rs"]
mod net;
#[path = "support/random.rs"]
#[allow(dead_code, reason = "of the random numbers only the seeds are used")]
mod random;

use net::on_runtime;
use random::with_seeds;
use rustroutines::__faults::{Faults, inject};
use rustroutines::io::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use rustroutines::io::{self, ErrorKind, Write};
use rustroutines::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Faults are the whole process's: one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const CONNECTIONS: usize = 12;
const LENGTH: usize = 60_000;
/// EMFILE.
const TOO_MANY: i32 = 24;

fn byte(connection: usize, at: usize) -> u8 {
    (connection * 31 + at * 7 + at / 253) as u8
}

/// Sends back what comes, until it ends or breaks.
#[routine]
fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut buf = [0; 3_000];
    loop {
        let n = stream.read(&mut buf)?;
        if n == 0 {
            return stream.close();
        }
        stream.write_all(&buf[..n])?;
    }
}

#[routine]
fn listen(listener: Arc<TcpListener>, end: Receiver<()>) -> usize {
    let mut exhausted = 0;
    loop {
        select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(go!(serve(stream))),
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(TOO_MANY), "{error}");
                    exhausted += 1;
                }
            },
            _ = end.recv() => return exhausted,
        }
    }
}

/// Sends a pattern and reads it back; gives how much came back before the connection broke, if it did.
#[routine]
fn exchange(connection: usize, stream: TcpStream) -> io::Result<usize> {
    let stream = Arc::new(stream);
    let writing = stream.clone();
    let writer = go!(move || {
        let all: Vec<u8> = (0..LENGTH).map(|at| byte(connection, at)).collect();
        let written = (&*writing).write_all(&all);
        // Also where it broke: it is only said to have, and the reader would wait for the rest.
        writing.shutdown(Shutdown::Write).ok();
        written
    });
    let (mut received, mut buf) = (0, [0; 2_000]);
    let read = loop {
        match stream.read(&mut buf) {
            Ok(0) => break Ok(()),
            Ok(n) => {
                let right =
                    buf[..n].iter().enumerate().all(|(at, &it)| it == byte(connection, received + at));
                assert!(right, "connection {connection}: wrong bytes after {received}");
                received += n;
            }
            Err(error) => break Err(error),
        }
    };
    if read.is_err() {
        stream.shutdown(Shutdown::Both).ok(); // So that the writer ends too.
    }
    let written = writer.join().unwrap();
    match (read, written) {
        (Ok(()), Ok(())) => Ok(received),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// How many exchanges were whole, and how often the listener ran out of descriptors.
#[routine]
fn run() -> io::Result<(usize, usize)> {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0")?);
    let address = listener.local_addr()?;
    let (end, ends) = channel();
    let listening = go!(listen(listener, ends));
    let mut exchanges = Vec::new();
    for connection in 0..CONNECTIONS {
        exchanges.push(go!(exchange(connection, TcpStream::connect(address)?)));
    }
    let mut whole = 0;
    for one in exchanges {
        match one.join().unwrap() {
            Ok(received) => whole += usize::from(received == LENGTH),
            Err(error) => assert!(
                matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected
                ),
                "{error}"
            ),
        }
    }
    drop(end);
    Ok((whole, listening.join().unwrap()))
}

fn check(faults: Faults, seeds: u64, check: impl Fn(usize, usize)) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    with_seeds(seeds, |seed| {
        let injected = inject(Faults { seed, ..faults });
        let (whole, exhausted) = on_runtime(run).unwrap();
        assert!(injected.count() > 0, "nothing went wrong");
        check(whole, exhausted);
    });
}

#[test]
fn false_alarms_lose_nothing() {
    check(Faults { would_block: 500, ..Faults::default() }, 4, |whole, _| assert_eq!(whole, CONNECTIONS));
}

#[test]
fn interrupted_calls_are_repeated() {
    check(Faults { interrupted: 500, ..Faults::default() }, 4, |whole, _| assert_eq!(whole, CONNECTIONS));
}

#[test]
fn short_reads_and_writes_lose_nothing() {
    check(Faults { short: 700, ..Faults::default() }, 4, |whole, _| assert_eq!(whole, CONNECTIONS));
}

#[test]
fn aborted_connections_are_passed_over_and_descriptors_that_run_out_are_reported() {
    let faults = Faults { aborted: 300, exhausted: 200, ..Faults::default() };
    check(faults, 4, |whole, _| assert_eq!(whole, CONNECTIONS));
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let _injected = inject(Faults { exhausted: 1000, ..Faults::default() });
    let reported = on_runtime(|| {
        suspend!({
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let _client = TcpStream::connect(listener.local_addr()?)?;
            Ok::<_, io::Error>(listener.accept().unwrap_err().raw_os_error())
        })
    });
    assert_eq!(reported.unwrap(), Some(TOO_MANY));
}

#[test]
fn connections_that_break_end_with_an_error_and_leave_nothing() {
    let faults = Faults { broken: 20, would_block: 100, ..Faults::default() };
    check(faults, 6, |whole, _| assert!(whole < CONNECTIONS, "none broke"));
}

#[test]
fn all_of_it_at_once() {
    let faults = Faults {
        seed: 0,
        would_block: 200,
        interrupted: 100,
        short: 300,
        aborted: 100,
        exhausted: 50,
        broken: 2,
        ..Faults::default()
    };
    check(faults, 8, |_, _| {});
}

#[test]
fn datagrams_are_whole_after_false_alarms() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    with_seeds(4, |seed| {
        let faults = Faults { seed, would_block: 500, interrupted: 200, ..Faults::default() };
        let _injected = inject(faults);
        on_runtime(|| {
            suspend!({
                let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
                let address = there.local_addr()?;
                for n in 0..300u64 {
                    here.send_to(&n.to_le_bytes(), address)?;
                    let mut buf = [0; 8];
                    assert_eq!(there.recv(&mut buf)?, 8);
                    assert_eq!(u64::from_le_bytes(buf), n);
                }
                Ok::<_, io::Error>(())
            })
        })
        .unwrap();
    });
}
