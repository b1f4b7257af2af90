//! A dump when a signal comes.
#![cfg(unix)]

use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_process_says_what_its_routines_do_and_goes_on() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deadlocks"))
        .arg("signalled")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(out.next().unwrap().unwrap(), "ready");
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut dumps = 0;
    while dumps < 2 {
        let sent = Command::new("sh").args(["-c", &format!("kill -QUIT {}", child.id())]).status();
        assert!(sent.expect("a shell starts").success());
        let first = errors.next().unwrap().unwrap();
        assert!(first.starts_with("routines: 1, "), "{first}");
        let routine = errors.next().unwrap().unwrap();
        assert!(routine.contains("`the sleeper`, spawned at tests/programs/deadlocks.rs:"), "{routine}");
        // On its way to its first sleep it runs.
        if dumps > 0 || !routine.ends_with(": running") {
            assert!(routine.contains(": sleeping for "), "{routine}");
            dumps += 1;
        }
        // The main thread reads its input, and blocks in no operation.
    }
    // It waits for its input to end.
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(out.next().unwrap().unwrap(), "the end");
}

#[test]
fn a_signal_that_cannot_be_caught_is_refused() {
    // SIGKILL, and numbers that are no signals.
    for signal in [9, -1, 0, 127, 1_000] {
        let refused = RustRoutineRuntime::with_config(RuntimeConfig::new().dump_on_signal(signal));
        let text = refused.unwrap_err().to_string();
        assert!(text.starts_with(&format!("invalid configuration: signal {signal} cannot be ")), "{text}");
    }
}
