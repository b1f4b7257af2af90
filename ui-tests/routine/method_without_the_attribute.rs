use rustroutines::routine;

trait Source {
    #[routine]
    fn next(&self) -> u32;
}

struct One;

impl Source for One {
    fn next(&self) -> u32 {
        1
    }
}

trait Sink {
    fn put(&self, n: u32);
}

impl Sink for One {
    #[routine]
    fn put(&self, n: u32) {
        let _ = n;
    }
}

fn main() {}
