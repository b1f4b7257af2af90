//! What is read on the spot, and what is left to a job.

use super::*;
use crate::Suspend;
use rustix::fs::fcntl_getfl;
use rustix::io::fcntl_getfd;
use std::ffi::OsStr;
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

/// A folder of the test's own, which goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self::new_in(std::env::temp_dir(), name)
    }

    fn new_in(base: PathBuf, name: &str) -> Self {
        let path = base.join(format!("rustroutines-cached-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file of so many bytes, no two pages of it alike.
    fn file(&self, size: usize) -> (PathBuf, Vec<u8>) {
        let bytes: Vec<u8> = (0..size).map(|n| (n / 7 + n / PAGE) as u8).collect();
        let path = self.0.join(size.to_string());
        fs::write(&path, &bytes).unwrap();
        (path, bytes)
    }

    /// Whether this system reads at all on the spot what is in this folder, once it is judged.
    fn is_read_on_the_spot(&self) -> bool {
        let (path, _) = self.file(3);
        Instead::AndJudge.read(&path).unwrap();
        let can = within_some_attempts(|| Instead::of_reading(&path)).is_some();
        if !can {
            eprintln!("skipped: this system or its file system can't");
        }
        can
    }
}

/// Others may have changed a directory in the midst of an attempt, or the system thrown something out of its cache.
fn within_some_attempts<T>(mut attempt: impl FnMut() -> Result<T, Instead>) -> Option<T> {
    (0..1_000).find_map(|_| attempt().ok())
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_in_the_cache_is_read_whole_and_on_the_spot() {
    let folder = Folder::new("whole");
    let can = folder.is_read_on_the_spot();
    for size in [0, 1, 100, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 40_000, LIMIT] {
        let (path, bytes) = folder.file(size);
        let read = within_some_attempts(|| Instead::of_reading(&path));
        assert_eq!(read.is_some(), can, "{size}");
        assert!(read.is_none_or(|read| read == bytes), "{size}");
        assert!(Instead::AsUsual.read(&path).unwrap() == bytes, "{size}");
        assert!(Instead::AndJudge.read(&path).unwrap() == bytes, "{size}");
    }
    // Through a link, too; but the system may have to note when that was last used, which is left to a job.
    let (path, bytes) = folder.file(1);
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(Instead::of_reading(&link).or_else(|instead| instead.read(&link)).unwrap(), bytes);
}

#[test]
fn such_a_file_needs_no_thread() {
    let folder = Folder::new("thread");
    if !folder.is_read_on_the_spot() {
        return;
    }
    let (path, bytes) = folder.file(5_000);
    let mut cx = Context::from_waker(Waker::noop());
    let read = within_some_attempts(|| match Pin::new(&mut crate::io::fs::read(&path)).poll(&mut cx) {
        Poll::Ready(read) => Ok(read.unwrap()),
        Poll::Pending => Err(Instead::AsUsual),
    });
    assert_eq!(read.unwrap(), bytes);
}

#[test]
fn a_file_is_opened_and_read_from_on_the_spot() {
    let mut bases = vec![std::env::temp_dir()];
    bases.extend(Some(PathBuf::from("/dev/shm")).filter(|memory| memory.exists()));
    for base in bases {
        let folder = Folder::new_in(base, "open");
        if !folder.is_read_on_the_spot() {
            continue;
        }
        let (path, bytes) = folder.file(LIMIT + 1);
        let mut cx = Context::from_waker(Waker::noop());
        let opened =
            within_some_attempts(|| match Pin::new(&mut crate::io::fs::File::open(&path)).poll(&mut cx) {
                Poll::Ready(file) => Ok(file.unwrap()),
                Poll::Pending => Err(Instead::AsUsual),
            });
        let mut file = opened.expect("it is no different from reading it");
        let mut piece = vec![0; 3_000];
        let read = match Pin::new(&mut crate::io::Read::read(&mut file, &mut piece)).poll(&mut cx) {
            Poll::Ready(read) => read.unwrap(),
            Poll::Pending => panic!("it was written a moment ago"),
        };
        assert_eq!((read, &piece), (3_000, &bytes[..3_000].to_vec()));
        // As the standard library would have opened it.
        let descriptor = file.into_std().block().unwrap();
        let theirs = File::open(&path).unwrap();
        let flags = |file: &File| (fcntl_getfl(file).unwrap(), fcntl_getfd(file).unwrap());
        assert_eq!(flags(&descriptor), flags(&theirs));
        assert_eq!(rustix::fs::tell(&descriptor).unwrap(), 3_000);
        assert!(Instead::of_opening(&folder.0).is_err() && Instead::of_opening(&path.join("below")).is_err());
    }
    assert!(Instead::of_opening(Path::new("/dev/null")).is_err());
    assert!(Instead::of_opening(Path::new("/proc/self/status")).is_err());
}

#[test]
fn whether_there_is_something_is_known_on_the_spot() {
    let mut bases = vec![std::env::temp_dir()];
    bases.extend(Some(PathBuf::from("/dev/shm")).filter(|memory| memory.exists()));
    for base in bases {
        let folder = Folder::new_in(base, "exists");
        let ((path, _), link) = (folder.file(1), folder.0.join("link"));
        std::os::unix::fs::symlink(folder.0.join("nowhere"), &link).unwrap();
        // What was looked for once is in the cache.
        let ask = |path: &Path| {
            let _ = fs::exists(path);
            let mut cx = Context::from_waker(Waker::noop());
            within_some_attempts(|| match Pin::new(&mut crate::io::fs::exists(path)).poll(&mut cx) {
                Poll::Ready(known) => Ok(known.unwrap()),
                Poll::Pending => Err(Instead::AsUsual),
            })
        };
        if ask(&path).is_none() {
            eprintln!("skipped: this system can't");
            continue;
        }
        // Names that are nobody's are kept by file systems on disks, and not by those in memory.
        let of = Kind::of(statfs(&folder.0).unwrap().f_type as u32);
        let nothing =
            |known: Option<bool>| if of == Kind::Local { known == Some(false) } else { known != Some(true) };
        assert_eq!(ask(&folder.0), Some(true));
        assert!(nothing(ask(&folder.0.join("none/none"))));
        assert!(nothing(ask(&link)), "it leads nowhere");
        fs::remove_file(&path).unwrap();
        assert!(nothing(ask(&path)), "it has gone");
        fs::write(&path, "again").unwrap();
        assert_eq!(ask(&path), Some(true), "it is back");
        // What may be an error is for a job to find again.
        assert!(Instead::of_existing(&path.join("below")).is_err());
        assert!(crate::io::fs::exists(path.join("below")).block().is_err());
    }
    let no_path = Path::new(OsStr::from_bytes(b"zero\0inside"));
    assert!(crate::io::fs::exists(no_path).block().is_err());
}

#[test]
fn the_length_is_only_a_hint() {
    let folder = Folder::new("hint");
    if !folder.is_read_on_the_spot() {
        return;
    }
    let (path, bytes) = folder.file(3 * PAGE);
    let file = within_some_attempts(|| open(&path, OFlags::RDONLY)).unwrap();
    for hint in [3 * PAGE, 3 * PAGE + 1000, 4 * PAGE] {
        assert!(
            within_some_attempts(|| read(&file, hint, ReadWriteFlags::NOWAIT)).unwrap() == bytes,
            "it was {hint}"
        );
    }
    assert!(read(&file, PAGE - 1, ReadWriteFlags::NOWAIT).is_err(), "longer than it was");
    assert!(read(&file, 0, ReadWriteFlags::NOWAIT).is_err(), "longer than nothing");
}

#[test]
fn what_is_large_or_no_regular_file_is_left_to_a_job() {
    let folder = Folder::new("others");
    folder.is_read_on_the_spot();
    let (large, _) = folder.file(LIMIT + 1);
    assert!(Instead::of_reading(&large).is_err());
    assert!(Instead::of_reading(&folder.0).is_err());
    assert!(Instead::of_reading(&folder.0.join("missing")).is_err());
    assert!(Instead::of_reading(Path::new("/dev/null")).is_err());
    assert!(Instead::of_reading(Path::new("/proc/self/status")).is_err());
    assert!(!Instead::AsUsual.read(Path::new("/proc/self/status")).unwrap().is_empty());
    // What is no path says nothing about the system.
    let can = !REFUSED.load(Ordering::Relaxed);
    assert!(Instead::of_reading(Path::new(OsStr::from_bytes(b"a\0b"))).is_err());
    assert_eq!(!REFUSED.load(Ordering::Relaxed), can);
}

#[test]
fn nobody_notices_an_attempt_at_a_pipe() {
    let folder = Folder::new("pipe");
    folder.is_read_on_the_spot();
    let pipe = folder.0.join("pipe");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no `mkfifo` here");
        return;
    }
    // It neither waits for who writes, nor lets him go on.
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "from the other end").unwrap()
    });
    for _ in 0..1_000 {
        assert!(Instead::of_reading(&pipe).is_err() && Instead::of_opening(&pipe).is_err());
    }
    assert!(!writer.is_finished());
    assert_eq!(Instead::AsUsual.read(&pipe).unwrap(), b"from the other end");
    writer.join().unwrap();
}

