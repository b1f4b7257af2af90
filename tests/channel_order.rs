//! What goes in comes out, once and in order: SEMANTICS of unbuffered, bounded and unbounded channels.

use rustroutines::channel::{Receiver, Sender};
use rustroutines::prelude::*;
use rustroutines_tests::{Kind, PAIRS, ends};

fn flavours() -> [(Sender<u32>, Receiver<u32>); 5] {
    [channel(), bounded_channel(1), bounded_channel(2), bounded_channel(200), unbounded_channel()]
}

#[test]
fn one_sender_is_received_in_order() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for (tx, rx) in flavours() {
                let sender = sends.start(move || {
                    suspend!(move {
                        for n in 0..2_000 {
                            tx.send(n).unwrap();
                        }
                    })
                });
                let receiver = receives.start(move || {
                    suspend!(move {
                        let mut expected = 0;
                        for n in rx {
                            assert_eq!(n, expected);
                            expected += 1;
                        }
                        expected
                    })
                });
                sender.finish();
                assert_eq!(receiver.finish(), 2_000);
            }
        }
    });
}

#[test]
fn many_to_many_loses_and_doubles_nothing() {
    const EACH: u32 = 2_000;
    ends(|| {
        for (sends, receives) in PAIRS {
            for (tx, rx) in flavours() {
                let senders: Vec<_> = (0..4)
                    .map(|id| {
                        let tx = tx.clone();
                        sends.start(move || {
                            suspend!(move {
                                for n in 0..EACH {
                                    tx.send(id * EACH + n).unwrap();
                                }
                            })
                        })
                    })
                    .collect();
                let receivers: Vec<_> = (0..4)
                    .map(|_| {
                        let rx = rx.clone();
                        receives.start(move || {
                            suspend!(move {
                                let mut got = Vec::new();
                                for n in rx {
                                    got.push(n);
                                }
                                got
                            })
                        })
                    })
                    .collect();
                drop((tx, rx));
                senders.into_iter().for_each(|sender| sender.finish());
                let mut all: Vec<u32> =
                    receivers.into_iter().flat_map(|receiver| receiver.finish()).collect();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..4 * EACH));
            }
        }
    });
}

#[test]
fn a_try_send_meets_only_a_receiver_that_waits() {
    ends(|| {
        for receives in [Kind::Thread, Kind::Routine] {
            let (tx, rx) = channel();
            assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
            let receiver = receives.start(move || suspend!(move { rx.recv() }));
            // Full until the receiver stands in line, and from then on not.
            while let Err(error) = tx.try_send(1) {
                assert_eq!(error, TrySendError::Full(1));
                std::thread::yield_now();
            }
            assert_eq!(receiver.finish(), Ok(1));
        }
    });
}

#[test]
fn an_unbuffered_channel_is_always_empty_and_always_full() {
    let (tx, rx) = channel::<u8>();
    assert_eq!((tx.len(), tx.capacity(), tx.is_empty(), tx.is_full()), (0, Some(0), true, true));
    assert_eq!((rx.len(), rx.capacity(), rx.is_empty(), rx.is_full()), (0, Some(0), true, true));
    assert_eq!(bounded_channel::<u8>(0).0.capacity(), Some(0));
}

#[test]
fn a_bounded_channel_is_full_at_exactly_its_capacity() {
    for capacity in 1..200 {
        let (tx, rx) = bounded_channel(capacity);
        for n in 0..capacity {
            assert_eq!(tx.len(), n);
            assert!(!tx.is_full());
            tx.try_send(n).unwrap();
        }
        assert!(tx.is_full());
        assert_eq!(tx.try_send(capacity), Err(TrySendError::Full(capacity)));
        assert!(rx.try_iter().eq(0..capacity));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn a_send_then_try_receive_never_finds_it_empty() {
    ends(|| {
        for (one, other) in PAIRS {
            for (tx, rx) in [bounded_channel(4), unbounded_channel()] {
                let four: Vec<_> = [one, one, other, other]
                    .into_iter()
                    .map(|kind| {
                        let (tx, rx) = (tx.clone(), rx.clone());
                        kind.start(move || {
                            suspend!(move {
                                for n in 0..2_000 {
                                    tx.send(n).unwrap();
                                    rx.try_recv().unwrap();
                                }
                            })
                        })
                    })
                    .collect();
                four.into_iter().for_each(|one| one.finish());
            }
        }
    });
}

#[test]
fn values_without_size_and_with_large_alignment() {
    #[derive(Debug, PartialEq, Clone, Copy)]
    #[repr(align(128))]
    struct Aligned(u8);
    let (tx, rx) = bounded_channel(2);
    tx.try_send(()).unwrap();
    tx.try_send(()).unwrap();
    assert_eq!(tx.try_send(()), Err(TrySendError::Full(())));
    assert_eq!(rx.try_iter().count(), 2);
    ends(|| {
        for (sends, receives) in PAIRS {
            for (tx, rx) in [channel(), bounded_channel(1), bounded_channel(3), unbounded_channel()] {
                let sender =
                    sends.start(move || suspend!(move { for n in 0..100 { tx.send(Aligned(n)).unwrap() } }));
                let receiver = receives.start(move || {
                    suspend!(move {
                        let mut all = Vec::new();
                        for value in rx {
                            assert_eq!(&raw const value as usize % 128, 0);
                            all.push(value);
                        }
                        all
                    })
                });
                sender.finish();
                assert!(receiver.finish().into_iter().eq((0..100).map(Aligned)));
            }
            for (tx, rx) in [channel(), bounded_channel(1), unbounded_channel()] {
                let sender = sends.start(move || suspend!(move { for _ in 0..100 { tx.send(()).unwrap() } }));
                let receiver = receives.start(move || {
                    suspend!(move {
                        let mut count = 0;
                        for () in rx {
                            count += 1;
                        }
                        count
                    })
                });
                sender.finish();
                assert_eq!(receiver.finish(), 100);
            }
        }
    });
}

#[test]
fn channels_through_channels() {
    struct Link(Receiver<Link>);
    let (mut tx, rx) = bounded_channel::<Link>(1);
    for _ in 0..1_000 {
        let (next_tx, next_rx) = bounded_channel(1);
        assert!(tx.try_send(Link(next_rx)).is_ok());
        tx = next_tx;
    }
    drop(tx);
    let mut last = rx;
    let mut links = 0;
    while let Ok(Link(next)) = last.recv().block() {
        last = next;
        links += 1;
    }
    assert_eq!(links, 1_000);
}

#[test]
fn waiting_receivers_are_served_in_the_order_they_came() {
    ends(|| {
        let (tx, rx) = channel();
        let (order_tx, order) = unbounded_channel();
        let mut receivers = Vec::new();
        for id in 0..10 {
            let (rx, order_tx) = (rx.clone(), order_tx.clone());
            let mut recv = Box::pin(async move {
                let value: u32 = rx.recv().await.unwrap();
                order_tx.send((id, value)).await.unwrap();
            });
            // Stands in line when this returns.
            let waker = std::task::Waker::noop();
            assert!(recv.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
            receivers.push(recv);
        }
        for value in 0..10 {
            tx.try_send(value).unwrap();
        }
        for mut receiver in receivers.into_iter().rev() {
            let waker = std::task::Waker::noop();
            assert!(receiver.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready());
        }
        drop(order_tx);
        assert!(order.iter().all(|(id, value)| id == value));
    });
}
