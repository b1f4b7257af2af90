//! Channels and selects know no runtime: they work under any executor and from any thread, without ours
//! ever being started. (Timers need a runtime; so nothing here has a time limit.)

use pollster::FutureExt;
use rustroutines::channel::{Receiver, Sender};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::ends;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;

/// A small executor, as anyone might write it: a queue of futures, and threads that poll what was woken.
#[derive(Clone)]
struct Executor(mpsc::Sender<Arc<Job>>);

struct Job {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queue: mpsc::Sender<Arc<Job>>,
}

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        let queue = self.queue.clone();
        // Nobody polls any more: the executor has gone.
        let _ = queue.send(self);
    }
}

impl Executor {
    fn with_threads(count: usize) -> Self {
        let (queue, jobs) = mpsc::channel::<Arc<Job>>();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..count {
            let jobs = jobs.clone();
            thread::spawn(move || {
                loop {
                    let job = jobs.lock().unwrap().recv();
                    let Ok(job) = job else { return };
                    let waker = Waker::from(job.clone());
                    let mut future = job.future.lock().unwrap();
                    if let Some(polled) = &mut *future {
                        if polled.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                            *future = None;
                        }
                    }
                }
            });
        }
        Self(queue)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let job = Job { future: Mutex::new(Some(Box::pin(future))), queue: self.0.clone() };
        self.0.send(Arc::new(job)).unwrap();
    }
}

/// No thread of ours is there.
fn no_runtime_runs() {
    let names = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    let ours: Vec<String> = names.filter(|name| name.starts_with("rustroutines")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn channels_pass_values_between_executors_and_threads() {
    ends(|| {
        let executor = Executor::with_threads(2);
        for (tx, rx) in [channel(), bounded_channel(2), unbounded_channel()] {
            let (done_tx, done) = channel();
            for id in 0..3 {
                let (rx, done): (Receiver<u32>, Sender<u32>) = (rx.clone(), done_tx.clone());
                executor.spawn(async move {
                    let mut sum = 0;
                    while let Ok(n) = rx.recv().await {
                        sum += n + id - id;
                    }
                    done.send(sum).await.unwrap();
                });
            }
            drop((rx, done_tx));
            let from_async = tx.clone();
            executor.spawn(async move {
                for n in 0..500 {
                    from_async.send(n).await.unwrap();
                }
            });
            let from_plain = tx.clone();
            let plain = thread::spawn(move || (500..1_000).for_each(|n| from_plain.send(n).block().unwrap()));
            drop(tx);
            plain.join().unwrap();
            assert_eq!(done.iter().sum::<u32>(), (0..1_000).sum());
        }
        no_runtime_runs();
    });
}

#[test]
fn selects_meet_under_another_executor() {
    ends(|| {
        let executor = Executor::with_threads(2);
        let (a_tx, a) = channel::<u32>();
        let (b_tx, b) = channel::<u32>();
        let (done_tx, done) = channel();
        for (tx, rx) in [(a_tx, b), (b_tx, a)] {
            let done = done_tx.clone();
            executor.spawn(async move {
                let (mut sent, mut received) = (0, 0);
                for n in 0..2_000 {
                    let mut select = Select::new();
                    select.send(&tx, || n, |result| result.is_ok());
                    select.recv(&rx, |result| result.is_ok());
                    let won = select.wait().await;
                    assert!(won.value);
                    if won.case() == Some(0) { sent += 1 } else { received += 1 }
                }
                done.send((sent, received)).await.unwrap();
            });
        }
        let (first, second) = (done.recv().block().unwrap(), done.recv().block().unwrap());
        assert_eq!(first, (second.1, second.0));
        no_runtime_runs();
    });
}

/// `block()` and a foreign `block_on` wait for one another.
#[test]
fn a_foreign_block_on_meets_our_own() {
    ends(|| {
        let (tx, rx) = channel();
        let (back, answers) = bounded_channel(1);
        let foreign = thread::spawn(move || {
            async move {
                let permit = back.reserve().await.unwrap();
                permit.send(rx.recv().await.unwrap() + 1).unwrap();
                rx.recv().await
            }
            .block_on()
        });
        tx.send(1).block().unwrap();
        assert_eq!(answers.recv().block(), Ok(2));
        drop(tx);
        assert_eq!(foreign.join().unwrap(), Err(RecvError));
        no_runtime_runs();
    });
}

#[test]
fn broadcasts_reach_everyone_under_another_executor() {
    ends(|| {
        let executor = Executor::with_threads(2);
        let (tx, rx) =
            rustroutines::channel::broadcast_channel_with(2, rustroutines::channel::Overflow::Wait);
        let (done_tx, done) = channel();
        for _ in 0..3 {
            let (rx, done) = (rx.clone(), done_tx.clone());
            executor.spawn(async move {
                let mut seen = Vec::new();
                while let Ok(n) = rx.recv().await {
                    seen.push(n);
                }
                done.send(seen).await.unwrap();
            });
        }
        drop((rx, done_tx));
        let sender = thread::spawn(move || (0..300).for_each(|n| assert_eq!(tx.send(n).block(), Ok(3))));
        for seen in done.iter() {
            assert!(seen.into_iter().eq(0..300));
        }
        sender.join().unwrap();
        no_runtime_runs();
    });
}
