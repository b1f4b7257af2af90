//! Waiting for a routine, but not for ever.

use super::{Sleep, sleep};
use crate::error::JoinError;
use crate::routine::{Join, RoutineHandle};
use crate::suspend::Suspend;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

impl<T> RoutineHandle<T> {
    /// Waits until the routine has ended, for `duration` at most, counted from this call. A routine
    /// that has ended beats a time that is up.
    ///
    /// # Errors
    /// The operation gives the handle back if the time was up first: the routine runs on, and may be
    /// joined again or aborted. Else what [`join`](Self::join) gives.
    ///
    /// # Cancel safety
    /// The routine runs on if the operation is dropped; its value is lost then.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::Suspend;
    /// use rustroutines::routine::spawn;
    /// use std::time::Duration;
    ///
    /// let slow = spawn(std::future::pending::<()>);
    /// let slow = slow.join_timeout(Duration::from_millis(1)).block().unwrap_err();
    /// slow.abort();
    ///
    /// let quick = spawn(|| std::future::ready(7));
    /// assert_eq!(quick.join_timeout(Duration::from_secs(60)).block().unwrap().unwrap(), 7);
    /// ```
    pub fn join_timeout(self, duration: Duration) -> JoinTimeout<T> {
        JoinTimeout { join: Some(self.join()), sleep: sleep(duration) }
    }
}

/// The operation of [`RoutineHandle::join_timeout`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct JoinTimeout<T> {
    /// The routine, until it has ended or the time is up.
    join: Option<Join<T>>,
    /// The time.
    sleep: Sleep,
}

impl<T> Future for JoinTimeout<T> {
    type Output = Result<Result<T, JoinError>, RoutineHandle<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let join = self.join.as_mut().expect("a join is not polled after its end");
        if let Poll::Ready(result) = Pin::new(join).poll(cx) {
            return Poll::Ready(Ok(result));
        }
        if self.sleep.poll_limit(cx).is_pending() {
            return Poll::Pending;
        }
        let join = self.join.take().expect("it was there just now");
        Poll::Ready(Err(join.into_handle()))
    }
}

impl<T> Suspend for JoinTimeout<T> {}
