//! What a `for` loop in a routine goes over by suspending.

use crate::suspend::Suspend;

/// Something that gives one item after another, and may have to wait for each.
///
/// The counterpart of [`Iterator`]. A `for` loop in a routine uses it where the type has it.
///
/// # Cancel safety
/// That of the operation [`next`](SuspendIterator::next) returns.
///
/// # Examples
/// ```
/// use rustroutines::suspend::{Ready, SuspendIterator, ready};
///
/// struct Countdown(u32);
///
/// impl SuspendIterator for Countdown {
///     type Item = u32;
///     type Next<'a> = Ready<Option<u32>>;
///
///     fn next(&mut self) -> Ready<Option<u32>> {
///         let left = self.0.checked_sub(1);
///         self.0 = left.unwrap_or(0);
///         ready(left)
///     }
/// }
/// ```
pub trait SuspendIterator {
    /// What it gives.
    type Item;

    /// The operation that waits for one item; `None` at the end.
    type Next<'a>: Suspend<Output = Option<Self::Item>>
    where
        Self: 'a;

    /// Waits for the next item; `None` when there will be no more.
    fn next(&mut self) -> Self::Next<'_>;
}

impl<I: SuspendIterator> SuspendIterator for &mut I {
    type Item = I::Item;
    type Next<'a>
        = I::Next<'a>
    where
        Self: 'a;

    fn next(&mut self) -> I::Next<'_> {
        (**self).next()
    }
}

/// What can be gone over by suspending: the counterpart of [`IntoIterator`].
///
/// # Examples
/// ```
/// use rustroutines::suspend::{IntoSuspendIterator, Ready, SuspendIterator, ready};
///
/// struct Countdown(u32);
///
/// impl SuspendIterator for Countdown {
///     type Item = u32;
///     type Next<'a> = Ready<Option<u32>>;
///
///     fn next(&mut self) -> Ready<Option<u32>> {
///         let left = self.0.checked_sub(1);
///         self.0 = left.unwrap_or(0);
///         ready(left)
///     }
/// }
///
/// impl IntoSuspendIterator for Countdown {
///     type Item = u32;
///     type Iter = Self;
///
///     fn into_suspend_iter(self) -> Self {
///         self
///     }
/// }
///
/// #[rustroutines::routine]
/// fn total() -> u32 {
///     let mut sum = 0;
///     for n in Countdown(4) {
///         sum += n;
///     }
///     sum
/// }
///
/// # use rustroutines::Suspend;
/// assert_eq!(total().block(), 3 + 2 + 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a routine can wait for item by item",
    label = "a `for` loop goes neither over this nor over its items"
)]
pub trait IntoSuspendIterator {
    /// What it gives.
    type Item;

    /// What gives it.
    type Iter: SuspendIterator<Item = Self::Item>;

    /// Begins.
    fn into_suspend_iter(self) -> Self::Iter;
}
