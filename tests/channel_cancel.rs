//! An operation that is dropped while it waits leaves the channel as if it had never waited.

use rustroutines::channel::{Receiver, Sender};
use rustroutines::prelude::*;
use rustroutines_tests::{Kind, Ledger, Line, PAIRS, Started, ends};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Polls once, with a waker that does nothing.
fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    std::pin::Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_value_on_its_way_to_a_receiver_that_leaves_goes_to_the_next() {
    for (tx, rx) in [channel(), bounded_channel(1), unbounded_channel()] {
        let mut leaves = rx.recv();
        let mut stays = rx.recv();
        assert!(poll_once(&mut leaves).is_pending());
        assert!(poll_once(&mut stays).is_pending());
        tx.try_send(7).unwrap();
        drop(leaves);
        assert_eq!(poll_once(&mut stays), Poll::Ready(Ok(7)));
    }
}

#[test]
fn a_value_that_nobody_waits_for_any_more_is_the_first_to_be_received() {
    for (tx, rx) in [channel(), bounded_channel(1), unbounded_channel()] {
        let mut leaves = rx.recv();
        assert!(poll_once(&mut leaves).is_pending());
        tx.try_send(1).unwrap();
        let second = tx.try_send(2).is_ok();
        drop(leaves);
        assert!(tx.len() <= tx.capacity().unwrap_or(usize::MAX));
        tx.close();
        assert!(rx.iter().eq(if second { 1..3 } else { 1..2 }));
    }
}

/// Nothing but its value goes with it, and that is not taken for one which was never sent.
#[test]
fn a_receive_that_is_forgotten_keeps_the_value_that_it_was_given() {
    for (tx, rx) in [channel(), bounded_channel(1), unbounded_channel()] {
        let mut forgotten = rx.recv();
        let mut stays = rx.recv();
        assert!(poll_once(&mut forgotten).is_pending());
        assert!(poll_once(&mut stays).is_pending());
        tx.try_send(1).unwrap();
        std::mem::forget(forgotten);
        tx.try_send(2).unwrap();
        assert_eq!(poll_once(&mut stays), Poll::Ready(Ok(2)));
        let mut next = rx.recv();
        assert!(poll_once(&mut next).is_pending());
        tx.try_send(3).unwrap();
        assert_eq!(poll_once(&mut next), Poll::Ready(Ok(3)));
        tx.close();
        assert!(tx.try_send(4).is_err());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the value might come back");
        assert!(poll_once(&mut rx.recv()).is_pending());
    }
}

#[test]
fn a_permit_that_is_forgotten_keeps_its_room() {
    let (tx, rx) = bounded_channel(2);
    std::mem::forget(tx.try_reserve().unwrap());
    for n in 0..3 {
        tx.try_send(n).unwrap();
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
        assert_eq!(rx.try_recv(), Ok(n));
    }
    tx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "its value might still be sent");
    assert!(poll_once(&mut rx.recv()).is_pending());
}

#[test]
fn a_reservation_that_is_forgotten_keeps_the_room_that_it_was_promised() {
    let (tx, rx) = bounded_channel(2);
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    let mut reserves = tx.reserve();
    assert!(poll_once(&mut reserves).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    std::mem::forget(reserves);
    for n in 1..4 {
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
        assert_eq!(rx.try_recv(), Ok(n));
        tx.try_send(n + 1).unwrap();
    }
    tx.close();
    assert_eq!(rx.try_recv(), Ok(4));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "its value might still be sent");
}

/// A worker that stops on "closed and empty" must not miss a value that comes back.
#[test]
fn a_value_that_comes_back_is_older_than_those_that_were_set_aside() {
    let (tx, rx) = unbounded_channel();
    let mut leaves = rx.recv();
    assert!(poll_once(&mut leaves).is_pending());
    (1..=5).for_each(|n| tx.try_send(n).unwrap());
    // Sets 3, 4 and 5 aside.
    assert_eq!(rx.try_recv(), Ok(2));
    drop(leaves);
    tx.try_send(6).unwrap();
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [1, 3, 4, 5, 6]);
}

