use rustroutines::select;

fn main() {
    select! {}
    select! { biased; }
}
