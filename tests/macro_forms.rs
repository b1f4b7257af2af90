//! Every form of `go!`, `select!`, `suspend!` and `plain!`, as the tables of `docs/MACROS.md` show it.

use rustroutines::prelude::*;
use rustroutines::suspend::{Boxed, LocalBoxed, ready};
use std::rc::Rc;
use std::time::Instant;

#[routine]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[derive(Clone)]
struct Counter {
    start: u32,
}

impl Counter {
    #[routine]
    fn add(&self, n: u32) -> u32 {
        add(self.start, n)
    }
}

fn value(routine: RoutineHandle<u32>) -> u32 {
    routine.join().block().unwrap()
}

#[test]
fn forms_of_go() {
    let (x, counter) = (10, Counter { start: 5 });
    assert_eq!(value(go!(add(x, 1))), 11);
    assert_eq!(value(go!(self::add(x, 1))), 11);
    assert_eq!(value(go!(counter.clone().add(x))), 15);
    assert_eq!(value(go!(move || add(x, 2))), 12);
    assert_eq!(value(go!(|| add(1, 2))), 3);
    assert_eq!(value(go!(move { add(x, 3) })), 13);
    assert_eq!(value(go!({ add(1, 3) })), 4);
    assert_eq!(go!("adder", add(x, 1)).name(), Some("adder"));
    assert_eq!(go!(format!("adder {x}"), move || add(x, 1)).name(), Some("adder 10"));
}

#[test]
fn forms_of_suspend_and_plain() {
    let x = 10;
    let borrowing = suspend!({ add(x, 1) });
    assert_eq!(borrowing.block(), 11);
    let owning = suspend!(move { add(x, 2) });
    assert_eq!(owning.block(), 12);
    let closure = suspend!(|n: u32| add(n, 3));
    assert_eq!(closure(x).block(), 13);
    let boxed: Boxed<'static, u32> = suspend!(boxed, move { add(x, 4) });
    assert_eq!(boxed.block(), 14);
    let handler: Box<dyn Fn(u32) -> Boxed<'static, u32>> = Box::new(suspend!(boxed, |n| add(n, 5)));
    assert_eq!(handler(x).block(), 15);
    let left_alone = suspend!({
        let operation = plain!(add(x, 6));
        add(operation.await, 1)
    });
    assert_eq!(left_alone.block(), 17);
}

#[test]
fn forms_of_select() {
    let start = Instant::now();
    let (tx, rx) = bounded_channel(1);
    let (jobs, busy) = (rx.clone(), 3);
    let mut log = Vec::new();
    for _ in 0..3 {
        select! {
            biased;
            job = jobs.recv(), if busy < 3 => log.push(format!("job {job:?}")),
            tx.send(7) => log.push("sent".to_owned()),
            msg = rx.recv() => {
                log.push(format!("received {msg:?}"));
            }
            default => log.push("nothing is ready".to_owned()),
        }
    }
    assert_eq!(log, ["sent", "received Ok(7)", "sent"]);
    rx.recv().block().unwrap();
    for _ in 0..2 {
        select! {
            msg = rx.recv() => unreachable!("nothing was sent, and {msg:?} received"),
            timeout(Duration::from_millis(1)) => log.push("timeout".to_owned()),
        }
        select! {
            msg = rx.recv() => unreachable!("nothing was sent, and {msg:?} received"),
            deadline(start + Duration::from_millis(2)) => log.push("deadline".to_owned()),
        }
    }
    assert_eq!(log[3..], ["timeout", "deadline", "timeout", "deadline"]);
}

/// What a table shows is code of this file, which compiles and does what it says.
#[test]
fn the_tables_show_what_is_tested_here() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (manual, here) = (include_str!("../docs/MACROS.md"), words(include_str!("macro_forms.rs")));
    let section = manual.split("## The grammar").nth(1).and_then(|rest| rest.split("\n## ").next());
    let rows = section.expect("the manual has the section").lines().filter(|line| line.starts_with("| `"));
    let mut shown = 0;
    for row in rows {
        // the last column, without its ticks; `\|` stands for `|` in a table
        let example = row.replace("\\|", "\u{1}").rsplit('|').nth(1).unwrap().trim().replace('\u{1}', "|");
        let example = words(example.trim_matches('`').trim());
        assert!(here.contains(&example), "`{example}` is not tested");
        shown += 1;
    }
    assert!(shown >= 20, "the tables have only {shown} rows");
}

/// One type for operations of different kinds, and for a routine that calls itself through a closure.
#[test]
fn operations_behind_pointers() {
    let (tx, rx) = bounded_channel(1);
    let mut operations = vec![Boxed::new(rx.recv()), Boxed::new(ready(Ok(1)))];
    tx.send(2).block().unwrap();
    let last = operations.pop().unwrap();
    assert_eq!((last.block(), operations.pop().unwrap().block()), (Ok(1), Ok(2)));

    fn countdown(n: u32) -> Boxed<'static, u32> {
        suspend!(boxed, move { if n == 0 { 0 } else { countdown(n - 1) + 1 } })
    }
    assert_eq!(countdown(100).block(), 100);

    let shared = Rc::new(1);
    let local = LocalBoxed::new(suspend!({ add(*shared, 1) }));
    assert_eq!(local.block(), 2);
}

/// Has a `block` of its own.
struct Chain {
    head: u32,
}

impl Chain {
    fn head(&self) -> &Chain {
        self
    }

    fn block(&self) -> u32 {
        self.head
    }
}

#[routine]
fn a_method_that_happens_to_be_called_block(chain: &Chain) -> u32 {
    let operation = plain!(add(1, 1));
    chain.head().block() + operation.block()
}

#[routine(blocking)]
fn by_blocking(chain: &Chain) -> u32 {
    add(chain.head().block(), 1).block() + add(1, 1)
}

#[test]
fn block_is_a_method_like_others() {
    let chain = Chain { head: 3 };
    assert_eq!(a_method_that_happens_to_be_called_block(&chain).block(), 5);
    assert_eq!(by_blocking(&chain), 6);
}
