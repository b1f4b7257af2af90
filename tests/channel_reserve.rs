//! Room that is reserved before there is a value.

use rustroutines::channel::Permit;
use rustroutines::error::{ReserveError, TryReserveError};
use rustroutines::prelude::*;
use rustroutines_tests::{Kind, Ledger, PAIRS, ends};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

fn granted<'a, T>(polled: Poll<Result<Permit<'a, T>, ReserveError>>) -> Permit<'a, T> {
    match polled {
        Poll::Ready(Ok(permit)) => permit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_permit_counts_as_room_that_is_used() {
    let (tx, rx) = bounded_channel(2);
    let first = tx.try_reserve().unwrap();
    let second = tx.reserve().block().unwrap();
    assert_eq!(tx.try_reserve().unwrap_err(), TryReserveError::Full);
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    assert_eq!((tx.len(), rx.try_recv()), (0, Err(TryRecvError::Empty)));
    second.send(1).unwrap();
    first.send(2).unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)), "in the order in which they were sent");
    assert_eq!(tx.try_send(3), Ok(()));
}

#[test]
fn an_unbounded_channel_always_has_room_and_an_unbuffered_one_never() {
    let (tx, rx) = unbounded_channel();
    let permits: Vec<_> = (0..1_000).map(|_| tx.try_reserve().unwrap()).collect();
    for (n, permit) in permits.into_iter().enumerate() {
        permit.send(n).unwrap();
    }
    assert!(rx.try_iter().eq(0..1_000));
    for (tx, _rx) in [channel::<u32>(), bounded_channel(0)] {
        assert_eq!(tx.try_reserve().unwrap_err(), TryReserveError::Unbuffered);
        assert_eq!(tx.reserve().block().unwrap_err(), ReserveError::Unbuffered);
    }
}

#[test]
fn who_waits_for_room_gets_it_in_turn() {
    let (tx, rx) = bounded_channel(1);
    tx.try_send(0).unwrap();
    let (mut a, mut b) = (tx.reserve(), tx.reserve());
    let (mut c, mut d) = (tx.send(3), tx.send(4));
    assert!(poll_once(&mut a).is_pending() && poll_once(&mut b).is_pending());
    assert!(poll_once(&mut c).is_pending() && poll_once(&mut d).is_pending());
    let mut received = Vec::new();
    // One line and the other by turns, each in its order.
    received.push(rx.try_recv().unwrap());
    assert_eq!(poll_once(&mut c), Poll::Ready(Ok(())));
    assert!(poll_once(&mut a).is_pending());
    received.push(rx.try_recv().unwrap());
    assert!(poll_once(&mut b).is_pending() && poll_once(&mut d).is_pending());
    granted(poll_once(&mut a)).send(1).unwrap();
    received.push(rx.try_recv().unwrap());
    assert!(poll_once(&mut b).is_pending());
    assert_eq!(poll_once(&mut d), Poll::Ready(Ok(())));
    received.push(rx.try_recv().unwrap());
    granted(poll_once(&mut b)).send(2).unwrap();
    received.push(rx.try_recv().unwrap());
    assert_eq!(received, [0, 3, 1, 4, 2]);
}

#[test]
fn a_permit_or_a_wait_that_is_dropped_lets_the_next_in() {
    let (tx, rx) = bounded_channel(1);
    let permit = tx.try_reserve().unwrap();
    let (mut a, mut b, mut c) = (tx.reserve(), tx.reserve(), tx.send(7));
    assert!(poll_once(&mut a).is_pending() && poll_once(&mut b).is_pending());
    assert!(poll_once(&mut c).is_pending());
    drop(permit);
    assert_eq!(poll_once(&mut c), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(7));
    // Promised to a, which goes without having looked.
    drop(a);
    let permit = granted(poll_once(&mut b));
    assert_eq!(tx.try_send(8), Err(TrySendError::Full(8)));
    drop(permit);
    assert_eq!(tx.try_send(8), Ok(()));
}

/// All room is reserved, and a sender waits: a receiver that comes takes its value.
#[test]
fn a_receiver_does_not_wait_for_a_permit_that_is_not_used() {
    let (tx, rx) = bounded_channel(1);
    let permit = tx.try_reserve().unwrap();
    let mut send = tx.send(1);
    assert!(poll_once(&mut send).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
    let mut recv = rx.recv();
    assert!(poll_once(&mut recv).is_pending());
    assert_eq!(tx.try_send(2), Ok(()), "it goes to the receiver that waits, and needs no room");
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(2)));
    let mut recv = rx.recv();
    assert!(poll_once(&mut recv).is_pending());
    permit.send(3).unwrap();
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(3)));
    assert!(tx.try_reserve().is_ok(), "a value that was handed over leaves its room free");
}

