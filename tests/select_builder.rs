//! `Select`, the builder for cases that are known only at run time.

use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Kind, ends};
use std::pin::Pin;
use std::task::{Context, Waker};

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

#[test]
fn a_thousand_cases_by_four_threads_are_each_hit_once() {
    ends(|| {
        let (tx, rx): (Vec<_>, Vec<_>) = (0..1_000).map(|_| channel::<usize>()).unzip();
        let tx = std::sync::Arc::new(tx);
        let senders: Vec<_> = (0..4)
            .map(|thread| {
                let tx = tx.clone();
                Kind::Thread.start(suspend!(move || {
                    for number in (thread..1_000).step_by(4) {
                        tx[number].send(number).unwrap();
                    }
                }))
            })
            .collect();
        let mut hits = vec![0; 1_000];
        let mut select = Select::new();
        for rx in &rx {
            select.recv(rx, |value| value.unwrap());
        }
        for _ in 0..1_000 {
            let won = select.wait().block();
            assert_eq!(won.case(), Some(won.value));
            hits[won.value] += 1;
            assert!(select.remove(won.value));
        }
        assert!(select.is_empty());
        assert!(hits.into_iter().all(|hits| hits == 1));
        senders.into_iter().for_each(|sender| sender.finish());
    });
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
fn builders_meet_in_routines() {
    ends(|| {
        let (a_tx, a) = channel::<u32>();
        let (b_tx, b) = channel::<u32>();
        let one = go!(cross(a_tx, b));
        let other = go!(cross(b_tx, a));
        let (sent, received) = one.join().block().unwrap();
        assert_eq!(other.join().block().unwrap(), (received, sent));
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
