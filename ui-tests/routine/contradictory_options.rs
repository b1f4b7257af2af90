use rustroutines::routine;

#[routine(blocking, boxed)]
fn both() {}

#[routine(local, local)]
fn twice() {}

#[routine(boxed = true)]
fn valued() {}

fn main() {}
