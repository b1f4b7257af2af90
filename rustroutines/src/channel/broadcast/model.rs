//! Models of a broadcast's waiting protocol, for the checker: every schedule of two or three threads.
//!
//! `.ci/mutations.list` says what each of them watches over.

use super::*;
use crate::Suspend;
use crate::error::{BroadcastRecvError, SendError};
use loom::thread::spawn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Every schedule with at most three involuntary switches.
fn check(model: impl Fn() + Sync + std::marker::Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_receiver_waits_for_a_value() {
    for overflow in [Overflow::DropOldest, Overflow::Wait] {
        check(move || {
            let (tx, a) = broadcast_channel_with(2, overflow);
            let b = a.clone();
            let receiver = spawn(move || b.recv().block());
            // Kept open: only the value itself ends the wait.
            let sender = tx.clone();
            let sends = spawn(move || assert_eq!(sender.try_send(7), Ok(2)));
            assert_eq!(a.recv().block(), Ok(7));
            assert_eq!(receiver.join().unwrap(), Ok(7));
            sends.join().unwrap();
            drop(tx);
        });
    }
}

#[test]
fn the_slowest_receiver_lets_a_sender_in() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        // The second value is the first that is read without the ring's lock.
        let sender = spawn(move || (1..=3).for_each(|n| assert_eq!(tx.send(n).block(), Ok(1))));
        (1..=3).for_each(|n| assert_eq!(rx.recv().block(), Ok(n)));
        assert_eq!(rx.recv().block(), Err(BroadcastRecvError::Closed));
        sender.join().unwrap();
    });
}

/// One uses the room that it was promised, and marks what it sent for the next in line: that is emptied at the same moment,
/// without the ring's lock.
#[test]
fn the_next_in_line_is_promised_what_is_emptied_while_it_is_marked() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        tx.try_send(0).unwrap();
        let (mut first, mut second) = (tx.send(1), tx.send(2));
        assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
        assert_eq!(rx.try_recv(), Ok(0));
        let receiver = spawn(move || {
            assert_eq!(rx.recv().block(), Ok(1));
            rx
        });
        assert_eq!(poll_once(&mut first), Poll::Ready(Ok(1)));
        let rx = receiver.join().unwrap();
        assert_eq!(
            poll_once(&mut second),
            Poll::Ready(Ok(1)),
            "it looks for room only if it was promised some"
        );
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

#[test]
fn a_promise_that_is_dropped_goes_to_the_next() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        tx.try_send(0).unwrap();
        let impatient = tx.clone();
        let cancelled = spawn(move || poll_once(&mut impatient.send(1)).is_ready());
        let patient = spawn(move || tx.send(2).block().unwrap());
        let received: Vec<u32> = rx.iter().map(Result::unwrap).collect();
        patient.join().unwrap();
        let mut expected = vec![0, 2];
        if cancelled.join().unwrap() {
            expected.push(1);
        }
        let mut sorted = received;
        sorted.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sorted, expected);
    });
}

#[test]
fn a_slow_receiver_that_goes_lets_a_sender_in() {
    check(|| {
        let (tx, fast) = broadcast_channel_with(1, Overflow::Wait);
        let slow = fast.clone();
        tx.try_send(1).unwrap();
        assert_eq!(fast.try_recv(), Ok(1));
        let sender = spawn(move || tx.send(2).block());
        drop(slow);
        assert_eq!(sender.join().unwrap(), Ok(1));
        assert_eq!(fast.try_recv(), Ok(2));
    });
}

#[test]
fn the_last_receiver_gives_a_sender_its_value_back() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        tx.try_send(1).unwrap();
        let sender = spawn(move || tx.send(2).block());
        drop(rx);
        assert_eq!(sender.join().unwrap(), Err(SendError(2)));
    });
}

#[test]
fn a_close_wakes_a_receiver() {
    check(|| {
        let (tx, rx) = broadcast_channel::<u32>(1);
        let closer = spawn(move || drop(tx));
        assert_eq!(rx.recv().block(), Err(BroadcastRecvError::Closed));
        closer.join().unwrap();
    });
}

/// Nobody makes room: only the close itself ends the wait.
#[test]
fn a_close_gives_a_waiting_sender_its_value_back() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        tx.try_send(1).unwrap();
        let closer = tx.clone();
        let sender = spawn(move || tx.send(2).block());
        assert!(closer.close());
        assert_eq!(sender.join().unwrap(), Err(SendError(2)));
        drop(rx);
    });
}

/// What there is without waiting, and in which order.
fn drain<T: Clone>(rx: &BroadcastReceiver<T>) -> Vec<T> {
    std::iter::from_fn(|| rx.try_recv().ok()).collect()
}

#[test]
fn a_receiver_that_is_shared_gets_each_value_once() {
    for alone in [true, false] {
        check(move || {
            // The first is seen by the ring, which shows the block; the second in the block; the third in another.
            let (tx, rx) = broadcast_channel_with(3, Overflow::Wait);
            let other = (!alone).then(|| rx.clone());
            (1..=3).for_each(|n| assert!(tx.try_send(n).is_ok()));
            let rx = Arc::new(rx);
            let sharing = rx.clone();
            let sharing = spawn(move || drain(&sharing));
            let mut all = drain(&rx);
            all.extend(sharing.join().unwrap());
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            assert!(other.is_none_or(|other| drain(&other) == [1, 2, 3]));
            assert!(tx.is_empty());
        });
    }
}

/// Four slots to a block, as the values are large: one thread reads within the block what comes after what another, which found
/// the block claimed, reads by the ring.
#[test]
fn the_head_only_grows_where_a_receiver_is_shared() {
    check(|| {
        let (tx, rx) = broadcast_channel_with::<u128>(4, Overflow::Wait);
        (0..4).for_each(|n| assert_eq!(tx.try_send(n), Ok(1)));
        assert_eq!(rx.try_recv(), Ok(0), "now the block is known");
        let rx = Arc::new(rx);
        let sharing = rx.clone();
        let sharing = spawn(move || drain(&sharing));
        let mut all = drain(&rx);
        all.extend(sharing.join().unwrap());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
        assert!(tx.is_empty());
    });
}

/// The one that is cloned is the last to see each value, so slots are emptied while they are counted.
#[test]
fn a_clone_begins_where_the_original_is() {
    check(|| {
        let (tx, rx) = broadcast_channel_with(4, Overflow::Wait);
        (1..=4).for_each(|n| assert_eq!(tx.try_send(n), Ok(1)));
        let rx = Arc::new(rx);
        let moving = rx.clone();
        let moving = spawn(move || drain(&moving));
        let clone = (*rx).clone();
        let tail = clone.len();
        let seen = drain(&clone);
        assert_eq!(seen, (5 - tail as u32..=4).collect::<Vec<_>>());
        assert_eq!(clone.try_recv(), Err(TryBroadcastRecvError::Empty), "nothing was missed");
        assert_eq!(moving.join().unwrap(), [1, 2, 3, 4]);
        assert!(tx.is_empty());
    });
}
