//! [`Select`]: a set of cases that is known only at run time.

use super::{Answer, Arm, Arms, Chosen, Deadline, Progress, Selecting, Step};
use crate::Suspend;
use crate::platform::clock::Instant;
use pin_project_lite::pin_project;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A select whose cases are put together at run time: one channel for each of a hundred connections,
/// say.
///
/// Each case says how to make its operation, and what to make of the operation's output; so cases of
/// different types give one type `T`. [`wait`](Select::wait) carries out one round, and can be called
/// again and again: each round makes its operations anew. It and [`select!`](crate::select!) are the
/// same engine: exactly one case takes effect, the choice among ready ones is uniform, and nothing is
/// lost.
///
/// Where the cases are known when the program is written, `select!` is shorter.
///
/// # Examples
/// ```
/// use rustroutines::prelude::*;
/// use rustroutines::select::Select;
///
/// let numbers: Vec<_> = (0..3).map(|_| bounded_channel::<u32>(1)).collect();
/// let (stop_tx, stop) = channel::<()>();
/// numbers[1].0.try_send(7).unwrap();
///
/// let mut select = Select::new();
/// for (_, rx) in &numbers {
///     select.recv(rx, |number| number.ok());
/// }
/// select.recv(&stop, |_| None);
/// let won = select.wait().block();
/// assert_eq!((won.case(), won.value), (Some(1), Some(7)));
/// # drop(stop_tx);
/// ```
#[doc(alias = "reflect")]
pub struct Select<'a, T> {
    /// The cases, by their numbers; `None` where one was removed.
    cases: Vec<Option<Entry<'a, T>>>,
    /// The numbers of those that were removed, to be given again.
    vacant: Vec<usize>,
    /// How many cases make their operations anew for each round.
    fleeting: usize,
    /// Whether a round has begun that has not been ended.
    begun: bool,
    /// Whether counterparts have seen the operations of this round.
    shown: bool,
    /// Room for the numbers of cases, for the engine.
    numbers: Vec<u32>,
    /// Order of the numbers instead of random order.
    biased: bool,
    /// What there is where no case is ready.
    default: Option<Box<dyn FnMut() -> T + Send + 'a>>,
    /// What there is where no case was ready in time.
    late: Option<(Limit, Box<dyn FnMut() -> T + Send + 'a>)>,
}

/// How long a round waits.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// Counted from the beginning of each round.
    After(Duration),
    /// For all rounds.
    At(Instant),
}

impl Limit {
    /// Of the round that begins now.
    #[cold]
    fn begin(self) -> Deadline {
        match self {
            Self::After(duration) => Deadline::after(duration),
            Self::At(instant) => Deadline::at(instant),
        }
    }
}

/// How a round of a [`Select`] ended: [`.case()`](Won::case) says which case won, and `.value` is what that made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won<T> {
    /// The number of the case, as the call that added it gave it; `None` for the default and the timeout.
    case: Option<usize>,
    /// What the case made of its operation's output.
    pub value: T,
}

impl<T> Won<T> {
    /// The number of the case that won, as the call that added it gave it. `None`: it was the default or
    /// the timeout.
    pub fn case(&self) -> Option<usize> {
        self.case
    }
}

