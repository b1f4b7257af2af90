use rustroutines::{go, routine};

#[routine]
fn count(text: &str) -> usize {
    text.len()
}

fn main() {
    let text = String::from("text");
    let handle = go!(count(&text));
    drop(handle);
}
