use rustroutines::routine;

#[routine]
async fn fetch() -> u32 {
    1
}

fn main() {}
