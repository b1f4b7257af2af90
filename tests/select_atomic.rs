//! Exactly one arm of a select takes effect; the others consume, deliver and drop nothing.

use rustroutines::channel::{Receiver, Sender};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Ledger, PAIRS, ends};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_losing_receive_consumes_nothing() {
    ends(|| {
        for (sends, selects) in PAIRS {
            for capacity in [0, 1, 4] {
                let (a_tx, a) = bounded_channel(capacity);
                let (b_tx, b) = bounded_channel(capacity);
                let senders = [a_tx, b_tx].map(|tx| {
                    sends.start(move || {
                        suspend!(move {
                            for n in 0..2_000_u64 {
                                tx.send(n).unwrap();
                            }
                        })
                    })
                });
                let selecting = selects.start(move || {
                    suspend!(move {
                        let mut next = [0, 0];
                        while next != [2_000, 2_000] {
                            let (from, got) = select! {
                                n = a.recv(), if next[0] < 2_000 => (0, n.unwrap()),
                                n = b.recv(), if next[1] < 2_000 => (1, n.unwrap()),
                            };
                            assert_eq!(got, next[from], "each channel's values in order, none missing");
                            next[from] += 1;
                        }
                    })
                });
                senders.into_iter().for_each(|sender| sender.finish());
                selecting.finish();
            }
        }
    });
}

#[test]
fn exactly_one_of_two_sends_takes_effect() {
    // A hundred thousand in all.
    const ROUNDS: usize = 25_000;
    ends(|| {
        for (receives, selects) in PAIRS {
            let (a_tx, a) = channel();
            let (b_tx, b) = channel();
            let ledger = Ledger::default();
            let receivers = [a, b].map(|rx: Receiver<rustroutines_tests::Entry>| {
                receives.start(move || {
                    suspend!(move {
                        let mut got = Vec::new();
                        for entry in rx {
                            got.push(entry.number);
                        }
                        got
                    })
                })
            });
            let entries = ledger.clone();
            let selecting = selects.start(move || {
                suspend!(move {
                    let mut sent = [Vec::new(), Vec::new()];
                    for round in 0..ROUNDS {
                        select! {
                            done = a_tx.send(entries.entry(round)) => { done.unwrap(); sent[0].push(round) }
                            done = b_tx.send(entries.entry(round)) => { done.unwrap(); sent[1].push(round) }
                        }
                    }
                    sent
                })
            });
            let sent = selecting.finish();
            assert_eq!(sent[0].len() + sent[1].len(), ROUNDS);
            for (sent, receiver) in sent.into_iter().zip(receivers) {
                assert_eq!(receiver.finish(), sent);
            }
            ledger.balance();
        }
    });
}

/// Each side offers to send and to receive on the same channel, and none ever pairs with itself.
#[test]
fn selects_that_send_and_receive_pair_off() {
    ends(|| {
        for (first, second) in PAIRS {
            for _ in 0..20 {
                let (tx, rx) = channel::<usize>();
                let both: Vec<_> = (0..44)
                    .map(|id| {
                        let (tx, rx) = (tx.clone(), rx.clone());
                        (if id % 2 == 0 { first } else { second }).start(move || pair_off(id, tx, rx))
                    })
                    .collect();
                let partners: Vec<Option<usize>> = both.into_iter().map(|one| one.finish()).collect();
                let received: Vec<usize> = partners.iter().flatten().copied().collect();
                assert_eq!(received.len(), 22, "half of them sent, half of them received");
                for (id, partner) in partners.iter().enumerate() {
                    assert_ne!(*partner, Some(id), "paired with itself");
                }
                let mut all: Vec<usize> = received;
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), 22, "each was received once");
            }
        }
    });
}

/// Whom this one received from; `None`: it was received.
#[routine]
fn pair_off(id: usize, tx: Sender<usize>, rx: Receiver<usize>) -> Option<usize> {
    select! {
        sent = tx.send(id) => { sent.unwrap(); None }
        received = rx.recv() => Some(received.unwrap()),
    }
}

#[test]
fn fifty_five_selects_and_one_sender() {
    ends(|| {
        for (kind, sends) in PAIRS {
            let (tx, rx) = channel::<usize>();
            let both: Vec<_> = (0..55)
                .map(|id| {
                    let (tx, rx) = (tx.clone(), rx.clone());
                    kind.start(move || pair_off(id, tx, rx))
                })
                .collect();
            let sender = sends.start(move || suspend!(move { tx.send(1_000) }));
            sender.finish().unwrap();
            let partners: Vec<Option<usize>> = both.into_iter().map(|one| one.finish()).collect();
            assert_eq!(partners.iter().flatten().count(), 28);
            assert_eq!(partners.iter().flatten().filter(|&&from| from == 1_000).count(), 1);
        }
    });
}

