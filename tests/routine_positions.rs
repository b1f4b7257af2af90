//! Every place of a body in which a call suspends, and those in which it is left alone.

use rustroutines::io::{self, Write as _};
use rustroutines::suspend::{IntoSuspendIterator, Ready, SuspendIterator, ready};
use rustroutines::{Suspend, go, plain, routine, suspend};
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

#[routine]
fn id<T: Send>(value: T) -> T {
    value
}

#[derive(Debug, PartialEq, Clone, Copy)]
struct Point {
    x: u32,
    y: u32,
}

impl Point {
    #[routine]
    fn moved(self, by: u32) -> Point {
        Point { x: id(self.x) + by, ..id(self) }
    }

    fn plain_moved(self) -> Point {
        self
    }
}

#[routine]
fn expressions(n: u32) -> Result<u32, std::num::ParseIntError> {
    let mut total = 0;
    // conditions and guards
    if id(n) == 1 && id(true) {
        total += 1;
    }
    if let Some(x) = id(Some(n)) {
        total += x;
    }
    let mut left = 2;
    while id(left) > 0 {
        left -= id(1);
        total += 1;
    }
    let mut stack = vec![1, 2];
    while let Some(top) = id(stack.pop()) {
        total += top;
    }
    total += match id(n) {
        x if id(x) > 100 => id(1000),
        1 => id(1),
        _ => 0,
    };
    let Some(y) = id(Some(2)) else { return Ok(id(0)) };
    total += y;
    // operands
    let array = [id(1), id(2), id(3)];
    total += array[id(1)];
    total += id(1) + id(2) * id(3);
    total += -id(-4_i32) as u32;
    total += (id(1), id(2)).1;
    for i in id(0)..id(3) {
        total += i;
    }
    total += [id(1); 3].len() as u32;
    // chains
    total += Point { x: 1, y: 2 }.moved(1).moved(id(1)).plain_moved().moved(2).x;
    total += Point { x: id(1), y: 0 }.moved(1).moved(1).y;
    total += id("5").parse::<u32>()? + id("6".parse::<u32>())?;
    // blocks with values
    total += loop {
        if id(true) {
            break id(7);
        }
    };
    total += 'block: {
        if id(true) {
            break 'block id(8);
        }
        9
    };
    #[allow(unused_unsafe)]
    #[cfg(not(loom))]
    id(());
    #[cfg(loom)]
    id("this is configured away");
    let reference = &id(5);
    total += *reference;
    let closed = |x: u32| x + 1;
    total += closed(id(1));
    Ok(total)
}

fn first_of(items: &mut Vec<u32>) -> u32 {
    items.remove(0)
}

#[routine(local)]
fn lends(cell: &std::cell::RefCell<Vec<u32>>) -> u32 {
    let kept = &id(vec![7]);
    first_of(&mut cell.borrow_mut()) + kept[0] + first_of(&mut id(Box::new(vec![8])))
}

#[test]
fn what_a_call_returns_is_lent_as_it_is_in_plain_code() {
    assert_eq!(lends(&std::cell::RefCell::new(vec![1, 2])).block(), 16);
}

#[test]
fn calls_suspend_wherever_they_stand() {
    let expected = 1 + 1 + 2 + 3 + 1 + 2 + 2 + 7 + 4 + 2 + 3 + 3 + 5 + 11 + 7 + 8 + 5 + 2;
    assert_eq!(expressions(1).block(), Ok(expected));
}

/// Takes a byte at each second poll.
#[derive(Debug, Default)]
struct Slow {
    bytes: Vec<u8>,
    ready: bool,
}

