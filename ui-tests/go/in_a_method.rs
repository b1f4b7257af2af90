use rustroutines::{go, routine};

struct Server;

impl Server {
    #[routine]
    fn serve(&self, n: u32) {
        let _ = n;
    }

    fn start(&self) {
        go!(self.serve(1));
        go!(move || self.serve(2));
    }

    #[routine]
    fn start_in_a_routine(&self) {
        go!(self.serve(1));
    }
}

fn main() {}
