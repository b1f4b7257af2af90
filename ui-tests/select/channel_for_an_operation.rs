use rustroutines::channel::Receiver;
use rustroutines::{Suspend, routine, select};

fn channel(rx: &Receiver<u32>) {
    select! {
        v = rx => drop(v),
    }
}

fn blocks(rx: &Receiver<u32>) {
    select! {
        v = rx.recv().block() => drop(v),
    }
}

#[routine]
fn tries(rx: &Receiver<u32>) {
    select! {
        v = rx.try_recv() => drop(v),
    }
}

fn main() {}
