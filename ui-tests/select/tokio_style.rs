use rustroutines::channel::Receiver;
use rustroutines::{routine, select};

#[routine]
fn wait(rx: &Receiver<u32>) {
    select! {
        v = rx.recv().await => drop(v),
        Ok(v) = rx.recv() => drop(v),
        else => {}
    }
}

fn main() {}
