//! Broadcast: every receiver gets every value, and is told what it has missed.

use rustroutines::channel::{BroadcastReceiver, Overflow, broadcast_channel_with};
use rustroutines::error::{BroadcastRecvError, BroadcastRecvTimeoutError, TryBroadcastRecvError};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Entry, Kind, Ledger, PAIRS, ends};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

const BOTH: [Overflow; 2] = [Overflow::DropOldest, Overflow::Wait];
const MS: Duration = Duration::from_millis(1);

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a receiver can get without waiting.
fn drain<T: Clone>(rx: &BroadcastReceiver<T>) -> Vec<T> {
    std::iter::from_fn(|| rx.try_recv().ok()).collect()
}

#[test]
fn each_receiver_sees_all_values_in_order() {
    const VALUES: u64 = 5_000;
    ends(|| {
        for (sends, receives) in PAIRS {
            for capacity in [1, 2, 16] {
                let (tx, rx) = broadcast_channel_with(capacity, Overflow::Wait);
                let receivers: Vec<_> = (0..4)
                    .map(|_| {
                        let rx = rx.clone();
                        receives.start(move || {
                            suspend!(move {
                                let mut expected = 0;
                                for value in rx {
                                    assert_eq!(value, Ok(expected));
                                    expected += 1;
                                }
                                expected
                            })
                        })
                    })
                    .collect();
                drop(rx);
                let sender = sends.start(move || {
                    suspend!(move {
                        for n in 0..VALUES {
                            assert_eq!(tx.send(n).unwrap(), 4);
                        }
                    })
                });
                sender.finish();
                receivers.into_iter().for_each(|receiver| assert_eq!(receiver.finish(), VALUES));
            }
        }
    });
}

/// Several senders: all receivers see one and the same order, and each sender's values in its own.
#[test]
fn all_receivers_see_the_same_order() {
    const VALUES: usize = 1_000;
    ends(|| {
        for (sends, receives) in PAIRS {
            let (tx, rx) = broadcast_channel_with(3, Overflow::Wait);
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let rx = rx.clone();
                    receives.start(move || {
                        suspend!(move {
                            let mut seen = Vec::new();
                            for value in rx {
                                seen.push(value.unwrap());
                            }
                            seen
                        })
                    })
                })
                .collect();
            drop(rx);
            let senders: Vec<_> = (0..3)
                .map(|sender| {
                    let tx = tx.clone();
                    sends.start(move || {
                        suspend!(move {
                            for n in 0..VALUES {
                                tx.send((sender, n)).unwrap();
                            }
                        })
                    })
                })
                .collect();
            drop(tx);
            senders.into_iter().for_each(|sender| sender.finish());
            let seen: Vec<Vec<_>> = receivers.into_iter().map(|receiver| receiver.finish()).collect();
            assert!(seen.iter().all(|one| *one == seen[0]));
            for sender in 0..3 {
                let own = seen[0].iter().filter(|(from, _)| *from == sender).map(|(_, n)| *n);
                assert!(own.eq(0..VALUES));
            }
        }
    });
}

#[test]
fn lag_is_counted_exactly_and_for_each_receiver() {
    let (tx, slow) = broadcast_channel(3);
    let fast = tx.subscribe();
    for n in 0..10 {
        tx.try_send(n).unwrap();
        assert_eq!(fast.try_recv(), Ok(n));
    }
    assert_eq!((slow.len(), fast.len()), (3, 0));
    assert_eq!(slow.try_recv(), Err(TryBroadcastRecvError::Lagged(7)));
    assert_eq!(drain(&slow), [7, 8, 9], "it goes on with the oldest that is retained");
    assert_eq!(fast.try_recv(), Err(TryBroadcastRecvError::Empty));
    (10..14).for_each(|n| assert!(tx.try_send(n).is_ok()));
    assert_eq!(slow.recv().block(), Err(BroadcastRecvError::Lagged(1)));
    assert_eq!(fast.recv_timeout(MS).block(), Err(BroadcastRecvTimeoutError::Lagged(1)));
    drop(tx);
    let rest: Vec<_> = slow.iter().collect();
    assert_eq!(rest, [Ok(11), Ok(12), Ok(13)]);
    assert_eq!(slow.recv().block(), Err(BroadcastRecvError::Closed));
}

