//! What channels cost: alone, between routines (or tasks), and between threads.
//!
//! `operation/capacity/contestant`; those between threads have `_threads` in the operation. The broadcasts
//! are `operation/receivers/contestant`.

#![forbid(unsafe_code)]

mod contestants;

use contestants::{
    AsyncChannel, Capacity, Channel, Crossbeam, Flume, Kanal, May, Ours, Runtime, Std, ThreadChannel, Tokio,
    TokioUnbounded, config,
};
use criterion::{BenchmarkId, Criterion, Throughput};
use rustroutines::channel::{Overflow, broadcast_channel_with};
use rustroutines::error::BroadcastRecvError;
use rustroutines::prelude::*;
use std::hint::black_box;

const SMALL: Capacity = Capacity::Bounded(128);
const ALL: [Capacity; 3] = [Capacity::Unbuffered, SMALL, Capacity::Unbounded];

/// Nobody waits, nobody competes: one value in, one value out.
fn uncontended<C: Channel>(c: &mut Criterion) {
    for capacity in [SMALL, Capacity::Unbounded] {
        let Some((tx, mut rx)) = C::make(capacity) else { continue };
        c.bench_function(&format!("try_send_try_recv/{}/{}", capacity.name(), C::NAME), |b| {
            b.iter(|| {
                assert!(C::try_send(&tx, black_box(1)));
                C::try_recv(&mut rx).unwrap()
            });
        });
        let id = format!("send_recv/{}/{}", capacity.name(), C::NAME);
        c.bench_function(&id, |b| {
            b.iter_custom(|n| C::Runtime::run(send_recv::<C>(capacity, n)));
        });
    }
}

async fn send_recv<C: Channel>(capacity: Capacity, n: u64) -> Duration {
    let (tx, mut rx) = C::make(capacity).unwrap();
    let start = Instant::now();
    for value in 0..n {
        assert!(C::send(&tx, black_box(value)).await);
        assert_eq!(C::recv(&mut rx).await, Some(value));
    }
    start.elapsed()
}

/// `producers` send at least `n` values in all, `consumers` take them: the time until the last is taken.
async fn flow<C: Channel>(capacity: Capacity, producers: u64, consumers: u64, n: u64) -> Duration {
    let (tx, rx) = C::make(capacity).unwrap();
    let each = n.div_ceil(producers);
    let mut receivers = vec![rx];
    for _ in 1..consumers {
        receivers.push(C::another(&receivers[0]).unwrap());
    }
    let start = Instant::now();
    let mut handles = Vec::new();
    for mut rx in receivers {
        handles.push(C::Runtime::spawn(async move {
            let mut sum = 0;
            while let Some(value) = C::recv(&mut rx).await {
                sum += value;
            }
            sum
        }));
    }
    for _ in 0..producers {
        let tx = tx.clone();
        handles.push(C::Runtime::spawn(async move {
            for value in 1..=each {
                assert!(C::send(&tx, value).await);
            }
            0
        }));
    }
    drop(tx);
    let mut sum = 0;
    for handle in handles {
        sum += C::Runtime::join(handle).await;
    }
    assert_eq!(sum, producers * each * (each + 1) / 2, "values were lost or came twice");
    start.elapsed()
}

/// The same between threads.
fn flow_threads<C: ThreadChannel>(capacity: Capacity, producers: u64, consumers: u64, n: u64) -> Duration {
    let (tx, rx) = C::make(capacity).unwrap();
    let each = n.div_ceil(producers);
    let mut receivers = vec![rx];
    for _ in 1..consumers {
        receivers.push(C::another(&receivers[0]).unwrap());
    }
    let start = Instant::now();
    let sum: u64 = std::thread::scope(|scope| {
        for _ in 0..producers {
            let tx = tx.clone();
            scope.spawn(move || (1..=each).for_each(|value| assert!(C::send(&tx, value))));
        }
        drop(tx);
        let consume = |rx: C::Receiver| move || std::iter::from_fn(|| C::recv(&rx)).sum::<u64>();
        let handles: Vec<_> = receivers.into_iter().map(|rx| scope.spawn(consume(rx))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).sum()
    });
    assert_eq!(sum, producers * each * (each + 1) / 2, "values were lost or came twice");
    start.elapsed()
}

