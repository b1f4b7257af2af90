//! Which arm a select takes.

use rustroutines::prelude::*;
use rustroutines_tests::{Kind, PAIRS, ends};
use std::time::{Duration, Instant};

/// Go's bound: the share of each of two ready arms is within 4.4172 / (2 √N) of a half.
#[test]
fn two_ready_arms_share_evenly() {
    const ROUNDS: u32 = 10_000;
    for kind in [Kind::Thread, Kind::Routine] {
        let counts = kind.start(|| {
            suspend!({
                let (a_tx, a) = unbounded_channel();
                let (b_tx, b) = unbounded_channel();
                for n in 0..ROUNDS {
                    a_tx.try_send(n).unwrap();
                    b_tx.try_send(n).unwrap();
                }
                let mut first = 0.0;
                for _ in 0..ROUNDS {
                    select! { _ = a.recv() => first += 1.0, _ = b.recv() => {} }
                }
                first
            })
        });
        let share: f64 = counts.finish() / f64::from(ROUNDS);
        assert!((share - 0.5).abs() < 4.4172 / (2.0 * f64::from(ROUNDS).sqrt()), "{share}");
    }
}

/// Ready arms share evenly among arms that are not ready.
#[test]
fn each_ready_arm_gets_its_share_wherever_it_stands() {
    const ROUNDS: usize = 9_000;
    let ready: Vec<_> = (0..3).map(|_| unbounded_channel()).collect();
    for (tx, _) in &ready {
        (0..ROUNDS).for_each(|n| tx.try_send(n).unwrap());
    }
    let (_open, idle) = channel::<usize>();
    let mut hits = [0_usize; 3];
    for _ in 0..ROUNDS {
        select! {
            _ = ready[0].1.recv() => hits[0] += 1,
            _ = idle.recv() => unreachable!(),
            _ = idle.recv() => unreachable!(),
            _ = ready[1].1.recv() => hits[1] += 1,
            _ = idle.recv() => unreachable!(),
            _ = ready[2].1.recv() => hits[2] += 1,
        }
    }
    for hit in hits {
        assert!(hit.abs_diff(ROUNDS / 3) < ROUNDS / 20, "{hits:?}");
    }
}

#[test]
fn the_same_channel_may_stand_in_several_arms() {
    let (tx, rx) = unbounded_channel();
    (0..1_000).for_each(|n| tx.try_send(n).unwrap());
    let mut hits = [0; 3];
    for _ in 0..1_000 {
        select! {
            _ = rx.recv() => hits[0] += 1,
            _ = rx.recv() => hits[1] += 1,
            _ = rx.recv() => hits[2] += 1,
        }
    }
    assert!(hits.iter().all(|&hit| hit > 200), "{hits:?}");
}

#[test]
fn biased_takes_the_first_that_is_ready() {
    let (a_tx, a) = unbounded_channel();
    let (b_tx, b) = unbounded_channel();
    for n in 0..100 {
        a_tx.try_send(n).unwrap();
        b_tx.try_send(n).unwrap();
    }
    let mut order = Vec::new();
    for _ in 0..200 {
        select! {
            biased;
            n = a.recv() => order.push(('a', n.unwrap())),
            n = b.recv() => order.push(('b', n.unwrap())),
            default => unreachable!("one of them is ready"),
        }
    }
    assert!(order.into_iter().eq((0..100).map(|n| ('a', n)).chain((0..100).map(|n| ('b', n)))));
}

#[test]
fn default_only_when_nothing_is_ready() {
    let (tx, rx) = bounded_channel(1);
    let (other_tx, other) = bounded_channel(1);
    for n in 0..100_000 {
        // One of the two is always ready.
        let moved = select! {
            got = rx.recv() => { other_tx.try_send(got.unwrap()).unwrap(); true }
            got = other.recv() => { tx.try_send(got.unwrap()).unwrap(); true }
            default => { tx.try_send(n).unwrap(); false }
        };
        assert_eq!(moved, n > 0);
    }
}

/// Whoever sends and then selects finds what it has sent, or what another has: the channels never hold fewer
/// values than there are takers.
#[test]
fn default_is_never_taken_while_every_sender_has_a_value_there() {
    ends(|| {
        for (one, other) in PAIRS {
            let (a_tx, a) = bounded_channel(16);
            let (b_tx, b) = bounded_channel(16);
            let four: Vec<_> = [one, one, other, other]
                .into_iter()
                .enumerate()
                .map(|(id, kind)| {
                    let (a_tx, b_tx, a, b) = (a_tx.clone(), b_tx.clone(), a.clone(), b.clone());
                    kind.start(move || {
                        suspend!(move {
                            for n in 0..3_000 {
                                if (n + id) % 2 == 0 { a_tx.send(n).unwrap() } else { b_tx.send(n).unwrap() }
                                if n % 3 == 0 {
                                    select! {
                                        got = a.recv() => assert!(got.is_ok()),
                                        got = b.recv() => assert!(got.is_ok()),
                                        timeout(Duration::ZERO) => panic!("a value is there"),
                                    }
                                } else {
                                    select! {
                                        got = a.recv() => assert!(got.is_ok()),
                                        got = b.recv() => assert!(got.is_ok()),
                                        default => panic!("a value is there"),
                                    }
                                }
                            }
                        })
                    })
                })
                .collect();
            four.into_iter().for_each(|one| one.finish());
        }
    });
}

