//! `select!`: one grammar in routines and in plain code.

use rustroutines::suspend::{Ready, ready};
use rustroutines::{Suspend, routine, select};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// An operation that never ends.
#[routine]
fn forever<T: Send>() -> T {
    std::future::pending().await
}

fn now<T>(value: T) -> Ready<T> {
    ready(value)
}

fn first() -> u32 {
    select! {
        x = now(1) => x,
        _ = forever::<()>() => 2,
    }
}

#[routine]
fn first_in_a_routine() -> u32 {
    select! {
        x = now(1) => x,
        _ = forever::<()>() => 2,
    }
}

#[test]
fn the_ready_arm_is_chosen_in_plain_code_and_in_a_routine() {
    assert_eq!(first(), 1);
    assert_eq!(first_in_a_routine().block(), 1);
}

#[routine]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[routine]
fn operands_are_routine_code(base: u32) -> u32 {
    select! {
        biased;
        x = add(add(base, 1), 1), if add(1, 1) == 2 => add(x, 1),
        default => add(base, 0),
    }
}

#[test]
fn operands_guards_and_bodies_suspend_but_the_operation_itself_is_an_arm() {
    assert_eq!(operands_are_routine_code(1).block(), 4);
}

fn chosen_in_plain_code(which: u32) -> u32 {
    let (a, b) = (now(1), now(2));
    select! { x = if which == 0 { a } else { b } => x, default => 0 }
}

#[routine]
fn chosen_in_a_routine(which: u32) -> u32 {
    let one = 1;
    select! {
        x = match add(which, 0) {
            0 => add(one, add(0, 0)),
            1 => { let two = add(one, 1); add(two, 0) }
            _ => if add(which, 1) == 3 { add(3, 0) } else { add(4, 0) },
        } => x,
        default => 0,
    }
}

#[routine]
fn awaited(which: bool) -> u32 {
    (if which { add(1, add(0, 1)) } else { add(3, 0) }).await
}

#[test]
fn an_operation_may_be_chosen_by_a_condition() {
    assert_eq!([0, 1].map(chosen_in_plain_code), [1, 2]);
    assert_eq!([0, 1, 2, 3].map(|which| chosen_in_a_routine(which).block()), [1, 2, 3, 4]);
    assert_eq!([true, false].map(|which| awaited(which).block()), [2, 3]);
}

#[test]
fn a_false_guard_keeps_the_operation_from_being_made() {
    let made = RefCell::new(0);
    let make = |value| {
        *made.borrow_mut() += 1;
        now(value)
    };
    let got = select! {
        x = make(1), if false => x,
        x = make(2), if true => x,
    };
    assert_eq!((got, *made.borrow()), (2, 1));
}

#[test]
fn limits_and_default() {
    let start = Instant::now();
    let limit = Duration::from_millis(1);
    let late = select! {
        _ = forever::<()>() => false,
        timeout(limit) => true,
    };
    assert!(late && start.elapsed() >= limit);
    let late = select! { _ = forever::<()>() => false, deadline(start) => true };
    assert!(late);
    let nothing = select! { forever::<u8>() => false, default => true };
    assert!(nothing);
    assert!(select! { default => true });
}

#[test]
fn a_function_called_timeout_is_an_operation() {
    fn timeout(_: Duration, make: impl Fn() -> Ready<u32>) -> Ready<u32> {
        make()
    }
    let got = select! { x = timeout(Duration::MAX, || now(3)) => x };
    assert_eq!(got, 3);
}

#[routine]
fn control_flow(mode: u32) -> Result<u32, String> {
    let mut rounds = 0;
    let got = 'outer: loop {
        rounds += 1;
        loop {
            select! {
                m = now(mode) => match m {
                    0 => break 'outer rounds,
                    1 => return Ok(100),
                    2 if rounds < 3 => continue 'outer,
                    2 => break,
                    3 => Err("asked".to_owned())?,
                    _ => break 'outer 0,
                },
                _ = forever::<()>() => {}
            }
        }
        break rounds + 1000;
    };
    Ok(got)
}

#[test]
fn break_continue_return_and_question_mark_act_on_the_users_loop_and_function() {
    assert_eq!(control_flow(0).block(), Ok(1));
    assert_eq!(control_flow(1).block(), Ok(100));
    assert_eq!(control_flow(2).block(), Ok(1003));
    assert_eq!(control_flow(3).block(), Err("asked".to_owned()));
}

/// Says when it is dropped.
struct Noted<'a>(&'a RefCell<Vec<&'static str>>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push("dropped");
    }
}

#[routine(local)]
fn wait_with(note: Noted<'_>) {
    let _note = note;
    forever::<()>();
}

#[test]
fn losers_are_dropped_before_the_body_runs() {
    let notes = RefCell::new(Vec::new());
    select! {
        biased;
        wait_with(Noted(&notes)) => unreachable!(),
        _ = now(()) => notes.borrow_mut().push("body"),
    }
    assert_eq!(*notes.borrow(), ["dropped", "body"]);
}

#[test]
fn operands_are_evaluated_in_source_order_before_the_wait() {
    let order = RefCell::new(Vec::new());
    let note = |n: u32| {
        order.borrow_mut().push(n);
        n
    };
    select! {
        biased;
        x = now(note(1)) => note(x + 10),
        timeout(Duration::from_secs(u64::from(note(2)))) => 0,
        x = now(note(3)) => x,
    };
    assert_eq!(*order.borrow(), [1, 2, 3, 11]);
}

#[test]
fn selects_nest() {
    let got = select! {
        outer = now(1) => select! {
            inner = now(2) => outer + inner,
            timeout(Duration::from_secs(60)) => 0,
        },
    };
    assert_eq!(got, 3);
}
