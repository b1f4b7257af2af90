//! Models of what lies between a file and the job that writes, for the checker: every schedule of two threads.

use super::{Handed, Relay};
use crate::Suspend;
use crate::suspend::operation::routine;
use loom::thread::spawn;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// Every schedule with at most three involuntary switches.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// A job begins with 0, and writes until something fails. Meanwhile 1 and so on are handed over. Gives what is
/// written, what the job has left, and what came too late.
fn relay(pieces: u8, fails_at: Option<u8>) -> [Vec<u8>; 3] {
    let relay = Arc::new(Relay::new());
    relay.begin();
    let job = spawn({
        let relay = relay.clone();
        move || {
            let (mut written, mut bytes) = (Vec::new(), vec![0]);
            let result = relay.carry(&mut bytes, |bytes| {
                if bytes.first().copied() == fails_at {
                    return Err(());
                }
                written.append(bytes);
                Ok(())
            });
            assert!(result.is_ok() || fails_at.is_some());
            (written, bytes)
        }
    });
    let mut late = Vec::new();
    for piece in 1..=pieces {
        let mut gathered = vec![piece];
        let handed = routine(poll_fn(|cx| match relay.hand_over_or_wait(&mut gathered, cx) {
            Handed::NoRoom => Poll::Pending,
            handed => Poll::Ready(handed),
        }))
        .block();
        assert_eq!(gathered.is_empty(), handed == Handed::Over);
        late.append(&mut gathered);
    }
    let (written, rest) = job.join().unwrap();
    [written, rest, late]
}

#[test]
fn who_waits_for_room_is_woken_and_nothing_is_lost() {
    check(|| {
        let all = relay(3, None);
        assert_eq!(all.concat(), [0, 1, 2, 3], "{all:?}");
    });
}

#[test]
fn what_fails_comes_back_with_all_that_came_after_it() {
    check(|| {
        let all = relay(2, Some(1));
        assert_eq!(all.concat(), [0, 1, 2], "{all:?}");
        assert_eq!(all[0], [0]);
    });
}
