//! What several threads see of a broadcast channel at once is what they would see of a list of values and a
//! cursor for each receiver, one by one; with both policies.
//!
//! As in `channel_linearizable`, random histories are recorded, and an order is searched that explains them.

#[path = "support/linearizable.rs"]
mod linearizable;
#[path = "support/random.rs"]
mod random;

use linearizable::{Clock, Model, assert_linearizable, is_linearizable, sequence};
use random::{Random, with_seeds};
use rustroutines::channel::{BroadcastReceiver, BroadcastSender, Overflow, broadcast_channel_with};
use rustroutines::error::{
    BroadcastRecvError, BroadcastRecvTimeoutError, SendTimeoutError, TryBroadcastRecvError,
};
use rustroutines::prelude::*;
use rustroutines_tests::ends;

/// A time limit that is over soon: whether it is, is not what matters.
const SHORT: Duration = Duration::from_micros(20);

/// One receiver that all threads share, and one for each of up to three threads.
const RECEIVERS: usize = 4;
const SHARED: usize = 0;

/// What is called. Receivers are named by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Send(u32),
    TrySend(u32),
    SendTimeout(u32),
    Recv(usize),
    TryRecv(usize),
    RecvTimeout(usize),
    /// A select with this send and a receive.
    Either(u32, usize),
    /// A clone of the shared receiver.
    Clone(usize),
    /// A receiver that begins with what comes.
    Subscribe(usize),
    Drop(usize),
    /// How many values are retained.
    Len,
    /// How many there are for this receiver.
    Unseen(usize),
    Close,
}

/// What it returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    /// Sent to so many receivers.
    Sent(usize),
    Full,
    Value(u32),
    Lagged(u64),
    Empty,
    Closed,
    Number(usize),
    /// Whether it was this call that closed.
    Closes(bool),
}

type Event = linearizable::Event<Call, Answer>;

/// What a broadcast channel is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct List {
    capacity: usize,
    waits: bool,
    /// All that was ever sent.
    sent: Vec<u32>,
    /// What each receiver that there is reads next.
    cursors: [Option<usize>; RECEIVERS],
    closed: bool,
}

impl List {
    /// With the shared receiver, and with that of the first thread.
    fn new(capacity: usize, overflow: Overflow) -> Self {
        let mut cursors = [None; RECEIVERS];
        cursors[SHARED] = Some(0);
        Self { capacity, waits: overflow == Overflow::Wait, sent: Vec::new(), cursors, closed: false }
    }

    fn receivers(&self) -> usize {
        self.cursors.iter().flatten().count()
    }

    /// The first that is retained: what somebody has yet to see, if that is not too much.
    fn head(&self) -> usize {
        let slowest = self.cursors.iter().flatten().min();
        slowest.map_or(self.sent.len(), |&slowest| slowest.max(self.oldest()))
    }

    /// The first that fits.
    fn oldest(&self) -> usize {
        if self.waits { 0 } else { self.sent.len().saturating_sub(self.capacity) }
    }

    fn retained(&self) -> usize {
        self.sent.len() - self.head()
    }

    fn send(&mut self, value: u32) -> Answer {
        if self.closed || self.receivers() == 0 {
            return Answer::Closed;
        }
        if self.waits && self.retained() == self.capacity {
            return Answer::Full;
        }
        self.sent.push(value);
        Answer::Sent(self.receivers())
    }

    fn receive(&mut self, receiver: usize) -> Answer {
        let (oldest, closed) = (self.oldest(), self.closed);
        let cursor = self.cursors[receiver].as_mut().expect("a thread uses the receivers that there are");
        if *cursor < oldest {
            let missed = oldest - *cursor;
            *cursor = oldest;
            return Answer::Lagged(missed as u64);
        }
        match self.sent.get(*cursor) {
            Some(&value) => {
                *cursor += 1;
                Answer::Value(value)
            }
            None if closed => Answer::Closed,
            None => Answer::Empty,
        }
    }
}

impl Model for List {
    type Call = Call;
    type Answer = Answer;

