use rustroutines::routine;

#[routine(boxed = true)]
fn assigned() {}

#[routine(local(thread))]
fn listed() {}

fn main() {}
