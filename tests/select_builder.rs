//! `Select`, the builder for cases that are known only at run time.

use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Ledger, PAIRS, ends};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[test]
fn the_ready_case_wins_and_gives_its_number() {
    let channels: Vec<_> = (0..100).map(|_| bounded_channel::<usize>(1)).collect();
    let mut select = Select::new();
    for (number, (_, rx)) in channels.iter().enumerate() {
        assert_eq!(select.recv(rx, |value| value.unwrap()), number);
    }
    assert_eq!(select.len(), 100);
    for number in [0, 99, 50, 7] {
        channels[number].0.try_send(number * 10).unwrap();
        let won = select.wait().block();
        assert_eq!((won.case(), won.value), (Some(number), number * 10));
    }
}

/// Losing operations are gone before the closure of the winner runs, whether they were in line or not.
#[test]
fn the_losers_are_gone_before_the_winners_closure_runs() {
    let ledger = Ledger::default();
    let (tx, rx) = bounded_channel::<usize>(1);
    let (full, _rest) = channel();
    let mut select = Select::new();
    select.recv(&rx, |got| (got.unwrap(), ledger.balanced()));
    select.send(&full, || ledger.entry(0), |_| unreachable!("nobody receives"));
    for round in 0..20 {
        let waits = round % 2 == 0;
        if !waits {
            tx.try_send(round).unwrap();
        }
        let mut wait = select.wait();
        let mut cx = Context::from_waker(Waker::noop());
        if waits {
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            tx.try_send(round).unwrap();
        }
        let Poll::Ready(won) = Pin::new(&mut wait).poll(&mut cx) else { panic!("it was matched") };
        assert_eq!((won.case(), won.value), (Some(0), (round, true)));
        assert_eq!(ledger.dropped(), round + 1);
    }
}

#[test]
fn a_thousand_cases_by_four_threads_are_each_hit_once() {
    ends(|| {
        for (sends, selects) in PAIRS {
            let (tx, rx): (Vec<_>, Vec<_>) = (0..1_000).map(|_| channel::<usize>()).unzip();
            let tx = std::sync::Arc::new(tx);
            let senders: Vec<_> = (0..4)
                .map(|thread| {
                    let tx = tx.clone();
                    sends.start(suspend!(move || {
                        for number in (thread..1_000).step_by(4) {
                            tx[number].send(number).unwrap();
                        }
                    }))
                })
                .collect();
            let selecting = selects.start(move || {
                suspend!(move {
                    let mut hits = vec![0; 1_000];
                    let mut select = Select::new();
                    for rx in &rx {
                        select.recv(rx, |value| value.unwrap());
                    }
                    for _ in 0..1_000 {
                        let won = select.wait();
                        assert_eq!(won.case(), Some(won.value));
                        hits[won.value] += 1;
                        assert!(select.remove(won.value));
                    }
                    assert!(select.is_empty());
                    hits
                })
            });
            assert!(selecting.finish().into_iter().all(|hits| hits == 1));
            senders.into_iter().for_each(|sender| sender.finish());
        }
    });
}

