use rustroutines::routine;

#[routine(local, boxed, local)]
fn twice() {}

fn main() {}