/// With lag, what is received and what was missed add up, whoever runs how fast.
#[test]
fn received_and_missed_add_up() {
    const VALUES: u64 = 20_000;
    ends(|| {
        for (sends, receives) in PAIRS {
            let (tx, rx) = broadcast_channel(4);
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let rx = rx.clone();
                    receives.start(move || {
                        suspend!(move {
                            let mut next = 0;
                            for item in rx {
                                match item {
                                    Ok(n) => {
                                        assert_eq!(n, next);
                                        next += 1;
                                    }
                                    Err(lagged) => next += lagged.0,
                                }
                            }
                            next
                        })
                    })
                })
                .collect();
            drop(rx);
            sends
                .start(move || {
                    suspend!(move {
                        for n in 0..VALUES {
                            tx.send(n).unwrap();
                        }
                    })
                })
                .finish();
            receivers.into_iter().for_each(|receiver| assert_eq!(receiver.finish(), VALUES));
        }
    });
}

#[test]
fn sending_to_nobody_is_an_error_and_a_new_receiver_starts_at_the_tail() {
    for overflow in BOTH {
        let (tx, rx) = broadcast_channel_with(2, overflow);
        assert_eq!(tx.try_send(1), Ok(1));
        let late = rx.resubscribe();
        drop(rx);
        assert_eq!((tx.len(), tx.receiver_count()), (0, 1), "only the one that left had to see 1");
        assert_eq!(tx.try_send(2), Ok(1));
        assert_eq!(drain(&late), [2]);
        drop(late);
        assert_eq!(tx.send(3).block(), Err(SendError(3)));
        assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
        assert_eq!(tx.send_timeout(3, MS).block(), Err(SendTimeoutError::Closed(3)));
        assert!(!tx.is_closed());
        let again = tx.subscribe();
        assert_eq!(tx.send(4).block(), Ok(1));
        assert_eq!(drain(&again), [4]);
    }
}

#[test]
fn a_clone_sees_what_the_original_has_yet_to_see() {
    let (tx, rx) = broadcast_channel(2);
    (0..3).for_each(|n| assert!(tx.try_send(n).is_ok()));
    let clone = rx.clone();
    for rx in [rx, clone] {
        assert_eq!(rx.try_recv(), Err(TryBroadcastRecvError::Lagged(1)));
        assert_eq!(drain(&rx), [1, 2]);
    }
    assert!(tx.is_empty());
}

#[test]
fn a_slow_receiver_holds_senders_up_until_it_reads_or_goes() {
    let (tx, fast) = broadcast_channel_with(1, Overflow::Wait);
    let slow = fast.clone();
    tx.try_send(0).unwrap();
    assert_eq!(fast.try_recv(), Ok(0));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    assert_eq!(tx.send_timeout(9, MS).block(), Err(SendTimeoutError::Timeout(9)));
    let (mut first, mut second) = (tx.send(1), tx.send(2));
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    assert_eq!(slow.try_recv(), Ok(0));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "the room is the first sender's");
    assert!(poll_once(&mut second).is_pending());
    assert_eq!(poll_once(&mut first), Poll::Ready(Ok(2)));
    assert_eq!(fast.try_recv(), Ok(1));
    assert!(poll_once(&mut second).is_pending());
    drop(slow);
    assert_eq!(poll_once(&mut second), Poll::Ready(Ok(1)));
    assert_eq!(drain(&fast), [2]);
}

