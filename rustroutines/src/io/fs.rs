//! Files and directories: the surface of [`std::fs`], as operations.
//!
//! The system has no good way to wait for a file, so each operation is a job for the threads of
//! [`block_on_io`]. Handing a job over and back costs as much as reading some ten kilobytes that are in the
//! system's cache. So little is done by the piece: [`read`], [`write`](write()), [`copy`] and the like are
//! one job each; a [`File`] reads ahead and gathers what is written; [`ReadDir`] fetches many entries at a
//! time. A small file that is in the system's cache is [`read`] at once, on Linux, where that needs no waiting: on
//! file systems of the machine's own disks and in its memory (but not where a container lays several above one another),
//! if no step on the way there is missing either. So is its [`metadata`] found, and whether it [`exists`]; so is a [`File`]
//! [opened](File::open), and reads what comes next.
//!
//! What takes several steps in *your* program (walk a tree, read a hundred small files) is best one
//! job, too: `block_on_io(|| …)` with [`std::fs`] in it.
//!
//! Inside a routine, std's own calls do not stop the program: a worker that is stuck in one is relieved
//! after some milliseconds. They are the right thing for what is small and near, such as reading a
//! configuration at the start.
//!
//! - `cached`: what needs no waiting;
//! - `file`: [`File`]; `options`: [`OpenOptions`];
//! - `moving`: from one file to another, by the system;
//! - `dir`: [`ReadDir`], [`DirEntry`];
//! - `temp`: [`TempDir`], [`TempFile`].
//!
//! # Errors
//! Those of the function in [`std::fs`] of the same name, unless something else is said.
//!
//! # Cancel safety
//! An operation that is dropped before a thread has begun with it does nothing. Once begun, it goes on to its
//! end; nobody hears how it ended.
//!
//! # Examples
//! ```
//! use rustroutines::{io::{self, fs}, routine};
//!
//! #[routine]
//! fn main() -> io::Result<()> {
//!     let dir = fs::TempDir::new()?;
//!     let path = dir.path().join("greeting");
//!     fs::write(&path, "hello")?;
//!     assert_eq!(fs::read_to_string(&path)?, "hello");
//!     for entry in fs::read_dir(dir.path())? {
//!         assert_eq!(entry?.file_name(), "greeting");
//!     }
//!     Ok(())
//! }
//! ```

mod cached;
mod dir;
mod file;
mod moving;
mod options;
mod temp;

pub use cached::CachedOp;
pub use dir::{DirEntry, NextEntry, ReadDir, read_dir};
pub use file::{File, FileOp, IntoStdOp};
#[cfg(not(any(loom, shuttle)))]
pub(super) use moving::send;
pub(super) use moving::{Moving, Outlet};
pub use options::OpenOptions;
pub use std::fs::{FileTimes, FileType, Metadata, Permissions};
pub use temp::{TempDir, TempFile};

use super::{BlockOnIo, block_on_io};
use std::io;
use std::path::{Path, PathBuf};

/// The operation of most functions here.
pub type FsOp<T> = BlockOnIo<io::Result<T>>;

/// A job that concerns one path.
fn at<T: Send + 'static>(
    path: impl AsRef<Path>,
    job: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> FsOp<T> {
    let path = path.as_ref().to_owned();
    block_on_io(move || job(&path))
}

/// A job that concerns two.
fn between<T: Send + 'static>(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    job: impl FnOnce(&Path, &Path) -> io::Result<T> + Send + 'static,
) -> FsOp<T> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    block_on_io(move || job(&from, &to))
}

/// Reads a whole file. See [`std::fs::read`].
///
/// On Linux, a small file that is in the system's cache is read at once, without a job.
pub fn read(path: impl AsRef<Path>) -> CachedOp<Vec<u8>> {
    CachedOp::read(path.as_ref())
}

/// Reads a whole file, which must be UTF-8. See [`std::fs::read_to_string`].
///
/// As with [`read`], a small file may be read at once.
pub fn read_to_string(path: impl AsRef<Path>) -> CachedOp<String> {
    CachedOp::read_to_string(path.as_ref())
}