    fn step(&self, history: &[Event], index: usize) -> Option<Self> {
        let Event { call, answer, .. } = history[index];
        let mut next = self.clone();
        let would = match call {
            Call::Send(value) => next.send(value),
            Call::TrySend(value) | Call::SendTimeout(value) => match next.send(value) {
                Answer::Sent(_) if answer == Answer::Full => {
                    // Room may be promised to who waits for it, and has not used it yet.
                    let full = self.waits && self.retained() + promised(history, index) >= self.capacity;
                    return full.then(|| self.clone());
                }
                would => would,
            },
            Call::Recv(receiver) | Call::TryRecv(receiver) | Call::RecvTimeout(receiver) => {
                next.receive(receiver)
            }
            // A select hears of the end from either side.
            Call::Either(value, receiver) => match answer {
                Answer::Sent(_) => next.send(value),
                Answer::Closed if next.receivers() == 0 || next.closed => Answer::Closed,
                _ => next.receive(receiver),
            },
            Call::Clone(to) => {
                next.cursors[to] = next.cursors[SHARED];
                Answer::Done
            }
            Call::Subscribe(to) => {
                next.cursors[to] = Some(next.sent.len());
                Answer::Done
            }
            Call::Drop(receiver) => {
                next.cursors[receiver] = None;
                Answer::Done
            }
            Call::Len => Answer::Number(self.retained()),
            Call::Unseen(receiver) => {
                let cursor = self.cursors[receiver].expect("a thread uses the receivers that there are");
                Answer::Number(self.sent.len() - cursor.max(self.oldest()))
            }
            Call::Close => {
                next.closed = true;
                Answer::Closes(!self.closed)
            }
        };
        (would == answer).then_some(next)
    }
}

/// To how many senders room may be promised at the time of this event.
fn promised(history: &[Event], index: usize) -> usize {
    let waits = |event: &&Event| {
        matches!(event.call, Call::Send(_) | Call::SendTimeout(_) | Call::Either(..))
            && event.overlaps(&history[index])
    };
    let itself = 1;
    history.iter().filter(waits).count() - if waits(&&history[index]) { itself } else { 0 }
}

/// A program for one thread, which has a receiver of its own from time to time. Values tell the threads and
/// their calls apart.
fn program(random: &mut Random, thread: usize, calls: usize) -> Vec<Call> {
    let mut own = false;
    (0..calls)
        .map(|n| {
            let value = (thread * 100 + n) as u32;
            let receiver = if own && random.below(3) > 0 { thread } else { SHARED };
            match random.below(24) {
                0..5 => Call::Send(value),
                5..7 => Call::TrySend(value),
                7..9 => Call::Recv(receiver),
                9..14 => Call::TryRecv(receiver),
                14..16 => Call::Either(value, receiver),
                16..20 if own => {
                    own = random.below(2) == 0;
                    if own { Call::TryRecv(thread) } else { Call::Drop(thread) }
                }
                16..18 => {
                    own = true;
                    Call::Clone(thread)
                }
                18..20 => {
                    own = true;
                    Call::Subscribe(thread)
                }
                20 => Call::Len,
                21 => Call::Unseen(receiver),
                // Seldom: a timer takes longer than a whole history without one.
                22 if random.below(6) == 0 => Call::SendTimeout(value),
                22 => Call::TrySend(value),
                _ if random.below(6) == 0 => Call::RecvTimeout(receiver),
                _ if random.below(4) == 0 => Call::Close,
                _ => Call::TryRecv(receiver),
            }
        })
        .collect()
}

/// What is sent: a number, or something that owns one. The two are not kept in the same place.
trait Payload: Clone + From<u32> + Into<u32> + Send + Sync + 'static {}

impl Payload for u32 {}

impl Payload for Owner {}

#[derive(Debug, Clone)]
struct Owner(Box<u32>);

impl From<u32> for Owner {
    fn from(number: u32) -> Self {
        Self(Box::new(number))
    }
}

impl From<Owner> for u32 {
    fn from(owner: Owner) -> Self {
        *owner.0
    }
}

fn received(received: Result<impl Payload, BroadcastRecvError>) -> Answer {
    match received {
        Ok(value) => Answer::Value(value.into()),
        Err(BroadcastRecvError::Lagged(missed)) => Answer::Lagged(missed),
        Err(BroadcastRecvError::Closed) => Answer::Closed,
    }
}

