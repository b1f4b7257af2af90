//! I/O goes on while workers are stuck in polls.

#[path = "support/net.rs"]
mod net;

use net::{LONG, nothing_is_left, pair};
use rustroutines::io;
use rustroutines::io::net::{TcpStream, UdpSocket};
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// Stays in one poll until the flag is set.
#[routine]
fn hog(hogging: Arc<AtomicUsize>, done: Arc<AtomicBool>) {
    hogging.fetch_add(1, Ordering::SeqCst);
    let begin = Instant::now();
    while !done.load(Ordering::SeqCst) {
        assert!(begin.elapsed() < LONG, "the I/O did not go on");
        std::hint::spin_loop();
    }
}

/// Sends a byte to and fro, so that each step waits for an event.
#[routine]
fn to_and_fro(here: TcpStream, there: TcpStream, done: Arc<AtomicBool>) -> io::Result<()> {
    let echo = go!(move || {
        let mut buf = [0; 1];
        while there.read(&mut buf)? > 0 {
            there.write(&buf)?;
        }
        Ok::<_, io::Error>(())
    });
    for n in 0..20 {
        here.write(&[n])?;
        let mut buf = [0; 1];
        assert_eq!(here.read(&mut buf)?, 1);
        assert_eq!(buf[0], n);
    }
    drop(here);
    done.store(true, Ordering::SeqCst);
    echo.join().unwrap()
}

fn check(workers: usize, hogs: usize) {
    let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(workers)).unwrap();
    let (here, there) = runtime.spawn(pair).join().block().unwrap().unwrap();
    let (hogging, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let all: Vec<_> = (0..hogs)
        .map(|_| {
            let (hogging, done) = (hogging.clone(), done.clone());
            runtime.spawn(move || hog(hogging, done))
        })
        .collect();
    let begin = Instant::now();
    while hogging.load(Ordering::SeqCst) < hogs {
        assert!(begin.elapsed() < LONG);
        std::thread::yield_now();
    }
    let exchange = runtime.spawn(move || to_and_fro(here, there, done));
    all.into_iter().for_each(|hog| hog.join().block().unwrap());
    exchange.join().block().unwrap().unwrap();
    nothing_is_left(&runtime);
}

#[test]
fn all_workers_are_stuck() {
    check(1, 1);
    check(2, 2);
}

#[test]
fn one_of_two_workers_is_stuck() {
    check(2, 1);
}

#[test]
fn a_routine_blocks_its_thread_for_io() {
    let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
    let (here, there) = runtime.spawn(pair).join().block().unwrap().unwrap();
    let echo = runtime.spawn(move || {
        suspend!(move {
            let mut buf = [0; 1];
            // Plain code, in the midst of a routine.
            let mut read = || there.read(&mut buf).block();
            let mut total = 0;
            while read()? > 0 {
                total += 1;
                there.write(b"y")?;
            }
            Ok::<_, io::Error>(total)
        })
    });
    let other = runtime.spawn(move || {
        suspend!(move {
            for _ in 0..50 {
                here.write(b"x")?;
                assert_eq!(here.read(&mut [0; 1])?, 1);
            }
            Ok::<_, io::Error>(())
        })
    });
    other.join().block().unwrap().unwrap();
    assert_eq!(echo.join().block().unwrap().unwrap(), 50);
    nothing_is_left(&runtime);
}

/// Counts how often what it carries out is polled.
struct Counting<O>(Pin<Box<O>>, Arc<AtomicUsize>);

impl<O: Suspend> Future for Counting<O> {
    type Output = O::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.as_mut().poll(cx)
    }
}

impl<O: Suspend> Suspend for Counting<O> {}

#[test]
fn who_is_always_ready_lets_others_run() {
    #[routine]
    fn never_waits() -> io::Result<()> {
        let (socket, mut buf) = (UdpSocket::bind("127.0.0.1:0")?, [0; 1]);
        let address = socket.local_addr()?;
        for _ in 0..20_000 {
            assert_eq!(socket.send_to(b"x", address)?, 1);
            assert_eq!(socket.recv(&mut buf)?, 1);
        }
        Ok(())
    }
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = polls.clone();
    net::on_runtime(move || Counting(Box::pin(never_waits()), counter)).unwrap();
    let polls = polls.load(Ordering::SeqCst);
    assert!(polls > 50, "it had the worker for itself: {polls} polls");
}

#[test]
fn a_worker_that_is_busy_looks_for_events() {
    #[routine]
    fn busy(done: Arc<AtomicBool>) {
        let begin = Instant::now();
        while !done.load(Ordering::SeqCst) {
            assert!(begin.elapsed() < LONG, "nobody has looked");
            yield_now();
        }
    }
    let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
    let (here, there) = runtime.spawn(pair).join().block().unwrap().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let all: Vec<_> = (0..2)
        .map(|_| {
            let done = done.clone();
            runtime.spawn(move || busy(done))
        })
        .collect();
    runtime.spawn(move || to_and_fro(here, there, done)).join().block().unwrap().unwrap();
    all.into_iter().for_each(|busy| busy.join().block().unwrap());
    nothing_is_left(&runtime);
}
