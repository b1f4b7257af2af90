//! The network: TCP, UDP and Unix sockets, in blocking style.
//!
//! - `tcp`: [`TcpListener`], [`TcpStream`]; `udp`: [`UdpSocket`];
//! - `unix`: sockets that are files: [`UnixListener`], [`UnixStream`], [`UnixDatagram`];
//! - `address`: what one can connect and bind to, and how names are resolved;
//! - `connect`: several addresses of one name, tried at once;
//! - `listen`: accepting; `split`: the two halves of a stream; `op`: the operations of sockets.
//!
//! ```
//! use rustroutines::io::{self, Write, net::{TcpListener, TcpStream}};
//! use rustroutines::prelude::*;
//!
//! #[routine]
//! fn echo(mut stream: TcpStream) -> io::Result<()> {
//!     let mut buf = [0; 1024];
//!     loop {
//!         let n = stream.read(&mut buf)?; // suspends until something comes
//!         if n == 0 {
//!             return Ok(());
//!         }
//!         stream.write_all(&buf[..n])?;
//!     }
//! }
//!
//! #[routine]
//! fn main() -> io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0")?;
//!     let address = listener.local_addr()?;
//!     go!(move || {
//!         for stream in listener.incoming() {
//!             go!(echo(stream?));
//!         }
//!         Ok::<_, io::Error>(())
//!     });
//!
//!     let stream = TcpStream::connect(address)?;
//!     stream.write(b"hello")?;
//!     let mut answer = [0; 8];
//!     assert_eq!(stream.read(&mut answer)?, 5);
//!     Ok(())
//! }
//! ```
//!
//! # Waiting
//! An operation tries its system call first, and waits only where that says that there is nothing yet. It
//! may be carried out anywhere: in a routine, by `.block()` on a thread, as an arm of a `select!`, under any
//! executor. A socket is served by the runtime on which it was made: the one whose worker made it, else the
//! global one, which is started if need be. When that is shut down, what waits for the socket ends with an
//! error, and so does what would have to wait.
//!
//! Several may read, write or accept on one socket at once: all methods take `&self`, and an event wakes all
//! who wait for it.
//!
//! # Cancel safety
//! An operation that is dropped has done nothing, unless its own documentation says otherwise: what was not
//! reported was not taken.
//!
//! # Deadlines
//! [`timeout`](crate::time::timeout) limits one operation, as the standard library's `set_read_timeout` limits
//! each: `timeout(limit, || stream.read(&mut buffer))`. A socket's own deadline
//! ([`set_read_deadline`](TcpStream::set_read_deadline) and the like) is an instant, from which on all its
//! operations in that direction end with [`TimedOut`](std::io::ErrorKind::TimedOut): those that wait, and
//! those that would find something ready. It holds until it is set anew.
//!
//! # Child processes
//! No socket is inherited by the programs that this one starts. A process that goes on after `fork` without
//! starting another program shares the readiness queue with its parent: there, use nothing of this.

mod address;
mod connect;
mod convert;
mod listen;
mod op;
mod split;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;

pub use address::{Addresses, ToAddresses, resolve};
pub use listen::{Accept, Incoming, Listen};
pub use split::{ReadHalf, ReuniteError, Stream, WriteHalf};
pub use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixStream};
