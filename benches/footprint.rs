//! What a whole process shows: the memory of a million routines that wait, and how late a hundred
//! thousand sleeps are and what they cost. Each contestant runs in a process of its own.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench footprint
//! ```
//!
//! Linux only: the figures come from `/proc`.

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{AsyncChannel, Capacity, Channel, Kanal, Ours, Runtime, Smol, Tokio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PARKED: u64 = 1_000_000;
const SLEEPS: u64 = 100_000;

/// The jobs, by name.
const JOBS: [(&str, fn()); 10] = [
    ("parked/channel/rustroutines", parked_on_channel::<Ours>),
    ("parked/channel/tokio", parked_on_channel::<Tokio>),
    ("parked/channel/kanal", parked_on_channel::<Kanal>),
    ("parked/channel/async-channel", parked_on_channel::<AsyncChannel>),
    ("parked/sleep/rustroutines", parked_on_sleep::<Ours>),
    ("parked/sleep/tokio", parked_on_sleep::<Tokio>),
    ("parked/sleep/smol", parked_on_sleep::<Smol>),
    ("sleeps/100000/rustroutines", sleeps::<Ours>),
    ("sleeps/100000/tokio", sleeps::<Tokio>),
    ("sleeps/100000/smol", sleeps::<Smol>),
];

fn main() {
    if !cfg!(target_os = "linux") {
        println!("skipped: the figures come from Linux's /proc");
        return;
    }
    jobs::run(&JOBS);
}

/// One routine, one channel of its own, and nothing ever comes.
fn parked_on_channel<C: Channel>() {
    parked::<C::Runtime, _, _>(|| {
        let (tx, mut rx) = C::make(Capacity::Bounded(1)).unwrap();
        (tx, async move {
            C::recv(&mut rx).await;
        })
    });
}

fn parked_on_sleep<R: Runtime>() {
    parked::<R, _, _>(|| ((), R::sleep(Duration::from_secs(3_600))));
}

/// Prints how many bytes one more waiting routine takes. `make` gives what keeps it waiting, and what
/// it waits for.
fn parked<R: Runtime, K: Send + 'static, W: Future<Output = ()> + Send + 'static>(make: fn() -> (K, W)) {
    R::run(async move {
        let waiting = Arc::new(AtomicU64::new(0));
        let before = resident();
        let start = Instant::now();
        let mut kept = Vec::with_capacity(PARKED as usize);
        for _ in 0..PARKED {
            let (keeps, wait) = make();
            let waiting = waiting.clone();
            let handle = R::spawn(async move {
                waiting.fetch_add(1, Ordering::Relaxed);
                wait.await;
            });
            kept.push((keeps, handle));
        }
        while waiting.load(Ordering::Relaxed) < PARKED {
            R::sleep(Duration::from_millis(1)).await;
        }
        let took = start.elapsed();
        // The last have counted themselves but may not wait yet.
        R::sleep(Duration::from_millis(100)).await;
        let bytes = (resident() - before) as f64 / PARKED as f64;
        println!("{bytes:.0} bytes each, made in {:.0} ns", took.as_nanos() as f64 / PARKED as f64);
        std::mem::forget(kept);
    });
}

/// Prints what sleeps of 1 to 1,000 ms cost, and by how much the latest is late.
fn sleeps<R: Runtime>() {
    R::run(async {
        let (cpu, start) = (processor_time(), Instant::now());
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
        let (cpu, took) = (processor_time() - cpu, start.elapsed());
        println!(
            "{} ns of processor each, latest {latest:.1?}, on average {:.1?}, {took:.1?} in all",
            cpu.as_nanos() / u128::from(SLEEPS),
            sum / SLEEPS as u32,
        );
    });
}

/// The memory that this process has, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has memory");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") * 1024
}

/// The processor time that this process has used, all threads together.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux has /proc");
    // The second field, the name, may hold anything; it ends with the last bracket.
    let (_, fields) = stat.rsplit_once(')').expect("a process has a name");
    let ticks = |field: &str| field.parse::<u64>().expect("a number");
    let used: u64 = fields.split_whitespace().skip(11).take(2).map(ticks).sum();
    Duration::from_millis(used * 10)
}
