//! A closure between its operation and the pool, with real threads and under the model checker.

use super::*;

#[cfg(not(any(loom, shuttle)))]
mod real {
    use super::*;
    use crate::driver::parker::Parker;
    use crate::platform::clock;
    use std::sync::mpsc;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(60);

    fn pool() -> Arc<BlockingPool> {
        Arc::new(BlockingPool::new(1, LONG, "test"))
    }

    /// Polls on this pool until there is a value.
    fn finish<T: Send + 'static>(mut operation: BlockOnIo<T>, pool: &Arc<BlockingPool>) -> T {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        loop {
            let mut cx = Context::from_waker(&waker);
            if let Poll::Ready(value) = operation.poll_on(|| pool.clone(), &mut cx) {
                return value;
            }
            assert!(parker.park_until(Some(clock::now() + LONG)), "never woken");
        }
    }

    fn poll_once<T: Send + 'static>(operation: &mut BlockOnIo<T>, pool: &Arc<BlockingPool>) -> Poll<T> {
        operation.poll_on(|| pool.clone(), &mut Context::from_waker(Waker::noop()))
    }

    /// Keeps the pool's only thread busy until what it returns is dropped.
    fn occupy(pool: &BlockingPool) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let wait = move || {
            let _ = released.recv();
        };
        assert!(pool.submit(Box::new(wait)).is_ok());
        release
    }

    #[test]
    fn dropped_before_it_began_it_never_runs() {
        let pool = pool();
        let occupied = occupy(&pool);
        let held = Arc::new(());
        let inner = held.clone();
        let mut operation = block_on_io(move || unreachable!("it was cancelled, with {inner:?}"));
        assert!(poll_once::<()>(&mut operation, &pool).is_pending());
        drop(operation);
        assert_eq!(Arc::strong_count(&held), 1, "the closure is dropped at once");
        drop(occupied);
        assert_eq!(finish(block_on_io(|| 5), &pool), 5);
    }

    #[test]
    fn what_no_thread_has_begun_with_is_finished_here() {
        let pool = pool();
        let occupied = occupy(&pool);
        let here = std::thread::current().id();
        let mut operation = block_on_io(|| std::thread::current().id());
        assert!(poll_once(&mut operation, &pool).is_pending());
        assert_eq!(operation.finish(), here);
        assert_eq!(block_on_io(|| std::thread::current().id()).finish(), here);
        drop(occupied);
        assert_eq!(finish(block_on_io(|| 5), &pool), 5);
    }

    #[test]
    fn what_a_thread_has_begun_with_is_waited_for() {
        let pool = pool();
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let mut operation = block_on_io(move || {
            begun.send(()).unwrap();
            let _ = released.recv();
            std::thread::current().id()
        });
        assert!(poll_once(&mut operation, &pool).is_pending());
        has_begun.recv_timeout(LONG).unwrap();
        let releaser = std::thread::spawn(move || drop(release));
        assert_ne!(operation.finish(), std::thread::current().id());
        releaser.join().unwrap();
    }

    #[test]
    fn dropped_after_it_began_it_runs_to_its_end_and_its_value_is_dropped() {
        struct Tell(mpsc::Sender<&'static str>);
        impl Drop for Tell {
            fn drop(&mut self) {
                self.0.send("dropped").unwrap();
            }
        }
        let pool = pool();
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let mut operation = block_on_io(move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
            tell.send("finished").unwrap();
            Tell(tell)
        });
        assert!(poll_once(&mut operation, &pool).is_pending());
        has_begun.recv_timeout(LONG).unwrap();
        drop(operation);
        release.send(()).unwrap();
        assert_eq!(told.recv_timeout(LONG), Ok("finished"));
        assert_eq!(told.recv_timeout(LONG), Ok("dropped"));
    }

    #[test]
    fn rejected_by_a_shutdown_it_runs_in_place() {
        let pool = pool();
        let occupied = occupy(&pool);
        let here = std::thread::current().id();
        let mut operation = block_on_io(|| std::thread::current().id());
        assert!(poll_once(&mut operation, &pool).is_pending());
        pool.shut_down(false);
        assert_eq!(finish(operation, &pool), here, "taken back from the queue");
        assert_eq!(finish(block_on_io(|| std::thread::current().id()), &pool), here, "not accepted");
        drop(occupied);
    }

    #[test]
    #[should_panic(expected = "of the closure")]
    fn a_panic_goes_on_in_who_waits() {
        finish(block_on_io(|| panic!("of the closure")), &pool());
    }

    #[test]
    fn the_operation_is_send_and_unpin_whatever_the_closure_is() {
        fn check(_: impl Send + Unpin) {}
        check(block_on_io(|| std::cell::Cell::new(1)));
    }
}

#[cfg(loom)]
mod model {
    use super::*;
    use crate::driver::parker::Parker;

    /// A thread runs the job while the operation is polled to its end.
    #[test]
    fn a_completion_reaches_the_poll() {
        loom::model(|| {
            let cell = Arc::new(Cell::new(Box::new(|| 7)));
            let job = Job::new(cell.clone());
            let other = loom::thread::spawn(move || job.run());
            assert_eq!(wait(&cell).ok(), Some(7));
            other.join().unwrap();
        });
    }

    /// The pool drops the job while the operation is polled to its end.
    #[test]
    fn a_rejection_reaches_the_poll() {
        loom::model(|| {
            let cell = Arc::new(Cell::new(Box::new(|| 7)));
            let job = Job::new(cell.clone());
            let other = loom::thread::spawn(move || drop(job));
            assert_eq!(wait(&cell).ok(), Some(7));
            other.join().unwrap();
        });
    }

    /// The operation is dropped while the job runs: the value is dropped once, here or there.
    #[test]
    fn an_abandoned_value_is_dropped_exactly_once() {
        loom::model(|| {
            let value = Arc::new(());
            let held = value.clone();
            let cell = Arc::new(Cell::new(Box::new(move || held)));
            let job = Job::new(cell.clone());
            let other = loom::thread::spawn(move || job.run());
            let _ = cell.poll(&mut Context::from_waker(Waker::noop()));
            cell.abandon();
            other.join().unwrap();
            assert_eq!(Arc::strong_count(&value), 1);
        });
    }

    fn wait<T>(cell: &Cell<T>) -> Outcome<T> {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        loop {
            if let Poll::Ready(outcome) = cell.poll(&mut Context::from_waker(&waker)) {
                return outcome;
            }
            parker.park();
        }
    }
}
