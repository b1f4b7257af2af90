//! Rewrites the arguments of macros known to take expressions; where they do not parse as such, the
//! macro is another one by the same name, and is left alone.

use crate::names::{self, Arguments};
use crate::rewrite::Rewriter;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro, Pat, Result, Token, parse_quote_spanned};

// Input: `println!("{}", f(x))`
// Output: `println!("{}", resolve!(f(x)))`
pub(crate) fn rewrite(mac: &mut Macro, rewriter: &mut Rewriter) {
    let Some(arguments) = names::macro_arguments(&mac.path) else { return };
    if let Arguments::Shown = arguments {
        return shown(mac, rewriter);
    }
    let tokens = mac.tokens.clone();
    let rewritten = match arguments {
        Arguments::List => (|input: ParseStream<'_>| list(input, rewriter)).parse2(tokens),
        Arguments::Condition => (|input: ParseStream<'_>| condition(input, rewriter)).parse2(tokens),
        Arguments::ListOrRepeat => (|input: ParseStream<'_>| list_or_repeat(input, rewriter)).parse2(tokens),
        Arguments::Pattern => (|input: ParseStream<'_>| pattern(input, rewriter)).parse2(tokens),
        Arguments::Shown => return,
    };
    if let Ok(rewritten) = rewritten {
        mac.tokens = rewritten;
    }
}

fn list(input: ParseStream<'_>, rewriter: &mut Rewriter) -> Result<TokenStream> {
    let mut arguments = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
    for argument in &mut arguments {
        match argument {
            // `name = value`, of a format
            Expr::Assign(named) => rewriter.visit_expr_mut(&mut named.right),
            other => rewriter.visit_expr_mut(other),
        }
    }
    Ok(quote!(#arguments))
}

// Input: `assert!(f(x) == 1)`
// Output: `assert!(resolve!(f(x)) == 1, "assertion failed: {}", stringify!(f(x) == 1))`: what fails is shown
// as it was written.
fn condition(input: ParseStream<'_>, rewriter: &mut Rewriter) -> Result<TokenStream> {
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated(&input.fork())?;
    let rewritten = list(input, rewriter)?;
    let (Some(condition), 1) = (arguments.first(), arguments.len()) else { return Ok(rewritten) };
    let comma: Option<Token![,]> = (!arguments.trailing_punct()).then(Default::default);
    let span = Span::mixed_site();
    Ok(quote_spanned! {span=>
        #rewritten #comma "assertion failed: {}", ::rustroutines::__private::stringify!(#condition)
    })
}

// Input: `dbg!(f(x))`
// Output: `plain!(dbg(stringify!(f(x)), resolve!(f(x))))`, at the user's `dbg`, so that this line is shown and
// this text.
fn shown(mac: &mut Macro, rewriter: &mut Rewriter) {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let Some(name) = mac.path.segments.last() else { return };
    let (Ok(arguments), span) = (parser.parse2(mac.tokens.clone()), name.ident.span()) else { return };
    let mut shown = arguments.into_iter().map(|argument| {
        let mut value = argument.clone();
        rewriter.visit_expr_mut(&mut value);
        quote_spanned! {span=>
            ::rustroutines::__private::dbg(::rustroutines::__private::stringify!(#argument), #value)
        }
    });
    mac.tokens = match (shown.next(), shown.next()) {
        (None, _) => return,
        (Some(one), None) => one,
        (Some(first), Some(second)) => {
            let others = shown;
            quote_spanned!(span=> (#first, #second, #(#others),*))
        }
    };
    mac.path = parse_quote_spanned!(span=> ::rustroutines::__private::plain);
}

fn list_or_repeat(input: ParseStream<'_>, rewriter: &mut Rewriter) -> Result<TokenStream> {
    let fork = input.fork();
    let repeat = fork.parse::<Expr>().is_ok() && fork.peek(Token![;]);
    if !repeat {
        return list(input, rewriter);
    }
    let mut element: Expr = input.parse()?;
    let semi: Token![;] = input.parse()?;
    let mut length: Expr = input.parse()?;
    rewriter.visit_expr_mut(&mut element);
    rewriter.visit_expr_mut(&mut length);
    Ok(quote!(#element #semi #length))
}

fn pattern(input: ParseStream<'_>, rewriter: &mut Rewriter) -> Result<TokenStream> {
    let mut value: Expr = input.parse()?;
    let comma: Token![,] = input.parse()?;
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let word: Option<Token![if]> = input.parse()?;
    let mut guard: Option<Expr> = word.is_some().then(|| input.parse()).transpose()?;
    rewriter.visit_expr_mut(&mut value);
    guard.iter_mut().for_each(|guard| rewriter.visit_expr_mut(guard));
    let rest: TokenStream = input.parse()?;
    Ok(quote!(#value #comma #pattern #word #guard #rest))
}
