//! The select matrix: two to four selects, each over two to four channels, with receives, sends and
//! reservations, some with a default, among plain operations, closes and aborts.

use super::{Ledger, Value, poll_once};
use crate::Suspend;
use crate::channel::{Permit, Receiver, Sender, bounded_channel, channel};
use crate::error::{ReserveError, SendError};
use crate::platform::explore;
use crate::platform::random::below;
use crate::select::Select;
use ::shuttle::thread::{self, JoinHandle};
use std::collections::BTreeSet;
use std::task::Poll;

type Pipe = (Sender<Value>, Receiver<Value>);

/// Two to four channels, unbuffered or with little room.
fn pipes() -> Vec<Pipe> {
    (0..2 + below(3)).map(|_| bounded_channel(below(3))).collect()
}

/// One case of a select.
#[derive(Debug, Clone, Copy)]
enum What {
    Receive(usize),
    /// On that channel, the value of that number.
    Send(usize, usize),
    /// A value is sent with the permit.
    Reserve(usize),
}

/// One to three rounds of a select over two to four of the channels, some of them aborted. `rescue` ends
/// it for good: so a program in which nobody else meets it has an end.
fn selects(pipes: Vec<Pipe>, rescue: Receiver<()>, ledger: Ledger) {
    for _ in 0..1 + below(3) {
        let mut values: Vec<Option<Value>> = Vec::new();
        let mut cases = Vec::new();
        for _ in 0..2 + below(3) {
            let pipe = below(pipes.len());
            cases.push(match below(9) {
                0..4 => What::Receive(pipe),
                // Where there is no room to reserve it would be ready at once.
                4 if pipes[pipe].0.capacity() != Some(0) => What::Reserve(pipe),
                _ => {
                    values.push(Some(ledger.make()));
                    What::Send(pipe, values.len() - 1)
                }
            });
        }
        let numbers: Vec<usize> = values.iter().flatten().map(|value| value.number).collect();
        let mut select = Select::new();
        for (case, what) in cases.iter().copied().enumerate() {
            let ledger = ledger.clone();
            let number = match what {
                What::Receive(pipe) => select.recv(&pipes[pipe].1, move |received| {
                    if let Ok(value) = received {
                        ledger.received(value);
                    }
                    true
                }),
                What::Send(pipe, value) => {
                    let number = numbers[value];
                    let mut value = values[value].take();
                    let make = move || value.take().expect("one round");
                    select.send(&pipes[pipe].0, make, move |sent| {
                        ledger.sent(number, sent);
                        true
                    })
                }
                What::Reserve(pipe) => {
                    let tx = &pipes[pipe].0;
                    let used = move |permit: Result<Permit<'_, Value>, ReserveError>| {
                        if let Ok(permit) = permit {
                            let value = ledger.make();
                            ledger.sent(value.number, permit.send(value));
                        }
                        true
                    };
                    select.case(move || tx.reserve(), used)
                }
            };
            assert_eq!(number, case);
        }
        select.recv(&rescue, |_| false);
        if below(4) == 0 {
            select.biased();
        }
        if below(8) == 0 {
            select.default(|| true);
        }
        let mut wait = select.wait();
        if below(3) == 0 {
            // Aborted after its first poll, when it may have published itself and been won.
            match poll_once(&mut wait) {
                Poll::Ready(won) if !won.value => return,
                Poll::Ready(_) => continue,
                Poll::Pending => {}
            }
            if below(2) == 0 {
                thread::yield_now();
            }
            ledger.perhaps_one_of(numbers);
        } else if !wait.block().value {
            return;
        }
    }
}

/// A few plain operations, of which some are aborted or close the channel.
fn plain(pipes: Vec<Pipe>, ledger: Ledger) {
    for _ in 0..below(4) {
        let (tx, rx) = &pipes[below(pipes.len())];
        match below(6) {
            0 => drop(rx.try_recv().map(|value| ledger.received(value))),
            1 => {
                let value = ledger.make();
                ledger.sent(value.number, tx.try_send(value).map_err(|error| SendError(error.into_inner())));
            }
            2 => {
                if let Poll::Ready(Ok(value)) = poll_once(&mut rx.recv()) {
                    ledger.received(value);
                }
            }
            3 => {
                let value = ledger.make();
                let number = value.number;
                match poll_once(&mut tx.send(value)) {
                    Poll::Ready(sent) => ledger.sent(number, sent),
                    Poll::Pending => ledger.perhaps(number),
                }
            }
            4 if below(3) == 0 => drop(tx.close()),
            _ => thread::yield_now(),
        }
    }
}

fn join<T>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Whatever selects do with one another: nobody hangs, and each value is received once, given back or
/// dropped.
#[test]
fn any_program_of_selects_ends_and_conserves_its_values() {
    explore(20_000, || {
        let ledger = Ledger::default();
        let pipes = pipes();
        let mut threads = Vec::new();
        let mut rescues = Vec::new();
        for _ in 0..2 + below(3) {
            let (rescue, rescued) = channel();
            rescues.push(rescue);
            let (pipes, ledger) = (pipes.clone(), ledger.clone());
            threads.push(thread::spawn(move || selects(pipes, rescued, ledger)));
        }
        if below(2) == 0 {
            let (pipes, ledger) = (pipes.clone(), ledger.clone());
            threads.push(thread::spawn(move || plain(pipes, ledger)));
        }
        // Each either takes it or is gone.
        for rescue in &rescues {
            let _ = rescue.send(()).block();
        }
        join(threads);
        for (tx, rx) in pipes {
            drop(tx);
            rx.try_iter().for_each(|value| ledger.received(value));
        }
        ledger.balance();
    });
}

