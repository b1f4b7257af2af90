use rustroutines::routine;

#[routine]
struct Job {
    id: u32,
}

fn main() {
    let _ = Job { id: 1 };
}
