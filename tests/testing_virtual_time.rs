//! Simulations: their clock, their order, their end.

use rustroutines::channel::{after, tick};
use rustroutines::error::{JoinError, SpawnError};
use rustroutines::io::block_on_io;
use rustroutines::prelude::*;
use rustroutines::testing::{self, Simulation};
use rustroutines::time::now;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// What `test` panics with.
fn panic_of(test: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("it must panic");
    payload
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| payload.downcast_ref::<&str>().expect("a text").to_string())
}

#[routine]
fn a_day() {
    let begin = now();
    sleep(DAY);
    assert_eq!(now() - begin, DAY);
}

#[test]
fn a_day_of_sleeping_takes_no_time() {
    let begin = Instant::now();
    testing::run(1, a_day);
    assert!(begin.elapsed() < DAY / 100);
}

#[routine]
fn clock_moves_only_when_all_wait() {
    let begin = now();
    let (tx, rx) = bounded_channel(4);
    let producer = go!(move || {
        for n in 0..1_000 {
            tx.send(n).unwrap();
        }
    });
    // It is due long before the values have passed on the machine's clock, if that were asked.
    let timer = go!(move || {
        sleep(ms(1));
        now()
    });
    let mut sum = 0;
    for n in rx {
        sum += n;
        yield_now();
    }
    assert_eq!(sum, 499_500);
    assert_eq!(now(), begin, "somebody could run all the time");
    producer.join().unwrap();
    assert_eq!(timer.join().unwrap() - begin, ms(1));
}

#[test]
fn the_clock_moves_only_when_every_routine_waits() {
    testing::check(20, clock_moves_only_when_all_wait);
}

/// Who came when, as it was seen.
type Log = Arc<Mutex<Vec<(usize, u32)>>>;

#[routine]
fn a_crowd(log: Log) {
    let handles: Vec<_> = (0..8)
        .map(|who| {
            let log = log.clone();
            go!(move || {
                for step in 0..8 {
                    log.lock().unwrap().push((who, step));
                    yield_now();
                }
            })
        })
        .collect();
    join_all(handles);
}

fn order(seed: u64) -> Vec<(usize, u32)> {
    let log = Log::default();
    testing::run(seed, || a_crowd(log.clone()));
    let order = log.lock().unwrap().clone();
    assert_eq!(order.len(), 64);
    order
}

#[test]
fn a_seed_repeats_an_order_and_another_makes_another() {
    let orders: Vec<_> = (0..20).map(order).collect();
    for (seed, first) in orders.iter().enumerate() {
        assert_eq!(*first, order(seed as u64));
    }
    let mut different = orders.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), orders.len());
}

#[routine]
fn choices() -> Vec<u32> {
    let (a, b) = (bounded_channel(64), bounded_channel(64));
    for n in 0..64 {
        a.0.send(n).unwrap();
        b.0.send(100 + n).unwrap();
    }
    let mut chosen = Vec::new();
    for _ in 0..64 {
        select! {
            n = a.1.recv() => chosen.push(n.unwrap()),
            n = b.1.recv() => chosen.push(n.unwrap()),
        }
    }
    chosen
}

#[test]
fn the_choice_of_a_select_follows_from_the_seed() {
    assert_eq!(testing::run(5, choices), testing::run(5, choices));
    assert_ne!(testing::run(5, choices), testing::run(6, choices));
}

/// Two routines that add to a counter in two steps, with a wait in between that never really waits: a race
/// that shows only where one is interrupted there.
#[routine]
fn a_race(lost: Arc<AtomicUsize>) {
    let counter = Arc::new(AtomicUsize::new(0));
    let (tx, rx) = unbounded_channel();
    let adders = (0..2).map(|_| {
        let (counter, tx) = (counter.clone(), tx.clone());
        go!(move || {
            let seen = counter.load(Ordering::Relaxed);
            tx.send(()).unwrap();
            counter.store(seen + 1, Ordering::Relaxed);
        })
    });
    join_all(adders);
    drop(rx);
    lost.fetch_add(2 - counter.load(Ordering::Relaxed), Ordering::Relaxed);
}

