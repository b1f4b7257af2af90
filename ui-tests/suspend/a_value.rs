use rustroutines::suspend;

fn main() {
    let _ = suspend!(5);
    let _ = suspend!();
}
