//! Conversions from and to the standard library's sockets, and to what the system calls them.

/// The conversions of one socket.
macro_rules! conversions {
    ($socket:ident, $mio:ty, $std:ty, $($field:ident).+) => {
        impl $socket {
            /// Takes a socket of the standard library over.
            ///
            /// # Errors
            /// Where the system refuses, and where the runtime is shut down.
            pub fn from_std(socket: $std) -> std::io::Result<Self> {
                socket.set_nonblocking(true)?;
                Self::from_mio(&crate::runtime::driver(), <$mio>::from_std(socket))
            }

            /// Gives it back, to be used by the standard library: it blocks again.
            ///
            /// # Errors
            /// Where the system refuses.
            pub fn into_std(self) -> std::io::Result<$std> {
                let socket = <$std>::from(self.into_mio()?);
                socket.set_nonblocking(false)?;
                Ok(socket)
            }
        }

        impl TryFrom<$std> for $socket {
            type Error = std::io::Error;

            fn try_from(socket: $std) -> std::io::Result<Self> {
                Self::from_std(socket)
            }
        }

        impl TryFrom<$socket> for $std {
            type Error = std::io::Error;

            fn try_from(socket: $socket) -> std::io::Result<Self> {
                socket.into_std()
            }
        }

        #[cfg(unix)]
        impl TryFrom<std::os::fd::OwnedFd> for $socket {
            type Error = std::io::Error;

            fn try_from(descriptor: std::os::fd::OwnedFd) -> std::io::Result<Self> {
                Self::from_std(descriptor.into())
            }
        }

        #[cfg(unix)]
        impl TryFrom<$socket> for std::os::fd::OwnedFd {
            type Error = std::io::Error;

            fn try_from(socket: $socket) -> std::io::Result<Self> {
                Ok(socket.into_std()?.into())
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $socket {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.$($field).+.source().as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $socket {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.$($field).+.source().as_raw_fd()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsSocket for $socket {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.$($field).+.source().as_socket()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawSocket for $socket {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.$($field).+.source().as_raw_socket()
            }
        }
    };
}
pub(super) use conversions;