fn carry_out<T: Payload>(
    call: Call,
    tx: &BroadcastSender<T>,
    shared: &BroadcastReceiver<T>,
    own: &mut Option<BroadcastReceiver<T>>,
) -> Answer {
    let rx = |number| if number == SHARED { shared } else { own.as_ref().expect("it has one") };
    match call {
        Call::Send(value) => tx.send(value.into()).block().map_or(Answer::Closed, Answer::Sent),
        Call::TrySend(value) => match tx.try_send(value.into()) {
            Ok(receivers) => Answer::Sent(receivers),
            Err(TrySendError::Full(_)) => Answer::Full,
            Err(TrySendError::Closed(_)) => Answer::Closed,
        },
        Call::SendTimeout(value) => match tx.send_timeout(value.into(), SHORT).block() {
            Ok(receivers) => Answer::Sent(receivers),
            Err(SendTimeoutError::Timeout(_)) => Answer::Full,
            Err(SendTimeoutError::Closed(_)) => Answer::Closed,
        },
        Call::Recv(receiver) => received(rx(receiver).recv().block()),
        Call::TryRecv(receiver) => match rx(receiver).try_recv() {
            Ok(value) => Answer::Value(value.into()),
            Err(TryBroadcastRecvError::Lagged(missed)) => Answer::Lagged(missed),
            Err(TryBroadcastRecvError::Empty) => Answer::Empty,
            Err(TryBroadcastRecvError::Closed) => Answer::Closed,
        },
        Call::RecvTimeout(receiver) => match rx(receiver).recv_timeout(SHORT).block() {
            Ok(value) => Answer::Value(value.into()),
            Err(BroadcastRecvTimeoutError::Lagged(missed)) => Answer::Lagged(missed),
            Err(BroadcastRecvTimeoutError::Timeout) => Answer::Empty,
            Err(BroadcastRecvTimeoutError::Closed) => Answer::Closed,
        },
        Call::Either(value, receiver) => select! {
            sent = tx.send(value.into()) => sent.map_or(Answer::Closed, Answer::Sent),
            value = rx(receiver).recv() => received(value),
        },
        Call::Clone(_) => {
            *own = Some(shared.clone());
            Answer::Done
        }
        Call::Subscribe(_) => {
            *own = Some(tx.subscribe());
            Answer::Done
        }
        Call::Drop(_) => {
            *own = None;
            Answer::Done
        }
        Call::Len => Answer::Number(tx.len()),
        Call::Unseen(receiver) => Answer::Number(rx(receiver).len()),
        Call::Close => Answer::Closes(tx.close()),
    }
}

/// Runs one history on as many threads as there are programs.
fn record<T: Payload>(programs: &[Vec<Call>], capacity: usize, overflow: Overflow) -> Vec<Event> {
    let (tx, shared) = broadcast_channel_with::<T>(capacity, overflow);
    let carry_out_all = |clock: &Clock, thread, program: &[Call]| {
        let mut own = None;
        let mut event = |call| clock.event(call, || carry_out(call, &tx, &shared, &mut own));
        let mut events: Vec<_> = program.iter().map(|&call| event(call)).collect();
        if own.is_some() {
            let call = Call::Drop(thread + 1);
            events.push(clock.event(call, || carry_out(call, &tx, &shared, &mut own)));
        }
        events
    };
    let close = |clock: &Clock| clock.event(Call::Close, || Answer::Closes(tx.close()));
    linearizable::record(programs, carry_out_all, close)
}

fn check(capacity: usize, overflow: Overflow) {
    ends(move || {
        with_seeds(3_000, |seed| {
            let mut random = Random::new(seed);
            let threads = 2 + random.below(2);
            let programs: Vec<_> =
                (0..threads).map(|thread| program(&mut random, thread + 1, 8 / threads)).collect();
            let list = List::new(capacity, overflow);
            assert_linearizable(record::<u32>(&programs, capacity, overflow), &list);
            assert_linearizable(record::<Owner>(&programs, capacity, overflow), &list);
        });
    });
}

#[test]
fn lossy_broadcasts_are_linearizable() {
    check(1, Overflow::DropOldest);
    check(2, Overflow::DropOldest);
}

#[test]
fn broadcasts_that_wait_are_linearizable() {
    check(1, Overflow::Wait);
    check(2, Overflow::Wait);
}

