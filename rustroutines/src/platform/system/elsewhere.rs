//! Other systems, and the machines of checkers: nothing can be done in these ways, and who asks is told so.

/// A file on the spot: a job does it.
pub(crate) mod cached {
    use crate::platform::system::Links;
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::path::Path;

    /// How an open file is read on the spot.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) enum Reading {
        /// Not at all.
        #[default]
        ByJob,
    }

    /// What is to be done, where nothing could be done on the spot.
    #[derive(Debug)]
    pub(crate) enum Instead {
        /// The same by a job.
        AsUsual,
    }

    impl Instead {
        pub(crate) fn of_reading(_: &Path) -> Result<Vec<u8>, Self> {
            Err(Self::AsUsual)
        }

        pub(crate) fn of_looking(_: &Path, _: Links) -> Result<Metadata, Self> {
            Err(Self::AsUsual)
        }

        pub(crate) fn of_existing(_: &Path) -> Result<bool, Self> {
            Err(Self::AsUsual)
        }

        pub(crate) fn of_opening(_: &Path) -> Result<File, Self> {
            Err(Self::AsUsual)
        }

        pub(crate) fn open(self, path: &Path) -> io::Result<File> {
            File::open(path)
        }

        pub(crate) fn read(self, path: &Path) -> io::Result<Vec<u8>> {
            fs::read(path)
        }

        pub(crate) fn look(self, path: &Path, links: Links) -> io::Result<Metadata> {
            match links {
                Links::Followed => fs::metadata(path),
                Links::Themselves => fs::symlink_metadata(path),
            }
        }
    }

    /// Reads on in an open file, on the spot.
    pub(crate) fn read_on(_: &File, _: &mut Reading, _: &mut [u8]) -> Option<usize> {
        None
    }
}

/// Out of a file by the system: it goes through a buffer.
pub(crate) mod moving {
    use crate::platform::system::Sent;
    use std::fs::File;
    use std::io;

    /// Whether the system can be asked at all.
    pub(crate) const POSSIBLE: bool = false;

    /// To what a file can be sent.
    pub(crate) trait Outlet {}

    impl<T> Outlet for T {}

    pub(crate) fn move_piece(_: &File, _: &File) -> usize {
        0
    }

    pub(crate) fn send(_: &File, _: &impl Outlet, _: usize) -> io::Result<Sent> {
        Ok(Sent::Never)
    }
}

/// The end of a process: there is no event of it.
pub(crate) mod child {
    use mio::event::Source;
    use mio::{Interest, Registry, Token};
    use std::io;
    use std::process::Child;

    /// There is none.
    #[derive(Debug)]
    pub(crate) enum End {}

    impl End {
        pub(crate) fn of(_: &Child) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    impl Source for End {
        fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            match *self {}
        }

        fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            match *self {}
        }

        fn deregister(&mut self, _: &Registry) -> io::Result<()> {
            match *self {}
        }
    }
}

/// Where threads run, and how many there are: that is not known.
pub(crate) mod threads {
    use std::io;

    /// Has the calling thread run on these processors only: not here.
    pub(crate) fn stay_on(cpus: &[usize]) -> io::Result<()> {
        if cpus.is_empty() { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    /// The processors that this process may use.
    pub(crate) fn allowed_cpus() -> Option<Vec<usize>> {
        None
    }

    /// A file of the description of the machine's memory.
    pub(crate) fn node_file(_: &str) -> Option<String> {
        None
    }

    /// How many threads the process has.
    pub(crate) fn count() -> Option<u64> {
        None
    }
}
