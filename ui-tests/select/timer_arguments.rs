use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    select! {
        n = ready(1) => n,
        timeout() => 2,
    };
    select! {
        n = ready(1) => n,
        default() => 2,
    };
    select! {
        n = ready(1) => n,
        timeout(5) => 2,
    };
}