/// Four hundred cases, which receive numbers, words, bytes and nothing at all, and send numbers and words:
/// each takes effect once, with its own payload, and by its number.
#[test]
fn hundreds_of_cases_of_mixed_payloads() {
    const EACH: usize = 80;
    /// What a case made of its operation's output.
    #[derive(Debug, PartialEq)]
    enum Made {
        Number(u64),
        Word(String),
        Bytes(Vec<u8>),
        Nothing,
        Sent,
    }
    ends(|| {
        for (selects, others) in PAIRS {
            let (numbers_tx, numbers): (Vec<_>, Vec<_>) = (0..EACH).map(|_| channel::<u64>()).unzip();
            let (words_tx, words): (Vec<_>, Vec<_>) = (0..EACH).map(|_| bounded_channel::<String>(1)).unzip();
            let (bytes_tx, bytes): (Vec<_>, Vec<_>) =
                (0..EACH).map(|_| unbounded_channel::<Vec<u8>>()).unzip();
            let (units_tx, units): (Vec<_>, Vec<_>) = (0..EACH).map(|_| channel::<()>()).unzip();
            let (out_tx, out): (Vec<_>, Vec<_>) = (0..EACH / 2).map(|_| channel::<u64>()).unzip();
            let (spoken_tx, spoken): (Vec<_>, Vec<_>) = (0..EACH / 2).map(|_| channel::<String>()).unzip();
            let feeder = others.start(move || {
                suspend!(move {
                    for n in 0..EACH {
                        numbers_tx[n].send(n as u64).unwrap();
                        words_tx[n].send(n.to_string()).unwrap();
                        bytes_tx[n].send(vec![n as u8; n]).unwrap();
                        units_tx[n].send(()).unwrap();
                    }
                })
            });
            let taker = others.start(move || {
                suspend!(move {
                    for n in 0..EACH / 2 {
                        assert_eq!(spoken[n].recv(), Ok(format!("word {n}")));
                        assert_eq!(out[n].recv(), Ok(n as u64));
                    }
                })
            });
            let selecting = selects.start(move || {
                suspend!(move {
                    let mut select = Select::new();
                    let mut expected = Vec::new();
                    for n in 0..EACH {
                        select.recv(&numbers[n], |got| Made::Number(got.unwrap()));
                        select.recv(&words[n], |got| Made::Word(got.unwrap()));
                        select.recv(&bytes[n], |got| Made::Bytes(got.unwrap()));
                        select.recv(&units[n], |got| { got.unwrap(); Made::Nothing });
                        expected.push(Made::Number(n as u64));
                        expected.push(Made::Word(n.to_string()));
                        expected.push(Made::Bytes(vec![n as u8; n]));
                        expected.push(Made::Nothing);
                    }
                    for n in 0..EACH / 2 {
                        select.send(&out_tx[n], move || n as u64, |sent| { sent.unwrap(); Made::Sent });
                        select.send(&spoken_tx[n], move || format!("word {n}"), |sent| { sent.unwrap(); Made::Sent });
                        expected.push(Made::Sent);
                        expected.push(Made::Sent);
                    }
                    select.timeout(Duration::from_secs(60), || unreachable!("something is always to come"));
                    let cases = select.len();
                    assert_eq!(cases, 5 * EACH);
                    for _ in 0..cases {
                        let won = select.wait();
                        let case = won.case().unwrap();
                        assert_eq!(won.value, expected[case]);
                        assert!(select.remove(case));
                    }
                    assert!(select.is_empty());
                })
            });
            selecting.finish();
            feeder.finish();
            taker.finish();
        }
    });
}

/// Go's bound, as for `select!`: the share of each of two ready cases is within 4.4172 / (2 √N) of a half.
#[test]
fn two_ready_cases_share_evenly() {
    const ROUNDS: u32 = 10_000;
    let channels = [unbounded_channel(), unbounded_channel()];
    let mut select = Select::new();
    for (tx, rx) in &channels {
        (0..ROUNDS).for_each(|n| tx.try_send(n).unwrap());
        select.recv(rx, |value| value.is_ok());
    }
    let first = (0..ROUNDS).filter(|_| select.wait().block().case() == Some(0)).count();
    let share = first as f64 / f64::from(ROUNDS);
    assert!((share - 0.5).abs() < 4.4172 / (2.0 * f64::from(ROUNDS).sqrt()), "{share}");
}

