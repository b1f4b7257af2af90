//! Closing, by a call or by dropping, and what becomes of the values.

use rustroutines::error::ChannelClosed;
use rustroutines::prelude::*;
use rustroutines_tests::{Kind, Ledger, PAIRS, ends};

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

#[test]
fn a_close_wakes_everyone_who_waits() {
    ends(|| {
        for (receives, sends) in PAIRS {
            let (tx, rx) = channel::<u32>();
            let receivers: Vec<_> = (0..5)
                .map(|_| {
                    let rx = rx.clone();
                    receives.start(move || suspend!(move { rx.recv() }))
                })
                .collect();
            assert!(tx.close());
            receivers.into_iter().for_each(|receiver| assert_eq!(receiver.finish(), Err(RecvError)));

            let (tx, rx) = bounded_channel(1);
            tx.try_send(0).unwrap();
            let senders: Vec<_> = (1..5)
                .map(|n| {
                    let tx = tx.clone();
                    sends.start(move || suspend!(move { tx.send(n) }))
                })
                .collect();
            assert!(rx.close());
            for (n, sender) in (1..5).zip(senders) {
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
    drop(rx);
    assert_eq!(ledger.dropped(), 0);
    drop(second);
    assert_eq!(ledger.dropped(), 100);
    assert!(tx.try_send(ledger.entry(0)).unwrap_err().is_closed());
    ledger.balance();
}

#[test]
fn each_value_is_dropped_once() {
    ends(|| {
        for round in 0..20 {
            let ledger = Ledger::default();
            let (tx, rx) = bounded_channel(round % 4);
            let receivers: Vec<_> = (0..3)
                .map(|id| {
                    let rx = rx.clone();
                    Kind::Routine.start(move || {
                        suspend!(move {
                            for _ in 0..100 * id {
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
                    Kind::Routine.start(move || {
                        suspend!(move {
                            for n in 0..200 {
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
    let ledger = Ledger::default();
    let (tx, rx) = unbounded_channel();
    for n in 0..10 {
        assert!(tx.try_send(Bomb(ledger.clone(), Some(ledger.entry(n)), n == 3)).is_ok());
    }
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(rx)));
    assert!(dropped.is_err());
    ledger.balance();
    assert!(tx.is_closed(), "the channel is as usable as before");
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
