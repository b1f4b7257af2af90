//! Runtimes that are shut down while I/O is pending.
//!
//! A file with one test: it counts the process's descriptors.
#![cfg(target_os = "linux")]

#[path = "support/net.rs"]
mod net;

use net::{LONG, descriptors};
use rustroutines::io::net::{TcpListener, TcpStream, UdpSocket};
use rustroutines::io::{self, ErrorKind};
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::sync::mpsc;

fn runtime() -> RustRoutineRuntime {
    RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2)).unwrap()
}

/// Routines wait for I/O of all kinds; they are dropped, and their sockets are closed.
fn routines_are_dropped_and_their_sockets_closed() {
    let runtime = runtime();
    let (tell, told) = mpsc::channel();
    for _ in 0..20 {
        let tell = tell.clone();
        let _ = runtime.spawn(move || {
            suspend!(move {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let client = TcpStream::connect(listener.local_addr()?)?;
                let (server, _) = listener.accept()?;
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                client.set_read_deadline(Some(Instant::now() + LONG));
                tell.send(client.local_addr()?).unwrap();
                select! {
                    _ = client.read(&mut [0; 1]) => {},
                    _ = server.read(&mut [0; 1]) => {},
                    _ = listener.accept() => {},
                    _ = socket.recv(&mut [0; 1]) => {},
                }
                Ok::<_, io::Error>(())
            })
        });
    }
    for _ in 0..20 {
        told.recv_timeout(LONG).unwrap();
    }
    let report = runtime.shutdown(Duration::ZERO);
    assert_eq!(report.stragglers.len(), 20);
}

/// A thread waits for a socket whose runtime goes: it is told.
fn who_waits_elsewhere_is_told() {
    let runtime = runtime();
    let listener = runtime.spawn(|| TcpListener::bind("127.0.0.1:0")).join().block().unwrap().unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        tell.send(()).unwrap();
        let error = listener.accept().block().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        // What it accepts would have to be registered.
        let _client = std::net::TcpStream::connect(address).unwrap();
        let error = listener.accept().block().expect_err("nothing can be registered any more");
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
    });
    told.recv_timeout(LONG).unwrap();
    runtime.shutdown(Duration::ZERO);
    thread.join().unwrap();
}

/// A routine of another runtime waits for a socket of this one.
fn who_waits_in_another_runtime_is_told() {
    let (runtime, other) = (runtime(), runtime());
    let socket = runtime.spawn(|| UdpSocket::bind("127.0.0.1:0")).join().block().unwrap().unwrap();
    let waiting = other.spawn(move || suspend!(move { socket.recv(&mut [0; 8]) }));
    runtime.shutdown(Duration::ZERO);
    assert_eq!(waiting.join().block().unwrap().unwrap_err().kind(), ErrorKind::Other);
    assert!(other.shutdown(LONG).stragglers.is_empty());
}

/// I/O goes on while a shutdown waits for the routines.
fn routines_finish_their_io_while_there_is_time() {
    let runtime = runtime();
    let (tell, told) = mpsc::channel();
    let done = runtime.spawn(|| {
        suspend!(move {
            let (here, there) = net::pair()?;
            go!(move || {
                sleep(Duration::from_millis(20));
                here.write(b"x")
            });
            tell.send(()).unwrap();
            there.read(&mut [0; 8])
        })
    });
    told.recv_timeout(LONG).unwrap();
    assert!(runtime.shutdown(LONG).stragglers.is_empty());
    assert_eq!(done.join().block().unwrap().unwrap(), 1);
}

#[test]
fn a_shutdown_ends_all_io_and_leaves_nothing() {
    // What is opened once and kept.
    TcpListener::bind("127.0.0.1:0").block().unwrap();
    let before = descriptors();
    for _ in 0..5 {
        routines_are_dropped_and_their_sockets_closed();
        who_waits_elsewhere_is_told();
        who_waits_in_another_runtime_is_told();
        routines_finish_their_io_while_there_is_time();
        no_descriptor_is_left(before);
    }
}

/// Waits until the process has no more open descriptors than it had.
fn no_descriptor_is_left(before: usize) {
    let begin = Instant::now();
    while descriptors() > before {
        assert!(begin.elapsed() < LONG, "{} descriptors are left", descriptors() - before);
        std::thread::yield_now();
    }
}
