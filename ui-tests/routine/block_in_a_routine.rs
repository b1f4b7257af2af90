use rustroutines::channel::Receiver;
use rustroutines::{Suspend, routine};

#[routine]
fn one() -> u32 {
    1
}

#[routine]
fn add_one(rx: &Receiver<u32>) -> u32 {
    let received = rx.recv().block().unwrap();
    received + one().block()
}

fn main() {}
