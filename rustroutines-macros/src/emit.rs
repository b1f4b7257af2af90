//! The few expansions that all macros are made of.
//!
//! Generated tokens stand at the user's call and resolve as this crate's: a user's names never meet
//! ours, and lints know that the user has not written them.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Block, Expr, ExprForLoop, Type, TypeImplTrait};

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

/// How an operation found in a body is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) start: Start,
    pub(crate) mode: Mode,
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

/// A call, carried out where it is an operation. The module `suspend::resolve` explains the form.
///
/// Input: `f(a)`
/// Output: `(match (f(a),) { v => match probe() { k => { if false { tag(k, &v).rustroutines_learn() } match k.branch() {
///     Branch::Now(t) => t.get(v), Branch::Later(t) => t.start(v).await } } } })`, where the type `W` is
/// written down for the call's value with `wanted_tag::<_, W, _>(k, &v)`
pub(crate) fn resolve(
    attrs: &[Attribute],
    call: &TokenStream,
    at: Span,
    Wait { start, mode }: Wait,
    wanted: Option<&Type>,
) -> TokenStream {
    let span = ours(at);
    let tag = match wanted {
        None => quote_spanned!(span=> ::rustroutines::__private::tag(k, &v)),
        Some(wanted) => quote_spanned!(span=> ::rustroutines::__private::wanted_tag::<_, #wanted, _>(k, &v)),
    };
    let start = match (start, mode) {
        (Start::Inline, _) | (_, Mode::Block) => quote_spanned!(span=> t.start(v)),
        (Start::Boxed, _) => quote_spanned!(span=> t.start_boxed(v)),
        (Start::LocalBoxed, _) => quote_spanned!(span=> t.start_local_boxed(v)),
    };
    let later = wait(mode, start, at);
    quote_spanned! {span=>
        #(#attrs)*
        (match (#call,) {
            v => match ::rustroutines::__private::probe() {
                k => {
                    if false { #tag.rustroutines_learn() }
                    match k.branch() {
                        ::rustroutines::__private::Branch::Now(t) => t.get(v),
                        #[allow(unreachable_code)]
                        ::rustroutines::__private::Branch::Later(t) => #later,
                    }
                }
            }
        })
    }
}

/// A call's value as an operation, whatever it is (`operation`: what `go!` starts), or an error where it
/// is none (`arm`: what `select!` waits for).
///
/// Input: `f(a)`
/// Output: `match (f(a),) { v => match probe() { k => { if false { tag(k, &v).rustroutines_learn() } k.operation(v) } } }`
pub(crate) fn as_operation(call: &TokenStream, at: Span, method: &str) -> TokenStream {
    let span = ours(at);
    let method = Ident::new(method, span);
    quote_spanned! {span=>
        match (#call,) {
            v => match ::rustroutines::__private::probe() {
                k => {
                    if false { ::rustroutines::__private::tag(k, &v).rustroutines_learn() }
                    k.#method(v)
                }
            }
        }
    }
}

/// A `for` loop over whatever can be gone over, by suspending or not.
///
/// Input: `'l: for PAT in E { BODY }`
/// Output: `match E { v => match probe() { k => { if false { loop_tag(k, &v).rustroutines_learn() } match k.iterate(v) {
///     mut items => 'l: loop { match <next> { None => break, Some(item) => { let PAT = item; BODY } } } } } } }`
pub(crate) fn for_loop(it: &ExprForLoop, mode: Mode) -> TokenStream {
    let ExprForLoop { attrs, label, pat, expr, body, for_token, .. } = it;
    let span = ours(for_token.span);
    let next = wait(mode, quote_spanned!(span=> t.start_next(&mut items)), for_token.span);
    let statements = &body.stmts;
    let bind = quote_spanned!(pat.span()=> let #pat = );
    quote_spanned! {span=>
        #(#attrs)*
        (match #expr {
            v => match ::rustroutines::__private::probe() {
                k => {
                    if false { ::rustroutines::__private::loop_tag(k, &v).rustroutines_learn() }
                    match k.iterate(v) {
                        mut items => #label loop {
                            match match k.branch() {
                                ::rustroutines::__private::Branch::Now(t) => t.next(&mut items),
                                #[allow(unreachable_code)]
                                ::rustroutines::__private::Branch::Later(t) => #next,
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
            }
        })
    }
}

/// A rewritten body as an operation.
///
/// Input: `{ BODY }`, `T`
/// Output: `routine(async move { let output: T = { <keep>; if false { return <a T> } BODY }; output })`
///
/// The inner braces are the user's: what drops when at the end of a block depends on their edition.
/// Our statements stand inside them, since a block of one expression would be called superfluous.
pub(crate) fn body(
    keep: &TokenStream,
    block: &Block,
    output: Option<&Type>,
    capture: Capture,
) -> TokenStream {
    let braces = block.brace_token.span;
    let span = ours(braces.open());
    let statements = &block.stmts;
    let inside = |before: TokenStream| {
        let mut group = Group::new(Delimiter::Brace, quote!(#before #(#statements)*));
        group.set_span(braces.join());
        group
    };
    let capture = match capture {
        Capture::Move => quote_spanned!(span=> move),
        Capture::Borrow => TokenStream::new(),
    };
    let state_machine = match output {
        Some(output) if names_type(output) => {
            let block = inside(quote_spanned! {span=>
                #keep
                if false { return ::rustroutines::__private::never::<#output>() }
            });
            quote_spanned! {span=>
                async #capture {
                    let output: #output = #block;
                    #[allow(unreachable_code)]
                    output
                }
            }
        }
        _ => {
            let block = inside(keep.clone());
            quote_spanned!(span=> async #capture #block)
        }
    };
    quote_spanned!(span=> ::rustroutines::__private::routine(#state_machine))
}

/// What a body takes from around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capture {
    /// What it names, by value.
    Move,
    /// What it names, the way it uses it.
    Borrow,
}

/// Whether a `let` can name the type: `impl Trait` cannot be.
pub(crate) fn names_type(ty: &Type) -> bool {
    struct Find(bool);
    impl Visit<'_> for Find {
        fn visit_type_impl_trait(&mut self, _: &TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut find = Find(matches!(ty, Type::Never(_)));
    find.visit_type(ty);
    !find.0
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
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().map_or(path.span(), |segment| segment.ident.span()),
            other => other.span(),
        },
        other => other.span(),
    }
}
