//! A file on the spot, by calls that do not wait. What for, and what is never done so, says `io::fs`'s module `cached`.

use crate::platform::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::platform::system::Links;
use memchr::memchr;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, fcntl_setfl, fstatfs, makedev,
    openat2, statfs, statx,
};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How large a file may be to be read on the spot: some ten microseconds.
const LIMIT: usize = 64 * 1024;
/// No page is smaller.
const PAGE: usize = 4096;

/// Where the descriptor is, and it moves on.
const CURRENT_PLACE: u64 = u64::MAX;

/// How an open file is read on the spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reading {
    /// As far as the system's cache goes.
    ///
    /// First, and where nothing else is known. --> `FromMemory` or `ByJob`, once the system has refused.
    #[default]
    FromCache,
    /// All of it is in memory.
    FromMemory,
    /// Not at all: the system has no such way to read this one. Or there is an error, which a job will find again.
    ByJob,
}

/// What can be done on the spot with the files of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing, as far as is known.
    Distant = 0,
    /// It gives what is in the cache without a question to anybody, and says so if something is not there.
    Local = 1,
    /// All of it is in memory. It does not answer to `RWF_NOWAIT`.
    InMemory = 2,
}

impl Kind {
    /// Of a file system that calls itself so.
    fn of(magic: u32) -> Self {
        match magic {
            // ext2 to ext4, XFS, Btrfs, F2FS.
            0xef53 | 0x5846_5342 | 0x9123_683e | 0xf2f5_2010 => Self::Local,
            // tmpfs, ramfs.
            0x0102_1994 | 0x8584_58f6 => Self::InMemory,
            _ => Self::Distant,
        }
    }

    /// How its files are read on the spot.
    fn reading(self) -> ReadWriteFlags {
        match self {
            Self::InMemory => ReadWriteFlags::empty(),
            Self::Local | Self::Distant => ReadWriteFlags::NOWAIT,
        }
    }
}

/// The system has refused such a call for a reason that does not go away: it is older (openat2 is of Linux 5.6, what
/// it is asked for of 5.12), or a filter keeps programs from it.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// What is known of file systems.
static JUDGED: Judged = Judged::new();

/// What is known of file systems, each at the place that its number leads to: the number, and in the lowest two bits
/// its `Kind`. 0: nothing. Relaxed: each entry is complete by itself, and one that is lost is made
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

    /// Of what kind it is, if that is known.
    fn look_up(&self, device: u64) -> Option<Kind> {
        let entry = self.place(device).load(Ordering::Relaxed);
        let kind = match entry & 3 {
            1 => Kind::Local,
            2 => Kind::InMemory,
            _ => Kind::Distant,
        };
        (entry != 0 && entry >> 2 == device).then_some(kind)
    }

    fn note(&self, device: u64, kind: Kind) {
        self.place(device).store(device << 2 | kind as u64, Ordering::Relaxed);
    }
}

/// What is to be done, where nothing could be done on the spot.
#[derive(Debug)]
pub(crate) enum Instead {
    /// The same by a job.
    AsUsual,
    /// That, and finding out about the file system.
    AndJudge,
}

impl Instead {
    /// Tries to read the file on the spot.
    pub(crate) fn of_reading(path: &Path) -> Result<Vec<u8>, Self> {
        let place = Place::find(path, Links::Followed)?;
        if !place.is_file || place.size > LIMIT as u64 {
            return Err(Self::AsUsual);
        }
        let kind = place.kind()?;
        read(&open_file(path)?, place.size as usize, kind.reading())
    }

    /// Tries to open the file on the spot, for reading.
    pub(crate) fn of_opening(path: &Path) -> Result<File, Self> {
        let place = Place::find(path, Links::Followed)?;
        if !place.is_file {
            return Err(Self::AsUsual);
        }
        place.kind()?;
        let file = open_file(path)?;
        // Another may have come to the path; and whoever gets the descriptor finds it as it would have been.
        let known = ask(&file, StatxFlags::TYPE)?;
        if !is_file(&known) || fcntl_setfl(&file, OFlags::empty()).is_err() {
            return Err(Self::AsUsual);
        }
        Ok(file.into())
    }

    /// Tries to find out on the spot what the system knows about it.
    pub(crate) fn of_looking(path: &Path, links: Links) -> Result<Metadata, Self> {
        let place = Place::find(path, links)?;
        place.kind()?;
        File::from(place.handle).metadata().map_err(|_| Self::AsUsual)
    }

    /// Tries to find out on the spot whether there is something. The cache knows names that are nobody's, too. The file
    /// system is not asked, whichever it is: only what is looked up without waiting counts.
    pub(crate) fn of_existing(path: &Path) -> Result<bool, Self> {
        if REFUSED.load(Ordering::Relaxed) {
            return Err(Self::AsUsual);
        }
        match look_up(path, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(not_opened(path, error)),
        }
    }

    /// Reads the file, which may take its time.
    pub(crate) fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        if let Self::AsUsual = self {
            return std::fs::read(path);
        }
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens the file, which may take its time.
    pub(crate) fn open(self, path: &Path) -> io::Result<File> {
        let file = File::open(path)?;
        if let Self::AsUsual = self {
            return Ok(file);
        }
        if let (Ok(known), Ok(system)) = (file.metadata(), fstatfs(&file)) {
            JUDGED.note(known.dev(), Kind::of(system.f_type as u32));
        }
        Ok(file)
    }

