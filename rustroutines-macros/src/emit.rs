//! The few expansions that all macros are made of.
//!
//! Generated tokens stand at the user's call and resolve as this crate's: a user's names never meet
//! ours, and lints know that the user has not written them.
//!
//! - `call`: what a call becomes;
//! - `body`: what a rewritten body becomes.

mod body;
mod call;

pub(crate) use body::{Capture, at_once, body, names_type};
pub(crate) use call::{Prototype, apart, behind, ends, field_of, finish, resolve};

use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprForLoop, ExprMethodCall};

/// How a body waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The routine suspends.
    Suspend,
    /// The thread sleeps.
    Block,
}

/// How an operation found in a body is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// As it is.
    Inline,
    /// Behind a pointer, for a routine that calls itself.
    Boxed,
    /// Behind a pointer, for a `local` routine that calls itself.
    LocalBoxed,
}

/// Our names, shown at the user's tokens.
pub(crate) fn ours(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Waits for an operation.
///
/// Input: `op`
/// Output: `op.await`, or `match op { o => Suspend::block(o) }`
pub(crate) fn wait(mode: Mode, operation: TokenStream, at: Span) -> TokenStream {
    let span = ours(at);
    match mode {
        Mode::Suspend => quote_spanned!(span=> #operation.await),
        // A `match`, so that the branch that is not taken is unreachable from there on: rustc 1.85 would
        // say so of what comes after the branch.
        Mode::Block => quote_spanned! {span=>
            match #operation { o => ::rustroutines::__private::Suspend::block(o) }
        },
    }
}

/// Which of the crate's traits a rewritten body imports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Imports {
    /// Of the calls' values.
    pub(crate) values: bool,
    /// Of their types: where a type is written down, and in the loops of a body that suspends.
    pub(crate) types: bool,
}

/// What a body begins with in which [`resolve`], [`finish`] or [`for_loop`] has found something. Each import
/// costs the compiler as much as several calls, so that only those stand there that are needed.
pub(crate) fn imports(imports: Imports) -> TokenStream {
    let span = Span::mixed_site();
    let value =
        imports.values.then(|| quote_spanned!(span=> use ::rustroutines::__private::PlainValue as _;));
    let ty = imports.types.then(|| quote_spanned!(span=> use ::rustroutines::__private::PlainType as _;));
    quote!(#value #ty)
}

/// A call's value as an operation, whatever it is (`operation`: what `go!` starts), or an error where it
/// is none (`arm`: what `select!` waits for).
///
/// Input: `f(a)`
/// Output: `Value((f(a),)).rustroutines_operation()`
pub(crate) fn as_operation(call: &TokenStream, at: Span, method: &str) -> TokenStream {
    let span = ours(at);
    let method = Ident::new(method, span);
    quote_spanned!(span=> ::rustroutines::__private::Value((#call,)).#method())
}

/// Whether this is `f(x).block()`, `a.m(x).block()` or `write!(…).block()`.
pub(crate) fn blocks(call: &ExprMethodCall) -> bool {
    let may_wait = match &*call.receiver {
        Expr::Call(_) | Expr::MethodCall(_) => true,
        Expr::Macro(it) => names::writes(&it.mac.path),
        _ => false,
    };
    call.method == "block" && call.args.is_empty() && may_wait
}

/// [`blocks`] in a body that suspends: an error where `f(x)` is an operation.
///
/// Input: `f(x).block()`
/// Output: `Value((f(x),)).rustroutines_blocks().block()`
pub(crate) fn refuse_block(call: &mut ExprMethodCall) {
    let receiver = &call.receiver;
    let refused = as_operation(&quote!(#receiver), call.method.span(), "rustroutines_blocks");
    *call.receiver = Expr::Verbatim(refused);
}

/// A `for` loop over whatever can be gone over, by suspending or not.
///
/// Input: `'l: for PAT in E { BODY }`
/// Output: `match E { v => { let k = loop_over(); if false { k.is(v) } match k.rustroutines_iterate(v) {
///     mut items => 'l: loop { match (match k.rustroutines_suspends() { true =>
///     k.rustroutines_start_next(&mut items).await, false => k.rustroutines_next(&mut items) }) { None => break, Some(item) => { let PAT = item; BODY } } } } } }`;
/// in a blocking body `'l: for PAT in Items(E).rustroutines_iterate() { BODY }`
pub(crate) fn for_loop(it: &mut ExprForLoop, mode: Mode) -> Option<TokenStream> {
    let span = ours(it.for_token.span);
    if mode == Mode::Block {
        let expr = &it.expr;
        let span = ours(expr.span());
        let items = quote_spanned! {span=>
            ::rustroutines::__private::Items(#expr).rustroutines_iterate()
        };
        *it.expr = Expr::Verbatim(items);
        return None;
    }
    let ExprForLoop { attrs, label, pat, expr, body, .. } = it;
    let statements = &body.stmts;
    let bind = quote_spanned!(pat.span()=> let #pat = );
    Some(quote_spanned! {span=>
        #(#attrs)*
        (match #expr {
            v => {
                let k = ::rustroutines::__private::loop_over();
                if false { k.is(v) }
                match k.rustroutines_iterate(v) {
                    mut items => #label loop {
                        match match k.rustroutines_suspends() {
                            #[allow(unreachable_code)]
                            true => k.rustroutines_start_next(&mut items).await,
                            false => k.rustroutines_next(&mut items),
                        } {
                            ::rustroutines::__private::Option::None => break,
                            ::rustroutines::__private::Option::Some(item) => {
                                #bind item;
                                #(#statements)*
                            }
                        }
                    },
                }
            }
        })
    })
}

/// An expression in the place of a `match`'s, where one that begins with a struct literal needs
/// parentheses: `match (Point { x, y }.norm()) { … }`.
pub(crate) fn scrutinee(expr: &Expr) -> TokenStream {
    if begins_with_struct(expr) { quote!((#expr)) } else { quote!(#expr) }
}

fn begins_with_struct(expr: &Expr) -> bool {
    match expr {
        Expr::Struct(_) => true,
        Expr::MethodCall(it) => begins_with_struct(&it.receiver),
        Expr::Call(it) => begins_with_struct(&it.func),
        Expr::Field(it) => begins_with_struct(&it.base),
        Expr::Index(it) => begins_with_struct(&it.expr),
        Expr::Try(it) => begins_with_struct(&it.expr),
        Expr::Await(it) => begins_with_struct(&it.base),
        Expr::Group(it) => begins_with_struct(&it.expr),
        Expr::Binary(it) => begins_with_struct(&it.left) || begins_with_struct(&it.right),
        _ => false,
    }
}

/// Where to show what concerns a whole call: the function's last segment, or the method's name.
pub(crate) fn call_site(call: &Expr) -> Span {
    match call {
        Expr::MethodCall(call) => call.method.span(),
        Expr::Macro(it) => it.mac.path.segments.last().map_or(it.mac.path.span(), |name| name.ident.span()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().map_or(path.span(), |segment| segment.ident.span()),
            other => other.span(),
        },
        other => other.span(),
    }
}
