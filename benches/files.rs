//! `files`: reading and writing files, with the standard library on one thread, and on two runtimes: the time of a
//! line, a piece, a message, a file. The files lie in the system's cache.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench files -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod jobs;

use jobs::{figure, job};
use rustroutines::prelude::*;
use std::hint::black_box;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LINE: &str = "sixty-three bytes and a newline, as lines of programs may be, yes\n";
/// Bytes in the large file, about.
const LARGE: usize = 64 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 4096;
/// What the standard library and Go read ahead: as much as ours does at most where that needs no job.
const AHEAD: usize = 128 * 1024;
/// What they gather of what is written: as much as ours.
const BEHIND: usize = 128 * 1024;
/// Files that are read whole, and bytes in each.
const SMALL: (usize, usize) = (2_000, 2_048);
/// Messages that are written, of 64 bytes.
const MESSAGES: usize = 500_000;
/// How often each is measured.
const ROUNDS: u32 = 10;
/// Routines, or tasks, that read small files.
const READERS: usize = 8;

/// Reads or writes what lies in the folder; says how much it was.
type Run = fn(PathBuf) -> usize;

/// What is done, how often, what the contestants say at the end, and they.
const ROWS: [(&str, usize, usize, [Run; 3]); 5] = [
    ("files/lines", LINES, LINES * (LINE.len() - 1), [plain::lines, ours::lines, theirs::lines]),
    (
        "files/reads",
        LINES * LINE.len() / PIECE,
        LINES * LINE.len(),
        [plain::pieces, ours::pieces, theirs::pieces],
    ),
    ("files/writes", MESSAGES, MESSAGES, [plain::messages, ours::messages, theirs::messages]),
    ("files/whole", SMALL.0, SMALL.0 * SMALL.1, [plain::whole, ours::whole, theirs::whole]),
    ("files/metadata", SMALL.0, SMALL.0 * SMALL.1, [plain::metadata, ours::metadata, theirs::metadata]),
];
const LINES: usize = LARGE / LINE.len();

fn main() {
    let mut all = Vec::new();
    for (row, number, expected, contestants) in ROWS {
        for (name, run) in ["std", "rustroutines", "tokio"].into_iter().zip(contestants) {
            all.push(job(row, name, move || {
                figure(row, name, measure(row, expected, run) / number as f64, "ns");
            }));
        }
    }
    jobs::run(&all);
}

/// The nanoseconds that it takes, on average of some rounds, once it has been done.
fn measure(row: &str, expected: usize, run: Run) -> f64 {
    let folder = std::env::temp_dir().join(format!("rustroutines-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    match row {
        "files/lines" | "files/reads" => {
            std::fs::write(folder.join("large"), LINE.repeat(LINES)).expect("there is room");
        }
        "files/whole" | "files/metadata" => {
            for n in 0..SMALL.0 {
                std::fs::write(folder.join(n.to_string()), vec![1; SMALL.1]).expect("there is room");
            }
        }
        _ => {}
    }
    let mut took = Duration::ZERO;
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        assert_eq!(black_box(run(folder.clone())), expected);
        if round > 0 {
            took += begin.elapsed();
        }
        // To write over what is there already, ext4 begins with it at once: that would measure the disk.
        let _ = std::fs::remove_file(folder.join("written"));
    }
    std::fs::remove_dir_all(folder).expect("it is still there");
    took.as_nanos() as f64 / f64::from(ROUNDS)
}

/// The small files that one of several readers reads.
fn share(folder: &Path, reader: usize) -> impl Iterator<Item = PathBuf> {
    (reader..SMALL.0).step_by(READERS).map(move |n| folder.join(n.to_string()))
}

/// Plain code on one thread.
mod plain {
    use super::*;
    use std::fs::File;
    use std::io::{BufReader, BufWriter};

    pub(super) fn lines(folder: PathBuf) -> usize {
        BufReader::with_capacity(AHEAD, File::open(folder.join("large")).unwrap())
            .lines()
            .map(|line| line.unwrap().len())
            .sum()
    }

    pub(super) fn pieces(folder: PathBuf) -> usize {
        let mut file = BufReader::with_capacity(AHEAD, File::open(folder.join("large")).unwrap());
        let (mut piece, mut sum) = ([0; PIECE], 0);
        loop {
            match file.read(&mut piece).unwrap() {
                0 => return sum,
                // Somebody looks at it: else the compiler sees that it need not be copied.
                count => sum += black_box(&piece[..count]).len(),
            }
        }
    }

    pub(super) fn messages(folder: PathBuf) -> usize {
        let mut file = BufWriter::with_capacity(BEHIND, File::create(folder.join("written")).unwrap());
        for _ in 0..MESSAGES {
            file.write_all(&[7; 64]).unwrap();
        }
        file.flush().unwrap();
        MESSAGES
    }

    pub(super) fn whole(folder: PathBuf) -> usize {
        (0..READERS)
            .flat_map(|reader| share(&folder, reader))
            .map(|path| std::fs::read(path).unwrap().len())
            .sum()
    }

