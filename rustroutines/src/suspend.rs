//! What can suspend: the trait [`Suspend`], and how plain code waits for it.

pub(crate) mod advice;
mod iter;
pub(crate) mod operation;
pub(crate) mod resolve;

pub use iter::{IntoSuspendIterator, SuspendIterator};
pub use operation::{Boxed, LocalBoxed, Ready, Routine, ready};

use crate::scheduler;
use crate::scheduler::blocked::Blocked;
use crate::select::{Progress, Step};
use crate::suspend::advice::{CarriedOut, Unwrap};
use crate::task::{budget, trace};
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// An *operation*: something that may have to wait, and whose value is there when it is done.
///
/// `rx.recv()`, `tx.send(v)`, `handle.join()`, `sleep(d)` and every call of a `#[routine] fn` are
/// operations. Making one does nothing yet. It is carried out
///
/// - inside a routine, where it stands: the call's value is the operation's output;
/// - in plain code, by [`block`](Suspend::block), which parks this thread;
/// - in `async` code, by `.await`: an operation is a future, under any executor.
///
/// So where the compiler says that `` `impl Suspend + Future<Output = u32>` doesn't implement `Display` ``, or cannot be
/// added or compared, somebody has an operation where its output was meant: most often out of a closure, such as
/// `std::thread::spawn(|| routine())`, which is plain code even in a routine. Write `|| routine().block()` there.
///
/// # Cancel safety
/// An operation that is dropped before it is done leaves everything as if it had never waited,
/// unless its own documentation says otherwise.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = bounded_channel(1);
/// tx.send(7).block().unwrap();
/// assert_eq!(rx.recv().block(), Ok(7));
/// ```
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation, or its type is not known yet where it is called",
    label = "this does not suspend, or the compiler cannot tell yet whether it does",
    note = "of a call, write the type of its value, as in `let n: usize = text.parse()?`, or wrap it in `plain!(…)` to say that it does not suspend",
    note = "of a method, write `#[routine]` on it where the trait does"
)]
pub trait Suspend: Future + Sized {
    /// Carries the operation out on this thread, which sleeps while it waits.
    ///
    /// On a worker of the runtime the place is handed to another thread first, so that blocking
    /// inside a routine delays nobody else.
    ///
    /// # Panics
    /// Where the operation panics.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::prelude::*;
    ///
    /// let handle = spawn(|| sleep(std::time::Duration::from_millis(1)));
    /// handle.join().block().unwrap();
    /// ```
    fn block(self) -> Self::Output {
        block_on(self)
    }

    /// An error, and one only: says what is missing where a result was expected.
    #[doc(hidden)]
    fn unwrap(self) -> <Self::Output as Unwrap>::Value
    where
        Self: CarriedOut,
        Self::Output: Unwrap,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn expect(self, _: &str) -> <Self::Output as Unwrap>::Value
    where
        Self: CarriedOut,
        Self::Output: Unwrap,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn ok(self) -> Option<<Self::Output as Unwrap>::Value>
    where
        Self: CarriedOut,
        Self::Output: Unwrap,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn is_ok(&self) -> bool
    where
        Self: CarriedOut,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn is_err(&self) -> bool
    where
        Self: CarriedOut,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn is_some(&self) -> bool
    where
        Self: CarriedOut,
    {
        self.never()
    }

    /// The same.
    #[doc(hidden)]
    fn is_none(&self) -> bool
    where
        Self: CarriedOut,
    {
        self.never()
    }

    /// One step of a `select!` of which this operation is an arm. The default is for operations that
    /// know nothing of claims: an attempt is a poll, and there is nothing to publish.
    #[doc(hidden)]
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Self::Output> {
        match step {
            Step::Attempt(cx) => match self.poll(cx) {
                Poll::Ready(output) => Progress::Done(output),
                Poll::Pending => Progress::Waiting,
            },
            Step::Peek => Progress::Retry,
            Step::Confirm | Step::Publish(_) | Step::Withdraw | Step::Tell => Progress::Waiting,
            Step::Collect => unreachable!("only a published case can be won by a counterpart"),
        }
    }
}

crate::platform::thread::thread_local! {
    /// This thread's place to block and the waker over it, away while a `block()` uses them.
    static PLACE: Cell<Option<(Arc<Blocked>, Waker)>> = const { Cell::new(None) };
}

/// Carries `operation` out on this thread.
///
/// A `block()` inside a poll of another takes a place of its own: with a shared one, the inner wait
/// would swallow a wake-up of the outer.
pub(crate) fn block_on<O: Future>(operation: O) -> O::Output {
    let mut operation = pin!(operation);
    let (blocked, waker) = PLACE.try_with(Cell::take).ok().flatten().unwrap_or_else(|| {
        let blocked = Blocked::new();
        let waker = Waker::from(blocked.parker().clone());
        (blocked, waker)
    });
    let output = budget::without(|| {
        let mut cx = Context::from_waker(&waker);
        if let Poll::Ready(output) = operation.as_mut().poll(&mut cx) {
            return output;
        }
        // A worker's place goes to another thread, so that what we wait for can run.
        scheduler::step_aside();
        let waiting = blocked.begin(scheduler::current_routine());
        loop {
            if scheduler::park(&blocked).is_err() {
                panic!("the simulation has ended while a routine blocked in it");
            }
            let tracing = blocked.is_asked().then(trace::begin);
            let polled = operation.as_mut().poll(&mut cx);
            if let Some(tracing) = tracing {
                blocked.tell(tracing.end());
            }
            if let Poll::Ready(output) = polled {
                drop(waiting);
                return output;
            }
        }
    });
    let _ = PLACE.try_with(|cell| cell.set(Some((blocked, waker))));
    output
}
