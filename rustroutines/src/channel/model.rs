//! Models of channels, for the checker: every schedule of two or three threads.
//!
//! - `selects`: the same of the claim of a select.
//!
//! What may not be deleted without one of these models failing is listed in `.ci/mutations.list`, and
//! `.ci/mutations` shows that it is so.

mod selects;

use super::*;
use crate::Suspend;
use crate::error::{RecvError, SendError};
use crate::platform::atomic::{AtomicUsize, Ordering};
use loom::thread::spawn;
use std::task::{Context, Waker};

/// Every schedule with at most `preemptions` involuntary switches.
fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn a_receiver_waits_for_a_sender() {
    for capacity in [0, 1] {
        check(3, move || {
            let (tx, rx) = bounded_channel(capacity);
            let sender = spawn(move || tx.send(7).block());
            assert_eq!(rx.recv().block(), Ok(7));
            sender.join().unwrap().unwrap();
            assert_eq!(rx.recv().block(), Err(RecvError));
        });
    }
}

#[test]
fn a_full_channel_lets_senders_in() {
    check(3, || {
        let (tx, rx) = bounded_channel(1);
        tx.try_send(1).unwrap();
        let sender = spawn(move || tx.send(2).block());
        assert_eq!(rx.recv().block(), Ok(1));
        sender.join().unwrap().unwrap();
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

/// The sender waits although, or while, there are values in the front: one that is taken from there lets it
/// in.
#[test]
fn a_sender_is_let_in_by_who_takes_from_the_front() {
    check(3, || {
        let (tx, rx) = bounded_channel(3);
        (1..=3).for_each(|n| tx.try_send(n).unwrap());
        assert_eq!(rx.recv().block(), Ok(1));
        tx.try_send(4).unwrap();
        let sender = spawn(move || tx.send(5).block());
        assert_eq!(rx.recv().block(), Ok(2));
        sender.join().unwrap().unwrap();
        assert_eq!(rx.iter().collect::<Vec<_>>(), [3, 4, 5]);
    });
}

#[test]
fn a_receiver_that_finds_the_front_emptied_looks_again() {
    check(2, || {
        let (tx, rx) = bounded_channel(3);
        (1..=3).for_each(|n| tx.try_send(n).unwrap());
        assert_eq!(rx.recv().block(), Ok(1));
        let other = rx.clone();
        let receivers = [spawn(move || rx.try_recv().ok()), spawn(move || other.try_recv().ok())];
        // Permits are reserved under the channel's lock, and empty the front.
        drop(tx.try_reserve());
        let received = receivers.map(|receiver| receiver.join().unwrap());
        assert!(received == [Some(2), Some(3)] || received == [Some(3), Some(2)], "{received:?}");
    });
}

#[test]
fn a_cancelled_receive_loses_nothing() {
    for capacity in [0, 1] {
        check(2, move || {
            let (tx, rx) = bounded_channel(capacity);
            let impatient = rx.clone();
            let cancelled = spawn(move || {
                let mut recv = impatient.recv();
                let polled = std::pin::Pin::new(&mut recv).poll(&mut Context::from_waker(Waker::noop()));
                matches!(polled, std::task::Poll::Ready(Ok(7)))
            });
            let sender = spawn(move || tx.send(7).block());
            let received = rx.recv().block();
            sender.join().unwrap().unwrap();
            if cancelled.join().unwrap() {
                assert_eq!(received, Err(RecvError));
            } else {
                assert_eq!(received, Ok(7));
            }
        });
    }
}

#[test]
fn the_last_value_in_hand_ends_the_wait() {
    check(3, || {
        let (tx, rx) = bounded_channel(1);
        let receivers = [rx.clone(), rx].map(|rx| spawn(move || rx.recv().block()));
        tx.send(7).block().unwrap();
        drop(tx);
        let mut received = receivers.map(|receiver| receiver.join().unwrap().ok());
        received.sort_unstable();
        assert_eq!(received, [None, Some(7)]);
    });
}

#[test]
fn a_cancelled_send_is_delivered_or_not_but_wedges_nobody() {
    check(2, || {
        let (tx, rx) = channel();
        let patient = tx.clone();
        let cancelled = spawn(move || {
            let mut send = tx.send(1);
            let polled = std::pin::Pin::new(&mut send).poll(&mut Context::from_waker(Waker::noop()));
            polled.is_ready() || send.stop().is_ok()
        });
        let sender = spawn(move || patient.send(2).block());
        let mut received: Vec<u32> = rx.iter().collect();
        received.sort_unstable();
        sender.join().unwrap().unwrap();
        assert_eq!(received, if cancelled.join().unwrap() { vec![1, 2] } else { vec![2] });
    });
}

#[test]
fn a_close_wakes_a_receiver() {
    check(3, || {
        let (tx, rx) = channel::<u8>();
        let closer = spawn(move || assert!(tx.close()));
        assert_eq!(rx.recv().block(), Err(RecvError));
        closer.join().unwrap();
    });
}

/// Once a channel is closed nothing is sent into room that was known before, and so nothing comes after the end.
#[test]
fn after_a_close_nothing_is_sent() {
    check(3, || {
        let (tx, rx) = bounded_channel(3);
        tx.try_send(1).unwrap();
        let sender = {
            let tx = tx.clone();
            spawn(move || usize::from(tx.try_send(2).is_ok()))
        };
        assert!(rx.close());
        assert!(tx.try_send(3).is_err());
        let received = rx.iter().count();
        assert_eq!(received, 1 + sender.join().unwrap());
        assert!(rx.try_recv().is_err());
    });
}

#[test]
fn a_close_gives_a_waiting_sender_its_value_back() {
    check(3, || {
        let (tx, rx) = channel();
        let closer = spawn(move || drop(rx));
        assert_eq!(tx.send(7).block(), Err(SendError(7)));
        closer.join().unwrap();
    });
}

/// A receiver that is polled with one waker and then with another is woken by the second.
#[test]
fn a_receiver_follows_its_waker() {
    check(3, || {
        let (tx, rx) = bounded_channel(1);
        let sender = spawn(move || tx.send(7).block());
        let mut recv = rx.recv();
        match std::pin::Pin::new(&mut recv).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(received) => assert_eq!(received, Ok(7)),
            std::task::Poll::Pending => assert_eq!(recv.block(), Ok(7)),
        }
        sender.join().unwrap().unwrap();
    });
}

/// What a sender wrote is seen by who receives its value, and what a receiver wrote by the sender that uses
/// the room it made, or that waited for it.
#[test]
fn what_came_before_is_seen_on_the_other_side() {
    for capacity in [0, 1, 2] {
        check(2, move || {
            let (tx, rx) = bounded_channel(capacity);
            for n in 0..capacity {
                tx.try_send(n).unwrap();
            }
            let [written, read] = [(); 2].map(|()| std::sync::Arc::new(AtomicUsize::new(0)));
            let receiver = {
                let (written, read) = (written.clone(), read.clone());
                spawn(move || {
                    read.store(1, Ordering::Relaxed);
                    for n in 0..=capacity {
                        assert_eq!(rx.recv().block(), Ok(n));
                    }
                    assert_eq!(written.load(Ordering::Relaxed), 1);
                })
            };
            written.store(1, Ordering::Relaxed);
            tx.send(capacity).block().unwrap();
            assert_eq!(read.load(Ordering::Relaxed), 1);
            receiver.join().unwrap();
        });
    }
}

/// Whatever a channel has been found to be, empty say, what comes to it afterwards is found by a look that
/// does not wait.
#[test]
fn what_has_come_is_found_by_a_look() {
    check(1, || {
        let pending = |poll: std::task::Poll<_>| assert!(poll.is_pending());
        let cx = &mut Context::from_waker(Waker::noop());
        let (tx, rx) = bounded_channel(2);
        assert!(rx.try_recv().is_err());
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(1));
        let permit = tx.try_reserve().unwrap();
        assert!(rx.try_recv().is_err());
        permit.send(2).unwrap();
        assert_eq!(rx.try_recv(), Ok(2));
        let mut recv = rx.recv();
        pending(std::pin::Pin::new(&mut recv).poll(cx));
        tx.try_send(3).unwrap();
        assert!(rx.try_recv().is_err(), "it is handed to another");
        drop(recv);
        assert_eq!(rx.try_recv(), Ok(3), "it has come back");
        let (unbuffered, taker) = channel();
        assert!(taker.try_recv().is_err());
        let mut send = unbuffered.send(4);
        assert!(std::pin::Pin::new(&mut send).poll(cx).is_pending());
        let mut behind = unbuffered.send(5);
        assert!(std::pin::Pin::new(&mut behind).poll(cx).is_pending());
        assert_eq!(taker.try_recv(), Ok(4));
        assert_eq!(taker.try_recv(), Ok(5), "behind another");
        assert_eq!(rx.try_recv(), Err(crate::error::TryRecvError::Empty));
        tx.close();
        assert_eq!(rx.try_recv(), Err(crate::error::TryRecvError::Closed));
    });
}