    /// Finds out what the system knows about it, which may take its time.
    pub(crate) fn look(self, path: &Path, links: Links) -> io::Result<Metadata> {
        let known = match links {
            Links::Followed => std::fs::metadata(path)?,
            Links::Themselves => std::fs::symlink_metadata(path)?,
        };
        // Of a link the file system is asked by the folder it is in, and that may be another's.
        if let (Self::AndJudge, false, Ok(system)) = (self, known.is_symlink(), statfs(path)) {
            JUDGED.note(known.dev(), Kind::of(system.f_type as u32));
        }
        Ok(known)
    }
}

/// What is at a path: a mere place, which was neither opened nor asked.
struct Place {
    /// The place.
    handle: OwnedFd,
    /// The number of its file system.
    device: u64,
    /// Whether it is a regular file.
    is_file: bool,
    /// How long it was when the system last looked.
    size: u64,
}

impl Place {
    /// Looks it up, as far as the system's caches go.
    fn find(path: &Path, links: Links) -> Result<Self, Instead> {
        if REFUSED.load(Ordering::Relaxed) {
            return Err(Instead::AsUsual);
        }
        let end = match links {
            Links::Followed => OFlags::empty(),
            Links::Themselves => OFlags::NOFOLLOW,
        };
        let handle = open(path, OFlags::PATH | end)?;
        let known = ask(&handle, StatxFlags::TYPE | StatxFlags::SIZE)?;
        Ok(Self { device: device(&known), is_file: is_file(&known), size: known.stx_size, handle })
    }

    /// What its file system is, if something can be done on the spot there.
    fn kind(&self) -> Result<Kind, Instead> {
        match JUDGED.look_up(self.device) {
            None => Err(Instead::AndJudge),
            Some(Kind::Distant) => Err(Instead::AsUsual),
            Some(kind) => Ok(kind),
        }
    }
}

/// Opens what is at this path if every step on the way is in the cache.
fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, Instead> {
    look_up(path, flags).map_err(|error| not_opened(path, error))
}

fn look_up(path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED)
}

fn not_opened(path: &Path, error: Errno) -> Instead {
    // `INVAL` is what an older system says to `CACHED`; but a path with a zero in it is no path anywhere.
    let old = error == Errno::INVAL && memchr(0, path.as_os_str().as_bytes()).is_none();
    refused(error, old)
}

/// Opens what was found to be a regular file.
fn open_file(path: &Path) -> Result<OwnedFd, Instead> {
    // Not to wait for whoever has a lease on it.
    open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
}

/// What is known here, without a question to anybody.
fn ask(file: &impl AsFd, wanted: StatxFlags) -> Result<Statx, Instead> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    statx(file, c"", flags, wanted).map_err(|error| refused(error, false))
}

fn device(known: &Statx) -> u64 {
    makedev(known.stx_dev_major, known.stx_dev_minor)
}

fn is_file(known: &Statx) -> bool {
    FileType::from_raw_mode(known.stx_mode.into()) == FileType::RegularFile
}

/// Whether it is known to be a file in memory.
pub(super) fn is_in_memory(file: &File) -> bool {
    ask(file, StatxFlags::TYPE)
        .is_ok_and(|known| is_file(&known) && JUDGED.look_up(device(&known)) == Some(Kind::InMemory))
}

/// Reads all of a file, about so large, in this way.
fn read(file: &OwnedFd, size: usize, how: ReadWriteFlags) -> Result<Vec<u8>, Instead> {
    // One more, to see that there is no more.
    let mut bytes = vec![0; size + 1];
    let mut length = 0;
    while length < bytes.len() {
        let rest = &mut bytes[length..];
        let count = preadv2(file, &mut [IoSliceMut::new(rest)], length as u64, how);
        let count = count.map_err(|error| refused(error, false))?;
        length += count;
        if count == 0 || (length < bytes.len() && length % PAGE != 0) {
            bytes.truncate(length);
            return Ok(bytes);
        }
    }
    // It is larger than it was.
    Err(Instead::AsUsual)
}

/// Reads on from the place in the file, as far as the cache goes.
pub(crate) fn read_on(file: &File, how: &mut Reading, buf: &mut [u8]) -> Option<usize> {
    loop {
        let flags = match how {
            Reading::FromCache => ReadWriteFlags::NOWAIT,
            Reading::FromMemory => ReadWriteFlags::empty(),
            Reading::ByJob => return None,
        };
        match preadv2(file, &mut [IoSliceMut::new(buf)], CURRENT_PLACE, flags) {
            Ok(count) => return Some(count),
            Err(Errno::AGAIN | Errno::INTR) => return None,
            Err(Errno::OPNOTSUPP) if *how == Reading::FromCache && is_in_memory(file) => {
                *how = Reading::FromMemory;
            }
            Err(_) => *how = Reading::ByJob,
        }
    }
}

/// What is to be done after an error; `for_good` if it will be no other the next time.
fn refused(error: Errno, for_good: bool) -> Instead {
    if for_good || matches!(error, Errno::NOSYS | Errno::PERM) {
        REFUSED.store(true, Ordering::Relaxed);
    }
    Instead::AsUsual
}

#[cfg(test)]
mod tests;
