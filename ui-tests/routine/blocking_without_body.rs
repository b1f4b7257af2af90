use rustroutines::routine;

#[routine(blocking)]
trait Source {
    fn next(&self) -> u32;
}

trait Other {
    #[routine(blocking)]
    fn next(&self) -> u32;
}

fn main() {}
