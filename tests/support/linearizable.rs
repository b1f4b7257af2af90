//! The search for an order that explains a history (Wing and Gong): one in which a sequential model gives the
//! same answers, and in which no operation comes before one that had returned when it was called.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// One operation of a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<C, A> {
    pub(crate) call: C,
    pub(crate) answer: A,
    pub(crate) called: usize,
    pub(crate) returned: usize,
}

impl<C, A> Event<C, A> {
    /// Whether both were under way at one time.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.called < other.returned && other.called < self.returned
    }
}

/// What the object is compared with.
pub(crate) trait Model: Clone + Eq + Hash {
    type Call: Debug + Copy;
    type Answer: Debug + Copy;

    /// The model after this event of the history; `None` if it would have given another answer.
    fn step(&self, history: &[Event<Self::Call, Self::Answer>], index: usize) -> Option<Self>;

    /// An event that may take effect together with this one, which leaves the model as it is.
    fn partner(&self, _history: &[Event<Self::Call, Self::Answer>], _index: usize) -> Option<usize> {
        None
    }
}

/// What each operation is told the time by.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicUsize);

impl Clock {
    pub(crate) fn now(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// Carries an operation out and notes when.
    pub(crate) fn event<C, A>(&self, call: C, carry_out: impl FnOnce() -> A) -> Event<C, A> {
        let called = self.now();
        let answer = carry_out();
        Event { call, answer, called, returned: self.now() }
    }
}

/// Records a history: `carry_out` does each program, of the thread with that number, on a thread of its own, all at
/// once. At the end, or when they are stuck, `close` does one thing more, which is an event like the others.
pub(crate) fn record<C: Send + Sync, A: Send>(
    programs: &[Vec<C>],
    carry_out: impl Fn(&Clock, usize, &[C]) -> Vec<Event<C, A>> + Sync,
    close: impl FnOnce(&Clock) -> Event<C, A>,
) -> Vec<Event<C, A>> {
    let clock = Clock::default();
    let ended = AtomicUsize::new(0);
    let start = Barrier::new(programs.len() + 1);
    thread::scope(|scope| {
        let (carry_out, clock, ended, start) = (&carry_out, &clock, &ended, &start);
        let threads: Vec<_> = programs
            .iter()
            .enumerate()
            .map(|(thread, program)| {
                scope.spawn(move || {
                    start.wait();
                    let events = carry_out(clock, thread, program);
                    ended.fetch_add(1, Ordering::SeqCst);
                    events
                })
            })
            .collect();
        start.wait();
        let mut patience = 50;
        while ended.load(Ordering::SeqCst) < programs.len() && patience > 0 {
            thread::yield_now();
            patience -= 1;
        }
        let mut events = vec![close(clock)];
        events.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        events
    })
}

/// Searches an order for a history.
struct Search<'a, M: Model> {
    history: &'a [Event<M::Call, M::Answer>],
    /// What has led nowhere: which events were done, and the model then.
    failed: HashSet<(u32, M)>,
}

/// Whether the history has such an order, from this beginning.
pub(crate) fn is_linearizable<M: Model>(history: &[Event<M::Call, M::Answer>], begin: &M) -> bool {
    Search { history, failed: HashSet::new() }.go_on(0, begin)
}

/// The same, for a history that was recorded; says what it was if it has none.
pub(crate) fn assert_linearizable<M: Model>(mut history: Vec<Event<M::Call, M::Answer>>, begin: &M) {
    history.sort_by_key(|event| event.called);
    let lines: Vec<String> = history.iter().map(|event| format!("{event:?}")).collect();
    assert!(is_linearizable(&history, begin), "no order explains\n{}", lines.join("\n"));
}

impl<M: Model> Search<'_, M> {
    /// Whether the events that are not `done` can follow in some order.
    fn go_on(&mut self, done: u32, model: &M) -> bool {
        if done.count_ones() as usize == self.history.len() {
            return true;
        }
        if self.failed.contains(&(done, model.clone())) {
            return false;
        }
        for index in 0..self.history.len() {
            if !self.may_be_next(done, index) {
                continue;
            }
            let after = done | 1 << index;
            if model.step(self.history, index).is_some_and(|next| self.go_on(after, &next)) {
                return true;
            }
            if let Some(partner) = model.partner(self.history, index) {
                // Both are under way: the partner could have come first.
                if self.may_be_next(done, partner) && self.go_on(after | 1 << partner, model) {
                    return true;
                }
            }
        }
        self.failed.insert((done, model.clone()));
        false
    }

    /// Whether nothing that is not done had returned when this was called.
    fn may_be_next(&self, done: u32, index: usize) -> bool {
        let called = self.history[index].called;
        let is_done = |other: usize| done & 1 << other != 0;
        !is_done(index) && (0..self.history.len()).all(|o| is_done(o) || self.history[o].returned >= called)
    }
}

/// Events one after the other.
pub(crate) fn sequence<C: Copy, A: Copy>(events: &[(C, A)]) -> Vec<Event<C, A>> {
    let event = |(n, &(call, answer))| Event { call, answer, called: 2 * n, returned: 2 * n + 1 };
    events.iter().enumerate().map(event).collect()
}
