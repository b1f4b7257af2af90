//! Bugs that other channels and selects have had, one test each: it fails where the bug is. Each step is
//! taken by hand where the bug allows that, so that no luck with the schedule is needed.

use rustroutines::channel::{Overflow, broadcast_channel_with};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Ledger, PAIRS, ends};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// A waker that counts its calls.
#[derive(Default)]
struct Told(AtomicUsize);

impl Told {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn told() -> (Arc<Told>, Waker) {
    let told = Arc::new(Told::default());
    (told.clone(), Waker::from(told))
}

fn poll_with<O: Future>(operation: Pin<&mut O>, waker: &Waker) -> Poll<O::Output> {
    operation.poll(&mut Context::from_waker(waker))
}

/// A select that waits on two channels is matched by one. What is then sent on the other stays there (it
/// was taken from the channel and dropped with the select: kanal, flume).
#[test]
fn what_arrives_at_a_loser_of_a_decided_select_is_not_lost() {
    for capacity in [0, 1] {
        let (a_tx, a) = bounded_channel(capacity);
        let (b_tx, b) = bounded_channel(capacity);
        let mut select = Select::new();
        select.recv(&a, |got| got);
        select.recv(&b, |got| got);
        let mut waits = pin!(select.wait());
        assert!(poll_with(waits.as_mut(), Waker::noop()).is_pending());
        assert_eq!(a_tx.try_send(1), Ok(()));
        let second = b_tx.try_send(2);
        match poll_with(waits.as_mut(), Waker::noop()) {
            Poll::Ready(won) => assert_eq!((won.case(), won.value), (Some(0), Ok(1))),
            Poll::Pending => panic!("it was matched"),
        }
        match capacity {
            0 => assert_eq!(second, Err(TrySendError::Full(2)), "nobody waits there any more"),
            _ => assert_eq!((second, b.try_recv()), (Ok(()), Ok(2))),
        }
        assert_eq!(a.try_recv(), Err(TryRecvError::Empty));
    }
}

/// A receive that has been notified and is then dropped passes the notification on (the value stayed in
/// the queue, and the second receiver slept for ever: flume, iroh).
#[test]
fn a_cancelled_receive_does_not_swallow_the_notification() {
    for capacity in [0, 1, usize::MAX] {
        let (tx, rx) = bounded_channel(capacity);
        let (mut first, mut second) = (rx.recv(), rx.recv());
        let (told, waker) = told();
        assert!(poll_with(Pin::new(&mut first), Waker::noop()).is_pending());
        assert!(poll_with(Pin::new(&mut second), &waker).is_pending());
        tx.try_send(7).unwrap();
        drop(first);
        assert_eq!(told.count(), 1);
        assert_eq!(poll_with(Pin::new(&mut second), Waker::noop()), Poll::Ready(Ok(7)));
    }
}

/// The same for a sender that waits for room.
#[test]
fn a_cancelled_send_does_not_swallow_the_room() {
    let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
    tx.try_send(0).unwrap();
    let (mut first, mut second) = (tx.send(1), tx.send(2));
    let (told, waker) = told();
    assert!(poll_with(Pin::new(&mut first), Waker::noop()).is_pending());
    assert!(poll_with(Pin::new(&mut second), &waker).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(first);
    assert_eq!(told.count(), 1);
    assert_eq!(poll_with(Pin::new(&mut second), Waker::noop()), Poll::Ready(Ok(1)));
}

/// A select stands first in a line, and has been decided by its other channel. Who comes to the line must
/// wake the one behind it (the wake-up went to the select, which had no use for it: raven).
#[test]
fn a_decided_select_does_not_take_another_receivers_wake_up() {
    for capacity in [0, 1] {
        let (a_tx, a) = bounded_channel(capacity);
        let (b_tx, b) = bounded_channel(capacity);
        let mut select = Select::new();
        select.recv(&a, |got| got);
        select.recv(&b, |got| got);
        let mut waits = pin!(select.wait());
        assert!(poll_with(waits.as_mut(), Waker::noop()).is_pending());
        let mut behind = a.recv();
        let (told, waker) = told();
        assert!(poll_with(Pin::new(&mut behind), &waker).is_pending());
        b_tx.try_send(2).unwrap();
        a_tx.try_send(1).unwrap();
        assert_eq!(told.count(), 1);
        assert_eq!(poll_with(Pin::new(&mut behind), Waker::noop()), Poll::Ready(Ok(1)));
        assert!(matches!(poll_with(waits, Waker::noop()), Poll::Ready(won) if won.value == Ok(2)));
    }
}

/// Two selects, each of which offers to send where the other receives, meet (each saw that the other was
/// merely trying, and both slept: BurntSushi's chan).
#[test]
fn two_selects_do_not_wait_for_each_other() {
    #[routine]
    fn meet(a: (Sender<u32>, Receiver<u32>), b: (Sender<u32>, Receiver<u32>), rounds: u32) -> u32 {
        let mut sum = 0;
        for n in 0..rounds {
            select! {
                sent = a.0.send(n) => sent.unwrap(),
                got = b.1.recv() => sum += got.unwrap(),
            }
        }
        sum
    }
    ends(|| {
        const ROUNDS: u32 = 5_000;
        for (one, other) in PAIRS {
            let (a, b) = (channel(), channel());
            let first = one.start({
                let (a, b) = (a.clone(), b.clone());
                move || meet(a, b, ROUNDS)
            });
            let second = other.start(move || meet(b, a, ROUNDS));
            // Each of the meetings is a round of both, and its value is that of its sender's round, which
            // is the same.
            let total = u64::from(first.finish()) + u64::from(second.finish());
            assert_eq!(total, u64::from(ROUNDS) * u64::from(ROUNDS - 1) / 2);
        }
    });
}

/// A waker that uses the channels, as an executor that polls at once does (select woke under the lock:
/// tinygo).
#[test]
fn a_waker_that_uses_the_channel_at_once_does_not_deadlock() {
    struct Eager(Sender<u32>, Receiver<u32>, AtomicUsize);
    impl Wake for Eager {
        fn wake(self: Arc<Self>) {
            let _ = self.0.try_send(9);
            let _ = (self.1.try_recv(), self.1.len(), self.1.is_closed());
            self.2.fetch_add(1, Ordering::SeqCst);
        }
    }
    ends(|| {
        for capacity in [0, 1] {
            for closes in [false, true] {
                let (a_tx, a) = bounded_channel(capacity);
                let (_b_tx, b) = bounded_channel::<u32>(capacity);
                let eager = Arc::new(Eager(a_tx.clone(), a.clone(), AtomicUsize::new(0)));
                let waker = Waker::from(eager.clone());
                let mut select = Select::new();
                select.recv(&a, drop);
                select.recv(&b, drop);
                let mut waits = pin!(select.wait());
                assert!(poll_with(waits.as_mut(), &waker).is_pending());
                let mut behind = a.recv();
                assert!(poll_with(Pin::new(&mut behind), &waker).is_pending());
                if closes {
                    a.close();
                } else {
                    a_tx.try_send(1).unwrap();
                }
                assert!(eager.2.load(Ordering::SeqCst) > 0);
                assert!(poll_with(waits, &waker).is_ready());
            }
        }
    });
}

/// The last reference to a task may be the waker that a channel holds, and dropping it drops values which
/// use the channel (the waker was dropped under the lock: tokio).
#[test]
fn a_waker_whose_drop_uses_the_channel_does_not_deadlock() {
    struct Last(Sender<u32>);
    impl Wake for Last {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Last {
        fn drop(&mut self) {
            let _ = (self.0.try_send(9), self.0.close());
        }
    }
    ends(|| {
        for ending in 0..5 {
            let (tx, rx) = channel();
            let (_open, other) = channel::<u32>();
            let last = || Waker::from(Arc::new(Last(tx.clone())));
            let mut recv = rx.recv();
            let mut select = Select::new();
            select.recv(&rx, drop);
            select.recv(&other, drop);
            let mut selecting = Box::pin(select.wait());
            assert!(poll_with(Pin::new(&mut recv), &last()).is_pending());
            assert!(poll_with(selecting.as_mut(), &last()).is_pending());
            match ending {
                0 => drop(recv),
                1 => drop(selecting),
                2 => assert!(poll_with(Pin::new(&mut recv), Waker::noop()).is_pending()),
                3 => drop(poll_with(selecting.as_mut(), Waker::noop())),
                _ => drop(tx.try_send(1)),
            }
        }
    });
}

/// Waits that are given up leave no waiter behind on a channel where nothing ever happens (they stayed
/// until the next event: tokio, loole).
#[test]
fn losing_arms_and_timeouts_leave_no_waiters() {
    ends(|| {
        let (told, waker) = told();
        let (ready_tx, ready) = bounded_channel(1);
        let (quiet_tx, quiet) = channel::<u32>();
        for n in 0..100_000 {
            let mut select = Select::new();
            select.recv(&quiet, |_| ());
            select.recv(&ready, |_| ());
            let mut waits = pin!(select.wait());
            assert!(poll_with(waits.as_mut(), &waker).is_pending());
            if n % 2 == 0 {
                ready_tx.try_send(n).unwrap();
                assert!(poll_with(waits.as_mut(), &waker).is_ready());
            }
            let mut expires = quiet.recv_timeout(Duration::ZERO);
            assert!(poll_with(Pin::new(&mut expires), &waker).is_ready());
        }
        assert_eq!(Arc::strong_count(&told), 2, "nobody holds the waker");
        assert_eq!(quiet_tx.try_send(1), Err(TrySendError::Full(1)), "nobody waits");
    });
}

/// An operation that has ended holds no waker, though its channel lives on (the waker kept the task's
/// memory: tokio).
#[test]
fn an_operation_that_has_ended_holds_no_waker() {
    let (told, waker) = told();
    let (tx, rx) = bounded_channel(1);
    let (b_tx, b_rx) = broadcast_channel_with(1, Overflow::Wait);
    let mut recv = rx.recv();
    assert!(poll_with(Pin::new(&mut recv), &waker).is_pending());
    let mut heard = b_rx.recv();
    assert!(poll_with(Pin::new(&mut heard), &waker).is_pending());
    tx.try_send(1).unwrap();
    b_tx.try_send(1).unwrap();
    assert!(poll_with(Pin::new(&mut recv), &waker).is_ready());
    assert!(poll_with(Pin::new(&mut heard), &waker).is_ready());
    tx.try_send(2).unwrap();
    b_tx.try_send(2).unwrap();
    let (mut send, mut reserve, mut tell) = (tx.send(3), tx.reserve(), b_tx.send(3));
    assert!(poll_with(Pin::new(&mut send), &waker).is_pending());
    assert!(poll_with(Pin::new(&mut reserve), &waker).is_pending());
    assert!(poll_with(Pin::new(&mut tell), &waker).is_pending());
    assert_eq!((rx.try_recv(), rx.try_recv(), b_rx.try_recv()), (Ok(2), Ok(3), Ok(2)));
    assert!(poll_with(Pin::new(&mut send), &waker).is_ready());
    assert!(poll_with(Pin::new(&mut reserve), &waker).is_ready());
    assert!(poll_with(Pin::new(&mut tell), &waker).is_ready());
    assert_eq!(Arc::strong_count(&told), 2);
}

/// A value that is sent by a sender which goes at once is received (the receiver saw the closed channel
/// before it saw the value: flume, event-listener).
#[test]
fn a_value_is_not_lost_when_its_sender_goes_at_once() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for make in [|| bounded_channel(1), || bounded_channel(2), unbounded_channel, channel] {
                for round in 0..100 {
                    let (tx, rx) = make();
                    let receiver = receives.start(move || suspend!(move { (rx.recv(), rx.recv()) }));
                    let sender = sends.start(move || suspend!(move { tx.send(round) }));
                    assert_eq!(sender.finish(), Ok(()));
                    assert_eq!(receiver.finish(), (Ok(round), Err(RecvError)));
                }
            }
        }
    });
}

