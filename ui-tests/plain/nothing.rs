use rustroutines::plain;

fn main() {
    plain!();
    plain!(1, 2);
}
