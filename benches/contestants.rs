//! The libraries that are compared, behind traits that are as thin as can be: the runtimes, the
//! channels that tasks use, and the channels that threads use.

#![allow(dead_code, reason = "each benchmark that includes this file uses a part of it")]

use rustroutines::prelude::*;
use std::sync::LazyLock;
use std::time::Duration;

/// Short runs: differences that a longer run would show are below what the machine's moods make.
pub(crate) fn config() -> criterion::Criterion {
    criterion::Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

/// What runs tasks. Each has as many workers as there are processors.
pub(crate) trait Runtime: 'static {
    const NAME: &'static str;
    type Handle<T: Send + 'static>: Send;
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T>;
    fn join<T: Send + 'static>(handle: Self::Handle<T>) -> impl Future<Output = T> + Send;
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
    /// Runs `task` on a worker and waits for it here, outside.
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T;
}

pub(crate) struct Ours;

impl Runtime for Ours {
    const NAME: &'static str = "rustroutines";
    type Handle<T: Send + 'static> = RoutineHandle<T>;

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> RoutineHandle<T> {
        spawn(move || task)
    }
    async fn join<T: Send + 'static>(handle: RoutineHandle<T>) -> T {
        handle.join().await.unwrap()
    }
    async fn yield_now() {
        yield_now().await;
    }
    async fn sleep(time: Duration) {
        sleep(time).await;
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        Self::spawn(task).join().block().unwrap()
    }
}

pub(crate) struct Tokio;

static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

impl Runtime for Tokio {
    const NAME: &'static str = "tokio";
    type Handle<T: Send + 'static> = tokio::task::JoinHandle<T>;

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T> {
        tokio::spawn(task)
    }
    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> T {
        handle.await.unwrap()
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        TOKIO.block_on(TOKIO.spawn(task)).unwrap()
    }
}

pub(crate) struct Smol;

/// `smol::spawn` has one worker unless an environment variable says otherwise; this has them all.
static SMOL: LazyLock<smol::Executor<'static>> = LazyLock::new(|| {
    for _ in 0..std::thread::available_parallelism().unwrap().get() {
        std::thread::spawn(|| smol::block_on(SMOL.run(smol::future::pending::<()>())));
    }
    smol::Executor::new()
});

impl Runtime for Smol {
    const NAME: &'static str = "smol";
    type Handle<T: Send + 'static> = smol::Task<T>;

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> smol::Task<T> {
        SMOL.spawn(task)
    }
    fn join<T: Send + 'static>(handle: smol::Task<T>) -> impl Future<Output = T> + Send {
        handle
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }
    async fn sleep(time: Duration) {
        smol::Timer::after(time).await;
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        // Not `smol::block_on`: this thread shall not do the workers' work.
        smol::future::block_on(SMOL.spawn(task))
    }
}

/// How much a channel holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Capacity {
    Unbuffered,
    Bounded(usize),
    Unbounded,
}

impl Capacity {
    pub(crate) fn name(self) -> String {
        match self {
            Capacity::Unbuffered => "unbuffered".to_string(),
            Capacity::Bounded(capacity) => format!("bounded_{capacity}"),
            Capacity::Unbounded => "unbounded".to_string(),
        }
    }
}

/// A channel between tasks. `None` and `false` stand for whatever keeps a value from coming or going.
pub(crate) trait Channel: 'static {
    const NAME: &'static str;
    type Runtime: Runtime;
    type Sender: Clone + Send + Sync + 'static;
    type Receiver: Send + 'static;
    /// `None` where it has no such channel.
    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)>;
    fn send(sender: &Self::Sender, value: u64) -> impl Future<Output = bool> + Send;
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
    fn try_send(sender: &Self::Sender, value: u64) -> bool;
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64>;
    /// `None` where a channel has one receiver only.
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver>;
}

/// A channel between threads.
pub(crate) trait ThreadChannel: 'static {
    const NAME: &'static str;
    type Sender: Clone + Send + 'static;
    type Receiver: Clone + Send + 'static;
    fn make(capacity: Capacity) -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64) -> bool;
    fn recv(receiver: &Self::Receiver) -> Option<u64>;
}

impl Channel for Ours {
    const NAME: &'static str = "rustroutines";
    type Runtime = Ours;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Sender<u64>, Receiver<u64>)> {
        Some(<Ours as ThreadChannel>::make(capacity))
    }
    async fn send(sender: &Sender<u64>, value: u64) -> bool {
        sender.send(value).await.is_ok()
    }
    async fn recv(receiver: &mut Receiver<u64>) -> Option<u64> {
        receiver.recv().await.ok()
    }
    fn try_send(sender: &Sender<u64>, value: u64) -> bool {
        sender.try_send(value).is_ok()
    }
    fn try_recv(receiver: &mut Receiver<u64>) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(receiver: &Receiver<u64>) -> Option<Receiver<u64>> {
        Some(receiver.clone())
    }
}

