use rustroutines::routine;

#[routine]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[routine]
fn few() -> u32 {
    add(1)
}

#[routine]
fn of_another_type() -> u32 {
    add(1, "2")
}

fn main() {}
