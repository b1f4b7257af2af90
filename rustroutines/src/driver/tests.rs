//! Threads that park at one driver, with real time and under the model checker.

use super::*;
use crate::platform::clock;
use std::task::Wake;

/// A waker that calls a closure.
struct Call<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(call: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Call(call)))
}

#[cfg(not(any(loom, shuttle)))]
mod real {
    use super::*;
    use crate::platform::sync::Mutex;
    use crate::platform::thread;
    use std::sync::mpsc::{self, Receiver};
    use std::time::Duration;

    /// Longer than any of these tests may take on the slowest machine.
    const LONG: Duration = Duration::from_secs(60);

    /// Waits until a condition holds that another thread is about to make true.
    fn wait_for(condition: impl Fn() -> bool) {
        let begin = clock::now();
        while !condition() {
            assert!(begin.elapsed() < LONG, "it never came true");
            thread::yield_now();
        }
    }

    /// A thread that parks once, and tells what `park` answered.
    fn park_once(driver: &Arc<Driver>) -> (Arc<Parker>, Receiver<bool>) {
        let parker = Arc::new(Parker::new());
        let (tell, told) = mpsc::channel();
        let (driver, own) = (driver.clone(), parker.clone());
        std::thread::spawn(move || tell.send(driver.park(&own)));
        (parker, told)
    }

    #[test]
    fn a_parked_thread_fires_at_the_deadline_and_never_before() {
        let driver = Driver::new(usize::MAX);
        let (tell, told) = mpsc::channel();
        let deadlines: Vec<_> = [7, 1, 3, 0, 12].map(|ms| clock::now() + Duration::from_millis(ms)).into();
        for &deadline in &deadlines {
            let tell = tell.clone();
            driver.insert(deadline, waker(move || tell.send((deadline, clock::now())).unwrap())).unwrap();
        }
        let parker = Arc::new(Parker::new());
        while driver.timers() > 0 {
            assert!(!driver.park(&parker), "nobody unparked it");
        }
        drop(tell);
        let fired: Vec<_> = told.iter().collect();
        assert_eq!(fired.len(), deadlines.len());
        assert!(fired.iter().all(|(deadline, at)| at >= deadline), "early");
        assert!(fired.is_sorted_by_key(|(deadline, _)| *deadline), "out of order");
        assert_eq!(driver.next_deadline(), None);
    }

    #[test]
    fn a_new_earlier_timer_interrupts_the_parked_keeper() {
        let driver = Arc::new(Driver::new(usize::MAX));
        let far = driver.insert(clock::now() + 100 * LONG, waker(|| panic!("much too early"))).unwrap();
        let (_, told) = park_once(&driver);
        wait_for(|| driver.timers.armed() != 0);
        let (tell, fired) = mpsc::channel();
        driver
            .insert(clock::now() + Duration::from_millis(2), waker(move || tell.send(()).unwrap()))
            .unwrap();
        fired.recv_timeout(LONG).expect("slept through");
        assert!(!told.recv_timeout(LONG).unwrap());
        assert!(driver.cancel(far));
        assert!(!driver.cancel(far), "only once");
    }

    #[test]
    fn the_role_goes_to_a_sleeper_when_the_keeper_gets_work() {
        let driver = Arc::new(Driver::new(usize::MAX));
        let (first, first_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().keeper.is_some());
        let (second, second_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().sleepers.len() == 1);

        first.unpark();
        assert!(first_told.recv_timeout(LONG).unwrap());
        // The first thread is busy now for as long as it likes.
        assert!(driver.watch.lock().is_keeper(&second));
        let (tell, fired) = mpsc::channel();
        driver
            .insert(clock::now() + Duration::from_millis(2), waker(move || tell.send(()).unwrap()))
            .unwrap();
        fired.recv_timeout(LONG).expect("slept through");
        assert!(!second_told.recv_timeout(LONG).unwrap());
        assert!(driver.watch.lock().keeper.is_none());
    }

