use rustroutines::prelude::*;

#[routine]
fn answer() -> u32 {
    42
}

fn main() {
    let answer = std::thread::spawn(|| answer()).join().unwrap();
    println!("{answer}");
}