/// Makes `contents` the file's contents; it is made if need be. See [`std::fs::write`].
///
/// What is lent (`&str`, `&[u8]`) is copied; a `Vec` or a `String` is not.
pub fn write(path: impl AsRef<Path>, contents: impl Into<Vec<u8>>) -> FsOp<()> {
    let contents = contents.into();
    at(path, move |path| std::fs::write(path, contents))
}

/// Copies a file with its permissions. The value says how many bytes. See [`std::fs::copy`].
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> FsOp<u64> {
    between(from, to, |from, to| std::fs::copy(from, to))
}

/// Gives a file or a directory another name. See [`std::fs::rename`].
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> FsOp<()> {
    between(from, to, |from, to| std::fs::rename(from, to))
}

/// What the system knows about a file, or about the one that a link leads to. See [`std::fs::metadata`].
///
/// On Linux, what is in the system's cache is found at once, without a job.
pub fn metadata(path: impl AsRef<Path>) -> CachedOp<Metadata> {
    CachedOp::metadata(path.as_ref())
}

/// What the system knows about a file, or about a link itself. See [`std::fs::symlink_metadata`].
///
/// As with [`metadata`], it may be found at once.
pub fn symlink_metadata(path: impl AsRef<Path>) -> CachedOp<Metadata> {
    CachedOp::symlink_metadata(path.as_ref())
}

/// Whether there is something. See [`std::fs::exists`].
///
/// On Linux, what is in the system's cache is known at once, without a job; of most disks also that there is nothing.
pub fn exists(path: impl AsRef<Path>) -> CachedOp<bool> {
    CachedOp::exists(path.as_ref())
}

/// Changes what may be done with a file. See [`std::fs::set_permissions`].
pub fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> FsOp<()> {
    at(path, move |path| std::fs::set_permissions(path, permissions))
}

/// The path without links and detours, from the root. See [`std::fs::canonicalize`].
pub fn canonicalize(path: impl AsRef<Path>) -> FsOp<PathBuf> {
    at(path, |path| std::fs::canonicalize(path))
}

/// Makes a directory. See [`std::fs::create_dir`].
pub fn create_dir(path: impl AsRef<Path>) -> FsOp<()> {
    at(path, |path| std::fs::create_dir(path))
}

/// Makes a directory, and those above it that are missing. See [`std::fs::create_dir_all`].
pub fn create_dir_all(path: impl AsRef<Path>) -> FsOp<()> {
    at(path, |path| std::fs::create_dir_all(path))
}

/// Removes an empty directory. See [`std::fs::remove_dir`].
pub fn remove_dir(path: impl AsRef<Path>) -> FsOp<()> {
    at(path, |path| std::fs::remove_dir(path))
}

/// Removes a directory and everything below it. See [`std::fs::remove_dir_all`].
pub fn remove_dir_all(path: impl AsRef<Path>) -> FsOp<()> {
    at(path, |path| std::fs::remove_dir_all(path))
}

/// Removes a file. See [`std::fs::remove_file`].
pub fn remove_file(path: impl AsRef<Path>) -> FsOp<()> {
    at(path, |path| std::fs::remove_file(path))
}

/// Gives a file a second name. See [`std::fs::hard_link`].
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> FsOp<()> {
    between(original, link, |original, link| std::fs::hard_link(original, link))
}

/// Where a link leads. See [`std::fs::read_link`].
pub fn read_link(path: impl AsRef<Path>) -> FsOp<PathBuf> {
    at(path, |path| std::fs::read_link(path))
}

/// Makes a link that leads to `original`. See [`std::os::unix::fs::symlink`].
#[cfg(unix)]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> FsOp<()> {
    between(original, link, |original, link| std::os::unix::fs::symlink(original, link))
}

/// Makes a link that leads to the file `original`. See [`std::os::windows::fs::symlink_file`].
#[cfg(windows)]
pub fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> FsOp<()> {
    between(original, link, |original, link| std::os::windows::fs::symlink_file(original, link))
}

/// Makes a link that leads to the directory `original`. See [`std::os::windows::fs::symlink_dir`].
#[cfg(windows)]
pub fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> FsOp<()> {
    between(original, link, |original, link| std::os::windows::fs::symlink_dir(original, link))
}
