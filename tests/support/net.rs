//! What the tests of sockets share.
#![allow(dead_code, reason = "each test file uses a part of it")]

use rustroutines::Suspend;
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than any step of a test may take, on the slowest machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Carries `make`'s operation out on a runtime of its own; afterwards no routine, no socket and no timer is
/// left of it, and no descriptor when it was the last that ran at this time. Fails if it hangs.
pub(crate) fn on_runtime<O>(make: impl FnOnce() -> O + Send + 'static) -> O::Output
where
    O: Suspend + Send + 'static,
    O::Output: Send + 'static,
{
    let inside = Inside::enter();
    let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2)).unwrap();
    let (done, ended) = std::sync::mpsc::channel();
    let handle = runtime.spawn(make);
    std::thread::spawn(move || done.send(handle.join().block()));
    let output = ended.recv_timeout(LONG).expect("it hangs");
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    nothing_is_left(&runtime);
    drop(runtime);
    inside.leave();
    output
}

/// One of those who use sockets at this time. The tests of a file run side by side, and descriptors are the
/// process's: so they are counted when nobody is inside.
struct Inside;

/// How many are inside, and how many descriptors there were before the first.
static INSIDE: Mutex<(usize, Option<usize>)> = Mutex::new((0, None));

impl Inside {
    fn enter() -> Self {
        let mut inside = INSIDE.lock().unwrap_or_else(PoisonError::into_inner);
        inside.1.get_or_insert_with(|| {
            // What is opened once and kept: by the global runtime.
            drop(TcpListener::bind("127.0.0.1:0").block().unwrap());
            descriptors()
        });
        inside.0 += 1;
        Self
    }

    /// It has let go of all it had.
    fn leave(self) {
        INSIDE.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1;
        let begin = Instant::now();
        // Not locked throughout: who has a file open may be about to enter.
        while let (0, Some(before)) = *INSIDE.lock().unwrap_or_else(PoisonError::into_inner) {
            let left = descriptors().saturating_sub(before);
            if left == 0 {
                return;
            }
            assert!(begin.elapsed() < LONG, "{left} descriptors are left");
            std::thread::yield_now();
        }
    }
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

/// The process's open descriptors, where the system says how many there are.
pub(crate) fn descriptors() -> usize {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}