impl io::Write for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.ready = !self.ready;
        if self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.bytes.extend(buf.first());
        Poll::Ready(Ok(buf.len().min(1)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[routine]
fn writes(to: &mut Slow, n: u32) -> io::Result<u32> {
    // what is written is not `Send`, and gone before the wait
    writeln!(to, "{} {}", id(n), std::cell::Cell::new(7).get())?;
    let first = write!(to, "{:?}", Some("text"));
    let second = match n {
        0 => writeln!(to),
        _ => write!(to, ""),
    };
    first.and(second).map(|()| n)
}

fn lend(to: &mut Slow) -> &mut Slow {
    to
}

#[routine]
fn writes_last(to: &mut Slow) -> io::Result<()> {
    writes(to, 1)?;
    writeln!(io::stdout(), "by what is made {}", id("here"))?;
    write!(lend(to), "")?;
    write!(&mut Slow::default(), "")?;
    #[cfg(any())]
    writeln!(nothing, "at all")?;
    std::writeln!(to, "{}", writes(&mut Slow::default(), 2)?)
}

#[routine(blocking)]
fn writes_by_blocking(to: &mut Slow) -> io::Result<()> {
    writes(to, 3)?;
    writeln!(to, "{}", id(4))?;
    write!(io::sink(), "{}", id(5))?;
    write!(to, "{}", id(5)).block()
}

#[test]
fn what_is_written_as_text_is_waited_for() {
    let (mut to, mut sent, mut plain) = (Slow::default(), Slow::default(), Slow::default());
    writes_last(&mut to).block().unwrap();
    assert_eq!(to.bytes, b"1 7\nSome(\"text\")2\n");
    let routine = go!(move || {
        writes(&mut sent, 0)?;
        write!(sent, "!")?;
        Ok::<_, io::Error>(sent.bytes)
    });
    assert_eq!(routine.join().block().unwrap().unwrap(), b"0 7\nSome(\"text\")\n!");
    writes_by_blocking(&mut plain).unwrap();
    assert_eq!(plain.bytes, b"3 7\nSome(\"text\")4\n5");
    let mut plain = Slow::default();
    write!(plain, "{}", 1).block().unwrap();
    assert_eq!(plain.bytes, b"1");
}

#[routine]
fn known_macros() -> String {
    let mut text = format!("{} {name} {0:?}", id(1), name = id("named"));
    write!(text, " {}", id(2)).unwrap();
    writeln!(text, " {}", id(3),).unwrap();
    print!("{}", id(""));
    println!("{}{}", id(1), id(2));
    eprint!("{}", id(""));
    eprintln!("{}", id(1));
    assert!(id(true));
    assert!(id(true), "with {}", id("a text"));
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2), "with {}", id("a text"));
    debug_assert!(id(true));
    debug_assert_eq!(id(1), 1);
    debug_assert_ne!(id(1), 2);
    assert!(matches!(id(Some(3)), Some(x) if id(x) == 3));
    assert!(!matches!(id(1), 2 | 3));
    assert_eq!(vec![id(1), id(2)], [1, 2]);
    assert_eq!(vec![id(1); id(3)], [1; 3]);
    assert_eq!(std::format!("{}", id(1)), "1");
    assert_eq!(text.len(), id(text.clone()).len());
    text
}

#[test]
fn known_macros_take_routine_code() {
    assert_eq!(known_macros().block(), "1 named 1 2 3\n");
}

#[routine]
#[allow(clippy::todo, clippy::unimplemented)]
fn fails(how: u32) {
    match how {
        0 => panic!("panic {}", id(1)),
        1 => todo!("todo {}", id(1)),
        2 => unreachable!("unreachable {}", id(1)),
        _ => unimplemented!("unimplemented {}", id(1)),
    }
}

#[test]
fn panicking_macros_take_routine_code() {
    for (how, text) in ["panic 1", "todo 1", "unreachable", "unimplemented"].into_iter().enumerate() {
        let caught = std::panic::catch_unwind(|| fails(how as u32).block()).unwrap_err();
        let said = caught.downcast_ref::<String>().unwrap();
        assert!(said.contains(text), "{said}");
    }
}

fn takes_operation<O: Suspend>(operation: O) -> O::Output {
    operation.block()
}

macro_rules! unknown {
    ($call:expr) => {
        takes_operation($call)
    };
}

#[routine]
fn left_alone() -> u32 {
    let in_a_closure = || takes_operation(id(1));
    let in_an_async_block = async { id(2).await };
    #[routine]
    fn nested() -> u32 {
        id(3)
    }
    fn nested_plain() -> Ready<u32> {
        ready(4)
    }
    const LENGTH: usize = size_of::<u32>();
    let array = [0_u8; LENGTH];
    let operation = plain!(id(5));
    let through_unknown = unknown!(id(6));
    in_a_closure() + in_an_async_block.await + nested() + nested_plain() + array.len() as u32 - 4
        + takes_operation(operation)
        + through_unknown
}

#[test]
fn what_is_not_the_bodys_own_code_is_left_alone() {
    assert_eq!(left_alone().block(), 21);
}

