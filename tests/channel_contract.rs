//! What a call promises about waiting: who waits, for what, and what is seen when the wait is over. Each
//! program in the four combinations of threads and routines where it has two sides.

use rustroutines::channel::{Receiver, Sender, broadcast_channel, never};
use rustroutines::error::{RecvTimeoutError, SendTimeoutError};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Kind, Line, PAIRS, ends};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

fn flavours() -> [(Sender<u32>, Receiver<u32>); 4] {
    [channel(), bounded_channel(1), bounded_channel(7), unbounded_channel()]
}

#[test]
fn an_unbuffered_send_is_done_when_its_value_is_taken_and_not_before() {
    let (tx, rx) = channel();
    let mut send = tx.send(7);
    assert!(poll_once(&mut send).is_pending());
    assert_eq!(rx.try_recv(), Ok(7));
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));

    ends(|| {
        for (sends, receives) in PAIRS {
            let (tx, rx) = channel();
            let taking = Arc::new(AtomicBool::new(false));
            let sender = {
                let taking = taking.clone();
                sends.start(move || {
                    suspend!(move {
                        tx.send(7).unwrap();
                        taking.load(Ordering::SeqCst)
                    })
                })
            };
            for _ in 0..100 {
                std::thread::yield_now();
            }
            let receiver = receives.start(move || {
                suspend!(move {
                    taking.store(true, Ordering::SeqCst);
                    rx.recv().unwrap()
                })
            });
            assert!(sender.finish(), "the send was over before anybody received");
            assert_eq!(receiver.finish(), 7);
        }
    });
}

/// What a side wrote before it sent is seen by whoever received, and what a receiver wrote before it made
/// room is seen by the sender that used it.
#[test]
fn what_came_before_a_send_or_a_receive_is_seen_on_the_other_side() {
    const ROUNDS: usize = 2_000;
    ends(|| {
        for (sends, receives) in PAIRS {
            for capacity in [0, 1, 3] {
                let (tx, rx) = bounded_channel(capacity);
                let written = Arc::new(AtomicUsize::new(0));
                let read = Arc::new(AtomicUsize::new(0));
                let sender = {
                    let (written, read) = (written.clone(), read.clone());
                    sends.start(move || {
                        suspend!(move {
                            for n in 1..=ROUNDS {
                                written.store(n, Ordering::Relaxed);
                                tx.send(n).unwrap();
                                // The (n - capacity)-th receive had begun: what came before it is seen.
                                assert!(read.load(Ordering::Relaxed) + capacity >= n);
                            }
                        })
                    })
                };
                let receiver = receives.start(move || {
                    suspend!(move {
                        for n in 1..=ROUNDS {
                            read.store(n, Ordering::Relaxed);
                            assert_eq!(rx.recv(), Ok(n));
                            assert!(written.load(Ordering::Relaxed) >= n);
                        }
                    })
                });
                sender.finish();
                receiver.finish();
            }
        }
    });
}

#[test]
fn a_full_channel_holds_senders_up_and_an_empty_one_receivers() {
    for capacity in 0..=200 {
        let (tx, rx) = bounded_channel(capacity);
        for n in 0..capacity {
            assert_eq!(poll_once(&mut tx.send(n)), Poll::Ready(Ok(())));
        }
        let mut send = tx.send(capacity);
        assert!(poll_once(&mut send).is_pending(), "{capacity} is full");
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
        for n in 1..=capacity {
            assert_eq!(poll_once(&mut rx.recv()), Poll::Ready(Ok(n)));
        }
        let mut recv = rx.recv();
        assert!(poll_once(&mut recv).is_pending());
        tx.try_send(9).unwrap();
        assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(9)));
    }
}