#[test]
fn a_promise_that_is_not_used_goes_to_the_next_in_line() {
    let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
    tx.try_send(0).unwrap();
    let (mut first, mut second) = (tx.send(1), tx.send(2));
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(first);
    assert_eq!(poll_once(&mut second), Poll::Ready(Ok(1)));
    assert_eq!(drain(&rx), [2], "what was dropped was delivered to nobody");
}

#[test]
fn the_last_receiver_and_a_close_give_waiting_senders_their_values_back() {
    ends(|| {
        for (sends, _) in PAIRS {
            for closes in [false, true] {
                let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
                tx.try_send(0).unwrap();
                let senders: Vec<_> = (1..4)
                    .map(|n| {
                        let tx = tx.clone();
                        sends.start(move || suspend!(move { tx.send(n) }))
                    })
                    .collect();
                if closes {
                    assert!(rx.close() && !tx.close());
                    assert_eq!(rx.try_recv(), Ok(0), "what is retained can still be received");
                    assert_eq!(rx.try_recv(), Err(TryBroadcastRecvError::Closed));
                } else {
                    drop(rx);
                }
                for (n, sender) in (1..4).zip(senders) {
                    assert_eq!(sender.finish(), Err(SendError(n)));
                }
            }
        }
    });
}

#[test]
fn the_last_receiver_tells_all_senders_at_once() {
    let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
    tx.try_send(0).unwrap();
    let mut sends = [tx.send(1), tx.send(2)];
    assert!(sends.iter_mut().all(|send| poll_once(send).is_pending()));
    drop(rx);
    // The second does not have to wait until the first has been polled.
    assert_eq!(poll_once(&mut sends[1]), Poll::Ready(Err(SendError(2))));
    assert_eq!(poll_once(&mut sends[0]), Poll::Ready(Err(SendError(1))));
}

/// A value whose clones are counted.
#[derive(Debug)]
struct Cloned(Entry, Ledger);

impl Clone for Cloned {
    fn clone(&self) -> Self {
        Self(self.1.entry(self.0.number), self.1.clone())
    }
}

#[test]
fn every_value_and_every_clone_is_dropped_once() {
    ends(|| {
        for overflow in BOTH {
            let ledger = Ledger::default();
            let value = |n| Cloned(ledger.entry(n), ledger.clone());
            let (tx, rx) = broadcast_channel_with(4, overflow);
            let slow = rx.clone();
            (0..4).for_each(|n| assert!(tx.try_send(value(n)).is_ok()));
            for n in 0..4 {
                assert_eq!(rx.recv().block().unwrap().0.number, n);
            }
            assert_eq!(ledger.dropped(), 4, "four clones; the values wait for the slow receiver");
            let waits = (overflow == Overflow::Wait).then(|| {
                let mut send = tx.send(value(4));
                assert!(poll_once(&mut send).is_pending());
                send
            });
            drop(slow);
            assert_eq!(ledger.dropped(), 8, "nobody is left to see them");
            drop(waits);
            drop(tx.try_send(value(5)));
            drop((tx, rx));
            ledger.balance();
        }
    });
}

#[test]
fn the_last_to_receive_gets_the_value_itself() {
    struct Value(Arc<AtomicUsize>);
    impl Clone for Value {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Value(self.0.clone())
        }
    }
    let clones = Arc::new(AtomicUsize::new(0));
    let (tx, a) = broadcast_channel(1);
    let b = a.clone();
    tx.try_send(Value(clones.clone())).ok().unwrap();
    assert!(a.try_recv().is_ok() && b.try_recv().is_ok());
    assert_eq!(clones.load(Ordering::Relaxed), 1);
}

