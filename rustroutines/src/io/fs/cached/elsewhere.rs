//! What there is in the place of `linux` on other systems, and to a checker: everything is left to a job.

use super::Reading;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// What is to be done, where nothing could be done on the spot.
#[derive(Debug)]
pub(super) enum Instead {
    /// The same by a job.
    AsUsual,
}

/// What becomes of a link at the end of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Links {
    Followed,
    Themselves,
}

impl Instead {
    pub(super) fn of_reading(_: &Path) -> Result<Vec<u8>, Self> {
        Err(Self::AsUsual)
    }

    pub(super) fn of_looking(_: &Path, _: Links) -> Result<Metadata, Self> {
        Err(Self::AsUsual)
    }

    pub(super) fn of_existing(_: &Path) -> Result<bool, Self> {
        Err(Self::AsUsual)
    }

    pub(super) fn of_opening(_: &Path) -> Result<File, Self> {
        Err(Self::AsUsual)
    }

    pub(super) fn open(self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(super) fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    pub(super) fn look(self, path: &Path, links: Links) -> io::Result<Metadata> {
        match links {
            Links::Followed => std::fs::metadata(path),
            Links::Themselves => std::fs::symlink_metadata(path),
        }
    }
}

pub(super) fn read_on(_: &File, how: &mut Reading, _: &mut [u8]) -> Option<usize> {
    *how = Reading::ByJob;
    None
}
