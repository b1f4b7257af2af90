use rustroutines::routine;

#[routine]
fn pause() {}

#[routine]
fn keep<T>(value: T) -> T {
    pause();
    value
}

fn main() {}
