use rustroutines::suspend;
use std::rc::Rc;

fn main() {
    let shared = Rc::new(1);
    let _ = suspend!(boxed, move { *shared + 1 });
}
