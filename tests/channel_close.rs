//! Closing, by a call or by dropping, and what becomes of the values.

use rustroutines::error::{
    BroadcastRecvError, ChannelClosed, ReserveError, TryBroadcastRecvError, TryReserveError,
};
use rustroutines::prelude::*;
use rustroutines_tests::{Kind, Ledger, Line, PAIRS, ends};

#[test]
fn after_a_close_the_buffer_drains_and_then_it_is_closed_for_ever() {
    let (tx, rx) = bounded_channel(3);
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    assert!(tx.close());
    assert!(!tx.close() && !rx.close(), "closing twice is no error, and closes nothing");
    assert_eq!(tx.try_send(9), Err(TrySendError::Closed(9)));
    assert_eq!(tx.send(9).block(), Err(SendError(9)));
    assert!(rx.iter().eq(0..3));
    for _ in 0..3 {
        assert_eq!(rx.recv().block(), Err(RecvError));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    }
}

/// The same from the other side, which may be waiting for the first value.
#[test]
fn whoever_receives_gets_the_rest_in_order_and_then_hears_of_the_close() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for (tx, rx) in [channel(), bounded_channel(3), unbounded_channel()] {
                let receiver = receives.start(move || {
                    suspend!(move {
                        for n in 0..100 {
                            assert_eq!(rx.recv(), Ok(n));
                        }
                        for _ in 0..3 {
                            assert_eq!((rx.recv(), rx.try_recv()), (Err(RecvError), Err(TryRecvError::Closed)));
                        }
                    })
                });
                let sender = sends.start(move || {
                    suspend!(move {
                        for n in 0..100 {
                            tx.send(n).unwrap();
                        }
                        assert!(tx.close() && !tx.close());
                        (tx.send(100), tx.try_send(101))
                    })
                });
                assert_eq!(sender.finish(), (Err(SendError(100)), Err(TrySendError::Closed(101))));
                receiver.finish();
            }
        }
    });
}

#[test]
fn a_close_wakes_everyone_who_waits() {
    ends(|| {
        for (receives, sends) in PAIRS {
            let (tx, rx) = channel::<u32>();
            let (_open, quiet) = channel::<u32>();
            let line = Line::default();
            let receivers: Vec<_> = (0..10)
                .map(|n| {
                    let (rx, quiet, line) = (rx.clone(), quiet.clone(), line.clone());
                    receives.start(move || {
                        suspend!(move {
                            match n % 2 {
                                0 => line.watch(plain!(rx.recv())),
                                _ => line.watch(suspend!({
                                    select! { got = rx.recv() => got, got = quiet.recv() => got }
                                })),
                            }
                        })
                    })
                })
                .collect();
            line.await_waiting(10);
            assert!(tx.close());
            receivers.into_iter().for_each(|receiver| assert_eq!(receiver.finish(), Err(RecvError)));

            let (tx, rx) = bounded_channel(1);
            tx.try_send(0).unwrap();
            let line = Line::default();
            let senders: Vec<_> = (1..9)
                .map(|n| {
                    let (tx, quiet, line) = (tx.clone(), quiet.clone(), line.clone());
                    sends.start(move || {
                        suspend!(move {
                            match n % 2 {
                                0 => line.watch(plain!(tx.send(n))),
                                _ => line.watch(suspend!({
                                    select! { sent = tx.send(n) => sent, got = quiet.recv() => got.map_or(Ok(()), |_| Ok(())) }
                                })),
                            }
                        })
                    })
                })
                .collect();
            line.await_waiting(8);
            assert!(rx.close());
            for (n, sender) in (1..9).zip(senders) {
                assert_eq!(sender.finish(), Err(SendError(n)));
            }
            assert_eq!(rx.recv().block(), Ok(0), "what was in the buffer is still there");
        }
    });
}

#[test]
fn a_value_sent_just_before_the_sender_goes_is_received() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for _ in 0..200 {
                let (tx, rx) = unbounded_channel();
                let receiver = receives.start(move || suspend!(move { rx.recv() }));
                let sender = sends.start(move || suspend!(move { tx.send(7) }));
                sender.finish().unwrap();
                assert_eq!(receiver.finish(), Ok(7));
            }
        }
    });
}

#[test]
fn the_last_receiver_drops_what_is_left_at_once() {
    let ledger = Ledger::default();
    let (tx, rx) = unbounded_channel();
    for n in 0..100 {
        tx.try_send(ledger.entry(n)).unwrap();
    }
    let second = rx.clone();
    // What is left is in two places then.
    drop(rx.try_recv());
    tx.try_send(ledger.entry(100)).unwrap();
    drop(rx);
    assert_eq!(ledger.dropped(), 1);
    drop(second);
    assert_eq!(ledger.dropped(), 101);
    assert!(tx.try_send(ledger.entry(0)).unwrap_err().is_closed());
    ledger.balance();
}

