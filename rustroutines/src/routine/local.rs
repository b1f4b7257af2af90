//! Routine-locals: statics of which each routine has its own.

use crate::error::AccessError;
use crate::platform::sync::ReentrantMutex;
use crate::scheduler;
use crate::task::locals::{self, Entry};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

/// A static of which each routine has a value of its own: what [`std::thread::LocalKey`] is for threads.
///
/// [`routine_local!`](crate::routine_local) declares one, or a plain `static` with [`new`](Self::new). The
/// value is made when a routine first asks for it, goes with the routine from thread to thread (so it must be
/// `Send`), and is dropped when the routine ends, however it does, after everything else that the routine
/// holds: destructors may read it, also those that an abort or a shutdown runs. Values are dropped in the
/// reverse of the order in which they were made.
///
/// Outside of any routine (in plain code of a thread, also in `#[routine] fn main`) each thread has a value
/// of its own, which is dropped when the thread ends. Jobs of [`block_on_io`](crate::io::block_on_io) run on
/// threads, outside of the routine that waits for them.
///
/// A look at one costs some ten nanoseconds: it is found in a table. Routines that use none pay nothing.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
/// use rustroutines::routine_local;
/// use std::cell::Cell;
///
/// routine_local! {
///     static REQUEST: Cell<u32> = Cell::new(0);
/// }
///
/// #[routine]
/// fn handle(number: u32) -> u32 {
///     REQUEST.set(number);
///     yield_now();
///     REQUEST.get()
/// }
///
/// let handles = (1..=3).map(|number| go!(handle(number)));
/// let seen: Vec<u32> = join_all(handles).block().into_iter().map(Result::unwrap).collect();
/// assert_eq!(seen, [1, 2, 3]);
/// assert_eq!(REQUEST.get(), 0);
/// ```
pub struct RoutineLocal<T: 'static> {
    /// Makes a value.
    init: fn() -> T,
}

impl<T: Send + 'static> RoutineLocal<T> {
    /// One whose values `init` makes.
    pub const fn new(init: fn() -> T) -> Self {
        Self { init }
    }

    /// Calls `f` with this routine's value, which is made now if it is not there yet. `f` is plain code: it
    /// does not suspend, so no reference outlives a suspension.
    ///
    /// # Panics
    /// If the routine is at its end, and the value has been dropped already: see [`try_with`](Self::try_with).
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.try_with(f).expect("a routine-local was used after it had been dropped")
    }

    /// Calls `f` with this routine's value, which is made now if it is not there yet.
    ///
    /// # Errors
    /// [`AccessError`] if the routine (or the thread, outside of any) is at its end, and the value has been
    /// dropped already. Only destructors of other routine-locals, and of thread-locals, can meet that.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let key = scheduler::current_key().or_else(locals::of_this_thread).ok_or(AccessError)?;
        let place = std::ptr::from_ref(self).addr();
        let entry = match key.find(place) {
            Entry::Absent => key.keep(place, Arc::new(ReentrantMutex::new((self.init)()))),
            entry => entry,
        };
        let Entry::There(value) = entry else { return Err(AccessError) };
        let value = value.downcast::<ReentrantMutex<T>>().expect("a static has one type");
        // Nobody else takes this lock, and whoever runs under this key may take it again. It is there
        // because a `T` need not be `Sync`.
        let result = f(&value.lock());
        Ok(result)
    }
}

impl<T: Send + 'static> RoutineLocal<Cell<T>> {
    /// Sets this routine's value.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// A copy of this routine's value.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes this routine's value and leaves the default.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Sets this routine's value, and gives the one before.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: Send + 'static> RoutineLocal<RefCell<T>> {
    /// Calls `f` with this routine's value.
    ///
    /// # Panics
    /// As [`with`](Self::with), and if the value is borrowed mutably.
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with this routine's value, to change it.
    ///
    /// # Panics
    /// As [`with`](Self::with), and if the value is borrowed.
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets this routine's value.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn set(&'static self, value: T) {
        self.replace(value);
    }

    /// Takes this routine's value and leaves the default.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Sets this routine's value, and gives the one before.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for RoutineLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutineLocal").finish_non_exhaustive()
    }
}

/// Declares [`RoutineLocal`]s, as `std::thread_local!` declares thread-locals: each routine has a value of its
/// own, made by the expression when the routine first asks for it.
///
/// # Examples
/// ```
/// use rustroutines::routine_local;
/// use std::cell::RefCell;
///
/// routine_local! {
///     /// What this routine has done.
///     pub static LOG: RefCell<Vec<String>> = RefCell::new(Vec::new());
///     static DEPTH: u32 = 3;
/// }
///
/// LOG.with_borrow_mut(|log| log.push("begun".into()));
/// assert_eq!(LOG.take(), ["begun"]);
/// assert_eq!(DEPTH.with(|depth| *depth), 3);
/// ```
#[doc(alias = "task_local")]
#[macro_export]
macro_rules! routine_local {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr);* $(;)?) => {
        $(
            $(#[$attribute])*
            $visibility static $name: $crate::routine::RoutineLocal<$type> =
                $crate::routine::RoutineLocal::new(|| $init);
        )*
    };
}
