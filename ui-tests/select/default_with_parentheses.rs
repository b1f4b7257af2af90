use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        n = ready(1) => drop(n),
        default() => {}
    }
}
