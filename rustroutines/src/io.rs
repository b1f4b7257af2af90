//! Reading and writing: the traits, what is built on them, and work that blocks.
//!
//! - `traits`: [`Read`], [`Write`], [`BufRead`], [`Seek`]; [`ops`]: what their methods return;
//! - `impls`: the traits for references, boxes and what lies in memory;
//! - [`mod@net`]: sockets;
//! - `blocking`: [`block_on_io`], a closure on a thread that may block.

mod blocking;
mod impls;
#[cfg(not(loom))]
pub mod net;
pub mod ops;
mod traits;

pub use blocking::{BlockOnIo, block_on_io};
pub use std::io::{Error, ErrorKind, Result, SeekFrom};
pub use traits::{BufRead, Read, Seek, Write};
