//! The hot paths, one at a time: `instructions NAME N` walks one of them N times, on one worker. Without
//! arguments it prints the names.
//!
//! `.ci/instructions` runs this below valgrind, each path with two numbers of times; the difference is what
//! the path costs, without the start and the end of the program. Instructions do not depend on what else the
//! machine does, as times do.

#![forbid(unsafe_code)]

use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use rustroutines::select::Select;
use std::process::ExitCode;

/// A path, walked so many times.
type Path = fn(usize) -> RoutineHandle<()>;

/// The paths, by name.
const PATHS: [(&str, Path); 17] = [
    ("try_send_try_recv/bounded", |n| go!(try_send_try_recv(bounded_channel(128), n))),
    ("try_send_try_recv/unbounded", |n| go!(try_send_try_recv(unbounded_channel(), n))),
    ("send_recv/bounded", |n| go!(send_recv(bounded_channel(128), n))),
    ("send_recv/unbounded", |n| go!(send_recv(unbounded_channel(), n))),
    ("one_to_one/bounded", |n| go!(one_to_one(bounded_channel(128), n))),
    ("one_to_one/unbounded", |n| go!(one_to_one(unbounded_channel(), n))),
    ("one_to_one/unbuffered", |n| go!(one_to_one(channel(), n))),
    ("round_trip/unbuffered", |n| go!(round_trip(n))),
    ("broadcast", |n| go!(broadcast(n))),
    ("select/ready_of_3", |n| go!(select_ready(n))),
    ("select/default_of_2", |n| go!(select_default(n))),
    ("select/waiting_for_2", |n| go!(select_waiting(n))),
    ("select/put_together_of_10", |n| go!(select_put_together(n))),
    ("spawn_join/one_by_one", |n| go!(spawn_join(n))),
    ("spawn_join/burst", |n| go!(spawn_burst(n))),
    ("yield", |n| go!(yields(n))),
    ("timer/create_cancel", |n| go!(timers(n))),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, times)) = arguments.first().zip(arguments.get(1)) else {
        PATHS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let path = PATHS.iter().find(|(known, _)| known == name);
    let (Some((_, path)), Ok(times)) = (path, times.parse()) else {
        eprintln!("usage: instructions [NAME TIMES]");
        return ExitCode::from(2);
    };
    let runtime =
        RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).expect("a worker can be started");
    let path = *path;
    runtime
        .spawn(move || suspend!(move { path(times).join() }))
        .join()
        .block()
        .and_then(|ended| ended)
        .expect("no path panics");
    ExitCode::SUCCESS
}

/// Nobody waits, and nothing is ever asked whether it suspends.
#[routine]
fn try_send_try_recv((tx, rx): (Sender<usize>, Receiver<usize>), n: usize) {
    for value in 0..n {
        tx.try_send(value).expect("there is room");
        assert_eq!(rx.try_recv(), Ok(value));
    }
}

/// The same by operations, of which none has to wait.
#[routine]
fn send_recv((tx, rx): (Sender<usize>, Receiver<usize>), n: usize) {
    for value in 0..n {
        tx.send(value).expect("the receiver is here");
        assert_eq!(rx.recv(), Ok(value));
    }
}

/// One sends, another receives, and each waits for the other where it must.
#[routine]
fn one_to_one((tx, rx): (Sender<usize>, Receiver<usize>), n: usize) {
    let sender = go!(move || for value in 0..n {
        tx.send(value).expect("the receiver is here");
    });
    let mut expected = 0..n;
    for value in rx {
        assert_eq!(Some(value), expected.next());
    }
    assert_eq!(expected.len(), 0);
    sender.join().expect("the sender does not panic");
}

#[routine]
fn round_trip(n: usize) {
    let (tx, rx) = channel();
    let (back_tx, back) = channel();
    let echo = go!(move || for value in rx {
        let _ = back_tx.send(value);
    });
    for value in 0..n {
        tx.send(value).expect("the echo is here");
        assert_eq!(back.recv(), Ok(value));
    }
    drop(tx);
    echo.join().expect("the echo does not panic");
}

#[routine]
fn broadcast(n: usize) {
    let (tx, rx) = broadcast_channel(128);
    for value in 0..n {
        tx.send(value).expect("the receiver is here");
        assert_eq!(rx.recv(), Ok(value));
    }
}

#[routine]
fn select_ready(n: usize) {
    let channels = [(); 3].map(|()| bounded_channel::<usize>(8));
    let [(a_tx, a), (b_tx, b), (c_tx, c)] = &channels;
    for tx in [a_tx, b_tx, c_tx] {
        (0..4).for_each(|value| tx.try_send(value).expect("there is room"));
    }
    for _ in 0..n {
        let (tx, value) = select! {
            value = a.recv() => (a_tx, value),
            value = b.recv() => (b_tx, value),
            value = c.recv() => (c_tx, value),
        };
        tx.try_send(value.expect("the sender is here")).expect("it has just been taken");
    }
}

#[routine]
fn select_default(n: usize) {
    let (_a_tx, a) = channel::<usize>();
    let (_b_tx, b) = channel::<usize>();
    for _ in 0..n {
        select! {
            _ = a.recv() => unreachable!(),
            _ = b.recv() => unreachable!(),
            default => {},
        }
    }
}

#[routine]
fn select_waiting(n: usize) {
    let (a_tx, a) = channel::<usize>();
    let (b_tx, b) = channel::<usize>();
    let sender = go!(move || for value in 0..n {
        let tx = if value % 2 == 0 { &a_tx } else { &b_tx };
        tx.send(value).expect("the receiver is here");
    });
    for value in 0..n {
        let received = select! {
            value = a.recv() => value,
            value = b.recv() => value,
        };
        assert_eq!(received, Ok(value));
    }
    sender.join().expect("the sender does not panic");
}

#[routine]
fn select_put_together(n: usize) {
    let channels: Vec<_> = (0..10).map(|_| bounded_channel::<usize>(1)).collect();
    let mut select = Select::new();
    for (_, rx) in &channels {
        select.case(|| rx.recv(), |value| value);
    }
    for value in 0..n {
        channels[value % 10].0.try_send(value).expect("there is room");
        assert_eq!(select.wait().value, Ok(value));
    }
}

#[routine]
fn spawn_join(n: usize) {
    for value in 0..n {
        assert_eq!(go!(move || value).join().expect("it does not panic"), value);
    }
}

/// A thousand at a time; one of them counts.
#[routine]
fn spawn_burst(n: usize) {
    let mut handles = Vec::with_capacity(1_000);
    for _ in 0..n.div_ceil(1_000) {
        handles.extend((0..1_000).map(|value| go!(move || value)));
        for handle in handles.drain(..) {
            handle.join().expect("it does not panic");
        }
    }
}

/// Two take turns.
#[routine]
fn yields(n: usize) {
    let other = go!(move || for _ in 0..n / 2 {
        yield_now();
    });
    for _ in 0..n / 2 {
        yield_now();
    }
    other.join().expect("it does not panic");
}

/// As a timeout that is not needed.
#[routine]
fn timers(n: usize) {
    let (tx, rx) = bounded_channel(1);
    for value in 0..n {
        let received = timeout(Duration::from_secs(10), || {
            suspend!({
                yield_now();
                tx.send(value).expect("the receiver is here");
                rx.recv()
            })
        });
        assert_eq!(received, Ok(Ok(value)));
    }
}
