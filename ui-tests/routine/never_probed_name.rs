use rustroutines::prelude::*;

#[routine]
fn collect() -> u32 {
    1
}

#[routine]
fn sum(numbers: Receiver<u32>) -> u32 {
    let mut total = 0;
    for n in numbers {
        total += n + yielded(n);
    }
    total
}

#[routine]
fn yielded(n: u32) -> u32 {
    yield_now();
    n
}

#[routine]
#[allow(non_snake_case)]
fn Fetch() -> u32 {
    3
}

struct Ledger(Receiver<u32>);

impl Ledger {
    #[routine(boxed)]
    fn product(&self) -> Result<u32, RecvError> {
        Ok(self.0.recv()? * collect())
    }
}

// Nothing is wrong with who calls them.
#[routine]
fn main() {
    let (tx, rx) = channel();
    tx.send(2).unwrap();
    let ledger = Ledger(rx.clone());
    let product: u32 = ledger.product().unwrap() + 1;
    let total = sum(rx) + collect() + Fetch();
    let started = go!(sum(channel().1));
    println!("{product} {total} {:?}", started.join());
}
