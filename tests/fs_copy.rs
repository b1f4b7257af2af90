//! `io::copy` between files: what the system moves, what it cannot, and what either file holds in its buffers
//! meanwhile.

#[path = "support/random.rs"]
mod random;

use random::{Random, with_seeds};
use rustroutines::io::fs::{self, File, TempDir, TempFile};
use rustroutines::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use rustroutines::{Suspend, routine};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

fn some_bytes(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.below(256) as u8).collect()
}

/// What a write of `bytes` at `place` makes of `all`.
fn put(all: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    all.resize(all.len().max(place + bytes.len()), 0);
    all[place..place + bytes.len()].copy_from_slice(bytes);
}

/// Whatever was read ahead, gathered or skipped on either side, the copy goes from the place that the user sees in the
/// one to that in the other, and leaves both behind it.
#[routine]
fn copy_from_place_to_place(random: &mut Random) -> io::Result<()> {
    let (from_length, to_length) = (random.below(200_000), random.below(50_000));
    let (all, mut expected) = (some_bytes(random, from_length), some_bytes(random, to_length));
    let (mut from, mut to) = (TempFile::new()?, TempFile::new()?);
    from.write_all(&all)?;
    to.write_all(&expected)?;
    let begin = random.below(from_length + 1);
    from.seek(SeekFrom::Start(begin as u64))?;
    let mut head = vec![0; random.below((from_length - begin).min(100) + 1)];
    from.read_exact(&mut head)?;
    assert_eq!(head, all[begin..begin + head.len()]);
    let rest = &all[begin + head.len()..];
    let mut place = to_length;
    if random.below(2) == 0 {
        place = random.below(to_length + 1);
        to.seek(SeekFrom::Start(place as u64))?;
        to.write_all(b"gathered")?;
        put(&mut expected, place, b"gathered");
        place += 8;
    }
    put(&mut expected, place, rest);
    put(&mut expected, place + rest.len(), b".");

    assert_eq!(io::copy(&mut *from, &mut *to)?, rest.len() as u64);
    to.write_all(b".")?;
    to.flush()?;
    assert!(fs::read(to.path())? == expected);
    assert_eq!(from.stream_position()?, from_length as u64);
    assert_eq!(to.stream_position()?, (place + rest.len() + 1) as u64);
    assert_eq!(from.read(&mut [0; 8])?, 0);
    Ok(())
}

#[test]
fn a_copy_goes_from_place_to_place() {
    with_seeds(60, |seed| copy_from_place_to_place(&mut Random::new(seed)).block().unwrap());
}

/// More than one piece of what the system moves at a time, also by way of references and boxes.
#[routine]
#[test]
fn large_files_are_copied_whole() {
    let bytes: Vec<u8> = (0..20_000_001_u32).map(|n| (n % 251) as u8).collect();
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::write(&from, bytes.clone()).unwrap();
    let mut reader: Box<dyn Read + Send + Unpin> = Box::new(File::open(&from).unwrap());
    let mut writer = File::create(&to).unwrap();
    assert_eq!(io::copy(&mut reader, &mut &mut writer).unwrap(), 20_000_001);
    assert!(fs::read(&to).unwrap() == bytes);
}

/// The system moves nothing to a file that is opened to be appended to.
#[routine]
#[test]
fn a_copy_is_appended() {
    let mut from = TempFile::new().unwrap();
    from.write_all(b"and more").unwrap();
    from.rewind().unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "some ").unwrap();
    let mut log = File::options().append(true).open(&path).unwrap();
    assert_eq!(io::copy(&mut *from, &mut log).unwrap(), 8);
    assert_eq!(fs::read_to_string(&path).unwrap(), "some and more");
}

/// A file of which the system says that it is empty, and which is not.
#[cfg(target_os = "linux")]
#[routine]
#[test]
fn what_has_no_length_is_copied() {
    let mut to = TempFile::new().unwrap();
    let mut from = File::open("/proc/self/status").unwrap();
    let count = io::copy(&mut from, &mut *to).unwrap();
    assert!(count > 100, "{count}");
    assert_eq!(fs::metadata(to.path()).unwrap().len(), count);
}

/// A file that may not be written: the error is the one that a write brings.
#[routine]
#[test]
fn errors_are_those_of_reads_and_writes() {
    let mut from = TempFile::new().unwrap();
    from.write_all(b"something").unwrap();
    from.rewind().unwrap();
    let mut to = File::open(from.path()).unwrap();
    let by_hand = {
        let mut to = File::open(from.path()).unwrap();
        to.write_all(b"something").unwrap();
        to.flush().unwrap_err()
    };
    let error = io::copy(&mut *from, &mut to).unwrap_err();
    assert_eq!(error.raw_os_error(), by_hand.raw_os_error());
}

/// A copy that is dropped at any moment: each file goes on where the piece that was being moved has ended, and what one
/// has given the other has got.
#[test]
fn a_copy_that_is_dropped_leaves_both_at_the_same_place() {
    with_seeds(60, |seed| {
        let random = &mut Random::new(seed);
        let length = 3_000_000;
        let (mut from, mut to) = (TempFile::new().block().unwrap(), TempFile::new().block().unwrap());
        let bytes = some_bytes(random, 1_000).repeat(length / 1_000);
        from.write_all(&bytes).block().unwrap();
        from.rewind().block().unwrap();
        {
            let mut copy = io::copy(&mut *from, &mut *to);
            for _ in 0..random.below(6) {
                if Pin::new(&mut copy).poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                if random.below(2) == 0 {
                    // Now and then a job has come to its end by then.
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
        }
        let place = from.stream_position().block().unwrap();
        assert_eq!(to.stream_position().block().unwrap(), place);
        assert_eq!(io::copy(&mut *from, &mut *to).block().unwrap(), length as u64 - place);
        assert!(std::fs::read(to.path()).unwrap() == bytes);
    });
}

/// What a file has read ahead is copied out of its buffer, to whatever writer.
#[routine]
#[test]
fn a_copy_out_of_a_file_begins_with_what_was_read_ahead() {
    let mut from = TempFile::new().unwrap();
    from.write_all(b"one\ntwo\nthree\n").unwrap();
    from.rewind().unwrap();
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    let mut rest = Vec::new();
    assert_eq!(io::copy(&mut *from, &mut rest).unwrap(), 10);
    assert_eq!(rest, b"two\nthree\n");
}
