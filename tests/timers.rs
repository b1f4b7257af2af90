//! `sleep` and `sleep_until`, from threads without any runtime around them.

use rustroutines::Suspend;
use rustroutines::time::{Sleep, sleep, sleep_until};
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any of these tests may take on the slowest machine.
const LONG: Duration = Duration::from_secs(60);

/// A waker that counts its calls and tells of each.
struct Told {
    count: AtomicUsize,
    tell: Sender<Instant>,
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        // A test that is over listens no more.
        let _ = self.tell.send(Instant::now());
    }
}

fn told(tell: &Sender<Instant>) -> (Arc<Told>, Waker) {
    let told = Arc::new(Told { count: AtomicUsize::new(0), tell: tell.clone() });
    (told.clone(), told.into())
}

fn poll(sleep: &mut Sleep, waker: &Waker) -> Poll<()> {
    Pin::new(sleep).poll(&mut Context::from_waker(waker))
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_sleep_is_never_early() {
    for micros in [0, 1, 400, 999, 1_000, 1_001, 3_000, 12_345] {
        let begin = Instant::now();
        sleep(Duration::from_micros(micros)).block();
        assert!(begin.elapsed() >= Duration::from_micros(micros));
    }
}

#[test]
fn sleeps_of_many_threads_are_never_early() {
    let threads: Vec<_> = (0..16)
        .map(|n: u64| {
            thread::spawn(move || {
                for round in 0..20 {
                    let deadline = Instant::now() + Duration::from_micros(n * 397 + round * 211);
                    sleep_until(deadline).block();
                    assert!(Instant::now() >= deadline);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn permuted_deadlines_all_fire_and_none_before_its_time() {
    let (tell, heard) = mpsc::channel();
    let begin = Instant::now();
    let mut sleeps: Vec<_> = (0..500_u64)
        .map(|n| {
            let deadline = begin + ms(2) + Duration::from_micros(n * 7_919 % 50_000);
            let (told, waker) = told(&tell);
            (deadline, sleep_until(deadline), told, waker)
        })
        .collect();
    let waiting: Vec<_> =
        sleeps.iter_mut().map(|(_, sleep, _, waker)| poll(sleep, waker).is_pending()).collect();
    for _ in waiting.iter().filter(|&&waits| waits) {
        heard.recv_timeout(LONG).expect("one never fired");
    }
    for (deadline, sleep, told, waker) in &mut sleeps {
        assert!(Instant::now() >= *deadline);
        assert!(poll(sleep, waker).is_ready());
        assert!(told.count.load(Ordering::Relaxed) <= 1, "woken once");
    }
}

#[test]
fn a_zero_sleep_is_over_at_once() {
    for _ in 0..1_000_000 {
        assert!(poll(&mut sleep(Duration::ZERO), Waker::noop()).is_ready());
    }
}

#[test]
fn a_deadline_in_the_past_is_over_at_once() {
    let past = Instant::now();
    assert!(poll(&mut sleep_until(past), Waker::noop()).is_ready());
}

#[test]
fn a_maximal_sleep_never_fires_and_disturbs_no_other() {
    let (tell, heard) = mpsc::channel();
    let (_, waker) = told(&tell);
    let mut longest = sleep(Duration::MAX);
    assert_eq!(longest.deadline(), None);
    assert!(poll(&mut longest, &waker).is_pending());
    // One that the clock can express, but nobody lives to see.
    let mut long = sleep(Duration::from_secs(1 << 40));
    assert!(long.deadline().is_some());
    assert!(poll(&mut long, &waker).is_pending());
    for _ in 0..4 {
        sleep(ms(5)).block();
    }
    assert!(poll(&mut longest, &waker).is_pending());
    assert!(poll(&mut long, &waker).is_pending());
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_new_earlier_timer_does_not_wait_for_the_later_one() {
    let mut far = sleep(100 * LONG);
    assert!(poll(&mut far, Waker::noop()).is_pending());
    let (tell, heard) = mpsc::channel();
    for n in [20, 10, 5, 1] {
        let (_, waker) = told(&tell);
        let mut near = sleep(ms(n));
        if poll(&mut near, &waker).is_pending() {
            heard.recv_timeout(LONG).expect("it was slept through");
        }
    }
}

#[test]
fn a_dropped_sleep_wakes_nobody() {
    let (tell, heard) = mpsc::channel();
    loop {
        let (dropped, waker) = told(&tell);
        let mut first = sleep(ms(20));
        let deadline = first.deadline().unwrap();
        let waits = poll(&mut first, &waker).is_pending();
        drop(first);
        if !waits || Instant::now() >= deadline {
            // So slow a machine that it may have fired before it was dropped: once more.
            continue;
        }
        // Wakes after the dropped one would have.
        sleep_until(deadline + ms(5)).block();
        assert_eq!(dropped.count.load(Ordering::Relaxed), 0);
        assert!(heard.try_recv().is_err());
        assert_eq!(Arc::strong_count(&dropped), 2, "only `dropped` and `waker` are left");
        break;
    }
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let (tell, heard) = mpsc::channel();
    loop {
        let (old, old_waker) = told(&tell);
        let (_new, new_waker) = told(&tell);
        let mut sleep = sleep(ms(20));
        let deadline = sleep.deadline().unwrap();
        let waits = poll(&mut sleep, &old_waker).is_pending() && poll(&mut sleep, &new_waker).is_pending();
        if !waits || Instant::now() >= deadline {
            // So slow a machine that it may have fired in between: once more.
            continue;
        }
        assert!(heard.recv_timeout(LONG).unwrap() >= deadline);
        assert_eq!(old.count.load(Ordering::Relaxed), 0);
        assert!(poll(&mut sleep, &new_waker).is_ready());
        break;
    }
}

/// A waker that drops the timers it holds when it is called.
struct DropTimers {
    timers: Mutex<Vec<Sleep>>,
    tell: Sender<usize>,
}

impl Wake for DropTimers {
    fn wake(self: Arc<Self>) {
        let timers = std::mem::take(&mut *self.timers.lock().unwrap());
        let count = timers.len();
        drop(timers);
        self.tell.send(count).unwrap();
    }
}

#[test]
fn a_waker_may_drop_a_hundred_timers() {
    loop {
        let (tell, heard) = mpsc::channel();
        let dropper = Arc::new(DropTimers { timers: Mutex::new(Vec::new()), tell });
        let due = Instant::now() + ms(30);
        let mut all = dropper.timers.lock().unwrap();
        for n in 0..100 {
            // Some due together with the one that drops them, some much later.
            let mut timer = sleep_until(if n % 2 == 0 { due } else { due + LONG });
            let _ = poll(&mut timer, Waker::noop());
            all.push(timer);
        }
        drop(all);
        let mut first = sleep_until(due);
        // Else the machine is so slow that they are due before they are set: once more.
        if poll(&mut first, &dropper.into()).is_pending() {
            assert_eq!(heard.recv_timeout(LONG), Ok(100));
            break;
        }
    }
    sleep(ms(1)).block();
}

#[test]
fn timers_may_be_dropped_anywhere_while_they_fire() {
    const THREADS: usize = 8;
    let begin = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|n| {
            let begin = begin.clone();
            thread::spawn(move || {
                begin.wait();
                for round in 0..200 {
                    let due = Duration::from_micros(((n * 31 + round * 17) % 1_500) as u64);
                    let mut timers: Vec<_> = (0..20).map(|_| sleep(due)).collect();
                    for timer in &mut timers {
                        let _ = poll(timer, Waker::noop());
                    }
                    // By now some are due, some are about to be, some are not.
                    timers.truncate(round % 20);
                    sleep(due / 4).block();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_sleep_moves_between_threads() {
    fn check<T: Send + Sync + Unpin>(_: &T) {}
    let mut timer = sleep(ms(5));
    check(&timer);
    let deadline = timer.deadline().unwrap();
    let _ = poll(&mut timer, Waker::noop());
    thread::spawn(move || timer.block()).join().unwrap();
    assert!(Instant::now() >= deadline);
}
