//! The reactor: the system's readiness queue, and the sources that are registered with it.
//!
//! It is started by the first source; a program without any pays nothing. Whoever is about to sleep as the
//! [keeper](super) waits in its queue, busy workers look into it now and then, and each event is told to its
//! source's [`Readiness`].
//!
//! # Invariants
//! - Locks: the queue's own (held by who waits at it), then `sources`, then a source's. Wakers are woken
//!   after all of them.
//! - A source that is registered is in the system's queue and in `sources` under one number, and leaves the
//!   queue first. An event that is underway then meets an empty number, or another source, which it tells to
//!   try for nothing.
//! - After the shutdown nothing is registered, and all who waited have been told so.

use super::readiness::{Readiness, Told};
use crate::panics;
use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::census;
use crate::platform::clock::Instant;
#[cfg(not(any(loom, shuttle)))]
use crate::platform::readiness::Registry;
use crate::platform::readiness::{Bell, Event, Selector};
use crate::platform::sync::{Mutex, OnceLock};
#[cfg(not(any(loom, shuttle)))]
use mio::{Interest, Token, event::Source};
use slab::Slab;
use std::io;
use std::sync::Arc;
use std::task::Waker;

/// See the module.
#[derive(Debug)]
pub(crate) struct Reactor {
    /// The queue and its bell, from the first source on.
    started: OnceLock<Started>,
    /// Who is registered. The queue is started under this lock.
    sources: Mutex<Sources>,
    /// How many are registered: the length of `sources`, for who has no time to take the lock.
    registered: AtomicUsize,
}

#[derive(Debug)]
struct Started {
    /// Where the keeper waits.
    selector: Selector,
    /// What ends its wait.
    bell: Arc<Bell>,
}

#[derive(Debug)]
struct Sources {
    /// By the numbers that events come with.
    slab: Slab<Arc<Readiness>>,
    /// Nothing more is registered.
    shut: bool,
}

impl Reactor {
    /// Not started.
    pub(super) fn new() -> Self {
        Self {
            started: OnceLock::new(),
            sources: Mutex::new(Sources { slab: Slab::new(), shut: false }),
            registered: AtomicUsize::new(0),
        }
    }

    /// Starts the queue, where it is not started.
    pub(super) fn start(&self) -> io::Result<()> {
        let _starting = self.sources.lock();
        if self.started.get().is_none() {
            let (selector, bell) = Selector::new()?;
            let _first = self.started.set(Started { selector, bell: Arc::new(bell) });
        }
        Ok(())
    }

    /// Numbers a source; says whether it is the only one.
    pub(super) fn seat(&self, readiness: &Arc<Readiness>) -> io::Result<(usize, bool)> {
        let mut sources = self.sources.lock();
        if sources.shut {
            return Err(shut_down());
        }
        census::source_comes();
        let number = sources.slab.insert(readiness.clone());
        self.registered.store(sources.slab.len(), Ordering::Relaxed);
        Ok((number, sources.slab.len() == 1))
    }

    /// A source is gone.
    pub(super) fn forget(&self, number: usize) {
        let mut sources = self.sources.lock();
        let readiness = sources.slab.remove(number);
        self.registered.store(sources.slab.len(), Ordering::Relaxed);
        if sources.slab.is_empty() {
            sources.slab.shrink_to_fit();
        }
        drop(sources);
        census::source_goes();
        drop(readiness);
    }

    /// What ends a [`wait`](Self::wait), where there is something to wait at.
    pub(super) fn bell(&self) -> Option<&Arc<Bell>> {
        self.started.get().map(|started| &started.bell)
    }

    /// Waits for events until the bell is rung, or until `deadline`, and tells the sources; not where `waits_still`
    /// denies it. Says how many wakers were woken.
    pub(super) fn wait(&self, deadline: Option<Instant>, waits_still: &dyn Fn() -> bool) -> usize {
        self.tell_what(|selector, deliver| selector.wait(deadline, waits_still, deliver))
    }

    /// Looks for events without waiting; says how many wakers were woken. A load where there is no source.
    pub(super) fn poll(&self) -> usize {
        // Relaxed: a source that is registered meanwhile is seen at the next look.
        if self.registered.load(Ordering::Relaxed) == 0 { 0 } else { self.tell_what(Selector::look) }
    }

    /// Tells the sources of the events that `take` delivers; says how many wakers were woken.
    fn tell_what(
        &self,
        take: impl FnOnce(&Selector, &mut dyn FnMut(&mut dyn Iterator<Item = &Event>)),
    ) -> usize {
        let Some(started) = self.started.get() else { return 0 };
        let mut wakers = Vec::new();
        take(&started.selector, &mut |events| self.tell(events, &mut wakers));
        let woken = wakers.len();
        wakers.into_iter().for_each(panics::wake);
        woken
    }

    /// How many sources are registered.
    pub(super) fn registered(&self) -> usize {
        self.registered.load(Ordering::Relaxed)
    }

    /// Ends all waiting with an error, now and from now on.
    pub(super) fn shut_down(&self) {
        let mut sources = self.sources.lock();
        sources.shut = true;
        let orphans: Vec<_> = sources.slab.iter().map(|(_, source)| source.clone()).collect();
        drop(sources);
        orphans.iter().for_each(|source| source.orphan());
    }

    fn tell(&self, events: &mut dyn Iterator<Item = &Event>, wakers: &mut Vec<Waker>) {
        let mut locked = None;
        for event in events {
            // Not locked for a bell alone.
            let sources = locked.get_or_insert_with(|| self.sources.lock());
            if let Some(source) = sources.slab.get(number(event)) {
                let (read, write) = told(event);
                source.tell(read, write, wakers);
            }
        }
    }
}

#[cfg(not(any(loom, shuttle)))]
fn number(event: &Event) -> usize {
    event.token().0
}

#[cfg(not(any(loom, shuttle)))]
fn told(event: &Event) -> (Told, Told) {
    let failed = event.is_error();
    let read =
        Told { ready: event.is_readable() || event.is_priority(), closed: event.is_read_closed() || failed };
    let write = Told { ready: event.is_writable(), closed: event.is_write_closed() || failed };
    (read, write)
}

/// The numbers of the sources, in the system's queue and in `sources`.
#[cfg(not(any(loom, shuttle)))]
impl Reactor {
    /// Registers a source under its number. Where the system refuses, it has none any more.
    pub(super) fn register(&self, source: &mut impl Source, number: usize) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        let result = self.registry().register(source, Token(number), both);
        if result.is_err() {
            self.forget(number);
        }
        result
    }

    /// Takes a source out.
    pub(super) fn deregister(&self, source: &mut impl Source, number: usize) -> io::Result<()> {
        let result = self.registry().deregister(source);
        self.forget(number);
        result
    }

    fn registry(&self) -> &Registry {
        self.started.get().expect("it was started").selector.registry()
    }
}

/// What an operation ends with whose driver is gone.
pub(super) fn shut_down() -> io::Error {
    io::Error::other("the runtime that served this was shut down")
}

#[cfg(any(loom, shuttle))]
fn number(event: &Event) -> usize {
    match *event {}
}

#[cfg(any(loom, shuttle))]
fn told(event: &Event) -> (Told, Told) {
    match *event {}
}
