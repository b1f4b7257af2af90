use rustroutines::go;

fn main() {
    go!(async { 1 });
    go!("name", async move { 1 });
}