impl<'a, T: 'a> Select<'a, T> {
    /// A select without cases. Waiting for it never ends.
    pub fn new() -> Self {
        Self {
            cases: Vec::new(),
            vacant: Vec::new(),
            fleeting: 0,
            begun: false,
            shown: false,
            numbers: Vec::new(),
            biased: false,
            default: None,
            late: None,
        }
    }

    /// Adds a case: any operation, made by `make` for each round. Gives the case's number.
    pub fn case<O: Suspend + Send + 'a>(
        &mut self,
        make: impl FnMut() -> O + Send + 'a,
        then: impl FnMut(O::Output) -> T + Send + 'a,
    ) -> usize
    where
        O::Output: Send,
    {
        self.fleeting += 1;
        self.add(Made { arm: Arm::guarded(None), lasting: false, make, then }, true)
    }

    /// The same for an operation which nobody can tell from a new one once a round is over, so that it is
    /// made anew only where counterparts have seen it.
    pub(crate) fn lasting_case<O: Suspend + Send + 'a>(
        &mut self,
        mut make: impl FnMut() -> O + Send + 'a,
        then: impl FnMut(O::Output) -> T + Send + 'a,
    ) -> usize
    where
        O::Output: Send,
    {
        let arm = Arm::new(make());
        self.add(Made { arm, lasting: true, make, then }, false)
    }

    /// Takes a case out. Says whether it was there. Its number may be given to the next case that is
    /// added.
    pub fn remove(&mut self, case: usize) -> bool {
        let Some(removed) = self.cases.get_mut(case).and_then(Option::take) else { return false };
        self.fleeting -= usize::from(removed.fleeting);
        self.vacant.push(case);
        true
    }

    /// How many cases there are.
    pub fn len(&self) -> usize {
        self.cases.len() - self.vacant.len()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Prefers ready cases of lower numbers, instead of choosing at random.
    pub fn biased(&mut self) -> &mut Self {
        self.biased = true;
        self
    }

    /// A round in which no case is ready ends at once, with what `then` makes.
    pub fn default(&mut self, then: impl FnMut() -> T + Send + 'a) -> &mut Self {
        self.default = Some(Box::new(then));
        self
    }

    /// A round in which no case is ready within `duration` ends with what `then` makes. The time counts
    /// from the beginning of each round. Replaces an earlier timeout or deadline.
    pub fn timeout(&mut self, duration: Duration, then: impl FnMut() -> T + Send + 'a) -> &mut Self {
        self.late = Some((Limit::After(duration), Box::new(then)));
        self
    }

    /// A round in which no case is ready at `deadline` ends with what `then` makes. Replaces an earlier
    /// timeout or deadline.
    pub fn deadline(&mut self, deadline: Instant, then: impl FnMut() -> T + Send + 'a) -> &mut Self {
        self.late = Some((Limit::At(deadline), Box::new(then)));
        self
    }

    /// Waits until one case is done, and gives its number as `.case()` and its value as `.value`.
    ///
    /// # Cancel safety
    /// Dropped before it is done, at most one case has taken effect: a receive that had been handed a value
    /// gives it to the next receiver, but a value that a receiver has taken from a send stays sent.
    #[inline]
    pub fn wait(&mut self) -> Wait<'_, 'a, T> {
        let deadline = self.late.as_ref().map_or_else(Deadline::never, |(limit, _)| limit.begin());
        let (count, biased, default) = (self.cases.len(), self.biased, self.default.is_some());
        // Of a round that was leaked.
        self.end();
        let round = Round(self);
        round.0.begin();
        Wait { selecting: Selecting::new(count, biased, default, deadline, round) }
    }

    fn add(&mut self, case: impl Case<T> + Send + 'a, fleeting: bool) -> usize {
        let entry = Some(Entry { case: Box::pin(case), fleeting });
        match self.vacant.pop() {
            Some(vacant) => {
                self.cases[vacant] = entry;
                vacant
            }
            None => {
                self.cases.push(entry);
                self.cases.len() - 1
            }
        }
    }
}

impl<T> Select<'_, T> {
    /// Begins a round: makes the operations that it needs anew.
    #[inline]
    fn begin(&mut self) {
        self.begun = true;
        if self.fleeting > 0 {
            self.make_fleeting();
        }
    }

    #[inline(never)]
    fn make_fleeting(&mut self) {
        let fleeting = self.cases.iter_mut().flatten().filter(|entry| entry.fleeting);
        fleeting.for_each(|entry| entry.case.as_mut().begin());
    }

    /// Ends the round: no counterpart sees an operation of its any more, and nothing is left of those that
    /// were made for it.
    #[inline]
    fn end(&mut self) {
        if mem::take(&mut self.begun) && (self.shown || self.fleeting > 0) {
            self.drop_operations();
        }
    }

    #[inline(never)]
    fn drop_operations(&mut self) {
        let shown = mem::take(&mut self.shown);
        let done = self.cases.iter_mut().flatten().filter(|entry| shown || entry.fleeting);
        done.for_each(|entry| entry.case.as_mut().end());
    }
}

impl<'a, T: 'a> Default for Select<'a, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Select<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("cases", &(self.cases.len() - self.vacant.len()))
            .field("biased", &self.biased)
            .field("default", &self.default.is_some())
            .finish_non_exhaustive()
    }
}

/// A case in its place.
struct Entry<'a, T> {
    /// The case.
    case: Pin<Box<dyn Case<T> + Send + 'a>>,
    /// Whether its operation is made anew for each round.
    fleeting: bool,
}

/// What the select knows of a case.
trait Case<T> {
    /// A round begins: makes the operation, where it is not a lasting one.
    fn begin(self: Pin<&mut Self>);