/// Gives numbers, each by an operation.
struct Countdown(u32);

impl SuspendIterator for Countdown {
    type Item = u32;
    type Next<'a> = Ready<Option<u32>>;

    fn next(&mut self) -> Ready<Option<u32>> {
        let next = self.0.checked_sub(1);
        self.0 = next.unwrap_or(0);
        ready(next)
    }
}

impl IntoSuspendIterator for Countdown {
    type Item = u32;
    type Iter = Countdown;

    fn into_suspend_iter(self) -> Countdown {
        self
    }
}

/// Gives numbers by operations that borrow it.
struct Borrowing<'a>(&'a mut Countdown);

/// Takes one from a borrowed number.
struct TakeOne<'a>(&'a mut u32);

impl Future for TakeOne<'_> {
    type Output = Option<u32>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<u32>> {
        let left = self.0.checked_sub(1);
        *self.0 = left.unwrap_or(0);
        std::task::Poll::Ready(left)
    }
}

impl Suspend for TakeOne<'_> {}

impl SuspendIterator for Borrowing<'_> {
    type Item = u32;
    type Next<'b>
        = TakeOne<'b>
    where
        Self: 'b;

    fn next(&mut self) -> TakeOne<'_> {
        TakeOne(&mut self.0.0)
    }
}

impl<'a> IntoSuspendIterator for &'a mut Countdown {
    type Item = u32;
    type Iter = Borrowing<'a>;

    fn into_suspend_iter(self) -> Borrowing<'a> {
        Borrowing(self)
    }
}

#[routine]
fn loops() -> Vec<u32> {
    let mut seen = Vec::new();
    'outer: for i in Countdown(5) {
        if i == 3 {
            continue;
        }
        for (j, text) in ["a", "b", "c"].iter().enumerate() {
            if i == 2 {
                continue 'outer;
            }
            if i == 0 {
                break 'outer;
            }
            if j == 2 {
                break;
            }
            seen.push(id(i * 10 + j as u32 + text.len() as u32));
        }
    }
    for i in &mut Countdown(2) {
        seen.push(i);
    }
    for i in 0..2 {
        for _ in id(vec![(); i]) {
            seen.push(id(100));
        }
    }
    seen
}

#[routine(blocking)]
fn blocking_loop() -> u32 {
    let mut sum = 0;
    for i in Countdown(4) {
        sum += id(i);
    }
    sum
}

#[test]
fn for_goes_over_both_kinds_with_labels_break_and_continue() {
    assert_eq!(loops().block(), [41, 42, 11, 12, 1, 0, 100]);
    assert_eq!(blocking_loop(), 6);
}

#[routine]
fn returns_from_a_loop(items: &[u32]) -> Option<u32> {
    for item in items.iter().copied() {
        if id(item) > 1 {
            return Some(item);
        }
        let _ = id(item).checked_sub(1)?;
    }
    for _ in Countdown(1) {
        return Some(100);
    }
    None
}

#[test]
fn loops_may_be_left_by_return_and_question_mark() {
    assert_eq!(returns_from_a_loop(&[1, 2]).block(), Some(2));
    assert_eq!(returns_from_a_loop(&[0, 2]).block(), None);
    assert_eq!(returns_from_a_loop(&[]).block(), Some(100));
}

/// Holds a handler, whatever its operation's type.
struct Server<H> {
    handler: H,
}

impl<O: Suspend<Output = u32> + Send, H: Fn(u32) -> O + Sync> Server<H> {
    #[routine]
    fn serve(&self, n: u32) -> u32 {
        (self.handler)(n) + (self.handler)(n)
    }
}

#[routine]
fn operations_by_hand() -> u32 {
    let base = id(1);
    let operation = suspend!({ id(base) + id(2) });
    let moved = suspend!(move {
        for i in Countdown(2) {
            if i == 0 {
                return id(base);
            }
        }
        0
    });
    operation.await + moved.await
}

#[test]
fn suspend_makes_operations_and_handlers() {
    let server = Server { handler: suspend!(|n: u32| id(n) + 1) };
    assert_eq!(server.serve(3).block(), 8);
    let parse =
        suspend!(|text: &'static str| -> Result<u32, std::num::ParseIntError> { Ok(id(text.parse()?)) });
    assert_eq!(parse("7").block(), Ok(7));
    assert_eq!(operations_by_hand().block(), 4);
}
