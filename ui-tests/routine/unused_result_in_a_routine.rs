#![deny(unused_must_use)]
use rustroutines::routine;

fn plain() -> Result<u32, String> {
    Ok(1)
}

#[routine]
fn save() -> Result<u32, String> {
    plain()
}

#[routine]
fn forgets() {
    plain();
    save();
    Some(1).map(|n| n + 1);
}

fn main() {}
