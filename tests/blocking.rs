//! `block_on_io`.

use rustroutines::Suspend;
use rustroutines::io::block_on_io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::thread;

#[test]
fn the_value_comes_from_another_thread() {
    let here = thread::current().id();
    let there = block_on_io(|| thread::current().id()).block();
    assert_ne!(here, there);
}

#[test]
fn an_error_is_a_value_like_any_other() {
    let missing = block_on_io(|| std::fs::read("no such file")).block();
    assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_panic_goes_on_where_it_is_waited_for() {
    for _ in 0..3 {
        let operation = block_on_io(|| -> u8 { std::panic::panic_any("its own payload") });
        let payload = catch_unwind(AssertUnwindSafe(|| operation.block())).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"its own payload"));
    }
    assert_eq!(block_on_io(|| 7).block(), 7, "the pool goes on");
}

#[test]
fn the_pool_grows_while_all_its_threads_block() {
    const AT_ONCE: usize = 64;
    // They all meet, or nobody gets on.
    let meet = Arc::new(Barrier::new(AT_ONCE));
    let waiting: Vec<_> = (0..AT_ONCE)
        .map(|n| {
            let meet = meet.clone();
            thread::spawn(move || {
                block_on_io(move || {
                    meet.wait();
                    n
                })
                .block()
            })
        })
        .collect();
    let values: Vec<_> = waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!((0..AT_ONCE).eq(values));
}

#[test]
fn one_may_wait_for_another() {
    let value = block_on_io(|| block_on_io(|| block_on_io(|| 3).block() + 1).block() + 1).block();
    assert_eq!(value, 5);
}

#[test]
fn without_a_poll_nothing_runs() {
    let held = Arc::new(());
    let inner = held.clone();
    let operation = block_on_io(move || unreachable!("nobody asked for it, or for {inner:?}"));
    assert_eq!(format!("{operation:?}"), r#"BlockOnIo("not started")"#);
    drop::<rustroutines::io::BlockOnIo<()>>(operation);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn many_values_all_arrive() {
    let threads: Vec<_> = (0..8_u64)
        .map(|n| thread::spawn(move || (0..500).map(|m| block_on_io(move || n * m).block()).sum::<u64>()))
        .collect();
    let sum: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(sum, 28 * 124_750);
}
