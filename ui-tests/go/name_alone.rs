use rustroutines::go;

fn main() {
    go!("crawler",);
    go!("crawler");
}
