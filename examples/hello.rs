//! Routines and a channel, in a few lines.
//!
//! ```text
//! cargo run --release --example hello
//! ```

use rustroutines::prelude::*;

#[routine]
fn greet(name: &str, times: u32, greetings: Sender<String>) -> Result<(), SendError<String>> {
    for n in 1..=times {
        greetings.send(format!("hello from {name}, {n} of {times}"))?; // waits until it is taken
        yield_now(); // lets the others have a turn
    }
    Ok(())
}

#[routine]
fn main() {
    let (tx, rx) = channel();
    go!(greet("one routine", 3, tx.clone()));
    go!(greet("another", 3, tx));

    // Ends when both are done: then nobody is left who could send.
    for greeting in rx {
        println!("{greeting}");
    }
    println!("that is all");
}
