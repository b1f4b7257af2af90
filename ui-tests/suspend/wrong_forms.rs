use rustroutines::suspend;

fn work() {}

fn main() {
    let _ = suspend!(work());
    let _ = suspend!(boxed);
    let _ = suspend!(boxed, work());
    let _ = suspend!(boxed |n: u32| n);
    let _ = suspend!(async { 1 });
    let _ = suspend!({ 1 }, { 2 });
    let _ = suspend!(box { 1 });
}