#[test]
fn what_was_reserved_before_a_close_is_waited_for() {
    ends(|| {
        for (receives, _) in PAIRS {
            for uses in [false, true] {
                let (tx, rx) = bounded_channel(2);
                let permits = [tx.try_reserve().unwrap(), tx.try_reserve().unwrap()];
                let mut waits = tx.reserve();
                assert!(poll_once(&mut waits).is_pending());
                assert!(rx.close());
                assert_eq!(waits.block().unwrap_err(), ReserveError::Closed);
                assert_eq!(tx.try_reserve().unwrap_err(), TryReserveError::Closed);
                assert_eq!(tx.reserve().block().unwrap_err(), ReserveError::Closed);
                assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "something may still come");
                let receiver = receives.start(move || {
                    suspend!(move {
                        let mut got = Vec::new();
                        for n in rx {
                            got.push(n);
                        }
                        got
                    })
                });
                let [a, b] = permits;
                match uses {
                    true => a.send(1).unwrap(),
                    false => drop(a),
                }
                drop(b);
                let expected: &[u32] = if uses { &[1] } else { &[] };
                assert_eq!(receiver.finish(), expected);
            }
        }
    });
}

#[test]
fn a_permit_gives_the_value_back_when_no_receiver_is_left() {
    let ledger = Ledger::default();
    let (tx, rx) = bounded_channel(1);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    assert_eq!(permit.send(ledger.entry(7)).unwrap_err().into_inner().number, 7);
    ledger.balance();
}

/// With `send` the value of a select's arm is made before there is room; with `reserve` after.
#[test]
fn a_reservation_is_an_arm_that_loses_nothing() {
    const VALUES: u32 = 3_000;
    ends(|| {
        for (selects, receives) in PAIRS {
            let (a_tx, a) = bounded_channel(1);
            let (b_tx, b) = bounded_channel(2);
            let receivers = [a, b].map(|rx| {
                receives.start(move || {
                    suspend!(move {
                        let mut got = Vec::new();
                        for n in rx {
                            got.push(n);
                        }
                        got
                    })
                })
            });
            let selecting = move |from: u32| {
                let (a_tx, b_tx) = (a_tx.clone(), b_tx.clone());
                selects.start(move || {
                    suspend!(move {
                        for n in 0..VALUES {
                            let n = from + n;
                            select! {
                                permit = a_tx.reserve() => permit.unwrap().send(n).unwrap(),
                                permit = b_tx.reserve() => permit.unwrap().send(n).unwrap(),
                            }
                        }
                    })
                })
            };
            let both = [selecting(0), selecting(VALUES)];
            drop(selecting);
            both.into_iter().for_each(|one| one.finish());
            let mut all: Vec<u32> = receivers.into_iter().flat_map(|receiver| receiver.finish()).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..2 * VALUES));
        }
    });
}

#[test]
fn a_select_with_default_takes_room_that_is_there() {
    ends(|| {
        let task = Kind::Routine.start(|| {
            suspend!({
                let (tx, rx) = bounded_channel(1);
                for n in 0..10_000 {
                    select! {
                        permit = tx.reserve() => permit.unwrap().send(n).unwrap(),
                        default => panic!("there was room"),
                    }
                    assert_eq!(rx.recv(), Ok(n));
                }
            })
        });
        task.finish();
    });
}

#[test]
fn aborted_reservations_leave_all_room_behind() {
    ends(|| {
        let (tx, rx) = bounded_channel(3);
        let sender = {
            let tx = tx.clone();
            go!(move || for n in 0..2_000_u32 {
                tx.send(n).unwrap();
            })
        };
        let victims: Vec<_> = (0..20)
            .map(|_| {
                let tx = tx.clone();
                go!(move || loop {
                    let permit = tx.reserve().unwrap();
                    yield_now();
                    drop(permit);
                })
            })
            .collect();
        let mut next = 0;
        for victim in victims {
            for _ in 0..100 {
                assert_eq!(rx.recv().block(), Ok(next));
                next += 1;
            }
            victim.abort();
            assert!(victim.join().block().is_err());
        }
        sender.join().block().unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let permits: Vec<_> = std::iter::from_fn(|| tx.try_reserve().ok()).collect();
        assert_eq!(permits.len(), 3);
    });
}

/// A permit that borrows nothing goes to another routine; it keeps the channel open until it is used or
/// dropped.
#[test]
fn an_owned_permit_is_used_elsewhere_and_keeps_the_channel_open() {
    ends(|| {
        for kind in [Kind::Thread, Kind::Routine] {
            let (tx, rx) = bounded_channel(2);
            let (used, unused) =
                (tx.reserve().block().unwrap().into_owned(), tx.try_reserve().unwrap().into_owned());
            assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
            drop(tx);
            assert!(!rx.is_closed());
            let sender = kind.start(move || suspend!(move { used.send(7) }));
            assert_eq!(rx.recv().block(), Ok(7));
            assert_eq!(sender.finish(), Ok(()));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the other permit may still be used");
            drop(unused);
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        }
    });
}

#[test]
fn an_owned_permit_that_is_dropped_lets_the_next_in() {
    let (tx, rx) = bounded_channel(1);
    let permit = tx.try_reserve().unwrap().into_owned();
    let mut send = tx.send(1);
    assert!(poll_once(&mut send).is_pending());
    drop(permit);
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
    let permit = tx.try_reserve().unwrap().into_owned();
    drop(rx);
    assert_eq!(permit.send(2), Err(SendError(2)));
}
