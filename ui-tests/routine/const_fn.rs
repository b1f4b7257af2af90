use rustroutines::routine;

#[routine]
const fn limit() -> u32 {
    1
}

fn main() {}
