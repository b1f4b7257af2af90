//! A server that sends back what it gets, until Ctrl-C or SIGTERM.
//!
//! ```text
//! cargo run --release --example echo -- 127.0.0.1:7000    and then nc 127.0.0.1 7000
//! ```

#![forbid(unsafe_code)]

use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::io::{self, Write};
use rustroutines::prelude::*;
use rustroutines::signal;

#[routine]
fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buf = [0; 16 * 1024];
    loop {
        let n = stream.read(&mut buf)?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buf[..n])?;
    }
}

#[routine]
fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let stop = signal::stop()?;
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(go!(echo(stream))),
                Err(error) => eprintln!("accept: {error}"),
            },
            _ = stop.recv() => break,
        }
    }
    println!("good-bye");
    Ok(())
}
