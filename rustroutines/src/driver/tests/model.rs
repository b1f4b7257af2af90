//! Threads that park at one driver, in every order.

use super::*;
use crate::platform::atomic::{AtomicBool, Ordering};
use loom::thread::JoinHandle;

/// A source that nothing ever happens to. Gives its number.
fn source(driver: &Driver) -> usize {
    driver.seat(&Arc::new(Readiness::new(false))).unwrap()
}

/// Two threads that park, each as `park` says, and their parkers.
fn two<R: 'static>(
    driver: &Arc<Driver>,
    park: impl Fn(&Driver, &Arc<Parker>) -> R + Copy + Send + 'static,
) -> ([Arc<Parker>; 2], [JoinHandle<R>; 2]) {
    let parkers = [(); 2].map(|()| Arc::new(Parker::new()));
    let threads = parkers.clone().map(|parker| {
        let driver = driver.clone();
        loom::thread::spawn(move || park(&driver, &parker))
    });
    (parkers, threads)
}

/// A timer is inserted while the only thread parks. Its deadline has passed already: the model has
/// no clock, and what is at stake is whether the keeper looks. If nobody is roused, or arming
/// reads the tick and notes it in two steps, this hangs.
#[test]
fn a_timer_inserted_while_the_keeper_parks_is_not_slept_through() {
    loom::model(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        let fired = Arc::new(AtomicBool::new(false));
        let inserter = loom::thread::spawn({
            let (driver, fired) = (driver.clone(), fired.clone());
            move || {
                driver.insert(past(), waker(move || fired.store(true, Ordering::Relaxed))).unwrap();
            }
        });
        assert!(!driver.park(&Arc::new(Parker::new())), "nobody unparks it");
        assert!(fired.load(Ordering::Relaxed));
        inserter.join().unwrap();
    });
}

/// Two threads park; one of them gets work and never looks at the time again, while a timer is
/// inserted. The other one must fire it. Without the hand-over in `leave` this hangs.
#[test]
fn the_role_is_handed_on_while_a_timer_is_inserted() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        let (parkers, threads) = two(&driver, |driver, parker| driver.park(parker));
        let done = Arc::new(Parker::new());
        parkers[0].unpark();
        driver.insert(past(), Waker::from(done.clone())).unwrap();
        done.park();
        parkers[1].unpark();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Two threads park where there is a queue; one is unparked while it waits there, or before, or as the
/// other's heir. Without the bell, or if a parker that is away is not told, this hangs.
#[test]
fn whoever_waits_in_the_queue_is_unparked() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.io.start().unwrap();
        source(&driver);
        let (parkers, threads) = two(&driver, |driver, parker| {
            assert!(driver.park(parker), "there are no events");
        });
        parkers[0].unpark();
        parkers[1].unpark();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A busy thread looks into the queue while another comes to wait there and is unparked: it may hear the
/// bell that was rung for the other. Hangs where the other does not ask, when it waits alone, whether it is
/// still to wait.
#[test]
fn who_looks_in_passing_swallows_no_bell() {
    loom::model(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.io.start().unwrap();
        source(&driver);
        let parker = Arc::new(Parker::new());
        let (waits, own) = (driver.clone(), parker.clone());
        let thread = loom::thread::spawn(move || waits.park(&own));
        let busy = loom::thread::spawn({
            let driver = driver.clone();
            move || driver.io.poll()
        });
        parker.unpark();
        assert!(thread.join().unwrap());
        busy.join().unwrap();
    });
}

/// The first source comes while a thread parks: it must come to wait at the queue, where it hears of events.
/// Hangs where nobody rouses it, or where it looks for sources before it has been under `watch`.
#[test]
fn a_keeper_that_parks_before_there_is_a_source_goes_to_the_queue() {
    loom::model(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        let parker = Arc::new(Parker::new());
        let (waits, own) = (driver.clone(), parker.clone());
        let thread = loom::thread::spawn(move || waits.park(&own));
        driver.io.start().unwrap();
        source(&driver);
        driver.io.bell().unwrap().ring_until_heard();
        parker.unpark();
        assert!(thread.join().unwrap());
    });
}

