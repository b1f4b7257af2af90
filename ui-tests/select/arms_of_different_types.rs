use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    let n: u32 = select! {
        n = ready(1) => n,
        _ = ready(2) => "two",
    };
    println!("{n}");
}