/// Arms that are ready for different reasons have the same share: a value, room, an end on either side, a
/// time that has come.
#[test]
fn it_does_not_matter_why_an_arm_is_ready() {
    const ROUNDS: usize = 10_000;
    let (values_tx, values) = unbounded_channel();
    let (room, _kept) = unbounded_channel();
    let (ended_tx, ended) = bounded_channel::<usize>(1);
    let (unheard, nobody) = bounded_channel(1);
    drop((ended_tx, nobody));
    let mut hits = [0_usize; 5];
    for n in 0..ROUNDS {
        values_tx.try_send(n).unwrap();
        let now = after(Duration::ZERO);
        select! {
            got = values.recv() => { got.unwrap(); hits[0] += 1 }
            sent = room.send(n) => { sent.unwrap(); hits[1] += 1 }
            got = ended.recv() => { assert!(got.is_err()); hits[2] += 1 }
            sent = unheard.send(n) => { assert_eq!(sent, Err(SendError(n))); hits[3] += 1 }
            due = now.recv() => { due.unwrap(); hits[4] += 1 }
        }
    }
    // Ten standard deviations are 400.
    assert!(hits.iter().all(|hit| hit.abs_diff(ROUNDS / 5) < 400), "{hits:?}");
}

/// The same where the select waits, on either side: one arm takes effect, and the other leaves the line. (A
/// counterpart completes the first that it finds there, so the arms share evenly only where they are attempted.)
#[test]
fn the_same_channel_may_stand_in_several_arms_that_wait() {
    const ROUNDS: usize = 2_000;
    ends(|| {
        for (selects, plain) in PAIRS {
            let (in_tx, in_rx) = channel();
            let (out_tx, out) = channel();
            let partner = plain.start(move || {
                suspend!(move {
                    let mut sum = 0;
                    for n in 0..ROUNDS {
                        in_tx.send(n).unwrap();
                        sum += out.recv().unwrap();
                    }
                    sum
                })
            });
            let selecting = selects.start(move || {
                suspend!(move {
                    let mut received = [0; 2];
                    let mut sent = [0; 2];
                    for n in 0..ROUNDS {
                        let (arm, got) = select! {
                            got = in_rx.recv() => (0, got),
                            got = in_rx.recv() => (1, got),
                        };
                        assert_eq!(got, Ok(n), "once, and no other arm has taken the next");
                        received[arm] += 1;
                        let arm = select! {
                            done = out_tx.send(n) => { done.unwrap(); 0 }
                            done = out_tx.send(n) => { done.unwrap(); 1 }
                        };
                        sent[arm] += 1;
                    }
                    (received, sent)
                })
            });
            let (received, sent) = selecting.finish();
            assert_eq!(partner.finish(), ROUNDS * (ROUNDS - 1) / 2);
            assert_eq!((received[0] + received[1], sent[0] + sent[1]), (ROUNDS, ROUNDS));
        }
    });
}

#[test]
fn a_closed_channel_is_ready() {
    let (tx, rx) = channel::<u8>();
    let (_open, idle) = channel::<u8>();
    drop(tx);
    select! {
        got = rx.recv() => assert_eq!(got, Err(RecvError)),
        _ = idle.recv() => unreachable!(),
    }
    let (tx, rx) = channel();
    drop(rx);
    select! {
        sent = tx.send(7) => assert_eq!(sent, Err(SendError(7))),
        _ = idle.recv() => unreachable!(),
    }
}

#[test]
fn a_ready_arm_beats_a_deadline_that_has_passed() {
    let (tx, rx) = unbounded_channel();
    (0..100).for_each(|n| tx.try_send(n).unwrap());
    for n in 0..100 {
        select! {
            got = rx.recv() => assert_eq!(got, Ok(n)),
            timeout(Duration::ZERO) => panic!("a value is there"),
        }
    }
    let past = Instant::now();
    let timed_out = select! {
        _ = rx.recv() => false,
        deadline(past) => true,
    };
    assert!(timed_out);
}

