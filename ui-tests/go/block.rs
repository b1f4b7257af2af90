use rustroutines::{Suspend, go, routine};

#[routine]
fn work(n: u32) -> u32 {
    n
}

fn main() {
    go!(work(1).block());
}
