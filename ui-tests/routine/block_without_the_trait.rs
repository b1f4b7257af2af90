use rustroutines::routine;

#[routine]
fn one() -> u32 {
    1
}

fn main() {
    one().block();
}