#[test]
fn a_clone_that_panics_leaves_the_channel_usable() {
    /// Something that has to be dropped.
    #[derive(Debug)]
    struct Owner;
    impl Drop for Owner {
        fn drop(&mut self) {}
    }
    #[derive(Debug)]
    struct Fragile<T>(u32, T);
    impl Clone for Fragile<Owner> {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 1, "cannot be cloned");
            Fragile(self.0, Owner)
        }
    }
    impl Clone for Fragile<()> {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 1, "cannot be cloned");
            Fragile(self.0, ())
        }
    }
    fn check<T: std::fmt::Debug>(overflow: Overflow, with: fn() -> T, last_clones: bool)
    where
        Fragile<T>: Clone + Send + Sync,
    {
        let (tx, a) = broadcast_channel_with(3, overflow);
        let b = a.clone();
        (0..3).for_each(|n| assert!(tx.try_send(Fragile(n, with())).is_ok()));
        let panics = |rx: &BroadcastReceiver<Fragile<T>>| {
            catch_unwind(AssertUnwindSafe(|| rx.recv().block().map(|value| value.0))).is_err()
        };
        assert_eq!(a.try_recv().unwrap().0, 0);
        assert!(panics(&a));
        assert_eq!(a.recv().block().unwrap().0, 2, "it counts as received");
        assert_eq!(b.try_recv().unwrap().0, 0);
        if last_clones {
            assert!(panics(&b));
        } else {
            assert_eq!(b.try_recv().unwrap().0, 1, "the last to receive clones nothing");
        }
        assert_eq!(b.try_recv().unwrap().0, 2);
        assert!(tx.is_empty());
        assert_eq!(tx.try_send(Fragile(3, with())).unwrap(), 2);
        assert_eq!((a.try_recv().unwrap().0, b.try_recv().unwrap().0), (3, 3));
    }
    for overflow in BOTH {
        check(overflow, || Owner, false);
        check(overflow, || (), true);
    }
}

/// The first value is read by the channel's lock, and the second without it.
#[test]
fn a_clone_that_panics_lets_in_who_waits_for_its_room() {
    #[derive(Debug)]
    struct Fragile(u32, u32);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            assert_ne!(self.0, self.1, "cannot be cloned");
            Fragile(self.0, self.1)
        }
    }
    for breaks in [0, 1] {
        let (tx, a) = broadcast_channel_with(1, Overflow::Wait);
        let b = a.clone();
        let breaks_at = |rx: &BroadcastReceiver<Fragile>| {
            catch_unwind(AssertUnwindSafe(|| rx.try_recv().map(|value| value.0))).is_err()
        };
        for n in 0..breaks {
            assert!(tx.try_send(Fragile(n, breaks)).is_ok());
            assert!(!breaks_at(&a) && !breaks_at(&b));
        }
        assert!(tx.try_send(Fragile(breaks, breaks)).is_ok());
        assert!(breaks_at(&a));
        let mut waits = tx.send(Fragile(2, breaks));
        assert!(poll_once(&mut waits).is_pending());
        assert!(breaks_at(&b), "it was the last that had to see it");
        assert!(matches!(poll_once(&mut waits), Poll::Ready(Ok(2))));
    }
}

/// A `clone` that uses the receiver which is in the middle of a receive finds no lock held.
#[test]
fn a_clone_may_use_its_own_receiver() {
    thread_local! {
        static RECEIVER: RefCell<Option<BroadcastReceiver<Nested>>> = const { RefCell::new(None) };
    }
    #[derive(Debug, PartialEq)]
    struct Nested(u32);
    impl Clone for Nested {
        fn clone(&self) -> Self {
            let next = RECEIVER.with_borrow(|rx| {
                let rx = rx.as_ref().expect("it is there until the end");
                assert_eq!((rx.len(), rx.clone().len()), (4 - self.0 as usize, 4 - self.0 as usize));
                rx.try_recv()
            });
            Nested(next.map_or(self.0, |next| 10 * next.0 + self.0))
        }
    }
    ends(|| {
        let (tx, rx) = broadcast_channel(8);
        let other = rx.clone();
        RECEIVER.set(Some(rx));
        (1..=4).for_each(|n| assert_eq!(tx.try_send(Nested(n)), Ok(2)));
        let all = RECEIVER.with_borrow(|rx| rx.as_ref().map(BroadcastReceiver::try_recv));
        assert_eq!(all, Some(Ok(Nested(4321))), "each clone has received the next");
        drop(RECEIVER.take());
        assert_eq!(other.len(), 4);
    });
}

