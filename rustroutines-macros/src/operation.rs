//! `suspend!`, which makes an operation of a block or a closure that returns operations, and `plain!`.

use crate::emit::{self, Capture, Mode};
use crate::rewrite::Rewriter;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::token::Brace;
use syn::{Block, Error, Expr, ExprClosure, Result, ReturnType, Stmt, Token, Type};

/// A body given to a macro of ours: a closure, or a block with or without `move`.
#[derive(Debug)]
pub(crate) enum Body {
    Closure(ExprClosure),
    Block(Option<Token![move]>, Block),
}

impl Body {
    /// Whether a body begins here.
    pub(crate) fn begins(input: ParseStream<'_>) -> bool {
        input.peek(syn::token::Brace)
            || input.peek(Token![|])
            || input.peek(Token![||])
            || input.peek(Token![move])
            || (input.peek(Token![for]) && input.peek2(Token![<]))
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let block = input.peek(Token![move]) && input.peek2(syn::token::Brace);
        if block || input.peek(syn::token::Brace) {
            return Ok(Body::Block(input.parse()?, input.parse()?));
        }
        let closure: ExprClosure = input.parse()?;
        match &*closure.body {
            // Its value would be the outcome, and nobody would carry it out.
            Expr::Async(it) => Err(Error::new(
                it.async_token.span,
                "leave `async` out: what stands in the closure suspends by itself",
            )),
            _ => Ok(Body::Closure(closure)),
        }
    }
}

/// What `suspend!` takes.
struct Operation {
    /// The operation is to stand behind a pointer.
    boxed: Option<Ident>,
    body: Body,
}

impl Parse for Operation {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        const FORMS: &str = "write `suspend!({ … })` for an operation, or `suspend!(|x| …)` for a closure that \
                             returns operations";
        let here = input.fork();
        let boxed: Option<Ident> = here.parse().ok().filter(|word| word == "boxed");
        if boxed.is_some() {
            // With a comma, since rustfmt would take `boxed |x| f(x)` for operators.
            if here.parse::<Option<Token![,]>>()?.is_none() && Body::begins(&here) {
                return Err(here.error("a comma is missing behind `boxed`: `suspend!(boxed, …)`"));
            }
            input.advance_to(&here);
        }
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), FORMS));
        }
        if input.peek(Token![async]) {
            let words = "`suspend!` needs no `async`: write `suspend!({ … })`, or `suspend!(move { … })`";
            return Err(input.error(words));
        }
        if !Body::begins(input) {
            // shown at the whole of what is there instead
            return Err(Error::new(input.parse::<TokenStream>()?.span(), FORMS));
        }
        let body = input.parse()?;
        if !input.is_empty() {
            return Err(input.error("`suspend!` takes one block or one closure, and nothing behind it"));
        }
        Ok(Self { boxed, body })
    }
}

/// Input: `suspend!(|req| BODY)`
/// Output: `|req| routine(async move { BODY })`
///
/// Input: `suspend!({ BODY })`, `suspend!(move { BODY })`
/// Output: `routine(async { BODY })`, `routine(async move { BODY })`
///
/// With `boxed,` before it, the operation is `boxed(routine(…))`.
pub(crate) fn expand_suspend(input: TokenStream) -> TokenStream {
    let (boxed, body) = match Operation::parse.parse2(input) {
        Ok(Operation { boxed, body }) => (boxed, body),
        Err(error) => return error.into_compile_error(),
    };
    let finish = |operation: TokenStream| match &boxed {
        None => operation,
        Some(word) => {
            let span = emit::ours(word.span());
            quote_spanned!(span=> ::rustroutines::__private::boxed(#operation))
        }
    };
    match body {
        Body::Closure(closure) => {
            let attrs = &closure.attrs;
            let ExprClosure { lifetimes, movability, capture, or1_token, inputs, or2_token, .. } = &closure;
            let inner = finish(closure_body(&closure, closure.or1_token.span()));
            quote!(#(#attrs)* #lifetimes #movability #capture #or1_token #inputs #or2_token #inner)
        }
        Body::Block(word, mut block) => {
            Rewriter::new(Mode::Suspend).body(&mut block, None);
            let capture = if word.is_some() { Capture::Move } else { Capture::Borrow };
            let maker = Ident::new("routine", emit::ours(block.brace_token.span.open()));
            finish(emit::body(&TokenStream::new(), &block, None, capture, &maker))
        }
    }
}

/// A closure's body as an operation, pinned to the return type where one is written. What is asked of the whole is
/// shown at `at`.
pub(crate) fn closure_body(closure: &ExprClosure, at: Span) -> TokenStream {
    let mut block = match &*closure.body {
        Expr::Block(it) if it.attrs.is_empty() && it.label.is_none() => it.block.clone(),
        other => Block {
            brace_token: Brace(emit::ours(emit::call_site(other))),
            stmts: vec![Stmt::Expr(other.clone(), None)],
        },
    };
    let output: Option<&Type> = match &closure.output {
        ReturnType::Type(_, ty) => Some(ty),
        ReturnType::Default => None,
    };
    Rewriter::new(Mode::Suspend).body(&mut block, output);
    let maker = Ident::new("routine", emit::ours(at));
    emit::body(&TokenStream::new(), &block, output, Capture::Move, &maker)
}

/// Input: `plain!(E)`
/// Output: `(E)`
pub(crate) fn expand_plain(input: TokenStream) -> TokenStream {
    match syn::parse2::<Expr>(input.clone()) {
        Ok(expr) => {
            let span = emit::ours(expr.span());
            quote_spanned!(span=> (#expr))
        }
        Err(error) => {
            Error::new(error.span(), "`plain!` takes one expression, and leaves it as it is: `plain!(f(x))`")
                .into_compile_error()
        }
    }
}
