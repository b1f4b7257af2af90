//! Broadcasts: what each receiver gets, while others come, go, lag and give up.

use super::poll_once;
use crate::Suspend;
use crate::channel::{BroadcastReceiver, Overflow, broadcast_channel_with};
use crate::error::{BroadcastRecvError, TryBroadcastRecvError};
use crate::platform::explore;
use crate::platform::random::below;
use ::shuttle::thread;
use std::sync::Arc;
use std::task::Poll;

/// A value that owns something, and is shared where one that doesn't lies beside its slot.
#[derive(Debug, Clone)]
struct Owner(Box<usize>);

impl From<usize> for Owner {
    fn from(number: usize) -> Self {
        Self(Box::new(number))
    }
}

impl From<Owner> for usize {
    fn from(owner: Owner) -> Self {
        *owner.0
    }
}

/// What a receiver got until the end, in order, and how many values it missed. Now and then it gives up in
/// the middle of a wait.
fn receive<T: Clone + Into<usize>>(rx: &BroadcastReceiver<T>) -> (Vec<usize>, u64) {
    let (mut values, mut missed) = (Vec::new(), 0);
    loop {
        let mut recv = rx.recv();
        let received = match below(3) {
            0 => match poll_once(&mut recv) {
                Poll::Ready(received) => received,
                Poll::Pending => {
                    thread::yield_now();
                    continue;
                }
            },
            _ => recv.block(),
        };
        match received {
            Ok(value) => values.push(value.into()),
            Err(BroadcastRecvError::Lagged(count)) => missed += count,
            Err(BroadcastRecvError::Closed) => return (values, missed),
        }
    }
}

fn is_sorted(values: &[usize]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

/// Each of the senders' values reaches each receiver in order, or is counted as missed; where senders
/// wait, none is missed.
#[test]
fn received_and_missed_are_all_there_was() {
    explore(6_000, || if below(2) == 0 { all_there_was::<usize>() } else { all_there_was::<Owner>() });
}

fn all_there_was<T: Clone + From<usize> + Into<usize> + Send + Sync + 'static>() {
    let overflow = if below(2) == 0 { Overflow::Wait } else { Overflow::DropOldest };
    let (tx, rx) = broadcast_channel_with::<T>(1 + below(2), overflow);
    let receivers: Vec<_> = (0..1 + below(2))
        .map(|_| {
            let rx = rx.clone();
            thread::spawn(move || receive(&rx))
        })
        .collect();
    // One that goes at any moment, and holds senders up until then.
    let slow = thread::spawn(move || drop(rx));
    let senders: Vec<_> = (0..1 + below(2))
        .map(|me| {
            let tx = tx.clone();
            thread::spawn(move || (0..2).filter(|n| tx.send((10 * me + n).into()).block().is_ok()).count())
        })
        .collect();
    drop(tx);
    let sent: usize = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
    slow.join().unwrap();
    for receiver in receivers {
        let (values, missed) = receiver.join().unwrap();
        assert_eq!(values.len() + missed as usize, sent, "{values:?} and {missed}");
        assert!(overflow == Overflow::DropOldest || missed == 0);
        for me in 0..2 {
            let own: Vec<_> = values.iter().copied().filter(|value| value / 10 == me).collect();
            assert!(is_sorted(&own), "{values:?}");
        }
    }
}

/// Two threads share a receiver, which is cloned meanwhile: each value goes to one of the two, and the clone, which misses
/// nothing but by lagging, sees a tail of what was sent.
#[test]
fn a_receiver_that_is_shared_gets_each_value_once() {
    explore(6_000, || if below(2) == 0 { each_once::<usize>() } else { each_once::<Owner>() });
}

fn each_once<T: Clone + From<usize> + Into<usize> + Send + Sync + 'static>() {
    const VALUES: usize = 5;
    let overflow = if below(2) == 0 { Overflow::Wait } else { Overflow::DropOldest };
    let (tx, rx) = broadcast_channel_with::<T>(1 + below(3), overflow);
    let rx = Arc::new(rx);
    let sharing = [(); 2].map(|()| {
        let rx = rx.clone();
        thread::spawn(move || receive(&rx))
    });
    let cloning = thread::spawn(move || {
        let clone = (*rx).clone();
        drop(rx);
        receive(&clone)
    });
    (0..VALUES).for_each(|n| {
        let _ = tx.send(n.into()).block();
    });
    drop(tx);
    let [(mine, missed), (others, missed_too)] = sharing.map(|thread| thread.join().unwrap());
    assert!(is_sorted(&mine) && is_sorted(&others));
    let mut all = [mine, others].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len() as u64 + missed + missed_too, VALUES as u64, "{all:?}");
    let (tail, missed_of_tail) = cloning.join().unwrap();
    assert!(is_sorted(&tail) && tail.last().is_none_or(|&last| last == VALUES - 1), "{tail:?}");
    if overflow == Overflow::Wait {
        assert_eq!((missed + missed_too, missed_of_tail), (0, 0));
        assert!(tail.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{tail:?}");
    }
}

