use rustroutines::routine;

#[routine]
fn collect() -> u32 {
    1
}

fn main() {}
