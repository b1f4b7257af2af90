//! Iteration over a channel: in a routine `for` suspends, in plain code it blocks.

use super::Receiver;
use super::ops::RecvOp;
use crate::Suspend;
use crate::select::{Progress, Step};
use crate::suspend::{IntoSuspendIterator, SuspendIterator};
use std::iter::FusedIterator;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The next value, or `None` at the end: what a `for` in a routine waits for.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is carried out"]
pub struct Next<'a, T>(RecvOp<'a, T>);

impl<T> Future for Next<'_, T> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.get_mut().0).poll(cx).map(Result::ok)
    }
}

impl<T> Suspend for Next<'_, T> {
    #[inline]
    fn select_step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Progress<Option<T>> {
        Pin::new(&mut self.get_mut().0).select_step(step).map(Result::ok)
    }
}

/// Iterates over a borrowed [`Receiver`]; see [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Receiver<T>);

/// Iterates over an owned [`Receiver`].
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

/// Iterates over what is there now; see [`Receiver::try_iter`].
#[derive(Debug)]
pub struct TryIter<'a, T>(&'a Receiver<T>);

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> Self {
        Self(receiver)
    }
}

impl<'a, T> TryIter<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> Self {
        Self(receiver)
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// What both waiting iterators are.
macro_rules! waiting_iterator {
    ([$($generics:tt)*] $iter:ty) => {
        impl<$($generics)*> Iterator for $iter {
            type Item = T;

            fn next(&mut self) -> Option<T> {
                self.0.recv().block().ok()
            }
        }

        impl<$($generics)*> FusedIterator for $iter {}

        impl<$($generics)*> SuspendIterator for $iter {
            type Item = T;
            type Next<'n>
                = Next<'n, T>
            where
                Self: 'n;

            #[inline]
            fn next(&mut self) -> Next<'_, T> {
                Next(self.0.recv())
            }
        }

        impl<$($generics)*> IntoSuspendIterator for $iter {
            type Item = T;
            type Iter = Self;

            fn into_suspend_iter(self) -> Self {
                self
            }
        }
    };
}

waiting_iterator!(['a, T] Iter<'a, T>);
waiting_iterator!([T] IntoIter<T>);

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

impl<'a, T> IntoSuspendIterator for &'a Receiver<T> {
    type Item = T;
    type Iter = Iter<'a, T>;

    fn into_suspend_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoSuspendIterator for Receiver<T> {
    type Item = T;
    type Iter = IntoIter<T>;

    fn into_suspend_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}