/// The names of the shapes, and how many producers and consumers they have.
const SHAPES: [(&str, u64, u64); 3] = [("spsc", 1, 1), ("mpsc_4", 4, 1), ("mpmc_4x4", 4, 4)];

fn flows<C: Channel>(c: &mut Criterion) {
    for (shape, producers, consumers) in SHAPES {
        let mut group = c.benchmark_group(shape);
        group.throughput(Throughput::Elements(1));
        for capacity in ALL {
            let Some((_, rx)) = C::make(capacity) else { continue };
            if consumers > 1 && C::another(&rx).is_none() {
                continue;
            }
            group.bench_function(BenchmarkId::new(capacity.name(), C::NAME), |b| {
                b.iter_custom(|n| C::Runtime::run(flow::<C>(capacity, producers, consumers, n)));
            });
        }
    }
}

fn flows_threads<C: ThreadChannel>(c: &mut Criterion) {
    for (shape, producers, consumers) in SHAPES {
        let mut group = c.benchmark_group(format!("{shape}_threads"));
        group.throughput(Throughput::Elements(1));
        for capacity in ALL {
            let Some((_, rx)) = C::make(capacity) else { continue };
            if consumers > 1 && C::another(&rx).is_none() {
                continue;
            }
            group.bench_function(BenchmarkId::new(capacity.name(), C::NAME), |b| {
                b.iter_custom(|n| flow_threads::<C>(capacity, producers, consumers, n));
            });
        }
    }
}

/// There and back: each waits for the other. Where there is no unbuffered channel, capacity 1 stands in.
async fn round_trip<C: Channel>(n: u64) -> Duration {
    let make = || C::make(Capacity::Unbuffered).or_else(|| C::make(Capacity::Bounded(1))).unwrap();
    let ((there_tx, mut there), (back_tx, mut back)) = (make(), make());
    let echo = C::Runtime::spawn(async move {
        while let Some(value) = C::recv(&mut there).await {
            assert!(C::send(&back_tx, value).await);
        }
    });
    let start = Instant::now();
    for value in 0..n {
        assert!(C::send(&there_tx, value).await);
        assert_eq!(C::recv(&mut back).await, Some(value));
    }
    let took = start.elapsed();
    drop(there_tx);
    C::Runtime::join(echo).await;
    took
}

fn round_trip_threads<C: ThreadChannel>(n: u64) -> Duration {
    let make = || C::make(Capacity::Unbuffered).unwrap();
    let ((there_tx, there), (back_tx, back)) = (make(), make());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::iter::from_fn(|| C::recv(&there)).for_each(|value| assert!(C::send(&back_tx, value)));
        });
        let start = Instant::now();
        for value in 0..n {
            assert!(C::send(&there_tx, value));
            assert_eq!(C::recv(&back), Some(value));
        }
        let took = start.elapsed();
        drop(there_tx);
        took
    })
}

fn round_trips<C: Channel>(c: &mut Criterion) {
    let capacity = if C::make(Capacity::Unbuffered).is_some() { "unbuffered" } else { "bounded_1" };
    let id = format!("round_trip/{capacity}/{}", C::NAME);
    c.bench_function(&id, |b| b.iter_custom(|n| C::Runtime::run(round_trip::<C>(n))));
}

fn round_trips_threads<C: ThreadChannel>(c: &mut Criterion) {
    let id = format!("round_trip_threads/unbuffered/{}", C::NAME);
    c.bench_function(&id, |b| b.iter_custom(round_trip_threads::<C>));
}

/// One sender, so many receivers, each of which gets every value: the time until the last has the last.
/// Nobody is left behind: senders wait for the slowest, or the buffer holds everything.
const AUDIENCES: [usize; 2] = [1, 8];
const BROADCAST: usize = 1_024;

