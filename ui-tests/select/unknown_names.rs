use rustroutines::channel::Receiver;
use rustroutines::{routine, select};

#[routine]
fn wait(rx: &Receiver<u32>) {
    select! {
        v = missing.recv() => drop(v),
        v = rx.receive() => drop(v),
        v = rx.recv() => w,
    }
}

fn main() {}
