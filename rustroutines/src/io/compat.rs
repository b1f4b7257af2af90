//! The traits of the crate `futures-io`, both ways: [`Compat`].

use super::{BufRead, Read, Seek, Write};
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives the traits of `futures-io` to what has this crate's, and the other way round, so that what is
/// written for the one works with the other: protocols such as TLS, compression, parsers.
///
/// Needs the feature `futures-io`.
///
/// # Cancel safety
/// That of what is in it.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, io::{Compat, Read, duplex}};
///
/// fn wants_theirs(_: impl futures_io::AsyncRead + futures_io::AsyncWrite) {}
/// wants_theirs(Compat::new(duplex(16).0));
///
/// let theirs: &[u8] = b"something"; // has `AsyncRead`
/// let mut text = String::new();
/// Compat::new(theirs).read_to_string(&mut text).block().unwrap();
/// assert_eq!(text, "something");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Compat<T>(
    /// What has the one or the other.
    T,
);

impl<T> Compat<T> {
    /// Around this.
    pub fn new(inner: T) -> Self {
        Self(inner)
    }

    /// What is in it.
    pub fn get_ref(&self) -> &T {
        &self.0
    }

    /// What is in it.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// What is in it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Passes the methods of a trait on to the same methods of another.
macro_rules! both_ways {
    ($ours:path, $theirs:path, $($method:ident($($argument:ident: $type:ty),*) $(-> $value:ty)?),*) => {
        impl<T: $theirs + Unpin> $ours for Compat<T> {
            $(fn $method(self: Pin<&mut Self>, $($argument: $type),*) $(-> $value)? {
                <T as $theirs>::$method(Pin::new(&mut self.get_mut().0), $($argument),*)
            })*
        }

        impl<T: $ours + Unpin> $theirs for Compat<T> {
            $(fn $method(self: Pin<&mut Self>, $($argument: $type),*) $(-> $value)? {
                <T as $ours>::$method(Pin::new(&mut self.get_mut().0), $($argument),*)
            })*
        }
    };
}

both_ways!(
    Read,
    futures_io::AsyncRead,
    poll_read(cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>
);
both_ways!(
    Write,
    futures_io::AsyncWrite,
    poll_write(cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>,
    poll_flush(cx: &mut Context<'_>) -> Poll<io::Result<()>>,
    poll_close(cx: &mut Context<'_>) -> Poll<io::Result<()>>
);
both_ways!(
    BufRead,
    futures_io::AsyncBufRead,
    poll_fill_buf(cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>,
    consume(amount: usize)
);
both_ways!(
    Seek,
    futures_io::AsyncSeek,
    poll_seek(cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>>
);
