use rustroutines::channel::Receiver;
use rustroutines::routine::spawn;
use rustroutines::routine;
use rustroutines::time::timeout;
use std::time::Duration;

#[routine]
fn one() -> u32 {
    1
}

fn plain(rx: &Receiver<u32>) {
    spawn(one());
    drop(timeout(Duration::from_secs(1), rx.recv()));
}

#[routine]
fn in_a_routine(rx: &Receiver<u32>) {
    let _ = timeout(Duration::from_secs(1), rx.recv());
}

#[routine(blocking)]
fn by_blocking() {
    spawn(one());
}

fn of_a_value() {
    spawn(|| 1);
}

fn main() {}