/// The same, with a side that really waits, on a thread or in a routine, before the other comes.
#[test]
fn who_waits_is_let_in_by_the_other_side_whatever_both_run_on() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for capacity in [0, 1, 2, 50] {
                let (tx, rx) = bounded_channel(capacity);
                let line = Line::default();
                let receiver = receives.start({
                    let (rx, line) = (rx.clone(), line.clone());
                    move || suspend!(move { line.watch(plain!(rx.recv())) })
                });
                line.await_waiting(1);
                let sender = sends.start({
                    let tx = tx.clone();
                    move || suspend!(move { tx.send(7) })
                });
                assert_eq!((sender.finish(), receiver.finish()), (Ok(()), Ok(7)));

                (0..capacity).for_each(|n| tx.try_send(n).unwrap());
                let line = Line::default();
                let sender = sends.start({
                    let line = line.clone();
                    move || suspend!(move { line.watch(plain!(tx.send(capacity))) })
                });
                line.await_waiting(1);
                let receiver = receives.start(move || {
                    suspend!(move {
                        for n in 0..=capacity {
                            assert_eq!(rx.recv(), Ok(n));
                        }
                    })
                });
                assert_eq!(sender.finish(), Ok(()));
                receiver.finish();
            }
        }
    });
}

#[test]
fn an_unbounded_channel_never_holds_a_sender_up() {
    let (tx, rx) = unbounded_channel();
    for n in 0..100_000 {
        assert_eq!(poll_once(&mut tx.send(n)), Poll::Ready(Ok(())));
    }
    assert_eq!((tx.len(), tx.capacity(), tx.is_full()), (100_000, None, false));
    drop(tx);
    assert!(rx.iter().eq(0..100_000));
}

#[test]
fn waiting_senders_are_let_in_in_the_order_they_came() {
    for capacity in [0, 1, 3] {
        let (tx, rx) = bounded_channel(capacity);
        let mut sends: Vec<_> = (0..10).map(|n| tx.send(n)).collect();
        for (n, send) in sends.iter_mut().enumerate() {
            assert_eq!(poll_once(send).is_ready(), n < capacity);
        }
        assert!(rx.try_iter().eq(0..10));
        assert!(sends.iter_mut().skip(capacity).all(|send| poll_once(send).is_ready()));
    }
}

/// A value that was handed to a receiver which leaves comes back, whatever has taken its room meanwhile.
#[test]
fn what_comes_back_is_not_said_to_exceed_the_capacity() {
    for capacity in [0, 1, 3] {
        let (tx, rx) = bounded_channel(capacity);
        let mut leaves = Box::pin(rx.recv());
        assert!(poll_once(&mut leaves).is_pending());
        assert_eq!(tx.try_send(0), Ok(()), "it is handed over");
        (1..=capacity).for_each(|n| assert_eq!(tx.try_send(n), Ok(())));
        drop(leaves);
        assert_eq!((tx.len(), rx.len()), (capacity, capacity));
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
        let got: Vec<_> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
        assert_eq!(got, (0..=capacity).collect::<Vec<_>>());
    }
    // Where there is room left, it takes some of that.
    let (tx, rx) = bounded_channel(3);
    let mut leaves = Box::pin(rx.recv());
    assert!(poll_once(&mut leaves).is_pending());
    assert_eq!((tx.try_send(0), tx.try_send(1)), (Ok(()), Ok(())));
    drop(leaves);
    assert_eq!((tx.try_send(2), tx.try_send(3)), (Ok(()), Err(TrySendError::Full(3))));
    assert!(rx.try_iter().eq(0..3));
}

/// However many send and receive at once, never have more sends ended than receives have begun and there is room
/// for. (The length alone shows nothing: it is never said to be more than the capacity.)
#[test]
fn the_length_never_exceeds_the_capacity() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for capacity in [0, 1, 3] {
                let (tx, rx) = bounded_channel(capacity);
                let (sent, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
                let senders: Vec<_> = (0..3)
                    .map(|_| {
                        let (tx, sent, begun) = (tx.clone(), sent.clone(), begun.clone());
                        sends.start(move || {
                            suspend!(move {
                                for n in 0..1_000 {
                                    tx.send(n).unwrap();
                                    let sent = sent.fetch_add(1, Ordering::SeqCst) + 1;
                                    let begun = begun.load(Ordering::SeqCst);
                                    assert!(sent <= begun + capacity, "{sent} sent, {begun} received");
                                    assert!(tx.len() <= capacity);
                                }
                            })
                        })
                    })
                    .collect();
                drop(tx);
                let receivers: Vec<_> = (0..2)
                    .map(|_| {
                        let (rx, begun) = (rx.clone(), begun.clone());
                        receives.start(move || {
                            suspend!(move {
                                let mut values = 0;
                                loop {
                                    begun.fetch_add(1, Ordering::SeqCst);
                                    if rx.recv().is_err() {
                                        break values;
                                    }
                                    values += 1;
                                }
                            })
                        })
                    })
                    .collect();
                drop(rx);
                let values: usize = receivers.into_iter().map(|receiver| receiver.finish()).sum();
                assert_eq!(values, 3_000);
                senders.into_iter().for_each(|sender| sender.finish());
            }
        }
    });
}

