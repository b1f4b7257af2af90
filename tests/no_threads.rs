//! A process that gets no threads at all.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn a_spawn_without_any_thread_is_an_error_and_no_panic() {
    let output = Command::new(env!("CARGO_BIN_EXE_deadlocks"))
        .arg("without threads")
        // No thread has room for a stack of this size.
        .env("RUST_MIN_STACK", (1_u64 << 50).to_string())
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the end\n", "{text}");
}
