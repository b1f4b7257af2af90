//! Arms as Go, `match`, crossbeam and tokio write them: an error each, at the token that is foreign here.
//!
//! | written                                         | reported at          |
//! |-------------------------------------------------|----------------------|
//! | `let v = rx.recv() => …`, `case v = …`          | the word             |
//! | `v <- rx`, `<-rx`, `v := <-rx`                  | the arrow            |
//! | `rx -> v => …`, `recv(rx) -> v => …`            | the arrow            |
//! | `v := rx.recv()`, `v: T = rx.recv()`            | the colon            |
//! | `v = rx.recv() -> …`, `…: …`, `default: …`      | the arrow, the colon |
//! | `v = rx.recv() { … }`                           | the brace            |
//! | `v = rx.recv().await => …`                      | `await`              |
//! | `else => …`, `_ => …`                           | the word             |

use super::{Errors, Event};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Result, Token, token};

/// What stands where an arm begins. Words that can be left out are reported and skipped.
pub(super) fn begins(input: ParseStream<'_>, errors: &mut Errors) -> Result<()> {
    if input.fork().parse::<Ident>().is_ok_and(|word| word == "case") && names_outcome(input) {
        let word: Ident = input.parse()?;
        errors.push(word.span(), "leave `case` out: an arm is written `msg = rx.recv() => …`");
    }
    if let Some(word) = input.parse::<Option<Token![let]>>()? {
        errors.push(word.span, "leave `let` out: an arm is written `msg = rx.recv() => …`");
    }
    if input.peek(Token![else]) {
        return Err(input.error("`else` is called `default` here: write `default => …`"));
    }
    if input.peek(Token![_]) && input.peek2(Token![=>]) {
        return Err(
            input.error("`_` waits for nothing: what to do when nothing is ready stands behind `default =>`")
        );
    }
    arrow_before_outcome(input).map_or(Ok(()), Err)
}

/// Whether something other than an operator stands behind the next word, as in `case v = …`.
fn names_outcome(input: ParseStream<'_>) -> bool {
    input.peek2(Ident::peek_any) || input.peek2(Token![_]) || input.peek2(Token![<-])
}

/// The `<-` or `->` of `v <- rx =>`, `v := <-rx:` or `recv(rx) -> v =>`, with what to write for it.
fn arrow_before_outcome(input: ParseStream<'_>) -> Option<Error> {
    let here = input.fork();
    let (mut before, mut assigned) = (Vec::new(), false);
    loop {
        let span = here.span();
        if here.is_empty() || [peeks_end, peeks_closure].iter().any(|peeks| peeks(&here)) {
            return None;
        } else if here.peek(Token![<-]) {
            here.parse::<Token![<-]>().ok()?;
            let channel = text(rest(&here));
            let words = match text(before.into_iter().take_while(|tree| !is_assignment(tree))) {
                outcome if assigned => format!("write `{outcome} = {channel}.recv() => …` to receive"),
                outcome if outcome.is_empty() => format!("write `msg = {channel}.recv() => …` to receive"),
                tx if channel.starts_with(|c: char| c.is_ascii_digit() || c == '"') => {
                    format!("write `{tx}.send({channel}) => …` to send")
                }
                other => format!(
                    "write `{other} = {channel}.recv() => …` to receive, `{other}.send({channel}) => …` to send"
                ),
            };
            return Some(Error::new(span, format!("an arm names its operation, and has no `<-`: {words}")));
        } else if here.peek(Token![->]) {
            here.parse::<Token![->]>().ok()?;
            return Some(if assigned {
                wrong_arrow(span, "->", "msg = rx.recv() => …")
            } else {
                let outcome = text(rest(&here));
                let operation = crossbeams(&before);
                Error::new(
                    span,
                    format!("the outcome's name stands in front: write `{outcome} = {operation} => …`"),
                )
            });
        }
        let tree: TokenTree = here.parse().ok()?;
        assigned |= is_assignment(&tree);
        before.push(tree);
    }
}

fn peeks_end(here: ParseStream<'_>) -> bool {
    here.peek(Token![=>]) || here.peek(Token![,]) || here.peek(Token![;])
}

