//! Random programs of sends, receives, selects, permits, timeouts, cancelled waits, closes and aborts, on
//! threads and in routines: every value is received once, given back, or dropped with an operation that
//! did not take effect, and nothing is left alive.

#[path = "support/random.rs"]
mod random;

use random::{Random, with_seeds};
use rustroutines::channel::{Receiver, Sender, WeakSender};
use rustroutines::error::TryReserveError;
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::{Entry, Kind, Ledger, Started, ends};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const CHANNELS: usize = 3;
const ACTORS: usize = 6;
const STEPS: usize = 60;

/// What is known of each value. Written as soon as an operation has returned, before the routine can be
/// aborted at its next one.
struct Book {
    ledger: Ledger,
    /// The number of the next value.
    next: AtomicUsize,
    /// How many steps have been taken by all.
    steps: AtomicUsize,
    /// How often each was received.
    received: Vec<AtomicU8>,
    /// What its sender knows.
    fate: Vec<AtomicU8>,
    /// Values that stood in two arms of one select, which may be aborted: one of them at most is delivered.
    rivals: Mutex<Vec<[usize; 2]>>,
    /// Whether a receiver outlived the program: what was sent was received then, by it if by nobody else.
    drained: bool,
}

/// Sending it has succeeded. (Before it is SENT or KEPT, it is 0. It stays so where its sender was aborted,
/// or gave up without being told: then it was delivered once, or dropped.)
const SENT: u8 = 1;
/// It was given back, or belonged to an arm that has lost.
const KEPT: u8 = 2;

impl Book {
    fn new(drained: bool) -> Self {
        // Every step makes at most two values.
        let most = ACTORS * STEPS * 2;
        let zeros = || (0..most).map(|_| AtomicU8::new(0)).collect();
        Self {
            ledger: Ledger::default(),
            next: AtomicUsize::new(0),
            steps: AtomicUsize::new(0),
            received: zeros(),
            fate: zeros(),
            rivals: Mutex::default(),
            drained,
        }
    }

