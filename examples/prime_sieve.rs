//! The prime sieve that every introduction to Go has: a chain of filters, one routine for each prime.
//!
//! ```text
//! cargo run --release --example prime_sieve -- [HOW MANY]
//! ```

use rustroutines::prelude::*;
use std::process::ExitCode;

/// Sends 2, 3, 4, … until nobody listens.
#[routine]
fn generate(out: Sender<u64>) {
    for number in 2.. {
        if out.send(number).is_err() {
            return;
        }
    }
}

/// Passes on what `prime` does not divide.
#[routine]
fn filter(numbers: Receiver<u64>, out: Sender<u64>, prime: u64) {
    for number in numbers {
        if number % prime != 0 && out.send(number).is_err() {
            return;
        }
    }
}

#[routine]
fn main() -> ExitCode {
    let how_many: usize = match std::env::args().nth(1).map_or(Ok(100), |text| text.parse()) {
        Ok(number) => number,
        Err(error) => {
            eprintln!("usage: prime_sieve [HOW MANY]: {error}");
            return ExitCode::from(2);
        }
    };
    let (tx, mut numbers) = channel();
    go!(generate(tx));
    for _ in 0..how_many {
        // What comes through all the filters is prime.
        let prime = numbers.recv().expect("the numbers do not end");
        println!("{prime}");
        let (tx, rest) = channel();
        go!(filter(numbers, tx, prime));
        numbers = rest;
    }
    // `numbers` goes, the last filter finds nobody listening, and so on up to the source.
    ExitCode::SUCCESS
}