#[test]
fn what_is_known_of_file_systems() {
    let judged = Judged::new();
    assert_eq!(judged.look_up(0xfe01), None);
    judged.note(0xfe01, Kind::Local);
    judged.note(0xfe02, Kind::Distant);
    judged.note(0xfe03, Kind::InMemory);
    assert_eq!((judged.look_up(0xfe01), judged.look_up(0xfe02)), (Some(Kind::Local), Some(Kind::Distant)));
    assert_eq!(judged.look_up(0xfe03), Some(Kind::InMemory));
    // Numbers that lead to the same place: the last is known, and no other taken for it.
    let same = 0xfe01 + (1 << 40);
    assert!(std::ptr::eq(judged.place(same), judged.place(0xfe01)));
    assert_eq!(judged.look_up(same), None);
    judged.note(same, Kind::Distant);
    assert_eq!((judged.look_up(same), judged.look_up(0xfe01)), (Some(Kind::Distant), None));
    // A file system without a number is never known, and never read from on the spot.
    judged.note(0, Kind::Distant);
    assert_eq!(judged.look_up(0), None);
}

#[test]
fn a_file_in_memory_is_read_on_the_spot_and_whole() {
    let memory = PathBuf::from("/dev/shm");
    if !statfs(&memory).is_ok_and(|system| Kind::of(system.f_type as u32) == Kind::InMemory) {
        eprintln!("skipped: there is no file system in memory");
        return;
    }
    let folder = Folder::new_in(memory, "memory");
    let can = folder.is_read_on_the_spot();
    assert!(can || REFUSED.load(Ordering::Relaxed), "what is in memory is always there");
    for size in [0, 1, PAGE - 1, PAGE, PAGE + 1, 40_000, LIMIT] {
        let (path, bytes) = folder.file(size);
        let read = within_some_attempts(|| Instead::of_reading(&path));
        assert_eq!(read.is_some(), can, "{size}");
        assert!(read.is_none_or(|read| read == bytes), "{size}");
    }
    assert!(Instead::of_reading(&folder.file(LIMIT + 1).0).is_err());
}

