//! What the macros' expansions name, and nobody else: no part of the public interface.

pub use crate::select::{Arm, Chosen, Deadline, select};

pub use crate::suspend::operation::{Boxed, LocalBoxed, Ready, Routine, boxed, local_boxed, ready, routine};
pub use crate::suspend::resolve::{Items, PlainType, PlainValue, Value, loop_over, wanted};
pub use crate::suspend::{IntoSuspendIterator, Suspend, SuspendIterator};
pub use std::future::Future;
pub use std::marker::Send;
pub use std::option::Option;
pub use std::pin::pin;
pub use std::stringify;

use crate::routine::{Builder, RoutineHandle};
use std::borrow::Cow;

/// Names the type `!`, which stable Rust writes only behind an arrow: `<fn() -> ! as Returns>::Type`.
pub trait Returns {
    /// What the function returns.
    type Type;
}

impl<T> Returns for fn() -> T {
    type Type = T;
}

/// Pins a body's `return` to its type. Stands behind `if false`.
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

/// Carries out what was written with `.await` in a body that blocks.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    routine(future.into_future()).block()
}

/// What can name a routine.
#[diagnostic::on_unimplemented(
    message = "a routine's name is a text, not `{Self}`",
    label = "write a `&'static str` or a `String`, as in `go!(\"crawler\", f(x))`"
)]
pub trait Name {
    /// As a name.
    fn into_name(self) -> Cow<'static, str>;
}

impl Name for &'static str {
    fn into_name(self) -> Cow<'static, str> {
        Cow::Borrowed(self)
    }
}

impl Name for String {
    fn into_name(self) -> Cow<'static, str> {
        Cow::Owned(self)
    }
}

impl Name for Cow<'static, str> {
    fn into_name(self) -> Cow<'static, str> {
        self
    }
}

/// Starts what `go!` stands for.
#[track_caller]
pub fn go<F, O>(name: Option<Cow<'static, str>>, make: F) -> RoutineHandle<O::Output>
where
    F: FnOnce() -> O + Send + 'static,
    O: Suspend + Send + 'static,
    O::Output: Send + 'static,
{
    let builder = Builder::new();
    match name {
        Some(name) => builder.name(name),
        None => builder,
    }
    .go(make)
}

/// The name in `go!("name", …)`.
pub fn name(name: impl Name) -> Cow<'static, str> {
    name.into_name()
}

/// A select asked an arm, or was given one, that it does not have.
#[cold]
pub fn no_such_arm() -> ! {
    unreachable!("a select has chosen an arm it does not have")
}
