use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        n = ready(1) => n,
        biased;
        n = ready(2) => n,
    };
    select! {
        biased,
        n = ready(1) => n,
    };
}