#[test]
fn a_closed_channel_is_not_over_while_a_value_may_come_back() {
    let (tx, rx) = channel();
    let mut leaves = rx.recv();
    let mut stays = rx.recv();
    assert!(poll_once(&mut leaves).is_pending());
    tx.try_send(7).unwrap();
    drop(tx);
    assert!(poll_once(&mut stays).is_pending(), "7 may still come back");
    drop(leaves);
    assert_eq!(poll_once(&mut stays), Poll::Ready(Ok(7)));
    assert_eq!(rx.recv().block(), Err(RecvError));
}

#[test]
fn a_waiting_send_that_is_dropped_delivers_nothing() {
    let ledger = Ledger::default();
    let (tx, rx) = channel();
    let mut send = tx.send(ledger.entry(0));
    assert!(poll_once(&mut send).is_pending());
    drop(send);
    assert_eq!(ledger.dropped(), 1);
    assert!(rx.try_recv().is_err());
    ledger.balance();
}

/// A sender that waits behind one that leaves is let in when there is room.
#[test]
fn waiters_behind_one_that_leaves_are_not_forgotten() {
    let (tx, rx) = bounded_channel(1);
    tx.try_send(0).unwrap();
    let mut sends: Vec<_> = (1..4).map(|n| tx.send(n)).collect();
    for send in &mut sends {
        assert!(poll_once(send).is_pending());
    }
    drop(sends.remove(0));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(poll_once(&mut sends[0]), Poll::Ready(Ok(())));
    assert!(poll_once(&mut sends[1]).is_pending());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
}

#[test]
fn aborted_routines_lose_nothing() {
    ends(|| {
        let ledger = Ledger::default();
        for (tx, rx) in [channel(), bounded_channel(2)] {
            let receivers: Vec<_> = (0..20).map(|_| receive_all(rx.clone())).collect();
            let sender = {
                let (tx, ledger) = (tx.clone(), ledger.clone());
                go!(move || {
                    for n in 0..2_000 {
                        tx.send(ledger.entry(n)).unwrap();
                    }
                })
            };
            // The victims are aborted in the middle of it all.
            for victim in receivers.iter().skip(1) {
                victim.abort();
                std::thread::yield_now();
            }
            sender.join().block().unwrap();
            drop((tx, rx));
            let received: usize =
                receivers.into_iter().map(|receiver| receiver.join().block().map_or(0, |n| n)).sum();
            assert!(received <= 2_000);
        }
        ledger.balance();
    });
}

fn receive_all(rx: Receiver<rustroutines_tests::Entry>) -> RoutineHandle<usize> {
    go!(move || {
        let mut count = 0;
        for _entry in rx {
            count += 1;
        }
        count
    })
}

