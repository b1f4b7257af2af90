//! Files and directories that are gone when the program is done with them.
//!
//! The name is made by chance, in the system's directory for such things; what is there already is an error
//! to the system, and another name is tried. On Unix nobody else may read what is made.

use super::{File, FsOp};
use crate::io::block_on_io;
use crate::platform::random;
use std::io;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

/// How many names are tried.
const TRIES: usize = 1 << 10;

/// Makes something under a name that nothing has.
fn make<T>(dir: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(T, PathBuf)> {
    for _ in 0..TRIES {
        let number = random::below(1 << 30) << 10 | random::below(1 << 10);
        let path = dir.join(format!(".tmp-{}-{number:010x}", std::process::id()));
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|made| (made, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A directory that is removed, with everything in it, when this is dropped. See [`TempDir::new`].
///
/// Dropping removes it on the spot. Where that would take long, [`close`](TempDir::close) it.
#[derive(Debug)]
pub struct TempDir {
    /// Where it is. Empty: nothing is to be removed.
    path: PathBuf,
}

impl TempDir {
    /// Makes a directory in the system's directory for temporary files.
    pub fn new() -> FsOp<TempDir> {
        Self::new_in(std::env::temp_dir())
    }

    /// Makes a directory in `dir`.
    pub fn new_in(dir: impl AsRef<Path>) -> FsOp<TempDir> {
        super::at(dir, |dir| {
            #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            let ((), path) = make(dir, |path| builder.create(path))?;
            Ok(TempDir { path })
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets it stay.
    pub fn keep(mut self) -> PathBuf {
        mem::take(&mut self.path)
    }

    /// Removes it, and says how that went.
    pub fn close(mut self) -> FsOp<()> {
        super::remove_dir_all(mem::take(&mut self.path))
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A [`File`] that is removed when this is dropped. See [`TempFile::new`].
#[derive(Debug)]
pub struct TempFile {
    /// The file.
    file: File,
    /// Removes it.
    path: Removed,
}

/// Where a file is, that goes with this.
#[derive(Debug)]
struct Removed(
    /// Empty: nothing is to be removed.
    PathBuf,
);

impl TempFile {
    /// Makes a file in the system's directory for temporary files, for reading and writing.
    pub fn new() -> FsOp<TempFile> {
        Self::new_in(std::env::temp_dir())
    }

    /// Makes a file in `dir`, for reading and writing.
    pub fn new_in(dir: impl AsRef<Path>) -> FsOp<TempFile> {
        super::at(dir, |dir| {
            let mut options = std::fs::OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let (file, path) = make(dir, |path| options.open(path))?;
            Ok(TempFile { file: file.into(), path: Removed(path) })
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path.0
    }

    /// Lets it stay, under another name, which must be on the same file system. What is there is replaced: at
    /// once, so that nobody ever sees a part of it. Flush or sync it before.
    ///
    /// # Cancel safety
    /// Dropped before a thread has begun with it, it removes the file.
    pub fn persist(self, path: impl AsRef<Path>) -> FsOp<File> {
        let to = path.as_ref().to_owned();
        block_on_io(move || {
            let mut this = self;
            std::fs::rename(&this.path.0, to)?;
            this.path.0 = PathBuf::new();
            Ok(this.file)
        })
    }

    /// Lets it stay where it is.
    pub fn keep(mut self) -> (File, PathBuf) {
        (self.file, mem::take(&mut self.path.0))
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

impl Deref for TempFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl DerefMut for TempFile {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.file
    }
}
