//! What is gathered, on its way to the job that writes it.
//!
//! The job writes one buffer, the file gathers in another, and a third may lie between them. So both go on while
//! there is something to do, and the thread of the job does not sleep between two buffers.
//!
//! # Why nobody waits for ever
//! Who finds no room leaves a waker in the critical section in which that was seen; the job makes room, and ends, in
//! one of its own, and takes the waker from there. A job that was dropped without having run never comes here: so
//! whoever waits for room waits for the job as well (see `io::blocking`).

use crate::panics;
use crate::platform::sync::Mutex;
use std::mem;
use std::task::{Context, Waker};

/// How many buffers one job writes at most: others wait for its thread.
const TURNS: usize = if cfg!(loom) { 2 } else { 64 };

/// What a file and the job that writes have in common.
pub(super) struct Relay(Mutex<Inner>);

struct Inner {
    /// What the job writes next. Empty: there is room.
    next: Vec<u8>,
    /// The job takes nothing more. Set when it ends --> not, before another begins.
    ended: bool,
    /// Whom to wake when there is room, or the job has ended.
    waker: Option<Waker>,
}

/// What became of what was to be handed over.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Handed {
    /// The job will write it.
    Over,
    /// There is no room now.
    NoRoom,
    /// There is no job any more that would.
    TooLate,
}

impl Relay {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Inner { next: Vec::new(), ended: true, waker: None }))
    }

    /// A job is about to begin. There is none now.
    pub(super) fn begin(&self) {
        self.0.lock().ended = false;
    }

    /// Gives this to the job, and gets an empty buffer for it.
    pub(super) fn hand_over(&self, gathered: &mut Vec<u8>) -> Handed {
        self.0.lock().hand_over(gathered)
    }

    /// The same. Where there is no room, the waker of `cx` is woken when there is.
    pub(super) fn hand_over_or_wait(&self, gathered: &mut Vec<u8>, cx: &Context<'_>) -> Handed {
        match self.hand_over(gathered) {
            Handed::NoRoom => {}
            handed => return handed,
        }
        // Cloned before the lock is taken, and another's dropped after it is released.
        let mut waker = Some(cx.waker().clone());
        let mut inner = self.0.lock();
        let handed = inner.hand_over(gathered);
        if handed == Handed::NoRoom {
            mem::swap(&mut inner.waker, &mut waker);
        }
        drop(inner);
        handed
    }

    /// The job's part: writes what it began with, and what comes after that, by `write`, which leaves what it could not
    /// write. So does this.
    pub(super) fn carry<E>(
        &self,
        bytes: &mut Vec<u8>,
        mut write: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        for _ in 1..TURNS {
            if let Err(error) = write(bytes) {
                self.end(bytes);
                return Err(error);
            }
            let mut inner = self.0.lock();
            mem::swap(&mut inner.next, bytes);
            inner.ended = bytes.is_empty();
            let (ended, waker) = (inner.ended, inner.waker.take());
            drop(inner);
            waker.into_iter().for_each(panics::wake);
            if ended {
                return Ok(());
            }
        }
        let written = write(bytes);
        self.end(bytes);
        written
    }

    /// Takes nothing more, and adds what lies here to what is left.
    pub(super) fn end(&self, rest: &mut Vec<u8>) {
        let mut inner = self.0.lock();
        inner.ended = true;
        rest.append(&mut inner.next);
        let waker = inner.waker.take();
        drop(inner);
        waker.into_iter().for_each(panics::wake);
    }
}

impl Inner {
    fn hand_over(&mut self, gathered: &mut Vec<u8>) -> Handed {
        if self.ended {
            return Handed::TooLate;
        }
        if !self.next.is_empty() {
            return Handed::NoRoom;
        }
        mem::swap(&mut self.next, gathered);
        Handed::Over
    }
}

#[cfg(all(test, loom))]
mod model;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
