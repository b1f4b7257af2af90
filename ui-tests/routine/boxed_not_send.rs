use rustroutines::routine;

use std::cell::RefCell;

#[routine]
fn pause() {}

#[routine(boxed)]
fn holds_a_reference(cell: &RefCell<u32>) -> u32 {
    pause();
    *cell.borrow()
}

fn main() {}
