//! What unsafe code would give where the library is behind: ours, its peer, and a twin written by hand with unsafe code
//! (`rustroutines-unsafe-floor`), in turns, in one process; medians of the rounds, and the least and the most.
//!
//! The twins' channels are measured on our runtime and on tokio: what the channel costs, and what the runtime does.
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench unsafe_floor -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod contestants;

use contestants::{Capacity, Channel, Kanal, Ours, Runtime, Tokio};
use rustroutines_unsafe_floor::{channel, task};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;
/// A measurement takes so long, at least.
const ENOUGH: Duration = Duration::from_millis(20);

/// The twin, on a runtime.
struct Floor<R>(PhantomData<R>);

impl<R: Runtime> Channel for Floor<R> {
    const NAME: &'static str = "unsafe";
    type Runtime = R;
    type Sender = channel::Sender<u64>;
    type Receiver = channel::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        match capacity {
            Capacity::Unbuffered => Some(channel::channel(0)),
            Capacity::Bounded(capacity) => Some(channel::channel(capacity)),
            Capacity::Unbounded => None,
        }
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).await;
        true
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.try_send(value).is_ok()
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv()
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }
}

/// So many operations: how long they take.
type Run = fn(u64) -> Duration;

/// A row: what, and the contestants.
type Row = (&'static str, Vec<(&'static str, Run)>);

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut rows: Vec<Row> = Vec::new();
    macro_rules! channels {
        ($($name:literal: $run:ident;)*) => {$(
            rows.push(($name, vec![
                ("rustroutines", $run::<Ours> as Run),
                ("unsafe, on rustroutines", $run::<Floor<Ours>>),
                ("unsafe, on tokio", $run::<Floor<Tokio>>),
                ("kanal, on tokio", $run::<Kanal>),
            ]));
        )*};
    }
    channels! {
        "try_send_try_recv/bounded_128": tries;
        "send_recv/bounded_128": in_and_out;
        "spsc/bounded_128": spsc_bounded;
        "spsc/unbuffered": spsc_unbuffered;
        "mpsc_4/bounded_128": mpsc_bounded;
        "mpsc_4/unbuffered": mpsc_unbuffered;
        "mpmc_4x4/bounded_128": mpmc_bounded;
        "mpmc_4x4/unbuffered": mpmc_unbuffered;
        "round_trip/unbuffered": round_trip;
    }
    rows.push(("task/one_by_one", vec![("async-task", async_tasks), ("unsafe", own_tasks)]));
    rows.retain(|(what, _)| wanted.is_empty() || wanted.iter().any(|part| what.contains(part.as_str())));
    for (what, contestants) in rows {
        let mut times = vec![Vec::new(); contestants.len()];
        for round in 0..ROUNDS {
            for turn in 0..contestants.len() {
                let index = (turn + round) % contestants.len();
                times[index].push(measure(contestants[index].1));
            }
        }
        for ((who, _), mut times) in contestants.into_iter().zip(times) {
            times.sort_by(f64::total_cmp);
            let [least, median, most] = [times[0], times[ROUNDS / 2], times[ROUNDS - 1]];
            println!("{what:32} {who:26} {median:8.1} ns ({least:.1}\u{2013}{most:.1})");
        }
    }
}

/// The nanoseconds of one.
fn measure(run: Run) -> f64 {
    let mut number = 5_000;
    loop {
        let took = run(number);
        if took >= ENOUGH {
            return took.as_nanos() as f64 / number as f64;
        }
        number *= 4;
    }
}

fn tries<C: Channel>(n: u64) -> Duration {
    let (tx, mut rx) = C::make(Capacity::Bounded(128)).expect("it has such a channel");
    let begin = Instant::now();
    for value in 0..n {
        assert!(C::try_send(&tx, value));
        assert_eq!(C::try_recv(&mut rx), Some(value));
    }
    begin.elapsed()
}

fn in_and_out<C: Channel>(n: u64) -> Duration {
    C::Runtime::run(async move {
        let (tx, mut rx) = C::make(Capacity::Bounded(128)).expect("it has such a channel");
        let begin = Instant::now();
        for value in 0..n {
            assert!(C::send(&tx, value).await);
            assert_eq!(C::recv(&mut rx).await, Some(value));
        }
        begin.elapsed()
    })
}

