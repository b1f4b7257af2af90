//! What waiting for several channels costs.
//!
//! - `select_ready/N/contestant`: all N are ready; what is taken out is put back.
//! - `select_default/2/contestant`: none is ready, and the select does not wait.
//! - `select_waiting/N/contestant`: the select waits each time; a round trip with the one who sends.
//! - `select_one_of/N/contestant`: N cases put together at run time, of which one is ready; for the cost of
//!   a case.
//! - `select_one_of_waiting/N/contestant`: the same, when it waits each time.
//!
//! crossbeam-channel's are between threads, the others' between tasks.

#![forbid(unsafe_code)]

mod contestants;

use contestants::{Ours, Runtime, Tokio, config};
use criterion::Criterion;
use rustroutines::prelude::*;
use rustroutines::select::Select;
use std::time::{Duration, Instant};
use tokio_stream::StreamExt as _;

/// How many values lie in each channel that is always ready.
const FILL: u64 = 4;

/// The functions for one number of channels, for each contestant. The channels' names are given, and
/// their numbers.
macro_rules! contest {
    ($module:ident: $n:literal, $($rx:ident $index:literal)+) => {
        mod $module {
            use super::*;

            pub(crate) const N: usize = $n;

            #[routine]
            pub(crate) fn ours_ready(n: u64) -> Duration {
                let (txs, rxs): (Vec<_>, Vec<_>) = (0..N).map(|_| bounded_channel::<u64>(128)).unzip();
                for tx in &txs {
                    for value in 0..FILL {
                        tx.try_send(value).unwrap();
                    }
                }
                let [$($rx),+] = &rxs[..] else { unreachable!() };
                let start = Instant::now();
                for _ in 0..n {
                    let (index, value) = select! {
                        $( value = $rx.recv() => ($index, value.unwrap()), )+
                    };
                    let tx: &Sender<u64> = &txs[index];
                    tx.try_send(value).unwrap();
                }
                start.elapsed()
            }

            #[routine]
            pub(crate) fn ours_waiting(n: u64) -> Duration {
                let (txs, rxs): (Vec<_>, Vec<_>) = (0..N).map(|_| bounded_channel::<u64>(1)).unzip();
                let (back_tx, back) = bounded_channel::<u64>(1);
                let other = go!(move || {
                    let [$($rx),+] = &rxs[..] else { unreachable!() };
                    for _ in 0..n {
                        let value = select! { $( value = $rx.recv() => value.unwrap(), )+ };
                        back_tx.send(value).unwrap();
                    }
                });
                let start = Instant::now();
                for value in 0..n {
                    let tx: &Sender<u64> = &txs[turn(value, N)];
                    tx.send(value).unwrap();
                    assert_eq!(back.recv(), Ok(value));
                }
                let took = start.elapsed();
                other.join().unwrap();
                took
            }

            pub(crate) async fn tokio_ready(n: u64) -> Duration {
                let (txs, mut rxs): (Vec<_>, Vec<_>) = (0..N).map(|_| tokio::sync::mpsc::channel(128)).unzip();
                for tx in &txs {
                    for value in 0..FILL {
                        tx.try_send(value).unwrap();
                    }
                }
                let [$($rx),+] = &mut rxs[..] else { unreachable!() };
                let start = Instant::now();
                for _ in 0..n {
                    let (index, value): (usize, u64) = tokio::select! {
                        $( value = $rx.recv() => ($index, value.unwrap()), )+
                    };
                    txs[index].try_send(value).unwrap();
                }
                start.elapsed()
            }

            pub(crate) async fn tokio_waiting(n: u64) -> Duration {
                let (txs, mut rxs): (Vec<_>, Vec<_>) =
                    (0..N).map(|_| tokio::sync::mpsc::channel::<u64>(1)).unzip();
                let (back_tx, mut back) = tokio::sync::mpsc::channel(1);
                let other = tokio::spawn(async move {
                    let [$($rx),+] = &mut rxs[..] else { unreachable!() };
                    for _ in 0..n {
                        let value = tokio::select! { $( value = $rx.recv() => value.unwrap(), )+ };
                        back_tx.send(value).await.unwrap();
                    }
                });
                let start = Instant::now();
                for value in 0..n {
                    txs[turn(value, N)].send(value).await.unwrap();
                    assert_eq!(back.recv().await, Some(value));
                }
                let took = start.elapsed();
                other.await.unwrap();
                took
            }

            pub(crate) fn crossbeam_ready(n: u64) -> Duration {
                let (txs, rxs): (Vec<_>, Vec<_>) = (0..N).map(|_| crossbeam_channel::bounded(128)).unzip();
                for tx in &txs {
                    for value in 0..FILL {
                        tx.try_send(value).unwrap();
                    }
                }
                let [$($rx),+] = &rxs[..] else { unreachable!() };
                let start = Instant::now();
                for _ in 0..n {
                    let (index, value): (usize, u64) = crossbeam_channel::select! {
                        $( recv($rx) -> value => ($index, value.unwrap()), )+
                    };
                    txs[index].try_send(value).unwrap();
                }
                start.elapsed()
            }

            pub(crate) fn crossbeam_waiting(n: u64) -> Duration {
                let (txs, rxs): (Vec<_>, Vec<_>) =
                    (0..N).map(|_| crossbeam_channel::bounded::<u64>(1)).unzip();
                let (back_tx, back) = crossbeam_channel::bounded(1);
                let other = std::thread::spawn(move || {
                    let [$($rx),+] = &rxs[..] else { unreachable!() };
                    for _ in 0..n {
                        let value = crossbeam_channel::select! { $( recv($rx) -> value => value.unwrap(), )+ };
                        back_tx.send(value).unwrap();
                    }
                });
                let start = Instant::now();
                for value in 0..n {
                    txs[turn(value, N)].send(value).unwrap();
                    assert_eq!(back.recv(), Ok(value));
                }
                let took = start.elapsed();
                other.join().unwrap();
                took
            }

            pub(crate) fn bench(c: &mut Criterion) {
                let mut one = |what: &str, who: &str, run: fn(u64) -> Duration| {
                    c.bench_function(&format!("{what}/{N}/{who}"), |b| b.iter_custom(run));
                };
                one("select_ready", Ours::NAME, |n| go!(ours_ready(n)).join().block().unwrap());
                one("select_ready", Tokio::NAME, |n| Tokio::run(tokio_ready(n)));
                one("select_ready", "crossbeam-channel", crossbeam_ready);
                one("select_waiting", Ours::NAME, |n| go!(ours_waiting(n)).join().block().unwrap());
                one("select_waiting", Tokio::NAME, |n| Tokio::run(tokio_waiting(n)));
                one("select_waiting", "crossbeam-channel", crossbeam_waiting);
            }
        }
    };
}

