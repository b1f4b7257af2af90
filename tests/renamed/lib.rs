//! A crate that gives its dependency another name: `#[routine(crate = rr)]` finds it, and so do the macros in
//! the body.

#![cfg(test)]
#![deny(warnings)]

use rr::suspend::ready;
use rr::{Suspend, go, routine, select};
use std::time::Duration;

#[routine(crate = rr)]
fn double(n: u32) -> u32 {
    ready(n).await * 2
}

#[routine(crate = rr)]
fn imported_macros() -> u32 {
    let started = go!("doubler", double(double(1)));
    let in_a_block = go!(move { double(4) });
    select! {
        n = double(double(2)) => n + started.join().unwrap() + in_a_block.join().unwrap(),
        timeout(Duration::from_secs(60)) => 0,
    }
}

#[routine(crate = rr)]
fn macros_by_their_path() -> u32 {
    // Their arguments are this body's code: each call is carried out here.
    let started = rr::go!(double(double(1)));
    rr::select! {
        n = double(double(2)), if double(1) == 2 => n + started.join().unwrap(),
        default => 0,
    }
}

#[rr::routine(crate = ::rr)]
fn macros_in_closures_and_in_one_another() -> u32 {
    let start = |n| rr::go!(move || double(n) + 1);
    let operation = rr::suspend!(move {
        let inner = go!({ select! { n = double(3) => n } });
        inner.join().unwrap() + start(1).join().unwrap()
    });
    operation.await
}

struct Loops(Vec<u32>);

impl Loops {
    #[routine(boxed, crate = rr)]
    fn total(&self) -> u32 {
        let mut sum = 0;
        for n in self.0.iter().copied() {
            sum += double(n);
        }
        sum
    }
}

#[routine(crate = rr)]
#[test]
fn a_test_finds_the_crate_by_its_other_name() {
    assert_eq!(imported_macros(), 8 + 4 + 8);
    assert_eq!(macros_by_their_path(), 8 + 4);
    assert_eq!(macros_in_closures_and_in_one_another(), 6 + 3);
    assert_eq!(Loops(vec![1, 2]).total(), 6);
}

#[test]
fn plain_code_carries_out_what_was_found() {
    assert_eq!(imported_macros().block(), 20);
}
