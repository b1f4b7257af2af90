//! What several threads see of a channel at once is what they would see of a queue one by one.
//!
//! Random histories of a few operations on two or three threads are recorded, with the time at which each
//! operation was called and the time at which it returned. Then an order is searched in which a plain queue
//! gives the same answers.
//!
//! A channel is a little more than a queue: while the queue is empty, a send and a receive of its value
//! may take effect together, whatever the capacity. On an unbuffered channel that is the only way.

#[path = "support/linearizable.rs"]
mod linearizable;
#[path = "support/random.rs"]
mod random;

use linearizable::{Clock, Model, assert_linearizable, is_linearizable, sequence};
use random::{Random, with_seeds};
use rustroutines::channel::{Permit, Receiver, Sender};
use rustroutines::error::{RecvTimeoutError, SendTimeoutError};
use rustroutines::prelude::*;
use rustroutines_tests::ends;
use std::collections::VecDeque;

/// A time limit that is over soon: whether it is, is not what matters.
const SHORT: Duration = Duration::from_micros(20);

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Send(u32),
    TrySend(u32),
    Recv,
    TryRecv,
    /// A select with this send and a receive.
    Either(u32),
    /// The same with a default.
    EitherNow(u32),
    /// A send with a short time limit.
    SendTimeout(u32),
    /// A receive with a short time limit.
    RecvTimeout,
    TryReserve,
    /// Uses the permit that the thread has.
    SendReserved(u32),
    /// Drops the permit that the thread has.
    Release,
    Len,
    Close,
}

/// What it returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    Value(u32),
    Full,
    Empty,
    Closed,
    /// Neither room nor a value: of a select.
    Neither,
    Number(usize),
    /// Whether it was this call that closed.
    Closes(bool),
    /// There was no permit to use.
    Nothing,
}

type Event = linearizable::Event<Call, Answer>;

/// The queue that a channel is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Queue {
    capacity: usize,
    values: VecDeque<u32>,
    reserved: usize,
    closed: bool,
}

impl Queue {
    fn new(capacity: usize) -> Self {
        Self { capacity, values: VecDeque::new(), reserved: 0, closed: false }
    }
}

impl Model for Queue {
    type Call = Call;
    type Answer = Answer;

    /// A send of which the receive of its value takes effect with it.
    fn partner(&self, history: &[Event], send: usize) -> Option<usize> {
        let Event { call, answer: Answer::Done, .. } = history[send] else { return None };
        let value = call.value()?;
        if self.closed || !self.values.is_empty() {
            return None;
        }
        history.iter().position(|event| event.answer == Answer::Value(value))
    }

    fn step(&self, history: &[Event], index: usize) -> Option<Queue> {
        let (queue, event) = (self, &history[index]);
        let mut next = queue.clone();
        let room = queue.values.len() + queue.reserved < self.capacity;
        let may_come_back = queue.reserved > 0 || is_in_hand(history, index);
        let empty = queue.values.is_empty() && (!queue.closed || may_come_back);
        let full = !room && !queue.closed;
        let legal = match (event.call, event.answer) {
            (
                Call::Send(value)
                | Call::TrySend(value)
                | Call::SendTimeout(value)
                | Call::Either(value)
                | Call::EitherNow(value),
                Answer::Done,
            ) => {
                next.values.push_back(value);
                room && !queue.closed
            }
            // A select hears of the end from either side, and its send side hears of it first.
            (Call::Either(_) | Call::EitherNow(_), Answer::Closed) => queue.closed,
            (Call::Send(_) | Call::TrySend(_) | Call::SendTimeout(_) | Call::TryReserve, Answer::Closed) => {
                queue.closed
            }
            // Closed or not.
            (Call::TryReserve, Answer::Full) if self.capacity == 0 => true,
            (Call::TrySend(_) | Call::SendTimeout(_) | Call::TryReserve, Answer::Full) => full,
            (
                Call::Recv | Call::TryRecv | Call::RecvTimeout | Call::Either(_) | Call::EitherNow(_),
                Answer::Value(value),
            ) => next.values.pop_front() == Some(value),
            (Call::Recv | Call::TryRecv | Call::RecvTimeout, Answer::Closed) => {
                queue.closed && queue.values.is_empty() && queue.reserved == 0
            }
            (Call::TryRecv | Call::RecvTimeout, Answer::Empty) => empty,
            // Both at one moment: of a channel with room for anything, only while that is reserved or on its way.
            (Call::EitherNow(_), Answer::Neither) => empty && full,
            (Call::TryReserve, Answer::Done) => {
                next.reserved += 1;
                room && !queue.closed
            }
            (Call::SendReserved(value), Answer::Done) => {
                next.reserved = queue.reserved.checked_sub(1)?;
                next.values.push_back(value);
                true
            }
            (Call::Release, Answer::Done) => {
                next.reserved = queue.reserved.checked_sub(1)?;
                true
            }
            (Call::SendReserved(_) | Call::Release, Answer::Nothing) => true,
            (Call::Len, Answer::Number(len)) => len == queue.values.len(),
            (Call::Close, Answer::Closes(closes)) => {
                next.closed = true;
                closes != queue.closed
            }
            (call, answer) => unreachable!("{call:?} gives no {answer:?}"),
        };
        legal.then_some(next)
    }
}

