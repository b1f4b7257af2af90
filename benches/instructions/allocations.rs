//! What the hot paths allocate: a line for each, with the allocations of one walk and their bytes, counted by the
//! allocator itself. `.ci/instructions` compares them with what they are known to be.
//!
//! ```sh
//! cargo run --release -p rustroutines-instructions --bin allocations
//! ```

#![forbid(unsafe_code)]

mod paths;

use paths::{PATHS, Path};
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Each path is walked so many times, and again so many; the difference is free of start and end.
const FEW: usize = 5_000;
const MANY: usize = 25_000;

fn main() {
    let runtime =
        RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).expect("a worker can be started");
    let walk = |path: Path, times: usize| {
        let region = Region::new(ALLOCATOR);
        let walked = runtime.spawn(move || suspend!(move { path(times).join() })).join().block();
        walked.and_then(|ended| ended).expect("no path panics");
        region.change()
    };
    for (name, path) in PATHS {
        // Queues grow once.
        walk(path, MANY);
        let (few, many) = (walk(path, FEW), walk(path, MANY));
        let each = |of: fn(&Stats) -> usize| (of(&many) as f64 - of(&few) as f64) / (MANY - FEW) as f64;
        let (number, bytes) =
            (each(|stats| stats.allocations + stats.reallocations), each(|stats| stats.bytes_allocated));
        println!("{name:<32} {:6.2} {:8.1}", number.max(0.0), bytes.max(0.0));
    }
}
