use rustroutines::routine;

fn make<T: Default>() -> T {
    T::default()
}

#[routine]
fn total(numbers: &[u32]) -> u32 {
    let total = make();
    add(numbers, total)
}

fn add(numbers: &[u32], total: u32) -> u32 {
    numbers.iter().sum::<u32>() + total
}

fn main() {}
