use rustroutines::channel::Receiver;
use rustroutines::routine;

#[routine]
fn forgets_the_result(rx: &Receiver<u32>) -> u32 {
    rx.recv()
}

#[routine]
fn forgets_the_value(rx: &Receiver<u32>) -> u32 {
    rx.recv();
}

#[routine]
fn adds(rx: &Receiver<u32>) -> u32 {
    let n = rx.recv();
    n + 1
}

fn show(_: impl std::fmt::Display) {}

#[routine]
fn shows(rx: &Receiver<u32>) {
    show(rx.recv());
    println!("{}", rx.recv());
}

fn main() {}
