//! The calls of Linux that do not wait. See the module above.

use super::Unread;
use crate::platform::atomic::{AtomicBool, AtomicU64, Ordering};
use memchr::memchr;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, openat2};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::io::{self, IoSliceMut, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How large a file may be to be read on the spot: some ten microseconds.
const LIMIT: usize = 64 * 1024;
/// No page is smaller.
const PAGE: usize = 4096;

/// Where the descriptor is, and it moves on.
const CURRENT_PLACE: u64 = u64::MAX;

/// File systems that read what is in the cache without a question to anybody, and say so if it is not there: ext2 to
/// ext4, XFS, Btrfs, F2FS.
const LOCAL: [u32; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010];

/// The system has refused such a call for a reason that does not go away: it is older (openat2 is of Linux 5.6, what
/// it is asked for of 5.12), or a filter keeps programs from it.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// What is known of file systems.
static JUDGED: Judged = Judged::new();

/// What is known of file systems, each at the place that its number leads to: the number, and in the lowest bit
/// whether it is one of `LOCAL`. 0: nothing. Relaxed: each entry is complete by itself, and one that is lost is made
/// anew. A number may in time come to another file system; the worst of it is that a worker waits, and is relieved.
struct Judged([AtomicU64; 16]);

impl Judged {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; 16])
    }

    fn place(&self, device: u64) -> &AtomicU64 {
        // The lowest bits number the partitions of a disk, the next twelve the kinds of disks.
        &self.0[((device ^ device >> 8) % self.0.len() as u64) as usize]
    }

    /// Whether it is one of `LOCAL`, if that is known.
    fn look_up(&self, device: u64) -> Option<bool> {
        let entry = self.place(device).load(Ordering::Relaxed);
        (entry != 0 && entry >> 1 == device).then_some(entry & 1 == 1)
    }

    fn note(&self, device: u64, is_local: bool) {
        self.place(device).store(device << 1 | u64::from(is_local), Ordering::Relaxed);
    }
}

/// What is to be done, where a file could not be read on the spot.
#[derive(Debug)]
pub(super) enum Instead {
    /// Reading it by a job.
    Read,
    /// That, and finding out about its file system.
    ReadAndJudge,
}

impl Instead {
    /// Tries to read the file on the spot.
    pub(super) fn of_trying(path: &Path) -> Result<Vec<u8>, Self> {
        if REFUSED.load(Ordering::Relaxed) {
            return Err(Self::Read);
        }
        let place = open(path, OFlags::PATH)?;
        let known = fstat(&place).map_err(|_| Self::Read)?;
        let size = usize::try_from(known.st_size).unwrap_or(usize::MAX);
        if FileType::from_raw_mode(known.st_mode) != FileType::RegularFile || size > LIMIT {
            return Err(Self::Read);
        }
        if !JUDGED.look_up(known.st_dev).ok_or(Self::ReadAndJudge)? {
            return Err(Self::Read);
        }
        // Not to wait for whoever has a lease on it.
        let file = open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        read(&file, size)
    }

    /// Reads the file, which may take its time.
    pub(super) fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        if let Self::Read = self {
            return std::fs::read(path);
        }
        let mut file = std::fs::File::open(path)?;
        if let (Ok(known), Ok(system)) = (fstat(&file), fstatfs(&file)) {
            JUDGED.note(known.st_dev, LOCAL.contains(&(system.f_type as u32)));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Opens what is at this path if every step on the way is in the cache.
fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, Instead> {
    openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED).map_err(|error| {
        // `INVAL` is what an older system says to `CACHED`; but a path with a zero in it is no path anywhere.
        let old = error == Errno::INVAL && memchr(0, path.as_os_str().as_bytes()).is_none();
        refused(error, old)
    })
}

/// Reads all of a file, about so large, if it is in the cache.
fn read(file: &OwnedFd, size: usize) -> Result<Vec<u8>, Instead> {
    // One more, to see that there is no more.
    let mut bytes = vec![0; size + 1];
    let mut length = 0;
    while length < bytes.len() {
        let rest = &mut bytes[length..];
        let count = preadv2(file, &mut [IoSliceMut::new(rest)], length as u64, ReadWriteFlags::NOWAIT);
        let count = count.map_err(|error| refused(error, false))?;
        length += count;
        if count == 0 || (length < bytes.len() && length % PAGE != 0) {
            bytes.truncate(length);
            return Ok(bytes);
        }
    }
    // It is larger than it was.
    Err(Instead::Read)
}

/// Reads on from the place in the file, as far as the cache goes.
pub(super) fn read_on(file: &std::fs::File, buf: &mut [u8]) -> Result<usize, Unread> {
    preadv2(file, &mut [IoSliceMut::new(buf)], CURRENT_PLACE, ReadWriteFlags::NOWAIT).map_err(|error| {
        match error {
            Errno::AGAIN | Errno::INTR => Unread::NotNow,
            _ => Unread::Never,
        }
    })
}

/// What is to be done after an error; `for_good` if it will be no other the next time.
fn refused(error: Errno, for_good: bool) -> Instead {
    if for_good || matches!(error, Errno::NOSYS | Errno::PERM) {
        REFUSED.store(true, Ordering::Relaxed);
    }
    Instead::Read
}

#[cfg(test)]
mod tests;
