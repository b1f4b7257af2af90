//! Models of the claim of a select over channels.

use super::check;
use crate::Suspend;
use crate::channel::{bounded_channel, channel};
use crate::error::{RecvError, SendError};
use crate::select::{Arm, Chosen, Deadline, select};
use loom::thread::spawn;
use std::pin::pin;
use std::task::{Context, Waker};

/// Whichever of two operations is done first, and its output. Here chance prefers the first arm.
fn first<A: Suspend, B: Suspend>(a: A, b: B) -> Result<A::Output, B::Output> {
    let mut a = pin!(Arm::new(a));
    let mut b = pin!(Arm::new(b));
    let chosen = select(2, false, false, Deadline::never(), |arm, step| match arm {
        0 => a.as_mut().step(step),
        _ => b.as_mut().step(step),
    })
    .block();
    match chosen {
        Chosen::Arm(0) => Ok(a.take()),
        Chosen::Arm(_) => Err(b.take()),
        Chosen::Default | Chosen::Timeout => unreachable!("neither was asked for"),
    }
}

#[test]
fn a_select_takes_one_of_two() {
    for capacity in [0, 1] {
        check(2, move || {
            let (a_tx, a) = bounded_channel(capacity);
            let (b_tx, b) = bounded_channel(capacity);
            // Kept open, so that only the values themselves can end the wait.
            let _open = (a_tx.clone(), b_tx.clone());
            let senders =
                [spawn(move || a_tx.try_send(1).is_ok()), spawn(move || b_tx.send(2).block().is_ok())];
            let got = match first(a.recv(), b.recv()) {
                Ok(received) | Err(received) => received.unwrap(),
            };
            // The rest is still there, or was given back, and is received once.
            let rest = if got == 1 { b.recv().block().ok() } else { a.try_recv().ok() };
            let [first, second] = senders.map(|sender| sender.join().unwrap());
            let late = a.try_recv().ok();
            assert!(second);
            let mut all: Vec<u32> = [Some(got), rest, late].into_iter().flatten().collect();
            all.sort_unstable();
            assert_eq!(all, if first { vec![1, 2] } else { vec![2] });
        });
    }
}

/// Room that a sender knows of is forgotten when a select puts its receive in line: between its look and that, a
/// value may have come and gone.
#[test]
fn a_select_in_line_is_found_whatever_came_and_went() {
    check(3, || {
        let (tx, rx) = bounded_channel(3);
        let (_open, never) = channel::<u32>();
        let others = {
            let rx = rx.clone();
            spawn(move || {
                tx.try_send(1).unwrap();
                let taken = rx.try_recv().is_ok();
                tx.try_send(2).unwrap();
                (tx, taken)
            })
        };
        let got = match first(never.recv(), rx.recv()) {
            Ok(received) | Err(received) => received.unwrap(),
        };
        let (_open, taken) = others.join().unwrap();
        assert!(got == 2 || !taken, "{got}");
    });
}

#[test]
fn a_losing_send_is_delivered_to_nobody() {
    check(2, || {
        let (a_tx, a) = channel();
        let (b_tx, b) = channel();
        let receivers = [spawn(move || a.recv().block()), spawn(move || b.recv().block())];
        let won = match first(a_tx.send(1), b_tx.send(2)) {
            Ok(sent) => sent.map(|()| 0),
            Err(sent) => sent.map(|()| 1),
        };
        drop((a_tx, b_tx));
        let received = receivers.map(|receiver| receiver.join().unwrap());
        let expected = match won.unwrap() {
            0 => [Ok(1), Err(RecvError)],
            _ => [Err(RecvError), Ok(2)],
        };
        assert_eq!(received, expected);
    });
}

#[test]
fn two_selects_meet() {
    check(2, || {
        let (a_tx, a) = channel();
        let (b_tx, b) = channel();
        let other = {
            let (a_tx, b) = (a_tx.clone(), b.clone());
            spawn(move || match first(a_tx.send(1), b.recv()) {
                Ok(sent) => {
                    sent.unwrap();
                    1
                }
                Err(received) => received.unwrap(),
            })
        };
        let here = match first(b_tx.send(2), a.recv()) {
            Ok(sent) => {
                sent.unwrap();
                2
            }
            Err(received) => received.unwrap(),
        };
        assert_eq!(other.join().unwrap(), here, "both took part in the same rendezvous");
    });
}

