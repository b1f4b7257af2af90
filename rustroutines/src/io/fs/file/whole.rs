//! The operations on an open file as a whole.

use super::File;
use super::stage::Stage;
use crate::io::block_on_io;
use crate::io::fs::FsOp;
use crate::io::ops::advanced;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What is done with the standard library's file.
type Action<T> = Box<dyn FnOnce(&std::fs::File) -> io::Result<T> + Send>;

/// An operation on an open file as a whole: [`File::metadata`], [`File::sync_all`], and others.
///
/// # Cancel safety
/// Dropped before it has been handed to the blocking pool, it does nothing; after that it goes on to its end,
/// before anything else is done with the file.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct FileOp<'a, T: Send + 'static> {
    /// The file.
    file: &'a mut File,
    /// What is to be done, until a job does it.
    action: Option<Action<T>>,
    /// The job.
    job: Option<FsOp<T>>,
}

impl<'a, T: Send + 'static> FileOp<'a, T> {
    pub(super) fn new(
        file: &'a mut File,
        action: impl FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self { file, action: Some(Box::new(action)), job: None }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.job.is_none() {
            ready!(self.file.poll_settled(cx))?;
            let action = self.action.take().expect("an operation is polled no more once it is done");
            let file = self.file.file.clone();
            self.job = Some(block_on_io(move || action(&file)));
        }
        let job = self.job.as_mut().expect("it is there now");
        let value = ready!(Pin::new(job).poll(cx));
        self.job = None;
        Poll::Ready(value)
    }
}

advanced!(['a, T: Send + 'static] FileOp<'a, T> => io::Result<T>);

impl<T: Send + 'static> Drop for FileOp<'_, T> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.file.stage = Stage::Ending(Box::pin(async { drop(job.await) }));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for FileOp<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOp").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The operation of [`File::into_std`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct IntoStdOp(
    /// The file, until it is given out.
    pub(super) Option<File>,
);

impl IntoStdOp {
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<std::fs::File>> {
        let file = self.0.as_mut().expect("an operation is polled no more once it is done");
        ready!(file.poll_settled(cx))?;
        let std = file.file.clone();
        self.0 = None;
        // A job that nobody waits for any more may still have it.
        Poll::Ready(Arc::try_unwrap(std).or_else(|shared| shared.try_clone()))
    }
}

advanced!([] IntoStdOp => io::Result<std::fs::File>);
