//! Accepting connections.

#[path = "support/net.rs"]
mod net;

use net::on_runtime;
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::io::{self, Read, Write};
use rustroutines::prelude::*;
use std::sync::Arc;

#[test]
fn many_acceptors_share_the_connections() {
    const ACCEPTORS: usize = 10;
    const EACH: usize = 20;

    #[routine]
    fn accept(listener: Arc<TcpListener>) -> io::Result<()> {
        for _ in 0..EACH {
            let (mut stream, _) = listener.accept()?;
            stream.write_all(b"hello")?;
        }
        Ok(())
    }

    #[routine]
    fn test() -> io::Result<()> {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0")?);
        let address = listener.local_addr()?;
        let acceptors: Vec<_> = (0..ACCEPTORS).map(|_| go!(accept(listener.clone()))).collect();
        for _ in 0..ACCEPTORS * EACH {
            let mut stream = TcpStream::connect(address)?;
            let mut greeting = String::new();
            stream.read_to_string(&mut greeting)?;
            assert_eq!(greeting, "hello");
        }
        for acceptor in acceptors {
            acceptor.join().unwrap()?;
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

/// The system says once that there are connections, and not for each.
#[test]
fn what_was_told_at_once_is_accepted_one_after_another() {
    #[routine]
    fn test() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        for _ in 0..20 {
            let ((here, there), mut buf) = (net::pair()?, [0; 1]);
            assert!(timeout(Duration::from_millis(1), || there.read(&mut buf)).is_err());
            assert!(timeout(Duration::from_millis(1), || listener.accept()).is_err());
            let _clients: Vec<_> =
                (0..5).map(|_| std::net::TcpStream::connect(address)).collect::<io::Result<_>>()?;
            // Events are told in the order in which they came: those of the listener are over with this one.
            let reader = go!(move || there.read(&mut [0; 1]));
            here.write(b"x")?;
            assert_eq!(reader.join().unwrap()?, 1);
            for _ in 0..5 {
                listener.accept()?;
            }
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn acceptors_that_go_away_leave_the_connection_to_another() {
    #[routine]
    fn test() -> io::Result<()> {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0")?);
        let address = listener.local_addr()?;
        for round in 0..50 {
            let waiting: Vec<_> = (0..4)
                .map(|_| {
                    let listener = listener.clone();
                    go!(move || listener.accept())
                })
                .collect();
            if round % 2 == 0 {
                yield_now();
            }
            let client = go!(move || TcpStream::connect(address));
            let mut accepted = 0;
            for acceptor in waiting {
                acceptor.abort();
                accepted += usize::from(acceptor.join().is_ok());
            }
            client.join().unwrap()?;
            if accepted == 0 {
                listener.accept()?;
            }
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn accepting_is_an_arm_like_any_other() {
    #[routine]
    fn test() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = channel::<()>();
        let client = go!(move || {
            for _ in 0..10 {
                TcpStream::connect(address)?;
            }
            drop(stop);
            Ok::<_, io::Error>(())
        });
        let mut accepted = 0;
        loop {
            select! {
                stream = listener.accept() => { stream?; accepted += 1 },
                _ = stopped.recv() => break,
            }
        }
        client.join().unwrap()?;
        // What was connected and not accepted is still there.
        for _ in accepted..10 {
            listener.accept()?;
        }
        Ok(())
    }
    on_runtime(test).unwrap();
}
