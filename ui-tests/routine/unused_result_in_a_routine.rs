#![deny(unused_must_use)]
use rustroutines::channel::Sender;
use rustroutines::routine;

fn plain() -> Result<u32, String> {
    Ok(1)
}

#[routine]
fn save() -> Result<u32, String> {
    plain()
}

#[routine]
fn forgets(tx: &Sender<u32>) {
    plain();
    save();
    tx.send(1);
    Some(1).map(|n| n + 1);
}

#[routine(blocking)]
fn forgets_by_blocking(tx: &Sender<u32>) {
    plain();
    save();
    tx.send(1);
}

fn main() {}
