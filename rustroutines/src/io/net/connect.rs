//! Connecting to one of several addresses ("happy eyeballs", RFC 8305).
//!
//! A name often stands for addresses of both families, one of which leads nowhere from here. So they are
//! tried one after another, the families in turn, each while those before it are still underway: the next
//! is begun after [`HEAD_START`], or at once when one has failed. The first that succeeds wins, and the others
//! are given up.

use super::TcpStream;
use super::address::no_address;
use super::op::op;
use crate::driver::readiness::Direction;
use crate::driver::source::Registered;
use crate::time::sleep;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// How long an attempt is alone before the next is begun (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// Connects to the first of the addresses that can be reached.
pub(super) async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    if let [address] = addresses[..] {
        return connect_to(address).await;
    }
    race(take_turns(addresses), |address| Box::pin(connect_to(address))).await
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = mio::net::TcpStream::connect(address)?;
    let io = Registered::new(&crate::runtime::driver(), stream, false)?;
    op(&io, Direction::Write, |stream| {
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            // The event was of something else.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            connected => connected.map(drop),
        }
    })
    .await?;
    Ok(TcpStream::from_registered(io))
}

/// The addresses of both families in turn, beginning with the first's.
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut same, mut other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut turns = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.drain(..), other.drain(..));
    loop {
        let before = turns.len();
        turns.extend(same.next());
        turns.extend(other.next());
        if turns.len() == before {
            return turns;
        }
    }
}

async fn race(addresses: Vec<SocketAddr>, begin: impl Fn(SocketAddr) -> Attempt) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut failed = no_address();
    loop {
        match addresses.next() {
            Some(address) => attempts.push(begin(address)),
            None if attempts.is_empty() => return Err(failed),
            None => {}
        }
        let mut head_start = (addresses.len() > 0).then(|| sleep(HEAD_START));
        let ended = poll_fn(|cx| {
            for index in 0..attempts.len() {
                if let Poll::Ready(ended) = attempts[index].as_mut().poll(cx) {
                    drop(attempts.swap_remove(index));
                    return Poll::Ready(Some(ended));
                }
            }
            match &mut head_start {
                Some(sleep) => Pin::new(sleep).poll(cx).map(|()| None),
                None => Poll::Pending,
            }
        });
        match ended.await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => failed = error,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Suspend;
    use crate::io::net::TcpListener;
    use crate::suspend::operation::routine;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn families_take_turns() {
        let all = |text: &str| text.split(' ').map(|one| one.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = all("[::1]:1 [::2]:2 [::3]:3 1.1.1.1:4 2.2.2.2:5");
        assert_eq!(take_turns(mixed), all("[::1]:1 1.1.1.1:4 [::2]:2 2.2.2.2:5 [::3]:3"));
        assert_eq!(take_turns(Vec::new()), []);
    }

    #[test]
    fn an_address_that_never_answers_delays_the_next_by_its_head_start_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").block().unwrap();
        let good = listener.local_addr().unwrap();
        let silent = "127.0.0.1:1".parse().unwrap();
        let given_up = Arc::new(AtomicUsize::new(0));
        struct Count(Arc<AtomicUsize>);
        impl Drop for Count {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let count = given_up.clone();
        let begin = move |address| -> Attempt {
            let count = Count(count.clone());
            Box::pin(async move {
                if address == silent {
                    let _count = count;
                    std::future::pending::<()>().await;
                }
                connect_to(address).await
            })
        };
        let stream = routine(race(vec![silent, good], begin)).block().unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert!(given_up.load(Ordering::Relaxed) >= 1);
    }

    #[test]
    fn the_last_failure_is_the_one_that_is_told() {
        let fails = |_| -> Attempt { Box::pin(async { Err(io::ErrorKind::AddrInUse.into()) }) };
        let addresses = vec!["127.0.0.1:1".parse().unwrap(); 3];
        let error = routine(race(addresses, fails)).block().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let none = routine(race(Vec::new(), fails)).block().unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }
}
