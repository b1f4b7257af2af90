//! Waiting for routines, and stopping them.

use super::RoutineId;
use crate::error::{JoinError, SpawnError};
use crate::scheduler::JoinTask;
use crate::suspend::Suspend;
use crate::task::trace::{self, WaitsFor};
use crate::task::{self, budget};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A routine that was started. Dropping it lets the routine run on by itself.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::error::JoinError;
/// use rustroutines::routine::spawn;
///
/// let handle = spawn(std::future::pending::<()>);
/// handle.abort();
/// assert!(matches!(handle.join().block(), Err(JoinError::Aborted)));
/// ```
pub struct RoutineHandle<T> {
    /// The routine. Absent once its value has been taken, and for one that was never started.
    task: Option<JoinTask<T>>,
    /// Why it was never started.
    refused: Option<SpawnError>,
}

impl<T> RoutineHandle<T> {
    pub(crate) fn new(task: JoinTask<T>) -> Self {
        Self { task: Some(task), refused: None }
    }

    pub(crate) fn not_spawned(error: SpawnError) -> Self {
        Self { task: None, refused: Some(error) }
    }

    /// Waits until the routine has ended, and gives its value.
    ///
    /// # Errors
    /// The operation gives a [`JoinError`] if the routine panicked, was aborted, was dropped by a
    /// shutdown of its runtime, or was never started.
    ///
    /// # Cancel safety
    /// The routine runs on if the operation is dropped; its value is lost then.
    pub fn join(mut self, // takes the handle; `join_mut` leaves it
    ) -> Join<T> {
        Join { task: self.task.take(), refused: self.refused }
    }

    /// Waits like [`join`](Self::join), and leaves the handle where it is: for an arm of a `select!` in a loop.
    ///
    /// # Errors
    /// As `join`'s; [`JoinError::AlreadyJoined`] if the value has been taken before.
    ///
    /// # Cancel safety
    /// Nothing is lost: the routine runs on if the operation is dropped, and can be joined again.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::channel::tick;
    /// use rustroutines::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[routine]
    /// fn work() -> u32 {
    ///     sleep(Duration::from_millis(5));
    ///     7
    /// }
    ///
    /// #[routine]
    /// fn main() {
    ///     let (ticks, mut working) = (tick(Duration::from_millis(1)), go!(work()));
    ///     let result = loop {
    ///         select! {
    ///             _ = ticks.recv() => println!("still at it"),
    ///             result = working.join_mut() => break result.unwrap(),
    ///         }
    ///     };
    ///     assert_eq!(result, 7);
    /// }
    /// ```
    pub fn join_mut(&mut self) -> JoinMut<'_, T> {
        JoinMut { handle: self }
    }

    /// Orders the routine to end at its next suspension; its destructors run. A routine that ends
    /// before that has ended as it did. May be called from any thread, any number of times.
    #[doc(alias = "cancel")]
    pub fn abort(&self) {
        if let Some(task) = &self.task {
            let meta = task.metadata();
            if let Some(waker) = meta.seat.abort(meta.id) {
                waker.wake();
            }
        }
    }

    /// Whether the routine has ended, however it did.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.is_finished())
    }

    /// The routine's number; 0 if it was never started, or its value has been taken.
    pub fn id(&self) -> RoutineId {
        RoutineId::new(self.task.as_ref().map_or(0, |task| task.metadata().id))
    }

    /// The name it was given.
    pub fn name(&self) -> Option<&str> {
        self.task.as_ref()?.metadata().name.as_ref().map(|name| name.as_str())
    }
}

impl<T> Drop for RoutineHandle<T> {
    fn drop(&mut self) {
        detach(&mut self.task);
    }
}

impl<T> fmt::Debug for RoutineHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutineHandle")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// `.await` does what [`join`](RoutineHandle::join) does: for code that is `async`, and for who is used to it.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, go, routine};
///
/// #[routine]
/// fn add(a: u32, b: u32) -> u32 {
///     a + b
/// }
///
/// # fn main() {
/// let total = rustroutines::suspend!({ go!(add(1, 2)).await });
/// assert_eq!(total.block().unwrap(), 3);
/// # }
/// ```
impl<T> IntoFuture for RoutineHandle<T> {
    type Output = Result<T, JoinError>;
    type IntoFuture = Join<T>;

    fn into_future(self) -> Join<T> {
        self.join()
    }
}

/// Lets the routine run on by itself. An unread value is dropped; its destructor's panic is contained.
fn detach<T>(task: &mut Option<JoinTask<T>>) {
    if let Some(task) = task.take() {
        task.detach();
    }
}