/// A select is dropped while it waits, but its arm stays in line until the next select has ended, as where a
/// destructor between the two selects. Whoever meets that arm wins nothing, and certainly not the next select.
#[test]
fn what_an_abandoned_select_leaves_in_line_wins_no_later_one() {
    check(3, || {
        let (stale_tx, stale) = channel();
        let (tx, rx) = channel();
        let sender = spawn(move || {
            let met = stale_tx.try_send(1).is_ok();
            tx.send(2).block().unwrap();
            met
        });
        let mut left = pin!(Arm::new(stale.recv()));
        let mut abandoned = select(1, false, false, Deadline::never(), |_, step| left.as_mut().step(step));
        let first = std::pin::Pin::new(&mut abandoned).poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending(), "nobody sends to who is not in line");
        drop(abandoned);
        let mut arm = pin!(Arm::new(rx.recv()));
        let chosen = select(1, false, false, Deadline::never(), |_, step| arm.as_mut().step(step)).block();
        assert_eq!((chosen, arm.take()), (Chosen::Arm(0), Ok(2)));
        left.set(Arm::guarded(None));
        let met = sender.join().unwrap();
        assert_eq!(stale.try_recv().is_ok(), met, "what met the first select has come back");
    });
}

/// A select that is polled with one waker and then with another is woken by the second.
#[test]
fn a_select_follows_its_waker() {
    check(3, || {
        let (tx, rx) = channel();
        let (_open, never) = channel::<u32>();
        let sender = spawn(move || tx.send(7).block());
        let mut a = pin!(Arm::new(rx.recv()));
        let mut b = pin!(Arm::new(never.recv()));
        let mut waits = select(2, false, false, Deadline::never(), |arm, step| match arm {
            0 => a.as_mut().step(step),
            _ => b.as_mut().step(step),
        });
        let first = std::pin::Pin::new(&mut waits).poll(&mut Context::from_waker(Waker::noop()));
        let chosen = match first {
            std::task::Poll::Pending => waits.block(),
            std::task::Poll::Ready(chosen) => {
                drop(waits);
                chosen
            }
        };
        assert_eq!(chosen, Chosen::Arm(0));
        assert_eq!(a.take(), Ok(7));
        sender.join().unwrap().unwrap();
    });
}

/// A channel that is closed while a select publishes itself ends the select, whichever arm it is.
#[test]
fn a_select_hears_of_a_close() {
    check(2, || {
        let (a_tx, a) = channel::<u32>();
        let (b_tx, b) = channel::<u32>();
        // Kept open: only the close ends the wait.
        let _open = (a_tx.clone(), b_tx.clone(), b.clone());
        let closer = spawn(move || a_tx.close());
        assert_eq!(first(b.recv(), a.recv()), Err(Err(RecvError)));
        closer.join().unwrap();

        let (c_tx, c) = channel();
        let closer = spawn({
            let c = c.clone();
            move || c.close()
        });
        assert_eq!(first(b.recv(), c_tx.send(7)), Err(Err(SendError(7))));
        closer.join().unwrap();
    });
}

/// Room that is made while a select publishes its send is used.
#[test]
fn a_select_sends_where_there_is_room() {
    check(3, || {
        let (tx, rx) = bounded_channel(1);
        let (_open, never) = channel::<u32>();
        tx.try_send(1).unwrap();
        let receiver = {
            let rx = rx.clone();
            spawn(move || rx.try_recv())
        };
        assert_eq!(first(never.recv(), tx.send(2)), Err(Ok(())));
        assert_eq!(receiver.join().unwrap(), Ok(1));
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

/// An operation that knows nothing of claims: it is done when it is polled a second time, for which it
/// wakes whoever waits at once.
struct Second(bool);

impl Future for Second {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}

impl Suspend for Second {}

/// A value that arrives while a select takes itself back, because another arm has woken it, is not lost.
#[test]
fn a_select_that_takes_itself_back_may_have_been_won() {
    for capacity in [0, 1] {
        check(3, move || {
            let (tx, rx) = bounded_channel(capacity);
            let sender = spawn(move || tx.send(7).block());
            let received = match first(rx.recv(), Second(false)) {
                Ok(received) => received,
                Err(()) => rx.recv().block(),
            };
            assert_eq!(received, Ok(7));
            sender.join().unwrap().unwrap();
        });
    }
}

/// A value that moves from a channel that has not been tried yet to one that has: the select still finds
/// it, in the one or in the other, and does not take its default.
#[test]
fn a_default_means_that_nothing_was_ready_at_one_moment() {
    check(2, || {
        let (a_tx, a) = bounded_channel(1);
        let (b_tx, b) = bounded_channel(1);
        b_tx.try_send(1).unwrap();
        let mover = {
            let b = b.clone();
            spawn(move || {
                a_tx.try_send(2).unwrap();
                let _ = b.try_recv();
                a_tx
            })
        };
        let mut first = pin!(Arm::new(a.recv()));
        let mut second = pin!(Arm::new(b.recv()));
        let chosen = select(2, false, true, Deadline::never(), |arm, step| match arm {
            0 => first.as_mut().step(step),
            _ => second.as_mut().step(step),
        })
        .block();
        assert!(matches!(chosen, Chosen::Arm(_)), "{chosen:?}");
        mover.join().unwrap();
    });
}
