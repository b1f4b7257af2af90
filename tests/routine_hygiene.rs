//! A user's names never meet ours, whatever they are; nothing here may warn.

#![no_implicit_prelude]
#![deny(warnings, clippy::pedantic)]

use ::rustroutines::{Suspend, go, routine, select};
use ::std::option::Option as Maybe;
use ::std::prelude::rust_2024::{derive, test};
use ::std::{assert, assert_eq};

#[derive(Debug, Clone, Copy, PartialEq)]
struct Some(u32);
struct None;
struct Option;
struct Send;
struct Result;
struct Box;

mod core {}
mod std {}
mod rustroutines {}

/// Would be taken for a method of ours if one were looked up by name.
trait Distracting {
    fn learn(&self) {}
    fn branch(&self) {}
    fn get(&self) {}
    fn start(&self) {}
}

impl<T> Distracting for T {}

#[routine]
fn probe(v: u32) -> u32 {
    v
}

#[routine]
fn tag(k: u32, v: u32, t: u32, output: u32, p0: u32) -> Some {
    let items = probe(k) + probe(v) + probe(t);
    let item = probe(output) + probe(p0);
    let _ = (None, Option, Send, Result, Box);
    Some(items + item)
}

fn probe_all(items: [u32; 2]) -> ::std::array::IntoIter<u32, 2> {
    ::std::iter::IntoIterator::into_iter(items)
}

#[routine]
fn looped() -> u32 {
    let (mut items, mut item, v, k) = (0, 0, 1, 2);
    for x in probe_all([v, k]) {
        items += probe(x);
        item = items;
    }
    item
}

#[routine]
fn selects(op0: u32, arm0: u32, limit: u32) -> u32 {
    let (won, step, arm, this, a0) = (1, 2, 3, 4, 5);
    let name = go!(tag(won, step, arm, this, a0));
    let sum = select! {
        output = probe(op0) => output + arm0 + limit + won + step + arm + this + a0,
        default => 0,
    };
    match name.join() {
        ::std::result::Result::Ok(Some(n)) => sum + n,
        ::std::result::Result::Err(_) => 0,
    }
}

#[test]
fn names_of_the_users_mean_what_they_say() {
    ().learn();
    ().branch();
    ().get();
    ().start();
    assert_eq!(tag(1, 2, 3, 4, 5).block(), Some(15));
    assert_eq!(looped().block(), 3);
    assert_eq!(selects(1, 2, 3).block(), 36);
    assert!(Maybe::Some(1) == Maybe::Some(1));
}

mod tools {
    pub(crate) use ::rustroutines as routines;
}

#[tools::routines::routine(crate = crate::tools::routines)]
fn through_another_path(n: u64) -> u64 {
    let mut sum = 0;
    for i in [n, 2] {
        sum += doubled(i);
    }
    sum
}

#[tools::routines::routine(boxed, crate = tools::routines)]
fn doubled(n: u64) -> u64 {
    n * 2
}

#[test]
fn the_crate_may_be_found_by_another_path() {
    assert_eq!(tools::routines::Suspend::block(through_another_path(1)), 6);
}
