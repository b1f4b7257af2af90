//! The channels, those of each library side by side.

use super::{Capacity, Channel, May, Ours, Smol, ThreadChannel, Threads, Tokio};
use rustroutines::prelude::*;

impl Channel for Ours {
    const NAME: &'static str = "rustroutines";
    type Runtime = Ours;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Sender<u64>, Receiver<u64>)> {
        <Ours as ThreadChannel>::make(capacity)
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

    fn make(capacity: Capacity) -> Option<(Sender<u64>, Receiver<u64>)> {
        Some(match capacity {
            Capacity::Unbuffered => channel(),
            Capacity::Bounded(capacity) => bounded_channel(capacity),
            Capacity::Unbounded => unbounded_channel(),
        })
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
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

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        Some(match capacity {
            Capacity::Unbuffered => kanal::bounded(0),
            Capacity::Bounded(capacity) => kanal::bounded(capacity),
            Capacity::Unbounded => kanal::unbounded(),
        })
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
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
        <Flume as ThreadChannel>::make(capacity)
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

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        Some(match capacity {
            Capacity::Unbuffered => flume::bounded(0),
            Capacity::Bounded(capacity) => flume::bounded(capacity),
            Capacity::Unbounded => flume::unbounded(),
        })
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
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

/// may's channels, none of which has a bound.
impl Channel for May {
    const NAME: &'static str = "may";
    type Runtime = May;
    type Sender = may::sync::mpsc::Sender<u64>;
    type Receiver = may::sync::mpsc::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        matches!(capacity, Capacity::Unbounded).then(may::sync::mpsc::channel)
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
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

/// The channels of the standard library, between threads.
pub(crate) struct Std;

/// Those without a bound have a sender of another type.
#[derive(Clone)]
pub(crate) enum StdSender {
    Bounded(std::sync::mpsc::SyncSender<u64>),
    Unbounded(std::sync::mpsc::Sender<u64>),
}

impl Channel for Std {
    const NAME: &'static str = "std";
    type Runtime = Threads;
    type Sender = StdSender;
    type Receiver = std::sync::mpsc::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        <Std as ThreadChannel>::make(capacity)
    }
    async fn send(sender: &Self::Sender, value: u64) -> bool {
        <Std as ThreadChannel>::send(sender, value)
    }
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
    fn try_send(sender: &Self::Sender, value: u64) -> bool {
        match sender {
            StdSender::Bounded(sender) => sender.try_send(value).is_ok(),
            StdSender::Unbounded(sender) => sender.send(value).is_ok(),
        }
    }
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.try_recv().ok()
    }
    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }
}

impl ThreadChannel for Std {
    const NAME: &'static str = "std";
    type Sender = StdSender;
    type Receiver = std::sync::mpsc::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        let bounded = |capacity| {
            let (sender, receiver) = std::sync::mpsc::sync_channel(capacity);
            (StdSender::Bounded(sender), receiver)
        };
        Some(match capacity {
            Capacity::Unbuffered => bounded(0),
            Capacity::Bounded(capacity) => bounded(capacity),
            Capacity::Unbounded => {
                let (sender, receiver) = std::sync::mpsc::channel();
                (StdSender::Unbounded(sender), receiver)
            }
        })
    }
    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }
    fn send(sender: &Self::Sender, value: u64) -> bool {
        match sender {
            StdSender::Bounded(sender) => sender.send(value).is_ok(),
            StdSender::Unbounded(sender) => sender.send(value).is_ok(),
        }
    }
    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

/// crossbeam-channel, for threads only.
pub(crate) struct Crossbeam;

impl ThreadChannel for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    type Sender = crossbeam_channel::Sender<u64>;
    type Receiver = crossbeam_channel::Receiver<u64>;

    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)> {
        Some(match capacity {
            Capacity::Unbuffered => crossbeam_channel::bounded(0),
            Capacity::Bounded(capacity) => crossbeam_channel::bounded(capacity),
            Capacity::Unbounded => crossbeam_channel::unbounded(),
        })
    }
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }
    fn send(sender: &Self::Sender, value: u64) -> bool {
        sender.send(value).is_ok()
    }
    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}
