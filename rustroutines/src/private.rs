//! What the macros' expansions name, and nobody else: no part of the public interface.

pub use crate::select::{Arm, Chosen, Deadline, select};

pub use crate::suspend::operation::{
    AtOnce, Boxed, LocalBoxed, Ready, Routine, at_once, at_once_on_any_thread, boxed, local_boxed,
    may_change_threads, ready, routine,
};
pub use crate::suspend::resolve::{Items, PlainType, PlainValue, Returns, Value, loop_over, wanted};
pub use crate::suspend::{IntoSuspendIterator, Suspend, SuspendIterator};
pub use std::future::Future;
pub use std::marker::Send;
pub use std::option::Option;
pub use std::pin::pin;
pub use std::stringify;

pub use rustroutines_macros::plain;

use crate::routine::{Builder, RoutineHandle};
use std::borrow::Cow;
use std::fmt::Debug;
use std::panic::Location;

/// Pins a body's `return` to its type. Stands behind `if false`.
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

/// Carries out what was written with `.await` in a body that blocks.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    routine(future.into_future()).block()
}

/// `dbg!` in a body: shows the text that the user has written, at the user's line.
#[track_caller]
pub fn dbg<T: Debug>(text: &str, value: T) -> T {
    eprintln!("[{}] {text} = {value:#?}", Location::caller());
    value
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
    // The compiler shows these lines to whoever breaks one of the bounds.
    F: FnOnce() -> O + Send + 'static, // a routine owns what it takes along: move, clone, or share it by `Arc`
    O: Suspend + Send + 'static, // what it keeps while it waits must be `Send`; a `local` routine cannot be started
    O::Output: Send + 'static,   // the value goes to the thread that joins
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

/// `#[routine] fn main` begins: as long as its value is there, a deadlock ends the process with a report.
pub fn main() -> crate::runtime::deadlock::Main {
    crate::runtime::deadlock::watch()
}
