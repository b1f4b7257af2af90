//! What the system copies by itself, from file to file and from file to stream: that it does, that it loses nothing, and
//! what becomes of files that change, of pipes, of who goes away.

#[path = "support/net.rs"]
mod net;
#[path = "support/random.rs"]
mod random;

use net::{on_runtime, pair};
use random::{Random, with_seeds};
use rustroutines::__faults::{Faults, inject, moved_by_system};
use rustroutines::io::fs::{self, File};
#[cfg(unix)]
use rustroutines::io::net::UnixStream;
use rustroutines::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use rustroutines::prelude::*;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

/// Faults, and the count of what was moved, are the whole process's: one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// More than one job moves from file to file, and more than sockets take before anybody reads.
const LENGTH: usize = 20_000_003;

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251 + n / 65_537) as u8).collect()
}

/// A place for the files of one test, beside what was built: on a disk, mostly.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("copy_by_system").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A file of so many bytes.
fn file(folder: &std::path::Path, length: usize) -> PathBuf {
    let path = folder.join("from");
    std::fs::write(&path, bytes(length)).unwrap();
    path
}

/// Whether the system tells what of a file is in its cache; else nothing is sent out of it.
fn tells_of_its_cache(path: &std::path::Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::io::{Errno, ReadWriteFlags, preadv2};
        let file = std::fs::File::open(path).unwrap();
        let mut byte = [0];
        let look = preadv2(&file, &mut [std::io::IoSliceMut::new(&mut byte)], 0, ReadWriteFlags::NOWAIT);
        matches!(look, Ok(_) | Err(Errno::AGAIN))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// Reads to the end, in a routine of its own.
fn gather(mut stream: impl Read + Send + Unpin + 'static) -> RoutineHandle<io::Result<Vec<u8>>> {
    go!(move || {
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Ok(all)
    })
}

/// Polls a copy so many times, unless it ends, and drops it.
fn begin_and_drop(reader: &mut (impl Read + Unpin), writer: &mut (impl Write + Unpin), polls: usize) {
    let mut copy = io::copy(reader, writer);
    for _ in 0..polls {
        if Pin::new(&mut copy).poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        // Jobs come further meanwhile, mostly.
        (0..20).for_each(|_| std::thread::yield_now());
    }
}

#[test]
fn from_file_to_file_the_system_copies_all() {
    #[routine]
    fn test() -> io::Result<()> {
        let folder = folder("file_to_file");
        let (from, to) = (file(&folder, LENGTH), folder.join("to"));
        let before = moved_by_system();
        let (mut from, mut to_file) = (File::open(&from)?, File::create(&to)?);
        assert_eq!(io::copy(&mut from, &mut to_file)?, LENGTH as u64);
        assert!(fs::read(&to)? == bytes(LENGTH));
        if cfg!(target_os = "linux") {
            assert_eq!(moved_by_system() - before, LENGTH as u64);
        }
        std::fs::remove_dir_all(folder)
    }
    let _alone = alone();
    on_runtime(test).unwrap();
}

/// Into what of a connection.
#[derive(Debug, Clone, Copy)]
enum Into {
    Tcp,
    TcpShared,
    TcpHalf,
    #[cfg(unix)]
    Unix,
}

#[routine]
fn sent(path: PathBuf, into: Into) -> io::Result<(u64, Vec<u8>)> {
    let mut from = File::open(&path)?;
    let (copied, gathered);
    match into {
        Into::Tcp => {
            let (mut here, there) = pair()?;
            gathered = gather(there);
            copied = io::copy(&mut from, &mut here)?;
        }
        Into::TcpShared => {
            let (here, there) = pair()?;
            gathered = gather(there);
            copied = io::copy(&mut from, &mut &here)?;
        }
        Into::TcpHalf => {
            let (here, there) = pair()?;
            gathered = gather(there);
            let (_read, mut write) = here.into_split();
            copied = io::copy(&mut from, &mut write)?;
        }
        #[cfg(unix)]
        Into::Unix => {
            let (mut here, there) = UnixStream::pair()?;
            gathered = gather(there);
            copied = io::copy(&mut from, &mut here)?;
        }
    }
    assert_eq!(from.stream_position()?, copied);
    Ok((copied, gathered.join().unwrap()?))
}

#[test]
fn from_a_file_to_any_stream_the_system_sends() {
    let _alone = alone();
    let folder = folder("file_to_stream");
    let path = file(&folder, LENGTH);
    let ways = [
        Into::Tcp,
        Into::TcpShared,
        Into::TcpHalf,
        #[cfg(unix)]
        Into::Unix,
    ];
    for into in ways {
        let before = moved_by_system();
        let from = path.clone();
        let (copied, gathered) = on_runtime(move || sent(from, into)).unwrap();
        assert_eq!(copied, LENGTH as u64, "{into:?}");
        assert!(gathered == bytes(LENGTH), "{into:?}");
        if tells_of_its_cache(&path) {
            let moved = moved_by_system() - before;
            // What was just written is in the cache; of that a little at the end is not worth it.
            assert!(moved > LENGTH as u64 / 2, "{into:?}: {moved}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// What lies in buffers goes first, a limit is kept to the byte, and what comes after it is still to be read.
#[test]
fn parts_of_files_and_files_behind_buffers_are_sent_too() {
    #[routine]
    fn test() -> io::Result<()> {
        let folder = folder("parts");
        let path = file(&folder, LENGTH);
        let all = bytes(LENGTH);
        let before = moved_by_system();

        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(1_000))?;
        let mut head = [0; 10];
        file.read_exact(&mut head)?;
        assert_eq!(head, all[1_000..1_010]);
        let (mut here, there) = pair()?;
        let gathered = gather(there);
        let mut part = file.take(5_000_000);
        assert_eq!(io::copy(&mut part, &mut here)?, 5_000_000);
        assert_eq!((part.limit(), io::copy(&mut part, &mut here)?), (0, 0));
        drop(here);
        assert!(gathered.join().unwrap()? == all[1_010..5_001_010]);
        assert_eq!(part.get_mut().stream_position()?, 5_001_010);

        let mut reader = BufReader::with_capacity(1_000, part.into_inner());
        assert_eq!(reader.fill_buf()?, &all[5_001_010..5_002_010]);
        reader.consume(1);
        let (mut here, there) = pair()?;
        let gathered = gather(there);
        assert_eq!(io::copy(&mut reader, &mut here)?, (LENGTH - 5_001_011) as u64);
        drop(here);
        assert!(gathered.join().unwrap()? == all[5_001_011..]);

        if tells_of_its_cache(&path) {
            assert!(moved_by_system() - before > LENGTH as u64 / 2);
        }
        std::fs::remove_dir_all(folder)
    }
    let _alone = alone();
    on_runtime(test).unwrap();
}

#[test]
fn faults_lose_nothing_of_what_is_sent() {
    let _alone = alone();
    let folder = folder("faults");
    let path = file(&folder, 3_000_000);
    with_seeds(6, |seed| {
        let faults = Faults {
            seed,
            would_block: 200,
            interrupted: 200,
            short: 300,
            uncached: 300,
            ..Faults::default()
        };
        let injected = inject(faults);
        let from = path.clone();
        let (copied, gathered) = on_runtime(move || sent(from, Into::Tcp)).unwrap();
        assert!(injected.count() > 0, "nothing went wrong");
        assert_eq!(copied, 3_000_000);
        assert!(gathered == bytes(3_000_000));
    });
    std::fs::remove_dir_all(folder).unwrap();
}

/// A copy to a stream that is dropped at any moment: the file goes on behind what the stream has taken, and so does a part
/// of a file.
#[test]
fn a_copy_to_a_stream_that_is_dropped_has_sent_what_the_file_has_given() {
    #[routine]
    fn test(path: PathBuf, seed: u64) -> io::Result<()> {
        let random = &mut Random::new(seed);
        let (mut here, there) = pair()?;
        let limit = LENGTH as u64 - random.below(3) as u64;
        let mut part = File::open(&path)?.take(limit);
        let mut gathered = Vec::new();
        let mut buf = vec![0; 1 << 20];
        while part.limit() > 0 {
            for _ in 0..random.below(20) {
                begin_and_drop(&mut part, &mut here, 1);
            }
            let place = part.get_mut().stream_position()?;
            assert_eq!(place, limit - part.limit());
            while (gathered.len() as u64) < place {
                let count = there.read(&mut buf)?;
                assert!(count > 0);
                gathered.extend_from_slice(&buf[..count]);
            }
            assert_eq!(gathered.len() as u64, place);
        }
        drop(here);
        assert_eq!(there.read(&mut buf)?, 0);
        assert!(gathered[..] == bytes(LENGTH)[..limit as usize]);
        Ok(())
    }
    let _alone = alone();
    let folder = folder("dropped");
    let path = file(&folder, LENGTH);
    with_seeds(4, |seed| {
        let path = path.clone();
        on_runtime(move || test(path, seed)).unwrap();
    });
    std::fs::remove_dir_all(folder).unwrap();
}

/// The same from file to file, dropped after each job or in the midst of one.
#[test]
fn a_large_copy_of_files_that_is_dropped_leaves_both_at_the_same_place() {
    #[routine]
    fn test(folder: PathBuf, path: PathBuf, seed: u64) -> io::Result<()> {
        let random = &mut Random::new(seed);
        let to_path = folder.join("to");
        let (mut from, mut to) = (File::open(&path)?, File::create(&to_path)?);
        let mut place = 0;
        while place < LENGTH as u64 {
            begin_and_drop(&mut from, &mut to, random.below(4));
            place = from.stream_position()?;
            assert_eq!(to.stream_position()?, place);
        }
        assert_eq!(io::copy(&mut from, &mut to)?, 0);
        assert!(fs::read(&to_path)? == bytes(LENGTH));
        Ok(())
    }
    let _alone = alone();
    let folder = folder("large");
    let path = file(&folder, LENGTH);
    with_seeds(4, |seed| {
        let (folder, path) = (folder.clone(), path.clone());
        on_runtime(move || test(folder, path, seed)).unwrap();
    });
    std::fs::remove_dir_all(folder).unwrap();
}

/// What is appended while it is being sent is sent; what is cut off is not, and the copy ends where the file does.
#[test]
fn files_that_grow_and_shrink_meanwhile() {
    #[routine]
    fn test(path: PathBuf, length: usize, now: usize) -> io::Result<()> {
        std::fs::write(&path, bytes(length))?;
        let (here, mut there) = pair()?;
        let from = File::open(&path)?;
        let copying = go!(move || {
            let (mut from, mut here) = (from, here);
            io::copy(&mut from, &mut here)
        });
        // Something is underway, and all of it is not: nobody has read.
        let mut first = [0; 1];
        there.read_exact(&mut first)?;
        let mut other = File::options().write(true).open(&path)?;
        if now > length {
            other.seek(SeekFrom::End(0))?;
            other.write_all(&bytes(now)[length..])?;
            other.flush()?;
        } else {
            other.set_len(now as u64)?;
        }
        let mut gathered = first.to_vec();
        there.read_to_end(&mut gathered)?;
        assert_eq!(copying.join().unwrap()?, gathered.len() as u64);
        if now > length {
            assert_eq!(gathered.len(), now);
        } else {
            assert!((now..length).contains(&gathered.len()), "{}", gathered.len());
        }
        let both = length.min(now);
        assert!(gathered[..both] == bytes(now)[..both]);
        Ok(())
    }
    let _alone = alone();
    let folder = folder("changing");
    let path = folder.join("from");
    // More than sockets hold that nobody reads from: mostly six million bytes.
    let (grows, shrinks) = (path.clone(), path);
    on_runtime(move || test(grows, 40_000_000, 41_000_000)).unwrap();
    on_runtime(move || test(shrinks, 40_000_000, 1_000_000)).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

/// Whoever reads goes away in the midst of it: the copy ends, with the error that a write would have had.
#[test]
fn a_stream_that_is_closed_ends_the_copy() {
    #[routine]
    fn test(path: PathBuf) -> io::Result<()> {
        for _ in 0..5 {
            let (mut here, mut there) = pair()?;
            let mut from = File::open(&path)?;
            let reader = go!(move || {
                there.read_exact(&mut [0; 1_000])?;
                drop(there);
                io::Result::Ok(())
            });
            let error = io::copy(&mut from, &mut here).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
            reader.join().unwrap()?;
            // Nothing of the file is lost: it goes on somewhere.
            let place = from.stream_position()? as usize;
            let mut rest = Vec::new();
            from.read_to_end(&mut rest)?;
            assert_eq!(place + rest.len(), LENGTH);
        }
        Ok(())
    }
    let _alone = alone();
    let folder = folder("closed");
    let path = file(&folder, LENGTH);
    on_runtime(move || test(path)).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

/// The deadline of a stream is one for what the system sends, too.
#[test]
fn a_deadline_ends_the_copy() {
    #[routine]
    fn test(path: PathBuf) -> io::Result<()> {
        let (mut here, mut there) = pair()?;
        here.set_write_deadline(Some(std::time::Instant::now() + std::time::Duration::from_millis(50)));
        let mut from = File::open(&path)?;
        let error = io::copy(&mut from, &mut here).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let place = from.stream_position()?;
        drop(here);
        let mut gathered = Vec::new();
        there.read_to_end(&mut gathered)?;
        assert_eq!(gathered.len() as u64, place);
        Ok(())
    }
    let _alone = alone();
    let folder = folder("deadline");
    let path = file(&folder, LENGTH);
    on_runtime(move || test(path)).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

/// What has no places in it: from a pipe to a file and to a stream, and into a pipe.
#[cfg(unix)]
#[test]
fn pipes_are_copied_by_hand() {
    fn ends() -> (File, std::fs::File) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        (File::from(std::fs::File::from(read)), std::fs::File::from(write))
    }

    #[routine]
    fn fill(mut to: std::fs::File) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || std::io::Write::write_all(&mut to, &bytes(1_000_000)).unwrap())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let folder = folder("pipes");
        let (mut from, write) = ends();
        let filler = fill(write);
        let mut to = File::create(folder.join("to"))?;
        assert_eq!(io::copy(&mut from, &mut to)?, 1_000_000);
        filler.join().unwrap();
        assert!(fs::read(folder.join("to"))? == bytes(1_000_000));

        let (mut from, write) = ends();
        let filler = fill(write);
        let (mut here, there) = pair()?;
        let gathered = gather(there);
        assert_eq!(io::copy(&mut from, &mut here)?, 1_000_000);
        drop(here);
        filler.join().unwrap();
        assert!(gathered.join().unwrap()? == bytes(1_000_000));

        let (read, write) = ends();
        let gathered = gather(read);
        let mut from = File::open(folder.join("to"))?;
        let mut write = File::from(write);
        assert_eq!(io::copy(&mut from, &mut write)?, 1_000_000);
        drop(write);
        assert!(gathered.join().unwrap()? == bytes(1_000_000));
        std::fs::remove_dir_all(folder)
    }
    let _alone = alone();
    on_runtime(test).unwrap();
}

/// There the system does not tell what is in its cache, because all of it is.
#[cfg(target_os = "linux")]
#[test]
fn a_file_in_memory_is_sent_by_the_system() {
    #[routine]
    fn test(path: PathBuf) -> io::Result<()> {
        // Of each file system the first file is looked at by a job.
        assert_eq!(fs::metadata(&path)?.len(), LENGTH as u64);
        let before = moved_by_system();
        let (copied, gathered) = sent(path, Into::Tcp)?;
        assert_eq!(copied, LENGTH as u64);
        assert!(gathered == bytes(LENGTH));
        assert!(moved_by_system() - before > LENGTH as u64 / 2);
        Ok(())
    }
    let _alone = alone();
    let shared = PathBuf::from("/dev/shm");
    if rustix::fs::statfs(&shared).is_ok_and(|known| known.f_type == 0x0102_1994) {
        let path = shared.join(format!("rustroutines-sent-{}", std::process::id()));
        std::fs::write(&path, bytes(LENGTH)).unwrap();
        let result = on_runtime({
            let path = path.clone();
            move || test(path)
        });
        std::fs::remove_file(path).unwrap();
        result.unwrap();
    }
}

/// From one file system to another, which the system may refuse to do by itself.
#[cfg(target_os = "linux")]
#[test]
fn a_copy_goes_across_file_systems() {
    #[routine]
    fn test() -> io::Result<()> {
        let folder = folder("across");
        let path = file(&folder, LENGTH);
        let shared = PathBuf::from("/dev/shm");
        if !shared.is_dir() {
            return std::fs::remove_dir_all(folder);
        }
        let other = shared.join(format!("rustroutines-copy-{}", std::process::id()));
        {
            let (mut from, mut to) = (File::open(&path)?, File::create(&other)?);
            assert_eq!(io::copy(&mut from, &mut to)?, LENGTH as u64);
        }
        let back = folder.join("back");
        {
            let (mut from, mut to) = (File::open(&other)?, File::create(&back)?);
            assert_eq!(io::copy(&mut from, &mut to)?, LENGTH as u64);
        }
        std::fs::remove_file(other)?;
        assert!(fs::read(&back)? == bytes(LENGTH));
        std::fs::remove_dir_all(folder)
    }
    let _alone = alone();
    on_runtime(test).unwrap();
}