/// Values are sent while the last receiver goes: each is dropped once (a sender that was preempted while
/// it allocated left one behind, or freed it twice: crossbeam).
#[test]
fn values_sent_while_the_last_receiver_goes_are_dropped_once() {
    ends(|| {
        let ledger = Ledger::default();
        for (sends, receives) in PAIRS {
            for capacity in [0, 1, usize::MAX] {
                for _ in 0..100 {
                    let (tx, rx) = bounded_channel(capacity);
                    let senders: Vec<_> = (0..2)
                        .map(|_| {
                            let (tx, ledger) = (tx.clone(), ledger.clone());
                            sends.start(move || {
                                suspend!(move {
                                    let mut n = 0;
                                    while tx.send(ledger.entry(n)).is_ok() {
                                        n += 1;
                                    }
                                })
                            })
                        })
                        .collect();
                    drop(tx);
                    let receiver = receives.start(move || {
                        suspend!(move {
                            drop(rx.recv());
                            drop(rx);
                        })
                    });
                    receiver.finish();
                    senders.into_iter().for_each(|sender| sender.finish());
                    ledger.balance();
                }
            }
        }
    });
}

/// The first who waits at a channel meets the first send (the line was made by whoever came first, and a
/// notification that came meanwhile was lost: event-listener).
#[test]
fn the_first_who_waits_at_a_fresh_channel_is_found() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for round in 0..1_000 {
                let (tx, rx) = bounded_channel(round % 2);
                let receiver = receives.start(move || suspend!(move { rx.recv() }));
                let sender = sends.start(move || suspend!(move { tx.send(round) }));
                assert_eq!((sender.finish(), receiver.finish()), (Ok(()), Ok(round)));
            }
        }
    });
}

