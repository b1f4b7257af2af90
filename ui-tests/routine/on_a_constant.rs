use rustroutines::routine;

#[routine]
const LIMIT: u32 = 3;

#[routine]
mod tools {}

fn main() {}