#[test]
fn a_loop_ends_with_the_channel_and_a_break_leaves_the_rest() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for (tx, rx) in flavours() {
                let sender = sends.start(move || suspend!(move { for n in 0..10 { tx.send(n).unwrap() } }));
                let receiver = receives.start(move || {
                    suspend!(move {
                        let (mut before, mut after) = (0, 0);
                        for n in &rx {
                            before += 1;
                            if n == 3 {
                                break;
                            }
                        }
                        for _ in rx {
                            after += 1;
                        }
                        (before, after)
                    })
                });
                sender.finish();
                assert_eq!(receiver.finish(), (4, 6));
            }
        }
    });
}

/// `try_iter` takes what is there and waits for nothing, in plain code and in a routine.
#[test]
fn a_look_at_what_is_there_never_waits() {
    ends(|| {
        for kind in [Kind::Thread, Kind::Routine] {
            for (tx, rx) in flavours() {
                let room = tx.capacity().unwrap_or(5).min(5) as u32;
                (0..room).for_each(|n| tx.try_send(n).unwrap());
                let seen = kind.start(move || suspend!(move { rx.try_iter().count() })).finish();
                assert_eq!(seen, room as usize);
                drop(tx);
            }
        }
    });
}

/// A loop over a channel in a loop over the same one, and in one over another.
#[test]
fn loops_over_channels_nest() {
    #[routine]
    fn nested(outer: Receiver<u32>, inner: Receiver<u32>) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for a in &outer {
            for b in &inner {
                pairs.push((a, b));
                if b % 2 == 1 {
                    break;
                }
            }
            // The next of the outer one, taken by hand in the midst of its loop.
            if let Ok(a) = outer.try_recv() {
                pairs.push((a, u32::MAX));
            }
        }
        pairs
    }
    ends(|| {
        for kind in [Kind::Thread, Kind::Routine] {
            let (a_tx, a) = unbounded_channel();
            let (b_tx, b) = unbounded_channel();
            (0..4).for_each(|n| a_tx.try_send(n).unwrap());
            (0..4).for_each(|n| b_tx.try_send(n).unwrap());
            drop((a_tx, b_tx));
            let pairs = kind.start(move || nested(a, b)).finish();
            assert_eq!(pairs, [(0, 0), (0, 1), (1, u32::MAX), (2, 2), (2, 3), (3, u32::MAX)]);
        }
    });
}

/// A select that offers both sides of one channel and nobody else is there waits: it never meets itself.
#[test]
fn a_select_never_meets_itself() {
    for capacity in [0, 1] {
        let (tx, rx) = bounded_channel(capacity);
        (0..capacity).for_each(|_| tx.try_send(0).unwrap());
        let mut select = Select::new();
        select.send(&tx, || 1, |_| ());
        if capacity == 0 {
            select.recv(&rx, |_| ());
        }
        // By several arms of each side.
        select.send(&tx, || 2, |_| ());
        let mut wait = select.wait();
        assert!(poll_once(&mut wait).is_pending());
        assert!(poll_once(&mut wait).is_pending());
        drop(wait);
        assert_eq!(rx.try_iter().count(), capacity, "it left nothing behind");
    }
}