/// The operation of [`RoutineHandle::join`].
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct Join<T> {
    /// The routine, until it has ended.
    task: Option<JoinTask<T>>,
    /// Why it was never started.
    refused: Option<SpawnError>,
}

impl<T> Join<T> {
    /// Stops waiting.
    pub(crate) fn into_handle(mut self) -> RoutineHandle<T> {
        RoutineHandle { task: self.task.take(), refused: self.refused }
    }
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let refused = self.refused;
        poll_join(&mut self.task, refused, cx)
    }
}

/// Takes the value of a routine that has ended.
#[inline]
fn poll_join<T>(
    place: &mut Option<JoinTask<T>>,
    refused: Option<SpawnError>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, JoinError>> {
    let Some(task) = place else {
        return Poll::Ready(Err(refused.map_or(JoinError::AlreadyJoined, JoinError::NotSpawned)));
    };
    ready!(budget::poll_proceed(cx));
    match task::poll_joined(task, cx) {
        Poll::Ready(outcome) => {
            let mut result = outcome.into_result();
            if let Err(JoinError::Panicked(panic)) = &mut result {
                if let Some(name) = place.as_ref().and_then(|task| task.metadata().name.as_ref()) {
                    panic.set_routine(name);
                }
            }
            detach(place);
            Poll::Ready(result)
        }
        Poll::Pending => {
            budget::refund();
            trace::waits(|| WaitsFor::Join(task_id(place)));
            Poll::Pending
        }
    }
}

impl<T> Suspend for Join<T> {}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        detach(&mut self.task);
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.task.as_ref().map(|task| task.metadata().id);
        f.debug_struct("Join").field("id", &id).finish_non_exhaustive()
    }
}

/// The operation of [`RoutineHandle::join_mut`].
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct JoinMut<'a, T> {
    /// Whose routine is waited for.
    handle: &'a mut RoutineHandle<T>,
}

impl<T> Future for JoinMut<'_, T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let refused = self.handle.refused;
        poll_join(&mut self.handle.task, refused, cx)
    }
}

impl<T> Suspend for JoinMut<'_, T> {}

impl<T> fmt::Debug for JoinMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinMut").field("handle", &self.handle).finish()
    }
}

/// Waits until all of the routines have ended, and gives what each one left, in their order.
///
/// # Cancel safety
/// The routines run on if the operation is dropped; their values are lost then.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
/// use rustroutines::routine::{join_all, spawn};
///
/// let handles = (0..3).map(|n| spawn(move || std::future::ready(n * n)));
/// let squares: Vec<_> = join_all(handles).block().into_iter().map(Result::unwrap).collect();
/// assert_eq!(squares, [0, 1, 4]);
/// ```
#[doc(alias("WaitGroup", "JoinSet"))]
pub fn join_all<T>(handles: impl IntoIterator<Item = RoutineHandle<T>>) -> JoinAll<T> {
    let joins: Vec<_> = handles.into_iter().map(RoutineHandle::join).collect();
    JoinAll { results: Vec::with_capacity(joins.len()), joins: joins.into_iter(), first: None }
}

/// Whom a join waits for.
fn task_id<T>(task: &Option<JoinTask<T>>) -> u64 {
    task.as_ref().map_or(0, |task| task.metadata().id)
}

/// The operation of [`join_all`].
///
/// It waits for one after the other: that wakes it once for each routine that it has to wait for, and
/// not for those that end meanwhile.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct JoinAll<T> {
    /// The one that it waits for now.
    first: Option<Join<T>>,
    /// Those after it.
    joins: std::vec::IntoIter<Join<T>>,
    /// What those before it left.
    results: Vec<Result<T, JoinError>>,
}

// Nothing in it is pinned: a `Join` is a handle, and the results are only kept.
impl<T> Unpin for JoinAll<T> {}

impl<T> Future for JoinAll<T> {
    type Output = Vec<Result<T, JoinError>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            let join = match &mut this.first {
                Some(join) => join,
                None => match this.joins.next() {
                    Some(join) => this.first.insert(join),
                    None => return Poll::Ready(std::mem::take(&mut this.results)),
                },
            };
            let result = ready!(Pin::new(join).poll(cx));
            this.first = None;
            this.results.push(result);
        }
    }
}

impl<T> Suspend for JoinAll<T> {}

impl<T> fmt::Debug for JoinAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.joins.len() + usize::from(self.first.is_some());
        f.debug_struct("JoinAll").field("ended", &self.results.len()).field("left", &left).finish()
    }
}
