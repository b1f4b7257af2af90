//! Small programs as they are written to show what routines can do. Each contestant runs each in a process of
//! its own.
//!
//! - `ping_pong/smallest`: there and back over two channels; the time of a round trip.
//! - `ring/503`: a token goes round; the time of a hop.
//! - `skynet/N`: each routine starts ten, down to N of them, and adds up what they send; the time of all.
//! - `sieve/2000`: the prime sieve, a routine for each prime; the time of 2,000 primes.
//! - `pipeline/8`: one routine feeds eight, which compute and send to one that adds up; the time of a value.
//! - `file_pipeline/8`: the same with files, which the eight read and count words in; the time of a file.
//! - `spawn_burst/200000`: so many started, then all waited for; the time of one.
//! - `grow_spawn/N`: the same, from one to a million.
//! - `grow_workers_mpmc/N`, `grow_workers_skynet/N`: eight producers and eight consumers, and a skynet of 100,000,
//!   on N workers.
//!
//! Channels are unbuffered where a contestant has such, and else as small as can be (`ping_pong`, `ring`,
//! `sieve`), or hold 128 values.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench workload -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{
    AsyncChannel, Capacity, Channel, Flume, Kanal, May, Ours, Runtime, Smol, Std, Threads, Tokio,
};
use jobs::{Job, figure, job};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A measurement takes at least so long, unless once is enough for that.
const ENOUGH: Duration = Duration::from_millis(300);

fn main() {
    let mut jobs = Vec::new();
    channels::<Ours>(&mut jobs);
    channels::<Tokio>(&mut jobs);
    channels::<Kanal>(&mut jobs);
    channels::<Flume>(&mut jobs);
    channels::<AsyncChannel>(&mut jobs);
    channels::<May>(&mut jobs);
    channels::<Std>(&mut jobs);
    spawns::<Ours>(&mut jobs);
    spawns::<Tokio>(&mut jobs);
    spawns::<Smol>(&mut jobs);
    spawns::<May>(&mut jobs);
    spawns::<Threads>(&mut jobs);
    growing::<Ours>(&mut jobs);
    growing::<Tokio>(&mut jobs);
    growing::<Kanal>(&mut jobs);
    growing::<Flume>(&mut jobs);
    growing::<AsyncChannel>(&mut jobs);
    jobs::run(&jobs);
}

/// The jobs of those who have channels.
fn channels<C: Channel>(jobs: &mut Vec<Job>) {
    jobs.push(job("ping_pong", C::NAME, || timed("ping_pong/smallest", C::NAME, 100_000, ping_pong::<C>)));
    jobs.push(job("ring", C::NAME, || timed("ring/503", C::NAME, 200_000, ring::<C>)));
    jobs.push(job("pipeline", C::NAME, || timed("pipeline/8", C::NAME, 200_000, pipeline::<C>)));
    if C::make(Capacity::Bounded(1)).is_some() {
        // The numbers that it is fed with are without end: it needs a channel that makes its sender wait. (And
        // whoever has none has no files either.)
        if C::Runtime::AT_MOST >= 10_000 {
            jobs.push(job("sieve", C::NAME, sieve_once::<C>));
        }
        jobs.push(job("file_pipeline", C::NAME, file_pipeline::<C>));
    }
    if C::Runtime::AT_MOST >= 10_000 {
        jobs.push(job("skynet/10000", C::NAME, || skynet_of::<C>("skynet/10000", 10_000)));
    }
    if C::Runtime::AT_MOST >= 1_000_000 {
        jobs.push(job("skynet/1000000", C::NAME, || skynet_of::<C>("skynet/1000000", 1_000_000)));
    }
}

/// The jobs for which a runtime is enough.
fn spawns<R: Runtime>(jobs: &mut Vec<Job>) {
    if R::AT_MOST >= BURST {
        jobs.push(job("spawn_burst", R::NAME, || spawned::<R>("spawn_burst", BURST)));
    }
    jobs.push(job("grow_spawn", R::NAME, || {
        let sizes = (0..=6).map(|zeros| 10_u64.pow(zeros));
        sizes.filter(|size| *size <= R::AT_MOST).for_each(|size| spawned::<R>("grow_spawn", size));
    }));
}

/// Prints what one of so many takes that are started together.
fn spawned<R: Runtime>(what: &str, size: u64) {
    bursts::<R>(size, 1);
    // So many that to come from outside, and to go there again, doesn't count.
    let number = 10_000_u64.div_ceil(size);
    let (mut took, mut done) = (Duration::ZERO, 0);
    while took < ENOUGH {
        took += bursts::<R>(size, number);
        done += size * number;
    }
    figure(format!("{what}/{size}"), R::NAME, took.as_nanos() as f64 / done as f64, "ns");
}

