use rustroutines::routine;

trait Handler {
    #[routine(boxed)]
    fn handle(&self, request: &str) -> String;
}

struct Echo;

impl Handler for Echo {
    #[routine]
    fn handle(&self, request: &str) -> String {
        request.to_owned()
    }
}

struct Plain;

impl Handler for Plain {
    fn handle(&self, request: &str) -> String {
        request.to_owned()
    }
}

fn main() {}
