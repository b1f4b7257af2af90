use rustroutines::routine;

#[routine]
fn half() -> u32 {
    let n = ;
    n
}

#[routine]
fn other() -> u32 {
    half() + 1
}

fn main() {}
