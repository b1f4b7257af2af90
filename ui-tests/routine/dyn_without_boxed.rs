use rustroutines::routine;

trait Handler {
    #[routine]
    fn handle(&self, request: &str) -> String;
}

fn serve(handlers: &[Box<dyn Handler>]) {
    drop(handlers.len());
}

fn main() {}