fn spsc_bounded<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Bounded(128), 1, 1, n)
}
fn spsc_unbuffered<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Unbuffered, 1, 1, n)
}
fn mpsc_bounded<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Bounded(128), 4, 1, n)
}
fn mpsc_unbuffered<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Unbuffered, 4, 1, n)
}
fn mpmc_bounded<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Bounded(128), 4, 4, n)
}
fn mpmc_unbuffered<C: Channel>(n: u64) -> Duration {
    flow::<C>(Capacity::Unbuffered, 4, 4, n)
}

/// From so many producers to so many consumers, until the channel is closed.
fn flow<C: Channel>(capacity: Capacity, producers: u64, consumers: u64, n: u64) -> Duration {
    C::Runtime::run(async move {
        let (tx, rx) = C::make(capacity).expect("it has such a channel");
        let each = n / producers;
        let begin = Instant::now();
        let mut receivers: Vec<_> =
            (1..consumers).map(|_| C::another(&rx).expect("it has several receivers")).collect();
        receivers.push(rx);
        let consume = |mut rx| {
            C::Runtime::spawn(async move {
                let mut sum = 0;
                while let Some(value) = C::recv(&mut rx).await {
                    sum += value;
                }
                sum
            })
        };
        let mut handles: Vec<_> = receivers.into_iter().map(consume).collect();
        for _ in 0..producers {
            let tx = tx.clone();
            handles.push(C::Runtime::spawn(async move {
                for value in 1..=each {
                    assert!(C::send(&tx, value).await);
                }
                0
            }));
        }
        drop(tx);
        let mut sum = 0;
        for handle in handles {
            sum += C::Runtime::join(handle).await;
        }
        assert_eq!(sum, producers * each * (each + 1) / 2, "values were lost or came twice");
        begin.elapsed()
    })
}

fn round_trip<C: Channel>(n: u64) -> Duration {
    C::Runtime::run(async move {
        let (tx, mut there) = C::make(Capacity::Unbuffered).expect("it has such a channel");
        let (back, mut rx) = C::make(Capacity::Unbuffered).expect("it has such a channel");
        let echo = C::Runtime::spawn(async move {
            while let Some(value) = C::recv(&mut there).await {
                C::send(&back, value).await;
            }
        });
        let begin = Instant::now();
        for value in 0..n {
            C::send(&tx, value).await;
            assert_eq!(C::recv(&mut rx).await, Some(value));
        }
        let took = begin.elapsed();
        drop(tx);
        C::Runtime::join(echo).await;
        took
    })
}

/// Counts how often it is woken, as a joiner who waits would be.
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts tasks one by one, each of which is joined before it runs.
macro_rules! tasks {
    ($name:ident, $task:ty, $spawn:path) => {
        fn $name(n: u64) -> Duration {
            static QUEUE: Mutex<VecDeque<$task>> = Mutex::new(VecDeque::new());
            let schedule: fn($task) = |task| QUEUE.lock().expect("nobody panics").push_back(task);
            let woken = std::sync::Arc::new(Woken(AtomicUsize::new(0)));
            let waker = Waker::from(woken.clone());
            let mut cx = Context::from_waker(&waker);
            let begin = Instant::now();
            for value in 0..n {
                let (task, join) = $spawn(async move { value }, schedule);
                task.schedule();
                let mut join = pin!(join);
                assert!(join.as_mut().poll(&mut cx).is_pending());
                let task = QUEUE.lock().expect("nobody panics").pop_front();
                task.expect("it has been scheduled").run();
                assert_eq!(join.as_mut().poll(&mut cx), Poll::Ready(value));
            }
            let took = begin.elapsed();
            assert_eq!(woken.0.load(Ordering::Relaxed) as u64, n);
            took
        }
    };
}
tasks!(async_tasks, async_task::Runnable, async_task::spawn);
tasks!(own_tasks, task::Runnable, task::spawn);
