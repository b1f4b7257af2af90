use rustroutines::go;

fn work(n: u32) -> u32 {
    n
}

fn main() {
    go!("name", work(1), work(2));
}
