//! The traits of reading and writing, all at once: `use rustroutines::io::prelude::*;`.
//!
//! They are in no other prelude, as the standard library's are not: they have the same names, and the same
//! methods for `Vec<u8>` and `&[u8]`. In a module that imports both, such a call says which it means:
//! `Write::write_all(&mut bytes, b"…")`, and what would be a `write!` is
//! `Write::write_fmt(&mut bytes, format_args!("…"))`.
//!
//! # Examples
//! ```
//! use rustroutines::io::{self, net::TcpStream, prelude::*};
//! use rustroutines::routine;
//!
//! #[routine]
//! fn ask(server: &str, question: &str) -> io::Result<String> {
//!     let mut stream = TcpStream::connect(server)?;
//!     stream.write_all(question.as_bytes())?;
//!     let mut answer = String::new();
//!     io::BufReader::new(stream).read_line(&mut answer)?;
//!     Ok(answer)
//! }
//! ```

pub use super::{BufRead, Read, Seek, Write};