/// A fast receiver takes each value before the next is sent, and misses nothing until it rests; a slow one misses exactly
/// what is retained no more.
#[test]
fn lag_is_counted_exactly_whatever_both_run_on() {
    ends(|| {
        for (sends, receives) in PAIRS {
            let (tx, slow) = broadcast_channel(3);
            let fast = tx.subscribe();
            let (taken_tx, taken) = channel();
            let follows = receives.start(move || {
                suspend!(move {
                    for n in 0..10 {
                        assert_eq!(fast.recv(), Ok(n));
                        taken_tx.send(()).unwrap();
                    }
                    fast
                })
            });
            let sender = sends.start(move || {
                suspend!(move {
                    for n in 0..10 {
                        assert_eq!(tx.send(n), Ok(2));
                        taken.recv().unwrap();
                    }
                    tx
                })
            });
            let (tx, fast) = (sender.finish(), follows.finish());
            let reads = receives.start(move || {
                suspend!(move {
                    assert_eq!(slow.recv(), Err(BroadcastRecvError::Lagged(7)));
                    for n in 7..10 {
                        assert_eq!(slow.recv(), Ok(n), "it goes on with the oldest that is retained");
                    }
                    slow
                })
            });
            let slow = reads.finish();
            let more = sends.start(move || {
                suspend!(move {
                    for n in 10..14 {
                        assert_eq!(tx.send(n), Ok(2));
                    }
                })
            });
            more.finish();
            for rx in [fast, slow] {
                let rest = receives.start(move || {
                    suspend!(move {
                        let mut rest = Vec::new();
                        for item in rx {
                            rest.push(item.map_err(|lagged| lagged.0));
                        }
                        rest
                    })
                });
                assert_eq!(rest.finish(), [Err(1), Ok(11), Ok(12), Ok(13)]);
            }
        }
    });
}

#[test]
fn a_new_receiver_starts_at_the_tail_whatever_both_run_on() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for overflow in BOTH {
                let (tx, rx) = broadcast_channel_with(2, overflow);
                let first = sends.start(move || {
                    suspend!(move {
                        assert_eq!(tx.send(1), Ok(1));
                        tx
                    })
                });
                let tx = first.finish();
                let resubscribes = receives.start(move || suspend!(move { rx.resubscribe() }));
                let late = resubscribes.finish();
                let second = sends.start(move || {
                    suspend!(move {
                        assert_eq!(tx.send(2), Ok(1), "the first receiver has gone");
                        tx
                    })
                });
                let tx = second.finish();
                let reads = receives.start(move || suspend!(move { late.recv() }));
                assert_eq!(reads.finish(), Ok(2), "what was sent before it came is not for it");
                let to_nobody = sends.start(move || suspend!(move { (tx.send(3), tx.is_closed()) }));
                assert_eq!(to_nobody.finish(), (Err(SendError(3)), false));
            }
        }
    });
}

/// One receiver goes after its first value, and the other in the midst of them, with senders that wait.
#[test]
fn what_nobody_has_seen_is_dropped_once_whatever_both_run_on() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for overflow in BOTH {
                let ledger = Ledger::default();
                let (tx, rx) = broadcast_channel_with(4, overflow);
                let leaves = rx.clone();
                let senders: Vec<_> = (0..3)
                    .map(|_| {
                        let (tx, values) = (tx.clone(), ledger.clone());
                        sends.start(move || {
                            suspend!(move {
                                let mut sent = 0;
                                while tx.send(Cloned(values.entry(sent), values.clone())).is_ok() {
                                    sent += 1;
                                }
                                sent
                            })
                        })
                    })
                    .collect();
                let leaves = receives.start(move || suspend!(move { drop(leaves.recv()) }));
                let reads = receives.start(move || {
                    suspend!(move {
                        for _ in 0..100 {
                            drop(rx.recv());
                        }
                    })
                });
                leaves.finish();
                reads.finish();
                let sent: usize = senders.into_iter().map(|sender| sender.finish()).sum();
                assert!(sent >= 100);
                drop(tx);
                ledger.balance();
            }
        }
    });
}

