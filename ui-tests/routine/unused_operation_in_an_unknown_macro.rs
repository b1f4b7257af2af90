#![deny(unused_must_use)]
use rustroutines::routine;

macro_rules! twice {
    ($call:expr) => {
        $call;
        $call;
    };
}

#[routine]
fn save(n: u32) {
    let _ = n;
}

#[routine]
fn save_twice() {
    twice!(save(1));
}

fn main() {}
