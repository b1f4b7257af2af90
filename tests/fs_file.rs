//! An open file: against a model of it, also when operations on it are dropped half way.

#[path = "support/random.rs"]
mod random;

use random::{Random, with_seeds};
use rustroutines::channel::Sender;
use rustroutines::io::fs::{self, File, TempDir, TempFile};
use rustroutines::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::time::sleep;
use rustroutines::{Suspend, go, routine};
use rustroutines_tests::ends;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A file as it should be.
struct Model {
    bytes: Vec<u8>,
    place: usize,
}

impl Model {
    fn read(&mut self, length: usize) -> &[u8] {
        let begin = self.place.min(self.bytes.len());
        let end = (begin + length).min(self.bytes.len());
        self.place += end - begin;
        &self.bytes[begin..end]
    }

    fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = self.place + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[self.place..end].copy_from_slice(bytes);
        self.place = end;
    }
}

/// Carries an operation out, or polls it once or twice and drops it.
fn dropped_now_and_then<O: Suspend + Unpin>(mut operation: O, random: &mut Random) -> Option<O::Output> {
    if random.below(3) > 0 {
        return Some(operation.block());
    }
    for _ in 0..1 + random.below(2) {
        if let Poll::Ready(output) = Pin::new(&mut operation).poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
        if random.below(4) == 0 {
            // Now and then it comes as far as its end, with nobody there to hear of it.
            std::thread::sleep(Duration::from_micros(100));
        }
    }
    None
}