/// Two selects whose arms cross over meet in any number of rounds, and never wait for one another.
#[test]
fn crossed_selects_never_deadlock() {
    const ROUNDS: usize = 5_000;
    ends(|| {
        for (first, second) in PAIRS {
            let (a_tx, a) = channel::<usize>();
            let (b_tx, b) = channel::<usize>();
            let one = {
                let (a_tx, b) = (a_tx.clone(), b.clone());
                first.start(move || cross(a_tx, b, ROUNDS))
            };
            let other = second.start(move || cross(b_tx, a, ROUNDS));
            let (sent, received) = one.finish();
            assert_eq!(other.finish(), (received, sent));
            assert_eq!(sent + received, ROUNDS);
        }
    });
}

#[routine]
fn cross(tx: Sender<usize>, rx: Receiver<usize>, rounds: usize) -> (usize, usize) {
    let (mut sent, mut received) = (0, 0);
    for _ in 0..rounds {
        select! {
            done = tx.send(1) => { done.unwrap(); sent += 1 }
            got = rx.recv() => received += got.unwrap(),
        }
    }
    (sent, received)
}

/// Go's stress of selects: over each of four channels one sends a hundred thousand values, and another
/// receives as many; one select sends as many on each of them, another receives as many from each.
#[test]
fn selects_and_plain_operations_share_four_channels() {
    // Without optimisation the whole of it takes a minute on a small machine.
    const EACH: usize = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    #[routine]
    fn sends_all(tx: Vec<Sender<usize>>) {
        let mut left = [EACH; 4];
        while left != [0; 4] {
            let sent = select! {
                sent = tx[0].send(left[0]), if left[0] > 0 => { sent.unwrap(); 0 }
                sent = tx[1].send(left[1]), if left[1] > 0 => { sent.unwrap(); 1 }
                sent = tx[2].send(left[2]), if left[2] > 0 => { sent.unwrap(); 2 }
                sent = tx[3].send(left[3]), if left[3] > 0 => { sent.unwrap(); 3 }
            };
            left[sent] -= 1;
        }
    }
    #[routine]
    fn receives_all(rx: Vec<Receiver<usize>>) -> usize {
        let (mut left, mut sum) = ([EACH; 4], 0);
        while left != [0; 4] {
            let (from, got) = select! {
                got = rx[0].recv(), if left[0] > 0 => (0, got),
                got = rx[1].recv(), if left[1] > 0 => (1, got),
                got = rx[2].recv(), if left[2] > 0 => (2, got),
                got = rx[3].recv(), if left[3] > 0 => (3, got),
            };
            left[from] -= 1;
            sum += got.unwrap();
        }
        sum
    }
    ends(|| {
        let channels = [channel(), bounded_channel(1), bounded_channel(8), unbounded_channel()];
        let (tx, rx): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
        let senders: Vec<_> = tx
            .iter()
            .cloned()
            .map(|tx| {
                go!(move || for n in 1..=EACH {
                    tx.send(n).unwrap();
                })
            })
            .chain([go!(sends_all(tx.clone()))])
            .collect();
        let receivers: Vec<_> = rx
            .iter()
            .cloned()
            .map(|rx| {
                go!(move || {
                    let mut sum = 0;
                    for _ in 0..EACH {
                        sum += rx.recv().unwrap();
                    }
                    sum
                })
            })
            .chain([go!(receives_all(rx.clone()))])
            .collect();
        senders.into_iter().for_each(|sender| sender.join().block().unwrap());
        let sum: usize = receivers.into_iter().map(|receiver| receiver.join().block().unwrap()).sum();
        assert_eq!(sum, 2 * 4 * EACH * (EACH + 1) / 2);
        assert!(rx.iter().all(|rx| rx.is_empty()));
    });
}

