use rustroutines::go;

fn work() {}

fn main() {
    go!("crawler" work());
}
