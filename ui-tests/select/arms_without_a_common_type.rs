use rustroutines::channel::Receiver;
use rustroutines::{routine, select};
use std::time::Duration;

#[routine]
fn wait(rx: &Receiver<u32>) {
    let n = select! {
        n = rx.recv() => n,
        timeout(Duration::from_secs(1)) => 0,
    };
    drop(n);
}

fn main() {}