/// The jobs that are done on more and more workers.
fn growing<C: Channel>(jobs: &mut Vec<Job>) {
    for workers in [1, 2, 4, 8, 16, 32, 64] {
        let rx = C::make(Capacity::Bounded(128)).expect("these have it").1;
        if C::another(&rx).is_some() {
            let run = || {
                let row = format!("grow_workers_mpmc/{}", contestants::workers());
                timed(&row, C::NAME, 200_000, many_to_many::<C>);
            };
            jobs.push(job(&format!("grow_workers_mpmc/{workers}"), C::NAME, run).workers(workers));
        }
        let run = || skynet_of::<C>(&format!("grow_workers_skynet/{}", contestants::workers()), 100_000);
        jobs.push(job(&format!("grow_workers_skynet/{workers}"), C::NAME, run).workers(workers));
    }
}

/// Prints what one of `n` operations takes. A tenth of them comes before, to warm up; it is all that is done where
/// it takes long enough.
fn timed(row: &str, contestant: &str, n: u64, work: impl Fn(u64) -> Duration) {
    let tenth = (n / 10).max(1);
    let (mut took, mut done) = (work(tenth), tenth);
    if took < ENOUGH {
        (took, done) = (Duration::ZERO, 0);
    }
    while took < ENOUGH {
        took += work(n);
        done += n;
    }
    figure(row, contestant, took.as_nanos() as f64 / done as f64, "ns");
}

fn ping_pong<C: Channel>(n: u64) -> Duration {
    C::Runtime::run(async move {
        let ((there_tx, mut there), (back_tx, mut back)) = (C::smallest(), C::smallest());
        let echo = C::Runtime::spawn(async move {
            while let Some(value) = C::recv(&mut there).await {
                assert!(C::send(&back_tx, value + 1).await);
            }
        });
        let start = Instant::now();
        for value in 0..n {
            assert!(C::send(&there_tx, value).await);
            assert_eq!(C::recv(&mut back).await, Some(value + 1));
        }
        let took = start.elapsed();
        drop(there_tx);
        C::Runtime::join(echo).await;
        took
    })
}

/// The members of the ring.
const MEMBERS: usize = 503;

fn ring<C: Channel>(n: u64) -> Duration {
    C::Runtime::run(async move {
        let (done_tx, mut done) = C::nearest(1);
        let (first, mut rx) = C::smallest();
        let mut members = Vec::new();
        for member in 0..MEMBERS {
            let (tx, next) = C::smallest();
            let tx = if member == MEMBERS - 1 { first.clone() } else { tx };
            let mut before = std::mem::replace(&mut rx, next);
            let done_tx = done_tx.clone();
            members.push(C::Runtime::spawn(async move {
                while let Some(left) = C::recv(&mut before).await {
                    if left == 0 {
                        // This one's ends go, and then the next one's.
                        assert!(C::send(&done_tx, 0).await);
                        break;
                    }
                    if !C::send(&tx, left - 1).await {
                        break;
                    }
                }
            }));
        }
        let start = Instant::now();
        assert!(C::send(&first, n).await);
        assert_eq!(C::recv(&mut done).await, Some(0));
        let took = start.elapsed();
        drop(first);
        for member in members {
            C::Runtime::join(member).await;
        }
        took
    })
}

/// Prints how long a skynet of that size takes. One of 1,000 comes first, to warm up.
fn skynet_of<C: Channel>(row: &str, size: u64) {
    skynet_once::<C>(1_000);
    let (mut took, mut rounds) = (Duration::ZERO, 0);
    while took < ENOUGH {
        took += skynet_once::<C>(size);
        rounds += 1;
    }
    figure(row, C::NAME, took.as_nanos() as f64 / f64::from(rounds), "ns");
}

fn skynet_once<C: Channel>(size: u64) -> Duration {
    C::Runtime::run(async move {
        let start = Instant::now();
        let (tx, mut rx) = C::nearest(10);
        detach::<C::Runtime>(sky::<C>(tx, 0, size));
        assert_eq!(C::recv(&mut rx).await, Some(size * (size - 1) / 2));
        start.elapsed()
    })
}

#[expect(clippy::manual_async_fn, reason = "a task that starts its like must say that it is `Send`")]
fn sky<C: Channel>(up: C::Sender, number: u64, size: u64) -> impl Future<Output = ()> + Send + 'static {
    async move {
        if size == 1 {
            assert!(C::send(&up, number).await);
            return;
        }
        let (tx, mut rx) = C::nearest(10);
        for child in 0..10 {
            detach::<C::Runtime>(sky::<C>(tx.clone(), number + child * (size / 10), size / 10));
        }
        let mut sum = 0;
        for _ in 0..10 {
            sum += C::recv(&mut rx).await.expect("each child sends");
        }
        assert!(C::send(&up, sum).await);
    }
}

/// Starts a task and lets it go.
fn detach<R: Runtime>(task: impl Future<Output = ()> + Send + 'static) {
    R::detach(R::spawn(task));
}

/// So many primes are found.
const SIEVE: u64 = 2_000;

/// Prints how long the sieve takes: once, because what has begun ends by itself only long after.
fn sieve_once<C: Channel>() {
    sieve::<C>(100);
    let took = sieve::<C>(SIEVE);
    figure(format!("sieve/{SIEVE}"), C::NAME, took.as_nanos() as f64, "ns");
}

