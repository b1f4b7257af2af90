//! What the examples print.

#[path = "support/example.rs"]
mod example;

/// What an example prints; it must end well and complain about nothing.
fn prints(name: &str, arguments: &[&str]) -> Vec<String> {
    let output = example::run(name, arguments);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{name}: {}: {complaints}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn hello_greets_from_both_routines_in_order() {
    let lines = prints("hello", &[]);
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[6], "that is all");
    for name in ["one routine", "another"] {
        let greetings: Vec<_> = lines.iter().filter(|line| line.contains(name)).collect();
        let expected: Vec<_> = (1..=3).map(|n| format!("hello from {name}, {n} of 3")).collect();
        assert!(greetings.into_iter().eq(&expected));
    }
}

#[test]
fn pipeline_finds_the_records() {
    let steps = |mut n: u64| {
        std::iter::from_fn(|| (n != 1).then(|| n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 })).count()
    };
    let mut record = 0;
    let expected = (1..100_000).filter_map(|n| {
        let steps = steps(n);
        (steps > record).then(|| {
            record = steps;
            format!("{n:>6} takes {steps} steps")
        })
    });
    assert!(prints("pipeline", &[]).into_iter().eq(expected));
}

#[test]
fn select_timeout_takes_the_first_and_gives_up_in_time() {
    let lines = prints("select_timeout", &[]);
    let expected = [
        "first to answer: the fast one",
        "first to answer in 10ms: nobody",
        "sent 1, sent 2, received 1, received 2",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn prime_sieve_finds_primes_and_nothing_else() {
    let is_prime = |n: &u64| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0);
    let expected = (2..).filter(is_prime).take(200).map(|prime| prime.to_string());
    assert!(prints("prime_sieve", &["200"]).into_iter().eq(expected));
}

#[test]
fn prime_sieve_says_how_it_is_called() {
    let output = example::run("prime_sieve", &["many"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: prime_sieve [HOW MANY]: "));
}