#[test]
fn operations_that_are_ready_let_others_in_too() {
    let lost = Arc::new(AtomicUsize::new(0));
    testing::check(200, || a_race(lost.clone()));
    assert!(lost.load(Ordering::Relaxed) > 0, "no order showed the race");
}

#[routine]
fn permuted_deadlines() {
    let begin = now();
    let (tx, rx) = unbounded_channel();
    for n in [7, 3, 9, 1, 5, 0, 8, 2, 6, 4] {
        let tx = tx.clone();
        go!(move || {
            sleep(ms(10 * n));
            tx.send((n, now())).unwrap();
        });
    }
    drop(tx);
    let mut expected = 0;
    for (n, at) in rx {
        assert_eq!((n, at - begin), (expected, ms(10 * expected)), "exactly in time and in order");
        expected += 1;
    }
    assert_eq!(expected, 10);
}

#[test]
fn permuted_deadlines_fire_in_order() {
    testing::check(50, permuted_deadlines);
}

/// The levels of the timer wheel: as many as a number of 64 bits has digits in base 256.
const LEVELS: u32 = 8;

/// So many ticks of the timer wheel, of a sixteenth of a millisecond.
fn ticks(n: u64) -> Duration {
    Duration::new(n / 16_000, (n % 16_000) as u32 * 62_500)
}

