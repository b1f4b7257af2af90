//! A program under `#[routine] fn main` in which nothing can ever run again ends with a report; one that
//! only waits does not.
#![cfg(target_os = "linux")]

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What the program does, which must end: a deadlock that is not found hangs.
fn run(name: &str, workers: usize) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deadlocks"))
        .arg(name)
        .env("RUSTROUTINES_WORKERS", workers.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let begin = Instant::now();
    while child.try_wait().expect("it can be waited for").is_none() {
        if begin.elapsed() > Duration::from_secs(60) {
            child.kill().expect("it can be killed");
            panic!("`{name}` with {workers} workers hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("it has ended")
}

/// What a program that deadlocks says, after the first line.
fn report(name: &str, workers: usize) -> String {
    let output = run(name, workers);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{name}: {text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{name}: it went on to its end");
    let report = text.strip_prefix("all routines are asleep: deadlock\n");
    report.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
}

#[test]
fn every_kind_of_deadlock_is_found() {
    for name in [
        "alone",
        "cycle",
        "select",
        "after a timer",
        "after a job",
        "after a job that nobody waits for",
        "after a thread",
        "with a thread that blocks too",
        "in a routine that blocks",
        "after a poll that took long",
        "in a runtime of its own",
        "after a socket",
        "after a socket that a routine waited at",
        "after a socket that went while all slept",
        "after a socket of another runtime",
        "after a child",
    ] {
        for workers in [1, 2] {
            report(name, workers);
        }
    }
}

#[test]
fn who_can_still_be_woken_is_left_alone() {
    for name in [
        "a timer",
        "ticks",
        "a thread",
        "a job",
        "a poll that takes long",
        "a storm",
        "handing over",
        "a socket",
        "a socket that comes when all sleep",
        "sockets that come and go",
        "a child",
        "a signal",
    ] {
        for workers in [1, 2] {
            let output = run(name, workers);
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} with {workers} workers: {text}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), "the end\n");
        }
    }
}

#[test]
fn the_report_says_who_waits_for_what() {
    let text = report("cycle", 2);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "routines: 2, threads that block: 1", "{text}");
    let one = lines.iter().find(|line| line.contains("`one`")).expect("routine one is there");
    assert!(one.contains("spawned at tests/programs/deadlocks.rs:"), "{one}");
    assert!(one.contains("receiving from the bounded channel made at tests/programs/deadlocks.rs:"), "{one}");
    assert!(one.ends_with("(0 of 3 values), which has 1 sender"), "{one}");
    let two = lines.iter().find(|line| line.contains("`two`")).expect("routine two is there");
    assert!(two.contains("receiving from the unbuffered channel made at"), "{two}");
    let main = lines.iter().find(|line| line.contains("thread `main`")).expect("main is there");
    assert!(main.contains("joining routine 1"), "{main}");
}

#[test]
fn a_select_in_main_is_shown_with_its_cases() {
    let text = report("select", 2);
    assert!(text.contains("thread `main`: select of 2: receiving from"), "{text}");
}

#[test]
fn a_routine_that_blocks_is_shown_with_its_thread() {
    let text = report("in a routine that blocks", 2);
    assert!(text.contains(", in routine 1: receiving from the unbuffered channel"), "{text}");
}
