use rustroutines::channel::Receiver;
use rustroutines::select;

fn wait(rx: &Receiver<u32>) {
    select! {
        v: Result<u32, _> = rx.recv() => drop(v),
        v = rx.recv() -> drop(v),
        v = rx.recv() { drop(v) }
        _ => {}
    }
}

fn separators(rx: &Receiver<u32>) {
    select! {
        v = rx.recv() => drop(v);
        v = rx.recv() => ,
        default => {}
    }
}

fn main() {}
