//! Sends, receives and permits by themselves, some of which are abandoned in the middle of a wait.

use super::{Ledger, Value, poll_once};
use crate::Suspend;
use crate::channel::{Receiver, Sender, bounded_channel, unbounded_channel};
use crate::error::{ReserveError, SendError};
use crate::platform::explore;
use crate::platform::random::below;
use ::shuttle::thread::{self, JoinHandle};
use std::task::Poll;

/// A channel of any flavour.
fn any_channel() -> (Sender<Value>, Receiver<Value>) {
    match below(4) {
        3 => unbounded_channel(),
        capacity => bounded_channel(capacity),
    }
}

/// Sends two or three values: plainly, by a permit, without waiting, or begun and abandoned.
fn produce(tx: Sender<Value>, ledger: Ledger) {
    for _ in 0..2 + below(2) {
        match below(5) {
            0 => permit(&tx, &ledger),
            1 => {
                let value = ledger.make();
                ledger.sent(value.number, tx.try_send(value).map_err(|error| SendError(error.into_inner())));
            }
            2 => {
                let value = ledger.make();
                let number = value.number;
                let mut send = tx.send(value);
                match poll_once(&mut send) {
                    Poll::Ready(sent) => ledger.sent(number, sent),
                    Poll::Pending => {
                        thread::yield_now();
                        ledger.perhaps(number);
                    }
                }
            }
            _ => {
                let value = ledger.make();
                ledger.sent(value.number, tx.send(value).block());
            }
        }
    }
}

/// Sends by a permit, unless it is dropped, or the wait for it abandoned.
fn permit(tx: &Sender<Value>, ledger: &Ledger) {
    let mut reserve = tx.reserve();
    let reserved = match below(3) {
        0 => match poll_once(&mut reserve) {
            Poll::Ready(reserved) => reserved,
            Poll::Pending => return thread::yield_now(),
        },
        _ => reserve.block(),
    };
    match reserved {
        Ok(permit) if below(3) > 0 => {
            let value = ledger.make();
            ledger.sent(value.number, permit.send(value));
        }
        Ok(_) | Err(ReserveError::Unbuffered | ReserveError::Closed) => {}
    }
}

/// Receives until the channel ends, and now and then gives up in the middle of a wait.
fn consume(rx: Receiver<Value>, ledger: Ledger) {
    loop {
        let mut recv = rx.recv();
        let received = match below(3) {
            0 => match poll_once(&mut recv) {
                Poll::Ready(received) => received,
                Poll::Pending => {
                    thread::yield_now();
                    continue;
                }
            },
            _ => recv.block(),
        };
        match received {
            Ok(value) => ledger.received(value),
            Err(_) => return,
        }
    }
}

fn start(count: usize, work: impl Fn() + Send + Sync + Clone + 'static) -> Vec<JoinHandle<()>> {
    (0..count)
        .map(|_| {
            let work = work.clone();
            thread::spawn(work)
        })
        .collect()
}

/// The channel ends because its senders go: everything arrives, and everyone hears of the end.
#[test]
fn everything_that_is_sent_is_received_whoever_gives_up_on_the_way() {
    explore(8_000, || {
        let ledger = Ledger::default();
        let (tx, rx) = any_channel();
        let mut threads = {
            let ledger = ledger.clone();
            start(1 + below(2), move || produce(tx.clone(), ledger.clone()))
        };
        {
            let ledger = ledger.clone();
            threads.extend(start(1 + below(2), move || consume(rx.clone(), ledger.clone())));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        ledger.balance();
    });
}

/// The channel is closed by a call at any moment: what was sent before is received, the rest given back.
#[test]
fn a_close_at_any_moment_gives_back_what_was_not_sent() {
    explore(6_000, || {
        let ledger = Ledger::default();
        let (tx, rx) = any_channel();
        let closer = rx.clone();
        let mut threads = {
            let ledger = ledger.clone();
            start(1 + below(2), move || produce(tx.clone(), ledger.clone()))
        };
        {
            let ledger = ledger.clone();
            threads.extend(start(1 + below(2), move || consume(rx.clone(), ledger.clone())));
        }
        closer.close();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        // What was abandoned by the last to receive, or is still sent by a permit.
        closer.try_iter().for_each(|value| ledger.received(value));
        drop(closer);
        ledger.balance();
    });
}

/// The receivers go at any moment: nothing lives on, and no sender hangs.
#[test]
fn receivers_that_go_leave_no_sender_waiting_and_no_value_behind() {
    explore(6_000, || {
        let ledger = Ledger::default();
        let (tx, rx) = any_channel();
        let threads = {
            let ledger = ledger.clone();
            start(1 + below(2), move || produce(tx.clone(), ledger.clone()))
        };
        for _ in 0..below(3) {
            if let Ok(value) = rx.try_recv() {
                drop(value);
            }
        }
        drop(rx);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        ledger.everything_is_dropped();
    });
}

/// Weak senders that are upgraded while the last sender goes: the channel ends once, for good.
#[test]
fn an_upgrade_and_the_last_sender_agree() {
    explore(2_000, || {
        let ledger = Ledger::default();
        let (tx, rx) = any_channel();
        let weak = tx.downgrade();
        let upgrades = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                weak.upgrade().is_some_and(|tx| {
                    let value = ledger.make();
                    let number = value.number;
                    let sent = tx.send(value).block();
                    assert!(sent.is_ok(), "an upgraded sender keeps the channel open");
                    ledger.sent(number, sent);
                    true
                })
            })
        };
        let consumer = {
            let ledger = ledger.clone();
            thread::spawn(move || consume(rx, ledger))
        };
        drop(tx);
        upgrades.join().unwrap();
        consumer.join().unwrap();
        ledger.balance();
    });
}
