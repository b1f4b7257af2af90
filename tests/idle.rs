//! An idle runtime costs nothing.
//!
//! A file with one test: the process's threads are the runtime's.
#![cfg(target_os = "linux")]

#[path = "support/net.rs"]
mod net;
mod support;

use rustroutines::Suspend;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::future::pending;
use std::time::Duration;
use support::{Event, eventually};

/// Switches and CPU ticks of all threads whose names begin with `rustroutines`.
fn cost() -> (u64, u64) {
    let (mut switches, mut ticks) = (0, 0);
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
        if !read("comm").starts_with("rustroutines") {
            continue;
        }
        let status = read("status");
        switches += status
            .lines()
            .filter_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
            .map(|count| count.trim().parse::<u64>().unwrap())
            .sum::<u64>();
        // After the name in parentheses: state is field 3, utime 14, stime 15.
        let stat = read("stat");
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        ticks += fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    }
    (switches, ticks)
}

#[test]
fn an_idle_runtime_uses_no_cpu() {
    // Spares that retire would wake up for it.
    let config = RuntimeConfig::new().workers(4).keep_alive(Duration::MAX);
    let runtime = RustRoutineRuntime::with_config(config).unwrap();
    // It has been busy, it has spare threads, and routines are parked in it.
    let gate = Event::default();
    let handles: Vec<_> = (0..16)
        .map(|_| {
            let gate = gate.clone();
            runtime.spawn(|| async move { gate.block() })
        })
        .collect();
    eventually("all block", || gate.waiters() == 16);
    gate.set();
    rustroutines::routine::join_all(handles).block();
    // Connections are open, of which nobody says anything.
    let sockets = support::Drops::default();
    for _ in 0..100 {
        let waits = sockets.one();
        let _ = runtime.spawn(move || {
            rustroutines::suspend!(move {
                let _waits = waits;
                let (here, there) = net::pair().unwrap();
                there.set_read_deadline(Some(std::time::Instant::now() + Duration::from_secs(3_600)));
                rustroutines::select! {
                    _ = here.read(&mut [0; 1]) => unreachable!("nobody writes"),
                    _ = there.read(&mut [0; 1]) => unreachable!("nobody writes"),
                }
            })
        });
    }
    let parked: Vec<_> = (0..1_000).map(|_| runtime.spawn(pending::<()>)).collect();
    eventually("it has settled", || {
        let before = cost().0;
        std::thread::sleep(Duration::from_millis(100));
        cost().0 == before
    });
    // Not a single wake-up in half a second: what goes on by itself, however seldom, would never be found still.
    eventually("nobody wakes", || {
        let before = cost();
        std::thread::sleep(Duration::from_millis(500));
        let after = cost();
        after.0 == before.0 && after.1 == before.1
    });
    assert_eq!((runtime.stats().io_sources, sockets.count()), (200, 0));
    // And it is not dead.
    parked[0].abort();
    assert!(runtime.spawn(|| std::future::ready(1)).join().block().is_ok());
}
