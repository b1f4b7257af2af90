use rustroutines::go;

fn main() {
    go!();
}
