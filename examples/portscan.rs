//! Says which TCP ports of a host are open.
//!
//! ```text
//! cargo run --release --example portscan -- HOST FIRST LAST
//! ```
//!
//! So many connections are tried at once, each for so long; what is found is printed in order.

#![forbid(unsafe_code)]

use rustroutines::io::net::{IpAddr, TcpStream, resolve};
use rustroutines::prelude::*;
use std::process::ExitCode;

/// Attempts at once.
const AT_ONCE: usize = 256;
/// How long a port may take to answer.
const PATIENCE: Duration = Duration::from_millis(800);

/// Tries ports as they come, and tells of those that are open.
#[routine]
fn probe(host: IpAddr, ports: Receiver<u16>, open: Sender<u16>) {
    for port in ports {
        if let Ok(Ok(_stream)) = timeout(PATIENCE, || TcpStream::connect((host, port))) {
            open.send(port).expect("main listens until all probes have ended");
        }
    }
}

#[routine]
fn scan(host: &str, first: u16, last: u16) -> std::io::Result<Vec<u16>> {
    let host = resolve((host, 0))?.first().map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip());
    let (ports, to_try) = bounded_channel(AT_ONCE);
    let (tell, open) = unbounded_channel();
    for _ in 0..AT_ONCE.min(usize::from(last - first) + 1) {
        go!(probe(host, to_try.clone(), tell.clone()));
    }
    drop((to_try, tell));
    for port in first..=last {
        ports.send(port).expect("the probes take ports until there are no more");
    }
    drop(ports);
    let mut found = Vec::new();
    for port in open {
        found.push(port);
    }
    found.sort_unstable();
    Ok(found)
}

#[routine]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match &arguments[..] {
        [host, first, last] => {
            first.parse().ok().zip(last.parse().ok()).map(|(first, last)| (host, first, last))
        }
        _ => None,
    };
    let Some((host, first, last)) = parsed.filter(|(_, first, last)| first <= last) else {
        eprintln!("usage: portscan HOST FIRST LAST");
        return ExitCode::from(2);
    };
    match scan(host, first, last) {
        Ok(found) => {
            found.iter().for_each(|port| println!("{port}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{host}: {error}");
            ExitCode::FAILURE
        }
    }
}