#[routine]
fn ours_broadcast(receivers: usize, overflow: Overflow, n: u64) -> Duration {
    let (tx, rx) = broadcast_channel_with::<u64>(BROADCAST, overflow);
    let audience: Vec<_> = (0..receivers)
        .map(|_| {
            let rx = rx.clone();
            go!(move || {
                let mut got = 0;
                loop {
                    match rx.recv() {
                        Ok(_) => got += 1,
                        Err(BroadcastRecvError::Lagged(missed)) => got += missed,
                        Err(BroadcastRecvError::Closed) => break got,
                    }
                }
            })
        })
        .collect();
    drop(rx);
    let start = Instant::now();
    for value in 0..n {
        tx.send(value).unwrap();
    }
    drop(tx);
    for member in audience {
        assert_eq!(member.join().unwrap(), n);
    }
    start.elapsed()
}

async fn tokio_broadcast(receivers: usize, n: u64) -> Duration {
    use tokio::sync::broadcast::{channel, error::RecvError};
    let (tx, _) = channel::<u64>(BROADCAST);
    let audience: Vec<_> = (0..receivers)
        .map(|_| {
            let mut rx = tx.subscribe();
            tokio::spawn(async move {
                let mut got = 0;
                loop {
                    match rx.recv().await {
                        Ok(_) => got += 1,
                        Err(RecvError::Lagged(missed)) => got += missed,
                        Err(RecvError::Closed) => break got,
                    }
                }
            })
        })
        .collect();
    let start = Instant::now();
    for value in 0..n {
        tx.send(value).unwrap();
        // Its sends never wait, so without this nobody else's turn would come.
        tokio::task::consume_budget().await;
    }
    drop(tx);
    for member in audience {
        assert_eq!(member.await.unwrap(), n);
    }
    start.elapsed()
}

fn broadcasts(c: &mut Criterion) {
    for receivers in AUDIENCES {
        let mut one = |what: &str, who: &str, run: &dyn Fn(u64) -> Duration| {
            c.bench_function(&format!("{what}/{receivers}/{who}"), |b| b.iter_custom(run));
        };
        let ours = |overflow| move |n| go!(ours_broadcast(receivers, overflow, n)).join().block().unwrap();
        one("broadcast_lossy", <Ours as Channel>::NAME, &ours(Overflow::DropOldest));
        one("broadcast_lossy", <Tokio as Channel>::NAME, &|n| Tokio::run(tokio_broadcast(receivers, n)));
        one("broadcast_waiting", <Ours as Channel>::NAME, &ours(Overflow::Wait));
    }
}

fn main() {
    let c = &mut config();
    uncontended::<Ours>(c);
    uncontended::<Kanal>(c);
    uncontended::<Flume>(c);
    uncontended::<AsyncChannel>(c);
    uncontended::<Tokio>(c);
    uncontended::<TokioUnbounded>(c);
    uncontended::<May>(c);
    flows::<Ours>(c);
    flows::<Kanal>(c);
    flows::<Flume>(c);
    flows::<AsyncChannel>(c);
    flows::<Tokio>(c);
    flows::<TokioUnbounded>(c);
    flows::<May>(c);
    round_trips::<Ours>(c);
    round_trips::<Kanal>(c);
    round_trips::<Flume>(c);
    round_trips::<AsyncChannel>(c);
    round_trips::<Tokio>(c);
    flows_threads::<Ours>(c);
    flows_threads::<Kanal>(c);
    flows_threads::<Flume>(c);
    flows_threads::<Crossbeam>(c);
    flows_threads::<Std>(c);
    round_trips_threads::<Ours>(c);
    round_trips_threads::<Kanal>(c);
    round_trips_threads::<Flume>(c);
    round_trips_threads::<Crossbeam>(c);
    round_trips_threads::<Std>(c);
    broadcasts(c);
    c.final_summary();
}
