use rustroutines::channel::{Sender, unbounded_channel};
use rustroutines::{go, routine};

#[routine]
fn work(n: u32, results: Sender<u32>) {
    drop(results.send(n));
}

fn main() {
    let (tx, rx) = unbounded_channel();
    for n in 0..3 {
        go!(work(n, tx));
    }
    drop(rx);
}
