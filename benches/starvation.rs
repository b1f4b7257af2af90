//! How late a ticker of a millisecond comes while every worker is in one call of a second: a loop that
//! computes, or a `std::thread::sleep`. Each contestant runs in a process of its own.
//!
//! - `starvation/compute_…`, `starvation/sleep_…`: what the workers are in.
//! - `…_ticker_…`: when the ticker wakes; `…_hop_…`: when a tick has come through a channel to another routine.
//! - `…_latest`, `…_99_of_100`: how late the latest was, and the latest but one in a hundred.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench starvation -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{AsyncChannel, Channel, May, Ours, Runtime, Std, Tokio};
use jobs::{Job, figure, job};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// So long is each worker kept.
const CALL: Duration = Duration::from_secs(1);
/// The ticker's period.
const TICK: Duration = Duration::from_millis(1);
/// The ticker runs alone for so long before.
const ALONE: Duration = Duration::from_millis(100);
/// So many times, one after another, are all workers kept.
const ROUNDS: usize = 5;

fn main() {
    let mut jobs = Vec::new();
    jobs_of::<Ours>(&mut jobs);
    jobs_of::<Tokio>(&mut jobs);
    jobs_of::<AsyncChannel>(&mut jobs);
    jobs_of::<May>(&mut jobs);
    jobs_of::<Std>(&mut jobs);
    jobs::run(&jobs);
}

/// Those of std are what the machine itself lets happen.
fn jobs_of<C: Channel>(jobs: &mut Vec<Job>) {
    jobs.push(job("starvation/compute_ticker", C::NAME, || measure::<C>("compute_ticker", compute, false)));
    jobs.push(job("starvation/compute_hop", C::NAME, || measure::<C>("compute_hop", compute, true)));
    jobs.push(job("starvation/sleep_ticker", C::NAME, || measure::<C>("sleep_ticker", sleep, false)));
    jobs.push(job("starvation/sleep_hop", C::NAME, || measure::<C>("sleep_hop", sleep, true)));
}

/// Computes for a second.
fn compute() {
    let begin = Instant::now();
    while begin.elapsed() < CALL {
        std::hint::spin_loop();
    }
}

/// Blocks for a second.
fn sleep() {
    std::thread::sleep(CALL);
}

/// Prints how late the ticks are.
fn measure<C: Channel>(what: &str, keep: fn(), hop: bool) {
    let mut late = C::Runtime::run(async move {
        let mut all = Vec::new();
        for _ in 0..ROUNDS {
            all.extend(round::<C>(keep, hop).await);
        }
        all
    });
    late.sort_unstable();
    let of = |share: f64| late[((late.len() - 1) as f64 * share) as usize].as_nanos() as f64;
    figure(format!("starvation/{what}_latest"), C::NAME, of(1.0), "ns");
    figure(format!("starvation/{what}_99_of_100"), C::NAME, of(0.99), "ns");
}

/// Keeps every worker once, and gives how late each tick was.
async fn round<C: Channel>(keep: fn(), hop: bool) -> Vec<Duration> {
    let (sender, mut receiver) = C::nearest(1);
    let begin = Instant::now();
    let workers = contestants::workers();
    let kept = Arc::new(AtomicUsize::new(0));
    let arrives = C::Runtime::spawn(async move {
        let mut late = Vec::new();
        while let Some(due) = C::recv(&mut receiver).await {
            late.push(begin.elapsed().saturating_sub(Duration::from_nanos(due)));
        }
        late
    });
    let ticks = C::Runtime::spawn({
        let kept = kept.clone();
        async move {
            let mut late = Vec::new();
            while kept.load(Ordering::Relaxed) < workers {
                let due = begin.elapsed() + TICK;
                C::Runtime::sleep(TICK).await;
                late.push(begin.elapsed().saturating_sub(due));
                if hop && !C::send(&sender, due.as_nanos() as u64).await {
                    break;
                }
            }
            late
        }
    });
    C::Runtime::sleep(ALONE).await;
    let calls: Vec<_> = (0..workers)
        .map(|_| {
            let kept = kept.clone();
            C::Runtime::spawn(async move {
                keep();
                kept.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    for call in calls {
        C::Runtime::join(call).await;
    }
    let direct = C::Runtime::join(ticks).await;
    let through = C::Runtime::join(arrives).await;
    if hop { through } else { direct }
}
