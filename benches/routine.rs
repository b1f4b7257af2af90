//! What routines cost, beside other runtimes' tasks.
//!
//! - `spawn_join/one_by_one/contestant`: started, and its end waited for, before the next.
//! - `spawn_join/burst_10000/contestant`: ten thousand started, then all waited for; the time of one.
//! - `yield/N/contestant`: N routines that do nothing but yield; the time of one yield.

#![forbid(unsafe_code)]

mod contestants;

use contestants::{May, Ours, Runtime, Smol, Tokio, config};
use criterion::{Criterion, Throughput};
use std::time::{Duration, Instant};

const BURST: u64 = 10_000;

async fn one_by_one<R: Runtime>(n: u64) -> Duration {
    let start = Instant::now();
    for number in 0..n {
        assert_eq!(R::join(R::spawn(async move { number })).await, number);
    }
    start.elapsed()
}

async fn burst<R: Runtime>(n: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..n {
        let handles: Vec<_> = (0..BURST).map(|number| R::spawn(async move { number })).collect();
        let mut sum = 0;
        for handle in handles {
            sum += R::join(handle).await;
        }
        assert_eq!(sum, BURST * (BURST - 1) / 2);
    }
    start.elapsed()
}

async fn yields<R: Runtime>(routines: u64, n: u64) -> Duration {
    let each = n.div_ceil(routines);
    let start = Instant::now();
    let spawn = |_| {
        R::spawn(async move {
            for _ in 0..each {
                R::yield_now().await;
            }
        })
    };
    let handles: Vec<_> = (0..routines).map(spawn).collect();
    for handle in handles {
        R::join(handle).await;
    }
    start.elapsed()
}

fn bench<R: Runtime>(c: &mut Criterion) {
    let id = format!("spawn_join/one_by_one/{}", R::NAME);
    c.bench_function(&id, |b| b.iter_custom(|n| R::run(one_by_one::<R>(n))));
    for routines in [2, 1_000] {
        let id = format!("yield/{routines}/{}", R::NAME);
        c.bench_function(&id, |b| b.iter_custom(|n| R::run(yields::<R>(routines, n))));
    }
    let mut group = c.benchmark_group("spawn_join");
    group.throughput(Throughput::Elements(BURST));
    group.bench_function(format!("burst_{BURST}/{}", R::NAME), |b| {
        b.iter_custom(|n| R::run(burst::<R>(n)));
    });
}

fn main() {
    let c = &mut config();
    bench::<Ours>(c);
    bench::<Tokio>(c);
    bench::<Smol>(c);
    bench::<May>(c);
    c.final_summary();
}
