//! `io::fs::read`: what is in the system's cache, and what is said not to be, from many routines at once.

#[path = "support/random.rs"]
#[allow(dead_code, reason = "of the random numbers only the seeds are used")]
mod random;

use random::with_seeds;
use rustroutines::__faults::{Faults, inject};
use rustroutines::io::fs::{self, TempDir};
use rustroutines::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

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
        if n % 2 == 0 {
            assert!(fs::read(&files[at]).unwrap() == expected, "{} bytes", expected.len());
        } else {
            assert!(
                fs::read_to_string(&files[at]).unwrap().as_bytes() == expected,
                "{} bytes",
                expected.len()
            );
        }
    }
}

#[test]
fn files_are_the_same_whether_they_are_in_the_cache_or_not() {
    let dir = TempDir::new().block().unwrap();
    let files: Vec<_> = LENGTHS.iter().map(|length| dir.path().join(length.to_string())).collect();
    for (file, length) in files.iter().zip(LENGTHS) {
        std::fs::write(file, contents(length)).unwrap();
    }
    let files = Arc::new(files);
    for uncached in [0, 500, 1_000] {
        with_seeds(4, |seed| {
            let injected = inject(Faults { seed, uncached, ..Faults::default() });
            let readers: Vec<_> = (0..READERS).map(|reader| go!(read_all(files.clone(), reader))).collect();
            for reader in readers {
                reader.join().block().unwrap();
            }
            assert_eq!(injected.count() > 0, uncached > 0);
        });
    }
}