/// The aborted receivers keep what they had received in a ledger that they don't own, so here every
/// value can be accounted for.
#[test]
fn every_value_is_received_once_though_receivers_are_aborted() {
    const VALUES: usize = 5_000;
    ends(|| {
        for (tx, rx) in [channel(), bounded_channel(3), unbounded_channel()] {
            let seen: Arc<Vec<AtomicUsize>> = Arc::new((0..VALUES).map(|_| AtomicUsize::new(0)).collect());
            let receiver = |rx: Receiver<usize>| {
                let seen = seen.clone();
                go!(move || {
                    for n in rx {
                        seen[n].fetch_add(1, Ordering::Relaxed);
                    }
                })
            };
            let stays = receiver(rx.clone());
            let sender = go!(send_all(tx, VALUES));
            let mut victims = Vec::new();
            while !sender.is_finished() {
                let victim = receiver(rx.clone());
                std::thread::yield_now();
                victim.abort();
                victims.push(victim);
            }
            sender.join().block().unwrap();
            drop(rx);
            stays.join().block().unwrap();
            // One of them may have the last value, and be about to note it.
            victims.into_iter().for_each(|victim| drop(victim.join().block()));
            assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    });
}

#[routine]
fn send_all(tx: Sender<usize>, values: usize) {
    for n in 0..values {
        tx.send(n).unwrap();
    }
}

#[test]
fn a_timeout_gives_the_value_back_and_a_ready_one_beats_it() {
    ends(|| {
        let (tx, rx) = bounded_channel(1);
        assert_eq!(rx.recv_timeout(Duration::ZERO).block(), Err(RecvTimeoutError::Timeout));
        assert_eq!(tx.send_timeout(1, Duration::ZERO).block(), Ok(()), "there is room");
        assert_eq!(tx.send_timeout(2, Duration::from_millis(1)).block(), Err(SendTimeoutError::Timeout(2)));
        let past = Instant::now();
        assert_eq!(rx.recv_deadline(past).block(), Ok(1), "a ready value beats an expired deadline");
        for kind in [Kind::Thread, Kind::Routine] {
            let (tx, rx) = (tx.clone(), rx.clone());
            let waits = kind.start(move || {
                suspend!(move {
                    let wait = Duration::from_millis(10);
                    let before = Instant::now();
                    assert_eq!(rx.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
                    assert!(before.elapsed() >= wait, "never early");
                    let deadline = Instant::now() + wait;
                    tx.try_send(1).unwrap();
                    assert_eq!(tx.send_deadline(2, deadline), Err(SendTimeoutError::Timeout(2)));
                    assert!(Instant::now() >= deadline, "never early");
                    assert_eq!(rx.try_recv(), Ok(1));
                })
            });
            waits.finish();
        }
        drop(tx);
        assert_eq!(rx.recv_timeout(Duration::MAX).block(), Err(RecvTimeoutError::Closed));
    });
}

#[test]
fn the_longest_timeout_never_fires_and_never_panics() {
    ends(|| {
        for (sends, receives) in PAIRS {
            let (tx, rx) = channel();
            let line = Line::default();
            let receiver = receives.start({
                let line = line.clone();
                move || suspend!(move { line.watch(plain!(rx.recv_timeout(Duration::MAX))) })
            });
            line.await_waiting(1);
            let sender = sends.start(move || suspend!(move { tx.send_timeout(7, Duration::MAX) }));
            assert_eq!((sender.finish(), receiver.finish()), (Ok(()), Ok(7)));
        }
    });
}

/// On a simulated clock: first the one who sends waits, and then the one who receives.
#[test]
fn the_longest_timeout_does_not_fire_in_centuries() {
    const CENTURIES: Duration = Duration::from_secs(86_400 * 365 * 300);
    rustroutines::testing::run(1, || {
        suspend!({
            let (tx, rx) = channel();
            let sender = go!(move || (tx.send_timeout(7, Duration::MAX), tx));
            sleep(CENTURIES);
            assert_eq!(rx.recv_timeout(Duration::MAX), Ok(7));
            let (sent, tx) = sender.join().unwrap();
            assert_eq!(sent, Ok(()));
            let receiver = go!(move || rx.recv_timeout(Duration::MAX));
            sleep(CENTURIES);
            assert_eq!(tx.send_timeout(8, Duration::MAX), Ok(()));
            assert_eq!(receiver.join().unwrap(), Ok(8));
        })
    });
}

#[test]
fn a_timeout_that_races_a_send_delivers_or_returns() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for round in 0..200 {
                let (tx, rx) = bounded_channel(round % 2);
                let receiver = receives.start({
                    let rx = rx.clone();
                    move || suspend!(move { rx.recv_timeout(Duration::from_micros(50)) })
                });
                let sender = sends.start({
                    let tx = tx.clone();
                    move || suspend!(move { tx.send_timeout(7, Duration::from_micros(50)) })
                });
                match (receiver.finish(), sender.finish()) {
                    (Ok(7), sent) => assert_eq!(sent, Ok(())),
                    (Err(RecvTimeoutError::Timeout), Ok(())) => assert_eq!(rx.try_recv(), Ok(7)),
                    (Err(RecvTimeoutError::Timeout), Err(SendTimeoutError::Timeout(7))) => {}
                    other => panic!("{other:?}"),
                }
                // Nobody is left in line, and the next ones meet.
                assert_eq!((rx.try_recv(), tx.len()), (Err(TryRecvError::Empty), 0));
                assert_eq!(tx.try_send(8).is_ok(), round % 2 == 1);
                let next = receives.start(move || suspend!(move { rx.recv() }));
                if round % 2 == 0 {
                    tx.send(8).block().unwrap();
                }
                assert_eq!(next.finish(), Ok(8));
            }
        }
    });
}

