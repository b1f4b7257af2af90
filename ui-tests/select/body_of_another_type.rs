use rustroutines::{routine, select};
use rustroutines::suspend::ready;

#[routine]
fn wait() -> String {
    select! {
        n = ready(1) => n,
    }
}

fn main() {}
