use rustroutines::{Suspend, suspend};

fn make() -> impl Suspend<Output = usize> + Send + 'static {
    let text = String::from("text");
    suspend!({ text.len() })
}

fn main() {
    drop(make());
}
