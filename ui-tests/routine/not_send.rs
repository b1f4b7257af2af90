use rustroutines::routine;
use std::rc::Rc;

#[routine]
fn pause() {}

#[routine]
fn holds_an_rc() -> usize {
    let shared = Rc::new(1);
    pause();
    *shared
}

fn main() {}
