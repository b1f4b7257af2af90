use rustroutines::go;
use std::rc::Rc;

fn make() -> Rc<u32> {
    Rc::new(1)
}

fn main() {
    go!(make());
}