#[test]
fn the_search_accepts_what_a_list_does() {
    use {Answer::*, Call::*};
    let lossy: [&[(Call, Answer)]; 3] = [
        &[(Send(1), Sent(1)), (Send(2), Sent(1)), (TryRecv(0), Lagged(1)), (Recv(0), Value(2))],
        &[
            (Call::Clone(1), Done),
            (Send(1), Sent(2)),
            (Recv(1), Value(1)),
            (Unseen(0), Number(1)),
            (Len, Number(1)),
            (Recv(0), Value(1)),
            (Len, Number(0)),
        ],
        &[
            (Send(1), Sent(1)),
            (Subscribe(1), Done),
            (TryRecv(1), Empty),
            (Close, Closes(true)),
            (Recv(1), Answer::Closed),
            (Recv(0), Value(1)),
        ],
    ];
    for history in lossy {
        assert!(is_linearizable(&sequence(history), &List::new(1, Overflow::DropOldest)), "{history:?}");
    }
    let waiting: [&[(Call, Answer)]; 2] = [
        &[(Send(1), Sent(1)), (TrySend(2), Full), (Recv(0), Value(1)), (TrySend(2), Sent(1))],
        &[(Drop(0), Done), (Send(1), Answer::Closed), (Subscribe(1), Done), (Send(2), Sent(1))],
    ];
    for history in waiting {
        assert!(is_linearizable(&sequence(history), &List::new(1, Overflow::Wait)), "{history:?}");
    }
}

#[test]
fn the_search_rejects_what_no_list_does() {
    use {Answer::*, Call::*};
    let illegal: [(Overflow, &[(Call, Answer)]); 13] = [
        (Overflow::DropOldest, &[(Send(1), Sent(1)), (Send(2), Sent(1)), (Recv(0), Value(2))]),
        (Overflow::DropOldest, &[(Send(1), Sent(1)), (Send(2), Sent(1)), (Recv(0), Value(1))]),
        (Overflow::DropOldest, &[(Send(1), Sent(1)), (Send(2), Sent(1)), (Recv(0), Lagged(2))]),
        (Overflow::DropOldest, &[(Send(1), Sent(1)), (TrySend(2), Full)]),
        (Overflow::DropOldest, &[(Send(1), Sent(1)), (Subscribe(1), Done), (Recv(1), Value(1))]),
        (Overflow::DropOldest, &[(Call::Clone(1), Done), (Send(1), Sent(1))]),
        // Values and lags of two receivers that do not go together.
        (
            Overflow::DropOldest,
            &[
                (Call::Clone(1), Done),
                (Send(1), Sent(2)),
                (Send(2), Sent(2)),
                (Recv(0), Lagged(1)),
                (Recv(1), Value(1)),
            ],
        ),
        (
            Overflow::DropOldest,
            &[(Send(1), Sent(1)), (Send(2), Sent(1)), (Recv(0), Lagged(1)), (Recv(0), Lagged(1))],
        ),
        (
            Overflow::DropOldest,
            &[(Send(1), Sent(1)), (Call::Clone(1), Done), (Recv(0), Value(1)), (Len, Number(0))],
        ),
        (Overflow::Wait, &[(Send(1), Sent(1)), (Recv(0), Value(1)), (Len, Number(1))]),
        (Overflow::Wait, &[(Send(1), Sent(1)), (Send(2), Sent(1))]),
        (Overflow::Wait, &[(Send(1), Sent(1)), (Recv(0), Value(1)), (Recv(0), Value(1))]),
        (Overflow::Wait, &[(Send(1), Sent(1)), (Close, Closes(true)), (Recv(0), Answer::Closed)]),
    ];
    for (overflow, history) in illegal {
        assert!(!is_linearizable(&sequence(history), &List::new(1, overflow)), "{history:?}");
    }
    // Two at once may have come in either order, but all receivers see the same.
    let sends =
        [Send(1), Send(2)].map(|call| linearizable::Event { call, answer: Sent(2), called: 2, returned: 3 });
    for (answers, legal) in
        [([1, 2, 1, 2], true), ([2, 1, 2, 1], true), ([1, 2, 2, 1], false), ([1, 1, 2, 2], false)]
    {
        let clone = linearizable::Event { call: Call::Clone(1), answer: Done, called: 0, returned: 1 };
        let receives = answers.iter().zip(2..).map(|(&value, n)| linearizable::Event {
            call: Recv(n / 2 - 1),
            answer: Value(value),
            called: 2 * n,
            returned: 2 * n + 1,
        });
        let history: Vec<_> = std::iter::once(clone).chain(sends).chain(receives).collect();
        for overflow in [Overflow::DropOldest, Overflow::Wait] {
            assert_eq!(is_linearizable(&history, &List::new(2, overflow)), legal, "{history:?}");
        }
    }
}
