//! `copy`: much from one place to another, on two runtimes.
//!
//! The contestants take turns, several rounds each; medians are printed, in MiB a second.
//!
//! `cargo bench -p rustroutines-benches --bench copy -- [part of a name...]`

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

const ROUNDS: usize = 5;
/// Bytes that are copied.
const BYTES: usize = 512 << 20;
/// Bytes in the file.
const FILE: usize = 256 << 20;

/// Copies; says how many bytes.
type Run = fn(&Path) -> u64;

const ROWS: [(&str, usize, [Run; 2]); 4] = [
    ("tcp_to_tcp", BYTES, [|_| socket_to_socket(ours::forth), |_| socket_to_socket(theirs::forth)]),
    ("tcp_both_ways", 2 * BYTES, [|_| both_ways(ours::both), |_| both_ways(theirs::both)]),
    ("file_to_file", FILE, [ours::file_to_file, theirs::file_to_file]),
    (
        "file_to_tcp",
        FILE,
        [
            |folder| file_to_socket(folder, ours::file_to_tcp),
            |folder| file_to_socket(folder, theirs::file_to_tcp),
        ],
    ),
];

fn main() -> std::io::Result<()> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let folder = std::env::temp_dir().join(format!("rustroutines-copy-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("from"), vec![7; FILE])?;
    for (name, bytes, contestants) in ROWS {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let mut rates = contestants.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (run, rates) in contestants.iter().zip(&mut rates) {
                let begin = Instant::now();
                assert_eq!(run(&folder), bytes as u64);
                rates.push(bytes as f64 / begin.elapsed().as_secs_f64() / f64::from(1 << 20));
            }
        }
        for (contestant, mut rates) in ["rustroutines", "tokio"].into_iter().zip(rates) {
            rates.sort_by(f64::total_cmp);
            println!("copy/{name}/{contestant:<13} {:>6.0} MiB/s", rates[ROUNDS / 2]);
        }
    }
    std::fs::remove_dir_all(folder)
}

/// Two ends of a connection.
fn pair() -> [TcpStream; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let one = TcpStream::connect(listener.local_addr().expect("it has an address")).expect("it listens");
    [one, listener.accept().expect("it has connected").0]
}

/// Writes it all, on a thread.
fn feed(mut to: TcpStream) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let piece = vec![7; 256 * 1024];
        (0..BYTES / piece.len()).for_each(|_| to.write_all(&piece).expect("it is read"));
        to.shutdown(std::net::Shutdown::Write).expect("it is open");
    })
}

/// Reads to the end, on a thread.
fn eat(mut from: TcpStream) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        let (mut piece, mut sum) = (vec![0; 256 * 1024], 0);
        loop {
            match from.read(&mut piece).expect("it is written") {
                0 => return sum,
                count => sum += count as u64,
            }
        }
    })
}

/// From a thread, through a copy in between, to a thread.
fn socket_to_socket(copy: fn([TcpStream; 2]) -> u64) -> u64 {
    let ([source, from], [to, drain]) = (pair(), pair());
    let (feeder, eater) = (feed(source), eat(drain));
    let count = copy([from, to]);
    feeder.join().expect("it writes all");
    assert_eq!(eater.join().expect("it reads all"), count);
    count
}

/// The same in both directions at once.
fn both_ways(copy: fn([TcpStream; 2]) -> u64) -> u64 {
    let ([left, from], [to, right]) = (pair(), pair());
    let twice = |stream: &TcpStream| stream.try_clone().expect("there are descriptors");
    let feeders = [feed(twice(&left)), feed(twice(&right))];
    let eaters = [eat(left), eat(right)];
    let count = copy([from, to]);
    feeders.into_iter().for_each(|feeder| feeder.join().expect("it writes all"));
    assert_eq!(eaters.into_iter().map(|eater| eater.join().expect("it reads all")).sum::<u64>(), count);
    count
}

