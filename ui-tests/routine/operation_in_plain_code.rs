use rustroutines::prelude::*;

#[routine]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[routine]
fn one() -> u32 {
    1
}

fn without_the_attribute(rx: &Receiver<u32>) -> u32 {
    let n: u32 = one();
    let received = rx.recv().unwrap();
    let parsed = parse("1").expect("a number");
    println!("{}", one());
    for item in rx.recv() {
        drop(item);
    }
    if let Ok(n) = rx.recv() {
        drop(n);
    }
    while rx.recv().is_ok() {}
    let last: Option<u32> = rx.recv().ok();
    drop(last);
    one() + n + received + parsed
}

fn awaits() -> u32 {
    one().await
}

fn main() {
    go!(one()).join().unwrap();
    let numbers: Vec<u32> = [1, 2].iter().map(|_| one()).collect();
    drop(numbers);
}
