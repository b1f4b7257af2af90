//! How the macros find out, by type and at compile time, whether a call suspends.
//!
//! Each body begins with `use PlainValue as _`. In one that blocks, a call `E` becomes
//!
//! ```text
//! Value((E,)).rustroutines_carry_out()
//! ```
//!
//! and in one that suspends (hygienic names, arguments already treated)
//!
//! ```text
//! match Value((E,)).rustroutines_branch() { s => if s.later { s.start().await } else { s.get() } }
//! ```
//!
//! - `rustroutines_…` is found by method resolution: the inherent method where `T: Suspend`, else the one of
//!   the trait. An inherent method comes first wherever both apply, so nothing is ever ambiguous.
//! - For a plain value `start` returns [`Nothing`], which is uninhabited. So the compiler
//!   sees that the `.await` cannot be reached, and it is no suspension point at all: a guard or an `Rc`
//!   may live across the call in a `Send` routine. That needs an *enum with a public variant*: a private
//!   field would hide from the user's crate that no value exists.
//! - A tuple of one, and not `E` itself: an argument or a `match` of type `!` gets a type that is to be
//!   inferred, and a call that never returns would be taken for an operation. In a tuple the type stays `!`.
//! - `E`'s temporaries live as long as they would without us: until the end of the statement around.
//! - `s` is moved as a whole on either branch, and never borrowed. So the compiler knows that it is gone when
//!   the routine suspends, and does not store the operation twice; nor does what it borrows stay borrowed.
//!   Rejected: an enum, and `Now(x) => x`. Of what is moved in part the whole's place stays reserved, which
//!   doubles a routine's size with each level of calls, and what has a destructor keeps its borrows to the
//!   end of the statement. Rejected as well: a method instead of the field `later`, which borrows; and
//!   an enum that is matched as a whole (`s @ Later(_)`), of which the compiler asks the layout, so that it
//!   reports a recursion before it can say where it is.
//! - As little as possible stands at each call: the compiler checks all of it, for every call of a crate.
//!   Rejected for that: a token of the value's type, bound by a statement of its own.
//!
//! Where the type `W` is written down for the call's value, as in `let n: W = f();`, a token [`Wanted`] is asked
//! instead of the value, and the trait is [`PlainType`].
//!
//! Where the type is not known yet, the inherent method is taken, and the compiler later asks for
//! `T: Suspend`: that error carries [`Suspend`]'s own advice.

