//! The macros of `rustroutines`. Use them through that crate; this one holds no documentation of its own.
//!
//! Each goes parse, validate, rewrite, emit, on `proc_macro2` tokens so that unit tests can run it:
//!
//! - `routine`: the attribute; `signature`: what becomes of the parameters and the return type;
//! - `go`, `select`, `operation` (`suspend!` and `plain!`): the other macros;
//! - `rewrite`: finds the calls of a body; `known_macros`: finds them inside `println!` and the like;
//! - `emit`: the few expansions all of them are made of;
//! - `found`: how an expansion finds the crate;
//! - `quiet`: sees by the tokens alone that a body has no calls;
//! - `names`: the functions and methods never taken for operations;
//! - `diagnostics`: errors, gathered and reported together.

#![forbid(unsafe_code)]

mod diagnostics;
mod emit;
mod found;
mod go;
mod known_macros;
mod names;
mod operation;
mod quiet;
mod rewrite;
mod routine;
mod select;
mod signature;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;

/// Makes a function a routine: see `rustroutines::routine`.
#[proc_macro_attribute]
pub fn routine(options: TokenStream, item: TokenStream) -> TokenStream {
    routine::expand(options.into(), item.into()).into()
}

/// Starts a routine: see `rustroutines::go`.
#[proc_macro]
pub fn go(input: TokenStream) -> TokenStream {
    found::found(input.into(), go::expand).into()
}

/// Waits for the first of several operations: see `rustroutines::select`.
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    found::found(input.into(), select::expand).into()
}

/// Makes an operation of a block, or a closure that returns operations: see `rustroutines::suspend`.
#[proc_macro]
pub fn suspend(input: TokenStream) -> TokenStream {
    found::found(input.into(), operation::expand_suspend).into()
}

/// Leaves an expression as it is: see `rustroutines::plain`.
#[proc_macro]
pub fn plain(input: TokenStream) -> TokenStream {
    operation::expand_plain(input.into()).into()
}
