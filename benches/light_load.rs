//! What a runtime costs that has little to do: a thousand messages a second, from a routine that sleeps
//! between them (`inside`) or from a thread outside (`outside`). Each contestant runs in a process of its own.
//!
//! - `light_load/…_sleeps`: how often a thread goes to sleep for a message.
//! - `light_load/…_cpu`: the processor time of a message.
//! - `light_load/outside_arrival`: how long the middle message is underway.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench light_load -- [PART...]
//! ```
//!
//! Linux only: the figures come from `/proc`.

#![forbid(unsafe_code)]

mod contestants;
mod jobs;

use contestants::{AsyncChannel, Channel, May, Ours, Runtime, Tokio};
use jobs::{Job, figure, job};
use std::time::{Duration, Instant};

/// Between two messages.
const PAUSE: Duration = Duration::from_millis(1);
const MESSAGES: u64 = 5_000;

fn main() {
    if !cfg!(target_os = "linux") {
        println!("skipped: the figures come from Linux's /proc");
        return;
    }
    let mut jobs = Vec::new();
    jobs_of::<Ours>(&mut jobs);
    jobs_of::<Tokio>(&mut jobs);
    jobs_of::<AsyncChannel>(&mut jobs);
    jobs_of::<May>(&mut jobs);
    jobs::run(&jobs);
}

fn jobs_of<C: Channel>(jobs: &mut Vec<Job>) {
    jobs.push(job("light_load/inside", C::NAME, inside::<C>));
    jobs.push(job("light_load/outside", C::NAME, outside::<C>));
}

/// A routine sleeps and sends, another receives.
fn inside<C: Channel>() {
    let (sender, mut receiver) = C::nearest(1024);
    let before = Cost::now();
    C::Runtime::run(async move {
        let sends = C::Runtime::spawn(async move {
            for message in 0..MESSAGES {
                C::Runtime::sleep(PAUSE).await;
                C::send(&sender, message).await;
            }
        });
        while C::recv(&mut receiver).await.is_some() {}
        C::Runtime::join(sends).await;
    });
    Cost::now().since(&before).print("inside", C::NAME);
}

/// A thread outside sleeps and sends, a routine receives and says how long the message took.
fn outside<C: Channel>() {
    let (sender, mut receiver) = C::nearest(1024);
    let begin = Instant::now();
    // Spawned inside, because tokio knows no other way.
    let receives = C::Runtime::run(async move {
        C::Runtime::spawn(async move {
            let mut took = Vec::new();
            while let Some(sent) = C::recv(&mut receiver).await {
                took.push(begin.elapsed().saturating_sub(Duration::from_nanos(sent)));
            }
            took
        })
    });
    let before = Cost::now();
    for _ in 0..MESSAGES {
        std::thread::sleep(PAUSE);
        assert!(C::try_send(&sender, begin.elapsed().as_nanos() as u64), "the receiver is slow");
    }
    drop(sender);
    let mut took = C::Runtime::run(C::Runtime::join(receives));
    let cost = Cost::now().since(&before);
    took.sort_unstable();
    figure("light_load/outside_arrival", C::NAME, took[took.len() / 2].as_nanos() as f64, "ns");
    cost.print("outside", C::NAME);
}

/// What the threads of this process but the first have cost.
struct Cost {
    /// How often they went to sleep.
    sleeps: u64,
    /// Their processor time, in nanoseconds.
    processor: u64,
}

impl Cost {
    fn now() -> Self {
        let (mut sleeps, mut processor) = (0, 0);
        for task in std::fs::read_dir("/proc/self/task").expect("Linux has /proc") {
            let path = task.expect("a thread").path();
            // This thread's own.
            if path.file_name() == Some(std::process::id().to_string().as_ref()) {
                continue;
            }
            // A thread may end while one looks.
            let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
            let number = |text: &str| text.trim().parse::<u64>().unwrap_or(0);
            let status = read("status");
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            sleeps += line.map_or(0, number);
            processor += read("schedstat").split(' ').next().map_or(0, number);
        }
        Self { sleeps, processor }
    }

    fn since(self, before: &Self) -> Self {
        Self { sleeps: self.sleeps - before.sleeps, processor: self.processor - before.processor }
    }

    fn print(&self, what: &str, contestant: &str) {
        let each = |sum: u64| sum as f64 / MESSAGES as f64;
        figure(format!("light_load/{what}_sleeps"), contestant, each(self.sleeps), "sleeps");
        figure(format!("light_load/{what}_cpu"), contestant, each(self.processor), "ns");
    }
}
