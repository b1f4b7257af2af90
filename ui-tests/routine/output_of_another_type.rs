use rustroutines::routine;

#[routine]
fn number() -> u32 {
    1
}

#[routine]
fn text() -> usize {
    let text: String = number();
    text.len()
}

fn main() {}
