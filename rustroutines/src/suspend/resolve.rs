//! How the macros find out, by type and at compile time, whether a call suspends.
//!
//! Each body begins with `use {PlainType as _, PlainValue as _}`. In one that blocks, a call `E` becomes
//!
//! ```text
//! Value((E,)).rustroutines_carry_out()
//! ```
//!
//! and in one that suspends (hygienic names, arguments already treated)
//!
//! ```text
//! match (E,) { v => {
//!     let k = type_of();
//!     if false { k.is(v) }
//!     match k.rustroutines_branch() {
//!         Branch::Now(t) => t.get(v),
//!         Branch::Later(t) => t.start(v).await,
//!     }
//! } }
//! ```
//!
//! - `rustroutines_…` is found by method resolution: the inherent method where `T: Suspend`, else the one of
//!   the trait. An inherent method comes first wherever both apply, so nothing is ever ambiguous.
//! - For a plain value `Later`'s payload is [`Nothing`], and what [`Nothing::start`] returns is
//!   uninhabited too. So the compiler sees that the `.await` cannot be reached, and it is no
//!   suspension point at all: a guard or an `Rc` may live across the call in a `Send` routine. That
//!   needs *enums with public variants*: a private field would hide from the user's crate that no
//!   value exists.
//! - A tuple of one, and not `E` itself: an argument or a `match` of type `!` gets a type that is to be
//!   inferred, and a call that never returns would be taken for an operation. In a tuple the type stays `!`.
//! - `E`'s temporaries live as long as they would without us: until the end of the statement around.
//! - `v` is moved as a whole on either branch, and never borrowed: [`TypeOf::is`] takes it on a path that
//!   does not come back. So the compiler knows that `v` is gone when the routine suspends, and does not
//!   store the operation twice. Rejected: to carry `v` inside `Branch` or `Value`. A value moved out of
//!   a field leaves the whole's storage reserved, which doubles a routine's size with each level of calls.
//! - As little as possible stands at each call: the compiler checks all of it, for every call of a crate.
//!
//! Where the type is not known yet, the inherent method is taken, and the compiler later asks for
//! `T: Suspend`: that error carries [`Suspend`]'s own advice.

use super::iter::{IntoSuspendIterator, SuspendIterator};
use super::operation::{Boxed, LocalBoxed, Ready, boxed, local_boxed, ready};
use crate::suspend::Suspend;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A call's value, in its tuple.
#[derive(Debug)]
pub struct Value<O>(pub O);

/// What a `for` loop of a blocking body goes over.
#[derive(Debug)]
pub struct Items<T>(pub T);

/// A `for` loop's items, each waited for by blocking.
#[derive(Debug)]
pub struct Blocking<I>(I);

impl<I: SuspendIterator> Iterator for Blocking<I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        self.0.next().block()
    }
}

impl<T: Suspend> Value<(T,)> {
    /// Carries the operation out.
    #[inline(always)]
    pub fn rustroutines_carry_out(self) -> T::Output {
        self.0.0.block()
    }

    /// The operation itself.
    #[inline(always)]
    pub fn rustroutines_operation(self) -> T {
        self.0.0
    }

    /// The operation of an arm of `select!`.
    #[inline(always)]
    pub fn rustroutines_arm(self) -> T {
        self.0.0
    }
}

impl<T: IntoSuspendIterator> Items<T> {
    /// Goes over it by blocking.
    #[inline(always)]
    pub fn rustroutines_iterate(self) -> Blocking<T::Iter> {
        Blocking(self.0.into_suspend_iter())
    }
}

/// What is done with a value that is no operation.
pub trait PlainValue: Sized {
    /// Its type.
    type Value;

    /// The value as it is.
    fn rustroutines_carry_out(self) -> Self::Value;

    /// What the loop goes over.
    #[inline(always)]
    fn rustroutines_iterate(self) -> <Self::Value as IntoIterator>::IntoIter
    where
        Self::Value: IntoIterator,
    {
        self.rustroutines_carry_out().into_iter()
    }

    /// An operation that is done at once.
    #[inline(always)]
    fn rustroutines_operation(self) -> Ready<Self::Value> {
        ready(self.rustroutines_carry_out())
    }

