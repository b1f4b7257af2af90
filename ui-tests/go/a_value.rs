use rustroutines::go;

fn main() {
    let n = 1;
    go!(n);
    go!(5);
    go!("name", n + 1);
}