impl ThreadChannel for Ours {
    const NAME: &'static str = "rustroutines";
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn make(capacity: Capacity) -> (Sender<u64>, Receiver<u64>) {
        match capacity {
            Capacity::Unbuffered => channel(),
            Capacity::Bounded(capacity) => bounded_channel(capacity),
            Capacity::Unbounded => unbounded_channel(),
        }
    }
    fn send(sender: &Sender<u64>, value: u64) -> bool {
        sender.send(value).block().is_ok()
    }
    fn recv(receiver: &Receiver<u64>) -> Option<u64> {
        receiver.recv().block().ok()
    }
}

impl Channel for Tokio {
    const NAME: &'static str = "tokio";
    type Runtime = Tokio;
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        match capacity {
            Capacity::Bounded(capacity) => Some(tokio::sync::mpsc::channel(capacity)),
            _ => None,
        }
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).await.is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.try_send(value).is_ok()
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }
}

/// tokio's unbounded channels have types of their own.
pub(crate) struct TokioUnbounded;

impl Channel for TokioUnbounded {
    const NAME: &'static str = "tokio";
    type Runtime = Tokio;
    type Sender = tokio::sync::mpsc::UnboundedSender<u64>;
    type Receiver = tokio::sync::mpsc::UnboundedReceiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        matches!(capacity, Capacity::Unbounded).then(tokio::sync::mpsc::unbounded_channel)
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }
}

/// kanal's channels, on tokio where tasks use them.
pub(crate) struct Kanal;

impl Channel for Kanal {
    const NAME: &'static str = "kanal";
    type Runtime = Tokio;
    type Sender = kanal::AsyncSender<u64>;
    type Receiver = kanal::AsyncReceiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        Some(match capacity {
            Capacity::Unbuffered => kanal::bounded_async(0),
            Capacity::Bounded(capacity) => kanal::bounded_async(capacity),
            Capacity::Unbounded => kanal::unbounded_async(),
        })
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).await.is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.try_send(value) == Ok(true)
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok().flatten()
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }
}

impl ThreadChannel for Kanal {
    const NAME: &'static str = "kanal";
    type Sender = kanal::Sender<u64>;
    type Receiver = kanal::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Sender, Self::Receiver) {
        match capacity {
            Capacity::Unbuffered => kanal::bounded(0),
            Capacity::Bounded(capacity) => kanal::bounded(capacity),
            Capacity::Unbounded => kanal::unbounded(),
        }
    }
    fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

/// flume's channels, on tokio where tasks use them.
pub(crate) struct Flume;

impl Channel for Flume {
    const NAME: &'static str = "flume";
    type Runtime = Tokio;
    type Sender = flume::Sender<u64>;
    type Receiver = flume::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        Some(<Flume as ThreadChannel>::make(capacity))
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send_async(value).await.is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv_async().await.ok()
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.try_send(value).is_ok()
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }
}

impl ThreadChannel for Flume {
    const NAME: &'static str = "flume";
    type Sender = flume::Sender<u64>;
    type Receiver = flume::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Sender, Self::Receiver) {
        match capacity {
            Capacity::Unbuffered => flume::bounded(0),
            Capacity::Bounded(capacity) => flume::bounded(capacity),
            Capacity::Unbounded => flume::unbounded(),
        }
    }
    fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

/// async-channel, on smol.
pub(crate) struct AsyncChannel;

impl Channel for AsyncChannel {
    const NAME: &'static str = "async-channel";
    type Runtime = Smol;
    type Sender = async_channel::Sender<u64>;
    type Receiver = async_channel::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        match capacity {
            Capacity::Unbuffered => None,
            Capacity::Bounded(capacity) => Some(async_channel::bounded(capacity)),
            Capacity::Unbounded => Some(async_channel::unbounded()),
        }
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).await.is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        sender.try_send(value).is_ok()
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }
}

/// crossbeam-channel, for threads only.
pub(crate) struct Crossbeam;

impl ThreadChannel for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    type Sender = crossbeam_channel::Sender<u64>;
    type Receiver = crossbeam_channel::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Sender, Self::Receiver) {
        match capacity {
            Capacity::Unbuffered => crossbeam_channel::bounded(0),
            Capacity::Bounded(capacity) => crossbeam_channel::bounded(capacity),
            Capacity::Unbounded => crossbeam_channel::unbounded(),
        }
    }
    fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}
