//! Channels under the randomised checker. Each execution draws a program of its own; the checker records it
//! with the schedule.
//!
//! - `selects`: the select matrix.
//! - `plain`: sends, receives, permits.
//! - `broadcast`: both policies.

mod broadcast;
mod plain;
mod selects;

use crate::error::SendError;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Polls an operation once, to wake nobody.
fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    std::pin::Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

/// What became of the values of one execution. Its lock is no step of the program.
#[derive(Debug, Default)]
struct Books {
    /// Made, by number.
    made: usize,
    /// Dropped, in order.
    dropped: Vec<usize>,
    /// Taken out of a channel.
    received: Vec<usize>,
    /// Reported as sent.
    sent: Vec<usize>,
    /// Not known: the operation was dropped, and may have delivered one of these values before, not more.
    perhaps: Vec<Vec<usize>>,
}

/// The books, shared.
#[derive(Debug, Default, Clone)]
pub(super) struct Ledger(Arc<Mutex<Books>>);

/// A value that enters its drop in the books.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) number: usize,
    ledger: Ledger,
}

impl Ledger {
    pub(super) fn make(&self) -> Value {
        let mut books = self.0.lock().unwrap();
        books.made += 1;
        Value { number: books.made - 1, ledger: self.clone() }
    }

    /// The value of that number has perhaps been delivered: its operation was dropped.
    pub(super) fn perhaps(&self, number: usize) {
        self.perhaps_one_of(vec![number]);
    }

    /// One of these has perhaps been delivered: a select that would send them was dropped.
    pub(super) fn perhaps_one_of(&self, numbers: Vec<usize>) {
        self.0.lock().unwrap().perhaps.push(numbers);
    }

    fn enter(&self, list: impl FnOnce(&mut Books) -> &mut Vec<usize>, number: usize) {
        list(&mut self.0.lock().unwrap()).push(number);
    }

    pub(super) fn received(&self, value: Value) {
        self.enter(|books| &mut books.received, value.number);
    }

    pub(super) fn sent(&self, number: usize, result: Result<(), SendError<Value>>) {
        match result {
            Ok(()) => self.enter(|books| &mut books.sent, number),
            Err(SendError(value)) => assert_eq!(value.number, number, "another's value was given back"),
        }
    }

    /// Nothing is alive any more.
    pub(super) fn everything_is_dropped(&self) {
        let books = self.0.lock().unwrap();
        let mut dropped = books.dropped.clone();
        dropped.sort_unstable();
        assert_eq!(dropped, (0..books.made).collect::<Vec<_>>(), "values live on, or were doubled");
    }

    /// Nothing is alive any more; each value was received once, or given back or dropped, and no other.
    pub(super) fn balance(&self) {
        self.everything_is_dropped();
        let books = self.0.lock().unwrap();
        let received: BTreeSet<_> = books.received.iter().collect();
        assert_eq!(received.len(), books.received.len(), "a value was received twice");
        let sent: BTreeSet<_> = books.sent.iter().collect();
        assert!(sent.is_subset(&received), "a value that was sent was not received");
        for numbers in &books.perhaps {
            let delivered = numbers.iter().filter(|&number| received.contains(number)).count();
            assert!(delivered <= 1, "a select has delivered {delivered} of {numbers:?}");
        }
        let perhaps: BTreeSet<_> = books.perhaps.iter().flatten().collect();
        let stray: Vec<_> = received.difference(&sent).filter(|&number| !perhaps.contains(number)).collect();
        assert!(stray.is_empty(), "a value that was not sent was received: {stray:?}");
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.ledger.enter(|books| &mut books.dropped, self.number);
    }
}
