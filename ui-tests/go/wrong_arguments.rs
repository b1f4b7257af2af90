use rustroutines::{go, routine};

#[routine]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn main() {
    go!(add(1));
}