/// The one whose clone panics ends by it; its receiver, which it shares, and the others go on.
#[test]
fn a_clone_that_panics_spares_the_others_whatever_both_run_on() {
    #[derive(Debug, PartialEq)]
    struct Fragile(u32);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 1, "cannot be cloned");
            Fragile(self.0)
        }
    }
    ends(|| {
        for (sends, receives) in PAIRS {
            for overflow in BOTH {
                let (tx, a) = broadcast_channel_with(3, overflow);
                let (a, b) = (Arc::new(a.clone()), a);
                let sender = sends.start(move || {
                    suspend!(move {
                        for n in 1..4 {
                            assert!(tx.send(Fragile(n)).is_ok());
                        }
                    })
                });
                sender.finish();
                let panics = {
                    let a = a.clone();
                    receives.start(move || suspend!(move { drop(a.recv()) }))
                };
                assert!(catch_unwind(AssertUnwindSafe(|| panics.finish())).is_err());
                let goes_on = receives.start(move || suspend!(move { [a.recv(), a.recv(), a.recv()] }));
                let closed = || Err(BroadcastRecvError::Closed);
                assert_eq!(goes_on.finish(), [Ok(Fragile(2)), Ok(Fragile(3)), closed()]);
                let panics = receives.start(move || suspend!(move { [b.recv(), b.recv()] }));
                assert!(
                    catch_unwind(AssertUnwindSafe(|| panics.finish())).is_err(),
                    "it lies beside, for both"
                );
            }
        }
    });
}

#[test]
#[should_panic(expected = "a broadcast channel needs room for at least one value")]
fn a_capacity_of_zero_is_rejected() {
    let _ = broadcast_channel::<u32>(0);
}

#[test]
#[should_panic(expected = "is too large")]
fn a_capacity_beyond_all_memory_is_rejected() {
    let _ = broadcast_channel::<u32>(usize::MAX / 2 + 1);
}

#[test]
fn a_large_capacity_costs_no_memory_beforehand() {
    let (tx, rx) = broadcast_channel(usize::MAX / 2);
    tx.try_send(7).unwrap();
    assert_eq!((tx.capacity(), rx.try_recv()), (usize::MAX / 2, Ok(7)));
}

#[test]
fn a_ready_value_beats_an_expired_deadline() {
    ends(|| {
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        let past = Instant::now();
        assert_eq!(tx.send_deadline(1, past).block(), Ok(1));
        assert_eq!(tx.send_deadline(2, past).block(), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(rx.recv_deadline(past).block(), Ok(1));
        assert_eq!(rx.recv_deadline(past).block(), Err(BroadcastRecvTimeoutError::Timeout));
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(5 * MS).block(), Err(BroadcastRecvTimeoutError::Timeout));
        assert!(start.elapsed() >= 5 * MS);
        drop(tx);
        assert_eq!(rx.recv_timeout(Duration::MAX).block(), Err(BroadcastRecvTimeoutError::Closed));
    });
}