contest!(two: 2, a 0 b 1);
contest!(three: 3, a 0 b 1 c 2);
contest!(ten: 10, a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9);

/// Which of `n` channels gets this value: all in turn, but not one after the other.
fn turn(value: u64, n: usize) -> usize {
    (value as usize * 7919) % n
}

#[routine]
fn ours_default(n: u64) -> Duration {
    let ((_a_tx, a), (_b_tx, b)) = (bounded_channel::<u64>(128), bounded_channel::<u64>(128));
    let start = Instant::now();
    for _ in 0..n {
        let waited = select! { _ = a.recv() => true, _ = b.recv() => true, default => false };
        assert!(!waited);
    }
    start.elapsed()
}

async fn tokio_default(n: u64) -> Duration {
    let (_a_tx, mut a) = tokio::sync::mpsc::channel::<u64>(128);
    let (_b_tx, mut b) = tokio::sync::mpsc::channel::<u64>(128);
    let start = Instant::now();
    for _ in 0..n {
        // It has no such arm; this is what its documentation says to do.
        let waited = tokio::select! {
            biased;
            _ = a.recv() => true,
            _ = b.recv() => true,
            () = std::future::ready(()) => false,
        };
        assert!(!waited);
    }
    start.elapsed()
}

fn crossbeam_default(n: u64) -> Duration {
    let (_a_tx, a) = crossbeam_channel::bounded::<u64>(128);
    let (_b_tx, b) = crossbeam_channel::bounded::<u64>(128);
    let start = Instant::now();
    for _ in 0..n {
        let waited =
            crossbeam_channel::select! { recv(a) -> _ => true, recv(b) -> _ => true, default => false };
        assert!(!waited);
    }
    start.elapsed()
}

fn default(c: &mut Criterion) {
    let mut one = |who: &str, run: fn(u64) -> Duration| {
        c.bench_function(&format!("select_default/2/{who}"), |b| b.iter_custom(run));
    };
    one(Ours::NAME, |n| go!(ours_default(n)).join().block().unwrap());
    one(Tokio::NAME, |n| Tokio::run(tokio_default(n)));
    one("crossbeam-channel", crossbeam_default);
}

/// The cases of the selects that are put together at run time.
const MANY: [usize; 4] = [1, 10, 100, 1_000];

#[routine]
fn ours_one_of(cases: usize, n: u64) -> Duration {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..cases).map(|_| bounded_channel::<u64>(1)).unzip();
    let mut select = Select::new();
    for rx in &rxs {
        select.recv(rx, |value| value.unwrap());
    }
    let start = Instant::now();
    for value in 0..n {
        let tx: &Sender<u64> = &txs[turn(value, cases)];
        tx.try_send(value).unwrap();
        assert_eq!(select.wait().value, value);
    }
    start.elapsed()
}

