use rustroutines::routine;

#[routine]
fn longest<'a>() -> &'a str {
    let text = String::from("text");
    text.as_str()
}

fn main() {}
