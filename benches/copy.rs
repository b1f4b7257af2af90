//! `copy`: much from one place to another: the time of a MiB, on two runtimes and by the standard library's
//! `io::copy` on threads.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench copy -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod jobs;

use jobs::{figure, job};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

/// Bytes that are copied.
const BYTES: usize = 512 << 20;
/// Bytes in the file.
const FILE: usize = 256 << 20;

/// Copies; says how many bytes.
type Run = fn(&Path) -> u64;

/// What is copied, how many bytes that are, and who copies.
type Row = (&'static str, usize, [(&'static str, Run); 3]);

const ROWS: [Row; 4] = [
    (
        "copy/tcp_to_tcp",
        BYTES,
        [
            ("rustroutines", |_| socket_to_socket(ours::forth)),
            ("tokio", |_| socket_to_socket(theirs::forth)),
            ("std", |_| socket_to_socket(plain::forth)),
        ],
    ),
    (
        "copy/tcp_both_ways",
        2 * BYTES,
        [
            ("rustroutines", |_| both_ways(ours::both)),
            ("tokio", |_| both_ways(theirs::both)),
            ("std", |_| both_ways(plain::both)),
        ],
    ),
    (
        "copy/file_to_file",
        FILE,
        [("rustroutines", ours::file_to_file), ("tokio", theirs::file_to_file), ("std", plain::file_to_file)],
    ),
    (
        "copy/file_to_tcp",
        FILE,
        [
            ("rustroutines", |folder| file_to_socket(folder, ours::file_to_tcp)),
            ("tokio", |folder| file_to_socket(folder, theirs::file_to_tcp)),
            ("std", |folder| file_to_socket(folder, plain::file_to_tcp)),
        ],
    ),
];

fn main() {
    let contestants = |&(row, bytes, all): &Row| {
        all.map(|(name, run)| job(row, name, move || measure(row, bytes, name, run)))
    };
    let all: Vec<_> = ROWS.iter().flat_map(contestants).collect();
    jobs::run(&all);
}

/// Copies in a folder that is there for so long, and prints what a MiB took.
fn measure(row: &str, bytes: usize, name: &str, run: Run) {
    let folder = std::env::temp_dir().join(format!("rustroutines-copy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    if row.contains("file") {
        std::fs::write(folder.join("from"), vec![7; FILE]).expect("there is room");
    }
    let begin = Instant::now();
    assert_eq!(run(&folder), bytes as u64);
    let took = begin.elapsed();
    std::fs::remove_dir_all(folder).expect("it is still there");
    figure(row, name, took.as_nanos() as f64 / (bytes >> 20) as f64, "ns");
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

/// On threads.
mod plain {
    use super::*;
    use std::fs::File;
    use std::io::copy;
    use std::net::Shutdown;

    pub(super) fn forth([mut from, mut to]: [TcpStream; 2]) -> u64 {
        let count = copy(&mut from, &mut to).expect("both are open");
        to.shutdown(Shutdown::Write).expect("it is open");
        count
    }

    pub(super) fn both([one, other]: [TcpStream; 2]) -> u64 {
        let twice = |stream: &TcpStream| stream.try_clone().expect("there are descriptors");
        let back = [twice(&other), twice(&one)];
        let back = thread::spawn(move || forth(back));
        forth([one, other]) + back.join().expect("it copies all")
    }

    pub(super) fn file_to_file(folder: &Path) -> u64 {
        let mut from = File::open(folder.join("from")).expect("it is there");
        let mut to = File::create(folder.join("to")).expect("it is made");
        copy(&mut from, &mut to).expect("there is room")
    }

    pub(super) fn file_to_tcp(from: PathBuf, mut to: TcpStream) -> u64 {
        copy(&mut File::open(from).expect("it is there"), &mut to).expect("it is read")
    }
}

/// In tasks of tokio, whose own `copy` takes 8 KiB at a time: as its documentation advises who wants more.
mod theirs {
    use super::*;
    use std::sync::LazyLock;
    use tokio::fs::File;
    use tokio::io::{AsyncWriteExt, BufReader, copy_bidirectional_with_sizes, copy_buf};
    use tokio::net;
    use tokio::runtime::Runtime;

    /// As much as ours takes at a time at most, from a connection, and from a file.
    const PIECE: usize = 256 * 1024;
    const FILE_PIECE: usize = 512 * 1024;

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
            let (mut from, mut to) = (BufReader::with_capacity(PIECE, stream(from)), stream(to));
            let count = copy_buf(&mut from, &mut to).await.expect("both are open");
            to.shutdown().await.expect("it is open");
            count
        })
    }

    pub(super) fn both([from, to]: [TcpStream; 2]) -> u64 {
        run(async {
            let (mut from, mut to) = (stream(from), stream(to));
            let copied = copy_bidirectional_with_sizes(&mut from, &mut to, PIECE, PIECE).await;
            let (forth, back) = copied.expect("both are open");
            forth + back
        })
    }

    pub(super) fn file_to_file(folder: &Path) -> u64 {
        let (from, to) = (folder.join("from"), folder.join("to"));
        run(async {
            let from = File::open(from).await.expect("it is there");
            let mut to = File::create(to).await.expect("it is made");
            let count = copy_buf(&mut BufReader::with_capacity(FILE_PIECE, from), &mut to).await;
            to.flush().await.expect("there is room");
            count.expect("there is room")
        })
    }

    pub(super) fn file_to_tcp(from: PathBuf, to: TcpStream) -> u64 {
        run(async {
            let (from, mut to) = (File::open(from).await.expect("it is there"), stream(to));
            let mut from = BufReader::with_capacity(FILE_PIECE, from);
            copy_buf(&mut from, &mut to).await.expect("it is read")
        })
    }
}
