use rustroutines::channel::Receiver;
use rustroutines::{routine, select};

#[routine]
fn wait(rx: &Receiver<u32>) -> u32 {
    select! {
        v = rx.recv() => break v,
        default => return "nothing",
    }
}

fn question_mark(rx: &Receiver<u32>) -> u32 {
    select! {
        v = rx.recv() => v?,
    }
}

fn main() {}