#[test]
fn a_select_without_arms_waits_for_ever_and_one_with_a_default_never() {
    let mut empty = Select::<u32>::new();
    assert!(poll_once(&mut empty.wait()).is_pending());
    empty.default(|| 7);
    assert_eq!(poll_once(&mut empty.wait()).map(|won| won.value), Poll::Ready(7));

    let mut late = Select::<u32>::new();
    late.timeout(Duration::ZERO, || 8);
    assert_eq!(poll_once(&mut late.wait()).map(|won| won.value), Poll::Ready(8));

    assert_eq!(select! { default => 9 }, 9);
}

/// Arms whose guards are all false are as if they were not there.
#[test]
fn a_select_whose_guards_are_all_false_takes_its_default_or_waits() {
    let (tx, rx) = bounded_channel::<u32>(1);
    tx.try_send(1).unwrap();
    let off = std::hint::black_box(false);
    let by_default = select! { _ = rx.recv(), if off => 1, default => 2 };
    let by_time = select! { _ = rx.recv(), if off => 1, timeout(Duration::from_millis(1)) => 2 };
    assert_eq!((by_default, by_time), (2, 2));
    let waits = suspend!({
        select! { _ = rx.recv(), if off => 1, sent = tx.send(2), if off => sent.map_or(2, |()| 3) }
    });
    assert!(std::pin::pin!(waits).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(rx.try_recv(), Ok(1), "nothing was consumed");
}

/// Handles know their own channel from others that look the same.
#[test]
fn handles_of_one_channel_know_one_another() {
    let (one, other) = (flavours(), flavours());
    for ((tx, rx), (other_tx, other_rx)) in one.iter().zip(&other) {
        assert!(tx.same_channel(&tx.clone()) && rx.same_channel(&rx.clone()));
        assert!(!tx.same_channel(other_tx) && !rx.same_channel(other_rx));
    }
    let (tx, rx) = broadcast_channel::<u32>(1);
    let (other_tx, other_rx) = broadcast_channel::<u32>(1);
    assert!(tx.same_channel(&tx.clone()) && rx.same_channel(&rx.clone()));
    assert!(rx.same_channel(&tx.subscribe()) && rx.same_channel(&rx.resubscribe()));
    assert!(!tx.same_channel(&other_tx) && !rx.same_channel(&other_rx));
}

/// A channel that never has anything in it does for Go's nil channel: it is never chosen, and disturbs
/// nobody.
#[test]
fn an_arm_that_can_never_be_ready_is_as_if_it_were_not_there() {
    ends(|| {
        let nothing = never::<u32>();
        let (tx, rx) = bounded_channel(1);
        for n in 0..1_000 {
            tx.try_send(n).unwrap();
            select! { _ = nothing.recv() => unreachable!(), got = rx.recv() => assert_eq!(got, Ok(n)) }
            select! { _ = nothing.recv() => unreachable!(), _ = rx.recv() => unreachable!(), default => {} }
        }
    });
}

/// With no time at all, what is ready is still taken, on either side and by every form of the limit.
#[test]
fn no_time_is_time_for_one_try() {
    let past = Instant::now();
    let (tx, rx) = bounded_channel(1);
    assert_eq!(tx.send_timeout(1, Duration::ZERO).block(), Ok(()));
    assert_eq!(tx.send_timeout(2, Duration::ZERO).block(), Err(SendTimeoutError::Timeout(2)));
    assert_eq!(tx.send_deadline(2, past).block(), Err(SendTimeoutError::Timeout(2)));
    assert_eq!(rx.recv_timeout(Duration::ZERO).block(), Ok(1));
    assert_eq!(tx.send_deadline(3, past).block(), Ok(()));
    assert_eq!(rx.recv_deadline(past).block(), Ok(3));
    assert_eq!(rx.recv_deadline(past).block(), Err(RecvTimeoutError::Timeout));
    drop(tx);
    assert_eq!(rx.recv_timeout(Duration::MAX).block(), Err(RecvTimeoutError::Closed));
}

/// Values of 32 KiB, through every flavour and every way to wait, on a stack of 2 MiB: what is queued lies
/// on the heap, and is not made on the stack first. (Each move is a copy there without optimisation: up to
/// forty of them on the way into a channel and out again, sixty by way of a select; with it five and twelve.)
#[test]
fn large_values_do_not_overflow_the_stack() {
    const LEN: usize = 1 << 12;
    const STACK: usize = 2 << 20;
    type Large = [u64; LEN];
    /// More than the stack is long.
    #[inline(never)]
    fn queue(tx: &Sender<Large>, rx: &Receiver<Large>) {
        let queued = tx.capacity().map_or(100, |room| room as u64);
        (0..queued).for_each(|n| assert!(tx.try_send([n; LEN]).is_ok()));
        for n in 0..queued {
            assert!(rx.try_recv().is_ok_and(|value| value[0] == n));
        }
    }
    #[inline(never)]
    fn choose(tx: &Sender<Large>, rx: &Receiver<Large>) {
        select! {
            sent = tx.send([7; LEN]) => assert!(sent.is_ok()),
            default => assert_eq!(tx.capacity(), Some(0)),
        }
        select! {
            got = rx.recv() => assert!(got.is_ok_and(|value| value[0] == 7)),
            default => assert_eq!(tx.capacity(), Some(0)),
        }
    }
    let run = || {
        let flavours: [(Sender<Large>, Receiver<Large>); 4] =
            [channel(), bounded_channel(1), bounded_channel(100), unbounded_channel()];
        for (tx, rx) in flavours {
            queue(&tx, &rx);
            let (other_tx, other) = (tx.clone(), rx.clone());
            let chooses = std::thread::Builder::new().stack_size(2 * STACK);
            chooses.spawn(move || choose(&other_tx, &other)).unwrap().join().unwrap();
            let sender = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn(move || {
                    for n in 0..4 {
                        tx.send([n; LEN]).block().unwrap();
                    }
                })
                .unwrap();
            for n in 0..4 {
                assert_eq!(rx.recv().block().map(|value| value[LEN - 1]), Ok(n));
            }
            sender.join().unwrap();
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
    // In routines they are a part of what is waited with, and lie on the heap meanwhile. A call there is a few
    // copies more without optimisation.
    const SHORT: usize = if cfg!(debug_assertions) { 1 << 10 } else { 1 << 12 };
    ends(|| {
        for capacity in [0, 2] {
            let (tx, rx) = bounded_channel::<[u64; SHORT]>(capacity);
            let (back_tx, back) = bounded_channel::<[u64; SHORT]>(capacity);
            let between = go!(move || for n in 0..4 {
                assert!(rx.recv().is_ok_and(|value| value[SHORT - 1] == n));
                back_tx.send([n; SHORT]).unwrap();
            });
            let sender = go!(move || for n in 0..4 {
                tx.send([n; SHORT]).unwrap();
            });
            for n in 0..4 {
                assert!(back.recv().block().is_ok_and(|value| value[SHORT - 1] == n));
            }
            sender.join().block().unwrap();
            between.join().block().unwrap();
        }
    });
}

/// Every one of a hundred arms that are ready all the time gets its share, whoever sends.
#[test]
fn a_hundred_arms_under_saturation_are_all_served() {
    const ARMS: usize = 100;
    const ROUNDS: usize = 20_000;
    ends(|| {
        for (selects, feeds) in PAIRS {
            let channels: Vec<_> = (0..ARMS).map(|_| bounded_channel::<()>(2)).collect();
            let (senders, receivers): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
            let feeders: Vec<_> = senders
                .into_iter()
                .map(|tx| feeds.start(move || suspend!(move { while tx.send(()).is_ok() {} })))
                .collect();
            let selecting = selects.start(move || {
                suspend!(move {
                    let mut hits = [0_usize; ARMS];
                    let mut select = Select::new();
                    receivers.iter().for_each(|rx| assert!(select.recv(rx, |got| got.is_ok()) < ARMS));
                    for _ in 0..ROUNDS {
                        let won = select.wait();
                        assert!(won.value);
                        hits[won.case().unwrap()] += 1;
                    }
                    hits
                })
            });
            let hits = selecting.finish();
            feeders.into_iter().for_each(|feeder| feeder.finish());
            // Uniform would be 200; who feeds slowly is ready less often.
            let least = hits.iter().min().unwrap();
            assert!(*least > ROUNDS / ARMS / 20, "an arm was served {least} times: {hits:?}");
        }
    });
}
