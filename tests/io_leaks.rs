//! Nothing is left of files and programs: no descriptor, no source of events, no process. A test binary of
//! its own, and one test: descriptors belong to the whole program.
#![cfg(target_os = "linux")]

use rustroutines::io::fs::{self, File, TempDir};
use rustroutines::io::{self, Read, Write};
use rustroutines::process::{Command, Stdio};
use rustroutines::runtime::RustRoutineRuntime;
use rustroutines::{Suspend, go, routine};
use rustroutines_tests::ends;
use std::collections::BTreeSet;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The descriptors that a program has from the beginning, and that of the listing.
fn descriptors_of_a_program() -> BTreeSet<String> {
    let listing = Command::new("ls").arg("/proc/self/fd").stdin(Stdio::null()).output().block().unwrap();
    String::from_utf8(listing.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Whether any child of this program is left, running or not.
fn has_children() -> bool {
    let mut tasks =
        std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path().join("children"));
    tasks.any(|task| std::fs::read_to_string(task).is_ok_and(|children| !children.trim().is_empty()))
}

/// A file that is written, read, and dropped half way; a program that is spoken with.
#[routine]
fn busy(n: usize, path: std::path::PathBuf) -> io::Result<()> {
    let path = path.join(n.to_string());
    let mut file = File::create(&path)?;
    file.write_all(&[1; 1000])?;
    file.close()?;
    let mut file = File::open(&path)?;
    file.read_exact(&mut [0; 10])?;
    for entry in fs::read_dir("/")? {
        entry?;
        break;
    }
    let mut cat = Command::new("cat");
    let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    child.stdin.as_mut().unwrap().write_all(b"word")?;
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 4])?;
    if n % 2 == 0 {
        child.wait()?;
    }
    // Else it is killed.
    Ok(())
}

#[test]
fn nothing_is_left() {
    ends(|| {
        let inherited = descriptors_of_a_program();
        // What is there once and stays: the queue of the reactor, its bell.
        let dir = TempDir::new().block().unwrap();
        go!(busy(0, dir.path().to_owned())).join().block().unwrap().unwrap();
        let before = descriptors();
        let routines: Vec<_> = (0..60).map(|n| go!(busy(n, dir.path().to_owned()))).collect();
        for routine in routines {
            routine.join().block().unwrap().unwrap();
        }
        // Aborted at any point.
        let routines: Vec<_> = (0..60).map(|n| go!(busy(n, dir.path().to_owned()))).collect();
        for routine in &routines {
            routine.abort();
        }
        for routine in routines {
            let _ = routine.join().block();
        }
        // What was begun when it was aborted ends by itself: there is no event for that.
        while descriptors() > before || has_children() || RustRoutineRuntime::global().stats().io_sources > 0
        {
            std::thread::yield_now();
        }

        // A program gets nothing of ours but its three streams, and what this one was given.
        let _held = File::open("/proc/self/exe").block().unwrap();
        let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let now = descriptors_of_a_program();
        assert!(now.is_subset(&inherited), "{now:?}, of which {inherited:?} are not ours");
        assert!(cat.wait().block().unwrap().success());
    });
}
