use rustroutines::{Suspend, routine};

#[routine]
fn twice<O: Suspend<Output = u32>>(make: fn() -> O) -> u32 {
    make() + make()
}

fn main() {}
