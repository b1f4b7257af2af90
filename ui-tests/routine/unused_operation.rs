#![deny(unused_must_use)]
use rustroutines::routine;

#[routine]
fn save(n: u32) {
    let _ = n;
}

fn main() {
    save(1);
}
