//! Reading and writing: the traits, what is built on them, and work that blocks.
//!
//! - `traits`: [`Read`], [`Write`], [`BufRead`], [`Seek`]; [`ops`]: what their methods return;
//! - `impls`: the traits for references, boxes and what lies in memory;
//! - `adapters`, `buffered`, `copy`: readers and writers made of others;
//! - `duplex`: a connection in memory;
//! - [`fs`]: files and directories;
//! - [`mod@net`]: sockets;
//! - `blocking`: [`block_on_io`], a closure on a thread that may block.

mod adapters;
mod blocking;
mod buffered;
mod copy;
mod duplex;
pub mod fs;
mod impls;
#[cfg(not(loom))]
pub mod net;
pub mod ops;
mod traits;

pub use adapters::{Chain, Empty, Repeat, Sink, Take, empty, repeat, sink};
pub use blocking::{BlockOnIo, block_on_io};
pub use buffered::{BufReader, BufWriter};
pub use copy::{CopyBidirectionalOp, CopyBufOp, CopyOp, copy, copy_bidirectional, copy_buf};
pub use duplex::{DuplexStream, PipeReader, PipeWriter, duplex, pipe};
pub use std::io::{Error, ErrorKind, Result, SeekFrom};
pub use traits::{BufRead, Read, Seek, Write};
