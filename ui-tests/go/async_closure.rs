use rustroutines::{go, suspend};

fn main() {
    go!(move || async move { 1 });
    go!("name", async move || 1);
    let _ = suspend!(|n: u32| async move { n });
}
