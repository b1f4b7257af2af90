//! What runs tasks.

use super::{Runtime, workers};
use rustroutines::prelude::*;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

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
    async fn read(path: PathBuf) -> Vec<u8> {
        rustroutines::io::fs::read(path).await.expect("it can be read")
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        Self::spawn(task).join().block().unwrap()
    }
}

pub(crate) struct Tokio;

static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build().unwrap()
});

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
    async fn read(path: PathBuf) -> Vec<u8> {
        tokio::fs::read(path).await.expect("it can be read")
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        TOKIO.block_on(TOKIO.spawn(task)).unwrap()
    }
}

pub(crate) struct Smol;

/// `smol::spawn` has one worker unless an environment variable says otherwise; this has them all.
static SMOL: LazyLock<smol::Executor<'static>> = LazyLock::new(|| {
    for _ in 0..workers() {
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
    fn detach(handle: smol::Task<()>) {
        handle.detach();
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
    async fn read(path: PathBuf) -> Vec<u8> {
        smol::fs::read(path).await.expect("it can be read")
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        // Not `smol::block_on`: this thread shall not do the workers' work.
        smol::future::block_on(SMOL.spawn(task))
    }
}

/// may: coroutines with a stack of their own, in blocking style. Stacks are of its default size; it keeps as many
/// of them for the next coroutines as there ever are at a time, as its documentation advises for many.
pub(crate) struct May;

/// The stack of the coroutine in which a whole workload runs, in words.
const STACK: usize = 0x2_0000;

impl Runtime for May {
    const NAME: &'static str = "may";
    /// Each stack is a mapping of its own, of which Linux allows a process 65,530, and has a guard page.
    const AT_MOST: u64 = 10_000;
    type Handle<T: Send + 'static> = may::coroutine::JoinHandle<T>;

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T> {
        may::go!(move || at_once(task))
    }
    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> T {
        handle.join().unwrap()
    }
    async fn yield_now() {
        may::coroutine::yield_now();
    }
    async fn sleep(time: Duration) {
        may::coroutine::sleep(time);
    }
    async fn read(path: PathBuf) -> Vec<u8> {
        // It has no files of its own.
        std::fs::read(path).expect("it can be read")
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        may::config().set_workers(workers()).set_pool_capacity(Self::AT_MOST as usize);
        may::go_with!(STACK, move || at_once(task)).unwrap().join().unwrap()
    }
}

/// The system's threads, of which there are as many as there are tasks.
pub(crate) struct Threads;

impl Runtime for Threads {
    const NAME: &'static str = "std";
    const AT_MOST: u64 = 5_000;
    type Handle<T: Send + 'static> = std::thread::JoinHandle<T>;

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T> {
        std::thread::spawn(move || at_once(task))
    }
    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> T {
        handle.join().unwrap()
    }
    async fn yield_now() {
        std::thread::yield_now();
    }
    async fn sleep(time: Duration) {
        std::thread::sleep(time);
    }
    async fn read(path: PathBuf) -> Vec<u8> {
        std::fs::read(path).expect("it can be read")
    }
    fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        Self::spawn(task).join().unwrap()
    }
}

/// Runs a task that blocks where others would wait.
fn at_once<T>(task: impl Future<Output = T>) -> T {
    match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it blocks instead"),
    }
}