/// Ten over four channels, each with a select over all of them.
#[test]
fn stress_conserves_every_value() {
    const EACH: usize = 2_000;
    ends(|| {
        for ((sends, receives), capacity) in PAIRS.into_iter().flat_map(|pair| [0, 1, 8].map(|n| (pair, n))) {
            let channels: Vec<_> = (0..4).map(|_| bounded_channel::<usize>(capacity)).collect();
            let total = Arc::new(AtomicUsize::new(0));
            let senders: Vec<_> = (0..5)
                .map(|_| {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|n: usize| channels[n].0.clone());
                    sends.start(move || {
                        suspend!(move {
                            for n in 1..=EACH {
                                select! {
                                    sent = a.send(n) => sent.unwrap(),
                                    sent = b.send(n) => sent.unwrap(),
                                    sent = c.send(n) => sent.unwrap(),
                                    sent = d.send(n) => sent.unwrap(),
                                }
                            }
                        })
                    })
                })
                .collect();
            let receivers: Vec<_> = (0..5)
                .map(|_| {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|n: usize| channels[n].1.clone());
                    let total = total.clone();
                    receives.start(move || {
                        suspend!(move {
                            let mut open = [true; 4];
                            while open.contains(&true) {
                                let (channel, got) = select! {
                                    got = a.recv(), if open[0] => (0, got),
                                    got = b.recv(), if open[1] => (1, got),
                                    got = c.recv(), if open[2] => (2, got),
                                    got = d.recv(), if open[3] => (3, got),
                                };
                                match got {
                                    Ok(n) => {
                                        total.fetch_add(n, Ordering::Relaxed);
                                    }
                                    Err(_) => open[channel] = false,
                                }
                            }
                        })
                    })
                })
                .collect();
            drop(channels);
            senders.into_iter().for_each(|sender| sender.finish());
            receivers.into_iter().for_each(|receiver| receiver.finish());
            assert_eq!(total.load(Ordering::Relaxed), 5 * EACH * (EACH + 1) / 2);
        }
    });
}

