//! What stays of a routine that has ended, while somebody keeps its handle or a waker of it: counted by the allocator
//! itself. One test, so that nothing else allocates meanwhile.

mod support;

use rustroutines::routine::RoutineHandle;
use rustroutines::runtime::RustRoutineRuntime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use support::{Event, eventually, runtime, within_limit};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUTINES: usize = 500;

/// What is kept of routines that have ended.
#[derive(Clone, Copy)]
enum Kept {
    Handles,
    Wakers,
}

/// Starts routines which hold so many bytes in their state, and as many behind a pointer, while they wait; gives how many
/// bytes are in use for each when all have ended.
fn left_by<const STATE: usize>(runtime: &RustRoutineRuntime, kept: Kept) -> isize {
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::new(Mutex::new(Vec::with_capacity(ROUTINES)));
    let mut handles: Vec<RoutineHandle<()>> = Vec::with_capacity(ROUTINES);
    let rests = || {
        eventually("nothing is left", || {
            let stats = runtime.stats();
            stats.alive == 0 && stats.timers == 0 && stats.idle_workers == stats.workers
        });
    };
    rests();
    let region = Region::new(ALLOCATOR);
    let go_on = Event::default();
    for _ in 0..ROUTINES {
        let (wakers, waits) = (wakers.clone(), go_on.wait());
        let handle = runtime.spawn(move || async move {
            let (state, boxed) = ([1_u8; STATE], vec![1_u8; STATE]);
            poll_fn(|cx| {
                if matches!(kept, Kept::Wakers) {
                    wakers.lock().unwrap().push(cx.waker().clone());
                }
                Poll::Ready(())
            })
            .await;
            waits.await;
            black_box((&state, &boxed));
        });
        handles.push(handle);
    }
    eventually("all wait", || go_on.waiters() == ROUTINES);
    go_on.set();
    drop(go_on);
    if matches!(kept, Kept::Wakers) {
        handles.clear();
    }
    rests();
    let change = region.change();
    assert!(change.bytes_allocated > 2 * STATE * ROUTINES);
    let in_use = change.bytes_allocated as isize - change.bytes_deallocated as isize;
    let held = wakers.lock().unwrap().len() + handles.len();
    assert_eq!(held, ROUTINES);
    in_use / ROUTINES as isize
}

/// What a routine owns goes when it ends; its cell stays until the last handle or waker has gone. That is as large as its
/// state, and never larger than about 2 KiB: a larger state lies apart, and goes too.
#[test]
fn of_a_routine_that_has_ended_its_cell_stays_and_is_small() {
    within_limit(|| {
        let runtime = runtime(2);
        for kept in [Kept::Handles, Kept::Wakers] {
            // Tables grow to what they need.
            left_by::<16>(&runtime, kept);
            let (small, middle, large) = (
                left_by::<16>(&runtime, kept),
                left_by::<1_500>(&runtime, kept),
                left_by::<100_000>(&runtime, kept),
            );
            println!("of a state of 16, 1,500 and 100,000 bytes stay {small}, {middle}, {large} bytes");
            assert!(small <= 512, "{small} bytes of a small one");
            assert!(middle <= 1_500 + 512, "{middle} bytes of a larger one");
            assert!(large <= 512, "{large} bytes of one that lies apart");
            // When they have gone, nothing stays: this was dropped with the last round.
            let region = Region::new(ALLOCATOR);
            left_by::<16>(&runtime, kept);
            let change = region.change();
            let growth = change.bytes_allocated as isize - change.bytes_deallocated as isize;
            assert!(
                growth < 16 * ROUTINES as isize,
                "{growth} bytes stay when the last handle or waker has gone"
            );
        }
    });
}
