//! A server that runs out of descriptors.
//!
//! A file with one test: it takes the process's descriptors.
#![cfg(target_os = "linux")]

#[path = "support/net.rs"]
mod net;

use net::on_runtime;
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::io::{self, Write};
use rustroutines::prelude::*;
use std::fs::File;

/// EMFILE.
const TOO_MANY: i32 = 24;

#[routine]
fn test() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let client = TcpStream::connect(address)?;
    let hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(hoard.len() > 100);

    let (mut reports, begin) = (0, Instant::now());
    while begin.elapsed() < Duration::from_millis(200) {
        let error = listener.accept().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(TOO_MANY));
        reports += 1;
    }
    // A loop around `accept` would have come round many thousand times.
    assert!((1..=20).contains(&reports), "{reports} reports");

    let waiting = go!(move || listener.accept().map(|(stream, _)| (stream, listener)));
    drop(hoard);
    let (mut server, listener) = match waiting.join().unwrap() {
        Ok(both) => both,
        // It tried just before.
        Err(error) => return Err(error),
    };
    server.write_all(b"hello")?;
    let mut buf = [0; 8];
    assert_eq!(client.read(&mut buf)?, 5, "it is the connection that came first");
    drop(listener);
    Ok(())
}

#[test]
fn out_of_descriptors_a_listener_says_so_does_not_spin_and_recovers() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let lower = rustix::process::Rlimit { current: Some(400), ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, lower).unwrap();
    on_runtime(test).unwrap();
}