/// Routines are aborted inside their selects; the others go on and nothing is lost.
#[test]
fn an_aborted_select_wedges_nobody() {
    const VALUES: usize = 3_000;
    ends(|| {
        for capacity in [0, 2] {
            let (a_tx, a) = bounded_channel::<usize>(capacity);
            let (b_tx, b) = bounded_channel::<usize>(capacity);
            let seen: Arc<Vec<AtomicUsize>> =
                Arc::new((0..2 * VALUES).map(|_| AtomicUsize::new(0)).collect());
            let receiver = |a: Receiver<usize>, b: Receiver<usize>| {
                let seen = seen.clone();
                go!(move || {
                    loop {
                        let got = select! { got = a.recv() => got, got = b.recv() => got };
                        let Ok(n) = got else { break };
                        seen[n].fetch_add(1, Ordering::Relaxed);
                    }
                })
            };
            let senders = [(a_tx, 0), (b_tx, VALUES)].map(|(tx, first)| {
                go!(move || {
                    for n in first..first + VALUES {
                        tx.send(n).unwrap();
                    }
                    // Closing would end the receivers while the other channel still has values.
                    tx
                })
            });
            let stays = receiver(a.clone(), b.clone());
            while !senders.iter().all(|sender| sender.is_finished()) {
                let victim = receiver(a.clone(), b.clone());
                std::thread::yield_now();
                victim.abort();
            }
            let open = senders.map(|sender| sender.join().block().unwrap());
            while seen.iter().any(|count| count.load(Ordering::Relaxed) == 0) {
                std::thread::yield_now();
            }
            drop(open);
            stays.join().block().unwrap();
            assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    });
}

/// Losing operations are gone before the body of the winner runs.
#[test]
fn the_losers_are_dropped_before_the_body_runs() {
    let ledger = Ledger::default();
    let (tx, rx) = bounded_channel::<u8>(1);
    let (full, _keep) = channel();
    tx.try_send(1).unwrap();
    select! {
        _got = rx.recv() => assert_eq!(ledger.dropped(), 1),
        _sent = full.send(ledger.entry(0)) => panic!("nobody receives"),
    }
    ledger.balance();
}

/// A value that reaches a waiting select is not lost to its timeout.
#[test]
fn a_timeout_that_races_a_value_loses_neither() {
    ends(|| {
        let (tx, rx) = channel();
        let (_open, never) = channel::<u32>();
        let sender = go!(move || {
            let mut sent = 0;
            for n in 0..2_000_u32 {
                tx.send(n).unwrap();
                sent += 1;
            }
            sent
        });
        let mut expected = 0;
        while expected < 2_000 {
            select! {
                got = rx.recv() => { assert_eq!(got, Ok(expected)); expected += 1 }
                _ = never.recv() => unreachable!(),
                timeout(Duration::from_micros(20)) => {}
            }
        }
        assert_eq!(sender.join().block().unwrap(), 2_000);
    });
}

/// A time limit of its own takes no arm out of the claim: what loses is not sent.
#[test]
fn a_losing_send_with_a_time_limit_is_delivered_to_nobody() {
    use std::task::{Context, Poll, Waker};
    let (a_tx, a) = channel::<u32>();
    let (b_tx, b) = channel::<u32>();
    let long = Duration::from_secs(60);
    let mut waits = Box::pin(async {
        suspend!({
            select! {
                sent = a_tx.send_timeout(1, long) => { sent.unwrap(); 1 },
                sent = timeout(long, || a_tx.send(2)) => { sent.unwrap().unwrap(); 2 },
                got = b.recv_timeout(long) => got.unwrap(),
                got = timeout(long, || b.recv()) => got.unwrap().unwrap(),
            }
        })
        .await
    });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    b_tx.try_send(7).unwrap();
    assert_eq!(a.try_recv(), Err(TryRecvError::Empty), "the select is decided");
    assert_eq!(waits.as_mut().poll(&mut cx), Poll::Ready(7));
}

/// The limits of such arms still end the wait.
#[test]
fn an_arm_ends_by_its_own_time_limit() {
    ends(|| {
        let (tx, rx) = channel::<u32>();
        let short = Duration::from_millis(2);
        let late = select! {
            got = rx.recv_timeout(short) => got == Err(RecvTimeoutError::Timeout),
            sent = tx.send_timeout(1, Duration::MAX) => sent.is_ok(),
        };
        let given_back = select! {
            sent = tx.send_timeout(5, short) => sent == Err(SendTimeoutError::Timeout(5)),
            _ = timeout(Duration::MAX, || rx.recv()) => false,
        };
        assert!(late && given_back);
        // Wherever it stands, and though nothing has come to the others since they were looked at.
        let quiet: Vec<_> = (0..20).map(|_| channel::<u32>()).collect();
        for place in 0..=quiet.len() {
            let mut select = Select::new();
            for (number, (_, rx)) in quiet.iter().enumerate() {
                if number == place {
                    select.case(|| rx.recv_timeout(Duration::from_micros(50)), |got| got.is_err());
                }
                select.recv(rx, |_| false);
            }
            if place == quiet.len() {
                select.case(|| rx.recv_timeout(Duration::from_micros(50)), |got| got.is_err());
            }
            assert!(select.wait().block().value);
        }
    });
}

/// At every moment one of two channels holds a value, though it moves from one to the other while the
/// select looks: a select never finds both empty. (A look at one after the other would.)
#[test]
fn a_value_that_moves_between_two_channels_is_always_found() {
    // A hundred thousand in all.
    const ROUNDS: u32 = 25_000;
    #[routine]
    fn look(a: &Receiver<u32>, b: &Receiver<u32>, way: u32) -> bool {
        match way {
            0 => select! { _ = a.recv() => true, _ = b.recv() => true, default => false },
            1 => select! { biased; _ = b.recv() => true, _ = a.recv() => true, default => false },
            _ => select! { _ = a.recv() => true, _ = b.recv() => true, timeout(Duration::ZERO) => false },
        }
    }
    ends(|| {
        for (looks, moves) in PAIRS {
            let (a_tx, a) = bounded_channel(1);
            let (b_tx, b) = bounded_channel(1);
            let (start_tx, start) = channel();
            let (end_tx, end) = channel();
            let looker = {
                let (a, b) = (a.clone(), b.clone());
                looks.start(move || {
                    suspend!(move {
                        for round in 0..ROUNDS {
                            a_tx.send(round).unwrap();
                            start_tx.send(()).unwrap();
                            assert!(look(&a, &b, round % 3), "round {round}");
                            end.recv().unwrap();
                            assert!(a.try_recv().is_err(), "the other has taken it, or the select has");
                            let _ = b.try_recv();
                        }
                    })
                })
            };
            let mover = moves.start(move || {
                suspend!(move {
                    for round in 0..ROUNDS {
                        start.recv().unwrap();
                        b_tx.send(round).unwrap();
                        let _ = a.try_recv();
                        end_tx.send(()).unwrap();
                    }
                })
            });
            looker.finish();
            mover.finish();
        }
    });
}
