use rustroutines::go;

struct Server;

fn main() {
    go!(missing(1));
    go!(Server.missing(1));
    go!(move || missing(2));
}