/// A hundred programs of up to ten thousand values (a thousand with threads), of which the receivers take some.
#[test]
fn each_value_is_dropped_once() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for round in 0..25 {
                let ledger = Ledger::default();
                // Between threads each may cost a switch.
                let most = if (sends, receives) == (Kind::Routine, Kind::Routine) { 10_000 } else { 1_000 };
                let values = round * 1_597 % most;
                let (tx, rx) = bounded_channel([0, 1, 3, usize::MAX][round % 4]);
                let receivers: Vec<_> = (0..3)
                    .map(|id| {
                        let rx = rx.clone();
                        receives.start(move || {
                            suspend!(move {
                                for _ in 0..values * id / 4 {
                                    let Ok(_) = rx.recv() else { break };
                                }
                            })
                        })
                    })
                    .collect();
                drop(rx);
                let senders: Vec<_> = (0..3)
                    .map(|_| {
                        let (tx, ledger) = (tx.clone(), ledger.clone());
                        sends.start(move || {
                            suspend!(move {
                                for n in 0..values / 3 {
                                    if tx.send(ledger.entry(n)).is_err() {
                                        break;
                                    }
                                }
                            })
                        })
                    })
                    .collect();
                drop(tx);
                receivers.into_iter().for_each(|receiver| receiver.finish());
                senders.into_iter().for_each(|sender| sender.finish());
                ledger.balance();
            }
        }
    });
}

#[test]
fn a_value_whose_destructor_panics_is_dropped_once_and_the_others_too() {
    struct Bomb(Ledger, Option<rustroutines_tests::Entry>, bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            drop(self.1.take());
            let _ = &self.0;
            if self.2 {
                panic!("a destructor that panics");
            }
        }
    }
    for (tx, rx) in [bounded_channel(10), unbounded_channel()] {
        for taken in [0, 1, 5] {
            let ledger = Ledger::default();
            let (tx, rx) = (tx.clone(), rx.clone());
            for n in 0..10 {
                assert!(tx.try_send(Bomb(ledger.clone(), Some(ledger.entry(n)), n == 7)).is_ok());
            }
            // What is left is in two places then.
            (0..taken).for_each(|_| drop(rx.try_recv()));
            let survivors = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rx.try_iter().count()));
            assert!(survivors.is_err(), "the receiver hears of it");
            rx.try_iter().for_each(drop);
            ledger.balance();
            assert!(
                tx.try_send(Bomb(ledger.clone(), Some(ledger.entry(0)), false)).is_ok(),
                "as usable as before"
            );
            drop(rx.try_recv());
            ledger.balance();
        }
    }
    for (tx, rx) in [bounded_channel(10), unbounded_channel()] {
        let ledger = Ledger::default();
        for n in 0..10 {
            assert!(tx.try_send(Bomb(ledger.clone(), Some(ledger.entry(n)), n == 3)).is_ok());
        }
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(rx)));
        assert!(dropped.is_err());
        ledger.balance();
        assert!(tx.is_closed(), "the channel is as usable as before");
    }
}

#[test]
fn clones_keep_the_channel_open_until_the_last_is_gone() {
    let (tx, rx) = bounded_channel::<u8>(1);
    let senders: Vec<_> = (0..10).map(|_| tx.clone()).collect();
    drop(tx);
    for sender in senders {
        assert!(!rx.is_closed());
        drop(sender);
    }
    assert!(rx.is_closed());
}

#[test]
fn errors_say_what_happened_whatever_the_channel_carries() {
    struct Opaque;
    let (tx, rx) = bounded_channel(1);
    tx.try_send(Opaque).ok();
    let full = tx.try_send(Opaque).unwrap_err();
    assert_eq!(format!("{full:?}: {full}"), "Full(..): sending on a full channel");
    drop(rx);
    let closed = tx.send(Opaque).block().unwrap_err();
    assert_eq!(format!("{closed:?}: {closed}"), "SendError(..): sending on a closed channel");
    assert_eq!(ChannelClosed::from(closed).to_string(), "the channel is closed");
}

/// A function that waits in several ways returns the error that says most.
#[test]
fn errors_of_waiting_become_those_that_say_more() {
    fn sends(tx: &Sender<u8>) -> Result<(), TrySendError<u8>> {
        tx.try_send(1)?;
        Ok(tx.send(2).block()?)
    }
    fn receives(rx: &Receiver<u8>) -> Result<u8, RecvTimeoutError> {
        rx.recv_timeout(Duration::MAX).block()?;
        Ok(rx.recv().block()?)
    }
    let (tx, rx) = bounded_channel(2);
    sends(&tx).unwrap();
    tx.close();
    assert_eq!(sends(&tx), Err(TrySendError::Closed(1)));
    assert_eq!(receives(&rx), Ok(2));
    assert_eq!(TrySendError::from(SendError(3)), TrySendError::Closed(3));
    assert_eq!(SendTimeoutError::from(SendError(3)), SendTimeoutError::Closed(3));
    assert_eq!(TryRecvError::from(RecvError), TryRecvError::Closed);
    assert_eq!(RecvTimeoutError::from(RecvError), RecvTimeoutError::Closed);
    assert_eq!(TryReserveError::from(ReserveError::Closed), TryReserveError::Closed);
    assert_eq!(TryReserveError::from(ReserveError::Unbuffered), TryReserveError::Unbuffered);
    assert_eq!(TryBroadcastRecvError::from(BroadcastRecvError::Lagged(4)), TryBroadcastRecvError::Lagged(4));
    assert_eq!(TryBroadcastRecvError::from(BroadcastRecvError::Closed), TryBroadcastRecvError::Closed);
}
