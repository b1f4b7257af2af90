use rustroutines::routine;
use std::sync::Mutex;

#[routine]
fn pause() {}

#[routine]
fn holds_a_lock(lock: &Mutex<u32>) -> u32 {
    let guard = lock.lock().unwrap();
    pause();
    *guard
}

fn main() {}
