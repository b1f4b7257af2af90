//! A program that runs.

use super::exit::Exit;
use super::pipes::{ChildStderr, ChildStdin, ChildStdout};
use crate::io::Read;
use crate::io::ops::advanced;
use crate::panics;
use crate::suspend::Boxed;
use crate::suspend::operation::{boxed, routine};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Output};
use std::task::{Context, Poll, ready};

const THERE: &str = "away only in `drop`";

/// A program that runs; see [`Command::spawn`](super::Command::spawn).
///
/// Dropped before its end was waited for, it goes on, unless it was to be
/// [killed](super::Command::kill_on_drop); on Unix the system then keeps its entry until this program ends.
///
/// # Examples
/// ```
/// use rustroutines::io::{self, Read, Write};
/// use rustroutines::process::{Command, Stdio};
/// use rustroutines::routine;
///
/// #[routine]
/// fn upper(text: &str) -> io::Result<String> {
///     let mut tr = Command::new("tr");
///     tr.args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
///     let mut child = tr.spawn()?;
///     let mut stdin = child.stdin.take().expect("it is piped");
///     stdin.write_all(text.as_bytes())?;
///     drop(stdin); // so that `tr` ends
///     let output = child.wait_with_output()?;
///     Ok(String::from_utf8_lossy(&output.stdout).into_owned())
/// }
/// # use rustroutines::Suspend;
/// # #[cfg(unix)]
/// assert_eq!(upper("quiet").block().unwrap(), "QUIET");
/// ```
#[derive(Debug)]
pub struct Child {
    /// What it reads, if that is [piped](super::Command::stdin). Drop it to end the child's input.
    pub stdin: Option<ChildStdin>,
    /// What it writes, if that is [piped](super::Command::stdout).
    pub stdout: Option<ChildStdout>,
    /// What it complains, if that is [piped](super::Command::stderr).
    pub stderr: Option<ChildStderr>,
    /// The child; away only in `drop`. It knows how it ended, once that was asked for.
    std: Option<std::process::Child>,
    /// How its end is noticed, from the first wait on.
    exit: Option<Exit>,
    /// Whether it is killed when this is dropped.
    kill_on_drop: bool,
}

impl Child {
    pub(super) fn new(mut std: std::process::Child, kill_on_drop: bool) -> io::Result<Self> {
        let stdin = std.stdin.take().map(ChildStdin::new);
        let stdout = std.stdout.take().map(ChildStdout::new);
        let stderr = std.stderr.take().map(ChildStderr::new);
        let mut child =
            Self { stdin: None, stdout: None, stderr: None, std: Some(std), exit: None, kill_on_drop };
        let pipes = || {
            child.stdin = stdin.transpose()?;
            child.stdout = stdout.transpose()?;
            child.stderr = stderr.transpose()?;
            io::Result::Ok(())
        };
        if let Err(error) = pipes() {
            // Nobody will know of it.
            child.kill_on_drop = true;
            return Err(error);
        }
        Ok(child)
    }

    /// The system's number for it.
    pub fn id(&self) -> u32 {
        self.std.as_ref().expect(THERE).id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// Those of the system.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.std().try_wait()
    }

    /// Waits until it ends. Its `stdin` is dropped before, so that the two don't wait for one another.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Dropped, it leaves the child as it is; another one gives the same.
    pub fn wait(&mut self) -> WaitOp<'_> {
        WaitOp(self)
    }

    /// Waits until it ends, and reads meanwhile what it writes, as far as that is piped.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Dropped, it drops the child.
    pub fn wait_with_output(mut self) -> Boxed<'static, io::Result<Output>> {
        boxed(routine(async move {
            self.stdin = None;
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            let (mut out, mut err) = (self.stdout.take(), self.stderr.take());
            let mut reading_out = out.as_mut().map(|out| out.read_to_end(&mut stdout));
            let mut reading_err = err.as_mut().map(|err| err.read_to_end(&mut stderr));
            poll_fn(|cx| {
                let first = poll_to_end(&mut reading_out, cx)?;
                let second = poll_to_end(&mut reading_err, cx)?;
                if first.is_ready() && second.is_ready() {
                    Poll::Ready(io::Result::Ok(()))
                } else {
                    Poll::Pending
                }
            })
            .await?;
            let status = self.wait().await?;
            Ok(Output { status, stdout, stderr })
        }))
    }

    /// Ends it by force. [`wait`](Child::wait) for it afterwards: it takes a moment. It is no error if it has
    /// ended already.
    ///
    /// # Errors
    /// Those of the system.
    pub fn kill(&mut self) -> io::Result<()> {
        self.std().kill()
    }

    fn std(&mut self) -> &mut std::process::Child {
        self.std.as_mut().expect(THERE)
    }

    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.stdin = None;
        if self.exit.is_none() {
            if let Some(status) = self.try_wait()? {
                return Poll::Ready(Ok(status));
            }
        }
        let child = self.std.as_mut().expect(THERE);
        let exit = self.exit.get_or_insert_with(|| Exit::of(child));
        let status = ready!(exit.poll(child, cx));
        self.exit = None;
        Poll::Ready(status)
    }
}

/// Polls until the end, and then no more.
fn poll_to_end<O: Future<Output = io::Result<usize>> + Unpin>(
    reading: &mut Option<O>,
    cx: &mut Context<'_>,
) -> io::Result<Poll<()>> {
    let Some(operation) = reading else { return Ok(Poll::Ready(())) };
    match Pin::new(operation).poll(cx) {
        Poll::Ready(read) => {
            *reading = None;
            read.map(|_| Poll::Ready(()))
        }
        Poll::Pending => Ok(Poll::Pending),
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(mut child) = self.std.take() else { return };
        if !self.kill_on_drop || !matches!(child.try_wait(), Ok(None)) || child.kill().is_err() {
            return;
        }
        // It ends in a moment, and somebody has to take note of that. Nobody waits for it here.
        let note = Box::new(move || drop(child.wait()));
        if let Err(note) = crate::runtime::blocking_pool().submit(note) {
            panics::swallow(note);
        }
    }
}

/// The operation of [`Child::wait`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct WaitOp<'a>(
    /// The child.
    &'a mut Child,
);

impl WaitOp<'_> {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.0.poll_wait(cx)
    }
}

advanced!(['a] WaitOp<'a> => io::Result<ExitStatus>);
