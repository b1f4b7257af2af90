use rustroutines::routine;

#[routine]
unsafe fn peek(at: u8) -> u8 {
    at
}

fn main() {}
