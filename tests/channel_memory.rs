//! What channels and selects allocate, counted by the allocator itself. A program of its own, without the harness of
//! tests: that has a thread which may still be noting that it has started a test, and allocates for it.

use rustroutines::channel::{Receiver, Sender};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::alloc::System;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn measure<R>(work: impl FnOnce() -> R) -> (R, Stats) {
    let region = Region::new(ALLOCATOR);
    let result = work();
    (result, region.change())
}

/// Bytes that were allocated and not freed again.
fn growth(stats: &Stats) -> isize {
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

fn main() {
    what_does_not_wait_allocates_nothing();
    the_first_who_waits_costs_one_small_allocation_and_the_next_none();
    waits_that_are_given_up_leave_memory_flat();
    waits_with_limits_that_are_given_up_leave_memory_flat();
    selects_leave_memory_flat();
    selects_in_routines_leave_memory_flat();
    the_last_receiver_frees_what_is_queued_though_senders_live();
    a_burst_of_waiters_gives_its_memory_back();
}

fn what_does_not_wait_allocates_nothing() {
    for (tx, rx) in [bounded_channel(4), unbounded_channel()] as [(Sender<u64>, Receiver<u64>); 2] {
        // A thread's place to sleep is made when it first might, and the two queues of a buffer grow once.
        tx.send(0).block().unwrap();
        rx.recv_timeout(Duration::from_secs(1)).block().unwrap();
        for _ in 0..2 {
            (0..4).for_each(|n| tx.try_send(n).unwrap());
            assert_eq!(rx.try_iter().count(), 4);
        }
        let ((), stats) = measure(|| {
            for n in 0..1_000 {
                tx.try_send(n).unwrap();
                tx.send(n).block().unwrap();
                assert_eq!(rx.recv().block(), Ok(n));
                assert_eq!(rx.try_recv(), Ok(n));
                drop(tx.try_reserve().unwrap());
                select! {
                    sent = tx.send(n) => sent.unwrap(),
                    got = rx.recv() => assert!(got.is_ok()),
                }
                assert_eq!(rx.recv_timeout(Duration::from_secs(1)).block(), Ok(n));
                select! { got = rx.recv() => assert!(got.is_ok()), default => {} }
            }
        });
        assert_eq!(stats.allocations + stats.reallocations, 0, "{stats:?}");
    }
}

fn the_first_who_waits_costs_one_small_allocation_and_the_next_none() {
    let (tx, rx) = channel::<u64>();
    let ((), first) = measure(|| assert!(poll_once(&mut rx.recv()).is_pending()));
    assert_eq!(first.allocations + first.reallocations, 1, "{first:?}");
    assert!(first.bytes_allocated <= 128, "{first:?}");
    let ((), others) = measure(|| {
        for n in 0..1_000 {
            let mut recv = rx.recv();
            assert!(poll_once(&mut recv).is_pending());
            tx.try_send(n).unwrap();
            assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(n)));
        }
    });
    assert_eq!(others.allocations + others.reallocations, 0, "{others:?}");

    // A select has its claim besides, once for all its arms.
    let (_open, quiet) = channel::<u64>();
    assert!(poll_once(&mut quiet.recv()).is_pending());
    let ((), select) = measure(|| {
        let waits = suspend!({
            select! { got = rx.recv() => got, got = quiet.recv() => got }
        });
        assert!(std::pin::pin!(waits).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    assert_eq!(select.allocations, 1, "{select:?}");
    assert!(select.bytes_allocated <= 128, "{select:?}");
}

fn waits_that_are_given_up_leave_memory_flat() {
    let (tx, rx) = channel::<u64>();
    let (full, _rest) = bounded_channel(1);
    full.try_send(0).unwrap();
    let give_up = |rounds: u64| {
        for n in 0..rounds {
            assert!(poll_once(&mut rx.recv()).is_pending());
            assert!(poll_once(&mut tx.send(n)).is_pending());
            assert!(poll_once(&mut full.send(n)).is_pending());
            assert!(poll_once(&mut full.reserve()).is_pending());
        }
    };
    give_up(10);
    let ((), stats) = measure(|| give_up(250_000));
    assert_eq!(growth(&stats), 0, "{stats:?}");
}

/// The same with a timer for each.
fn waits_with_limits_that_are_given_up_leave_memory_flat() {
    const LONG: Duration = Duration::from_secs(3_600);
    let (tx, rx) = channel::<u64>();
    let (_open, quiet) = channel::<u64>();
    let give_up = |rounds: u64| {
        for n in 0..rounds {
            assert!(poll_once(&mut rx.recv_timeout(LONG)).is_pending());
            assert!(poll_once(&mut tx.send_timeout(n, LONG)).is_pending());
            let mut select = Select::new();
            select.recv(&rx, |_| ());
            select.recv(&quiet, |_| ());
            select.timeout(LONG, || ());
            assert!(poll_once(&mut select.wait()).is_pending());
        }
    };
    give_up(10);
    let ((), stats) = measure(|| give_up(50_000));
    // The thread that keeps the time may be starting.
    assert!(growth(&stats).abs() < 4_096, "{stats:?}");
}

fn selects_leave_memory_flat() {
    let channels: Vec<_> = (0..4).map(|_| channel::<u64>()).collect();
    let wait = |rounds: u64| {
        for n in 0..rounds {
            let mut select = Select::new();
            for (tx, rx) in &channels {
                select.recv(rx, |_| ());
                select.send(tx, move || n, |_| ());
            }
            assert!(poll_once(&mut select.wait()).is_pending());
        }
    };
    wait(10);
    let ((), stats) = measure(|| wait(100_000));
    assert_eq!(growth(&stats), 0, "{stats:?}");
}

/// Go's bound for the second hundred thousand.
fn selects_in_routines_leave_memory_flat() {
    #[routine]
    fn cross(tx: Sender<u64>, rx: Receiver<u64>, rounds: u64) {
        for n in 0..rounds {
            select! { sent = tx.send(n) => sent.unwrap(), got = rx.recv() => assert!(got.is_ok()) }
        }
    }
    let run = || {
        let (a_tx, a) = channel();
        let (b_tx, b) = channel();
        let one = go!(cross(a_tx, b, 100_000));
        let other = go!(cross(b_tx, a, 100_000));
        one.join().block().unwrap();
        other.join().block().unwrap();
    };
    run();
    let ((), stats) = measure(run);
    assert!(growth(&stats) <= 110_000, "{stats:?}");
}

fn the_last_receiver_frees_what_is_queued_though_senders_live() {
    let (tx, rx) = unbounded_channel();
    for _ in 0..1_000 {
        tx.try_send(vec![0_u8; 1_000]).unwrap();
    }
    let ((), stats) = measure(|| drop(rx));
    assert!(growth(&stats) <= -1_000_000, "{stats:?}");
    assert!(tx.is_closed());
    let ((), refused) = measure(|| assert!(tx.try_send(Vec::new()).is_err()));
    assert_eq!(growth(&refused), 0);
}

fn a_burst_of_waiters_gives_its_memory_back() {
    let (tx, rx) = channel::<u64>();
    let ((), stats) = measure(|| {
        let mut waits: Vec<_> = (0..10_000).map(|_| rx.recv()).collect();
        assert!(waits.iter_mut().all(|recv| poll_once(recv).is_pending()));
    });
    assert!(growth(&stats) < 16_384, "{stats:?}");
    drop(tx);
}
