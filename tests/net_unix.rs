//! Unix streams, listeners and datagrams.
#![cfg(unix)]

#[path = "support/net.rs"]
mod net;

use net::on_runtime;
use rustroutines::io::net::{Shutdown, UnixDatagram, UnixListener, UnixStream};
use rustroutines::io::{self, ErrorKind, Read, Write};
use rustroutines::prelude::*;
use std::path::PathBuf;

/// A file that is not there, and is gone afterwards.
struct Name(PathBuf);

impl Name {
    fn new(what: &str) -> Self {
        Self(std::env::temp_dir().join(format!("rustroutines-{}-{what}", std::process::id())))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_listener_serves_who_connects_to_its_file() {
    #[routine]
    fn test() -> io::Result<()> {
        let name = Name::new("listener");
        let listener = UnixListener::bind(&name.0)?;
        assert_eq!(listener.local_addr()?.as_pathname(), Some(&*name.0));
        assert_eq!(UnixListener::bind(&name.0).unwrap_err().kind(), ErrorKind::AddrInUse);
        let server = go!(move || {
            for stream in listener.incoming() {
                let mut stream = stream?;
                let mut all = Vec::new();
                stream.read_to_end(&mut all)?;
                if all.is_empty() {
                    break;
                }
                stream.write_all(&all)?;
            }
            Ok::<_, io::Error>(())
        });
        for n in 1..20 {
            let mut stream = UnixStream::connect(&name.0)?;
            stream.write_all(&vec![n; 100 * usize::from(n)])?;
            stream.close()?;
            let mut all = Vec::new();
            stream.read_to_end(&mut all)?;
            assert_eq!(all, vec![n; 100 * usize::from(n)]);
        }
        drop(UnixStream::connect(&name.0)?);
        server.join().unwrap()
    }
    on_runtime(test).unwrap();
}

#[test]
fn whoever_finds_the_queue_full_waits() {
    #[routine]
    fn test() -> io::Result<()> {
        let name = Name::new("queue");
        let listener = UnixListener::bind(&name.0)?;
        // More than the system queues.
        let path = name.0.clone();
        let clients: Vec<_> = (0..3_000)
            .map(|_| {
                let path = path.clone();
                go!(move || UnixStream::connect(path).map(drop))
            })
            .collect();
        for _ in 0..3_000 {
            listener.accept()?;
        }
        for client in clients {
            client.join().unwrap()?;
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_pair_carries_bytes_both_ways_and_ends() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = UnixStream::pair()?;
        let (mut read, mut write) = there.into_split();
        let echo = go!(move || {
            let mut all = Vec::new();
            read.read_to_end(&mut all)?;
            write.write_all(&all)
        });
        let block = vec![5; 500_000];
        (&here).write_all(&block)?;
        here.shutdown(Shutdown::Write)?;
        let mut all = Vec::new();
        (&here).read_to_end(&mut all)?;
        assert_eq!(all, block);
        echo.join().unwrap()?;
        assert_eq!(here.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn datagrams_arrive_whole() {
    #[routine]
    fn test() -> io::Result<()> {
        let name = Name::new("datagram");
        let here = UnixDatagram::bind(&name.0)?;
        let there = UnixDatagram::unbound()?;
        there.send_to(b"hello", &name.0)?;
        there.connect(&name.0)?;
        there.send(b"")?;
        let mut buf = [0; 3];
        let (n, from) = here.recv_from(&mut buf)?;
        assert_eq!((n, &buf, from.is_unnamed()), (3, b"hel", true));
        assert_eq!(here.recv(&mut buf)?, 0);

        let (one, other) = UnixDatagram::pair()?;
        let receiver = go!(move || other.recv(&mut [0; 8]));
        one.send(b"12345")?;
        assert_eq!(receiver.join().unwrap()?, 5);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn sockets_go_to_the_standard_library_and_come_back() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = UnixStream::pair()?;
        let descriptor = std::os::fd::OwnedFd::try_from(here)?;
        let here = UnixStream::try_from(descriptor)?;
        let reader = go!(move || there.read(&mut [0; 8]));
        here.write(b"hello")?;
        assert_eq!(reader.join().unwrap()?, 5);
        Ok(())
    }
    on_runtime(test).unwrap();
}