/// The last source goes and another comes, while a thread waits at the queue, and is made to leave it.
#[test]
fn a_keeper_that_leaves_the_queue_goes_back_to_it() {
    loom::model(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.io.start().unwrap();
        let first = source(&driver);
        let parker = Arc::new(Parker::new());
        let (waits, own) = (driver.clone(), parker.clone());
        let thread = loom::thread::spawn(move || waits.park(&own));
        driver.io.forget(first);
        driver.leave_queue();
        source(&driver);
        driver.io.bell().unwrap().ring_until_heard();
        parker.unpark();
        assert!(thread.join().unwrap());
    });
}

/// A watched worker leaves without an heir, and the monitor makes the other one the keeper.
#[test]
fn the_monitor_appoints_a_sleeper() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.set_monitored(true);
        let (parkers, threads) = two(&driver, |driver, parker| driver.park_watched(parker, false));
        parkers[0].unpark();
        let done = Arc::new(Parker::new());
        driver.insert(past(), Waker::from(done.clone())).unwrap();
        driver.set_monitored(false);
        done.park();
        parkers[1].unpark();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// The keeper is away, and never comes back; a sleeper is appointed while a timer is inserted. If the
/// appointed one were not roused, this would hang.
#[test]
fn a_sleeper_is_appointed_while_a_timer_is_inserted() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.set_monitored(true);
        let parkers = [(); 2].map(|()| Arc::new(Parker::new()));
        let (first, second) = (parkers[0].clone(), parkers[1].clone());
        let away = loom::thread::spawn({
            let (driver, done) = (driver.clone(), Arc::new(Parker::new()));
            move || {
                driver.park_watched(&first, false);
                driver.insert(past(), Waker::from(done.clone())).unwrap();
                // The monitor's look.
                driver.keep_time(false);
                // Nobody else was parked yet: then whoever parks after this keeps the time.
                done.park();
            }
        });
        let sleeps = loom::thread::spawn({
            let driver = driver.clone();
            move || driver.park(&second)
        });
        parkers[0].unpark();
        assert!(!sleeps.join().unwrap(), "nobody unparked it");
        away.join().unwrap();
    });
}

/// The keeper is replaced, because it does not come, while it comes all the same, and timers are inserted. Its
/// heir is not watched, and leaves. Hangs where the former keeper is forgotten, and so keeps nothing when the
/// heir has left.
#[test]
fn who_was_replaced_keeps_after_its_heir() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        let (parkers, threads) = two(&driver, |driver, parker| driver.park(parker));
        // It comes never, so that whoever keeps goes on keeping.
        let key = driver.insert(future(), Waker::noop().clone()).unwrap();
        driver.keep_time(true);
        parkers[1].unpark();
        let done = Arc::new(Parker::new());
        driver.insert(past(), Waker::from(done.clone())).unwrap();
        done.park();
        parkers[0].unpark();
        for thread in threads {
            thread.join().unwrap();
        }
        driver.cancel(key);
    });
}

/// A worker parks beside a brisk one, which makes a timer and is stuck: the monitor finds nobody brisk any
/// more. Hangs where that appoints nobody, or where the worker forgets to ask under the lock.
#[test]
fn who_parks_beside_a_brisk_worker_keeps_when_that_one_is_stuck() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.io.start().unwrap();
        source(&driver);
        driver.set_monitored(true);
        driver.set_brisk(true);
        let (own, parker) = (driver.clone(), Arc::new(Parker::new()));
        let thread = loom::thread::spawn(move || own.park_watched(&parker, true));
        let done = Arc::new(Parker::new());
        driver.insert(past(), Waker::from(done.clone())).unwrap();
        driver.set_brisk(false);
        done.park();
        assert!(!thread.join().unwrap(), "nobody unparked it");
    });
}

/// An instant that is not due as long as a model runs.
fn future() -> clock::Instant {
    clock::now() + std::time::Duration::from_secs(100_000)
}

/// An instant that is due from the first tick on.
fn past() -> clock::Instant {
    clock::now() - std::time::Duration::from_secs(1)
}
