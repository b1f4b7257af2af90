//! `io::fs`: what is done by the path, and going over directories.

use rustroutines::io::fs::{self, File, TempDir, TempFile};
use rustroutines::io::{ErrorKind, Read, Write};
use rustroutines::{Suspend, go, routine};
use rustroutines_tests::ends;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[routine]
#[test]
fn whole_files() {
    let dir = TempDir::new().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    fs::write(&one, "text").unwrap();
    assert_eq!(fs::read(&one).unwrap(), b"text");
    assert_eq!(fs::copy(&one, &two).unwrap(), 4);
    assert_eq!(fs::read_to_string(&two).unwrap(), "text");
    fs::write(&two, vec![0xff]).unwrap();
    assert_eq!(fs::read_to_string(&two).unwrap_err().kind(), ErrorKind::InvalidData);
    fs::rename(&two, &one).unwrap();
    assert!(!fs::exists(&two).unwrap());
    assert_eq!(fs::metadata(&one).unwrap().len(), 1);
    fs::remove_file(&one).unwrap();
    assert_eq!(fs::read(&one).unwrap_err().kind(), ErrorKind::NotFound);
}

#[routine]
#[test]
fn directories() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("a").join("b").join("c");
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(fs::create_dir(&deep).unwrap_err().kind(), ErrorKind::AlreadyExists);
    fs::write(deep.join("file"), "").unwrap();
    assert!(fs::remove_dir(&deep).is_err());
    fs::remove_dir_all(dir.path().join("a")).unwrap();
    assert!(!fs::exists(&deep).unwrap());
}

#[routine]
#[test]
fn permissions() {
    let file = TempFile::new().unwrap();
    let mut permissions = fs::metadata(file.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(file.path(), permissions).unwrap();
    assert!(fs::metadata(file.path()).unwrap().permissions().readonly());
}

#[cfg(unix)]
#[routine]
#[test]
fn links() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("file"), "text").unwrap();
    fs::symlink("file", path("soft")).unwrap();
    fs::hard_link(path("file"), path("hard")).unwrap();
    assert_eq!(fs::read_link(path("soft")).unwrap(), std::path::Path::new("file"));
    assert!(fs::symlink_metadata(path("soft")).unwrap().is_symlink());
    assert!(fs::metadata(path("soft")).unwrap().is_file());
    assert_eq!(fs::canonicalize(path("soft")).unwrap(), fs::canonicalize(path("file")).unwrap());
    fs::remove_file(path("file")).unwrap();
    assert_eq!(fs::read_to_string(path("hard")).unwrap(), "text");
    assert!(!fs::exists(path("soft")).unwrap());
}

/// A directory with as many files.
fn directory(count: usize) -> TempDir {
    let dir = TempDir::new().block().unwrap();
    for n in 0..count {
        std::fs::write(dir.path().join(n.to_string()), "").unwrap();
    }
    dir
}

#[test]
fn each_entry_comes_once_however_many_there_are() {
    for count in [0, 1, 255, 256, 257, 1_000] {
        let dir = directory(count);
        let path = dir.path().to_owned();
        let entries = go!(move || {
            let mut names = BTreeSet::new();
            for entry in fs::read_dir(&path).unwrap() {
                let entry = entry.unwrap();
                assert!(entry.file_type().unwrap().is_file());
                assert_eq!(entry.path(), path.join(entry.file_name()));
                assert!(names.insert(entry.file_name()), "twice");
            }
            names.len()
        });
        assert_eq!(entries.join().block().unwrap(), count);
        assert_eq!(fs::read_dir(dir.path()).block().unwrap().count(), count, "by blocking");
    }
}

#[test]
fn a_wait_for_an_entry_that_is_dropped_loses_none() {
    ends(|| {
        let dir = directory(1_000);
        // A job may be done before its first poll is over; then nothing is dropped, and it is tried again.
        let mut dropped = 0;
        for _round in 0..1_000 {
            let mut entries = fs::read_dir(dir.path()).block().unwrap();
            let mut names = BTreeSet::new();
            loop {
                let mut next = entries.next();
                match Pin::new(&mut next).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(None) => break,
                    Poll::Ready(Some(entry)) => assert!(names.insert(entry.unwrap().file_name())),
                    Poll::Pending => dropped += 1,
                }
            }
            assert_eq!(names.len(), 1_000);
            if dropped > 0 {
                return;
            }
        }
        panic!("it never had to wait: nothing was tested");
    });
}

#[routine]
#[test]
fn metadata_of_an_entry() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("file"), "text").unwrap();
    let mut entries = fs::read_dir(dir.path()).unwrap();
    let entry = entries.next().unwrap().unwrap();
    assert_eq!(entry.metadata().unwrap().len(), 4);
    assert!(entries.next().is_none() && entries.next().is_none());
}

#[routine]
#[test]
fn what_is_temporary_goes() {
    let dir = TempDir::new().unwrap();
    let file = TempFile::new_in(dir.path()).unwrap();
    let (path, inside) = (dir.path().to_owned(), file.path().to_owned());
    assert!(fs::exists(&inside).unwrap());
    drop(file);
    assert!(!fs::exists(&inside).unwrap());
    fs::write(path.join("left"), "over").unwrap();
    drop(dir);
    assert!(!fs::exists(&path).unwrap());
    TempDir::new().unwrap().close().unwrap();
    let kept = TempDir::new().unwrap().keep();
    fs::remove_dir(kept).unwrap();
}

#[routine]
#[test]
fn a_temporary_file_takes_the_place_of_another() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("settings");
    fs::write(&path, "old").unwrap();
    let mut file = TempFile::new_in(dir.path()).unwrap();
    file.write_all(b"new").unwrap();
    file.sync_all().unwrap();
    let mut file: File = file.persist(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(file.read(&mut [0]).unwrap(), 0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[routine]
#[test]
fn nobody_else_may_look_into_what_is_temporary() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, file) = (TempDir::new().unwrap(), TempFile::new().unwrap());
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o077, 0);
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o077, 0);
}