fn sieve<C: Channel>(primes: u64) -> Duration {
    C::Runtime::run(async move {
        let start = Instant::now();
        let (tx, mut rx) = C::smallest();
        detach::<C::Runtime>(async move {
            let mut number = 2;
            while C::send(&tx, number).await {
                number += 1;
            }
        });
        for _ in 0..primes {
            let prime = C::recv(&mut rx).await.expect("there are more");
            let (tx, next) = C::smallest();
            let mut before = std::mem::replace(&mut rx, next);
            detach::<C::Runtime>(async move {
                while let Some(number) = C::recv(&mut before).await {
                    if number % prime != 0 && !C::send(&tx, number).await {
                        break;
                    }
                }
            });
        }
        start.elapsed()
    })
}

/// The routines of a burst.
const BURST: u64 = 200_000;

/// The routines in the middle of a pipeline.
const WIDTH: u64 = 8;

fn pipeline<C: Channel>(n: u64) -> Duration {
    /// Some hundred nanoseconds of work.
    fn compute(value: u64) -> u64 {
        (0..64).fold(value, |hash, step| black_box(hash ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
    let (took, sum) = C::Runtime::run(fan::<C, _, _>(n, |value| async move { compute(value) }));
    assert_eq!(sum, (0..n).map(compute).fold(0, u64::wrapping_add), "values were lost or came twice");
    took
}

/// Feeds eight routines with the numbers up to `n`, and adds up what they make of them.
async fn fan<C: Channel, W, M>(n: u64, make: M) -> (Duration, u64)
where
    M: Fn(u64) -> W + Clone + Send + 'static,
    W: Future<Output = u64> + Send,
{
    let start = Instant::now();
    let (out_tx, mut out) = C::nearest(128);
    let feeds: Vec<_> = (0..WIDTH)
        .map(|_| {
            let (tx, mut rx) = C::nearest(128);
            let (out_tx, make) = (out_tx.clone(), make.clone());
            detach::<C::Runtime>(async move {
                while let Some(value) = C::recv(&mut rx).await {
                    assert!(C::send(&out_tx, make(value).await).await);
                }
            });
            tx
        })
        .collect();
    drop(out_tx);
    detach::<C::Runtime>(async move {
        for value in 0..n {
            assert!(C::send(&feeds[(value % WIDTH) as usize], value).await);
        }
    });
    let mut sum = 0_u64;
    while let Some(value) = C::recv(&mut out).await {
        sum = sum.wrapping_add(value);
    }
    (start.elapsed(), sum)
}

/// The files of the pipeline, and the words in each.
const FILES: u64 = 2_000;
const WORDS: usize = 700;

/// Prints what a file takes.
fn file_pipeline<C: Channel>() {
    let folder = std::env::temp_dir().join(format!("rustroutines-workload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room");
    for number in 0..FILES {
        let text = format!("{} ", number % 100_000).repeat(WORDS);
        std::fs::write(folder.join(number.to_string()), text).expect("there is room");
    }
    let read_all = |folder: PathBuf| {
        let (took, words) = C::Runtime::run(fan::<C, _, _>(FILES, move |number| {
            let path = folder.join(number.to_string());
            async move {
                let text = C::Runtime::read(path).await;
                text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() as u64
            }
        }));
        assert_eq!(words, FILES * WORDS as u64);
        took
    };
    read_all(folder.clone());
    let took = read_all(folder.clone()) + read_all(folder.clone()) + read_all(folder.clone());
    figure(format!("file_pipeline/{WIDTH}"), C::NAME, took.as_nanos() as f64 / (3 * FILES) as f64, "ns");
    std::fs::remove_dir_all(folder).expect("nobody else uses it");
}

/// So many are started, and waited for, that often.
fn bursts<R: Runtime>(size: u64, number: u64) -> Duration {
    R::run(async move {
        let start = Instant::now();
        for _ in 0..number {
            let handles: Vec<_> = (0..size).map(|number| R::spawn(async move { number })).collect();
            let mut sum = 0;
            for handle in handles {
                sum += R::join(handle).await;
            }
            assert_eq!(sum, size * (size - 1) / 2);
        }
        start.elapsed()
    })
}

fn many_to_many<C: Channel>(n: u64) -> Duration {
    C::Runtime::run(async move {
        let (tx, rx) = C::nearest(128);
        let each = n / WIDTH;
        let start = Instant::now();
        let mut handles = Vec::new();
        for _ in 0..WIDTH {
            let mut rx = C::another(&rx).expect("these have it");
            handles.push(C::Runtime::spawn(async move {
                let mut sum = 0;
                while let Some(value) = C::recv(&mut rx).await {
                    sum += value;
                }
                sum
            }));
        }
        for _ in 0..WIDTH {
            let tx = tx.clone();
            handles.push(C::Runtime::spawn(async move {
                for value in 1..=each {
                    assert!(C::send(&tx, value).await);
                }
                0
            }));
        }
        drop((tx, rx));
        let mut sum = 0;
        for handle in handles {
            sum += C::Runtime::join(handle).await;
        }
        assert_eq!(sum, WIDTH * each * (each + 1) / 2, "values were lost or came twice");
        start.elapsed()
    })
}