/// Two broadcasts and a plain channel in one select: each gives all its values in order, so an arm that
/// loses has consumed nothing.
#[test]
fn a_losing_receive_consumes_nothing() {
    const VALUES: u64 = 2_000;
    ends(|| {
        for (sends, selects) in PAIRS {
            let (a_tx, a) = broadcast_channel_with(2, Overflow::Wait);
            let (b_tx, b) = broadcast_channel_with(2, Overflow::Wait);
            let (c_tx, c) = channel();
            let senders = [a_tx, b_tx].map(|tx| {
                sends.start(move || {
                    suspend!(move {
                        for n in 0..VALUES {
                            tx.send(n).unwrap();
                        }
                    })
                })
            });
            let plain = sends.start(move || {
                suspend!(move {
                    for n in 0..VALUES {
                        c_tx.send(n).unwrap();
                    }
                })
            });
            selects
                .start(move || {
                    suspend!(move {
                        let mut next = [0; 3];
                        while next != [VALUES; 3] {
                            let (from, got) = select! {
                                n = a.recv(), if next[0] < VALUES => (0, n.unwrap()),
                                n = b.recv(), if next[1] < VALUES => (1, n.unwrap()),
                                n = c.recv(), if next[2] < VALUES => (2, n.unwrap()),
                            };
                            assert_eq!(got, next[from]);
                            next[from] += 1;
                        }
                    })
                })
                .finish();
            senders.into_iter().for_each(|sender| sender.finish());
            plain.finish();
        }
    });
}

/// Sends that lose deliver nothing, though they may have been promised room.
#[test]
fn a_losing_send_is_delivered_to_nobody() {
    const ROUNDS: u32 = 4_000;
    ends(|| {
        for (receives, selects) in PAIRS {
            let (a_tx, a) = broadcast_channel_with(1, Overflow::Wait);
            let (b_tx, b) = broadcast_channel_with(1, Overflow::Wait);
            let receivers = [a, b].map(|rx| {
                receives.start(move || {
                    suspend!(move {
                        let mut got = Vec::new();
                        for n in rx {
                            got.push(n.unwrap());
                        }
                        got
                    })
                })
            });
            let sent = selects
                .start(move || {
                    suspend!(move {
                        let mut sent = [Vec::new(), Vec::new()];
                        for n in 0..ROUNDS {
                            select! {
                                done = a_tx.send(n) => { done.unwrap(); sent[0].push(n) }
                                done = b_tx.send(n) => { done.unwrap(); sent[1].push(n) }
                            }
                        }
                        sent
                    })
                })
                .finish();
            assert_eq!(sent[0].len() + sent[1].len(), ROUNDS as usize);
            for (sent, receiver) in sent.into_iter().zip(receivers) {
                assert_eq!(receiver.finish(), sent);
            }
        }
    });
}

#[test]
fn default_is_taken_only_if_nothing_is_ready() {
    ends(|| {
        let task = Kind::Routine.start(|| {
            suspend!({
                let (tx, rx) = broadcast_channel(1);
                for n in 0..10_000 {
                    tx.send(n).unwrap();
                    select! {
                        got = rx.recv() => assert_eq!(got, Ok(n)),
                        default => panic!("a value was there"),
                    }
                }
            })
        });
        task.finish();
        let (tx, rx) = broadcast_channel::<u32>(1);
        let mut select = Select::new();
        select.case(|| rx.recv(), Some);
        select.default(|| None);
        assert_eq!(select.wait().block().value, None);
        tx.try_send(7).unwrap();
        assert_eq!(select.wait().block().value, Some(Ok(7)));
    });
}

#[test]
fn cancelled_waits_leave_nothing_behind() {
    struct Counted;
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }
    let owner = Arc::new(Counted);
    let waker = Waker::from(owner.clone());
    let mut cx = Context::from_waker(&waker);
    let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
    for _ in 0..100_000 {
        assert!(Pin::new(&mut rx.recv()).poll(&mut cx).is_pending());
    }
    tx.try_send(0).unwrap();
    for n in 0..100_000 {
        assert!(Pin::new(&mut tx.send(n)).poll(&mut cx).is_pending());
    }
    assert_eq!(Arc::strong_count(&owner), 2, "every waker was given up");
    assert_eq!(drain(&rx), [0]);
}

