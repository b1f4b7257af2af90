//! UDP, and Unix datagrams.

#[path = "support/net.rs"]
mod net;

use net::on_runtime;
use rustroutines::io::net::UdpSocket;
use rustroutines::io::{self, ErrorKind};
use rustroutines::prelude::*;
use std::net::Ipv4Addr;
use std::sync::Arc;

#[cfg(unix)]
#[test]
fn a_datagram_that_does_not_fit_is_cut_and_the_next_is_whole() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        here.send_to(b"much too long", there.local_addr()?)?;
        here.send_to(b"short", there.local_addr()?)?;
        let mut buf = [0; 6];
        assert_eq!(there.recv_from(&mut buf)?.0, 6);
        assert_eq!(&buf, b"much t");
        assert_eq!(there.recv_from(&mut buf)?.0, 5);
        assert_eq!(&buf[..5], b"short");
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn an_empty_datagram_is_a_datagram() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        here.connect(there.local_addr()?)?;
        assert_eq!(here.send(b"")?, 0);
        assert_eq!(here.send(b"x")?, 1);
        assert_eq!(there.recv_from(&mut [0; 8])?, (0, here.local_addr()?));
        assert_eq!(there.recv(&mut [0; 8])?, 1);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn a_port_where_nobody_is_refuses() {
    #[routine]
    fn test() -> io::Result<()> {
        let gone = UdpSocket::bind("127.0.0.1:0")?;
        let address = gone.local_addr()?;
        drop(gone);
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(address)?;
        socket.send(b"is anybody there?")?;
        assert_eq!(socket.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn each_datagram_goes_to_one_of_those_who_wait() {
    const RECEIVERS: usize = 10;
    const EACH: usize = 50;

    #[routine]
    fn receive(socket: Arc<UdpSocket>, received: Sender<()>) -> io::Result<u64> {
        let mut sum = 0;
        for _ in 0..EACH {
            let mut buf = [0; 8];
            assert_eq!(socket.recv(&mut buf)?, 8);
            sum += u64::from_le_bytes(buf);
            received.send(()).unwrap();
        }
        Ok(sum)
    }

    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        let address = there.local_addr()?;
        let there = Arc::new(there);
        let (received, acknowledged) = bounded_channel(RECEIVERS * EACH);
        let receivers: Vec<_> =
            (0..RECEIVERS).map(|_| go!(receive(there.clone(), received.clone()))).collect();
        let all = (RECEIVERS * EACH) as u64;
        for n in 0..all {
            here.send_to(&n.to_le_bytes(), address)?;
            if n >= 64 {
                acknowledged.recv().unwrap(); // Not to overrun the socket's buffer.
            }
        }
        let mut sum = 0;
        for receiver in receivers {
            sum += receiver.join().unwrap()?;
        }
        assert_eq!(sum, all * (all - 1) / 2);
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn peeking_and_cancelling_take_nothing() {
    #[routine]
    fn test() -> io::Result<()> {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        let mut buf = [0; 8];
        assert!(timeout(Duration::from_millis(1), || there.recv_from(&mut buf)).is_err());
        here.send_to(b"hello", there.local_addr()?)?;
        assert_eq!(there.peek_from(&mut buf)?, (5, here.local_addr()?));
        assert_eq!(there.peek(&mut buf)?, 5);
        assert_eq!(there.recv(&mut buf)?, 5);
        assert!(timeout(Duration::from_millis(1), || there.recv(&mut buf)).is_err());
        Ok(())
    }
    on_runtime(test).unwrap();
}

#[test]
fn options_are_what_they_were_set_to() {
    #[routine]
    fn test() -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        assert!(!socket.broadcast()?);
        socket.set_broadcast(true)?;
        socket.set_ttl(9)?;
        socket.set_multicast_ttl_v4(3)?;
        socket.set_multicast_loop_v4(false)?;
        assert!(socket.broadcast()? && !socket.multicast_loop_v4()?);
        assert_eq!((socket.ttl()?, socket.multicast_ttl_v4()?), (9, 3));
        let group = Ipv4Addr::new(224, 0, 0, 251);
        // A machine without a network has nowhere to be a member.
        if socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_ok() {
            socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
        }
        assert!(socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_err(), "it is no member");
        Ok(())
    }
    on_runtime(test).unwrap();
}
