//! What one can connect and bind to, and how names are resolved.

use crate::io::block_on_io;
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

/// What stands for one or several addresses: an address, an IP address or a name with a port
/// (`("localhost", 80)`), a text (`"localhost:80"`), or several addresses.
///
/// Only a name has to be looked up, which may take a while.
pub trait ToAddresses {
    /// The addresses, or what has to be looked up for them.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it makes no sense.
    fn to_addresses(&self) -> io::Result<Addresses>;
}

/// Addresses, or a name that stands for some.
#[derive(Clone, PartialEq, Eq)]
pub struct Addresses(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// One.
    One(SocketAddr),
    /// Several, or none.
    Several(Vec<SocketAddr>),
    /// A name with a port, to be looked up.
    Name(String, u16),
}

/// Looks up what `address` stands for, in the order in which the addresses should be tried.
///
/// The system's resolver may block, so it is asked on a thread for that. Nothing is remembered: each call asks
/// it anew.
///
/// # Errors
/// Those of the resolver: [`NotFound`](io::ErrorKind::NotFound) and others.
///
/// # Cancel safety
/// Dropped, it waits no longer; a question that was asked is answered to nobody.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, io::net::resolve};
///
/// let addresses = resolve("127.0.0.1:80").block().unwrap();
/// assert_eq!(addresses, ["127.0.0.1:80".parse().unwrap()]);
/// ```
pub fn resolve(address: impl ToAddresses) -> Boxed<'static, io::Result<Vec<SocketAddr>>> {
    let addresses = address.to_addresses();
    boxed(routine(async move { addresses?.look_up().await }))
}

impl Addresses {
    /// The addresses; a name is looked up.
    pub(super) async fn look_up(self) -> io::Result<Vec<SocketAddr>> {
        match self.0 {
            Kind::One(address) => Ok(vec![address]),
            Kind::Several(addresses) => Ok(addresses),
            Kind::Name(name, port) => {
                block_on_io(move || Ok((name.as_str(), port).to_socket_addrs()?.collect())).await
            }
        }
    }

    /// Tries `make` with each of the addresses, until one succeeds.
    pub(super) async fn first<T>(self, make: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
        let mut failed = no_address();
        for address in self.look_up().await? {
            match make(address) {
                Ok(made) => return Ok(made),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// What is said of a name that stands for nothing.
pub(super) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it stands for no address")
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::One(address) => address.fmt(f),
            Kind::Several(addresses) => addresses.fmt(f),
            Kind::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl ToAddresses for SocketAddr {
    fn to_addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses(Kind::One(*self)))
    }
}

impl ToAddresses for SocketAddrV4 {
    fn to_addresses(&self) -> io::Result<Addresses> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for SocketAddrV6 {
    fn to_addresses(&self) -> io::Result<Addresses> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for (IpAddr, u16) {
    fn to_addresses(&self) -> io::Result<Addresses> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for (Ipv4Addr, u16) {
    fn to_addresses(&self) -> io::Result<Addresses> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for (Ipv6Addr, u16) {
    fn to_addresses(&self) -> io::Result<Addresses> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for (&str, u16) {
    fn to_addresses(&self) -> io::Result<Addresses> {
        match self.0.parse::<IpAddr>() {
            Ok(ip) => (ip, self.1).to_addresses(),
            Err(_) => Ok(Addresses(Kind::Name(self.0.to_owned(), self.1))),
        }
    }
}

impl ToAddresses for (String, u16) {
    fn to_addresses(&self) -> io::Result<Addresses> {
        (self.0.as_str(), self.1).to_addresses()
    }
}

impl ToAddresses for str {
    fn to_addresses(&self) -> io::Result<Addresses> {
        if let Ok(address) = self.parse::<SocketAddr>() {
            return address.to_addresses();
        }
        let wrong = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
        let (name, port) =
            self.rsplit_once(':').ok_or_else(|| wrong("an address ends with `:` and a port"))?;
        let port = port.parse().map_err(|_| wrong("a port is a number up to 65535"))?;
        (name, port).to_addresses()
    }
}

impl ToAddresses for String {
    fn to_addresses(&self) -> io::Result<Addresses> {
        self.as_str().to_addresses()
    }
}

impl ToAddresses for [SocketAddr] {
    fn to_addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses(Kind::Several(self.to_vec())))
    }
}

impl<const N: usize> ToAddresses for [SocketAddr; N] {
    fn to_addresses(&self) -> io::Result<Addresses> {
        self[..].to_addresses()
    }
}

impl ToAddresses for Vec<SocketAddr> {
    fn to_addresses(&self) -> io::Result<Addresses> {
        self[..].to_addresses()
    }
}

impl ToAddresses for Addresses {
    fn to_addresses(&self) -> io::Result<Addresses> {
        Ok(self.clone())
    }
}

impl<A: ToAddresses + ?Sized> ToAddresses for &A {
    fn to_addresses(&self) -> io::Result<Addresses> {
        (**self).to_addresses()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_looked_up() {
        let is_name = |text: &str| matches!(text.to_addresses().unwrap().0, Kind::Name(..));
        assert!(!is_name("127.0.0.1:80"));
        assert!(!is_name("[::1]:80"));
        assert!(is_name("localhost:80"));
        assert!(is_name("a.b.c:0"));
        assert!(!matches!(("::1", 80).to_addresses().unwrap().0, Kind::Name(..)));
    }

    #[test]
    fn what_makes_no_sense_is_said_to() {
        for text in ["", "localhost", "localhost:", "localhost:http", "localhost:65536"] {
            assert_eq!(text.to_addresses().unwrap_err().kind(), io::ErrorKind::InvalidInput, "{text}");
        }
    }
}