/// Anything one can do with a file, in any order, each operation dropped now and then. What was reported
/// is what happened, and the place is never wrong.
fn compare_with_model(seed: u64) {
    let mut random = Random::new(seed);
    let mut file = TempFile::new().block().unwrap();
    let mut model = Model { bytes: Vec::new(), place: 0 };
    for _ in 0..300 {
        match random.below(20) {
            0..=6 => {
                let length = if random.below(8) == 0 { 300_000 } else { random.below(2_000) };
                let mut buf = vec![0; length];
                if let Some(count) = dropped_now_and_then(file.read(&mut buf), &mut random) {
                    let count = count.unwrap();
                    let ended = model.place >= model.bytes.len() || length == 0;
                    assert_eq!(count == 0, ended, "the end is where it should be");
                    assert!(buf[..count] == *model.read(count));
                }
            }
            7..=13 => {
                let length = if random.below(8) == 0 { 300_000 } else { random.below(2_000) };
                let first = random.below(256);
                let bytes: Vec<u8> = (first..first + length).map(|n| (n % 251) as u8).collect();
                if let Some(count) = dropped_now_and_then(file.write(&bytes), &mut random) {
                    model.write(&bytes[..count.unwrap()]);
                }
            }
            14..=16 => {
                let length = model.bytes.len();
                let to = match random.below(3) {
                    0 => SeekFrom::Start(random.below(length + 10) as u64),
                    1 => SeekFrom::End(-(random.below(length + 1) as i64)),
                    _ => SeekFrom::Current(random.below(2_000) as i64 - 1_000),
                };
                let expected = match to {
                    SeekFrom::Start(place) => Some(place as usize),
                    SeekFrom::End(by) => length.checked_add_signed(by as isize),
                    SeekFrom::Current(by) => model.place.checked_add_signed(by as isize),
                };
                match dropped_now_and_then(file.seek(to), &mut random) {
                    Some(place) => {
                        assert_eq!(place.ok(), expected.map(|place| place as u64));
                        model.place = expected.unwrap_or(model.place);
                    }
                    // It may have moved or not.
                    None => model.place = file.rewind().block().unwrap() as usize,
                }
            }
            17 => {
                let length = random.below(model.bytes.len() + 1_000);
                match dropped_now_and_then(file.set_len(length as u64), &mut random) {
                    Some(done) => {
                        done.unwrap();
                        model.bytes.resize(length, 0);
                    }
                    // It may have happened or not, but it does not happen later.
                    None => {
                        let now = file.metadata().block().unwrap().len() as usize;
                        assert!([length, model.bytes.len()].contains(&now));
                        model.bytes.resize(now, 0);
                    }
                }
            }
            18 => {
                if let Some(flushed) = dropped_now_and_then(file.flush(), &mut random) {
                    flushed.unwrap();
                    assert!(std::fs::read(file.path()).unwrap() == model.bytes);
                }
            }
            _ => {
                assert_eq!(file.stream_position().block().unwrap() as usize, model.place);
                assert_eq!(file.metadata().block().unwrap().len() as usize, model.bytes.len());
            }
        }
    }
    let (file, path) = file.keep();
    if random.below(2) == 0 {
        drop(file);
    } else {
        let mut std = file.into_std().block().unwrap();
        assert_eq!(std::io::Seek::stream_position(&mut std).unwrap() as usize, model.place);
    }
    assert!(std::fs::read(&path).unwrap() == model.bytes, "dropping writes what was reported");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn it_does_what_a_file_does() {
    ends(|| with_seeds(30, compare_with_model));
}

#[routine]
#[test]
fn a_seek_after_a_partial_read_counts_from_what_was_read() {
    let mut file = TempFile::new().unwrap();
    file.write_all(b"hello, world").unwrap();
    file.rewind().unwrap();
    let mut piece = [0; 5];
    file.read_exact(&mut piece).unwrap();
    assert_eq!(file.seek(SeekFrom::Current(2)).unwrap(), 7);
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "world");
    assert_eq!(file.seek(SeekFrom::Current(-13)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(file.stream_position().unwrap(), 12, "a move that fails does not move");
}

#[routine]
#[test]
fn a_write_after_a_partial_read_goes_where_the_reader_is() {
    let mut file = TempFile::new().unwrap();
    file.write_all(b"aaaa").unwrap();
    file.rewind().unwrap();
    file.read_exact(&mut [0; 2]).unwrap();
    file.write_all(b"X").unwrap();
    let mut last = [0; 1];
    file.read_exact(&mut last).unwrap();
    assert_eq!(&last, b"a");
    assert_eq!(std::fs::read(file.path()).unwrap(), b"aaXa");
}

/// Any of the traits, by one name.
trait ReadAndWrite: BufRead + Write + Seek + Unpin + Send {}

impl<T: BufRead + Write + Seek + Unpin + Send> ReadAndWrite for T {}

#[routine]
fn first_line(file: &mut impl ReadAndWrite) -> io::Result<String> {
    writeln!(file, "one\ntwo")?;
    file.rewind()?;
    let mut line = String::new();
    file.read_line(&mut line)?;
    Ok(line)
}

#[routine]
#[test]
fn a_temporary_file_can_stand_for_a_file() {
    let (mut file, mut copied) = (TempFile::new().unwrap(), TempFile::new().unwrap());
    assert_eq!(first_line(&mut file).unwrap(), "one\n");
    assert_eq!(io::copy(&mut file, &mut copied).unwrap(), 4);
    copied.rewind().unwrap();
    let path = copied.path().to_owned();
    let mut lines = Vec::new();
    for line in copied.lines() {
        lines.push(line.unwrap());
    }
    assert_eq!(lines, ["two"]);
    assert!(!path.exists(), "it is gone with the lines that owned it");
}

#[routine]
#[test]
fn lines_of_a_file_need_no_other_buffer() {
    let mut file = TempFile::new().unwrap();
    for n in 0..20_000 {
        file.write_all(format!("{n}\n").as_bytes()).unwrap();
    }
    file.rewind().unwrap();
    let mut expected = 0;
    for line in file.by_ref().lines() {
        assert_eq!(line.unwrap().parse::<u32>().unwrap(), expected);
        expected += 1;
    }
    assert_eq!(expected, 20_000);
}

#[routine]
#[test]
fn errors_of_writing_are_reported_and_nothing_written_is_forgotten() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "old").unwrap();
    // Opened for reading: the system refuses each write.
    let mut file = File::open(&path).unwrap();
    file.write_all(b"new").unwrap();
    assert!(file.flush().is_err());
    assert!(file.flush().is_err(), "it is still to be written");
    assert!(file.write(b"more").is_err(), "nothing is gathered after an error");
    assert!(file.read(&mut [0; 1]).is_err());
    assert!(file.metadata().is_err());
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[routine]
#[test]
fn what_is_written_comes_in_order_however_much_it_is() {
    let mut file = TempFile::new().unwrap();
    let mut expected = Vec::new();
    for n in 0..40_000_u32 {
        let piece = n.to_le_bytes().repeat(n as usize % 200);
        file.write_all(&piece).unwrap();
        expected.extend(piece);
    }
    file.flush().unwrap();
    assert!(std::fs::read(file.path()).unwrap() == expected);
    // A drop writes the rest, also where a job is at it.
    file.write_all(&expected).unwrap();
    let (file, path) = file.keep();
    drop(file);
    assert!(std::fs::read(&path).unwrap() == expected.repeat(2));
    std::fs::remove_file(path).unwrap();
}

#[cfg(target_os = "linux")]
#[routine]
#[test]
fn a_full_disk_is_reported() {
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    full.write_all(b"x").unwrap();
    assert_eq!(full.flush().unwrap_err().kind(), ErrorKind::StorageFull);
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(full.write_all(&vec![0; 1_000_000]).is_err());
}

#[cfg(target_os = "linux")]
#[routine]
#[test]
fn what_has_no_place_is_read_all_the_same() {
    let mut zeros = File::open("/dev/zero").unwrap();
    let mut some = vec![1; 100_000];
    zeros.read_exact(&mut some).unwrap();
    assert!(some.iter().all(|&byte| byte == 0));
    let mut status = String::new();
    File::open("/proc/self/status").unwrap().read_to_string(&mut status).unwrap();
    assert!(status.contains("VmRSS"));
}

#[routine]
#[test]
fn two_of_one_file_have_one_place() {
    let mut file = TempFile::new().unwrap();
    file.write_all(b"abcdef").unwrap();
    file.rewind().unwrap();
    file.read_exact(&mut [0; 2]).unwrap();
    let mut other = file.try_clone().unwrap();
    let mut two = [0; 2];
    other.read_exact(&mut two).unwrap();
    assert_eq!(&two, b"cd");
}

#[routine]
#[test]
fn large_files_come_and_go() {
    let mut file = TempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000).map(|n| (n % 253) as u8).collect();
    file.write_all(&bytes).unwrap();
    file.sync_all().unwrap();
    file.rewind().unwrap();
    let mut all = Vec::new();
    file.read_to_end(&mut all).unwrap();
    assert!(all == bytes);
    let mut copy = TempFile::new().unwrap();
    file.rewind().unwrap();
    assert_eq!(io::copy(&mut *file, &mut *copy).unwrap(), 3_000_000);
    assert!(fs::read(copy.path()).unwrap() == bytes);
}

