//! The traits for references, boxes, pins and temporary files, and for what lies in memory and never waits.

use super::copy::{Origin, Target};
use super::fs::{File, TempFile};
use super::{BufRead, Read, Seek, Write};
use std::io::{self, Cursor, SeekFrom};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// All four traits for something that leads to an object. `$pinned` is how to get there from `$this`.
macro_rules! passed_on {
    ([$($generics:tt)*] $pointer:ty, $target:ty, $this:ident => $pinned:expr) => {
        impl<$($generics)*> Read for $pointer
        where
            $target: Read,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $pinned.poll_read(cx, buf)
            }

            fn origin(self: Pin<&mut Self>) -> Origin<'_> {
                let $this = self;
                $pinned.origin()
            }
        }

        impl<$($generics)*> Write for $pointer
        where
            $target: Write,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $pinned.poll_write(cx, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let $this = self;
                $pinned.poll_flush(cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let $this = self;
                $pinned.poll_close(cx)
            }

            fn target(self: Pin<&mut Self>) -> Target<'_> {
                let $this = self;
                $pinned.target()
            }
        }

        impl<$($generics)*> BufRead for $pointer
        where
            $target: BufRead,
        {
            fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                let $this = self;
                $pinned.poll_fill_buf(cx)
            }

            fn consume(self: Pin<&mut Self>, amount: usize) {
                let $this = self;
                $pinned.consume(amount);
            }
        }

        impl<$($generics)*> Seek for $pointer
        where
            $target: Seek,
        {
            fn poll_seek(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                to: SeekFrom,
            ) -> Poll<io::Result<u64>> {
                let $this = self;
                $pinned.poll_seek(cx, to)
            }
        }
    };
}

passed_on!([T: ?Sized + Unpin] &mut T, T, this => Pin::new(&mut **this.get_mut()));
passed_on!([T: ?Sized + Unpin] Box<T>, T, this => Pin::new(&mut **this.get_mut()));
passed_on!([P: DerefMut + Unpin] Pin<P>, P::Target, this => this.get_mut().as_mut());
passed_on!([] TempFile, File, this => Pin::new(&mut **this.get_mut()));

impl Read for &[u8] {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read(&mut *self, buf))
    }

    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        Origin::Buffered(self)
    }
}

impl BufRead for &[u8] {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(*self))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        *self = &self[amount..];
    }
}

impl<T: AsRef<[u8]> + Unpin> Read for Cursor<T> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read(&mut *self, buf))
    }

    fn origin(self: Pin<&mut Self>) -> Origin<'_> {
        Origin::Buffered(self)
    }
}

impl<T: AsRef<[u8]> + Unpin> BufRead for Cursor<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(io::BufRead::fill_buf(self.get_mut()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        io::BufRead::consume(&mut *self, amount);
    }
}

impl<T: AsRef<[u8]> + Unpin> Seek for Cursor<T> {
    fn poll_seek(mut self: Pin<&mut Self>, _: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        Poll::Ready(io::Seek::seek(&mut *self, to))
    }
}

/// What takes bytes without ever waiting, as the standard library's trait does it.
macro_rules! written_at_once {
    ($([$($generics:tt)*] $sink:ty),* $(,)?) => {$(
        impl<$($generics)*> Write for $sink {
            fn poll_write(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(io::Write::write(&mut *self, buf))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    )*};
}

written_at_once! {
    [] Vec<u8>,
    [] &mut [u8],
    [] Cursor<&mut [u8]>,
    [] Cursor<&mut Vec<u8>>,
    [] Cursor<Vec<u8>>,
    [] Cursor<Box<[u8]>>,
    [const N: usize] Cursor<[u8; N]>,
}
