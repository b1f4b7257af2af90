//! The pool at its limits, with real threads and under the model checker.

use super::*;

#[cfg(not(any(loom, shuttle)))]
mod real {
    use super::*;
    use crate::platform::atomic::{AtomicUsize, Ordering};
    use std::sync::Barrier;
    use std::sync::mpsc;

    /// Longer than any of these tests may take on the slowest machine.
    const LONG: Duration = Duration::from_secs(60);

    fn submit(pool: &BlockingPool, job: impl FnOnce() + Send + 'static) {
        assert!(pool.submit(Box::new(job)).is_ok(), "rejected");
    }

    fn soon() -> Option<clock::Instant> {
        Some(clock::now() + LONG)
    }

    #[test]
    fn exactly_as_many_jobs_run_at_once_as_there_may_be_threads() {
        const MAX: usize = 8;
        let pool = BlockingPool::new(MAX, LONG, "test");
        // MAX jobs can meet here only if all of them run at once.
        let meet = Arc::new(Barrier::new(MAX));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..5 * MAX {
            let (meet, now, most) = (meet.clone(), now.clone(), most.clone());
            submit(&pool, move || {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                meet.wait();
                now.fetch_sub(1, Ordering::Relaxed);
            });
        }
        pool.shut_down(true);
        assert!(pool.wait_until_gone(soon()));
        assert_eq!(most.load(Ordering::Relaxed), MAX);
    }

    #[test]
    fn one_thread_runs_everything_in_the_order_of_arrival() {
        let pool = BlockingPool::new(1, LONG, "test");
        let (tell, told) = mpsc::channel();
        for n in 0..1_000 {
            let tell = tell.clone();
            submit(&pool, move || tell.send(n).unwrap());
        }
        assert!((0..1_000).eq(told.iter().take(1_000)));
        assert_eq!((pool.threads(), pool.queued()), (1, 0));
    }

    #[test]
    fn a_waiting_thread_is_used_before_a_new_one_is_started() {
        let pool = BlockingPool::new(100, LONG, "test");
        for _ in 0..20 {
            let (tell, told) = mpsc::channel();
            submit(&pool, move || tell.send(()).unwrap());
            told.recv_timeout(LONG).unwrap();
            while pool.shared.state.lock().waiting == 0 {
                thread::yield_now();
            }
        }
        assert_eq!(pool.threads(), 1);
    }

    #[test]
    fn threads_without_work_leave_and_new_ones_come() {
        let pool = BlockingPool::new(4, Duration::from_millis(1), "test");
        for _ in 0..3 {
            let meet = Arc::new(Barrier::new(5));
            for _ in 0..4 {
                let meet = meet.clone();
                submit(&pool, move || {
                    meet.wait();
                });
            }
            meet.wait();
            assert!(pool.wait_until_gone(soon()), "{pool:?}");
        }
    }

