use rustroutines::routine;

#[routine]
fn double(n: u32) -> u32 {
    n * 2
}

#[routine]
fn all(numbers: &[u32]) -> Vec<u32> {
    numbers.iter().map(|n| double(*n)).collect()
}

fn main() {}
