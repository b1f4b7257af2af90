//! The limit of timers: exact, told to whoever is refused, and nobody else hears of it.

mod support;

use rustroutines::channel::{after, tick};
use rustroutines::error::{JoinError, RecvError, Timeout};
use rustroutines::io::net::UdpSocket;
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::testing::Simulation;
use rustroutines::time::{Sleep, now};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use support::{eventually, within_limit};

const HOUR: Duration = Duration::from_secs(3_600);

fn poll(sleep: &mut Sleep, waker: &Waker) -> Poll<()> {
    Pin::new(sleep).poll(&mut Context::from_waker(waker))
}

fn at_most(timers: usize) -> RustRoutineRuntime {
    RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2).max_timers(timers)).unwrap()
}

fn sleeper(runtime: &RustRoutineRuntime) -> RoutineHandle<()> {
    let before = runtime.stats();
    let handle = runtime.spawn(|| sleep(HOUR));
    eventually("it has its timer, or is refused one", || {
        let stats = runtime.stats();
        stats.timers > before.timers || stats.refused_timers > before.refused_timers
    });
    handle
}

fn is_refused<T: std::fmt::Debug>(result: Result<T, JoinError>, limit: usize) {
    let Err(JoinError::Panicked(panic)) = result else { panic!("{result:?}") };
    let text = format!("the limit of {limit} timers is reached; raise `max_timers`");
    assert!(panic.message().starts_with(&text), "{panic}");
}

#[test]
fn so_many_and_not_one_more() {
    within_limit(|| {
        let runtime = at_most(3);
        let mut sleepers: Vec<_> = (0..3).map(|_| sleeper(&runtime)).collect();
        for refused in 1..=2 {
            is_refused(sleeper(&runtime).join().block(), 3);
            let stats = runtime.stats();
            assert_eq!((stats.timers, stats.refused_timers), (3, refused));
        }
        // One that goes makes room for one.
        sleepers.pop().unwrap().abort();
        eventually("it is gone", || runtime.stats().timers == 2);
        sleepers.push(sleeper(&runtime));
        is_refused(sleeper(&runtime).join().block(), 3);
        let stats = runtime.stats();
        assert_eq!((stats.timers, stats.refused_timers, stats.alive), (3, 3, 3));
    });
}

#[test]
fn what_needs_no_timer_works_beyond_it() {
    within_limit(|| {
        let runtime = at_most(0);
        let done = runtime.spawn(|| {
            suspend!({
                sleep(Duration::ZERO);
                sleep_until(Instant::now() - HOUR);
                assert_eq!(timeout(Duration::ZERO, || sleep(Duration::MAX)), Err(Timeout));
                let (tx, rx) = bounded_channel(1);
                tx.send_timeout(7, HOUR).unwrap();
                assert_eq!(rx.recv_timeout(HOUR), Ok(7));
                assert!(after(Duration::ZERO).recv().is_ok());
            })
        });
        done.join().block().unwrap();
        assert_eq!(runtime.stats().refused_timers, 0);
    });
}

#[test]
fn everything_that_waits_with_a_limit_of_time_is_told() {
    within_limit(|| {
        let runtime = at_most(0);
        let (_tx, rx) = channel::<u32>();
        let other = rx.clone();
        is_refused(runtime.spawn(move || suspend!(move { rx.recv_timeout(HOUR).ok() })).join().block(), 0);
        let selects = runtime.spawn(move || {
            suspend!(move {
                select! {
                    value = other.recv() => value.ok(),
                    timeout(HOUR) => None,
                }
            })
        });
        is_refused(selects.join().block(), 0);
        is_refused(runtime.spawn(|| suspend!(move { after(HOUR).recv().ok() })).join().block(), 0);
        is_refused(runtime.spawn(|| suspend!({ tick(HOUR).recv().ok() })).join().block(), 0);
        let socket = runtime.spawn(|| {
            suspend!({
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.set_read_deadline(Some(Instant::now() + HOUR));
            })
        });
        is_refused(socket.join().block(), 0);
        let stats = runtime.stats();
        assert_eq!((stats.refused_timers, stats.timers, stats.alive), (5, 0, 0));
    });
}

/// Takes two timers when its own fires.
struct Greedy(Mutex<Vec<Sleep>>);

impl Wake for Greedy {
    fn wake(self: Arc<Self>) {
        for _ in 0..2 {
            let mut sleep = sleep(HOUR);
            assert!(poll(&mut sleep, Waker::noop()).is_pending());
            self.0.lock().unwrap().push(sleep);
        }
    }
}

#[test]
fn a_ticker_that_gets_no_further_timer_ends_after_its_last_tick() {
    const PERIOD: Duration = Duration::from_millis(10);
    Simulation::new(1).max_timers(2).run(|| {
        suspend!({
            let greedy = Arc::new(Greedy(Mutex::default()));
            let mut first = plain!(sleep_until(now() + PERIOD));
            assert!(plain!(poll(&mut first, &Waker::from(greedy.clone()))).is_pending());
            // Due at the same tick, after the other.
            let ticks = tick(PERIOD);
            assert!(ticks.recv().is_ok());
            assert_eq!(ticks.recv(), Err(RecvError));
            greedy.0.lock().unwrap().clear();
            assert!(tick(PERIOD).recv().is_ok(), "there is room again");
        })
    });
}
