//! Reading and writing: the traits, what is built on them, and work that blocks.
//!
//! - `traits`: [`Read`], [`Write`], [`BufRead`], [`Seek`]; [`ops`]: what their methods return;
//! - `impls`: the traits for references, boxes and what lies in memory;
//! - `adapters`, `buffered`, `copy`: readers and writers made of others;
//! - `duplex`: a connection in memory;
//! - [`fs`]: files and directories;
//! - [`mod@net`], sockets;
//! - `stdio`: the program's standard streams;
//! - `compat`: the traits of the crate `futures-io`, behind the feature of that name;
//! - `blocking`: [`block_on_io`], a closure on a thread that may block.

mod adapters;
mod blocking;
mod buffered;
#[cfg(feature = "futures-io")]
mod compat;
mod copy;
mod duplex;
pub mod fs;
mod impls;
#[cfg(not(loom))]
pub mod net;
pub mod ops;
#[cfg(not(loom))]
mod stdio;
mod traits;

pub use adapters::{Chain, Empty, Repeat, Sink, Take, empty, repeat, sink};
pub use blocking::{BlockOnIo, block_on_io};
pub use buffered::{BufReader, BufWriter};
#[cfg(feature = "futures-io")]
pub use compat::Compat;
pub use copy::{CopyBidirectionalOp, CopyBufOp, CopyOp, copy, copy_bidirectional, copy_buf};
pub use duplex::{DuplexStream, PipeReader, PipeWriter, duplex, pipe};
pub use std::io::{Error, ErrorKind, Result, SeekFrom};
#[cfg(not(loom))]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use traits::{BufRead, Read, Seek, Write};
