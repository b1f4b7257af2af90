//! Compiles each case and compares the compiler's text with the `.stderr` beside it.
//!
//! The texts are those of the compiler that the project is developed with; another version may word
//! its part differently. After a change, `TRYBUILD=overwrite cargo test -p rustroutines-ui-tests`
//! writes them anew: then read them, as somebody who has never seen this crate would.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("routine/*.rs");
    cases.compile_fail("go/*.rs");
    cases.compile_fail("select/*.rs");
    cases.compile_fail("suspend/*.rs");
    cases.compile_fail("plain/*.rs");
}
