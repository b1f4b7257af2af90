#![deny(unused_must_use)]
use rustroutines::routine;

#[routine]
fn save(n: u32) {
    let _ = n;
}

#[routine]
fn save_all() {
    [1, 2].iter().for_each(|n| {
        save(*n);
    });
}

fn main() {}
