//! Models of a pipe, for the checker: every schedule of two threads.
//!
//! Each of these deletions makes a model fail (by a hang):
//!
//! | deleted line                                          | model that fails                           |
//! |-------------------------------------------------------|--------------------------------------------|
//! | `poll`: waking the other end                          | `what_is_written_is_read`                  |
//! | `end`: waking the other end                           | `an_end_that_goes_is_noticed`              |
//! | `poll`: looking once more with the waker in hand      | `what_is_written_is_read`                  |

use super::pipe;
use crate::Suspend;
use crate::io::{Read, Write};
use loom::thread::spawn;
use std::io::ErrorKind;

/// Every schedule with at most three involuntary switches.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn what_is_written_is_read() {
    check(|| {
        let (mut to, mut from) = pipe(1);
        let writer = spawn(move || {
            to.write_all(b"ab").block().unwrap();
            to
        });
        let mut read = [0; 2];
        from.read_exact(&mut read).block().unwrap();
        assert_eq!(&read, b"ab");
        drop(writer.join().unwrap());
    });
}

#[test]
fn an_end_that_goes_is_noticed() {
    check(|| {
        let (mut to, mut from) = pipe(1);
        let writer = spawn(move || {
            to.write_all(b"a").block().unwrap();
        });
        let mut all = Vec::new();
        from.read_to_end(&mut all).block().unwrap();
        assert_eq!(all, b"a");
        writer.join().unwrap();
    });
    check(|| {
        let (mut to, from) = pipe(1);
        let reader = spawn(move || drop(from));
        assert_eq!(to.write_all(b"ab").block().unwrap_err().kind(), ErrorKind::BrokenPipe);
        reader.join().unwrap();
    });
}