fn file_to_socket(folder: &Path, copy: fn(PathBuf, TcpStream) -> u64) -> u64 {
    let [to, drain] = pair();
    let eater = eat(drain);
    let count = copy(folder.join("from"), to);
    assert_eq!(eater.join().expect("it reads all"), count);
    count
}

/// In routines.
mod ours {
    use super::*;
    use rustroutines::Suspend;
    use rustroutines::io::fs::File;
    use rustroutines::io::{Write, copy, copy_bidirectional, net};
    use rustroutines::prelude::*;

    #[routine]
    fn stream(from: TcpStream) -> net::TcpStream {
        net::TcpStream::try_from(from).expect("it can be registered")
    }

    pub(super) fn forth([from, to]: [TcpStream; 2]) -> u64 {
        let copied = go!(move || {
            let (mut from, mut to) = (stream(from), stream(to));
            let count = copy(&mut from, &mut to).expect("both are open");
            to.close().expect("it is open");
            count
        });
        copied.join().block().expect("it ends")
    }

    pub(super) fn both([from, to]: [TcpStream; 2]) -> u64 {
        let copied = go!(move || {
            let (mut from, mut to) = (stream(from), stream(to));
            let (forth, back) = copy_bidirectional(&mut from, &mut to).expect("both are open");
            forth + back
        });
        copied.join().block().expect("it ends")
    }

    pub(super) fn file_to_file(folder: &Path) -> u64 {
        let (from, to) = (folder.join("from"), folder.join("to"));
        let copied = go!(move || {
            let (mut from, mut to) =
                (File::open(from).expect("it is there"), File::create(to).expect("it is made"));
            copy(&mut from, &mut to).expect("there is room")
        });
        copied.join().block().expect("it ends")
    }

    pub(super) fn file_to_tcp(from: PathBuf, to: TcpStream) -> u64 {
        let copied = go!(move || {
            let (mut from, mut to) = (File::open(from).expect("it is there"), stream(to));
            copy(&mut from, &mut to).expect("it is read")
        });
        copied.join().block().expect("it ends")
    }
}

/// In tasks of tokio.
mod theirs {
    use super::*;
    use std::sync::LazyLock;
    use tokio::fs::File;
    use tokio::io::{AsyncWriteExt, copy, copy_bidirectional};
    use tokio::net;
    use tokio::runtime::Runtime;

    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("tokio starts"));

    fn run(future: impl Future<Output = u64> + Send + 'static) -> u64 {
        RUNTIME.block_on(RUNTIME.spawn(future)).expect("it ends")
    }

    fn stream(from: TcpStream) -> net::TcpStream {
        from.set_nonblocking(true).expect("it is a socket");
        net::TcpStream::from_std(from).expect("it can be registered")
    }

    pub(super) fn forth([from, to]: [TcpStream; 2]) -> u64 {
        run(async {
            let (mut from, mut to) = (stream(from), stream(to));
            let count = copy(&mut from, &mut to).await.expect("both are open");
            to.shutdown().await.expect("it is open");
            count
        })
    }

    pub(super) fn both([from, to]: [TcpStream; 2]) -> u64 {
        run(async {
            let (mut from, mut to) = (stream(from), stream(to));
            let (forth, back) = copy_bidirectional(&mut from, &mut to).await.expect("both are open");
            forth + back
        })
    }

    pub(super) fn file_to_file(folder: &Path) -> u64 {
        let (from, to) = (folder.join("from"), folder.join("to"));
        run(async {
            let mut from = File::open(from).await.expect("it is there");
            let mut to = File::create(to).await.expect("it is made");
            copy(&mut from, &mut to).await.expect("there is room")
        })
    }

    pub(super) fn file_to_tcp(from: PathBuf, to: TcpStream) -> u64 {
        run(async {
            let (mut from, mut to) = (File::open(from).await.expect("it is there"), stream(to));
            copy(&mut from, &mut to).await.expect("it is read")
        })
    }
}