/// Channels and selects in the destructor of a thread-local, when those of the library may be gone (a wake
/// there panicked: tokio).
#[test]
fn a_thread_that_ends_may_still_send_receive_and_select() {
    struct Last(Sender<u32>, Receiver<u32>);
    impl Drop for Last {
        fn drop(&mut self) {
            let (_open, quiet) = channel::<u32>();
            for n in 0..10 {
                // Waits each time, for one that waits in turn.
                self.0.send(n).block().unwrap();
                let got = select! {
                    got = self.1.recv() => got,
                    got = quiet.recv() => got,
                    timeout(Duration::from_secs(60)) => panic!("the other answers"),
                };
                assert_eq!(got, Ok(n + 1));
            }
            self.0.send(u32::MAX).block().unwrap();
        }
    }
    thread_local! {
        static LAST: std::cell::Cell<Option<Last>> = const { std::cell::Cell::new(None) };
    }
    ends(|| {
        // Thread-locals are destroyed in the order in which they were first used, or the other way round: this
        // one before the library's own, and after them.
        for first in [false, true] {
            let (there_tx, there) = channel();
            let (back_tx, back) = channel();
            let ending = thread::spawn(move || {
                let last = Last(there_tx, back);
                if first {
                    LAST.set(Some(last));
                    uses_the_librarys_own();
                } else {
                    uses_the_librarys_own();
                    LAST.set(Some(last));
                }
            });
            let mut answered = 0;
            while let Ok(n) = there.recv().block() {
                if n == u32::MAX {
                    break;
                }
                back_tx.send(n + 1).block().unwrap();
                answered += 1;
            }
            assert_eq!(answered, 10);
            ending.join().unwrap();
        }
    });
}

