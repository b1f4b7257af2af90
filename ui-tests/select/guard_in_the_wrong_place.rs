use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    let open = true;
    select! {
        n = ready(1) if open => n,
        default, if open => 2,
    };
}
