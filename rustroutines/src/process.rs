//! Other programs: [`Command`], [`Child`], and what they read and write.
//!
//! - `child`: a program that runs;
//! - `exit`: how its end is noticed;
//! - `pipes`: its standard streams.
//!
//! No thread waits for a child. On Linux its end is an event like any other: a descriptor of the process
//! (`pidfd`) stands in the runtime's readiness queue, and so do the pipes on every Unix. Where there are no
//! such descriptors, a timer asks again and again, at most every 20 milliseconds. On Windows pipes are read
//! and written on the blocking pool.
//!
//! # Examples
//! ```no_run
//! use rustroutines::{io, process::Command, routine};
//!
//! #[routine]
//! fn main() -> io::Result<()> {
//!     let output = Command::new("cargo").arg("--version").output()?;
//!     print!("{}", String::from_utf8_lossy(&output.stdout));
//!     Ok(())
//! }
//! ```

mod child;
mod exit;
mod pipes;

pub use child::{Child, WaitOp};
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
pub use std::process::{ExitStatus, Output, Stdio};

use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// A program that is to be started, and how. See [`std::process::Command`].
#[derive(Debug)]
pub struct Command {
    /// The same in the standard library.
    std: std::process::Command,
    /// Whether the child is killed when its [`Child`] is dropped.
    kill_on_drop: bool,
}

impl Command {
    /// For this program. Without more it inherits the environment, the directory and the standard streams.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        std::process::Command::new(program).into()
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.std.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.std.env(key, value);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<K, V>(&mut self, variables: impl IntoIterator<Item = (K, V)>) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(variables);
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove(&mut self, key: impl AsRef<OsStr>) -> &mut Self {
        self.std.env_remove(key);
        self
    }

    /// Takes all variables out of the environment.
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// Has it run in this directory.
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Self {
        self.std.current_dir(directory);
        self
    }

    /// What it reads: `Stdio::piped()` for [`Child::stdin`], `Stdio::null()` for nothing.
    pub fn stdin(&mut self, from: impl Into<Stdio>) -> &mut Self {
        self.std.stdin(from);
        self
    }

    /// Where it writes: `Stdio::piped()` for [`Child::stdout`], `Stdio::null()` for nowhere.
    pub fn stdout(&mut self, to: impl Into<Stdio>) -> &mut Self {
        self.std.stdout(to);
        self
    }

    /// Where it complains: `Stdio::piped()` for [`Child::stderr`], `Stdio::null()` for nowhere.
    pub fn stderr(&mut self, to: impl Into<Stdio>) -> &mut Self {
        self.std.stderr(to);
        self
    }

    /// Whether the child is killed when its [`Child`] is dropped, as by an abort or a timeout. It is not,
    /// where nothing is said.
    pub fn kill_on_drop(&mut self, yes: bool) -> &mut Self {
        self.kill_on_drop = yes;
        self
    }

    /// The standard library's, for what only that can set.
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.std
    }

    /// Starts it. This waits for nothing but the system.
    ///
    /// # Errors
    /// Those of the system: where there is no such program, say.
    pub fn spawn(&mut self) -> io::Result<Child> {
        Child::new(self.std.spawn()?, self.kill_on_drop)
    }

    /// Starts it, and waits until it ends.
    ///
    /// # Errors
    /// Those of the system: where there is no such program, say. A program that fails is no error here.
    ///
    /// # Cancel safety
    /// Dropped, it drops the child, which goes on, or is killed: see [`kill_on_drop`](Command::kill_on_drop).
    pub fn status(&mut self) -> Boxed<'_, io::Result<ExitStatus>> {
        boxed(routine(async move { self.spawn()?.wait().await }))
    }

    /// Starts it, reads what it writes, and waits until it ends. It reads nothing, unless something else was
    /// said.
    ///
    /// # Errors
    /// Those of the system: where there is no such program, say. A program that fails is no error here.
    ///
    /// # Cancel safety
    /// Dropped, it drops the child, which goes on, or is killed: see [`kill_on_drop`](Command::kill_on_drop).
    pub fn output(&mut self) -> Boxed<'_, io::Result<Output>> {
        boxed(routine(async move {
            self.std.stdout(Stdio::piped()).stderr(Stdio::piped());
            self.spawn()?.wait_with_output().await
        }))
    }
}

impl From<std::process::Command> for Command {
    fn from(std: std::process::Command) -> Self {
        Self { std, kill_on_drop: false }
    }
}