/// Waits in a select, which keeps its claim for the next one on this thread, and sleeps.
fn uses_the_librarys_own() {
    let (tx, rx) = channel();
    let (_open, quiet) = channel();
    let other = thread::spawn(move || tx.send(1).block());
    let got: Result<u32, RecvError> = select! { got = rx.recv() => got, got = quiet.recv() => got };
    assert_eq!(got, Ok(1));
    other.join().unwrap().unwrap();
}

/// Receives with a timeout, on clones of one receiver, while senders come and go (the standard library's
/// panicked for years, when a timeout met the first send).
#[test]
fn timeouts_that_meet_sends_neither_panic_nor_lose_values() {
    ends(|| {
        for (sends, receives) in PAIRS {
            for make in [|| bounded_channel(1), unbounded_channel, channel] {
                const VALUES: usize = 300;
                let (tx, rx) = make();
                let receivers: Vec<_> = (0..2)
                    .map(|n| {
                        let rx = rx.clone();
                        receives.start(move || {
                            suspend!(move {
                                let mut count = 0;
                                loop {
                                    match rx.recv_timeout(Duration::from_micros(n * 20)) {
                                        Ok(()) => count += 1,
                                        Err(RecvTimeoutError::Timeout) => yield_now(),
                                        Err(RecvTimeoutError::Closed) => break count,
                                    }
                                }
                            })
                        })
                    })
                    .collect();
                let sender = sends.start(move || {
                    suspend!(move {
                        for _ in 0..VALUES {
                            let tx = tx.clone();
                            tx.send(()).unwrap();
                        }
                    })
                });
                drop(rx);
                sender.finish();
                let received: usize = receivers.into_iter().map(|receiver| receiver.finish()).sum();
                assert_eq!(received, VALUES);
            }
        }
    });
}

