//! Out of a file, into another or into a stream.

use super::cached::is_in_memory;
use crate::platform::system::Sent;
use rustix::fs::{copy_file_range, fstat, sendfile, tell};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};

/// To what a file can be sent.
pub(crate) use rustix::fd::AsFd as Outlet;

/// Whether the system can be asked at all.
pub(crate) const POSSIBLE: bool = true;

/// How much one call of [`move_piece`] moves: some milliseconds' work, if it is in the system's cache.
const PIECE: usize = 8 << 20;
/// Less than this is sooner read and written.
const LITTLE: u64 = 16 * 1024;
/// A byte in each so many is looked for in the cache: what the system itself reads ahead by.
const STEP: u64 = 64 * 1024;

/// Moves up to a piece from the place in one file to that in the other, and says how much. It may take its time.
pub(crate) fn move_piece(from: &File, to: &File) -> usize {
    let mut moved = 0;
    while moved < PIECE {
        match copy_file_range(from, None, to, None, PIECE - moved) {
            Ok(0) => break,
            Ok(count) => moved += count,
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    moved
}

/// Sends from the place in a file, if that takes no waiting for the file. A look at a byte in each [`STEP`] says so, or
/// what kind of file system it is.
///
/// # Errors
/// Those of the stream. Nothing was sent then.
pub(crate) fn send(from: &File, to: &impl Outlet, most: usize) -> io::Result<Sent> {
    let (Ok(place), Ok(known)) = (tell(from), fstat(from)) else { return Ok(Sent::Never) };
    let length = u64::try_from(known.st_size).unwrap_or(0);
    let there = length.saturating_sub(place).min(most as u64);
    if there < LITTLE {
        return Ok(Sent::NotNow);
    }
    let looks = (place..place + there).step_by(STEP as usize).chain([place + there - 1]);
    for look in looks {
        match preadv2(from, &mut [IoSliceMut::new(&mut [0])], look, ReadWriteFlags::NOWAIT) {
            Ok(_) => {}
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Sent::NotNow),
            Err(Errno::OPNOTSUPP) if is_in_memory(from) => break,
            Err(_) => return Ok(Sent::Never),
        }
    }
    match sendfile(to, from, None, there as usize) {
        // It was cut off meanwhile.
        Ok(0) => Ok(Sent::NotNow),
        Ok(sent) => Ok(Sent::Bytes(sent)),
        // The file's, or either's: the read or the write that follows will tell.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::OVERFLOW | Errno::IO | Errno::PERM) => {
            Ok(Sent::Never)
        }
        Err(error) => Err(error.into()),
    }
}
