use rustroutines::{plain, routine};

#[routine]
fn one() -> u32 {
    1
}

#[routine]
fn two() -> u32 {
    plain!(one()) + 1
}

fn main() {}
