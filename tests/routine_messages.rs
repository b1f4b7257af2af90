//! What a program says when something goes wrong in a routine.

use rustroutines::error::{JoinError, RuntimeError, SpawnError, Timeout};
use rustroutines::prelude::*;
use std::error::Error;

#[routine]
fn one() -> u32 {
    1
}

/// What a routine panicked with, as its joiner reads it.
fn message<T: std::fmt::Debug>(routine: RoutineHandle<T>) -> String {
    routine.join().block().unwrap_err().to_string()
}

#[test]
fn a_failed_assertion_shows_what_was_written() {
    let plain = go!(|| assert!(one() == 2));
    assert_eq!(message(plain), "the routine panicked: assertion failed: one() == 2");
    let braces = go!(|| assert!(one() == { 2 },));
    assert_eq!(message(braces), "the routine panicked: assertion failed: one() == { 2 }");
    let own_words = go!(|| assert!(one() == 2, "one is {}", one()));
    assert_eq!(message(own_words), "the routine panicked: one is 1");
}

#[test]
fn a_panic_says_its_text_whatever_its_type() {
    assert_eq!(message(go!(|| panic!("static"))), "the routine panicked: static");
    assert_eq!(message(go!(|| panic!("formatted {}", one()))), "the routine panicked: formatted 1");
    let odd = go!(|| std::panic::panic_any(7));
    let error: JoinError = odd.join().block().unwrap_err();
    assert_eq!(error.panic_message(), Some("(a payload that is no text)"));
    let JoinError::Panicked(panic) = error else { panic!("it panicked") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&7));
}

#[routine]
fn shows() -> (u32, u32) {
    dbg!(one() + { 1 });
    dbg!(one(), 2)
}

#[test]
fn dbg_shows_what_was_written() {
    if std::env::var_os("RUSTROUTINES_SHOWS").is_some() {
        assert_eq!(shows().block(), (1, 2));
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "dbg_shows_what_was_written", "--nocapture"]);
    let shown = again.env("RUSTROUTINES_SHOWS", "1").output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stderr);
    let lines = [("40:5", "one() + { 1 } = 2"), ("41:5", "one() = 1"), ("41:5", "2 = 2")];
    let expected = lines.map(|(place, text)| format!("[{}:{place}] {text}\n", file!()));
    assert_eq!(shown, expected.concat());
}

/// Errors go where Rust programs send them: `?` into a boxed error that may cross threads.
#[test]
fn errors_are_errors_of_the_ordinary_kind() {
    fn ordinary<E: Error + Send + Sync + 'static>() {}
    ordinary::<JoinError>();
    ordinary::<SpawnError>();
    ordinary::<RuntimeError>();
    ordinary::<Timeout>();
    ordinary::<SendError<u32>>();
    ordinary::<RecvError>();
    fn joins() -> Result<u32, Box<dyn Error + Send + Sync>> {
        Ok(go!(one()).join().block()?)
    }
    assert_eq!(joins().unwrap(), 1);
}
