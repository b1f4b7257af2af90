use rustroutines::select;
use rustroutines::suspend::ready;

fn main() {
    let text = String::new();
    select! {
        a = ready(text) => drop(a),
        b = ready(text) => drop(b),
    }
}
