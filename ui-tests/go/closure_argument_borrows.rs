use rustroutines::prelude::*;

#[routine]
fn ask(question: impl Fn(&str) -> usize + Send) -> usize {
    question("text")
}

fn main() {
    let more = 3;
    let counted = go!(ask(|text: &str| text.len() + more));
    println!("{:?} {more}", counted.join().block());
}
