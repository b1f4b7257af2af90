use rustroutines::{go, routine};

struct Server;

impl Server {
    #[routine]
    fn serve(&self) {}
}

fn main() {
    let server = Server;
    let by_reference = &server;
    go!(by_reference.serve());
}
