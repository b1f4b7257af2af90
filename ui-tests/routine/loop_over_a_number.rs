use rustroutines::routine;

#[routine]
fn count(n: u32) {
    for i in n {
        drop(i);
    }
}

#[routine(blocking)]
fn count_by_blocking(n: u32) {
    for i in n {
        drop(i);
    }
}

fn main() {}