    fn value(&self) -> Entry {
        self.ledger.entry(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Two values for the arms of one select.
    fn rivals(&self) -> (Entry, Entry) {
        let rivals = (self.value(), self.value());
        self.rivals.lock().unwrap().push([rivals.0.number, rivals.1.number]);
        rivals
    }

    fn received(&self, entry: Entry) {
        self.received[entry.number].fetch_add(1, Ordering::Relaxed);
    }

    fn fate(&self, number: usize, fate: u8) {
        self.fate[number].store(fate, Ordering::Relaxed);
    }

    fn sent_or_kept(&self, number: usize, sent: bool) {
        self.fate(number, if sent { SENT } else { KEPT });
    }

    /// Checks every value, when everything has ended.
    fn check(&self) {
        for number in 0..self.next.load(Ordering::Relaxed) {
            let received = self.received[number].load(Ordering::Relaxed);
            let legal = match self.fate[number].load(Ordering::Relaxed) {
                SENT => received == 1 || received == 0 && !self.drained,
                KEPT => received == 0,
                _ => received <= 1,
            };
            let fate = ["unknown", "sent", "kept"][usize::from(self.fate[number].load(Ordering::Relaxed))];
            assert!(legal, "value {number}: {fate}, and received {received} times");
        }
        for rivals in self.rivals.lock().unwrap().iter() {
            let received = rivals.map(|number| self.received[number].load(Ordering::Relaxed));
            assert!(received != [1, 1], "a select has delivered both of {rivals:?}");
        }
        self.ledger.balance();
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Send(usize),
    TrySend(usize),
    SendTimeout(usize),
    CancelSend(usize),
    Recv(usize),
    TryRecv(usize),
    RecvTimeout(usize),
    CancelRecv(usize),
    Reserve(usize, bool),
    TryReserve(usize, bool),
    SelectRecvRecv(usize, usize),
    SelectSendRecv(usize, usize),
    SelectSendSend(usize, usize),
    SelectReserveRecv(usize, usize),
    SelectDefault(usize, usize),
    Builder(usize, usize),
    SendDeadline(usize),
    RecvDeadline(usize),
    Weak(usize),
    Handles(usize),
    DropSender(usize),
    DropReceiver(usize),
    Drain(usize),
    Yield,
    Close(usize),
}

impl Step {
    fn random(random: &mut Random) -> Self {
        let (a, b, flag) = (random.below(CHANNELS), random.below(CHANNELS), random.below(2) == 0);
        match random.below(48) {
            0..5 => Step::Send(a),
            5..8 => Step::TrySend(a),
            8..10 => Step::SendTimeout(a),
            10..12 => Step::CancelSend(a),
            12..17 => Step::Recv(a),
            17..20 => Step::TryRecv(a),
            20..22 => Step::RecvTimeout(a),
            22..24 => Step::CancelRecv(a),
            24 => Step::Reserve(a, flag),
            25 => Step::TryReserve(a, flag),
            26..29 => Step::SelectRecvRecv(a, b),
            29..32 => Step::SelectSendRecv(a, b),
            32..34 => Step::SelectSendSend(a, b),
            34 => Step::SelectReserveRecv(a, b),
            35..37 => Step::SelectDefault(a, b),
            40..43 => Step::Builder(a, b),
            43 => Step::SendDeadline(a),
            44 => Step::RecvDeadline(a),
            45 => Step::Weak(a),
            46 => Step::Handles(a),
            47 => Step::Drain(a),
            37 if random.below(24) == 0 => Step::Close(a),
            38 if flag => Step::DropSender(a),
            38 => Step::DropReceiver(a),
            _ => Step::Yield,
        }
    }
}

fn poll_once<O: Future + Unpin>(mut operation: O) -> Option<O::Output> {
    match Pin::new(&mut operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[routine]
fn actor(steps: Vec<Step>, mut tx: Vec<Sender<Entry>>, mut rx: Vec<Receiver<Entry>>, book: Arc<Book>) {
    const SHORT: Duration = Duration::from_micros(200);
    for step in steps {
        book.steps.fetch_add(1, Ordering::Relaxed);
        match step {
            Step::Send(a) => {
                let value = book.value();
                let number = value.number;
                let sent = tx[a].send(value).is_ok();
                book.sent_or_kept(number, sent);
            }
            Step::TrySend(a) => {
                let value = book.value();
                let number = value.number;
                let sent = tx[a].try_send(value).is_ok();
                book.sent_or_kept(number, sent);
            }
            Step::SendTimeout(a) => {
                let value = book.value();
                let number = value.number;
                let sent = tx[a].send_timeout(value, SHORT).is_ok();
                book.sent_or_kept(number, sent);
            }
            Step::CancelSend(a) => {
                let value = book.value();
                let number = value.number;
                // Dropped while it waits, it may have been taken meanwhile.
                if let Some(sent) = poll_once(plain!(tx[a].send(value))) {
                    book.sent_or_kept(number, sent.is_ok());
                }
            }
            Step::Recv(a) => {
                if let Ok(value) = rx[a].recv() {
                    book.received(value);
                }
            }
            Step::TryRecv(a) => {
                if let Ok(value) = rx[a].try_recv() {
                    book.received(value);
                }
            }
            Step::RecvTimeout(a) => {
                if let Ok(value) = rx[a].recv_timeout(SHORT) {
                    book.received(value);
                }
            }
            Step::CancelRecv(a) => {
                if let Some(Ok(value)) = poll_once(plain!(rx[a].recv())) {
                    book.received(value);
                }
            }
            Step::Reserve(a, used) => {
                // An unbuffered channel refuses.
                if let Ok(permit) = tx[a].reserve() {
                    yield_now();
                    if used {
                        let value = book.value();
                        let number = value.number;
                        let sent = permit.send(value).is_ok();
                        book.sent_or_kept(number, sent);
                    }
                }
            }
            Step::TryReserve(a, used) => match tx[a].try_reserve() {
                Ok(permit) if used => {
                    let value = book.value();
                    let number = value.number;
                    let sent = permit.send(value).is_ok();
                    book.sent_or_kept(number, sent);
                }
                Ok(permit) => drop(permit),
                Err(TryReserveError::Unbuffered) => assert_eq!(tx[a].capacity(), Some(0)),
                Err(TryReserveError::Full | TryReserveError::Closed) => {}
            },
            Step::SelectRecvRecv(a, b) => {
                let received = select! {
                    value = rx[a].recv() => value.ok(),
                    value = rx[b].recv() => value.ok(),
                };
                if let Some(value) = received {
                    book.received(value);
                }
            }
            Step::SelectSendRecv(a, b) => {
                let value = book.value();
                let number = value.number;
                let received = select! {
                    sent = tx[a].send(value) => { book.sent_or_kept(number, sent.is_ok()); None }
                    received = rx[b].recv() => { book.fate(number, KEPT); received.ok() }
                    timeout(SHORT) => { book.fate(number, KEPT); None }
                };
                if let Some(value) = received {
                    book.received(value);
                }
            }
            Step::SelectSendSend(a, b) => {
                let values = book.rivals();
                let (first, second) = (values.0.number, values.1.number);
                select! {
                    sent = tx[a].send(values.0) => {
                        book.sent_or_kept(first, sent.is_ok());
                        book.fate(second, KEPT);
                    }
                    sent = tx[b].send(values.1) => {
                        book.sent_or_kept(second, sent.is_ok());
                        book.fate(first, KEPT);
                    }
                }
            }
            Step::SelectReserveRecv(a, b) => {
                let received = select! {
                    permit = tx[a].reserve() => {
                        if let Ok(permit) = permit {
                            let value = book.value();
                            let number = value.number;
                            let sent = permit.send(value).is_ok();
                            book.sent_or_kept(number, sent);
                        }
                        None
                    }
                    received = rx[b].recv() => received.ok(),
                };
                if let Some(value) = received {
                    book.received(value);
                }
            }
            Step::SelectDefault(a, b) => {
                let value = book.value();
                let number = value.number;
                let received = select! {
                    received = rx[a].recv() => { book.fate(number, KEPT); received.ok() }
                    sent = tx[b].send(value) => { book.sent_or_kept(number, sent.is_ok()); None }
                    default => { book.fate(number, KEPT); None }
                };
                if let Some(value) = received {
                    book.received(value);
                }
            }
            Step::Builder(a, b) => {
                // Two sends and two receives, of cases that are put together here.
                let mut select = Select::new();
                let values = book.rivals();
                let (first, second) = (values.0.number, values.1.number);
                let (mut one, mut other) = (Some(values.0), Some(values.1));
                let sends = [
                    select.send(&tx[a], move || one.take().unwrap(), |sent| (sent.is_ok(), None)),
                    select.send(&tx[b], move || other.take().unwrap(), |sent| (sent.is_ok(), None)),
                ];
                select.recv(&rx[a], |received| (false, received.ok()));
                select.recv(&rx[b], |received| (false, received.ok()));
                select.timeout(SHORT, || (false, None));
                let won = select.wait();
                let case = won.case();
                let (sent, received) = won.value;
                for (send, number) in sends.into_iter().zip([first, second]) {
                    book.sent_or_kept(number, sent && case == Some(send));
                }
                if let Some(value) = received {
                    book.received(value);
                }
            }
            Step::SendDeadline(a) => {
                let value = book.value();
                let number = value.number;
                let sent = tx[a].send_deadline(value, Instant::now() + SHORT).is_ok();
                book.sent_or_kept(number, sent);
            }
            Step::RecvDeadline(a) => {
                if let Ok(value) = rx[a].recv_deadline(Instant::now() + SHORT) {
                    book.received(value);
                }
            }
            Step::Weak(a) => {
                let weak = tx[a].downgrade();
                yield_now();
                let upgraded = weak.upgrade().expect("this actor keeps it open");
                assert!(upgraded.same_channel(&tx[a]));
                let value = book.value();
                let number = value.number;
                let sent = upgraded.send_timeout(value, SHORT).is_ok();
                book.sent_or_kept(number, sent);
            }
            Step::Handles(a) => {
                let (sender, receiver) = (tx[a].clone(), rx[a].clone());
                yield_now();
                drop((sender, receiver));
            }
            // From now on this actor has one without a counterpart.
            Step::DropSender(a) => tx[a] = bounded_channel(1).0,
            Step::DropReceiver(a) => rx[a] = bounded_channel(1).1,
            Step::Drain(a) => rx[a].try_iter().for_each(|value| book.received(value)),
            Step::Yield => yield_now(),
            Step::Close(a) => {
                rx[a].close();
            }
        }
    }
}

fn run(seed: u64) -> usize {
    let mut random = Random::new(seed);
    // In every third program the actors have the only handles, and some drop theirs on the way.
    let outlived = random.below(3) > 0;
    let book = Arc::new(Book::new(outlived));
    let capacities = [0, 1, 3, usize::MAX];
    let (tx, rx): (Vec<_>, Vec<_>) =
        (0..CHANNELS).map(|_| bounded_channel(capacities[random.below(capacities.len())])).unzip();
    let actors: Vec<_> = (0..ACTORS)
        .map(|_| {
            let kind = if random.below(3) == 0 { Kind::Thread } else { Kind::Routine };
            let steps: Vec<Step> = (0..STEPS).map(|_| Step::random(&mut random)).collect();
            let (tx, rx, book) = (tx.clone(), rx.clone(), book.clone());
            kind.start(move || actor(steps, tx, rx, book))
        })
        .collect();
    let weak: Vec<_> = tx.iter().map(Sender::downgrade).collect();
    let (tx, rx) = if outlived {
        (tx, rx)
    } else {
        drop((tx, rx));
        Default::default()
    };
    for actor in &actors {
        for _ in 0..random.below(100) {
            std::thread::yield_now();
        }
        match actor {
            Started::Routine(routine) if random.below(3) == 0 => routine.abort(),
            _ => {}
        }
    }
    // The others end, or get stuck in the middle of their programs: a close ends every wait. One that comes
    // too early makes the test weaker, not wrong. Where others want the processors, a turn that is passed on is
    // long in coming back: then time runs out before patience.
    let mut patience = 300;
    let mut before = 0;
    let mut since = Instant::now();
    while patience > 0 && since.elapsed() < Duration::from_millis(10) && before < ACTORS * STEPS {
        std::thread::yield_now();
        let steps = book.steps.load(Ordering::Relaxed);
        if steps == before {
            patience -= 1;
        } else {
            (patience, since) = (300, Instant::now());
        }
        before = steps;
    }
    for tx in weak.iter().filter_map(WeakSender::upgrade) {
        tx.close();
    }
    for actor in actors {
        match actor {
            Started::Thread(thread) => thread.join().unwrap(),
            Started::Routine(routine) => match routine.join().block() {
                Ok(()) | Err(JoinError::Aborted) => {}
                Err(error) => panic!("{error}"),
            },
        }
    }
    for rx in &rx {
        // What was sent and nobody has received is still there.
        rx.iter().for_each(|value| book.received(value));
        assert!(rx.is_empty());
    }
    drop((tx, rx));
    assert!(weak.iter().all(|weak| weak.upgrade().is_none()), "a sender is alive");
    book.check();
    assert_eq!(Arc::strong_count(&book), 1, "a routine is alive");
    before
}

#[test]
fn every_value_is_received_once_or_given_back_or_dropped_once() {
    const PROGRAMS: u64 = 2_000;
    ends(|| {
        let mut steps = 0;
        with_seeds(PROGRAMS, |seed| {
            steps += run(seed);
        });
        assert!(steps > 0, "no program got anywhere");
    });
}

/// The rules that `Book` checks hold something.
#[test]
fn the_book_finds_what_is_lost_doubled_or_delivered_by_a_loser() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let fails = |cheat: fn(&Book, Entry)| {
        let book = Book::new(true);
        let value = book.value();
        cheat(&book, value);
        catch_unwind(AssertUnwindSafe(|| book.check())).is_err()
    };
    assert!(!fails(|book, value| {
        book.fate(value.number, SENT);
        book.received(value);
    }));
    assert!(!fails(|_, value| drop(value)));
    assert!(fails(|book, value| book.fate(value.number, SENT)), "lost");
    assert!(fails(|book, value| {
        book.fate(value.number, KEPT);
        book.received(value);
    }));
    assert!(fails(|book, value| {
        book.received[value.number].fetch_add(1, Ordering::Relaxed);
        book.received(value);
    }));
    assert!(fails(|_, value| std::mem::forget(value)), "leaked");
    assert!(fails(|book, _| {
        let (one, other) = book.rivals();
        book.received(one);
        book.received(other);
    }));
}
