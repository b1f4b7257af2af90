use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        n = => println!("no operation"),
        n = ready(1) =>
    }
}
