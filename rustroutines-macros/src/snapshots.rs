//! One expansion for each rewrite rule, compared as text with `snapshots/NAME.rs`.
//!
//! In the text `__` stands for `::rustroutines::__private`. After a change,
//! `SNAPSHOT=overwrite cargo test -p rustroutines-macros` writes the files anew: then read them.

use proc_macro2::TokenStream;
use std::{env, fs, path::Path};

/// Compares what `#[routine(options)] item` becomes.
fn routine(name: &str, options: &str, item: &str) {
    let expanded = crate::routine::expand(options.parse().unwrap(), item.parse().unwrap());
    check(name, &expanded.to_string());
}

/// The same for an item of a trait.
fn method(name: &str, options: &str, item: &str) {
    let expanded = crate::routine::expand(options.parse().unwrap(), item.parse().unwrap());
    check(name, &format!("trait X {{ {expanded} }}"));
}

/// Compares what a macro's input becomes, in the place of an expression.
fn expression(name: &str, expand: fn(TokenStream) -> TokenStream, input: &str) {
    let expanded = expand(input.parse().unwrap());
    check(name, &format!("fn expression() {{ {expanded} }}"));
}

fn check(name: &str, expanded: &str) {
    let short = expanded.replace(":: rustroutines :: __private", "__");
    let file = syn::parse_file(&short).unwrap_or_else(|error| panic!("{error} in {short}"));
    let text = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(format!("{name}.rs"));
    if env::var_os("SNAPSHOT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{} is not what {name} becomes now:\n{text}", path.display());
}

#[test]
fn a_call() {
    routine("call", "", "fn f(x: u32) -> u32 { g(x) }");
}

#[test]
fn a_function_as_a_pointer_and_a_type_left_open() {
    routine(
        "part",
        "",
        "fn f(x: &X) -> P { fn g() {} let r: Result<_, E> = h(); P { a: x.m(g), b: Some(x.m(T::g)), c: x.m(r) } }",
    );
}

#[test]
fn a_method_call_with_an_attribute_in_a_local_routine() {
    routine("method_call", "local", "fn f(x: &X) { #[cfg(feature = \"a\")] x.g(1); }");
}

#[test]
fn a_blocking_body() {
    routine("blocking", "blocking", "fn f(x: u32) -> u32 { for i in g(x) { h(i); } g(x).await + h(x) }");
}

#[test]
fn main() {
    routine("main", "", "fn main() { f(); }");
}

#[test]
fn a_crate_found_by_another_path() {
    let options = "crate = crate::tools::inner";
    routine("crate_path", options, "fn f(x: X) -> u32 { for i in x { g(i); } h() }");
    let expanded = crate::routine::expand(options.parse().unwrap(), "fn f() { g() }".parse().unwrap());
    assert!(!expanded.to_string().contains("rustroutines ::"), "{expanded}");
}

#[test]
fn macros_in_a_crate_found_by_another_path() {
    let body = "go!(f(g())); let c = || rr::suspend!({ h() }); rr::select! { default => other::go!(x), }";
    routine("crate_path_macros", "crate = rr, local", &format!("fn f() {{ {body} }}"));
}

#[test]
fn a_macro_that_was_told_the_path() {
    let expand = |input| crate::found::found(input, crate::go::expand);
    expression("crate_path_go", expand, "@crate [rr] move || { suspend!(@crate [rr] { f() }) }");
}

#[test]
fn a_macro_that_writes() {
    routine(
        "write",
        "",
        "fn f(x: &mut X) -> R { #[cfg(a)] writeln!(x, \"{}\", g()); write!(x, \"a\")?; write!(h(), \"b\")?; write!(x) }",
    );
    routine(
        "write_blocking",
        "blocking",
        "fn f(x: &mut X) -> R { writeln!(x, \"{}\", g()); std::write!(x, \"a\") }",
    );
}

#[test]
fn a_loop() {
    routine("for_loop", "", "fn f(rx: R) { 'l: for (a, b) in rx { continue 'l; } for i in 0..3 {} }");
}

#[test]
fn a_routine_that_calls_itself() {
    routine("recursion", "", "fn f(n: u32) -> u32 { f(n) }");
}

#[test]
fn a_boxed_method_of_a_trait() {
    method("boxed", "boxed", "fn f<T: Send>(&self, a: &str, b: impl Fn(&u8)) -> &T;");
}

#[test]
fn parameters() {
    routine("parameters", "", "fn f(mut a: A, (b, c): B, unused: D, _: E) -> ! { g!(a, b, c) }");
}

#[test]
fn known_and_unknown_macros() {
    routine(
        "macros",
        "",
        "fn f(x: u32) { println!(\"{}\", g(x)); unknown!(g(x)); go!(g(h(x))); plain!(g(x)); }",
    );
}

