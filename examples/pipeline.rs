//! A pipeline: a source, a pool of workers, and a sink that puts the results back in order.
//!
//! ```text
//! cargo run --release --example pipeline
//! ```
//!
//! The channels are bounded, so a slow stage holds up the one before it. Each stage ends when its
//! input is closed, and so closes its output: the end runs through the pipeline by itself.

use rustroutines::prelude::*;
use std::collections::BTreeMap;

/// A number and how many steps it takes to get to 1, by Collatz's rule.
struct Answer {
    number: u64,
    steps: u32,
}

/// The source: the numbers below `end`.
#[routine]
fn numbers(end: u64, out: Sender<u64>) -> Result<(), SendError<u64>> {
    for number in 1..end {
        out.send(number)?;
    }
    Ok(())
}

/// One worker of the pool.
#[routine]
fn count_steps(numbers: Receiver<u64>, answers: Sender<Answer>) -> Result<(), SendError<Answer>> {
    for number in numbers {
        let steps = collatz(number); // a plain function: called as it is
        answers.send(Answer { number, steps })?;
    }
    Ok(())
}

fn collatz(mut number: u64) -> u32 {
    let mut steps = 0;
    while number != 1 {
        number = if number % 2 == 0 { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

#[routine]
fn main() -> Result<(), JoinError> {
    const END: u64 = 100_000;
    let (numbers_tx, numbers_rx) = bounded_channel(64);
    let (answers_tx, answers) = bounded_channel(64);

    let source = go!("source", numbers(END, numbers_tx));
    let workers: Vec<_> = (0..4).map(|_| go!(count_steps(numbers_rx.clone(), answers_tx.clone()))).collect();
    drop((numbers_rx, answers_tx));

    // The workers overtake one another: what comes too early is kept until its turn.
    let mut early = BTreeMap::new();
    let mut next = 1;
    let mut record = 0;
    for Answer { number, steps } in answers {
        early.insert(number, steps);
        while let Some(steps) = early.remove(&next) {
            if steps > record {
                record = steps;
                println!("{next:>6} takes {steps} steps");
            }
            next += 1;
        }
    }
    assert_eq!(next, END);

    source.join()?.expect("the workers take every number");
    for result in join_all(workers) {
        result?.expect("the sink takes every answer");
    }
    Ok(())
}
