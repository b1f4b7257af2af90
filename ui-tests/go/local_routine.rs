use rustroutines::channel::Receiver;
use rustroutines::{go, routine};
use std::rc::Rc;

#[routine(local)]
fn count(rx: Receiver<u32>) -> usize {
    let shared = Rc::new(1);
    drop(rx.recv());
    *shared
}

fn main() {
    let (_, rx) = rustroutines::channel::bounded_channel(1);
    go!(count(rx));
}
