//! How the macros find out, by type and at compile time, whether a call suspends.
//!
//! Each call `E` of a routine's body becomes (hygienic names, arguments already treated)
//!
//! ```text
//! match (E,) { v => match probe() { k => {
//!     if false { tag(k, &v).rustroutines_learn() }
//!     match k.branch() {
//!         Branch::Now(t) => t.get(v),
//!         Branch::Later(t) => t.start(v).await,      // or Suspend::block(…)
//!     }
//! } } }
//! ```
//!
//! - `rustroutines_learn` is found by method resolution: on [`Tag<T, Suspends>`](Tag) where `T: Suspend`, else, one
//!   dereference further, on [`PlainTag<Plain>`](PlainTag). Either way it settles what `k` is. Nothing
//!   of it runs: it stands behind `if false`.
//! - For a plain value `Later`'s payload is [`Nothing`], and what [`Nothing::start`] returns is
//!   uninhabited too. So the compiler sees that the `.await` cannot be reached, and it is no
//!   suspension point at all: a guard or an `Rc` may live across the call in a `Send` routine. That
//!   needs *enums with public variants*: a private field would hide from the user's crate that no
//!   value exists.
//! - A tuple of one, and not `E` itself: a `match` on a value of type `!` gives its binding a type that
//!   is to be inferred, and a call that never returns would be taken for an operation. In a tuple the
//!   type stays `!`.
//! - `E` stands in the outermost `match`, so its temporaries live as long as they would without us.
//! - The only borrow of `v` is on a path that diverges (`rustroutines_learn` returns `!`), and both arms move `v` as
//!   a whole. So the compiler knows that `v` is gone when the routine suspends, and does not store the
//!   operation twice. Rejected: to carry `v` inside `Branch`. A value moved out of an enum's field leaves
//!   the enum's storage reserved, which doubles a routine's size with each level of calls.
//!
//! Where the type is not known yet, both impls of `rustroutines_learn` could apply, the first is taken, and the
//! compiler later asks for `T: Suspend`: that error carries [`Suspend`]'s own advice.

use super::iter::{IntoSuspendIterator, SuspendIterator};
use super::operation::{Boxed, LocalBoxed, Ready, boxed, local_boxed, ready};
use crate::suspend::Suspend;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The kind of a value that is an operation.
#[derive(Debug)]
pub struct Suspends;

/// The kind of any other value.
#[derive(Debug)]
pub struct Plain;

/// Stands for the kind `K` of one call, which inference fills in.
#[derive(Debug)]
pub struct Probe<K>(PhantomData<fn(K)>);

impl<K> Clone for Probe<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Probe<K> {}

/// A probe of a kind not known yet.
#[inline(always)]
pub fn probe<K>() -> Probe<K> {
    Probe(PhantomData)
}

/// Stands for the type `T` of a call's value; finds `rustroutines_learn` where `T: Suspend`.
#[derive(Debug)]
pub struct Tag<T, K>(PhantomData<fn(T)>, PlainTag<K>);

/// Where `rustroutines_learn` is found when the tag itself has none.
#[derive(Debug)]
pub struct PlainTag<K>(PhantomData<fn(K)>);

/// The tag of `v`'s type. Never runs.
pub fn tag<T, K>(_: Probe<K>, _: &(T,)) -> Tag<T, K> {
    Tag(PhantomData, PlainTag(PhantomData))
}

impl<T, K> Deref for Tag<T, K> {
    type Target = PlainTag<K>;

    fn deref(&self) -> &PlainTag<K> {
        &self.1
    }
}

impl<T: Suspend> Tag<T, Suspends> {
    /// Settles the kind. Never runs.
    pub fn rustroutines_learn(&self) -> ! {
        unreachable!("stands behind `if false`")
    }
}

impl PlainTag<Plain> {
    /// Settles the kind. Never runs.
    pub fn rustroutines_learn(&self) -> ! {
        unreachable!("stands behind `if false`")
    }
}

/// Like [`Tag`], where the type `W` is written down for the value, as in `let n: W = f();`. Looked at first:
/// a value that is of that type, or of one not known yet, is no operation.
#[derive(Debug)]
pub struct WantedTag<T, W, K>(Tag<T, K>, PhantomData<fn(W)>);

/// The tag of `v`'s type and of the type that is wanted. Never runs.
pub fn wanted_tag<T, W, K>(k: Probe<K>, v: &(T,)) -> WantedTag<T, W, K> {
    WantedTag(tag(k, v), PhantomData)
}

impl<T, W, K> Deref for WantedTag<T, W, K> {
    type Target = Tag<T, K>;

    fn deref(&self) -> &Tag<T, K> {
        &self.0
    }
}

impl<T> WantedTag<T, T, Plain> {
    /// Settles the kind. Never runs.
    pub fn rustroutines_learn(&self) -> ! {
        unreachable!("stands behind `if false`")
    }
}

/// Like [`Tag`], for what a `for` loop goes over; finds `rustroutines_learn` where `T: IntoSuspendIterator`.
#[derive(Debug)]
pub struct LoopTag<T, K>(PhantomData<fn(T)>, PlainTag<K>);

/// The loop tag of `v`'s type. Never runs.
pub fn loop_tag<T, K>(_: Probe<K>, _: &T) -> LoopTag<T, K> {
    LoopTag(PhantomData, PlainTag(PhantomData))
}

impl<T, K> Deref for LoopTag<T, K> {
    type Target = PlainTag<K>;

    fn deref(&self) -> &PlainTag<K> {
        &self.1
    }
}

impl<T: IntoSuspendIterator> LoopTag<T, Suspends> {
    /// Settles the kind. Never runs.
    pub fn rustroutines_learn(&self) -> ! {
        unreachable!("stands behind `if false`")
    }
}

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

impl Probe<Suspends> {
    /// Carried out later.
    #[inline(always)]
    pub fn branch(self) -> Branch<Nothing, Taken> {
        Branch::Later(Taken)
    }

    /// The operation itself.
    #[inline(always)]
    pub fn operation<O: Suspend>(self, (operation,): (O,)) -> O {
        operation
    }

    /// The operation of an arm of `select!`.
    #[inline(always)]
    pub fn arm<O: Suspend>(self, (operation,): (O,)) -> O {
        operation
    }

    /// What a `for` loop goes over.
    #[inline(always)]
    pub fn iterate<I: IntoSuspendIterator>(self, items: I) -> I::Iter {
        items.into_suspend_iter()
    }
}

impl Probe<Plain> {
    /// There now.
    #[inline(always)]
    pub fn branch(self) -> Branch<Taken, Nothing> {
        Branch::Now(Taken)
    }

    /// An operation that is done at once.
    #[inline(always)]
    pub fn operation<T>(self, (value,): (T,)) -> Ready<T> {
        ready(value)
    }

    /// An error, and one only: what it returns can stand in an arm.
    pub fn arm<T: ArmOperation>(self, (value,): (T,)) -> Ready<T> {
        ready(value)
    }

    /// What a `for` loop goes over.
    #[inline(always)]
    pub fn iterate<I: IntoIterator>(self, items: I) -> I::IntoIter {
        items.into_iter()
    }
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
    label = "expected an operation, such as `rx.recv()`",
    note = "what is there already needs no `select!`; what to do when nothing is ready stands behind `default =>`"
)]
pub trait ArmOperation {}
