use rustroutines::routine;

#[routine]
fn consume(text: String) -> usize {
    text.len()
}

#[routine]
fn twice(text: String) -> usize {
    consume(text) + consume(text)
}

fn main() {}
