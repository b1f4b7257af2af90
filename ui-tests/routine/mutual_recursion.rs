use rustroutines::routine;

#[routine]
fn even(n: u32) -> bool {
    if n == 0 { true } else { odd(n - 1) }
}

#[routine]
fn odd(n: u32) -> bool {
    if n == 0 { false } else { even(n - 1) }
}

fn main() {}
