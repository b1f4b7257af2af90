//! What a whole process shows. Each contestant runs in a process of its own.
//!
//! - `parked/channel`, `parked/sleep`: the memory of each of a million routines that wait, on a channel of its own
//!   or asleep (of as many as a contestant can have).
//! - `parked/made_channel`, `parked/made_sleep`: what it takes to make one.
//! - `sleeps_cpu/N`, `sleeps_late/N`, `sleeps_late_mean/N`: N sleeps of 1 to 1,000 ms: processor time of each, by how
//!   much the latest is late, and all on average.
//! - `grow_memory/N`: the memory of each, on a channel, when there are N.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench footprint -- [PART...]
//! ```
//!
//! Linux only: the memory comes from `/proc`.

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{AsyncChannel, Channel, Kanal, May, Ours, Runtime, Smol, Std, Threads, Tokio};
use jobs::{Job, figure, job};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PARKED: u64 = 1_000_000;
fn main() {
    if !cfg!(target_os = "linux") {
        println!("skipped: the figures come from Linux's /proc");
        return;
    }
    let mut jobs = Vec::new();
    on_channels::<Ours>(&mut jobs);
    on_channels::<Tokio>(&mut jobs);
    on_channels::<Kanal>(&mut jobs);
    on_channels::<AsyncChannel>(&mut jobs);
    on_channels::<May>(&mut jobs);
    on_channels::<Std>(&mut jobs);
    asleep::<Ours>(&mut jobs);
    asleep::<Tokio>(&mut jobs);
    asleep::<Smol>(&mut jobs);
    asleep::<May>(&mut jobs);
    asleep::<Threads>(&mut jobs);
    jobs::run(&jobs);
}

fn on_channels<C: Channel>(jobs: &mut Vec<Job>) {
    jobs.push(job("parked/channel", C::NAME, || {
        let (bytes, made) = parked_on_channels::<C>(PARKED.min(C::Runtime::AT_MOST));
        figure("parked/channel", C::NAME, bytes, "bytes");
        figure("parked/made_channel", C::NAME, made, "ns");
    }));
    for number in [100, 1_000, 10_000, 100_000, 1_000_000] {
        if number <= C::Runtime::AT_MOST {
            // The function of a job knows nothing but the job's type: one for each number.
            let run: fn() = match number {
                100 => || grow::<C>(100),
                1_000 => || grow::<C>(1_000),
                10_000 => || grow::<C>(10_000),
                100_000 => || grow::<C>(100_000),
                _ => || grow::<C>(1_000_000),
            };
            jobs.push(job(&format!("grow_memory/{number}"), C::NAME, run));
        }
    }
}

fn asleep<R: Runtime>(jobs: &mut Vec<Job>) {
    jobs.push(job("parked/sleep", R::NAME, || {
        let (bytes, made) = parked::<R, _, _>(PARKED.min(R::AT_MOST), || {
            ((), async {
                R::sleep(Duration::from_secs(3_600)).await;
            })
        });
        figure("parked/sleep", R::NAME, bytes, "bytes");
        figure("parked/made_sleep", R::NAME, made, "ns");
    }));
    jobs.push(job("sleeps/5000", R::NAME, sleeps::<R, 5_000>));
    if R::AT_MOST >= 1_000_000 {
        jobs.push(job("sleeps/100000", R::NAME, sleeps::<R, 100_000>));
        jobs.push(job("sleeps/1000000", R::NAME, sleeps::<R, 1_000_000>));
    }
}

/// Prints what each takes when there are so many.
fn grow<C: Channel>(number: u64) {
    figure(format!("grow_memory/{number}"), C::NAME, parked_on_channels::<C>(number).0, "bytes");
}

/// One routine, one channel of its own, and nothing ever comes.
fn parked_on_channels<C: Channel>(number: u64) -> (f64, f64) {
    parked::<C::Runtime, _, _>(number, || {
        let (tx, mut rx) = C::nearest(1);
        (tx, async move {
            C::recv(&mut rx).await;
        })
    })
}

/// How many bytes each of so many waiting routines takes, and how many nanoseconds it takes to make it. `make`
/// gives what keeps it waiting, and what it waits for.
fn parked<R: Runtime, K: Send + 'static, W: Future<Output = ()> + Send + 'static>(
    number: u64,
    make: fn() -> (K, W),
) -> (f64, f64) {
    R::run(async move {
        // What is there from the first on, whatever comes.
        R::join(R::spawn(async { R::sleep(Duration::from_millis(1)).await })).await;
        let waiting = Arc::new(AtomicU64::new(0));
        let before = resident();
        let start = Instant::now();
        let mut kept = Vec::with_capacity(number as usize);
        for _ in 0..number {
            let (keeps, wait) = make();
            let waiting = waiting.clone();
            let handle = R::spawn(async move {
                waiting.fetch_add(1, Ordering::Relaxed);
                wait.await;
            });
            kept.push((keeps, handle));
        }
        while waiting.load(Ordering::Relaxed) < number {
            R::sleep(Duration::from_millis(1)).await;
        }
        let took = start.elapsed();
        // The last have counted themselves but may not wait yet.
        R::sleep(Duration::from_millis(100)).await;
        let bytes = resident().saturating_sub(before) as f64 / number as f64;
        std::mem::forget(kept);
        (bytes, took.as_nanos() as f64 / number as f64)
    })
}

/// Prints what sleeps of 1 to 1,000 ms cost, and by how much they are late.
fn sleeps<R: Runtime, const SLEEPS: u64>() {
    R::run(async {
        let cpu = processor_time();
        let sleep = |number: u64| {
            // Spread, and the same in every run.
            let time = Duration::from_millis(1 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000);
            R::spawn(async move {
                let start = Instant::now();
                R::sleep(time).await;
                start.elapsed().checked_sub(time).expect("no sleep ends early")
            })
        };
        let handles: Vec<_> = (0..SLEEPS).map(sleep).collect();
        let (mut latest, mut sum) = (Duration::ZERO, Duration::ZERO);
        for handle in handles {
            let late = R::join(handle).await;
            latest = latest.max(late);
            sum += late;
        }
        let each = |time: Duration| time.as_nanos() as f64 / SLEEPS as f64;
        figure(format!("sleeps_cpu/{SLEEPS}"), R::NAME, each(processor_time() - cpu), "ns");
        figure(format!("sleeps_late/{SLEEPS}"), R::NAME, latest.as_nanos() as f64, "ns");
        figure(format!("sleeps_late_mean/{SLEEPS}"), R::NAME, each(sum), "ns");
    });
}

/// The memory that this process has, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has memory");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") * 1024
}

/// The processor time that this process has used, all threads together, those that have ended, too. In `/proc` it is
/// rounded down to 10 ms, for user and system each.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(used).expect("it is not negative")
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    unreachable!("`main` has skipped it")
}
