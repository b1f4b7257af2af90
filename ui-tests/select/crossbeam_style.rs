use rustroutines::channel::{Receiver, Sender};
use rustroutines::select;
use std::time::Duration;

fn wait(rx: &Receiver<u32>, tx: &Sender<u32>) {
    select! {
        recv(rx) -> v => drop(v),
        send(tx, 1) -> sent => drop(sent),
        rx -> v => drop(v),
        rx.recv() -> v => drop(v),
        default(Duration::from_secs(1)) => {}
    }
}

fn main() {}
