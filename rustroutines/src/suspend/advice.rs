//! Bounds that nothing meets: the compiler shows their texts where a mistake is made that has a type.
//!
//! - [`BlockInARoutine`]: `.block()` on a call inside a routine, which is carried out by itself;
//! - [`CarriedOut`]: `.unwrap()`, `.is_err()` and the like on an operation in plain code, whose value is not there
//!   yet.
//!
//! What asks for them has the types of the corrected code, so that no other error follows.

use super::resolve::Value;
use crate::suspend::Suspend;

impl<T: Suspend> Value<(T,)> {
    /// An error, and one only: what it returns can be blocked for.
    pub fn rustroutines_blocks(self) -> T
    where
        T: BlockInARoutine,
    {
        self.0.0
    }
}

/// What no operation is: asked of one that is written with `.block()` inside a routine.
#[diagnostic::on_unimplemented(
    message = "inside a routine a call is carried out by itself, without `.block()`",
    label = "leave `.block()` out",
    note = "`.block()` is for plain code: it puts the whole thread to sleep, and in a routine others need it"
)]
pub trait BlockInARoutine {}

/// What no operation is: asked of one whose value is taken as if it were there.
#[diagnostic::on_unimplemented(
    message = "an operation has no value before it is carried out",
    label = "write `.block()` before this, in plain code",
    note = "inside a routine a call is carried out by itself: perhaps the function around this lacks its `#[routine]`",
    note = "a closure, and what stands in an unknown macro, is plain code in a routine too: use a `for` loop there, or `join_all`"
)]
pub trait CarriedOut {
    /// Whatever is asked for. Never called: nothing implements this.
    fn never<R>(&self) -> R;
}

/// What has a value or fails.
pub trait Unwrap {
    /// The value.
    type Value;
}

impl<T> Unwrap for Option<T> {
    type Value = T;
}

impl<T, E> Unwrap for Result<T, E> {
    type Value = T;
}
