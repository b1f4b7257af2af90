//! What the tests of sockets share.
#![allow(dead_code, reason = "each test file uses a part of it")]

use rustroutines::Suspend;
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::io;
use std::time::{Duration, Instant};

/// Longer than any step of a test may take, on the slowest machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Carries `make`'s operation out on a runtime of its own; afterwards no routine, no socket and no timer is
/// left of it. Fails if it hangs.
pub(crate) fn on_runtime<O>(make: impl FnOnce() -> O + Send + 'static) -> O::Output
where
    O: Suspend + Send + 'static,
    O::Output: Send + 'static,
{
    let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2)).unwrap();
    let (done, ended) = std::sync::mpsc::channel();
    let handle = runtime.spawn(make);
    std::thread::spawn(move || done.send(handle.join().block()));
    let output = ended.recv_timeout(LONG).expect("it hangs");
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    nothing_is_left(&runtime);
    output
}

/// Waits until the runtime has neither routines nor sockets nor timers.
pub(crate) fn nothing_is_left(runtime: &RustRoutineRuntime) {
    let begin = Instant::now();
    loop {
        let stats = runtime.stats();
        if stats.alive == 0 && stats.io_sources == 0 && stats.timers == 0 {
            return;
        }
        assert!(begin.elapsed() < LONG, "something is left:\n{stats}");
        std::thread::yield_now();
    }
}

/// Two streams that are connected to one another over the loopback.
#[rustroutines::routine]
pub(crate) fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    Ok((client, server))
}

/// Uses sockets once, so that what the process opens once for all is open.
#[rustroutines::routine]
pub(crate) fn pair_and_drop() {
    drop(pair().unwrap());
}

/// The process's open descriptors.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// Waits until the process has no more open descriptors than it had.
#[cfg(target_os = "linux")]
pub(crate) fn no_descriptor_is_left(before: usize) {
    let begin = Instant::now();
    while descriptors() > before {
        assert!(begin.elapsed() < LONG, "{} descriptors are left", descriptors() - before);
        std::thread::yield_now();
    }
}