#[routine]
fn write_and_wait(path: PathBuf, written: Sender<()>) -> io::Result<()> {
    let mut file = File::create(&path)?;
    file.write_all(b"reported")?;
    written.send(()).unwrap();
    sleep(Duration::MAX);
    file.flush()
}

#[test]
fn what_was_written_survives_the_shutdown_of_the_runtime() {
    ends(|| {
        let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
        let dir = TempDir::new().block().unwrap();
        let path = dir.path().join("file");
        let (written, is_written) = rustroutines::channel::bounded_channel(1);
        let there = path.clone();
        runtime.spawn(move || write_and_wait(there, written));
        is_written.recv().block().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"", "it is only gathered");
        runtime.shutdown(Duration::ZERO);
        assert_eq!(std::fs::read(&path).unwrap(), b"reported");
    });
}

#[test]
fn many_files_at_once() {
    ends(|| {
        let dir = TempDir::new().block().unwrap();
        let routines: Vec<_> = (0..200)
            .map(|n| {
                let path = dir.path().join(n.to_string());
                go!(move || {
                    let mut file = File::create(&path)?;
                    for _ in 0..50 {
                        file.write_all(format!("{n}\n").as_bytes())?;
                    }
                    file.close()?;
                    let mut sum = 0;
                    for line in File::open(&path)?.lines() {
                        sum += line?.parse::<usize>().unwrap();
                    }
                    io::Result::Ok(sum)
                })
            })
            .collect();
        for (n, routine) in routines.into_iter().enumerate() {
            assert_eq!(routine.join().block().unwrap().unwrap(), 50 * n);
        }
    });
}
