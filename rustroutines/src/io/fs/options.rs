//! How a file is opened.

use super::{File, FsOp, at};
use std::path::Path;

/// How a file is opened. See [`std::fs::OpenOptions`].
///
/// # Examples
/// ```
/// use rustroutines::{io::{self, Write, fs}, routine};
///
/// #[routine]
/// fn log(path: &std::path::Path, line: &str) -> io::Result<()> {
///     let mut file = fs::OpenOptions::new().append(true).create(true).open(path)?;
///     file.write_all(format!("{line}\n").as_bytes())?;
///     file.flush()
/// }
/// # use rustroutines::Suspend;
/// # let dir = fs::TempDir::new().block().unwrap();
/// # log(&dir.path().join("log"), "a line").block().unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct OpenOptions(
    /// The same in the standard library.
    std::fs::OpenOptions,
);

/// The setters that both have.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self, yes: bool) -> &mut Self {
            self.0.$name(yes);
            self
        }
    )*};
}

impl OpenOptions {
    /// For nothing yet.
    #[expect(clippy::new_without_default, reason = "as in the standard library")]
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
    }

    setters! {
        /// For reading.
        read,
        /// For writing.
        write,
        /// For writing at the end, wherever that is by then.
        append,
        /// What is in the file is thrown away.
        truncate,
        /// Where there is no file, one is made.
        create,
        /// A file is made; it is an error if there is one.
        create_new
    }

    /// Opens the file.
    pub fn open(&self, path: impl AsRef<Path>) -> FsOp<File> {
        let options = self.0.clone();
        at(path, move |path| options.open(path).map(File::from))
    }
}

/// Options that the standard library's traits set: permissions, say.
impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}