/// All that is the same however often it is asked for.
fn facts(known: &Metadata) -> (u64, u64, u32, u64, Option<std::time::SystemTime>) {
    (known.dev(), known.ino(), known.mode(), known.len(), known.modified().ok())
}

#[test]
fn what_is_known_of_a_file_is_found_on_the_spot() {
    let folder = Folder::new("known");
    let can = folder.is_read_on_the_spot();
    let (large, _) = folder.file(LIMIT + 1);
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&large, &link).unwrap();
    for (path, links) in [
        (&large, Links::Followed),
        (&folder.0, Links::Followed),
        (&link, Links::Themselves),
        (&large, Links::Themselves),
    ] {
        let expected = facts(&Instead::AsUsual.look(path, links).unwrap());
        let found = within_some_attempts(|| Instead::of_looking(path, links));
        assert_eq!(found.is_some(), can, "{path:?}");
        assert!(found.is_none_or(|found| facts(&found) == expected), "{path:?}");
    }
    let through = Instead::of_looking(&link, Links::Followed);
    let through = through.or_else(|instead| instead.look(&link, Links::Followed)).unwrap();
    assert_eq!(facts(&through), facts(&fs::metadata(&large).unwrap()));
    // What is not judged is not asked; nor is what is not there.
    assert!(Instead::of_looking(Path::new("/proc/self"), Links::Followed).is_err());
    let missing = folder.0.join("missing");
    let error = Instead::of_looking(&missing, Links::Followed).unwrap_err().look(&missing, Links::Followed);
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_look_judges_the_file_system() {
    let folder = Folder::new("judge");
    let (path, _) = folder.file(1);
    let known = Instead::AndJudge.look(&path, Links::Followed).unwrap();
    assert!(JUDGED.look_up(known.dev()).is_some());
}
