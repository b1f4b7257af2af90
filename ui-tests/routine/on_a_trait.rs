use rustroutines::routine;

#[routine]
trait Store {
    fn get(&self) -> u32;
}

fn main() {}