/// Whether a value may be on its way to a receive at the time of this event. Until that has taken it,
/// a closed channel cannot say that nothing will come.
fn is_in_hand(history: &[Event], index: usize) -> bool {
    history.iter().any(|event| {
        matches!(event.call, Call::Recv | Call::RecvTimeout | Call::Either(_))
            && matches!(event.answer, Answer::Value(_))
            && event.overlaps(&history[index])
    })
}

impl Call {
    /// What it would send without a permit.
    fn value(self) -> Option<u32> {
        match self {
            Call::Send(value)
            | Call::TrySend(value)
            | Call::SendTimeout(value)
            | Call::Either(value)
            | Call::EitherNow(value) => Some(value),
            _ => None,
        }
    }
}

/// A program for one thread. Values tell the threads and their calls apart.
fn program(random: &mut Random, thread: u32, calls: usize) -> Vec<Call> {
    (0..calls as u32)
        .map(|n| {
            let value = thread * 100 + n;
            match random.below(22) {
                0..4 => Call::Send(value),
                4..6 => Call::TrySend(value),
                6..9 => Call::Recv,
                9..12 => Call::TryRecv,
                12 => Call::TryReserve,
                13 if random.below(3) > 0 => Call::SendReserved(value),
                13 => Call::Release,
                14 => Call::Len,
                15..18 => Call::Either(value),
                18 => Call::EitherNow(value),
                // Seldom: a timer takes longer than a whole history without one.
                19 if random.below(6) == 0 => Call::SendTimeout(value),
                19 => Call::Send(value),
                20 if random.below(6) == 0 => Call::RecvTimeout,
                20 => Call::Recv,
                _ if random.below(4) == 0 => Call::Close,
                _ => Call::TryReserve,
            }
        })
        .collect()
}

fn carry_out<'a>(
    call: Call,
    tx: &'a Sender<u32>,
    rx: &Receiver<u32>,
    permit: &mut Option<Permit<'a, u32>>,
) -> Answer {
    match call {
        Call::Send(value) => tx.send(value).block().map_or(Answer::Closed, |()| Answer::Done),
        Call::TrySend(value) => match tx.try_send(value) {
            Ok(()) => Answer::Done,
            Err(TrySendError::Full(_)) => Answer::Full,
            Err(TrySendError::Closed(_)) => Answer::Closed,
        },
        Call::SendTimeout(value) => match tx.send_timeout(value, SHORT).block() {
            Ok(()) => Answer::Done,
            Err(SendTimeoutError::Timeout(_)) => Answer::Full,
            Err(SendTimeoutError::Closed(_)) => Answer::Closed,
        },
        Call::Either(value) => select! {
            sent = tx.send(value) => sent.map_or(Answer::Closed, |()| Answer::Done),
            received = rx.recv() => received.map_or(Answer::Closed, Answer::Value),
        },
        Call::EitherNow(value) => select! {
            sent = tx.send(value) => sent.map_or(Answer::Closed, |()| Answer::Done),
            received = rx.recv() => received.map_or(Answer::Closed, Answer::Value),
            default => Answer::Neither,
        },
        Call::RecvTimeout => match rx.recv_timeout(SHORT).block() {
            Ok(value) => Answer::Value(value),
            Err(RecvTimeoutError::Timeout) => Answer::Empty,
            Err(RecvTimeoutError::Closed) => Answer::Closed,
        },
        Call::Recv => rx.recv().block().map_or(Answer::Closed, Answer::Value),
        Call::TryRecv => match rx.try_recv() {
            Ok(value) => Answer::Value(value),
            Err(TryRecvError::Empty) => Answer::Empty,
            Err(TryRecvError::Closed) => Answer::Closed,
        },
        Call::TryReserve => match tx.try_reserve() {
            Ok(new) => {
                assert!(permit.replace(new).is_none(), "a program reserves only without a permit");
                Answer::Done
            }
            Err(rustroutines::error::TryReserveError::Closed) => Answer::Closed,
            // An unbuffered channel is always full.
            Err(_) => Answer::Full,
        },
        Call::SendReserved(value) => match permit.take() {
            None => Answer::Nothing,
            Some(permit) => permit.send(value).map_or(Answer::Closed, |()| Answer::Done),
        },
        Call::Release => permit.take().map_or(Answer::Nothing, |_| Answer::Done),
        Call::Len => Answer::Number(rx.len()),
        Call::Close => Answer::Closes(tx.close()),
    }
}

