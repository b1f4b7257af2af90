//! Ten thousand connections at once, as far as the system has descriptors for both sides.
//!
//! A file with one test: it takes the process's descriptors.
#![cfg(target_os = "linux")]

#[path = "support/net.rs"]
mod net;

use net::on_runtime;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustroutines::io;
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::prelude::*;

const CONNECTIONS: usize = 10_000;

#[routine]
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut buf = [0; 16];
    loop {
        match stream.read(&mut buf)? {
            0 => return Ok(()),
            n => stream.write(&buf[..n])?,
        };
    }
}

#[routine]
fn test(connections: usize) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = go!(move || {
        let mut serving = Vec::with_capacity(connections);
        for _ in 0..connections {
            serving.push(go!(serve(listener.accept()?.0)));
        }
        Ok::<_, io::Error>(serving)
    });
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(TcpStream::connect(address)?);
    }
    // All are open. Each is used, in another order than they came.
    let serving = server.join().unwrap()?;
    for round in 0..2 {
        for (n, client) in clients.iter().enumerate().rev() {
            client.write(&(n + round).to_le_bytes())?;
        }
        for (n, client) in clients.iter().enumerate() {
            let mut buf = [0; 8];
            assert_eq!(client.read(&mut buf)?, 8);
            assert_eq!(usize::from_le_bytes(buf), n + round);
        }
    }
    drop(clients);
    for one in serving {
        one.join().unwrap()?;
    }
    Ok(())
}

#[test]
fn ten_thousand_connections_are_served_and_nothing_is_left_of_them() {
    // As many as are needed; where that is not allowed, as many as there may be.
    let (limit, enough) = (getrlimit(Resource::Nofile), Some(2 * CONNECTIONS as u64 + 200));
    if limit.current.is_some_and(|current| Some(current) < enough)
        && setrlimit(Resource::Nofile, Rlimit { current: enough, maximum: limit.maximum.max(enough) })
            .is_err()
    {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
    let descriptors_there_are = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) as usize;
    let connections = CONNECTIONS.min((descriptors_there_are - 100) / 2);
    assert!(connections >= 100, "there are only {descriptors_there_are} descriptors");
    on_runtime(move || test(connections)).unwrap();
}
