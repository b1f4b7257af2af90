use rustroutines::go;

fn work() {}

fn main() {
    go!(7, work());
    let n = 3;
    go!(n, work());
    go!({ "block" }, work());
}