    /// The value as it is, whose own `block` is called.
    #[inline(always)]
    fn rustroutines_blocks(self) -> Self::Value {
        self.rustroutines_carry_out()
    }

    /// An error, and one only: what it returns can stand in an arm.
    fn rustroutines_arm(self) -> Ready<Self::Value>
    where
        Self::Value: ArmOperation,
    {
        ready(self.rustroutines_carry_out())
    }
}

impl<T> PlainValue for Value<(T,)> {
    type Value = T;

    #[inline(always)]
    fn rustroutines_carry_out(self) -> T {
        self.0.0
    }
}

impl<T> PlainValue for Items<T> {
    type Value = T;

    #[inline(always)]
    fn rustroutines_carry_out(self) -> T {
        self.0
    }
}

/// Stands for the type of a call's value, in its tuple.
#[derive(Debug)]
pub struct TypeOf<O>(PhantomData<fn(O)>);

/// Stands for the type of what a `for` loop goes over.
#[derive(Debug)]
pub struct LoopOver<T>(PhantomData<fn(T)>);

/// Like [`TypeOf`], where the type `W` is written down for the value, as in `let n: W = f();`. Looked at first:
/// a value that is of that type, or of one not known yet, is no operation.
#[derive(Debug)]
pub struct Wanted<W, O>(TypeOf<O>, PhantomData<fn(W)>);

impl<O> Clone for TypeOf<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for TypeOf<O> {}

impl<T> Clone for LoopOver<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for LoopOver<T> {}

/// Of a type not known yet.
#[inline(always)]
pub fn type_of<O>() -> TypeOf<O> {
    TypeOf(PhantomData)
}

/// Of a type not known yet.
#[inline(always)]
pub fn loop_over<T>() -> LoopOver<T> {
    LoopOver(PhantomData)
}

/// Of a known value's type, of which `W` is wanted.
#[inline(always)]
pub fn wanted<W, O>(_: &O) -> Wanted<W, O> {
    Wanted(type_of(), PhantomData)
}

impl<O> TypeOf<O> {
    /// Says whose type it is. Never runs.
    pub fn is(self, _: O) -> ! {
        unreachable!("stands behind `if false`")
    }

    /// Says that `W` is wanted.
    #[inline(always)]
    pub fn wanted<W>(self) -> Wanted<W, O> {
        Wanted(self, PhantomData)
    }
}

impl<T> LoopOver<T> {
    /// Says whose type it is. Never runs.
    pub fn is(self, _: T) -> ! {
        unreachable!("stands behind `if false`")
    }
}

impl<W, O> Deref for Wanted<W, O> {
    type Target = TypeOf<O>;

    #[inline(always)]
    fn deref(&self) -> &TypeOf<O> {
        &self.0
    }
}

impl<T> Wanted<T, (T,)> {
    /// There now.
    #[inline(always)]
    pub fn rustroutines_branch(self) -> Branch<Taken, Nothing> {
        Branch::Now(Taken)
    }

    /// The value as it is.
    #[inline(always)]
    pub fn rustroutines_finish(self, (value,): (T,)) -> T {
        value
    }
}

impl<T: Suspend> TypeOf<(T,)> {
    /// Carried out later.
    #[inline(always)]
    pub fn rustroutines_branch(self) -> Branch<Nothing, Taken> {
        Branch::Later(Taken)
    }

    /// Carries the operation out by blocking.
    #[inline(always)]
    pub fn rustroutines_finish(self, (operation,): (T,)) -> T::Output {
        operation.block()
    }
}

impl<T: IntoSuspendIterator> LoopOver<T> {
    /// Carried out later.
    #[inline(always)]
    pub fn rustroutines_branch(self) -> Branch<Nothing, Taken> {
        Branch::Later(Taken)
    }

    /// What the loop goes over.
    #[inline(always)]
    pub fn rustroutines_iterate(self, items: T) -> T::Iter {
        items.into_suspend_iter()
    }
}

/// What is done where the type is no operation's.
pub trait PlainType: Sized {
    /// There now.
    #[inline(always)]
    fn rustroutines_branch(self) -> Branch<Taken, Nothing> {
        Branch::Now(Taken)
    }

