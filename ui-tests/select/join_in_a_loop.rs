use rustroutines::channel::Receiver;
use rustroutines::routine::RoutineHandle;
use rustroutines::{routine, select};

#[routine]
fn wait(rx: &Receiver<u32>, handle: RoutineHandle<u32>) -> u32 {
    loop {
        select! {
            _ = rx.recv() => {}
            n = handle.join() => break n.unwrap(),
        }
    }
}

fn main() {}
