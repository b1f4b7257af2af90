use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        n = ready(1) => println!("{n}")
        n = ready(2) => println!("{n}")
    }
}