/// A closure may have a return type.
fn peeks_closure(here: ParseStream<'_>) -> bool {
    here.peek(Token![|]) || here.peek(Token![||])
}

fn is_assignment(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '=' || punct.as_char() == ':')
}

/// What stands before the end of the event.
fn rest(here: ParseStream<'_>) -> Vec<TokenTree> {
    let mut rest = Vec::new();
    while !here.is_empty() && !peeks_end(here) && !here.peek(Token![:]) {
        rest.extend(here.parse::<TokenTree>());
    }
    rest
}

fn text(trees: impl IntoIterator<Item = TokenTree>) -> String {
    trees.into_iter().collect::<TokenStream>().to_string()
}

/// `recv(rx)` or `send(tx, v)` as an operation, or a channel's `recv()`.
fn crossbeams(before: &[TokenTree]) -> String {
    let [TokenTree::Ident(word), TokenTree::Group(arguments)] = before else {
        let called = matches!(before.last(), Some(TokenTree::Group(_)));
        return format!("{}{}", text(before.to_vec()), if called { "" } else { ".recv()" });
    };
    let comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut arguments = arguments.stream().into_iter();
    let channel = text(arguments.by_ref().take_while(|tree| !comma(tree)));
    format!("{channel}.{word}({})", text(arguments))
}

/// What stands between a pattern and its `=`.
pub(super) fn assignment(input: ParseStream<'_>, errors: &mut Errors) -> Result<()> {
    let Some(colon) = input.parse::<Option<Token![:]>>()? else { return Ok(()) };
    if input.peek(Token![=]) {
        errors.push(colon.span, "write `=` and not `:=`, as in `msg = rx.recv() => …`");
    } else {
        errors.push(colon.span, "leave the type out: the outcome has that of the operation");
        input.parse::<syn::Type>()?;
    }
    Ok(())
}

/// Whether this is `v: T = …`.
pub(super) fn is_typed(input: ParseStream<'_>) -> bool {
    let here = input.fork();
    here.parse::<Ident>().is_ok()
        && here.parse::<Token![:]>().is_ok()
        && here.parse::<syn::Type>().is_ok()
        && here.peek(Token![=])
        && !here.peek(Token![=>])
}

/// The operation, which the select carries out.
pub(super) fn operation(input: ParseStream<'_>, errors: &mut Errors) -> Result<Expr> {
    match input.parse()? {
        Expr::Await(it) => {
            errors
                .push(it.await_token.span, "leave `.await` out: `select!` waits for the operation by itself");
            Ok(*it.base)
        }
        other => Ok(other),
    }
}

/// What stands in the place of `=>`: reported, and read as if it were one.
pub(super) fn arrow(input: ParseStream<'_>, event: &Event, errors: &mut Errors) -> Option<Token![=>]> {
    let span = input.span();
    if input.peek(token::Brace) {
        errors.push(span, "`=>` is missing before what to do: `… => { … }`");
        return Some(Token![=>](span));
    }
    let example = match event {
        Event::Operation { .. } => "msg = rx.recv() => …",
        Event::Default(_) => "default => …",
        Event::After(..) => "timeout(duration) => …",
        Event::At(..) => "deadline(instant) => …",
    };
    if input.parse::<Option<Token![->]>>().ok()?.is_some() {
        errors.add(wrong_arrow(span, "->", example));
    } else if input.parse::<Option<Token![:]>>().ok()?.is_some() {
        errors.add(wrong_arrow(span, ":", example));
    } else {
        return None;
    }
    Some(Token![=>](span))
}

fn wrong_arrow(span: Span, written: &str, example: &str) -> Error {
    Error::new(span, format!("write `=>` and not `{written}` before what to do, as in `{example}`"))
}

/// `default(…)`, which in crossbeam's `select!` takes a time.
pub(super) fn default_with_arguments(word: &Ident, input: ParseStream<'_>) -> Error {
    let empty = match input.fork().parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) => {
            group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty()
        }
        _ => true,
    };
    Error::new(
        word.span(),
        if empty {
            "`default` waits for nothing: write `default => …`"
        } else {
            "`default` waits for nothing: write `default => …`, or `timeout(duration) => …` for a time limit"
        },
    )
}
