//! `select!`: the first of several things that may happen, with a limit of time.
//!
//! ```text
//! cargo run --release --example select_timeout
//! ```

use rustroutines::prelude::*;

/// Answers after a while.
#[routine]
fn server(name: &'static str, delay: Duration, answers: Sender<&'static str>) {
    sleep(delay);
    // Where nobody waits for the answer any more, that is no error of ours.
    let _ = answers.send(name);
}

/// The first of two servers to answer, unless both take too long.
#[routine]
fn ask(fast: Duration, slow: Duration, limit: Duration) -> Option<&'static str> {
    let (fast_tx, from_fast) = channel();
    let (slow_tx, from_slow) = channel();
    let servers = [go!(server("the fast one", fast, fast_tx)), go!(server("the slow one", slow, slow_tx))];
    let answer = select! {
        name = from_fast.recv() => name.ok(),
        name = from_slow.recv() => name.ok(),
        timeout(limit) => None,
    };
    for server in servers {
        server.abort(); // nobody listens any more
    }
    answer
}

#[routine]
fn main() {
    let (short, long, very_long) =
        (Duration::from_millis(10), Duration::from_secs(10), Duration::from_secs(20));

    let answer = ask(short, long, very_long);
    println!("first to answer: {}", answer.unwrap_or("nobody"));

    let answer = ask(long, very_long, short);
    println!("first to answer in {short:?}: {}", answer.unwrap_or("nobody"));

    // A select that never waits, and one that prefers its first arm.
    let (tx, rx) = bounded_channel(2);
    let mut log = Vec::new();
    for round in 1..=4 {
        select! {
            biased;
            sent = tx.send(round), if round < 3 => {
                sent.expect("we hold the receiver");
                log.push(format!("sent {round}"));
            },
            received = rx.recv() => log.push(format!("received {}", received.expect("we hold the sender"))),
            default => log.push("nothing to do".to_owned()),
        }
    }
    println!("{}", log.join(", "));
}
