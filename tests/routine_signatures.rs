//! `#[routine]` on every kind of function.

use rustroutines::suspend::Boxed;
use rustroutines::{Suspend, routine};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

fn is_send<T: Send>(value: T) -> T {
    value
}

#[routine]
fn identity<T: Send>(value: T) -> T {
    value
}

#[routine]
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if identity(a.len()) > b.len() { a } else { b }
}

#[routine]
fn first_word(text: &str) -> &str {
    identity(text).split(' ').next().unwrap_or_default()
}

#[test]
fn parameters_and_results_may_be_borrowed() {
    let text = String::from("long text");
    let short = String::from("text");
    assert_eq!(is_send(longest(&text, &short)).block(), "long text");
    assert_eq!(is_send(first_word(&text)).block(), "long");
}

#[routine]
fn add_to(total: &mut u32, (a, b): (u32, u32), [c, _]: [u32; 2], mut d: u32, _: String) -> u32 {
    d += identity(a) + b + c;
    *total += d;
    d
}

#[test]
fn parameters_may_be_patterns_and_mutable() {
    let mut total = 1;
    assert_eq!(add_to(&mut total, (1, 2), [3, 4], 5, String::new()).block(), 11);
    assert_eq!(total, 12);
}

/// Notes its name when it is dropped.
struct Noted<'a>(&'static str, &'a std::cell::RefCell<Vec<&'static str>>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

#[routine(local)]
fn drops(first: Noted<'_>, _second: Noted<'_>, _: Noted<'_>) {
    let _local = Noted("local", first.1);
    first.1.borrow_mut().push("body");
}

fn plain_drops(first: Noted<'_>, _second: Noted<'_>, _: Noted<'_>) {
    let _local = Noted("local", first.1);
    first.1.borrow_mut().push("body");
}

#[test]
fn parameters_are_dropped_as_those_of_a_plain_function() {
    let notes = std::cell::RefCell::default();
    let three = || [Noted("first", &notes), Noted("second", &notes), Noted("third", &notes)];
    let [first, second, third] = three();
    plain_drops(first, second, third);
    let expected = notes.take();
    let [first, second, third] = three();
    let operation = drops(first, second, third);
    assert!(notes.borrow().is_empty(), "all of them live as long as the operation");
    operation.block();
    assert_eq!(notes.take(), expected);
    let [first, second, third] = three();
    drop(drops(first, second, third));
    assert_eq!(notes.borrow().len(), 3, "an operation that is never begun drops them too");
}

#[routine]
fn describe<T, const N: usize>(items: [T; N], prefix: impl Display + Send) -> impl Iterator<Item = String>
where
    T: Display + Send,
{
    let prefix = identity(prefix.to_string());
    items.map(|item| format!("{prefix}{item}")).into_iter()
}

#[test]
fn generic_routines_take_and_return_impl_trait() {
    assert_eq!(describe([1, 2], "n").block().collect::<Vec<_>>(), ["n1", "n2"]);
}

#[derive(Debug, Default)]
struct Store {
    values: HashMap<String, u32>,
}

impl Store {
    #[routine]
    fn get(&self, key: &str) -> Option<&u32> {
        identity(self.values.get(key))
    }

    #[routine]
    fn put(&mut self, key: &str, value: u32) -> Option<u32> {
        self.values.insert(identity(key.to_owned()), value)
    }

    #[routine]
    fn into_sum(self) -> u32 {
        identity(self.values.values().sum())
    }

    #[routine]
    fn shared_sum(self: Arc<Self>) -> u32 {
        identity(self.values.values().sum())
    }

    #[routine]
    fn with(key: &str) -> Self {
        let mut store = Self::default();
        store.put(key, 1);
        store
    }

    #[routine]
    fn depth(&self, n: u32) -> u32 {
        if n == 0 { 0 } else { self.depth(n - 1) + Self::level(n) }
    }

    #[routine]
    fn level(n: u32) -> u32 {
        if n == 0 { 1 } else { Self::level(n - 1) }
    }
}

#[routine]
#[test]
fn methods_take_self_in_every_way() {
    let mut store = Store::with("a");
    assert_eq!(store.put("b", 2), None);
    assert_eq!(store.put("b", 3), Some(2));
    assert_eq!(store.get("a"), Some(&1));
    assert_eq!(store.depth(3), 3);
    assert_eq!(store.into_sum(), 4);
    assert_eq!(Arc::new(Store::with("c")).shared_sum(), 1);
}

trait Source: Sync {
    #[routine]
    fn read(&self, at: usize) -> Option<u8>;

    #[routine]
    fn read_all(&self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(byte) = self.read(all.len()) {
            all.push(byte);
        }
        all
    }
}

impl Source for [u8] {
    #[routine]
    fn read(&self, at: usize) -> Option<u8> {
        identity(self.get(at).copied())
    }
}

