//! How late a ticker of a millisecond comes while every worker is in one call of a second: a loop that
//! computes, or a `std::thread::sleep`. Each contestant runs in a process of its own.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench starvation
//! ```

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{AsyncChannel, Capacity, Channel, Ours, Runtime, Tokio};
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

/// The jobs, by name. `hop`: each tick goes through a channel to another routine, and counts when it arrives.
const JOBS: [(&str, fn()); 16] = [
    ("compute/ticker/rustroutines", || measure::<Ours>(compute, false)),
    ("compute/ticker/tokio", || measure::<Tokio>(compute, false)),
    ("compute/ticker/smol", || measure::<AsyncChannel>(compute, false)),
    ("compute/ticker/threads", || threads(compute, false)),
    ("compute/hop/rustroutines", || measure::<Ours>(compute, true)),
    ("compute/hop/tokio", || measure::<Tokio>(compute, true)),
    ("compute/hop/smol", || measure::<AsyncChannel>(compute, true)),
    ("compute/hop/threads", || threads(compute, true)),
    ("sleep/ticker/rustroutines", || measure::<Ours>(sleep, false)),
    ("sleep/ticker/tokio", || measure::<Tokio>(sleep, false)),
    ("sleep/ticker/smol", || measure::<AsyncChannel>(sleep, false)),
    ("sleep/ticker/threads", || threads(sleep, false)),
    ("sleep/hop/rustroutines", || measure::<Ours>(sleep, true)),
    ("sleep/hop/tokio", || measure::<Tokio>(sleep, true)),
    ("sleep/hop/smol", || measure::<AsyncChannel>(sleep, true)),
    ("sleep/hop/threads", || threads(sleep, true)),
];

fn main() {
    jobs::run(&JOBS);
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
fn measure<C: Channel>(keep: fn(), hop: bool) {
    C::Runtime::run(async move {
        let mut all = Vec::new();
        for _ in 0..ROUNDS {
            all.extend(round::<C>(keep, hop).await);
        }
        print(all);
    });
}

/// Prints how late the ticks were.
fn print(mut late: Vec<Duration>) {
    late.sort_unstable();
    let of = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
    println!(
        "latest {:8.1?}, 99 of 100 within {:8.1?}, the middle one {:8.1?}, of {} ticks",
        of(1.0),
        of(0.99),
        of(0.5),
        late.len()
    );
}

/// The same with threads of the system: what the machine itself lets happen.
fn threads(keep: fn(), hop: bool) {
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Duration>(1);
        let begin = Instant::now();
        let workers = std::thread::available_parallelism().expect("a machine has processors").get();
        let kept = Arc::new(AtomicUsize::new(0));
        let arrives = std::thread::spawn(move || {
            receiver.iter().map(|due| begin.elapsed().saturating_sub(due)).collect::<Vec<_>>()
        });
        let ticks = std::thread::spawn({
            let kept = kept.clone();
            move || {
                let mut late = Vec::new();
                while kept.load(Ordering::Relaxed) < workers {
                    let due = begin.elapsed() + TICK;
                    std::thread::sleep(TICK);
                    late.push(begin.elapsed().saturating_sub(due));
                    if hop {
                        sender.send(due).expect("it listens");
                    }
                }
                late
            }
        });
        std::thread::sleep(ALONE);
        let calls: Vec<_> = (0..workers)
            .map(|_| {
                let kept = kept.clone();
                std::thread::spawn(move || {
                    keep();
                    kept.fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        calls.into_iter().for_each(|call| call.join().expect("it ends"));
        let direct = ticks.join().expect("it ends");
        let through = arrives.join().expect("it ends");
        all.extend(if hop { through } else { direct });
    }
    print(all);
}

/// Keeps every worker once, and gives how late each tick was.
async fn round<C: Channel>(keep: fn(), hop: bool) -> Vec<Duration> {
    let (sender, mut receiver) = C::make(Capacity::Bounded(1)).expect("everyone has it");
    let begin = Instant::now();
    let workers = std::thread::available_parallelism().expect("a machine has processors").get();
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