use super::iter::{IntoSuspendIterator, SuspendIterator};
use super::operation::{Boxed, LocalBoxed, Ready, boxed, local_boxed, ready};
use crate::suspend::Suspend;
use std::convert::Infallible;
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

    /// Carried out later.
    #[inline(always)]
    pub fn rustroutines_branch(self) -> Later<T> {
        Later::new(self.0.0)
    }

    /// The same, boxed: a routine that calls itself would otherwise contain itself.
    #[inline(always)]
    pub fn rustroutines_branch_boxed<'a>(self) -> Later<Boxed<'a, T::Output>>
    where
        T: Send + 'a,
    {
        Later::new(boxed(self.0.0))
    }

    /// The same for a routine that stays on its thread.
    #[inline(always)]
    pub fn rustroutines_branch_local_boxed<'a>(self) -> Later<LocalBoxed<'a, T::Output>>
    where
        T: 'a,
    {
        Later::new(local_boxed(self.0.0))
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

    /// There now.
    #[inline(always)]
    fn rustroutines_branch(self) -> Now<Self::Value> {
        Now::new(self.rustroutines_carry_out())
    }

    /// There now.
    #[inline(always)]
    fn rustroutines_branch_boxed(self) -> Now<Self::Value> {
        self.rustroutines_branch()
    }

    /// There now.
    #[inline(always)]
    fn rustroutines_branch_local_boxed(self) -> Now<Self::Value> {
        self.rustroutines_branch()
    }

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
pub fn loop_over<T>() -> LoopOver<T> {
    LoopOver(PhantomData)
}

/// Of a known value's type, of which `W` is wanted.
#[inline(always)]
pub fn wanted<W, O>(_: &O) -> Wanted<W, O> {
    Wanted(TypeOf(PhantomData), PhantomData)
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

// `V` is `T` with lifetimes of its own: what does not live long enough is an error of the body, not of ours.
impl<T> Wanted<T, (T,)> {
    /// There now.
    #[inline(always)]
    pub fn rustroutines_branch<V>(self, (value,): (V,)) -> Now<V> {
        Now::new(value)
    }

    /// There now.
    #[inline(always)]
    pub fn rustroutines_branch_boxed<V>(self, value: (V,)) -> Now<V> {
        self.rustroutines_branch(value)
    }

    /// There now.
    #[inline(always)]
    pub fn rustroutines_branch_local_boxed<V>(self, value: (V,)) -> Now<V> {
        self.rustroutines_branch(value)
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
    pub fn rustroutines_branch(self, (operation,): (T,)) -> Later<T> {
        Later::new(operation)
    }

    /// The same, boxed: a routine that calls itself would otherwise contain itself.
    #[inline(always)]
    pub fn rustroutines_branch_boxed<'a>(self, (operation,): (T,)) -> Later<Boxed<'a, T::Output>>
    where
        T: Send + 'a,
    {
        Later::new(boxed(operation))
    }

    /// The same for a routine that stays on its thread.
    #[inline(always)]
    pub fn rustroutines_branch_local_boxed<'a>(self, (operation,): (T,)) -> Later<LocalBoxed<'a, T::Output>>
    where
        T: 'a,
    {
        Later::new(local_boxed(operation))
    }

    /// Carries the operation out by blocking.
    #[inline(always)]
    pub fn rustroutines_finish(self, (operation,): (T,)) -> T::Output {
        operation.block()
    }
}

impl<T: IntoSuspendIterator> LoopOver<T> {
    /// Whether its items are waited for.
    #[inline(always)]
    pub fn rustroutines_suspends(self) -> bool {
        true
    }

    /// What the loop goes over.
    #[inline(always)]
    pub fn rustroutines_iterate(self, items: T) -> T::Iter {
        items.into_suspend_iter()
    }

    /// The operation that waits for the next item.
    #[inline(always)]
    pub fn rustroutines_start_next(self, items: &mut T::Iter) -> <T::Iter as SuspendIterator>::Next<'_> {
        items.next()
    }

    /// Not reached.
    #[inline(always)]
    pub fn rustroutines_next(self, _: &mut T::Iter) -> Option<T::Item> {
        other_branch()
    }
}

/// What is done where the type is no operation's.
pub trait PlainType: Sized {
    /// There now.
    #[inline(always)]
    fn rustroutines_branch<V: One>(self, value: V) -> Now<V::Value> {
        Now::new(value.take())
    }

    /// There now.
    #[inline(always)]
    fn rustroutines_branch_boxed<V: One>(self, value: V) -> Now<V::Value> {
        self.rustroutines_branch(value)
    }

    /// There now.
    #[inline(always)]
    fn rustroutines_branch_local_boxed<V: One>(self, value: V) -> Now<V::Value> {
        self.rustroutines_branch(value)
    }

    /// Whether a loop's items are waited for.
    #[inline(always)]
    fn rustroutines_suspends(self) -> bool {
        false
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

    /// Not reached.
    fn rustroutines_start_next<I>(self, _: &mut I) -> Nothing {
        other_branch()
    }

    /// The next item.
    #[inline(always)]
    fn rustroutines_next<I: Iterator>(self, items: &mut I) -> Option<I::Item> {
        items.next()
    }
}

impl<T> PlainType for TypeOf<(T,)> {}
impl<T> PlainType for LoopOver<T> {}

/// A plain value, there now.
#[derive(Debug)]
pub struct Now<T> {
    /// `false`. A field, since to read one is no borrow.
    pub later: bool,
    value: T,
}

/// An operation, to be carried out.
#[derive(Debug)]
pub struct Later<T> {
    /// `true`.
    pub later: bool,
    operation: T,
}

impl<T> Now<T> {
    #[inline(always)]
    fn new(value: T) -> Self {
        Self { later: false, value }
    }

    /// The value.
    #[inline(always)]
    pub fn get(self) -> T {
        self.value
    }

    /// Not reached.
    pub fn start(self) -> Nothing {
        other_branch()
    }
}

impl<T: Suspend> Later<T> {
    #[inline(always)]
    fn new(operation: T) -> Self {
        Self { later: true, operation }
    }

    /// Not reached.
    pub fn get(self) -> T::Output {
        other_branch()
    }

    /// The operation.
    #[inline(always)]
    pub fn start(self) -> T {
        self.operation
    }
}

/// The tuple of one that a value travels in.
///
/// A trait, so that the type wanted of the method's value says nothing of its argument's: what is `(!,)`
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

/// What is carried out where there is no operation. Uninhabited, and visibly so.
///
/// One type for all values, so that the compiler works out only once what it is to wait for it.
#[derive(Debug)]
pub enum Nothing {
    /// Cannot be made.
    Never(Infallible),
}

/// Names the type `!`, which stable Rust writes only behind an arrow: `<fn() -> ! as Returns>::Type`.
pub trait Returns {
    /// What the function returns.
    type Type;
}

impl<T> Returns for fn() -> T {
    type Type = T;
}

/// Which branch is taken is settled by type, and is this one's opposite.
#[cold]
fn other_branch() -> ! {
    unreachable!("stands on the branch that is not taken")
}

impl Future for Nothing {
    // Which stands for a value of any type.
    type Output = <fn() -> ! as Returns>::Type;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        unreachable!("no value of this type exists")
    }
}

/// What no value is: asked of what stands in an arm of `select!` without being an operation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation, and `select!` waits for operations",
    label = "write an operation here, such as `rx.recv()`, without `.block()`",
    note = "what is there already needs no arm; what to do when nothing is ready stands behind `default =>`"
)]
pub trait ArmOperation {}
