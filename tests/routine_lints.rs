//! No expansion warns in a crate that asks for every lint. The compiler's are checked by compiling this file,
//! clippy's by CI's run of it; a body of each kind is here.

#![deny(warnings, clippy::all, clippy::pedantic)]
#![deny(
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    keyword_idents,
    let_underscore_drop,
    missing_debug_implementations,
    non_ascii_idents,
    nonstandard_style,
    redundant_lifetimes,
    rust_2018_idioms,
    rust_2021_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    variant_size_differences
)]

use rustroutines::channel::{Receiver, bounded_channel};
use rustroutines::suspend::ready;
use rustroutines::{Suspend, go, plain, routine, select, suspend};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

#[routine]
fn double(n: u32) -> u32 {
    n * 2
}

#[routine]
fn halve(n: u32) -> Result<u32, String> {
    if double(n / 2) != n {
        return Err(format!("{n} is odd, and {} is not", double(n)));
    }
    Ok(n / 2)
}

#[routine]
fn factorial(n: u32) -> u32 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[routine(boxed)]
fn boxed(text: &str, (a, mut b): (u32, u32), _: bool) -> usize {
    b += double(a);
    text.len() + usize::try_from(b).unwrap_or(0)
}

#[routine(local)]
fn local(values: &[u32]) -> u32 {
    let mut sum = 0;
    'each: for &value in values {
        if ready(value == 2).await {
            continue 'each;
        }
        sum += double(value);
    }
    sum
}

trait Store {
    #[routine]
    fn get(&self, key: &str) -> Option<u32>;

    #[routine]
    fn get_or_zero(&self, key: &str) -> u32
    where
        Self: Sync,
    {
        self.get(key).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Memory {
    values: BTreeMap<String, u32>,
}

impl Memory {
    #[routine]
    fn put<K: Into<String> + Send>(&mut self, key: K, value: u32) -> &mut Self {
        self.values.insert(key.into(), double(value));
        self
    }
}

impl Store for Memory {
    #[routine]
    fn get(&self, key: &str) -> Option<u32> {
        self.values.get(key).copied()
    }
}

#[routine]
fn expressions(values: [u32; 3]) -> Result<u32, String> {
    let [first, .., last] = values;
    let Some(middle) = values.get(double(0) as usize + 1) else { return Err(String::new()) };
    let mut text = String::new();
    write!(text, "{} {first}", double(*middle)).map_err(|error| error.to_string())?;
    let sum = match halve(double(last))? {
        n if double(n) > 100 => n,
        n => n + u32::from(matches!(double(n), 0..=9)),
    };
    let mut left = 3;
    while double(left) > 2 {
        left -= 1;
    }
    assert!(double(left) == 2);
    let closure = |n: u32| n + left;
    Ok(closure(sum) + plain!(double(1)).await + factorial(3))
}

#[routine]
fn macros(rx: Receiver<u32>) -> u32 {
    let started = go!("doubler", double(double(1)));
    let memory = Memory::default();
    let method = go!(memory.get_or_zero("none"));
    let closure = go!(move || double(3));
    let block = go!({ double(4) });
    let handler = suspend!(|n: u32| double(n) + 1);
    let mut sum = handler(1) + suspend!({ double(1) }).await;
    loop {
        select! {
            biased;
            received = rx.recv() => match received {
                Ok(n) => sum += n,
                Err(_) => break,
            },
            _ = rustroutines::time::sleep(Duration::from_secs(60)), if double(sum) > 0 => return 0,
            timeout(Duration::from_secs(60)) => return 0,
        }
    }
    let joined = [started.join(), method.join(), closure.join(), block.join()];
    sum + joined.into_iter().map(|value| value.unwrap_or(0)).sum::<u32>()
}

#[routine(blocking)]
fn blocking(values: Vec<u32>) -> Result<u32, String> {
    let mut sum: u32 = double(1);
    for value in values {
        sum += halve(value)?;
    }
    go!(double(sum)).join().map_err(|error| error.to_string())
}

#[routine]
#[test]
fn nothing_warns_and_all_of_it_works() {
    let (tx, rx) = bounded_channel(1);
    let sent = go!(move || tx.send(1).is_ok());
    assert_eq!(macros(rx), 3 + 2 + 1 + 4 + 6 + 8);
    assert!(matches!(sent.join(), Ok(true)));
    assert_eq!(halve(3), Err("3 is odd, and 6 is not".to_owned()));
    assert_eq!(expressions([1, 2, 3]), Ok(4 + 1 + 2 + 6));
    assert_eq!(boxed("four", (1, 2), true), 8);
    assert_eq!(local(&[1, 2, 3]), 8);
    let mut memory = Memory::default();
    memory.put("a", 1).put("b", 2);
    assert_eq!(memory.get_or_zero("b") + memory.get_or_zero("c"), 4);
    assert_eq!(blocking(vec![2, 4]), Ok(10));
}

#[test]
fn plain_code_selects() {
    let (tx, rx) = bounded_channel(1);
    let won = select! {
        sent = tx.send(1) => sent.is_ok(),
        received = rx.recv() => received.is_err(),
        default => false,
    };
    assert!(won);
    assert_eq!(rx.recv().block(), Ok(1));
}
