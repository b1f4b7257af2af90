//! Letting the others run.

use crate::suspend::Suspend;
use crate::task::trace::{self, WaitsFor};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Goes to the back of the queue: whoever waits on this worker runs first.
///
/// # Cancel safety
/// Nothing to lose.
///
/// # Examples
/// ```
/// use rustroutines::Suspend;
///
/// rustroutines::routine::yield_now().block();
/// ```
#[doc(alias = "Gosched")]
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The operation of [`yield_now`].
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct YieldNow {
    /// It has been to the back of the queue.
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        trace::waits(|| WaitsFor::Turn);
        Poll::Pending
    }
}

impl Suspend for YieldNow {}
