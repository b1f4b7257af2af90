use rustroutines::channel::{Receiver, Sender};
use rustroutines::select;

fn arrows(rx: &Receiver<u32>, tx: &Sender<u32>) {
    select! {
        v <- rx => drop(v),
        <-rx => {}
        tx <- 1 => {}
    }
}

fn words(rx: &Receiver<u32>) {
    select! {
        case v = rx.recv() => drop(v),
        let v = rx.recv() => drop(v),
        case v := <-rx: drop(v),
        case default: {}
    }
}

fn colons(rx: &Receiver<u32>) {
    select! {
        v := rx.recv() => drop(v),
        v = rx.recv(): drop(v),
        default: {}
    }
}

fn main() {}
