//! Routines that are aborted at every suspension leave no memory behind, counted by the allocator itself. One test,
//! so that nothing else allocates meanwhile.

mod support;

use rustroutines::io::block_on_io;
use rustroutines::prelude::*;
use rustroutines::runtime::RustRoutineRuntime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use support::{eventually, runtime, start, within_limit};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Waits in every way that there is.
#[routine]
fn everything() -> usize {
    let (tx, rx) = bounded_channel::<Vec<u8>>(1);
    let (never_tx, never_rx) = channel::<u8>();
    let partner = go!(move || {
        for n in 0..3 {
            sleep(Duration::from_micros(100));
            if tx.send(vec![n; 100]).is_err() {
                break;
            }
        }
    });
    let mut bytes = 0;
    loop {
        select! {
            value = rx.recv() => match value {
                Ok(value) => bytes += value.len(),
                Err(_) => break,
            },
            _ = never_rx.recv() => unreachable!("nobody sends"),
            timeout(Duration::from_micros(50)) => yield_now(),
        }
    }
    drop(never_tx);
    bytes += block_on_io(move || vec![7; bytes].len());
    let _ = timeout(Duration::from_millis(1), || sleep(Duration::from_secs(60)));
    partner.join().unwrap();
    bytes
}

/// Aborts it at one suspension after the other, until it ends by itself. Gives how many there were.
fn at_every_suspension(runtime: &RustRoutineRuntime) -> usize {
    for at in 0.. {
        let mut handle = start(runtime, at, everything);
        let handle = loop {
            match std::sync::Arc::try_unwrap(handle) {
                Ok(handle) => break handle.into_inner().unwrap(),
                Err(shared) => handle = shared,
            }
            std::thread::yield_now();
        };
        if let Ok((bytes, _)) = handle.join().block() {
            assert_eq!(bytes, 600);
            return at;
        }
    }
    unreachable!("it ends")
}

/// Nothing goes on in it.
fn rests(runtime: &RustRoutineRuntime) {
    eventually("nothing is left", || {
        let stats = runtime.stats();
        stats.alive == 0
            && stats.timers == 0
            && stats.blocking_queued == 0
            && stats.idle_workers == stats.workers
    });
}

#[test]
fn an_abort_at_every_suspension_leaves_no_memory_behind() {
    within_limit(|| {
        for workers in [1, 2, 3, 64] {
            let runtime = runtime(workers);
            // Tables grow to what they need, and threads come.
            let aborted: usize = (0..10).map(|_| at_every_suspension(&runtime)).sum();
            assert!(aborted > 10, "only {aborted} were aborted");
            rests(&runtime);
            // A table may grow once more, the more workers the more often, but not for ever; what leaks does so in
            // each round.
            eventually("memory stays as it is", || {
                let region = Region::new(ALLOCATOR);
                let aborted: usize = (0..10).map(|_| at_every_suspension(&runtime)).sum();
                rests(&runtime);
                let stats = region.change();
                let growth = stats.bytes_allocated as isize - stats.bytes_deallocated as isize;
                // Less than the smallest of what a routine consists of, for each that was aborted.
                growth < 16 * aborted as isize
            });
        }
    });
}