#[test]
fn what_is_left_alone() {
    routine(
        "left_alone",
        "",
        "fn f(x: u32) -> Box<X> { let c = || g(x); Some(x.into()); Box::new(async { g(x) }) }",
    );
}

#[test]
fn bodies_with_nothing_to_wait_for() {
    routine("at_once", "", "fn f(x: &X) -> u32 { if x.y { return 1; } Some(x.z).unwrap() }");
    routine("at_once_boxed", "boxed, local", "fn f(x: &X) -> ! { let c = || g(x); loop {} }");
    routine("macro_may_wait", "local", "fn f() { unknown!(g(x)) }");
}

#[test]
fn go_with_a_call() {
    expression("go_call", crate::go::expand, "\"name\", f(x, 1)");
}

#[test]
fn go_with_a_method() {
    expression("go_method", crate::go::expand, "x.f(1)");
}

#[test]
fn go_with_a_closure() {
    expression("go_closure", crate::go::expand, "move || f(x)");
}

#[test]
fn a_select() {
    let input = "biased; (a, b) = f(x), if c => a + b, timeout(d) => 0, tx.send(1) => {}";
    expression("select", crate::select::expand, input);
}

#[test]
fn a_select_inside_a_body() {
    routine("select_inside", "", "fn f() { select! { x = f(g()) => h(x), default => {} } }");
}

#[test]
fn suspend_with_a_closure() {
    expression("suspend", crate::operation::expand_suspend, "|x| -> u32 { f(x) }");
}

#[test]
fn dbg_shows_what_was_written() {
    routine("dbg", "blocking", "fn f() { dbg!(g(), 1); dbg!(); }");
}

#[test]
fn block_inside_a_routine_is_refused_by_type() {
    routine("block", "local", "fn f(x: &X) { x.g(1).block(); x.block(); }");
}

#[test]
fn suspend_behind_a_pointer() {
    expression("suspend_boxed", crate::operation::expand_suspend, "boxed, |x: u32| f(x)");
}

#[test]
fn a_call_behind_a_reference() {
    routine("reference", "local", "fn f(x: X) { g(&x.borrow(), &(h())); }");
}

#[test]
fn calls_whose_type_is_written_down() {
    let body = "let n: u8 = g(); if n == h() { return Err(k(n)); } match n { 0 => Ok(g()), _ => { k(n) } }";
    routine("wanted", "local", &format!("fn f() -> Result<u8, E> {{ {body} }}"));
    routine("wanted_blocking", "blocking", &format!("fn f() -> Result<u8, E> {{ {body} }}"));
}

#[test]
fn what_is_awaited_and_what_is_asked_for_its_error() {
    routine("await_and_try", "local", "fn f() -> Result<u8, E> { g(h()).await; g(h())?; Ok(1) }");
}

#[test]
fn statements_that_bind_and_arms_that_call() {
    let body = "let Some(n) = g() else { return h(); }; let m = g(); match m { 1 if h() => g(), _ => {} }";
    routine("bindings", "local", &format!("fn f() {{ {body} }}"));
}

#[test]
fn macros_that_take_conditions_patterns_and_lengths() {
    let body = "assert!(g()); assert!(g(), \"{}\", h()); matches!(g(), Some(n) if h(n)); vec![g(); h()];";
    routine("conditions", "local", &format!("fn f() {{ {body} }}"));
}

#[test]
fn a_local_method_that_calls_itself() {
    routine(
        "recursion_local",
        "local",
        "fn f(&self, n: u32) -> u32 { self.f(n) + Self::f(self, n) + other.f(n) }",
    );
}

#[test]
fn a_local_routine_behind_a_pointer() {
    routine("boxed_local", "boxed, local", "fn f(a: &str) -> &str { g(a) }");
}

#[test]
fn a_method_of_a_trait_without_a_body() {
    method("trait_method", "", "fn f(&self, n: u32) -> u32;");
}

#[test]
fn a_test() {
    routine("test", "", "#[test] fn f() { g(); }");
}

#[test]
fn go_with_a_block() {
    expression("go_block", crate::go::expand, "name, move { f(x); }");
}

#[test]
fn suspend_with_a_block() {
    expression("suspend_block", crate::operation::expand_suspend, "{ f(x) }");
}

#[test]
fn plain_leaves_its_expression() {
    expression("plain", crate::operation::expand_plain, "f(g(x))");
}

#[test]
fn a_select_inside_a_blocking_body() {
    routine(
        "select_blocking",
        "blocking",
        "fn f() { select! { f(g()), if c() => h(), deadline(d()) => {} } }",
    );
}

#[test]
fn a_select_with_guards_and_a_default() {
    expression(
        "select_default",
        crate::select::expand,
        "@suspend _ = f(), if c => 1, f() => 2, default => 3",
    );
}