#[test]
fn cases_of_different_types_give_one() {
    let (numbers_tx, numbers) = bounded_channel::<u64>(1);
    let (words_tx, words) = bounded_channel::<String>(1);
    let (out, taken) = bounded_channel::<char>(1);
    let mut select = Select::new();
    let number = select.recv(&numbers, |n| n.unwrap().to_string());
    let word = select.recv(&words, |w| w.unwrap());
    let sent = select.send(&out, || 'x', |sent| format!("{sent:?}"));
    let won = select.wait().block();
    assert_eq!((won.case(), won.value.as_str()), (Some(sent), "Ok(())"), "only the send is possible");
    numbers_tx.try_send(7).unwrap();
    let won = select.wait().block();
    assert_eq!((won.case(), won.value.as_str()), (Some(number), "7"));
    words_tx.try_send("seven".to_owned()).unwrap();
    let won = select.wait().block();
    assert_eq!((won.case(), won.value.as_str()), (Some(word), "seven"));
    assert_eq!(taken.try_recv(), Ok('x'));
}

#[test]
fn default_timeout_and_deadline() {
    let (tx, rx) = bounded_channel::<u32>(1);
    let mut select = Select::new();
    select.recv(&rx, |value| value.unwrap()).to_string();
    select.timeout(Duration::from_millis(1), || 1_000);
    let won = select.wait().block();
    assert_eq!((won.case(), won.value), (None, 1_000));
    tx.try_send(5).unwrap();
    select.deadline(Instant::now(), || 2_000);
    assert_eq!(select.wait().block().value, 5, "a ready case beats a deadline that has passed");
    assert_eq!(select.wait().block().value, 2_000);
    select.default(|| 3_000);
    assert_eq!(select.wait().block().value, 3_000);
}

#[test]
fn biased_prefers_the_lower_number_and_a_removed_case_never_wins() {
    let channels: Vec<_> = (0..3).map(|_| unbounded_channel::<u8>()).collect();
    for (tx, _) in &channels {
        (0..50).for_each(|n| tx.try_send(n).unwrap());
    }
    let mut select = Select::new();
    for (_, rx) in &channels {
        select.recv(rx, |value| value.unwrap());
    }
    select.biased();
    assert!((0..10).all(|_| select.wait().block().case() == Some(0)));
    assert!(select.remove(0) && !select.remove(0));
    assert!((0..10).all(|_| select.wait().block().case() == Some(1)));
    assert_eq!(select.recv(&channels[2].1, |value| value.unwrap()), 0, "the number is given again");
    assert_eq!(select.wait().block().case(), Some(0));
}

/// Two builders whose cases cross over meet; the values are all there in the end.
#[test]
fn builders_meet() {
    ends(|| {
        for (one, other) in PAIRS {
            let (a_tx, a) = channel::<u32>();
            let (b_tx, b) = channel::<u32>();
            let one = one.start(move || cross(a_tx, b));
            let other = other.start(move || cross(b_tx, a));
            let (sent, received) = one.finish();
            assert_eq!(other.finish(), (received, sent));
        }
    });
}

#[routine]
fn cross(tx: Sender<u32>, rx: Receiver<u32>) -> (u32, u32) {
    let (mut sent, mut received) = (0, 0);
    let mut select = Select::new();
    let sends = select.send(&tx, || 1, |result| result.is_ok());
    select.recv(&rx, |result| result.is_ok());
    for _ in 0..2_000 {
        let won = select.wait();
        assert!(won.value);
        if won.case() == Some(sends) { sent += 1 } else { received += 1 }
    }
    (sent, received)
}

/// A select that was matched is leaked, and never looks: its value is gone with it, and nobody waits for that.
#[test]
fn a_round_that_is_leaked_after_it_was_matched_wedges_nobody() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for capacity in [0, 1] {
                let (tx, rx) = bounded_channel::<u32>(capacity);
                let (_open, quiet) = channel::<u32>();
                let mut select = Select::new();
                select.recv(&rx, |got| got);
                select.recv(&quiet, |got| got);
                let mut wait = select.wait();
                assert!(Pin::new(&mut wait).poll(&mut Context::from_waker(Waker::noop())).is_pending());
                let sender = sends.start({
                    let tx = tx.clone();
                    move || suspend!(move { (tx.send(1), tx.send(2)) })
                });
                if capacity == 1 {
                    assert_eq!(sender.finish(), (Ok(()), Ok(())));
                    std::mem::forget(wait);
                    std::mem::forget(select);
                    let receiver = receives.start({
                        let rx = rx.clone();
                        move || suspend!(move { rx.recv() })
                    });
                    assert_eq!(receiver.finish(), Ok(2));
                } else {
                    let receiver = receives.start({
                        let rx = rx.clone();
                        move || suspend!(move { rx.recv() })
                    });
                    assert_eq!(sender.finish(), (Ok(()), Ok(())));
                    assert_eq!(receiver.finish(), Ok(2));
                    std::mem::forget(wait);
                    std::mem::forget(select);
                }
            }
        }
    });
}

