//! The libraries that are compared, behind traits that are as thin as can be.
//!
//! - [`runtimes`]: what runs tasks.
//! - [`channels`]: the channels that tasks use, and those that threads use.

#![allow(dead_code, reason = "each benchmark that includes this file uses a part of it")]

mod channels;
mod runtimes;

#[allow(unused_imports, reason = "the same")]
pub(crate) use self::{channels::*, runtimes::*};

use std::path::PathBuf;
use std::time::Duration;

/// Short runs: differences that a longer run would show are below what the machine's moods make.
pub(crate) fn config() -> criterion::Criterion {
    criterion::Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

/// So many workers each contestant has: as many as there are processors, unless the variable by which ours is
/// told says otherwise.
pub(crate) fn workers() -> usize {
    match std::env::var("RUSTROUTINES_WORKERS") {
        Ok(number) => number.parse().expect("a number of workers"),
        Err(_) => std::thread::available_parallelism().expect("a machine has processors").get(),
    }
}

/// What runs tasks, on so many [`workers`].
///
/// Those that block (threads, coroutines with a stack of their own) do so inside these methods, and poll each
/// task once.
pub(crate) trait Runtime: 'static {
    const NAME: &'static str;
    /// Of whatever is made a million times, this one has so many instead: a thread is dear.
    const AT_MOST: u64 = u64::MAX;
    type Handle<T: Send + 'static>: Send;
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T>;
    fn join<T: Send + 'static>(handle: Self::Handle<T>) -> impl Future<Output = T> + Send;
    /// Lets a task go on with nobody waiting for it.
    fn detach(handle: Self::Handle<()>) {
        drop(handle);
    }
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
    /// Reads a file whole, as it is done here without keeping a worker from its work.
    fn read(path: PathBuf) -> impl Future<Output = Vec<u8>> + Send;
    /// Runs `task` on a worker and waits for it here, outside.
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T;
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

    /// The smallest channel at least as large as that: unbuffered, one value, or without a bound.
    fn smallest() -> (Self::Sender, Self::Receiver) {
        Self::make(Capacity::Unbuffered).unwrap_or_else(|| Self::nearest(1))
    }
    /// A channel for so many values; without a bound where there are no others.
    fn nearest(capacity: usize) -> (Self::Sender, Self::Receiver) {
        let bounded = Self::make(Capacity::Bounded(capacity));
        bounded.or_else(|| Self::make(Capacity::Unbounded)).expect("everyone has a channel")
    }
}

/// A channel between threads.
pub(crate) trait ThreadChannel: 'static {
    const NAME: &'static str;
    type Sender: Clone + Send + 'static;
    type Receiver: Send + 'static;
    /// `None` where it has no such channel.
    fn make(capacity: Capacity) -> Option<(Self::Sender, Self::Receiver)>;
    /// `None` where a channel has one receiver only.
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver>;
    fn send(sender: &Self::Sender, value: u64) -> bool;
    fn recv(receiver: &Self::Receiver) -> Option<u64>;
}
