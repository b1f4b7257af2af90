use rustroutines::routine;

#[routine(boxed)]
#[test]
fn test() {}

#[routine(local)]
fn main() {}
