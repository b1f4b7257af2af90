//! Reading and writing: the traits, what is built on them, and work that blocks.
//!
//! - [`Read`], [`Write`], [`BufRead`], [`Seek`]: the traits, all of them in [`mod@prelude`]; [`ops`]: what their
//!   methods return;
//! - [`BufReader`], [`BufWriter`], [`copy()`], [`copy_bidirectional`], [`split`], [`Read::take`],
//!   [`Read::chain`]: readers and writers made of others;
//! - [`mod@fs`]: files and directories; [`mod@net`]: sockets; [`stdin`], [`stdout`], [`stderr`]; for other
//!   programs see [`mod@crate::process`];
//! - [`duplex()`], [`pipe`]: connections in memory;
//! - [`block_on_io`]: a closure on a thread that may block;
//! - `Compat`: the traits of the crate `futures-io`, both ways, with the feature of that name.
//!
//! # Which to use when
//!
//! | what                                               | use                                               |
//! |----------------------------------------------------|---------------------------------------------------|
//! | sockets, pipes to other programs                   | [`mod@net`], [`mod@crate::process`]: they wait without a thread |
//! | a file now and then, a whole file                  | [`fs::read`], [`fs::write()`], [`File`](fs::File): they wait on a thread of the blocking pool |
//! | many small files, a walk over a tree               | one [`block_on_io`] with [`std::fs`] in it: one way to the pool and back for all |
//! | a library that blocks, work for the processor of more than a tenth of a millisecond | [`block_on_io`] |
//! | a small file at the start, `println!`              | the standard library                              |
//!
//! The standard library's reads and writes do not stop the program inside a routine. The worker waits in
//! them, and when the monitor sees that, after some milliseconds, another thread takes its place. So they are
//! right for what takes microseconds, slow for what takes milliseconds and happens often, and never fatal.
//!
//! The traits have the names of the standard library's, and their methods too: in a module that imports both,
//! a type that has both (`Vec<u8>`, `&[u8]`) has to be told which is meant.
//!
//! # Bytes are not lost
//!
//! An operation can be dropped at any time: by an abort, a timeout, a `select!` that goes another way. What
//! it had read and not reported is then in the reader, for the next; what a write has not reported is not
//! written. The few operations of several steps of which that can't be said ([`Read::read_exact`],
//! [`Read::read_to_string`], [`Write::write_all`], [`copy()`]) say so, and name another that keeps count.

// `traits` and `ops` are the interface; `impls` are the traits for references, boxes and what lies in memory.
mod adapters;
mod blocking;
mod buffered;
#[cfg(feature = "futures-io")]
mod compat;
mod copy;
mod duplex;
pub mod fs;
mod halves;
mod impls;
#[cfg(not(any(loom, shuttle)))]
pub mod net;
pub mod ops;
pub mod prelude;
#[cfg(not(any(loom, shuttle)))]
mod stdio;
mod traits;

pub use adapters::{Chain, Empty, Repeat, Sink, Take, empty, repeat, sink};
pub use blocking::{BlockOnIo, block_on_io};
pub use buffered::{BufReader, BufWriter};
#[cfg(feature = "futures-io")]
pub use compat::Compat;
pub use copy::{CopyBidirectionalOp, CopyBufOp, CopyOp, copy, copy_bidirectional, copy_buf};
pub use duplex::{DuplexStream, PipeReader, PipeWriter, duplex, pipe};
pub use halves::{ReadHalf, WriteHalf, split};
pub use std::io::{Error, ErrorKind, Result, SeekFrom};
#[cfg(not(any(loom, shuttle)))]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use traits::{BufRead, Read, Seek, Write};