    #[test]
    fn a_job_that_panics_costs_no_thread() {
        /// A payload whose destructor panics as well.
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("and again"));
            }
        }
        let pool = BlockingPool::new(1, LONG, "test");
        submit(&pool, || std::panic::resume_unwind(Box::new("contained")));
        submit(&pool, || std::panic::resume_unwind(Box::new(Bomb)));
        let (tell, told) = mpsc::channel();
        submit(&pool, move || tell.send(()).unwrap());
        told.recv_timeout(LONG).unwrap();
        assert_eq!(pool.threads(), 1);
    }

    #[test]
    fn threads_bear_the_name_of_the_pool() {
        let pool = BlockingPool::new(1, LONG, "pool");
        let (tell, told) = mpsc::channel();
        submit(&pool, move || tell.send(std::thread::current().name().map(String::from)).unwrap());
        assert_eq!(told.recv_timeout(LONG).unwrap().as_deref(), Some("pool-0"));
    }

    /// A pool whose next `refuse` threads are refused.
    fn refusing(max_threads: usize, refuse: usize) -> (BlockingPool, Arc<AtomicUsize>) {
        let left = Arc::new(AtomicUsize::new(refuse));
        let refuse = left.clone();
        let pool = BlockingPool::with_start(max_threads, LONG, "test".into(), move |name, run| {
            let take = |n: usize| n.checked_sub(1);
            if refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            thread::Builder::new().name(name).spawn(run).map(drop)
        });
        (pool, left)
    }

    #[test]
    fn without_any_thread_the_job_comes_back() {
        let (pool, _) = refusing(4, 2);
        for n in 0..2 {
            let (tell, told) = mpsc::channel();
            let job = pool.submit(Box::new(move || tell.send(n).unwrap())).expect_err("refused");
            assert_eq!((pool.threads(), pool.queued()), (0, 0));
            job();
            assert_eq!(told.recv(), Ok(n));
        }
        let (tell, told) = mpsc::channel();
        submit(&pool, move || tell.send(()).unwrap());
        told.recv_timeout(LONG).unwrap();
    }

    #[test]
    fn a_refused_thread_leaves_its_job_to_those_that_run() {
        let (pool, refuse) = refusing(4, 0);
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        submit(&pool, move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
        });
        has_begun.recv_timeout(LONG).unwrap();
        refuse.store(1, Ordering::Relaxed);
        let (tell, told) = mpsc::channel();
        submit(&pool, move || tell.send(()).unwrap());
        assert_eq!((pool.threads(), pool.queued()), (1, 1));
        release.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
    }

    #[test]
    fn a_draining_shutdown_runs_what_is_queued() {
        let pool = BlockingPool::new(2, LONG, "test");
        let (tell, told) = mpsc::channel();
        for n in 0..100 {
            let tell = tell.clone();
            submit(&pool, move || tell.send(n).unwrap());
        }
        pool.shut_down(true);
        assert!(pool.submit(Box::new(|| ())).is_err());
        assert!(pool.wait_until_gone(soon()));
        drop(tell);
        assert_eq!(told.iter().count(), 100);
    }

    #[test]
    fn a_rejecting_shutdown_drops_what_is_queued_and_lets_the_rest_finish() {
        let pool = BlockingPool::new(1, LONG, "test");
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (finished, has_finished) = mpsc::channel();
        submit(&pool, move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
            finished.send(()).unwrap();
        });
        has_begun.recv_timeout(LONG).unwrap();
        let queued = Arc::new(());
        let held = queued.clone();
        submit(&pool, move || unreachable!("it was rejected, with {held:?}"));
        pool.shut_down(false);
        assert_eq!(Arc::strong_count(&queued), 1, "dropped");
        assert!(!pool.wait_until_gone(Some(clock::now())), "one still runs");
        release.send(()).unwrap();
        assert!(pool.wait_until_gone(soon()));
        assert_eq!(has_finished.try_recv(), Ok(()));
    }
}

#[cfg(loom)]
mod model {
    use super::*;
    use crate::driver::parker::Parker;
    use crate::platform::atomic::{AtomicUsize, Ordering};

    fn model(f: impl Fn() + Send + Sync + 'static) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(f);
    }

    /// The thread leaves as soon as it finds nothing to do, while a second job comes. If it looked at the
    /// queue and lowered `threads` in two steps, that job would be stranded, and this would hang.
    #[test]
    fn a_thread_that_leaves_strands_no_job() {
        model(|| {
            let pool = BlockingPool::new(1, Duration::ZERO, "model");
            let dones = [(); 2].map(|()| Arc::new(Parker::new()));
            for done in dones.clone() {
                assert!(pool.submit(Box::new(move || done.unpark())).is_ok());
            }
            dones.iter().for_each(|done| done.park());
        });
    }

    /// The first job waits for the second, which comes while the thread for the first is on its way, or later.
    /// If that thread called none for it, or did so after its own job, this would hang.
    #[test]
    fn a_job_that_waits_for_another_strands_it_not() {
        model(|| {
            let pool = BlockingPool::new(2, Duration::ZERO, "model");
            let (second, done) = (Arc::new(Parker::new()), Arc::new(Parker::new()));
            let (waits, tells) = (second.clone(), done.clone());
            let first = move || {
                waits.park();
                tells.unpark();
            };
            assert!(pool.submit(Box::new(first)).is_ok());
            assert!(pool.submit(Box::new(move || second.unpark())).is_ok());
            done.park();
        });
    }

    /// Two submit at once; the system refuses the first thread. Whoever relied on it must not be forgotten.
    #[test]
    fn a_thread_that_cannot_be_started_strands_no_job() {
        model(|| {
            let refused = AtomicUsize::new(0);
            let pool =
                Arc::new(BlockingPool::with_start(1, Duration::ZERO, "model".into(), move |_, run| {
                    match refused.fetch_add(1, Ordering::Relaxed) {
                        0 => Err(io::ErrorKind::WouldBlock.into()),
                        _ => thread::Builder::new().spawn(run).map(drop),
                    }
                }));
            let dones = [(); 2].map(|()| Arc::new(Parker::new()));
            let submit = |done: Arc<Parker>| {
                let pool = pool.clone();
                move || pool.submit(Box::new(move || done.unpark())).map_or_else(|run| run(), |()| ())
            };
            let other = loom::thread::spawn(submit(dones[0].clone()));
            submit(dones[1].clone())();
            dones.iter().for_each(|done| done.park());
            other.join().unwrap();
        });
    }
}
