use rustroutines::go;

fn main() {
    go!(move |x: u32| x + 1);
}