/// Two threads share the only receiver. Who finds that there is nothing left for it finds nothing retained, and room,
/// though the other has not come back with the value yet.
#[test]
fn what_was_taken_from_a_shared_receiver_is_not_retained() {
    explore(2_000, || {
        let overflow = if below(2) == 0 { Overflow::Wait } else { Overflow::DropOldest };
        let (tx, rx) = broadcast_channel_with::<usize>(1, overflow);
        // Then the receiver knows the block, and finds the next value without the ring's lock.
        tx.try_send(0).unwrap();
        assert_eq!(rx.try_recv(), Ok(0));
        tx.try_send(1).unwrap();
        let rx = Arc::new(rx);
        let taking = {
            let rx = rx.clone();
            thread::spawn(move || rx.try_recv())
        };
        if rx.is_empty() {
            if below(2) == 0 {
                assert_eq!(tx.len(), 0);
            }
            assert_eq!(tx.try_send(2), Ok(1));
            assert_eq!(rx.try_recv(), Ok(2));
        }
        assert_eq!(taking.join().unwrap(), Ok(1));
    });
}

/// A sender finds no room, and a receiver makes some: then the sender drops nothing.
#[test]
fn what_there_is_room_for_is_not_dropped() {
    explore(2_000, || {
        let (tx, rx) = broadcast_channel_with::<usize>(2, Overflow::DropOldest);
        // Then the receiver knows the block, and finds the next value without the ring's lock.
        tx.try_send(0).unwrap();
        assert_eq!(rx.try_recv(), Ok(0));
        (1..3).for_each(|n| assert_eq!(tx.try_send(n), Ok(1)));
        let sending = thread::spawn(move || tx.try_send(3).map(|_| tx));
        let first = rx.try_recv();
        let tx = sending.join().unwrap();
        assert!(tx.is_ok());
        match first {
            Ok(first) => assert_eq!(first, 1),
            Err(error) => assert_eq!(error, TryBroadcastRecvError::Lagged(1)),
        }
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
    });
}

/// Senders that give up while they are promised room, receivers that are cloned and resubscribe: nobody
/// hangs, and each sees a tail of what was sent.
#[test]
fn senders_that_give_up_and_receivers_that_come_late_hold_nobody_up() {
    explore(6_000, || {
        let (tx, rx) = broadcast_channel_with::<usize>(1, Overflow::Wait);
        let impatient = {
            let tx = tx.clone();
            thread::spawn(move || {
                let mut send = tx.send(100);
                let sent = poll_once(&mut send);
                thread::yield_now();
                sent.is_ready()
            })
        };
        let late = {
            let tx = tx.clone();
            thread::spawn(move || {
                let mut rx = tx.subscribe();
                drop(tx);
                if below(2) == 0 {
                    rx = rx.clone();
                }
                receive(&rx)
            })
        };
        let patient = thread::spawn(move || {
            (0..3).for_each(|n| assert!(tx.send(n).block().is_ok(), "somebody receives to the end"));
        });
        let (values, missed) = receive(&rx);
        let given_up = !impatient.join().unwrap();
        patient.join().unwrap();
        let (tail, missed_late) = late.join().unwrap();
        assert_eq!((missed, missed_late), (0, 0));
        assert!(values.ends_with(&tail), "{values:?} does not end with {tail:?}");
        let expected = if given_up { 3 } else { 4 };
        assert_eq!(values.len(), expected, "{values:?}");
    });
}

/// A close at any moment: senders that wait get their values back, receivers drain what there is.
#[test]
fn a_close_at_any_moment_ends_everybody() {
    explore(3_000, || {
        let (tx, rx) = broadcast_channel_with::<usize>(1, Overflow::Wait);
        let sender = {
            let tx = tx.clone();
            thread::spawn(move || (0..3).filter(|&n| tx.send(n).block().is_ok()).count())
        };
        let receiver = thread::spawn(move || receive(&rx));
        tx.close();
        let sent = sender.join().unwrap();
        let (values, missed) = receiver.join().unwrap();
        assert_eq!((values, missed), ((0..sent).collect(), 0));
    });
}
