use rustroutines::routine;

#[routine(lokal)]
fn near() {}

#[routine(threads = 4)]
fn far() {}

fn main() {}