/// A select that has been matched is dropped before it looks: its value goes to the next, and the sender
/// is not left waiting (marked as to be done in crossbeam's tests).
#[test]
fn a_select_that_is_abandoned_after_it_was_matched_wedges_nobody() {
    for capacity in [0, 1] {
        let (tx, rx) = bounded_channel(capacity);
        let (_open, other) = channel::<u32>();
        let mut select = Select::new();
        select.recv(&rx, |got| got);
        select.recv(&other, |got| got);
        let mut waits = Box::pin(select.wait());
        assert!(poll_with(waits.as_mut(), Waker::noop()).is_pending());
        let mut behind = rx.recv();
        let (told, waker) = told();
        assert!(poll_with(Pin::new(&mut behind), &waker).is_pending());
        assert_eq!(tx.try_send(7), Ok(()));
        drop(waits);
        assert_eq!(told.count(), 1);
        assert_eq!(poll_with(Pin::new(&mut behind), Waker::noop()), Poll::Ready(Ok(7)));
    }
}

/// An arm that loses leaves the middle of a line, and those before and behind it keep their order (the
/// line was cut: Go).
#[test]
fn a_loser_that_leaves_the_line_does_not_cut_it() {
    let (tx, rx) = channel();
    let (other_tx, other) = bounded_channel(1);
    let (mut first, mut last) = (rx.recv(), rx.recv());
    let mut select = Select::new();
    select.recv(&rx, |got| got);
    select.recv(&other, |got| got);
    assert!(poll_with(Pin::new(&mut first), Waker::noop()).is_pending());
    {
        let mut waits = pin!(select.wait());
        assert!(poll_with(waits.as_mut(), Waker::noop()).is_pending());
        assert!(poll_with(Pin::new(&mut last), Waker::noop()).is_pending());
        other_tx.try_send(0).unwrap();
        assert!(poll_with(waits.as_mut(), Waker::noop()).is_ready());
    }
    assert_eq!((tx.try_send(1), tx.try_send(2)), (Ok(()), Ok(())));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(poll_with(Pin::new(&mut last), Waker::noop()), Poll::Ready(Ok(2)));
    assert_eq!(poll_with(Pin::new(&mut first), Waker::noop()), Poll::Ready(Ok(1)));
}

/// A receiver that is always ready does not keep its worker for itself (the others starved: futures-rs,
/// embassy). Nor is the other left to the monitor, which would come after many more rounds.
#[test]
fn an_arm_that_is_always_ready_starves_no_other_routine() {
    ends(|| {
        use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
        let config = RuntimeConfig::new().workers(1).max_threads(1);
        let runtime = RustRoutineRuntime::with_config(config).unwrap();
        let greedy = runtime.spawn(move || {
            suspend!(move {
                let (stop_tx, stop) = bounded_channel::<()>(1);
                let (tx, rx) = unbounded_channel();
                tx.try_send(0).unwrap();
                // It can run when this lets it, and not before: there is no other thread.
                let bystander = go!(move || stop_tx.send(()).unwrap());
                let rounds = loop {
                    select! {
                        biased;
                        _ = stop.recv() => break rx.recv().unwrap(),
                        // No operation but the select itself.
                        n = rx.recv() => tx.try_send(n.unwrap() + 1_u64).unwrap(),
                    }
                };
                bystander.join().unwrap();
                rounds
            })
        });
        let rounds = greedy.join().block().unwrap();
        assert!(rounds < 1_000, "the other ran after {rounds} rounds");
    });
}