/// Selects that can meet nobody but one another pair off, in any number, over any channel they share.
#[test]
fn selects_that_offer_both_sides_pair_off() {
    explore(4_000, || {
        let channels: Vec<_> = (0..1 + below(3)).map(|_| channel::<usize>()).collect();
        let selects = 2 * (1 + below(2));
        let threads = (0..selects)
            .map(|me| {
                let channels = channels.clone();
                thread::spawn(move || {
                    let mut select = Select::new();
                    for (tx, rx) in &channels {
                        select.recv(rx, |met| met.unwrap());
                        select.send(tx, move || me, |sent| sent.map(|()| usize::MAX).unwrap());
                    }
                    select.wait().block().value
                })
            })
            .collect();
        let mut met = join(threads);
        met.sort_unstable();
        let senders = met.split_off(selects / 2);
        assert!(senders.iter().all(|&sent| sent == usize::MAX), "half of them sent");
        let pairs: BTreeSet<_> = met.iter().collect();
        assert_eq!(pairs.len(), selects / 2, "each receiver met a sender of its own: {met:?}");
    });
}

/// Two selects in a ring: each sends where the other receives.
#[test]
fn selects_in_a_ring_meet_in_one_place() {
    explore(3_000, || {
        let ring: Vec<_> = (0..2 + below(2)).map(|_| channel::<usize>()).collect();
        let threads = (0..ring.len())
            .map(|me| {
                let (to, from) = (ring[me].0.clone(), ring[(me + 1) % ring.len()].1.clone());
                thread::spawn(move || {
                    let mut select = Select::new();
                    select.send(&to, || me, |sent| sent.err().map(|_| usize::MAX));
                    select.recv(&from, |received| received.ok());
                    let won = select.wait().block();
                    (won.case() == Some(0), won.value)
                })
            })
            .collect::<Vec<_>>();
        let channels = ring.len();
        drop(ring);
        let ends = join(threads);
        let delivered: Vec<_> = ends.iter().filter(|(sent, error)| *sent && error.is_none()).collect();
        let received: Vec<_> = ends.iter().filter(|(sent, value)| !sent && value.is_some()).collect();
        assert_eq!(delivered.len(), received.len(), "{ends:?}");
        assert!(channels > 2 || delivered.len() == 1, "two of them always meet: {ends:?}");
    });
}

/// Producers that select where to send, consumers that select where to receive, some of which go away in
/// the middle of a wait: everything arrives, and everybody hears of the end.
#[test]
fn consumers_that_select_receive_all_that_selects_send() {
    explore(4_000, || {
        let ledger = Ledger::default();
        let pipes = pipes();
        let mut threads = Vec::new();
        for _ in 0..1 + below(2) {
            let (senders, ledger): (Vec<_>, _) =
                (pipes.iter().map(|(tx, _)| tx.clone()).collect(), ledger.clone());
            threads.push(thread::spawn(move || {
                for _ in 0..2 {
                    let mut select = Select::new();
                    for tx in &senders {
                        let ledger = ledger.clone();
                        let value = ledger.make();
                        let number = value.number;
                        let mut value = Some(value);
                        let make = move || value.take().expect("one round");
                        select.send(tx, make, move |sent| ledger.sent(number, sent));
                    }
                    select.wait().block();
                }
            }));
        }
        for _ in 0..1 + below(2) {
            let (receivers, ledger): (Vec<_>, _) =
                (pipes.iter().map(|(_, rx)| rx.clone()).collect(), ledger.clone());
            threads.push(thread::spawn(move || {
                let mut select = Select::new();
                let note = |received: Result<Value, _>| received.map(|value| ledger.received(value)).is_ok();
                for rx in &receivers {
                    select.recv(rx, note);
                }
                if below(2) == 0 {
                    let mut wait = select.wait();
                    let _ = poll_once(&mut wait);
                    thread::yield_now();
                }
                while !select.is_empty() {
                    let won = select.wait().block();
                    if !won.value {
                        assert!(select.remove(won.case().expect("no default")));
                    }
                }
            }));
        }
        drop(pipes);
        join(threads);
        ledger.balance();
    });
}

/// At every moment one of the channels is ready, on the side that the select wants, though another one
/// becomes so while it looks: it never takes its default.
#[test]
fn a_default_means_that_nothing_was_ready_at_one_moment() {
    explore(6_000, || {
        let (a_tx, a) = bounded_channel(1);
        let (b_tx, b) = bounded_channel(1);
        let receives = below(2) == 0;
        if receives {
            a_tx.try_send(1).unwrap();
        } else {
            b_tx.try_send(1).unwrap();
        }
        let mover = {
            let (a, b, a_tx, b_tx) = (a.clone(), b.clone(), a_tx.clone(), b_tx.clone());
            thread::spawn(move || {
                if receives {
                    // The value of `b` comes before that of `a` goes.
                    b_tx.try_send(2).unwrap();
                    let _ = a.try_recv();
                } else {
                    // The room in `b` comes before that in `a` goes.
                    b.try_recv().unwrap();
                    let _ = a_tx.try_send(2);
                }
            })
        };
        let mut select = Select::new();
        if receives {
            select.recv(&a, |received| received.is_ok());
            select.recv(&b, |received| received.is_ok());
        } else {
            select.send(&a_tx, || 3, |sent| sent.is_ok());
            select.send(&b_tx, || 3, |sent| sent.is_ok());
        }
        select.default(|| false);
        assert!(select.wait().block().value);
        mover.join().unwrap();
    });
}