/// Limits that run out while their owners stand in line take them out of it.
#[test]
fn limits_that_expire_leave_nobody_in_line() {
    const SHORT: Duration = Duration::from_micros(30);
    ends(|| {
        for kind in [Kind::Thread, Kind::Routine] {
            for capacity in [0, 1] {
                let (tx, rx) = bounded_channel::<u32>(capacity);
                let (quiet_tx, quiet) = channel::<u32>();
                let waits = kind.start({
                    let (tx, rx) = (tx.clone(), rx.clone());
                    move || {
                        suspend!(move {
                            for _ in 0..100 {
                                assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
                                select! {
                                    _ = rx.recv() => unreachable!(),
                                    _ = quiet.recv() => unreachable!(),
                                    timeout(SHORT) => {}
                                }
                            }
                            (0..capacity as u32).for_each(|n| tx.try_send(n).unwrap());
                            for _ in 0..100 {
                                assert_eq!(tx.send_timeout(7, SHORT), Err(SendTimeoutError::Timeout(7)));
                                select! {
                                    _ = tx.send(7) => unreachable!(),
                                    _ = quiet.recv() => unreachable!(),
                                    timeout(SHORT) => {}
                                }
                            }
                        })
                    }
                });
                waits.finish();
                assert_eq!(rx.try_iter().count(), capacity, "no sender is left in line");
                (0..capacity as u32).for_each(|n| tx.try_send(n).unwrap());
                assert!(tx.try_send(7).unwrap_err().is_full(), "no receiver is left in line");
                assert!(quiet_tx.try_send(7).is_err());
            }
        }
    });
}

/// A wait that ends because its routine, or its thread, panics is given up like any other.
#[test]
fn a_panic_in_the_midst_of_a_wait_leaves_nobody_in_line() {
    /// Waits once, and panics when it is polled again.
    struct Panics(bool);
    impl Future for Panics {
        type Output = ();
        fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            assert!(!self.0, "a panic in the midst of a wait");
            self.0 = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    impl Suspend for Panics {}
    ends(|| {
        for (one, other) in PAIRS {
            let ledger = Ledger::default();
            let (tx, rx) = channel();
            let line = Line::default();
            // They stand in line before and behind the one that panics.
            let behind = {
                let (rx, line) = (rx.clone(), line.clone());
                other.start(move || suspend!(move { line.watch(plain!(rx.recv())) }))
            };
            line.await_waiting(1);
            let (full, rest) = bounded_channel(1);
            full.try_send(ledger.entry(0)).unwrap();
            let panics = {
                let (rx, full, ledger) = (rx.clone(), full.clone(), ledger.clone());
                one.start(move || {
                    suspend!(move {
                        select! {
                            _ = rx.recv() => unreachable!("the other comes first"),
                            _ = full.send(ledger.entry(1)) => unreachable!("it stays full"),
                            _ = Panics(false) => unreachable!("it panics"),
                        }
                    })
                })
            };
            let ended = match panics {
                Started::Thread(thread) => thread.join().is_err(),
                Started::Routine(routine) => matches!(routine.join().block(), Err(JoinError::Panicked(_))),
            };
            assert!(ended);
            assert_eq!(
                rest.try_iter().map(|entry| entry.number).collect::<Vec<_>>(),
                [0],
                "nobody is let in"
            );
            assert_eq!(tx.try_send(7), Ok(()));
            assert_eq!(behind.finish(), Ok(7));
            assert_eq!(tx.try_send(8), Err(TrySendError::Full(8)));
            ledger.balance();
        }
    });
    // One that holds a value in hand already.
    let (tx, rx) = channel();
    let (mut first, mut next) = (rx.recv(), rx.recv());
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut next).is_pending());
    tx.try_send(7).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _held = first;
        panic!("a panic with a value in hand");
    }));
    assert!(panicked.is_err());
    assert_eq!(poll_once(&mut next), Poll::Ready(Ok(7)));
}

