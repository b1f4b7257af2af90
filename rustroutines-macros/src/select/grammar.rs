//! The grammar of `select!`.
//!
//! ```text
//! select  := [`biased` `;`] arm*
//! arm     := event [`,` `if` guard] `=>` body          a comma behind it, unless the body is a block
//! event   := [pattern `=`] operation
//!          | `default` | `timeout` `(` duration `)` | `deadline` `(` instant `)`
//! ```
//!
//! How other languages and crates write an arm is known too (`foreign`), and answered with how it is written here.
//!
//! After an error the parser goes on at the next arm, so that one compilation shows them all.

mod foreign;

use crate::diagnostics::Errors;
use crate::emit::Mode;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, Pat, Result, Token, parenthesized, token};

/// One invocation.
#[derive(Debug)]
pub(crate) struct Select {
    /// Written by us where a routine's body was rewritten: `@suspend`.
    pub(crate) mode: Mode,
    /// The first ready arm in source order wins.
    pub(crate) biased: bool,
    /// In source order.
    pub(crate) arms: Vec<Arm>,
}

impl Select {
    /// The arms that are operations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Arm> {
        self.arms.iter().filter(|arm| matches!(arm.event, Event::Operation { .. }))
    }
}

/// One arm.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) event: Event,
    /// The arm is out of the race where this is false.
    pub(crate) guard: Option<Expr>,
    pub(crate) arrow: Token![=>],
    pub(crate) body: Expr,
}

impl Arm {
    /// Where to show what concerns the arm.
    pub(crate) fn span(&self) -> Span {
        self.event.span()
    }
}

impl Event {
    fn span(&self) -> Span {
        match self {
            Event::Operation { operation, .. } => crate::emit::call_site(operation),
            Event::Default(word) | Event::After(word, _) | Event::At(word, _) => word.span(),
        }
    }
}

/// What an arm waits for.
#[derive(Debug)]
pub(crate) enum Event {
    /// An operation; its output goes to the pattern.
    Operation { pattern: Option<Pat>, operation: Expr },
    /// Nothing: no other arm is ready.
    Default(Ident),
    /// A time from now.
    After(Ident, Expr),
    /// A point in time.
    At(Ident, Expr),
}

