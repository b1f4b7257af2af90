use rustroutines::{routine, select};
use rustroutines::suspend::ready;

#[routine]
fn several() -> u32 {
    select! {
        Some(n) = ready(Some(1)) => n,
        n = ready(2),
        default => 3,
        default => 4,
    }
}

fn main() {
    drop(several());
}
