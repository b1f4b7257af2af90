//! Channels that time feeds, the one that nothing feeds, and senders that keep nothing open.

use rustroutines::channel::WeakSender;
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines_tests::{Kind, PAIRS, ends};

const MS: Duration = Duration::from_millis(1);

#[test]
fn never_is_neither_ready_nor_closed() {
    ends(|| {
        let rx = never::<u32>();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(rx.recv_timeout(MS).block(), Err(RecvTimeoutError::Timeout));
        assert!(!rx.is_closed());
        drop(rx.clone());
        assert!(!rx.is_closed(), "one receiver is left");
        select! {
            _ = rx.recv() => unreachable!(),
            timeout(MS) => {}
        }
    });
}

#[test]
fn after_gives_one_value_never_early_and_stays_open() {
    ends(|| {
        for (kind, _) in PAIRS {
            let start = Instant::now();
            let rx = after(5 * MS);
            let due = kind.start(move || {
                suspend!(move {
                    let due = rx.recv().unwrap();
                    assert!(due <= Instant::now() && start.elapsed() >= 5 * MS);
                    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "once, and not closed after it");
                    due
                })
            });
            assert!(due.finish() >= start + 5 * MS);
        }
    });
}

#[test]
fn after_no_time_is_ready_at_once_and_after_all_time_never() {
    assert!(after(Duration::ZERO).try_recv().is_ok());
    assert_eq!(after(Duration::MAX).recv_timeout(MS).block(), Err(RecvTimeoutError::Timeout));
}

#[test]
fn two_hundred_arms_that_time_feeds_each_win_once() {
    ends(|| {
        use rustroutines::select::Select;
        let timers: Vec<_> = (0..200).map(|n| after(n % 7 * MS / 2)).collect();
        let mut hits = vec![0; timers.len()];
        let mut select = Select::new();
        for rx in &timers {
            select.recv(rx, |due| due.unwrap());
        }
        for _ in 0..timers.len() {
            let won = select.wait().block();
            assert!(won.value <= Instant::now());
            hits[won.case().unwrap()] += 1;
        }
        assert!(hits.iter().all(|&hits| hits == 1), "{hits:?}");
    });
}

#[test]
#[should_panic(expected = "a ticker needs a period longer than zero")]
fn a_ticker_without_a_period_panics() {
    let _ = tick(Duration::ZERO);
}

#[test]
fn ticks_are_on_their_grid_in_order_and_never_early() {
    ends(|| {
        for (kind, _) in PAIRS {
            let period = 3 * MS;
            let before = Instant::now();
            let rx = tick(period);
            kind.start(move || {
                suspend!(move {
                    let mut ticks: Vec<Instant> = Vec::new();
                    for due in rx {
                        assert!(due <= Instant::now(), "early");
                        ticks.push(due);
                        if ticks.len() == 20 {
                            break;
                        }
                    }
                    assert!(ticks[0] >= before + period);
                    for pair in ticks.windows(2) {
                        let apart = pair[1] - pair[0];
                        assert!(!apart.is_zero());
                        assert_eq!(apart.as_nanos() % period.as_nanos(), 0, "drifted by {apart:?}");
                    }
                })
            })
            .finish();
        }
    });
}

#[test]
fn missed_ticks_are_dropped() {
    ends(|| {
        let rx = tick(MS);
        // Proof that several have come due since, without asking for how many.
        let first = rx.recv().block().unwrap();
        let clock = tick(MS);
        for _ in 0..10 {
            clock.recv().block().unwrap();
        }
        assert!(rx.len() <= 1, "they do not pile up");
        let waited = rx.recv().block().unwrap();
        let next = rx.recv().block().unwrap();
        assert!(first < waited && waited < next);
        assert!(next - first >= 9 * MS, "the tick after the one that waited is a late one");
    });
}

#[test]
fn a_ticker_is_an_arm_that_loses_no_tick() {
    ends(|| {
        let rx = tick(2 * MS);
        let (tx, numbers) = channel();
        let sender = Kind::Routine.start(move || {
            suspend!(move {
                while tx.send(()).is_ok() {}
            })
        });
        let (mut ticks, mut others) = (0, 0);
        while ticks < 20 {
            select! {
                due = rx.recv() => { assert!(due.is_ok()); ticks += 1; }
                _ = numbers.recv() => others += 1,
            }
        }
        assert!(others > 0);
        drop(numbers);
        sender.finish();
    });
}

#[test]
fn receivers_that_go_take_their_timers_away() {
    ends(|| {
        let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
        let hour = Duration::from_secs(3_600);
        let made = runtime.spawn(move || {
            suspend!(move {
                (0..100).map(|n| if n % 2 == 0 { after(hour) } else { tick(hour) }).collect::<Vec<_>>()
            })
        });
        let receivers = made.join().block().unwrap();
        assert_eq!(runtime.stats().timers, 100);
        let clones = receivers.clone();
        drop(receivers);
        assert_eq!(runtime.stats().timers, 100, "the clones still want them");
        drop(clones);
        assert_eq!(runtime.stats().timers, 0);
    });
}

#[test]
fn a_ticker_that_is_closed_stops() {
    ends(|| {
        let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
        let made = runtime.spawn(|| suspend!({ tick(MS) }));
        let rx = made.join().block().unwrap();
        rx.recv().block().unwrap();
        rx.close();
        assert!(rx.iter().count() <= 1, "what had come is still there, and then it ends");
        while runtime.stats().timers > 0 {
            std::thread::yield_now();
        }
    });
    // Where there are two timers and no more, its own is free when it has come due.
    rustroutines::testing::Simulation::new(1).max_timers(2).run(|| {
        suspend!({
            let (second, closed) = (1_000 * MS, tick(1_000 * MS));
            closed.close();
            sleep(2 * second);
            let other = tick(second);
            sleep(2 * second);
            assert!(other.try_recv().is_ok());
            assert_eq!(closed.try_recv(), Err(TryRecvError::Closed));
        })
    });
}

#[test]
fn a_weak_sender_keeps_nothing_open() {
    ends(|| {
        let (tx, rx) = unbounded_channel();
        let weak = tx.downgrade();
        let other = weak.clone();
        weak.upgrade().unwrap().try_send(1).unwrap();
        assert!(weak.upgrade().unwrap().same_channel(&tx));
        let waits = Kind::Routine.start({
            let rx = rx.clone();
            move || suspend!(move { (rx.recv(), rx.recv()) })
        });
        drop(tx);
        assert_eq!(waits.finish(), (Ok(1), Err(RecvError)));
        assert!(rx.is_closed());
        assert!(weak.upgrade().is_none() && other.upgrade().is_none());
        drop(rx);
        assert!(weak.upgrade().is_none());
    });
}

/// Upgrading races with the end of the last sender: one that was given out sends, or the channel is over.
#[test]
fn an_upgrade_that_races_the_last_sender_is_honoured_or_refused() {
    ends(|| {
        for _ in 0..500 {
            let (tx, rx) = unbounded_channel();
            let weak: WeakSender<u32> = tx.downgrade();
            let upgrades = std::thread::spawn(move || match weak.upgrade() {
                Some(tx) => tx.try_send(7).is_ok(),
                None => false,
            });
            drop(tx);
            let sent = upgrades.join().unwrap();
            assert_eq!(rx.recv().block().is_ok(), sent);
            assert!(rx.is_closed());
        }
    });
}
