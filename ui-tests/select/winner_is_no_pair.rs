use rustroutines::prelude::*;
use rustroutines::select::Select;

fn main() {
    let (_tx, rx) = channel::<u32>();
    let mut select = Select::new();
    select.recv(&rx, |number| number.ok());
    let (_case, _number) = select.wait().block();
}
