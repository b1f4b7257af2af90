//! `io::fs::read` and open files: what is in the system's cache, and what is said not to be, from many routines at once.

#[path = "support/random.rs"]
#[allow(dead_code, reason = "of the random numbers only the seeds are used")]
mod random;

use random::with_seeds;
use rustroutines::__faults::{Faults, inject};
use rustroutines::io::fs::{self, TempDir};
use rustroutines::io::{Read, Seek, SeekFrom, Write};
use rustroutines::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Faults are the whole process's: one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How long the files are.
const LENGTHS: [usize; 10] = [0, 1, 500, 4_095, 4_096, 4_097, 20_000, 65_536, 65_537, 300_000];
const READERS: usize = 8;
const ROUNDS: usize = 6;

fn contents(length: usize) -> Vec<u8> {
    (0..length).map(|n| b'a' + (n % 23 + n / 4_096) as u8 % 26).collect()
}

/// Reads all files, again and again, beginning at this one.
#[routine]
fn read_all(files: Arc<Vec<PathBuf>>, first: usize) {
    for n in 0..ROUNDS * files.len() {
        let at = (first + n) % files.len();
        let expected = contents(LENGTHS[at]);
        let read = match n % 3 {
            0 => fs::read(&files[at]).unwrap(),
            1 => fs::read_to_string(&files[at]).unwrap().into_bytes(),
            _ => {
                let mut all = Vec::new();
                fs::File::open(&files[at]).unwrap().read_to_end(&mut all).unwrap();
                all
            }
        };
        assert!(read == expected, "{} bytes", expected.len());
    }
}

/// Reads from an open file in small pieces and large ones, moves in it, and writes into it.
#[routine]
fn read_and_write(path: PathBuf) {
    let mut expected = contents(400_000);
    std::fs::write(&path, &expected).unwrap();
    // Now it is known what file system this is.
    assert!(fs::metadata(&path).unwrap().is_file());
    let mut file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (mut place, mut piece) = (0, vec![0; 100_000]);
    for n in 0..60 {
        let wanted = [1, 700, 5_000, 70_000, 100_000][n % 5];
        let count = file.read(&mut piece[..wanted]).unwrap();
        assert_eq!(count == 0, place == expected.len());
        assert!(piece[..count] == expected[place..place + count], "at {place}");
        place += count;
        if n % 7 == 3 {
            place = (place * 31 + 17) % expected.len();
            assert_eq!(file.seek(SeekFrom::Start(place as u64)).unwrap(), place as u64);
        }
        if n % 6 == 4 {
            let end = (place + 10).min(expected.len());
            expected[place..end].fill(b'!');
            file.write_all(&expected[place..end]).unwrap();
            place = end;
        }
    }
    file.flush().unwrap();
    assert!(std::fs::read(&path).unwrap() == expected);
}

/// A directory where files are usually, and one in memory where there is such a place.
fn directories() -> Vec<TempDir> {
    let memory = Path::new("/dev/shm");
    let bases = std::iter::once(std::env::temp_dir()).chain(memory.is_dir().then(|| memory.to_owned()));
    bases.map(|base| TempDir::new_in(base).block().unwrap()).collect()
}

#[test]
fn an_open_file_is_the_same_whether_it_is_in_the_cache_or_not() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for (dir, uncached) in
        directories().iter().flat_map(|dir| [0, 500, 1_000].map(|uncached| (dir, uncached)))
    {
        with_seeds(4, |seed| {
            let injected = inject(Faults { seed, uncached, ..Faults::default() });
            let path = dir.path().join("open");
            go!(read_and_write(path)).join().block().unwrap();
            assert_eq!(injected.count() > 0, uncached > 0);
        });
    }
}

#[test]
fn files_are_the_same_whether_they_are_in_the_cache_or_not() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for dir in directories() {
        let files: Vec<_> = LENGTHS.iter().map(|length| dir.path().join(length.to_string())).collect();
        for (file, length) in files.iter().zip(LENGTHS) {
            std::fs::write(file, contents(length)).unwrap();
        }
        let files = Arc::new(files);
        for uncached in [0, 500, 1_000] {
            with_seeds(4, |seed| {
                let injected = inject(Faults { seed, uncached, ..Faults::default() });
                let readers: Vec<_> =
                    (0..READERS).map(|reader| go!(read_all(files.clone(), reader))).collect();
                for reader in readers {
                    reader.join().block().unwrap();
                }
                assert_eq!(injected.count() > 0, uncached > 0);
            });
        }
    }
}