    pub(super) fn metadata(folder: PathBuf) -> usize {
        (0..READERS)
            .flat_map(|reader| share(&folder, reader))
            .map(|path| std::fs::metadata(path).unwrap().len() as usize)
            .sum()
    }
}

/// In routines.
mod ours {
    use super::*;
    use rustroutines::io::fs::{self, File};
    use rustroutines::io::{BufRead, Read, Write};

    fn run<T: Send + 'static, O: Suspend<Output = T> + Send + 'static>(
        make: impl FnOnce() -> O + Send + 'static,
    ) -> T {
        spawn(make).join().block().unwrap()
    }

    pub(super) fn lines(folder: PathBuf) -> usize {
        #[routine]
        fn lines(path: PathBuf) -> usize {
            let mut sum = 0;
            for line in File::open(path).unwrap().lines() {
                sum += line.unwrap().len();
            }
            sum
        }
        run(move || lines(folder.join("large")))
    }

    pub(super) fn pieces(folder: PathBuf) -> usize {
        #[routine]
        fn pieces(path: PathBuf) -> usize {
            let mut file = File::open(path).unwrap();
            let (mut piece, mut sum) = ([0; PIECE], 0);
            loop {
                match file.read(&mut piece).unwrap() {
                    0 => return sum,
                    count => sum += black_box(&piece[..count]).len(),
                }
            }
        }
        run(move || pieces(folder.join("large")))
    }

    pub(super) fn messages(folder: PathBuf) -> usize {
        #[routine]
        fn messages(path: PathBuf) -> usize {
            let mut file = File::create(path).unwrap();
            for _ in 0..MESSAGES {
                file.write_all(&[7; 64]).unwrap();
            }
            file.flush().unwrap();
            MESSAGES
        }
        run(move || messages(folder.join("written")))
    }

    pub(super) fn whole(folder: PathBuf) -> usize {
        #[routine]
        fn read(paths: Vec<PathBuf>) -> usize {
            let mut sum = 0;
            for path in paths {
                sum += fs::read(path).unwrap().len();
            }
            sum
        }
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let paths = share(&folder, reader).collect();
                spawn(move || read(paths))
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().block().unwrap()).sum()
    }

    pub(super) fn metadata(folder: PathBuf) -> usize {
        #[routine]
        fn look(paths: Vec<PathBuf>) -> usize {
            let mut sum = 0;
            for path in paths {
                sum += fs::metadata(path).unwrap().len() as usize;
            }
            sum
        }
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let paths = share(&folder, reader).collect();
                spawn(move || look(paths))
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().block().unwrap()).sum()
    }
}

/// In tasks of tokio, as its documentation advises.
mod theirs {
    use super::*;
    use std::sync::LazyLock;
    use tokio::fs::File;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
    use tokio::runtime::Runtime;

    /// What a job of its pool reads ahead: as much as one of ours.
    const AHEAD: usize = 512 * 1024;

    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        RUNTIME.block_on(RUNTIME.spawn(task)).unwrap()
    }

    pub(super) fn lines(folder: PathBuf) -> usize {
        run(async move {
            let mut lines =
                BufReader::with_capacity(AHEAD, File::open(folder.join("large")).await.unwrap()).lines();
            let mut sum = 0;
            while let Some(line) = lines.next_line().await.unwrap() {
                sum += line.len();
            }
            sum
        })
    }

    pub(super) fn pieces(folder: PathBuf) -> usize {
        run(async move {
            let mut file = BufReader::with_capacity(AHEAD, File::open(folder.join("large")).await.unwrap());
            let (mut piece, mut sum) = ([0; PIECE], 0);
            loop {
                match file.read(&mut piece).await.unwrap() {
                    0 => return sum,
                    count => sum += black_box(&piece[..count]).len(),
                }
            }
        })
    }

    pub(super) fn messages(folder: PathBuf) -> usize {
        run(async move {
            let mut file =
                BufWriter::with_capacity(BEHIND, File::create(folder.join("written")).await.unwrap());
            for _ in 0..MESSAGES {
                file.write_all(&[7; 64]).await.unwrap();
            }
            file.flush().await.unwrap();
            MESSAGES
        })
    }

    pub(super) fn whole(folder: PathBuf) -> usize {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let paths: Vec<_> = share(&folder, reader).collect();
                RUNTIME.spawn(async move {
                    let mut sum = 0;
                    for path in paths {
                        sum += tokio::fs::read(path).await.unwrap().len();
                    }
                    sum
                })
            })
            .collect();
        run(async move {
            let mut sum = 0;
            for reader in readers {
                sum += reader.await.unwrap();
            }
            sum
        })
    }

    pub(super) fn metadata(folder: PathBuf) -> usize {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let paths: Vec<_> = share(&folder, reader).collect();
                RUNTIME.spawn(async move {
                    let mut sum = 0;
                    for path in paths {
                        sum += tokio::fs::metadata(path).await.unwrap().len() as usize;
                    }
                    sum
                })
            })
            .collect();
        run(async move {
            let mut sum = 0;
            for reader in readers {
                sum += reader.await.unwrap();
            }
            sum
        })
    }
}
