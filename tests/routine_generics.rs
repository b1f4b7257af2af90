//! Routines that are generic over operations, and operations that are stored, passed and asked of traits.
#![deny(warnings)]

use rustroutines::channel::{Receiver, Sender, bounded_channel};
use rustroutines::{Suspend, routine, suspend};

#[routine]
fn square(n: u32) -> u32 {
    n * n
}

/// A handler in a field: whatever makes an operation of a request.
struct Server<H> {
    handler: H,
}

impl<H> Server<H> {
    #[routine]
    fn serve<O>(&self, requests: &[u32]) -> Vec<u32>
    where
        H: Fn(u32) -> O + Sync,
        O: Suspend<Output = u32> + Send,
    {
        let mut answers = Vec::new();
        for request in requests {
            answers.push((self.handler)(*request));
        }
        answers
    }
}

#[test]
fn a_handler_stored_in_a_struct_suspends() {
    let server = Server { handler: suspend!(|n: u32| -> u32 { square(n) + 1 }) };
    assert_eq!(server.serve(&[1, 2, 3]).block(), [2, 5, 10]);
    let server = Server { handler: square };
    assert_eq!(server.serve(&[4]).block(), [16]);
}

/// What an operation gives depends on who makes it.
trait Feed {
    type Item: Send;

    #[routine]
    fn next(&mut self) -> Option<Self::Item>;
}

struct Numbers(Receiver<u32>);

struct Words(std::vec::IntoIter<&'static str>);

impl Feed for Numbers {
    type Item = u32;

    #[routine]
    fn next(&mut self) -> Option<u32> {
        self.0.recv().ok()
    }
}

impl Feed for Words {
    type Item = &'static str;

    #[routine]
    fn next(&mut self) -> Option<&'static str> {
        Iterator::next(&mut self.0)
    }
}

#[routine]
fn gather<const MOST: usize, F: Feed + Send>(feed: &mut F) -> Vec<F::Item> {
    let mut all = Vec::new();
    while let Some(item) = feed.next() {
        all.push(item);
        if all.len() == MOST {
            break;
        }
    }
    all
}

#[test]
fn a_trait_gives_items_of_its_own_type_by_suspending() {
    let (tx, rx): (Sender<u32>, Receiver<u32>) = bounded_channel(4);
    for n in 1..=3 {
        tx.send(n).block().unwrap();
    }
    drop(tx);
    let mut numbers = Numbers(rx);
    assert_eq!(gather::<2, _>(&mut numbers).block(), [1, 2]);
    assert_eq!(gather::<9, _>(&mut numbers).block(), [3]);
    assert_eq!(gather::<9, _>(&mut Words(vec!["a", "b"].into_iter())).block(), ["a", "b"]);
}

/// Asked with texts of any lifetime: what it returns borrows them.
trait Ask: for<'a> Fn(&'a str) -> rustroutines::suspend::Boxed<'a, usize> + Sync {}

impl<T: for<'a> Fn(&'a str) -> rustroutines::suspend::Boxed<'a, usize> + Sync> Ask for T {}

#[routine(boxed)]
fn boxed_length(text: &str) -> usize {
    square(text.len() as u32) as usize
}

/// What a handler may use as long as it runs.
struct Session {
    user: String,
}

impl Session {
    #[routine(boxed)]
    fn greeting(&self) -> &str {
        square(2);
        &self.user
    }
}

#[routine(boxed)]
fn rename<'s>(session: &'s mut Session, name: &'static str) -> &'s str {
    square(1);
    session.user = name.to_owned();
    &session.user
}

type Handler<A> = for<'a> fn(&'a Session) -> rustroutines::suspend::Boxed<'a, A>;

#[routine]
fn ask_each(handlers: &[Handler<&'static str>], session: &Session) -> Vec<&'static str> {
    let mut said = Vec::new();
    for handler in handlers {
        said.push(handler(session));
    }
    said
}

#[routine(boxed)]
fn whoever(_: &Session) -> &'static str {
    "whoever"
}

#[routine]
fn ask_all(ask: &impl Ask, words: Vec<String>) -> usize {
    let mut total = 0;
    for word in &words {
        total += ask(word);
    }
    total
}

#[test]
fn a_boxed_routine_is_asked_with_any_lifetime() {
    assert_eq!(ask_all(&boxed_length, vec![String::from("ab"), String::from("abc")]).block(), 4 + 9);
}

#[test]
fn boxed_routines_are_handlers_in_a_table() {
    let mut session = Session { user: String::from("ann") };
    assert_eq!(ask_each(&[whoever, whoever], &session).block(), ["whoever", "whoever"]);
    let greet: for<'a> fn(&'a Session) -> rustroutines::suspend::Boxed<'a, &'a str> = Session::greeting;
    assert_eq!(greet(&session).block(), "ann");
    assert_eq!(rename(&mut session, "ben").block(), "ben");
}

#[routine]
fn update(counts: &mut [u32; 3], at: usize) -> u32 {
    counts[square(at as u32) as usize] += square(3);
    counts[at] <<= square(1);
    counts[..square(1) as usize + 1].iter().sum()
}

#[test]
fn places_and_bounds_suspend() {
    let mut counts = [1, 1, 1];
    assert_eq!(update(&mut counts, 1).block(), 1 + 20);
    assert_eq!(counts, [1, 20, 1]);
}

fn identity<T>(value: T) -> T {
    value
}

fn increment(n: u8) -> u8 {
    n + 1
}

fn applied(f: fn(u8) -> u8, n: u8) -> u8 {
    f(n)
}

fn asked(f: &dyn Fn(u8) -> u8) -> u8 {
    f(1)
}

fn total(values: &[u8]) -> u8 {
    values.iter().sum()
}

struct Step {
    run: fn(u8) -> u8,
}

/// Each call's value is coerced to the type that its place wants, as a plain function's is.
macro_rules! coercions {
    ($name:ident, $($option:ident)?) => {
        #[routine($($option)?)]
        fn $name() -> Vec<u8> {
            let typed: fn(u8) -> u8 = identity(increment);
            let wrapped: Option<fn(u8) -> u8> = Some(identity(increment));
            let boxed: Box<dyn Fn(u8) -> u8 + Send> = identity(Box::new(increment));
            let array: [fn(u8) -> u8; 2] = [identity(increment), typed];
            let chosen = if array.len() == 2 { identity(increment) } else { |n| n };
            let mut pushed: Vec<fn(u8) -> u8> = Vec::new();
            pushed.push(identity(increment));
            let step = Step { run: identity(|n| n + 2) };
            vec![
                applied(identity(increment), 1) + applied(identity(|n| n), 1),
                typed(1) + wrapped.map_or(0, |f| f(1)) + boxed(1) + chosen(1) + pushed[0](1) + (step.run)(1),
                asked(&identity(increment)) + total(identity(&[1, 2])) + total(&identity([1, 2])),
            ]
        }
    };
}

coercions!(coerced_in_a_routine,);
coercions!(coerced_where_it_blocks, blocking);

#[test]
fn values_of_calls_are_coerced_to_what_is_wanted() {
    assert_eq!(coerced_in_a_routine().block(), [3, 13, 8]);
    assert_eq!(coerced_where_it_blocks(), [3, 13, 8]);
}