    /// The value as it is.
    #[inline(always)]
    fn rustroutines_finish<V: One>(self, value: V) -> V::Value {
        value.take()
    }

    /// What the loop goes over.
    #[inline(always)]
    fn rustroutines_iterate<I: IntoIterator>(self, items: I) -> I::IntoIter {
        items.into_iter()
    }
}

impl<T> PlainType for TypeOf<(T,)> {}
impl<T> PlainType for LoopOver<T> {}

/// Which of the two happens. One of `N` and `L` is `Nothing`.
#[derive(Debug)]
pub enum Branch<N, L> {
    /// The call's value is there.
    Now(N),
    /// The call's value is an operation, to be carried out.
    Later(L),
}

/// The tuple of one that a value travels in.
///
/// A trait, so that the type wanted of [`Taken::get`] says nothing of its argument's: what is `(!,)`
/// may be wanted as a `u32`, and where types differ the compiler names the value's own.
pub trait One {
    /// The value.
    type Value;

    /// Takes it out.
    fn take(self) -> Self::Value;
}

impl<T> One for (T,) {
    type Value = T;

    #[inline(always)]
    fn take(self) -> T {
        self.0
    }
}

/// Takes a value on the branch that is taken.
#[derive(Debug)]
pub struct Taken;

/// Takes a value on the branch that is not. Uninhabited, and visibly so.
#[derive(Debug)]
pub enum Nothing {}

/// What is carried out on the branch that is not taken. Uninhabited, and visibly so.
#[derive(Debug)]
pub enum NoOperation<T> {
    /// Cannot be made.
    Never(Nothing, PhantomData<T>),
}

impl Taken {
    /// The plain value.
    #[inline(always)]
    pub fn get<O: One>(self, value: O) -> O::Value {
        value.take()
    }

    /// The operation, to be carried out.
    #[inline(always)]
    pub fn start<O: Suspend>(self, (operation,): (O,)) -> O {
        operation
    }

    /// The operation, boxed: a routine that calls itself would otherwise contain itself.
    #[inline(always)]
    pub fn start_boxed<'a, O: Suspend + Send + 'a>(self, (operation,): (O,)) -> Boxed<'a, O::Output> {
        boxed(operation)
    }

    /// The same for a routine that stays on its thread.
    #[inline(always)]
    pub fn start_local_boxed<'a, O: Suspend + 'a>(self, (operation,): (O,)) -> LocalBoxed<'a, O::Output> {
        local_boxed(operation)
    }

    /// The next item.
    #[inline(always)]
    pub fn next<I: Iterator>(self, items: &mut I) -> Option<I::Item> {
        items.next()
    }

    /// The operation that waits for the next item.
    #[inline(always)]
    pub fn start_next<I: SuspendIterator>(self, items: &mut I) -> I::Next<'_> {
        items.next()
    }
}

impl Nothing {
    /// Not reached.
    pub fn get<O: Suspend>(self, _: (O,)) -> O::Output {
        match self {}
    }

    /// Not reached.
    pub fn start<T>(self, _: (T,)) -> NoOperation<T> {
        match self {}
    }

    /// Not reached.
    pub fn start_boxed<T>(self, _: (T,)) -> NoOperation<T> {
        match self {}
    }

    /// Not reached.
    pub fn start_local_boxed<T>(self, _: (T,)) -> NoOperation<T> {
        match self {}
    }

    /// Not reached.
    pub fn next<I: SuspendIterator>(self, _: &mut I) -> Option<I::Item> {
        match self {}
    }

    /// Not reached.
    pub fn start_next<I: Iterator>(self, _: &mut I) -> NoOperation<Option<I::Item>> {
        match self {}
    }
}

impl<T> Future for NoOperation<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        unreachable!("no value of this type exists")
    }
}

#[diagnostic::do_not_recommend]
impl<T> Suspend for NoOperation<T> {}

/// What no value is: asked of what stands in an arm of `select!` without being an operation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation, and `select!` waits for operations",
    label = "write an operation here, such as `rx.recv()`, without `.block()`",
    note = "what is there already needs no arm; what to do when nothing is ready stands behind `default =>`"
)]
pub trait ArmOperation {}