    #[test]
    fn a_keeper_that_is_away_for_a_moment_has_it_kept_for_itself_unless_one_is_appointed() {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.set_monitored(true);
        let (parker, own) = (Arc::new(Parker::new()), driver.clone());
        let first = parker.clone();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(own.park_watched(&parker, false)));
        wait_for(|| driver.watch.lock().keeper.is_some());
        let (second, second_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().sleepers.len() == 1);
        first.unpark();
        assert!(told.recv_timeout(LONG).unwrap());
        assert!(driver.watch.lock().keeper.is_none());
        driver.keep_time(false);
        assert!(driver.watch.lock().keeper.is_none(), "there is nothing to keep");
        let (tell, fired) = mpsc::channel();
        driver
            .insert(clock::now() + Duration::from_millis(2), waker(move || tell.send(()).unwrap()))
            .unwrap();
        driver.keep_time(false);
        fired.recv_timeout(LONG).expect("slept through");
        assert!(!second_told.recv_timeout(LONG).unwrap());
        driver.keep_time(false);
        assert!(!driver.watch.lock().is_keeper(&second), "nobody is parked");
    }

    /// The system has suspended the keeper, on the point of firing a timer: here a waker stands for that.
    #[test]
    fn a_keeper_that_does_not_come_is_replaced_and_keeps_again_after_its_heir() {
        let driver = Arc::new(Driver::new(usize::MAX));
        let (held_tell, held) = mpsc::channel();
        let (resume, resumed) = mpsc::channel::<()>();
        let resumed = Mutex::new(resumed);
        let stuck = waker(move || {
            held_tell.send(()).unwrap();
            resumed.lock().recv_timeout(LONG).expect("nobody goes on");
        });
        let (first, first_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().is_keeper(&first));
        let (second, second_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().sleepers.len() == 1);
        driver.insert(clock::now(), stuck).unwrap();
        held.recv_timeout(LONG).expect("the keeper fires");
        assert!(driver.watch.lock().is_keeper(&first), "it has not come back");

        let (tell, fired) = mpsc::channel();
        let due = waker(move || tell.send(()).unwrap());
        driver.insert(clock::now(), due.clone()).unwrap();
        driver.keep_time(false);
        assert!(driver.watch.lock().is_keeper(&first), "nothing is overdue");
        driver.keep_time(true);
        fired.recv_timeout(LONG).expect("slept through");
        assert!(!second_told.recv_timeout(LONG).unwrap());
        assert!(!driver.watch.lock().is_keeper(&second), "it is not parked");
        assert!(driver.watch.lock().is_keeper(&first), "nobody else sleeps");
        resume.send(()).unwrap();
        assert!(!first_told.recv_timeout(LONG).unwrap());
        let watch = driver.watch.lock();
        assert!(watch.keeper.is_none() && watch.sleepers.is_empty());
    }

    #[test]
    fn a_keeper_is_not_replaced_where_nobody_else_sleeps() {
        let driver = Arc::new(Driver::new(usize::MAX));
        let (only, told) = park_once(&driver);
        wait_for(|| driver.watch.lock().is_keeper(&only));
        driver.insert(clock::now() + 100 * LONG, waker(|| panic!("much too early"))).unwrap();
        driver.keep_time(true);
        assert!(driver.watch.lock().is_keeper(&only));
        only.unpark();
        assert!(told.recv_timeout(LONG).unwrap());
    }

    #[test]
    fn beside_brisk_workers_nobody_sleeps_in_the_queue() {
        let driver = Arc::new(Driver::new(usize::MAX));
        driver.set_monitored(true);
        driver.set_brisk(true);
        assert!(!driver.watch.lock().brisk, "there are no sources");
        let socket = mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _source = source::Registered::new(&driver, socket, false).unwrap();
        driver.set_brisk(true);
        let (parker, own) = (Arc::new(Parker::new()), driver.clone());
        let (tell, told) = mpsc::channel();
        let first = parker.clone();
        std::thread::spawn(move || tell.send(own.park_watched(&first, true)));
        wait_for(|| driver.watch.lock().sleepers.len() == 1);
        assert!(driver.watch.lock().keeper.is_none());
        // The last of them does keep: who is awake when it parks is told so.
        let (last, last_told) = park_once(&driver);
        wait_for(|| driver.watch.lock().is_keeper(&last));
        last.unpark();
        assert!(last_told.recv_timeout(LONG).unwrap());
        assert!(driver.watch.lock().is_keeper(&parker), "one that is not watched hands the role on");
        parker.unpark();
        assert!(told.recv_timeout(LONG).unwrap());
    }

    #[test]
    fn a_busy_thread_fires_by_polling() {
        let driver = Driver::new(usize::MAX);
        assert_eq!(driver.poll(), 0);
        let (tell, fired) = mpsc::channel();
        driver
            .insert(clock::now() + Duration::from_millis(1), waker(move || tell.send(()).unwrap()))
            .unwrap();
        wait_for(|| driver.poll() == 1);
        assert_eq!(fired.try_recv(), Ok(()));
    }

    #[test]
    fn a_waker_may_cancel_change_and_make_timers() {
        let driver = Arc::new(Driver::new(usize::MAX));
        let soon = clock::now();
        let keys = Arc::new(Mutex::new(Vec::new()));
        let inner = (driver.clone(), keys.clone());
        let (tell, fired) = mpsc::channel();
        driver
            .insert(
                soon,
                waker(move || {
                    let (driver, keys) = &inner;
                    let keys: Vec<TimerKey> = std::mem::take(&mut keys.lock());
                    assert!(driver.set_waker(keys[100], &waker(|| {})));
                    assert_eq!(keys[..100].iter().filter(|&&key| driver.cancel(key)).count(), 100);
                    let tell = tell.clone();
                    driver.insert(soon, waker(move || tell.send(()).unwrap())).unwrap();
                }),
            )
            .unwrap();
        let late = clock::now() + LONG;
        keys.lock()
            .extend((0..101).map(|_| driver.insert(late, waker(|| panic!("it was cancelled"))).unwrap()));
        wait_for(|| {
            driver.poll();
            fired.try_recv().is_ok()
        });
        assert_eq!(driver.timers(), 1);
    }

    #[test]
    fn a_waker_that_is_dropped_may_use_the_driver() {
        struct OnDrop(Arc<Driver>);
        impl Wake for OnDrop {
            fn wake(self: Arc<Self>) {}
        }
        impl Drop for OnDrop {
            fn drop(&mut self) {
                self.0.insert(clock::now() + LONG, Waker::noop().clone()).unwrap();
            }
        }
        let driver = Arc::new(Driver::new(usize::MAX));
        let entry = || Waker::from(Arc::new(OnDrop(driver.clone())));
        let key = driver.insert(clock::now() + LONG, entry()).unwrap();
        assert!(driver.set_waker(key, &entry()), "drops the first");
        assert!(driver.cancel(key), "drops the second");
        driver.insert(clock::now(), entry()).unwrap();
        wait_for(|| driver.poll() == 1);
        assert_eq!(driver.timers(), 3);
    }

    #[test]
    fn a_waker_that_panics_concerns_no_other() {
        let driver = Driver::new(usize::MAX);
        let (tell, fired) = mpsc::channel();
        let soon = clock::now();
        for n in 0..3 {
            let tell = tell.clone();
            driver
                .insert(
                    soon,
                    waker(move || {
                        assert_ne!(n, 1, "this panic belongs to the test");
                        tell.send(n).unwrap();
                    }),
                )
                .unwrap();
        }
        wait_for(|| driver.poll() == 3);
        assert_eq!(fired.try_iter().collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn timers_that_make_timers_leave_room_for_other_things() {
        fn again(driver: Arc<Driver>) {
            let soon = clock::now() - Duration::from_millis(1);
            driver.clone().insert(soon, waker(move || again(driver.clone()))).unwrap();
        }
        let driver = Arc::new(Driver::new(usize::MAX));
        (0..10).for_each(|_| again(driver.clone()));
        wait_for(|| driver.poll() > 0);
        assert_eq!(driver.timers(), 10, "each made another, and `poll` returned all the same");
        driver.timers.clear();
    }
}

#[cfg(loom)]
mod model;