impl Source for u8 {
    #[routine]
    fn read(&self, at: usize) -> Option<u8> {
        (at < 2).then_some(*self)
    }

    #[routine]
    fn read_all(&self) -> Vec<u8> {
        vec![*self; 2]
    }
}

#[routine]
fn read_any<S: Source + ?Sized>(source: &S) -> Vec<u8> {
    source.read_all()
}

#[test]
fn trait_methods_with_and_without_a_body() {
    assert_eq!(is_send(read_any(&[1, 2, 3][..])).block(), [1, 2, 3]);
    assert_eq!(read_any(&7).block(), [7, 7]);
}

trait Handler: Send + Sync {
    #[routine(boxed)]
    fn handle(&self, request: &str) -> String;

    #[routine(boxed)]
    fn twice(&self, request: &str) -> String {
        let once = self.handle(request);
        self.handle(&once)
    }
}

struct Prefix(&'static str);

impl Handler for Prefix {
    #[routine(boxed)]
    fn handle(&self, request: &str) -> String {
        identity(format!("{}{request}", self.0))
    }
}

#[routine]
fn ask(handlers: &[Box<dyn Handler>]) -> String {
    let mut text = String::from("x");
    for handler in handlers {
        text = handler.twice(&text);
    }
    text
}

#[test]
fn boxed_routines_make_dyn_traits() {
    let handlers: Vec<Box<dyn Handler>> = vec![Box::new(Prefix("a")), Box::new(Prefix("b"))];
    assert_eq!(is_send(ask(&handlers)).block(), "bbaax");
}

#[routine(boxed)]
fn even(n: u32) -> bool {
    if n == 0 { true } else { odd(n - 1) }
}

#[routine(boxed)]
fn odd(n: u32) -> bool {
    if n == 0 { false } else { even(n - 1) }
}

#[routine(boxed)]
fn count<'a, T: Send + Sync>(items: &'a [T], from: &mut usize) -> &'a [T] {
    *from += 1;
    if *from >= items.len() { items } else { count(items, from) }
}

#[test]
fn boxed_routines_recur_mutually_and_borrow() {
    let operation: Boxed<'_, bool> = even(10);
    assert!(is_send(operation).block());
    assert!(!even(7).block());
    let mut from = 0;
    assert_eq!(count(&[1, 2, 3], &mut from).block(), [1, 2, 3]);
    assert_eq!(from, 3);
}

#[routine(local)]
fn holds_an_rc(n: u32) -> Rc<u32> {
    let shared = Rc::new(n);
    if n > 0 {
        holds_an_rc(n - 1);
    }
    shared
}

#[routine(local, boxed)]
fn local_and_boxed(n: &Rc<u32>) -> u32 {
    let kept = n.clone();
    **n + *holds_an_rc(2) + *kept
}

#[test]
fn local_routines_hold_what_is_not_send_across_a_suspension() {
    assert_eq!(*holds_an_rc(3).block(), 3);
    assert_eq!(local_and_boxed(&Rc::new(4)).block(), 10);
}

struct Lines(Vec<String>);

impl Iterator for Lines {
    type Item = String;

    #[routine(blocking)]
    fn next(&mut self) -> Option<String> {
        identity(self.0.pop())
    }
}

#[test]
fn blocking_routines_implement_synchronous_traits() {
    assert_eq!(Lines(vec!["b".into(), "a".into()]).collect::<Vec<_>>(), ["a", "b"]);
}

#[routine]
fn awaits() -> u32 {
    let foreign = async { 3 };
    foreign.await + std::future::ready(identity(4)).await + identity(5).await
}

#[routine(blocking)]
fn awaits_by_blocking() -> u32 {
    std::future::ready(identity(4)).await + identity(5)
}

#[test]
fn foreign_futures_are_awaited() {
    assert_eq!(awaits().block(), 12);
    assert_eq!(awaits_by_blocking(), 9);
}

type Adder = Box<dyn Fn(u32) -> u32 + Send>;

#[routine]
fn coerces(fail: bool) -> Result<Adder, Box<dyn std::error::Error + Send + Sync>> {
    if fail {
        return Err("failed".into());
    }
    let n: u32 = identity("1").parse()?;
    Ok(Box::new(move |x| x + n))
}

#[test]
fn bodies_are_checked_against_the_return_type() {
    assert_eq!(coerces(false).block().unwrap()(1), 2);
    assert_eq!(coerces(true).block().err().unwrap().to_string(), "failed");
}

#[routine]
fn twice<O: Suspend<Output = u32> + Send, F: Fn() -> O + Send>(make: F) -> u32 {
    make() + make()
}

#[test]
fn a_routine_is_generic_over_what_makes_an_operation() {
    assert_eq!(is_send(twice(|| identity(4))).block(), 8);
}
