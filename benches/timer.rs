//! `timer/create_cancel/contestant`: a timer made, set going, and dropped before its time, as a
//! timeout that is not needed is. (How late many timers are: `footprint`.)

#![forbid(unsafe_code)]

mod contestants;

use contestants::{Ours, Runtime, Smol, Tokio, config};
use criterion::Criterion;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

async fn create_cancel<R: Runtime>(n: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..n {
        let mut sleep = pin!(R::sleep(Duration::from_secs(10)));
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    start.elapsed()
}

fn bench<R: Runtime>(c: &mut Criterion) {
    let id = format!("timer/create_cancel/{}", R::NAME);
    c.bench_function(&id, |b| b.iter_custom(|n| R::run(create_cancel::<R>(n))));
}

fn main() {
    let c = &mut config();
    bench::<Ours>(c);
    bench::<Tokio>(c);
    bench::<Smol>(c);
    c.final_summary();
}