/// Runs one history on as many threads as there are programs.
fn record(programs: &[Vec<Call>], (tx, rx): (Sender<u32>, Receiver<u32>)) -> Vec<Event> {
    let carry_out_all = |clock: &Clock, _, program: &[Call]| {
        let mut permit = None;
        let mut events = Vec::new();
        for &call in program {
            let call = match call {
                Call::TryReserve if permit.is_some() => Call::Len,
                // They would wait for its own permit.
                Call::Recv if permit.is_some() => Call::TryRecv,
                Call::Either(value) if permit.is_some() => Call::EitherNow(value),
                call => call,
            };
            events.push(clock.event(call, || carry_out(call, &tx, &rx, &mut permit)));
        }
        if permit.is_some() {
            events.push(clock.event(Call::Release, || carry_out(Call::Release, &tx, &rx, &mut permit)));
        }
        events
    };
    let close = |clock: &Clock| clock.event(Call::Close, || Answer::Closes(rx.close()));
    linearizable::record(programs, carry_out_all, close)
}

fn check(histories: u64, capacity: usize, make: fn() -> (Sender<u32>, Receiver<u32>)) {
    ends(move || {
        with_seeds(histories, |seed| {
            let mut random = Random::new(seed);
            let threads = 2 + random.below(2);
            let programs: Vec<_> =
                (0..threads as u32).map(|thread| program(&mut random, thread + 1, 8 / threads)).collect();
            assert_linearizable(record(&programs, make()), &Queue::new(capacity));
        });
    });
}

#[test]
fn unbuffered_channels_are_linearizable() {
    check(4_000, 0, channel);
}

#[test]
fn channels_of_one_are_linearizable() {
    check(4_000, 1, || bounded_channel(1));
}

#[test]
fn channels_of_two_are_linearizable() {
    check(4_000, 2, || bounded_channel(2));
}

#[test]
fn unbounded_channels_are_linearizable() {
    check(4_000, usize::MAX, unbounded_channel);
}

/// All at once.
fn together(events: &[(Call, Answer)]) -> Vec<Event> {
    events.iter().map(|&(call, answer)| Event { call, answer, called: 0, returned: 1 }).collect()
}

#[test]
fn the_search_accepts_what_a_queue_does() {
    use {Answer::*, Call::*};
    let legal: [&[(Call, Answer)]; 5] = [
        &[(Send(1), Done), (Send(2), Done), (TrySend(3), Full), (Recv, Value(1)), (Len, Number(1))],
        &[(TryReserve, Done), (TrySend(1), Done), (TryReserve, Full), (SendReserved(2), Done)],
        &[
            (TryReserve, Done),
            (Close, Closes(true)),
            (TryRecv, Empty),
            (SendReserved(2), Done),
            (Recv, Value(2)),
        ],
        &[
            (Send(1), Done),
            (Close, Closes(true)),
            (Send(2), Answer::Closed),
            (Recv, Value(1)),
            (Recv, Answer::Closed),
        ],
        &[(TryRecv, Empty), (Close, Closes(true)), (Close, Closes(false)), (TryRecv, Answer::Closed)],
    ];
    for history in legal {
        assert!(is_linearizable(&sequence(history), &Queue::new(2)), "{history:?}");
    }
    assert!(is_linearizable(&together(&[(Recv, Value(1)), (Send(1), Done)]), &Queue::new(0)), "they meet");
    assert!(is_linearizable(&together(&[(TryRecv, Empty), (TrySend(1), Full)]), &Queue::new(0)), "they miss");
}

#[test]
fn the_search_rejects_what_no_queue_does() {
    use {Answer::*, Call::*};
    let illegal: [&[(Call, Answer)]; 11] = [
        &[(Send(1), Done), (Send(2), Done), (Recv, Value(2))],
        &[(Send(1), Done), (Recv, Value(1)), (Recv, Value(1))],
        &[(Send(1), Done), (TryRecv, Empty)],
        &[(Send(1), Done), (TrySend(2), Full)],
        &[(Send(1), Done), (Send(2), Done), (Send(3), Done)],
        &[(TryReserve, Done), (Send(1), Done), (Send(2), Done)],
        &[(Send(1), Done), (Close, Closes(true)), (Recv, Answer::Closed)],
        &[(Close, Closes(true)), (Send(1), Done)],
        &[(Close, Closes(true)), (TryRecv, Empty)],
        &[(TryReserve, Done), (Close, Closes(true)), (TryRecv, Answer::Closed)],
        &[(Send(1), Done), (Len, Number(0))],
    ];
    for history in illegal {
        assert!(!is_linearizable(&sequence(history), &Queue::new(2)), "{history:?}");
    }
    assert!(
        !is_linearizable(&sequence(&[(Recv, Value(1)), (Send(1), Done)]), &Queue::new(2)),
        "before it was sent"
    );
    assert!(
        !is_linearizable(&sequence(&[(Send(1), Done), (Recv, Value(1))]), &Queue::new(0)),
        "they never met"
    );
    let three = [(Send(1), Done), (Send(2), Done), (Recv, Value(1))];
    assert!(!is_linearizable(&together(&three), &Queue::new(0)), "2 was received by nobody");
}