    /// Passes one step of the select on to the operation.
    fn step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Answer;

    /// The step of which there are most, by itself: whether the operation may be ready.
    fn may_be_ready(self: Pin<&mut Self>) -> bool;

    /// The round is over: drops the operation; one that lasts is made anew.
    fn end(self: Pin<&mut Self>);

    /// The value, for the case that won.
    fn take(self: Pin<&mut Self>) -> T;
}

pin_project! {
    /// A case and its operation.
    struct Made<O: Suspend, M, F> {
        // The operation, while a round lasts or always, and its output.
        #[pin]
        arm: Arm<O>,
        // Whether there is always an operation.
        lasting: bool,
        // Makes the operation.
        make: M,
        // Makes the value out of the output.
        then: F,
    }
}

impl<T, O, M, F> Case<T> for Made<O, M, F>
where
    O: Suspend,
    M: FnMut() -> O,
    F: FnMut(O::Output) -> T,
{
    fn begin(self: Pin<&mut Self>) {
        let mut this = self.project();
        let operation = (this.make)();
        this.arm.set(Arm::new(operation));
    }

    fn step(self: Pin<&mut Self>, step: Step<'_, '_>) -> Answer {
        self.project().arm.step(step)
    }

    fn may_be_ready(self: Pin<&mut Self>) -> bool {
        !matches!(self.project().arm.step(Step::Peek), Progress::Waiting)
    }

    fn end(self: Pin<&mut Self>) {
        let this = self.project();
        let next = if *this.lasting { Some((this.make)()) } else { None };
        this.arm.finish(next);
    }

    fn take(self: Pin<&mut Self>) -> T {
        let this = self.project();
        let output = this.arm.take();
        (this.then)(output)
    }
}

/// A round of a select; when it is dropped, no case has an operation any more.
struct Round<'s, 'a, T>(&'s mut Select<'a, T>);

impl<T> Arms for Round<'_, '_, T> {
    #[inline]
    fn step(&mut self, arm: usize, step: Step<'_, '_>) -> Answer {
        let publishes = matches!(step, Step::Publish(_));
        self.0.shown |= publishes;
        match &mut self.0.cases[arm] {
            Some(entry) => entry.case.as_mut().step(step),
            None if publishes => Progress::Published,
            None => Progress::Waiting,
        }
    }

    #[inline]
    fn peek_at_others(&mut self, _count: usize, one: usize, mut note: impl FnMut(usize, bool)) {
        for (arm, entry) in self.0.cases.iter_mut().enumerate() {
            if let Some(entry) = entry {
                // Nobody foresees which the one is: to peek at it, too, is cheaper than a branch.
                note(arm, entry.case.as_mut().may_be_ready() & (arm != one));
            }
        }
    }

    fn lend_numbers(&mut self) -> Vec<u32> {
        mem::take(&mut self.0.numbers)
    }

    fn return_numbers(&mut self, numbers: Vec<u32>) {
        self.0.numbers = numbers;
    }
}

impl<T> Drop for Round<'_, '_, T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Waits for one case of a [`Select`]: the operation of [`Select::wait`].
#[must_use = "a select does nothing until it is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
pub struct Wait<'s, 'a, T> {
    /// The engine.
    selecting: Selecting<Round<'s, 'a, T>>,
}

impl<T> Future for Wait<'_, '_, T> {
    type Output = Won<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Won<T>> {
        let selecting = &mut self.get_mut().selecting;
        let chosen = match Pin::new(&mut *selecting).poll(cx) {
            Poll::Ready(chosen) => chosen,
            Poll::Pending => return Poll::Pending,
        };
        let select = &mut *selecting.arms().0;
        // The losers are gone before anything of the user's runs.
        select.end();
        Poll::Ready(match chosen {
            Chosen::Arm(number) => {
                let entry = select.cases[number].as_mut().expect("a case that was removed never wins");
                Won { case: Some(number), value: entry.case.as_mut().take() }
            }
            Chosen::Default => {
                let then = select.default.as_mut().expect("only a select with a default takes it");
                Won { case: None, value: then() }
            }
            Chosen::Timeout => {
                let (_, then) = select.late.as_mut().expect("only a select with a limit ends by it");
                Won { case: None, value: then() }
            }
        })
    }
}

impl<T> Suspend for Wait<'_, '_, T> {}

impl<T> fmt::Debug for Wait<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}
