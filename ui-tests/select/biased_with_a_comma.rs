use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        biased,
        n = ready(1) => drop(n),
    }
}
