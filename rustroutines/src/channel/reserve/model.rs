//! Models of reserved room, for the checker: every schedule of two or three threads.
//!
//! `.ci/mutations.list` says what each of them watches over.

use crate::Suspend;
use crate::channel::bounded_channel;
use crate::error::{RecvError, ReserveError, SendError};
use loom::thread::spawn;
use std::pin::Pin;
use std::task::{Context, Waker};

/// Every schedule with at most three involuntary switches.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn a_reservation_waits_for_room() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        tx.try_send(1).unwrap();
        let reserver = spawn(move || tx.reserve().block().unwrap().send(2).unwrap());
        assert_eq!(rx.recv().block(), Ok(1));
        assert_eq!(rx.recv().block(), Ok(2));
        assert_eq!(rx.recv().block(), Err(RecvError));
        reserver.join().unwrap();
    });
}

#[test]
fn a_permit_that_is_dropped_lets_the_next_in() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        let permit = tx.reserve().block().unwrap();
        let other = tx.clone();
        let sender = spawn(move || other.send(1).block().unwrap());
        drop(permit);
        sender.join().unwrap();
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn a_reservation_that_is_dropped_lets_the_next_in() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        tx.try_send(1).unwrap();
        let impatient = tx.clone();
        let cancelled = spawn(move || {
            let mut reserve = impatient.reserve();
            // What it gets, permit or promise, is dropped at once.
            let _ = Pin::new(&mut reserve).poll(&mut Context::from_waker(Waker::noop()));
        });
        let patient = spawn(move || tx.reserve().block().unwrap().send(2).unwrap());
        let received: Vec<u32> = rx.iter().collect();
        assert_eq!(received, [1, 2]);
        cancelled.join().unwrap();
        patient.join().unwrap();
    });
}

#[test]
fn a_permit_sends_after_a_close() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        let receiver = {
            let rx = rx.clone();
            spawn(move || (rx.recv().block(), rx.recv().block()))
        };
        let permit = tx.try_reserve().unwrap();
        let closer = spawn(move || assert!(rx.close()));
        assert_eq!(permit.send(7), Ok(()));
        assert_eq!(receiver.join().unwrap(), (Ok(7), Err(RecvError)));
        closer.join().unwrap();
    });
}

#[test]
fn the_last_permit_ends_a_closed_channel() {
    check(|| {
        let (tx, rx) = bounded_channel::<u32>(2);
        let permits = [tx.try_reserve().unwrap(), tx.try_reserve().unwrap()];
        rx.close();
        let receiver = spawn(move || rx.recv().block());
        drop(permits);
        assert_eq!(receiver.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn a_close_ends_the_wait_for_a_permit() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        tx.try_send(1).unwrap();
        let closer = spawn(move || drop(rx));
        assert!(matches!(tx.reserve().block(), Err(ReserveError::Closed)));
        closer.join().unwrap();
    });
}

/// A value that is sent while the last receiver goes is given back, or dropped with the channel's values.
#[test]
fn a_permit_that_races_the_last_receiver_loses_nothing() {
    check(|| {
        let (tx, rx) = bounded_channel(1);
        let value = std::sync::Arc::new(());
        let permit = tx.try_reserve().unwrap();
        let receiver = spawn(move || drop(rx));
        let sent = permit.send(value.clone());
        receiver.join().unwrap();
        match sent {
            Ok(()) => assert_eq!(std::sync::Arc::strong_count(&value), 1, "dropped with the receiver"),
            Err(SendError(returned)) => drop(returned),
        }
    });
}
