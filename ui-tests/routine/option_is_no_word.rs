use rustroutines::routine;

#[routine("local")]
fn text() {}

#[routine(local boxed)]
fn no_comma() {}

#[routine(bloking, boxd)]
fn misspelt() {}

fn main() {}