/// Wakers that call back into the channel, when woken, cloned or dropped, find no lock held.
#[test]
fn wakers_may_use_the_channel() {
    struct Reentrant(BroadcastReceiver<u32>);
    impl Wake for Reentrant {
        fn wake(self: Arc<Self>) {
            let _ = self.0.len();
        }
    }
    impl Drop for Reentrant {
        fn drop(&mut self) {
            let _ = self.0.len();
        }
    }
    ends(|| {
        for overflow in BOTH {
            let (tx, rx) = broadcast_channel_with(1, overflow);
            let waker = || Waker::from(Arc::new(Reentrant(tx.subscribe())));
            for ending in 0..4 {
                let mut recv = rx.recv();
                assert!(Pin::new(&mut recv).poll(&mut Context::from_waker(&waker())).is_pending());
                match ending {
                    0 => drop(recv),
                    1 => assert!(poll_once(&mut recv).is_pending(), "another waker takes its place"),
                    2 => {
                        tx.try_send(7).unwrap();
                        assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(7)));
                    }
                    _ => {
                        tx.close();
                        assert_eq!(poll_once(&mut recv), Poll::Ready(Err(BroadcastRecvError::Closed)));
                    }
                }
            }
        }
    });
}

/// A value whose destructor uses the channel finds no lock held, wherever the value is dropped.
#[test]
fn values_may_use_the_channel_when_they_are_dropped() {
    #[derive(Clone)]
    struct Reentrant(Option<Arc<BroadcastReceiver<Reentrant>>>);
    impl Drop for Reentrant {
        fn drop(&mut self) {
            if let Some(rx) = &self.0 {
                let _ = rx.len();
            }
        }
    }
    ends(|| {
        let (tx, rx) = broadcast_channel(1);
        let watcher = Arc::new(tx.subscribe());
        let value = || Reentrant(Some(watcher.clone()));
        assert!(tx.try_send(value()).is_ok());
        assert!(tx.try_send(value()).is_ok(), "the oldest is dropped");
        assert!(rx.recv().block().is_err(), "it lagged");
        let _ = rx.recv().block();
        assert!(tx.try_send(value()).is_ok());
        drop(rx);
        // The cycle of the watcher and the value that it has yet to see.
        while watcher.try_recv() != Err(TryBroadcastRecvError::Empty) {}
        tx.close();
        assert!(tx.try_send(value()).is_err());
    });
    impl PartialEq for Reentrant {
        fn eq(&self, _: &Self) -> bool {
            true
        }
    }
}

#[test]
fn aborted_receivers_and_senders_wedge_nobody() {
    ends(|| {
        for overflow in BOTH {
            let (tx, rx) = broadcast_channel_with(2, overflow);
            let stays = rx.clone();
            let victims: Vec<_> = (0..10)
                .map(|_| {
                    let rx = rx.clone();
                    go!(move || for _ in rx {})
                })
                .collect();
            drop(rx);
            let senders: Vec<_> = (0..3)
                .map(|_| {
                    let tx = tx.clone();
                    go!(move || for n in 0..500_u32 {
                        tx.send(n).unwrap();
                    })
                })
                .collect();
            let bad_sender = go!(move || loop {
                if tx.send(9_999).is_err() {
                    break;
                }
            });
            let counts = go!(move || {
                let mut count = 0;
                for item in stays {
                    match item {
                        Ok(9_999) => {}
                        Ok(_) => count += 1,
                        Err(lagged) => assert!(lagged.0 > 0),
                    }
                }
                count
            });
            for victim in victims {
                victim.abort();
                std::thread::yield_now();
            }
            bad_sender.abort();
            senders.into_iter().for_each(|sender| sender.join().block().unwrap());
            let count = counts.join().block().unwrap();
            if overflow == Overflow::Wait {
                assert_eq!(count, 1_500);
            }
        }
    });
}