/// Three of many cases are ready, wherever they stand: each wins a third of the rounds.
#[test]
fn each_ready_case_of_many_gets_its_share() {
    const ROUNDS: usize = 9_000;
    const READY: [usize; 3] = [0, 1, 39];
    let channels: Vec<_> = (0..40).map(|_| unbounded_channel::<usize>()).collect();
    for number in READY {
        (0..ROUNDS).for_each(|n| channels[number].0.try_send(n).unwrap());
    }
    let mut select = Select::new();
    for (_, rx) in &channels {
        select.recv(rx, |value| value.is_ok());
    }
    let mut hits = [0_usize; 40];
    for _ in 0..ROUNDS {
        hits[select.wait().block().case().unwrap()] += 1;
    }
    for number in READY {
        // Six standard deviations are 268.
        assert!(hits[number].abs_diff(ROUNDS / 3) < 300, "{hits:?}");
    }
}

/// A round that is dropped, or leaked, while its cases stand in line leaves the next one whole, and loses no
/// value, whether that came before it was given up or after.
#[test]
fn a_round_that_is_given_up_or_leaked_spoils_no_other() {
    for leaked in [false, true] {
        for (before, after) in [(false, true), (true, false), (true, true)] {
            let (a_tx, a) = bounded_channel::<u32>(1);
            let (_open, b) = channel::<u32>();
            let (full, rest) = bounded_channel::<u32>(1);
            full.try_send(9).unwrap();
            let mut select = Select::new();
            select.recv(&a, |value| value.unwrap());
            select.recv(&b, |value| value.unwrap());
            select.send(&full, || 8, |_| unreachable!("it stays full"));
            let mut wait = select.wait();
            let polled = Pin::new(&mut wait).poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            if before {
                a_tx.try_send(1).unwrap();
            }
            if leaked {
                std::mem::forget(wait);
            } else {
                drop(wait);
            }
            // With the first one neither taken nor put back yet, the second may have to wait.
            let late = after && a_tx.try_send(2).is_ok();
            let expected: Vec<u32> =
                [(before, 1), (late, 2)].iter().filter(|it| it.0).map(|it| it.1).collect();
            let mut got: Vec<u32> = expected.iter().map(|_| select.wait().block().value).collect();
            got.sort_unstable();
            assert_eq!(got, expected, "leaked: {leaked}, before: {before}, after: {after}");
            drop(select);
            assert_eq!(rest.try_recv(), Ok(9));
            assert_eq!(rest.try_recv(), Err(TryRecvError::Empty), "what was not sent is gone");
        }
    }
}

/// The cases that are left when others go are the ones that win, however the numbers were shuffled before.
#[test]
fn cases_come_and_go_between_rounds() {
    let channels: Vec<_> = (0..50).map(|_| bounded_channel::<usize>(1)).collect();
    let mut select = Select::new();
    let mut numbers: Vec<usize> =
        channels.iter().map(|(_, rx)| select.recv(rx, |value| value.unwrap())).collect();
    for round in 0..200 {
        let which = (round * 7) % 50;
        if round % 3 == 0 {
            assert!(select.remove(numbers[which]));
            numbers[which] = select.recv(&channels[which].1, |value| value.unwrap());
        }
        channels[which].0.try_send(round).unwrap();
        let won = select.wait().block();
        assert_eq!((won.case(), won.value), (Some(numbers[which]), round));
    }
}