impl ToTokens for Select {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self.mode {
            Mode::Suspend => quote!(@suspend),
            Mode::Block => TokenStream::new(),
        });
        tokens.extend(self.biased.then(|| quote!(biased;)));
        for Arm { event, guard, arrow, body } in &self.arms {
            tokens.extend(match event {
                Event::Operation { pattern: Some(pattern), operation } => quote!(#pattern = #operation),
                Event::Operation { pattern: None, operation } => quote!(#operation),
                Event::Default(word) => quote!(#word),
                Event::After(word, time) | Event::At(word, time) => quote!(#word(#time)),
            });
            tokens.extend(guard.as_ref().map(|guard| quote!(, if #guard)));
            tokens.extend(quote!(#arrow #body,));
        }
    }
}

/// Parses and validates.
pub(crate) fn parse(input: TokenStream, errors: &mut Errors) -> Select {
    let mut select = Select { mode: Mode::Block, biased: false, arms: Vec::new() };
    let parser = |input: ParseStream<'_>| {
        if input.is_empty() {
            errors.push(
                Span::call_site(),
                "this `select!` waits for nothing: give it an arm, as in `msg = rx.recv() => …`",
            );
        }
        if is_suspend(&input.fork()) {
            input.parse::<Token![@]>()?;
            input.parse::<Ident>()?;
            select.mode = Mode::Suspend;
        }
        while !input.is_empty() {
            if let Some(word) = biased(input)? {
                if select.biased || !select.arms.is_empty() {
                    errors.push(word.span(), "`biased;` comes first, before all arms, and once");
                }
                select.biased = true;
                continue;
            }
            match arm(input, errors) {
                Ok(arm) => select.arms.push(arm),
                Err(error) => {
                    errors.add(error);
                    skip_arm(input)?;
                }
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(input) {
        errors.add(error);
    }
    validate(&select, errors);
    select
}

/// Whether this is `@suspend`.
fn is_suspend(input: ParseStream<'_>) -> bool {
    input.parse::<Token![@]>().is_ok() && input.parse::<Ident>().is_ok_and(|word| word == "suspend")
}

/// `biased` and what stands behind it, a comma where a semicolon should be included.
fn biased(input: ParseStream<'_>) -> Result<Option<Ident>> {
    let here = input.fork();
    if !here.parse::<Ident>().is_ok_and(|word| word == "biased")
        || !(here.is_empty() || here.peek(Token![;]) || here.peek(Token![,]))
    {
        return Ok(None);
    }
    let word: Ident = input.parse()?;
    if input.parse::<Option<Token![;]>>()?.is_none() {
        let error = Error::new(word.span(), "write `biased;`, with a semicolon, before the arms");
        input.parse::<Option<Token![,]>>()?;
        return Err(error);
    }
    Ok(Some(word))
}

fn arm(input: ParseStream<'_>, errors: &mut Errors) -> Result<Arm> {
    foreign::begins(input, errors)?;
    let event = match timer(input, errors)? {
        Some(event) => event,
        None => operation(input, errors)?,
    };
    let guard = guard(input, &event, errors)?;
    let arrow = match input.parse::<Option<Token![=>]>>()? {
        Some(arrow) => arrow,
        None => foreign::arrow(input, &event, errors).ok_or_else(|| missing_arrow(input, &event))?,
    };
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(arrow.spans[0], "say what to do when this arm is chosen: `… => { … }`"));
    }
    let body = Expr::parse_with_earlier_boundary_rule(input)?;
    let comma: Option<Token![,]> = input.parse()?;
    if comma.is_none() && !input.is_empty() && !ends_with_block(&body) {
        if let Some(semicolon) = input.parse::<Option<Token![;]>>()? {
            errors.push(semicolon.span, "arms end with a comma, not with a semicolon: write `,`");
            return Ok(Arm { event, guard, arrow, body });
        }
        errors.push(input.span(), "a comma is missing between the arm before this and the next one");
        if !begins_arm(input) {
            skip_arm(input)?;
        }
    }
    Ok(Arm { event, guard, arrow, body })
}

/// `default`, `timeout(…)` or `deadline(…)`, without a pattern and with one argument.
fn timer(input: ParseStream<'_>, errors: &mut Errors) -> Result<Option<Event>> {
    let here = input.fork();
    let Ok(word) = here.parse::<Ident>() else { return Ok(None) };
    let ends = |here: ParseStream<'_>| {
        here.peek(Token![=>])
            || here.peek(Token![,])
            || here.peek(Token![if])
            || here.peek(Token![->])
            || here.peek(token::Brace)
            || here.peek(Token![:]) && !here.peek(Token![::])
    };
    if word == "default" {
        if here.peek(token::Paren) {
            return Err(foreign::default_with_arguments(&word, &here));
        }
        if !ends(&here) && !here.is_empty() {
            return Ok(None);
        }
        input.advance_to(&here);
        return Ok(Some(Event::Default(word)));
    }
    let absolute = word == "deadline";
    if !(absolute || word == "timeout") || !here.peek(token::Paren) {
        return Ok(None);
    }
    let content;
    parenthesized!(content in here);
    if !ends(&here) && !here.is_empty() {
        return Ok(None);
    }
    if content.is_empty() {
        let (what, example) = if absolute {
            ("the instant", "deadline(start + limit)")
        } else {
            ("how long", "timeout(Duration::from_secs(1))")
        };
        errors.push(word.span(), format!("say {what}: `{example} => …`"));
        input.advance_to(&here);
        let time = Expr::Verbatim(TokenStream::new());
        return Ok(Some(if absolute { Event::At(word, time) } else { Event::After(word, time) }));
    }
    let time: Expr = content.parse()?;
    content.parse::<Option<Token![,]>>()?;
    if !content.is_empty() {
        // `timeout(d, || op)`: the function, whose value is an operation
        return Ok(None);
    }
    input.advance_to(&here);
    Ok(Some(if absolute { Event::At(word, time) } else { Event::After(word, time) }))
}

fn operation(input: ParseStream<'_>, errors: &mut Errors) -> Result<Event> {
    let pattern = if has_pattern(input) || foreign::is_typed(input) {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        foreign::assignment(input, errors)?;
        input.parse::<Token![=]>().map_err(|_| {
            input.error("expected `=` between the pattern and the operation, as in `msg = rx.recv() => …`")
        })?;
        if let Some(span) = refutable(&pattern) {
            errors.push(
                span,
                "this pattern does not fit every outcome: bind the outcome to a name, \
                 as in `outcome = … => match outcome { … }`",
            );
        }
        Some(pattern)
    } else {
        None
    };
    if input.peek(Token![=>]) {
        return Err(input.error("an operation is missing before this arrow, as in `msg = rx.recv() => …`"));
    }
    Ok(Event::Operation { pattern, operation: foreign::operation(input, errors)? })
}

fn guard(input: ParseStream<'_>, event: &Event, errors: &mut Errors) -> Result<Option<Expr>> {
    let comma: Option<Token![,]> =
        if input.peek(Token![,]) && input.peek2(Token![if]) { input.parse()? } else { None };
    if !input.peek(Token![if]) {
        return Ok(None);
    }
    let word: Token![if] = input.parse()?;
    let guard: Expr = input.parse()?;
    if comma.is_none() {
        errors.push(word.span, "a guard stands behind a comma: `rx.recv(), if ready => …`");
    }
    if matches!(event, Event::Default(_)) {
        errors.push(word.span, "`default` takes no guard: put the condition into its body");
    }
    Ok(Some(guard))
}

/// Whether a single `=` comes before the arrow.
fn has_pattern(input: ParseStream<'_>) -> bool {
    let here = input.fork();
    while !here.is_empty() && !here.peek(Token![=>]) && !here.peek(Token![,]) {
        if here.peek(Token![==]) || here.peek(Token![!=]) || here.peek(Token![<=]) || here.peek(Token![>=]) {
            return false;
        }
        if here.peek(Token![..=]) {
            let _ = here.parse::<Token![..=]>();
        } else if here.peek(Token![=]) {
            return true;
        } else if here.parse::<TokenTree>().is_err() {
            return false;
        }
    }
    false
}

fn missing_arrow(input: ParseStream<'_>, event: &Event) -> Error {
    let text = "`=>` is missing: write what to do with the outcome, as in `msg = rx.recv() => println!(\"{msg:?}\")`";
    if input.is_empty() { Error::new(event.span(), text) } else { input.error(text) }
}

/// Goes to where the next arm begins: behind the next comma, or behind the block behind an arrow.
fn skip_arm(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() {
        if input.peek(Token![,]) && !input.peek2(Token![if]) {
            input.parse::<Token![,]>()?;
            return Ok(());
        }
        if input.peek(Token![=>]) {
            input.parse::<Token![=>]>()?;
            if input.peek(token::Brace) {
                input.parse::<TokenTree>()?;
                input.parse::<Option<Token![,]>>()?;
                return Ok(());
            }
            continue;
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Whether what follows can be read as an arm.
fn begins_arm(input: ParseStream<'_>) -> bool {
    let here = input.fork();
    let mut ignored = Errors::default();
    let event = timer(&here, &mut ignored).ok().flatten().map_or_else(|| operation(&here, &mut ignored), Ok);
    event.is_ok_and(|event| guard(&here, &event, &mut ignored).is_ok()) && here.peek(Token![=>])
}

/// Whether an arm's body needs no comma behind it, as in `match`.
fn ends_with_block(body: &Expr) -> bool {
    match body {
        Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_) => true,
        Expr::While(_) | Expr::Loop(_) | Expr::ForLoop(_) | Expr::TryBlock(_) | Expr::Const(_) => true,
        Expr::Macro(it) => matches!(it.mac.delimiter, syn::MacroDelimiter::Brace(_)),
        _ => false,
    }
}

/// The part of a pattern that plainly does not fit every value. What cannot be told from the text is
/// left to the compiler.
fn refutable(pattern: &Pat) -> Option<Span> {
    let std = |name: &Ident| ["Some", "None", "Ok", "Err"].iter().any(|std| name == std);
    match pattern {
        Pat::Lit(_) | Pat::Range(_) => Some(pattern.span()),
        Pat::Ident(it) if std(&it.ident) => Some(it.ident.span()),
        Pat::Ident(it) => it.subpat.as_ref().and_then(|(_, inner)| refutable(inner)),
        Pat::TupleStruct(it) => match it.path.segments.last() {
            Some(last) if std(&last.ident) => Some(last.ident.span()),
            _ => it.elems.iter().find_map(refutable),
        },
        Pat::Tuple(it) => it.elems.iter().find_map(refutable),
        Pat::Struct(it) => it.fields.iter().find_map(|field| refutable(&field.pat)),
        Pat::Paren(it) => refutable(&it.pat),
        Pat::Reference(it) => refutable(&it.pat),
        Pat::Type(it) => refutable(&it.pat),
        _ => None,
    }
}

fn validate(select: &Select, errors: &mut Errors) {
    if select.biased && select.arms.is_empty() && errors.is_empty() {
        errors.push(Span::call_site(), "this `select!` waits for nothing: give it an arm behind `biased;`");
    }
    let words =
        |wanted: fn(&Event) -> Option<&Ident>| select.arms.iter().filter_map(move |arm| wanted(&arm.event));
    let defaults = words(|event| if let Event::Default(word) = event { Some(word) } else { None });
    let limits = words(|event| match event {
        Event::After(word, _) | Event::At(word, _) => Some(word),
        _ => None,
    });
    let first_default = defaults.clone().next();
    for word in defaults.skip(1) {
        errors.push(word.span(), "a select has one `default`: leave this one out, or join the two bodies");
    }
    for (i, word) in limits.enumerate() {
        if first_default.is_some() {
            errors.push(
                word.span(),
                format!("`default` is taken at once, so that this `{word}` is never reached: leave one of them out"),
            );
        } else if i > 0 {
            errors.push(word.span(), "a select has one time limit: leave this one out, and keep the shorter");
        }
    }
}
