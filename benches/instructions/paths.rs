//! The hot paths, by name. Each is a routine that walks it so many times, on one worker.

use rustroutines::prelude::*;
use rustroutines::select::Select;

/// A path, walked so many times.
pub(crate) type Path = fn(usize) -> RoutineHandle<()>;

/// The paths, by name.
pub(crate) const PATHS: [(&str, Path); 25] = [
    ("try_send_try_recv/bounded", |n| go!(try_send_try_recv(bounded_channel(128), n))),
    ("try_send_try_recv/unbounded", |n| go!(try_send_try_recv(unbounded_channel(), n))),
    ("send_recv/bounded", |n| go!(send_recv(bounded_channel(128), n))),
    ("send_recv/unbounded", |n| go!(send_recv(unbounded_channel(), n))),
    ("one_to_one/bounded", |n| go!(one_to_one(bounded_channel(128), n))),
    ("one_to_one/unbounded", |n| go!(one_to_one(unbounded_channel(), n))),
    ("one_to_one/unbuffered", |n| go!(one_to_one(channel(), n))),
    ("round_trip/unbuffered", |n| go!(round_trip(n))),
    ("mpsc_4/bounded", |n| go!(several(bounded_channel(128), 4, 1, n))),
    ("mpmc_4x4/bounded", |n| go!(several(bounded_channel(128), 4, 4, n))),
    ("ring_of_8", |n| go!(ring(n))),
    ("channel_made/unbuffered", |n| go!(made(channel, n))),
    ("channel_made/bounded", |n| go!(made(|| bounded_channel(16), n))),
    ("channel_made/unbounded", |n| go!(made(unbounded_channel, n))),
    ("broadcast", |n| go!(broadcast(n))),
    ("select/ready_of_3", |n| go!(select_ready(n))),
    ("select/default_of_2", |n| go!(select_default(n))),
    ("select/waiting_for_2", |n| go!(select_waiting(n))),
    ("select/waiting_for_10", |n| go!(select_waiting_for_10(n))),
    ("select/put_together_of_10", |n| go!(select_put_together(n))),
    ("spawn_join/one_by_one", |n| go!(spawn_join(n))),
    ("spawn_join/burst", |n| go!(spawn_burst(n))),
    ("skynet", |n| go!(skynet(n))),
    ("yield", |n| go!(yields(n))),
    ("timer/create_cancel", |n| go!(timers(n))),
];

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

/// Several send, several receive.
#[routine]
fn several((tx, rx): (Sender<usize>, Receiver<usize>), senders: usize, receivers: usize, n: usize) {
    let senders: Vec<_> = (0..senders)
        .map(|sender| {
            let (tx, share) = (tx.clone(), n / senders + usize::from(sender < n % senders));
            go!(move || for value in 0..share {
                tx.send(value).expect("the receivers are here");
            })
        })
        .collect();
    drop(tx);
    let receivers: Vec<_> = (0..receivers)
        .map(|_| {
            let rx = rx.clone();
            go!(move || {
                let mut count = 0;
                for _ in rx {
                    count += 1;
                }
                count
            })
        })
        .collect();
    drop(rx);
    let mut count = 0;
    for receiver in receivers {
        count += receiver.join().expect("no receiver panics");
    }
    assert_eq!(count, n);
    for sender in senders {
        sender.join().expect("no sender panics");
    }
}

/// A token that eight hand on; a hop counts.
#[routine]
fn ring(n: usize) {
    let (first, mut before) = channel();
    let (done_tx, done) = channel();
    for member in 0..8 {
        let (mut tx, rx) = channel();
        let from = std::mem::replace(&mut before, rx);
        if member == 7 {
            tx = first.clone();
        }
        let done = done_tx.clone();
        go!(move || for left in from {
            if left == 0 {
                done.send(()).expect("the end is waited for");
                break;
            }
            // Whoever ends takes the others along, one after another.
            if tx.send(left - 1).is_err() {
                break;
            }
        });
    }
    first.send(n).expect("the ring is here");
    done.recv().expect("the token goes round");
}

/// Made, and dropped.
#[routine]
fn made(make: fn() -> (Sender<usize>, Receiver<usize>), n: usize) {
    for _ in 0..n {
        let (tx, rx) = make();
        assert!(!tx.is_closed() && rx.is_empty());
    }
}

#[routine]
fn select_waiting_for_10(n: usize) {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..10).map(|_| channel::<usize>()).unzip();
    let sender = go!(move || for value in 0..n {
        txs[value % 10].send(value).expect("the receiver is here");
    });
    for value in 0..n {
        let received = select! {
            value = rxs[0].recv() => value,
            value = rxs[1].recv() => value,
            value = rxs[2].recv() => value,
            value = rxs[3].recv() => value,
            value = rxs[4].recv() => value,
            value = rxs[5].recv() => value,
            value = rxs[6].recv() => value,
            value = rxs[7].recv() => value,
            value = rxs[8].recv() => value,
            value = rxs[9].recv() => value,
        };
        assert_eq!(received, Ok(value));
    }
    sender.join().expect("the sender does not panic");
}

/// Trees of a thousand leaves; a leaf counts.
#[routine]
fn skynet(n: usize) {
    for _ in 0..n.div_ceil(1_000) {
        let (tx, rx) = channel();
        go!(sky(tx, 0, 1_000));
        assert_eq!(rx.recv(), Ok(999 * 1_000 / 2));
    }
}

#[routine(boxed)]
fn sky(parent: Sender<usize>, number: usize, size: usize) {
    let mut sum = number;
    if size > 1 {
        let (tx, rx) = channel();
        for child in 0..10 {
            go!(sky(tx.clone(), number + child * (size / 10), size / 10));
        }
        sum = 0;
        for _ in 0..10 {
            sum += rx.recv().expect("the children are here");
        }
    }
    parent.send(sum).expect("the parent is here");
}
