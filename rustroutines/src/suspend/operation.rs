//! The operations that routines themselves are.
//!
//! - [`Routine`]: what a call of a `#[routine] fn` returns, around the state machine of its body;
//! - [`AtOnce`]: the same, around a body that has nothing to wait for;
//! - [`Boxed`], [`LocalBoxed`]: the same behind a pointer, for recursion and for `dyn` traits;
//! - [`Ready`]: an operation that is done at once.

use crate::suspend::Suspend;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// What a call of a `#[routine] fn` returns: the routine's body, not begun yet.
    #[must_use = "a routine does nothing until it is carried out: call it inside a routine, start it with `go!`, or add `.block()` in plain code"]
    pub struct Routine<F> {
        // The state machine the compiler made of the body.
        #[pin]
        body: F,
    }
}

/// Makes an operation of a routine's body.
#[inline(always)]
pub fn routine<F: Future>(body: F) -> Routine<F> {
    Routine { body }
}

/// The same for a routine that may go on on another thread after each wait.
///
/// Where a body is not `Send`, the compiler speaks of futures, and shows the line of the bound: hence the
/// comment on it.
#[inline(always)]
pub fn may_change_threads<F>(body: F) -> Routine<F>
where
    F: Send, // what a routine keeps while it waits must be `Send`: drop it before, or write `#[routine(local)]`
    F: Future,
{
    Routine { body }
}

impl<F: Future> Future for Routine<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().body.poll(cx)
    }
}

impl<F: Future> Suspend for Routine<F> {}

impl<F> fmt::Debug for Routine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Routine")
    }
}

/// What a call of a `#[routine] fn` returns in whose body the macro has found nothing that could suspend: the body
/// as a closure. To the compiler it adds less than half of what a state machine adds to a plain function.
#[must_use = "a routine does nothing until it is carried out: call it inside a routine, start it with `go!`, or add `.block()` in plain code"]
pub struct AtOnce<F>(
    /// The body, until it is carried out.
    Option<F>,
);

/// Makes an operation of a routine's body that has nothing to wait for.
#[inline(always)]
pub fn at_once<T, F: FnOnce() -> T>(body: F) -> AtOnce<F> {
    AtOnce(Some(body))
}

/// The same for a routine that may be carried out on another thread. The bound's comment is that of
/// [`may_change_threads`].
#[inline(always)]
pub fn at_once_on_any_thread<T, F>(body: F) -> AtOnce<F>
where
    F: Send, // what a routine keeps while it waits must be `Send`: drop it before, or write `#[routine(local)]`
    F: FnOnce() -> T,
{
    AtOnce(Some(body))
}

// Nothing in it is ever pinned.
impl<F> Unpin for AtOnce<F> {}

impl<T, F: FnOnce() -> T> Future for AtOnce<F> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let body = self.0.take().expect("an operation is polled no more once it is done");
        Poll::Ready(body())
    }
}

impl<T, F: FnOnce() -> T> Suspend for AtOnce<F> {}

impl<F> fmt::Debug for AtOnce<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Routine")
    }
}

/// An operation behind a pointer: its type says only what it gives. `#[routine(boxed)]` returns it.
///
/// # Cancel safety
/// That of the operation inside.
///
/// # Examples
/// ```
/// use rustroutines::routine;
///
/// trait Store {
///     #[routine(boxed)]
///     fn get(&self, key: &str) -> Option<String>;
/// }
/// fn all(_: &[Box<dyn Store>]) {}
/// ```
#[must_use = "a routine does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, start it with `go!`, or add `.block()` in plain code"]
pub struct Boxed<'a, T>(
    /// The operation.
    Pin<Box<dyn Future<Output = T> + Send + 'a>>,
);

/// An operation behind a pointer that stays on its thread. `#[routine(boxed, local)]` returns it.
///
/// # Cancel safety
/// That of the operation inside.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, routine};
///
/// #[routine(boxed, local)]
/// fn depth(n: u32) -> u32 {
///     if n == 0 { 0 } else { depth(n - 1) + 1 }
/// }
/// assert_eq!(depth(3).block(), 3);
/// ```
#[must_use = "a routine does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct LocalBoxed<'a, T>(
    /// The operation.
    Pin<Box<dyn Future<Output = T> + 'a>>,
);

/// Puts an operation behind a pointer. The compiler shows the line of the bound to whoever breaks it.
pub fn boxed<'a, O>(operation: O) -> Boxed<'a, O::Output>
where
    O: Send, // what a routine keeps while it waits must be `Send`. Or write `#[routine(boxed, local)]`
    O: Suspend + 'a,
{
    Boxed(Box::pin(operation))
}

/// Puts an operation behind a pointer, on this thread for good.
pub fn local_boxed<'a, O: Suspend + 'a>(operation: O) -> LocalBoxed<'a, O::Output> {
    LocalBoxed(Box::pin(operation))
}

impl<'a, T> Boxed<'a, T> {
    /// Puts an operation behind a pointer.
    ///
    /// Inside a routine, write [`suspend!(boxed, …)`](crate::suspend!): there, calls are carried out.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::channel::bounded_channel;
    /// use rustroutines::{Suspend, suspend::{Boxed, ready}};
    ///
    /// let (_tx, rx) = bounded_channel(1);
    /// let (one, other) = (Boxed::new(rx.recv()), Boxed::new(ready(Ok(2))));
    /// let either = [one, other]; // of one type
    /// # let [_, other] = either;
    /// assert_eq!(other.block(), Ok(2));
    /// ```
    pub fn new(operation: impl Suspend<Output = T> + Send + 'a) -> Self {
        boxed(operation)
    }
}

impl<'a, T> LocalBoxed<'a, T> {
    /// Puts an operation behind a pointer, on this thread for good.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::{Suspend, suspend, suspend::LocalBoxed};
    /// use std::rc::Rc;
    ///
    /// let shared = Rc::new(1);
    /// let operation = LocalBoxed::new(suspend!(move { *shared + 1 }));
    /// assert_eq!(operation.block(), 2);
    /// ```
    pub fn new(operation: impl Suspend<Output = T> + 'a) -> Self {
        local_boxed(operation)
    }
}

impl<T> Future for Boxed<'_, T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> Future for LocalBoxed<'_, T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> Suspend for Boxed<'_, T> {}
impl<T> Suspend for LocalBoxed<'_, T> {}

impl<T> fmt::Debug for Boxed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Boxed")
    }
}

impl<T> fmt::Debug for LocalBoxed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalBoxed")
    }
}

/// An operation that is done at once.
///
/// # Cancel safety
/// It never waits.
#[must_use = "an operation does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
#[derive(Debug, Clone)]
pub struct Ready<T>(
    /// The output, until it is taken.
    Option<T>,
);

/// An operation that is done at once, with `value`.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, suspend::ready};
///
/// assert_eq!(ready(7).block(), 7);
/// ```
#[inline]
pub fn ready<T>(value: T) -> Ready<T> {
    Ready(Some(value))
}

// Nothing in it is ever pinned.
impl<T> Unpin for Ready<T> {}

impl<T> Future for Ready<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        Poll::Ready(self.0.take().expect("an operation is polled no more once it is done"))
    }
}

impl<T> Suspend for Ready<T> {}