/// A million waits that are given up leave nothing behind: neither waiters nor wakers.
#[test]
fn cancelled_waits_leave_nothing_behind() {
    struct Counted;
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }
    let waker_owner = Arc::new(Counted);
    let waker = Waker::from(waker_owner.clone());
    let (tx, rx) = channel::<u64>();
    for _ in 0..1_000_000 {
        let mut recv = rx.recv();
        assert!(std::pin::Pin::new(&mut recv).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&waker_owner), 2, "every waker was given up");
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "nobody is left in line");
}

/// A waker that calls back into the channel, when it is woken, cloned or dropped, finds no lock held.
#[test]
fn wakers_may_use_the_channel() {
    struct Reentrant(Sender<u32>);
    impl Wake for Reentrant {
        fn wake(self: Arc<Self>) {
            self.wake_by_ref();
        }
        fn wake_by_ref(self: &Arc<Self>) {
            let _ = self.0.len();
        }
    }
    impl Drop for Reentrant {
        fn drop(&mut self) {
            let _ = self.0.len();
        }
    }
    let reentrant = |tx: &Sender<u32>| Waker::from(Arc::new(Reentrant(tx.clone())));
    ends(move || {
        let (tx, rx) = channel();
        for ending in 0..5 {
            let mut recv = rx.recv();
            let waker = reentrant(&tx);
            assert!(std::pin::Pin::new(&mut recv).poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            match ending {
                0 => drop(recv),
                1 => {
                    tx.try_send(1).unwrap();
                    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(1)));
                }
                2 => {
                    let other = reentrant(&tx);
                    let mut cx = Context::from_waker(&other);
                    assert!(std::pin::Pin::new(&mut recv).poll(&mut cx).is_pending());
                }
                3 => {
                    // Gives up by its time limit, and takes its waker out of the line.
                    drop(recv);
                    let mut limited = rx.recv_timeout(Duration::from_millis(1));
                    let waker = reentrant(&tx);
                    while std::pin::Pin::new(&mut limited).poll(&mut Context::from_waker(&waker)).is_pending()
                    {
                        std::thread::yield_now();
                    }
                }
                _ => {
                    tx.close();
                    assert_eq!(poll_once(&mut recv), Poll::Ready(Err(RecvError)));
                }
            }
        }
    });
}

/// A waker that panics when it is woken costs nobody a value or a wake-up.
#[test]
fn a_waker_that_panics_loses_no_value_and_no_wake_up() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    let panics = Waker::from(Arc::new(Panics));
    let (tx, rx) = bounded_channel(1);
    tx.try_send(1).unwrap();
    let mut send = tx.send(2);
    assert!(std::pin::Pin::new(&mut send).poll(&mut Context::from_waker(&panics)).is_pending());
    assert_eq!(rx.try_recv(), Ok(1), "the value is not lost to the sender's waker");
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
    let mut waiting: Vec<_> = (0..3).map(|_| rx.recv()).collect();
    for (n, recv) in waiting.iter_mut().enumerate() {
        let waker = if n == 1 { Waker::noop() } else { &panics };
        assert!(std::pin::Pin::new(recv).poll(&mut Context::from_waker(waker)).is_pending());
    }
    tx.close();
    for recv in &mut waiting {
        assert_eq!(poll_once(recv), Poll::Ready(Err(RecvError)), "everyone hears of the close");
    }
}
