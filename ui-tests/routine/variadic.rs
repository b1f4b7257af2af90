use rustroutines::routine;

#[routine]
unsafe extern "C" fn print(format: u8, rest: ...) {}

fn main() {}