#[routine]
fn ours_one_of_waiting(cases: usize, n: u64) -> Duration {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..cases).map(|_| bounded_channel::<u64>(1)).unzip();
    let (back_tx, back) = bounded_channel::<u64>(1);
    let other = go!(move || {
        let mut select = Select::new();
        for rx in &rxs {
            select.recv(rx, |value| value.unwrap());
        }
        for _ in 0..n {
            let value: u64 = select.wait().value;
            back_tx.send(value).unwrap();
        }
    });
    let start = Instant::now();
    for value in 0..n {
        let tx: &Sender<u64> = &txs[turn(value, cases)];
        tx.send(value).unwrap();
        assert_eq!(back.recv(), Ok(value));
    }
    let took = start.elapsed();
    other.join().unwrap();
    took
}

fn crossbeam_one_of(cases: usize, n: u64) -> Duration {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..cases).map(|_| crossbeam_channel::bounded::<u64>(1)).unzip();
    let mut select = crossbeam_channel::Select::new();
    for rx in &rxs {
        select.recv(rx);
    }
    let start = Instant::now();
    for value in 0..n {
        txs[turn(value, cases)].try_send(value).unwrap();
        let chosen = select.select();
        let rx = &rxs[chosen.index()];
        assert_eq!(chosen.recv(rx), Ok(value));
    }
    start.elapsed()
}

fn crossbeam_one_of_waiting(cases: usize, n: u64) -> Duration {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..cases).map(|_| crossbeam_channel::bounded::<u64>(1)).unzip();
    let (back_tx, back) = crossbeam_channel::bounded(1);
    let other = std::thread::spawn(move || {
        let mut select = crossbeam_channel::Select::new();
        for rx in &rxs {
            select.recv(rx);
        }
        for _ in 0..n {
            let chosen = select.select();
            let rx = &rxs[chosen.index()];
            back_tx.send(chosen.recv(rx).unwrap()).unwrap();
        }
    });
    let start = Instant::now();
    for value in 0..n {
        txs[turn(value, cases)].send(value).unwrap();
        assert_eq!(back.recv(), Ok(value));
    }
    let took = start.elapsed();
    other.join().unwrap();
    took
}

/// What tokio has for so many is a map of streams.
type Streams = tokio_stream::StreamMap<usize, tokio_stream::wrappers::ReceiverStream<u64>>;

fn tokio_streams(cases: usize) -> (Vec<tokio::sync::mpsc::Sender<u64>>, Streams) {
    let channels = (0..cases).map(|_| tokio::sync::mpsc::channel::<u64>(1));
    let (txs, rxs): (Vec<_>, Vec<_>) = channels.map(|(tx, rx)| (tx, rx.into())).unzip();
    (txs, rxs.into_iter().enumerate().collect())
}

async fn tokio_one_of(cases: usize, n: u64) -> Duration {
    let (txs, mut streams) = tokio_streams(cases);
    let start = Instant::now();
    for value in 0..n {
        txs[turn(value, cases)].try_send(value).unwrap();
        assert_eq!(streams.next().await.unwrap().1, value);
    }
    start.elapsed()
}

async fn tokio_one_of_waiting(cases: usize, n: u64) -> Duration {
    let (txs, mut streams) = tokio_streams(cases);
    let (back_tx, mut back) = tokio::sync::mpsc::channel(1);
    let other = tokio::spawn(async move {
        for _ in 0..n {
            let (_, value) = streams.next().await.unwrap();
            back_tx.send(value).await.unwrap();
        }
    });
    let start = Instant::now();
    for value in 0..n {
        txs[turn(value, cases)].send(value).await.unwrap();
        assert_eq!(back.recv().await, Some(value));
    }
    let took = start.elapsed();
    other.await.unwrap();
    took
}

fn one_of_many(c: &mut Criterion) {
    for cases in MANY {
        let mut one = |what: &str, who: &str, run: &dyn Fn(u64) -> Duration| {
            c.bench_function(&format!("{what}/{cases}/{who}"), |b| b.iter_custom(run));
        };
        one("select_one_of", Ours::NAME, &|n| go!(ours_one_of(cases, n)).join().block().unwrap());
        one("select_one_of", Tokio::NAME, &|n| Tokio::run(tokio_one_of(cases, n)));
        one("select_one_of_waiting", Tokio::NAME, &|n| Tokio::run(tokio_one_of_waiting(cases, n)));
        one("select_one_of", "crossbeam-channel", &|n| crossbeam_one_of(cases, n));
        one("select_one_of_waiting", Ours::NAME, &|n| {
            go!(ours_one_of_waiting(cases, n)).join().block().unwrap()
        });
        one("select_one_of_waiting", "crossbeam-channel", &|n| crossbeam_one_of_waiting(cases, n));
    }
}

fn main() {
    let c = &mut config();
    two::bench(c);
    three::bench(c);
    ten::bench(c);
    default(c);
    one_of_many(c);
    c.final_summary();
}
