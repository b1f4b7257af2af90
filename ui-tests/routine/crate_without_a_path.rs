use rustroutines::routine;

#[routine(crate)]
fn without() {}

#[routine(crate = "rustroutines")]
fn with_a_text() {}

fn main() {}