/// Deadlines around every boundary of the wheel: powers of 256, in ticks. The highest is millions of years away.
fn boundaries() -> Vec<u64> {
    let mut all: Vec<u64> = (0..LEVELS)
        .map(|level| 256_u64.pow(level))
        .flat_map(|power| [power - 1, power, power + 1, power * 255, 2 * power - 1])
        .filter(|&tick| tick > 0 && tick < u64::MAX / 2)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[routine]
fn across_every_boundary(before: Duration) {
    sleep(before);
    let begin = now();
    let (tx, rx) = unbounded_channel();
    let deadlines = boundaries();
    for &tick in deadlines.iter().rev() {
        let tx = tx.clone();
        go!(move || {
            sleep(ticks(tick));
            tx.send((tick, now())).unwrap();
        });
    }
    drop(tx);
    let mut arrived = Vec::new();
    for (tick, at) in rx {
        assert_eq!(at - begin, ticks(tick));
        arrived.push(tick);
    }
    assert_eq!(arrived, deadlines);
}

#[test]
fn every_level_of_the_wheel_and_its_wrap() {
    // From the beginning, and from just below and at each boundary, so that every digit carries.
    for level in 0..LEVELS {
        let boundary = 256_u64.pow(level);
        for before in [boundary - 1, boundary, boundary + 255] {
            testing::run(u64::from(level), || across_every_boundary(ticks(before)));
        }
    }
}

#[routine]
fn in_a_far_future() {
    // 300 years: the highest digits of the wheel.
    let far = DAY * 365 * 300;
    for _ in 0..3 {
        let begin = now();
        sleep(far);
        assert_eq!(now() - begin, far);
        // What is short is not held up by where the clock stands.
        for n in [1, 63, 64, 65, 4_096] {
            let begin = now();
            sleep(ms(n));
            assert_eq!(now() - begin, ms(n));
        }
    }
}

#[test]
fn short_timers_after_centuries() {
    testing::run(1, in_a_far_future);
}

#[routine]
fn beyond_all_ticks() {
    // More of them than can be counted, and than the clock can say.
    for far in [Duration::from_secs(1 << 51), Duration::from_secs(1 << 60), Duration::MAX] {
        assert_eq!(timeout(DAY, || sleep(far)), Err(Timeout));
    }
    sleep(Duration::from_secs(1 << 60));
}

#[test]
fn what_lies_beyond_all_ticks_never_comes() {
    let message = panic_of(|| testing::run(1, beyond_all_ticks));
    assert!(message.contains("all routines are asleep: deadlock"), "{message}");
}

#[routine]
fn cancelled_over_and_over() {
    let (tx, rx) = channel::<()>();
    let begin = now();
    for n in 0..1_000 {
        assert!(rx.recv_timeout(ms(n % 7 + 1)).is_err());
        assert!(timeout(DAY, || sleep(ms(1))).is_ok());
    }
    let waited: u64 = (0..1_000).map(|n| n % 7 + 2).sum();
    assert_eq!(now() - begin, ms(waited), "timers that were cancelled do not move the clock");
    drop(tx);
}

#[test]
fn a_timer_that_was_cancelled_does_not_move_the_clock() {
    testing::run(3, cancelled_over_and_over);
}

#[routine]
fn with_every_kind_of_time() {
    let begin = now();
    let late = after(ms(250));
    assert_eq!(late.recv().unwrap() - begin, ms(250));
    let ticks = tick(ms(100));
    for n in 1..=100 {
        assert_eq!(ticks.recv().unwrap() - begin, ms(250 + 100 * n));
    }
    drop(ticks);
    sleep_until(begin + DAY);
    assert_eq!(now() - begin, DAY);
    let (tx, rx) = channel::<u32>();
    let gave_up = select! {
        _ = rx.recv() => false,
        deadline(begin + DAY + ms(5)) => true,
    };
    assert!(gave_up);
    assert_eq!(now() - begin, DAY + ms(5));
    assert_eq!(testing::elapsed(), DAY + ms(5));
    drop(tx);
}

#[test]
fn after_tick_deadlines_and_instants() {
    testing::check(10, with_every_kind_of_time);
}

#[routine]
fn busy_for_a_while() {
    let (tx, rx) = unbounded_channel();
    for n in [30, 10, 20] {
        let tx = tx.clone();
        go!(move || {
            sleep(ms(n));
            tx.send(n).unwrap();
        });
    }
    drop(tx);
    yield_now();
    while rx.is_empty() {
        testing::advance(ms(5));
        yield_now();
    }
    assert!(testing::elapsed() >= ms(10));
    let mut rest: Vec<_> = rx.iter().collect();
    rest.sort_unstable();
    assert_eq!(rest, [10, 20, 30]);
}

#[test]
fn the_clock_can_be_moved_by_hand() {
    testing::check(20, busy_for_a_while);
}

#[routine]
fn on_the_blocking_pool() {
    let here = std::thread::current().id();
    let ran_on = block_on_io(move || std::thread::current().id());
    assert_eq!(ran_on, here);
    let in_a_routine = go!(move || block_on_io(move || std::thread::current().id()));
    assert_eq!(in_a_routine.join().unwrap(), here);
}

#[test]
fn calls_that_block_run_in_place() {
    testing::check(5, on_the_blocking_pool);
}

#[routine]
fn blocks_inside() {
    let (tx, rx) = channel();
    let blocker = go!(move || {
        let closure = || -> u32 { rx.recv().block().unwrap() };
        closure() + closure()
    });
    sleep(ms(10));
    tx.send(20).unwrap();
    sleep(DAY);
    tx.send(22).unwrap();
    assert_eq!(blocker.join().unwrap(), 42);
}

#[test]
fn a_routine_may_block_its_thread() {
    testing::check(50, blocks_inside);
}

#[routine]
fn stuck() {
    let (tx, rx) = channel::<u32>();
    let (other_tx, other_rx) = bounded_channel::<u32>(1);
    let reader = go!("the reader", move || {
        let _keep = other_tx;
        rx.recv().is_ok()
    });
    select! {
        _ = other_rx.recv() => {}
        _ = tx.send(1), if false => {}
        _ = reader.join() => {}
    }
}

#[test]
fn a_deadlock_is_a_panic_that_says_who_waits_for_what() {
    let text = panic_of(|| testing::run(1, stuck));
    assert!(text.starts_with("all routines are asleep: deadlock\n"), "{text}");
    assert!(text.contains("routine 1 `the reader`, spawned at tests/testing_virtual_time.rs:"), "{text}");
    assert!(
        text.contains("receiving from the unbuffered channel made at tests/testing_virtual_time.rs:"),
        "{text}"
    );
    assert!(text.contains("select of "), "{text}");
    assert!(text.contains("receiving from the bounded channel"), "{text}");
    assert!(text.contains("joining routine 1"), "{text}");
    // And the thread is as before.
    testing::run(1, a_day);
}

#[routine]
fn deadlocked_after_a_while() {
    let (tx, rx) = channel::<u32>();
    sleep(DAY);
    let _ = rx.recv();
    drop(tx);
}

#[test]
fn a_deadlock_is_found_after_the_last_timer() {
    assert!(panic_of(|| testing::run(1, deadlocked_after_a_while)).contains("deadlock"));
}

#[routine]
fn leaves_routines_behind(dropped: Arc<AtomicUsize>) {
    struct Last(Arc<AtomicUsize>);
    impl Drop for Last {
        fn drop(&mut self) {
            // The clock and the seed are still the simulation's.
            assert!(testing::seed().is_some());
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    for n in 0..10 {
        let last = Last(dropped.clone());
        go!(move || {
            let _last = last;
            if n % 2 == 0 {
                sleep(DAY);
            } else {
                loop {
                    yield_now();
                }
            }
        });
    }
    sleep(ms(0));
    yield_now();
}

#[test]
fn routines_that_are_left_are_dropped() {
    let dropped = Arc::new(AtomicUsize::new(0));
    testing::run(4, || leaves_routines_behind(dropped.clone()));
    assert_eq!(dropped.load(Ordering::Relaxed), 10);
    assert_eq!(testing::seed(), None);
}

#[routine]
fn panics_and_aborts() {
    let panics = go!(|| -> u32 { panic!("on purpose") });
    assert_eq!(panics.join().unwrap_err().panic_message(), Some("on purpose"));
    let sleeps = go!(|| sleep(DAY));
    sleep(ms(1));
    sleeps.abort();
    assert!(matches!(sleeps.join(), Err(JoinError::Aborted)));
    assert_eq!(testing::elapsed(), ms(1));
}

#[test]
fn panics_and_aborts_are_what_they_are_outside() {
    testing::check(10, panics_and_aborts);
}

#[routine]
fn over_the_limit() {
    let handles: Vec<_> = (0..3).map(|_| go!(|| sleep(ms(1)))).collect();
    let ended = join_all(handles);
    assert!(ended[0].is_ok() && ended[1].is_ok());
    assert!(matches!(ended[2], Err(JoinError::NotSpawned(SpawnError::LimitReached(2)))));
}

#[test]
fn the_limit_of_routines_holds() {
    Simulation::new(1).max_routines(2).run(over_the_limit);
}

#[routine]
fn fails_sometimes(failed: Arc<Mutex<Vec<u64>>>) {
    let (tx, rx) = unbounded_channel();
    for n in 0..2 {
        let tx = tx.clone();
        go!(move || tx.send(n).unwrap());
    }
    let first = rx.recv().unwrap();
    if first != 0 {
        failed.lock().unwrap().push(testing::seed().unwrap());
        panic!("the second came first");
    }
}

#[test]
fn a_check_ends_with_the_seed_that_fails_and_that_seed_fails_again() {
    let failed = Arc::new(Mutex::new(Vec::new()));
    let text = panic_of(|| testing::check(1_000, || fails_sometimes(failed.clone())));
    assert_eq!(text, "the second came first");
    let seed = failed.lock().unwrap()[0];
    for _ in 0..3 {
        let text = panic_of(|| testing::run(seed, || fails_sometimes(failed.clone())));
        assert_eq!(text, "the second came first");
    }
}

#[test]
fn a_simulation_inside_another_is_refused() {
    let text = panic_of(|| testing::run(1, || suspend!({ plain!(testing::run(2, a_day)) })));
    assert!(text.contains("neither simulates nor works"), "{text}");
}

#[test]
fn threads_simulate_side_by_side() {
    let threads: Vec<_> = (0..4_u64)
        .map(|seed| {
            std::thread::spawn(move || (0..20).for_each(|n| testing::run(seed * 100 + n, permuted_deadlines)))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_million_timers() {
    testing::run(9, a_million);
}

#[routine]
fn a_million() {
    // A tenth of them in a build without optimisation, which is ten times as slow.
    let count = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let handles: Vec<_> = (0..count)
        .map(|n: u64| {
            go!(move || {
                let until = ms(n * 7_919 % 1_000_003);
                sleep(until);
                assert_eq!(testing::elapsed(), until.max(ms(0)));
            })
        })
        .collect();
    for ended in join_all(handles) {
        ended.unwrap();
    }
}

#[routine]
fn main_ends_first(unwound: Arc<AtomicUsize>) {
    struct Unwound(Arc<AtomicUsize>);
    impl Drop for Unwound {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (tx, rx) = channel::<u32>();
    for _ in 0..3 {
        let (rx, unwound) = (rx.clone(), Unwound(unwound.clone()));
        go!(move || {
            let _unwound = unwound;
            let plain = || rx.recv().block().is_ok();
            plain();
            unreachable!("nobody sends");
        });
    }
    sleep(ms(5));
    let _keep = tx;
}

#[test]
fn routines_that_block_are_unwound_when_the_simulation_ends() {
    for seed in 0..20 {
        let unwound = Arc::new(AtomicUsize::new(0));
        testing::run(seed, || main_ends_first(unwound.clone()));
        assert_eq!(unwound.load(Ordering::Relaxed), 3);
    }
}

#[routine]
fn stuck_in_a_routine_that_blocks() {
    let (tx, rx) = channel::<u32>();
    let blocks = go!(move || {
        let plain = || rx.recv().block().is_ok();
        plain()
    });
    let _keep = tx;
    let _ = blocks.join();
    unreachable!("the deadlock is no panic of the routine's alone");
}

#[test]
fn a_deadlock_under_a_routine_that_blocks_ends_the_simulation() {
    let text = panic_of(|| testing::run(2, stuck_in_a_routine_that_blocks));
    assert!(text.starts_with("all routines are asleep: deadlock\n"), "{text}");
    assert!(text.contains("thread `main`: joining routine 1"), "{text}");
    assert!(text.contains("thread `the innermost that blocks`: receiving from the unbuffered"), "{text}");
}

/// What the program that checks three orders prints: the seeds.
fn seeds(given: Option<&str>) -> Vec<u64> {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_deadlocks"));
    program.arg("simulated").env_remove("RUSTROUTINES_SEED");
    if let Some(seed) = given {
        program.env("RUSTROUTINES_SEED", seed);
    }
    let output = program.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("seed ")).map(|seed| seed.parse().unwrap()).collect()
}

#[test]
fn seeds_go_on_from_the_last_to_the_first() {
    assert_eq!(seeds(Some(&u64::MAX.to_string())), [u64::MAX]);
    let mut runs = 0;
    let text = panic_of(|| {
        testing::check(u64::MAX, || {
            runs += 1;
            let enough = runs == 3;
            suspend!(move { assert!(!enough, "that is enough") })
        });
    });
    assert_eq!((text.as_str(), runs), ("that is enough", 3));
}

#[test]
fn the_environment_can_give_the_seed() {
    assert_eq!(seeds(Some("77")), [77]);
    let new = seeds(None);
    assert_eq!(new, [new[0], new[0] + 1, new[0] + 2]);
}