#[test]
fn a_timeout_is_never_early_and_the_longest_never_fires() {
    ends(|| {
        let (tx, rx) = channel::<u8>();
        let before = Instant::now();
        let wait = Duration::from_millis(15);
        select! {
            _ = rx.recv() => unreachable!(),
            timeout(wait) => assert!(before.elapsed() >= wait),
        }
        let sender = go!(move || {
            sleep(Duration::from_millis(5));
            tx.send(7)
        });
        select! {
            got = rx.recv() => assert_eq!(got, Ok(7)),
            timeout(Duration::MAX) => unreachable!(),
        }
        sender.join().block().unwrap().unwrap();
    });
}

#[test]
fn guards_disable_arms_and_their_operations_are_not_made() {
    let (tx, rx) = bounded_channel(1);
    tx.try_send(1).unwrap();
    let made = std::cell::Cell::new(false);
    let make = || {
        made.set(true);
        rx.recv()
    };
    let default = select! {
        _ = make(), if !made.get() && tx.is_empty() => false,
        default => true,
    };
    assert!(default && !made.get());
    select! {
        got = make(), if true => assert_eq!(got, Ok(1)),
        default => unreachable!(),
    }
}

#[test]
fn operands_are_evaluated_once_and_in_source_order() {
    let (tx, rx) = bounded_channel::<u32>(1);
    let (full, _keep) = channel::<u32>();
    let log = std::cell::RefCell::new(Vec::new());
    let note = |what: &'static str, value: u32| {
        log.borrow_mut().push(what);
        value
    };
    select! {
        sent = full.send(note("first", 1)) => sent.unwrap(),
        sent = tx.send(note("second", 2)) => sent.unwrap(),
        timeout(Duration::from_millis(note("third", 60_000).into())) => unreachable!(),
    }
    assert_eq!(*log.borrow(), ["first", "second", "third"]);
    assert_eq!(rx.try_recv(), Ok(2));
}

/// Routines, timeouts and joins are arms like any other.
#[test]
fn any_operation_can_be_an_arm() {
    #[routine]
    fn slow(n: u32) -> u32 {
        sleep(Duration::from_millis(2));
        n * 2
    }
    ends(|| {
        let (_tx, rx) = channel::<u32>();
        let handle = go!(slow(4));
        let by_call = select! { n = slow(3) => n, n = rx.recv() => n.unwrap() };
        let by_join = select! { n = handle.join() => n.unwrap(), n = rx.recv() => n.unwrap() };
        let by_timeout = select! {
            late = timeout(Duration::from_millis(1), || rx.recv()) => late.is_err(),
            n = rx.recv() => n.is_ok(),
        };
        assert_eq!((by_call, by_join, by_timeout), (6, 8, true));
    });
}

/// No arm starves, though all are ready all the time.
#[test]
fn a_hundred_selects_starve_nobody() {
    ends(|| {
        let routines: Vec<_> = (0..100_u32)
            .map(|id| {
                go!(move || {
                    let (a_tx, a) = unbounded_channel();
                    let (b_tx, b) = unbounded_channel();
                    let mut hits = [0; 2];
                    for n in 0..500 {
                        a_tx.send(n).unwrap();
                        b_tx.send(n).unwrap();
                        select! { _ = a.recv() => hits[0] += 1, _ = b.recv() => hits[1] += 1 }
                    }
                    (id, hits)
                })
            })
            .collect();
        for routine in routines {
            let (_, hits) = routine.join().block().unwrap();
            assert!(hits.iter().all(|&hit| hit > 100), "{hits:?}");
        }
    });
}

/// What a program holds does not grow with the number of selects that waited.
#[test]
fn ten_thousand_waits_of_a_select_leave_nobody_in_line() {
    use std::task::{Context, Waker};
    let (tx, rx) = channel::<u8>();
    let (_other_tx, other) = channel::<u8>();
    for _ in 0..10_000 {
        let mut waits = Box::pin(async {
            suspend!({
                select! { _ = rx.recv() => 1, _ = other.recv() => 2 }
            })
            .await
        });
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(tx.try_send(1).unwrap_err().is_full(), "nobody is left in line");
}

/// An arm that is ready is taken though the routine's turn is nearly over.
#[test]
fn default_is_never_taken_for_want_of_a_turn() {
    ends(|| {
        let wrong = go!(move || {
            let (tx, rx) = bounded_channel(1);
            let mut wrong = 0;
            for used in 0..300 {
                yield_now();
                for _ in 0..used {
                    tx.send(0).unwrap();
                    rx.recv().unwrap();
                }
                wrong += select! { _ = sleep(Duration::ZERO) => 0, default => 1 };
            }
            wrong
        });
        assert_eq!(wrong.join().block().unwrap(), 0);
    });
}
