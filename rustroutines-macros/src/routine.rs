//! `#[routine]`: parse, validate, rewrite, emit.

use crate::diagnostics::{Errors, nearest};
use crate::emit::{self, Capture, Mode, Start};
use crate::found;
use crate::names;
use crate::quiet;
use crate::rewrite::Rewriter;
use crate::signature;
use proc_macro2::extra::DelimSpan;
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::token::Brace;
use syn::{
    Block, Error, Expr, Ident, Meta, MetaNameValue, Path, Result, ReturnType, Signature, Token, Type,
    Visibility,
};

/// The options, as they are written.
const OPTIONS: [&str; 4] = ["local", "boxed", "blocking", "crate"];

/// Where each option was written, if it was.
#[derive(Debug, Default)]
struct Options {
    /// No `Send`: the routine stays on the thread that carries it out.
    local: Option<Span>,
    /// The operation is returned behind a pointer.
    boxed: Option<Span>,
    /// A plain function by signature, whose operations are carried out by blocking.
    blocking: Option<Span>,
    /// By which path the expansion finds this crate, where that is not `::rustroutines`.
    path: Option<Path>,
}

/// Attributes, as they stand: nobody reads a comment a second time.
#[derive(Debug, Default)]
struct Attributes {
    tokens: TokenStream,
    /// Whether one of them is a `#[test]`, of whatever kind.
    test: bool,
    /// A second `#[routine]`, which is left out.
    routine: Option<Span>,
}

impl Attributes {
    /// Gathers those that begin here: `#[…]`, or `#![…]` where they are `inner`, which become outer ones.
    fn gather(&mut self, input: ParseStream<'_>, inner: bool) -> Result<()> {
        while input.peek(Token![#]) && input.peek2(Token![!]) == inner {
            let hash: Token![#] = input.parse()?;
            if inner {
                input.parse::<Token![!]>()?;
            }
            let group: Group = input.parse()?;
            let path = group.stream().into_iter().take_while(|tree| match tree {
                TokenTree::Ident(_) => true,
                TokenTree::Punct(punct) => punct.as_char() == ':',
                _ => false,
            });
            match path.last() {
                Some(TokenTree::Ident(last)) if last == "routine" => {
                    self.routine = Some(last.span());
                    continue;
                }
                Some(TokenTree::Ident(last)) => self.test |= last == "test",
                _ => {}
            }
            hash.to_tokens(&mut self.tokens);
            group.to_tokens(&mut self.tokens);
        }
        Ok(())
    }
}

/// A function, with or without a body.
struct Function {
    attrs: Attributes,
    vis: Visibility,
    defaultness: Option<Ident>,
    sig: Signature,
    body: Option<Body>,
}

/// What stands in a function's braces.
enum Body {
    /// It has no calls: nobody has to read it.
    Quiet(DelimSpan, TokenStream),
    Read(Block),
}

impl Body {
    fn braces(&self) -> Brace {
        match self {
            Body::Quiet(span, _) => Brace { span: *span },
            Body::Read(block) => block.brace_token,
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = Attributes::default();
        attrs.gather(input, false)?;
        let vis = input.parse()?;
        let specialised =
            input.peek(syn::Ident) && input.fork().parse::<Ident>().is_ok_and(|i| i == "default");
        let defaultness = if specialised { Some(input.parse()?) } else { None };
        let sig = input.parse()?;
        if input.parse::<Option<Token![;]>>()?.is_some() {
            return Ok(Self { attrs, vis, defaultness, sig, body: None });
        }
        let content;
        let brace_token = syn::braced!(content in input);
        attrs.gather(&content, true)?;
        let tokens: TokenStream = content.fork().parse()?;
        let body = if quiet::body(tokens.clone(), Mode::Suspend) {
            content.parse::<TokenStream>()?;
            Body::Quiet(brace_token.span, tokens)
        } else {
            Body::Read(Block { brace_token, stmts: content.call(Block::parse_within)? })
        };
        Ok(Self { attrs, vis, defaultness, sig, body: Some(body) })
    }
}

/// The whole macro. Where the item is no function, or one this crate cannot read, the item itself is
/// emitted beside the error, so that what uses it does not fail as well.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = parse_options(options, &mut errors);
    if options.blocking.is_some() && errors.is_empty() && quiet::function(&item) {
        return item;
    }
    let item = match &options.path {
        None => item,
        Some(path) => found::mark(item, path),
    };
    match syn::parse2::<Function>(item.clone()) {
        Ok(function) => {
            let emitted = emit(&options, function, &item, &mut errors).unwrap_or(item);
            let errors = errors.into_tokens();
            match &options.path {
                None => quote!(#errors #emitted),
                Some(path) => found::through(quote!(#errors #emitted), path),
            }
        }
        Err(error) => {
            errors.add(explain(error, &item));
            let errors = errors.into_tokens();
            quote!(#errors #item)
        }
    }
}

fn parse_options(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let list = syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens);
    let list = list.unwrap_or_else(|error| {
        errors.push(
            error.span(),
            "write the options as words between commas, as in `#[routine(local, boxed)]`: `local`, `boxed`, `blocking`, `crate = path`",
        );
        Default::default()
    });
    for option in list {
        let span = syn::spanned::Spanned::span(&option);
        let text = option.path().to_token_stream().to_string();
        let slot = match text.as_str() {
            "local" => &mut options.local,
            "boxed" => &mut options.boxed,
            "blocking" => &mut options.blocking,
            "crate" => {
                match option {
                    Meta::NameValue(MetaNameValue { value: Expr::Path(path), .. }) if options.path.is_none() => {
                        options.path = Some(path.path);
                    }
                    _ => errors.push(
                        span,
                        "say once where the crate is found: `crate = path`, as in `crate = crate::tools::rustroutines`",
                    ),
                }
                continue;
            }
            other => {
                let meant = nearest(other, &OPTIONS).map(|word| format!("; did you mean `{word}`?"));
                let meant = meant.unwrap_or_default();
                errors.push(
                    span,
                    format!(
                        "`#[routine]` knows the options `local`, `boxed`, `blocking` and `crate = path`, not `{other}`{meant}"
                    ),
                );
                continue;
            }
        };
        if slot.replace(span).is_some() {
            errors.push(span, format!("`{text}` is written twice: leave one out"));
        } else if !matches!(option, Meta::Path(_)) {
            errors.push(span, format!("`{text}` takes no value: write just `{text}`"));
        }
    }
    if let (Some(span), true) = (options.blocking, options.local.is_some() || options.boxed.is_some()) {
        errors.push(
            span,
            "a `blocking` routine is a plain function, which is neither `local` nor `boxed`: leave one option out",
        );
    }
    options
}

/// Says what the attribute goes on, where the item is something else.
fn explain(error: Error, item: &TokenStream) -> Error {
    let mut words = item.clone().into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    let other =
        ["struct", "enum", "trait", "impl", "mod", "const", "static", "type", "union", "use", "macro_rules"];
    match words.find(|word| word == "fn" || other.iter().any(|item| word == item)) {
        Some(word) if word != "fn" && !(word == "const" && words.any(|next| next == "fn")) => Error::new(
            word.span(),
            "`#[routine]` goes on a function or a method: put it on each `fn` that should be able to suspend",
        ),
        _ => error,
    }
}

/// The rewritten function, unless it stays as it is: then nobody has to read it a second time.
fn emit(
    options: &Options,
    mut function: Function,
    item: &TokenStream,
    errors: &mut Errors,
) -> Option<TokenStream> {
    validate(options, &function, errors);
    let valid = errors.is_empty();
    let sig = &mut function.sig;
    // What is wrong has been said: without these words, nothing else fails because of them.
    (sig.asyncness, sig.constness, sig.unsafety, sig.abi, sig.variadic) = (None, None, None, None, None);
    // Who calls a routine of a refused name calls a function of the same type, and hears of nothing else.
    let plain = blocks(options, sig, &function.attrs) || refused(sig).is_some();
    let mode = if plain { Mode::Block } else { Mode::Suspend };
    let start = match (options.boxed, options.local) {
        (Some(_), _) => Start::Inline,
        (None, Some(_)) => Start::LocalBoxed,
        (None, None) => Start::Boxed,
    };
    let mut written = None;
    if let Some(mut body) = function.body {
        let result = output(sig);
        let waits = match &mut body {
            Body::Quiet(..) if valid && mode == Mode::Block => return None,
            Body::Quiet(..) => false,
            Body::Read(block) => {
                let mut rewriter = Rewriter::of_routine(mode, &sig.ident, start);
                let changed = rewriter.body(block, result.as_ref());
                if valid && !changed && mode == Mode::Block {
                    return None;
                }
                if is_main(sig) {
                    watch(block);
                }
                changed || rewriter.waits()
            }
        };
        written = Some(match (mode, body) {
            (Mode::Block, Body::Quiet(braces, tokens)) => in_braces(Brace { span: braces }, &tokens),
            (Mode::Block, Body::Read(block)) => block.into_token_stream(),
            (Mode::Suspend, body) => {
                let keep = signature::keep_parameters(sig, &signature::mentioned(item));
                operation(options, emit::ours(sig.ident.span()), &keep, &body, waits, result.as_ref())
            }
        });
    }
    if mode == Mode::Suspend {
        match options.boxed {
            Some(_) => signature::return_boxed(sig, options.local.is_some()),
            None => signature::return_operation(sig, options.local.is_some(), written.is_some()),
        }
    }
    let Function { attrs: Attributes { tokens: attrs, .. }, vis, defaultness, sig, .. } = function;
    let body = written.unwrap_or_else(|| quote!(;));
    Some(quote!(#attrs #vis #defaultness #sig #body))
}

/// A body that suspends, as an operation, in its braces. `waits`: whether it may have to wait at all.
fn operation(
    options: &Options,
    span: Span,
    keep: &TokenStream,
    body: &Body,
    waits: bool,
    output: Option<&Type>,
) -> TokenStream {
    // What is boxed or stays on its thread is asked nothing here.
    let plain = options.boxed.is_some() || options.local.is_some();
    let maker = match (waits, plain) {
        (true, true) => "routine",
        (true, false) => "may_change_threads",
        (false, true) => "at_once",
        (false, false) => "at_once_on_any_thread",
    };
    let maker = Ident::new(maker, span);
    let made = match body {
        Body::Read(block) if waits => emit::body(keep, block, output, Capture::Move, &maker),
        Body::Read(Block { brace_token, stmts }) => {
            emit::at_once(keep, brace_token.span, &quote!(#(#stmts)*), output, &maker)
        }
        Body::Quiet(braces, tokens) => emit::at_once(keep, *braces, tokens, output, &maker),
    };
    let boxed = match (options.boxed, options.local) {
        (None, _) => made,
        (Some(_), None) => quote_spanned!(span=> ::rustroutines::__private::boxed(#made)),
        (Some(_), Some(_)) => quote_spanned!(span=> ::rustroutines::__private::local_boxed(#made)),
    };
    in_braces(body.braces(), &boxed)
}

fn in_braces(braces: Brace, inside: &TokenStream) -> TokenStream {
    let mut made = TokenStream::new();
    braces.surround(&mut made, |tokens| inside.to_tokens(tokens));
    made
}

/// The type a body is pinned to: `()` needs no words.
fn output(sig: &Signature) -> Option<syn::Type> {
    match &sig.output {
        ReturnType::Default => Some(syn::parse_quote!(())),
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    }
}

/// Whether the function stays a plain one, whose operations are carried out by blocking.
fn blocks(options: &Options, sig: &Signature, attrs: &Attributes) -> bool {
    options.blocking.is_some() || is_main(sig) || attrs.test
}

/// Whether this is where the program begins.
fn is_main(sig: &Signature) -> bool {
    sig.ident == "main" && sig.inputs.is_empty()
}

/// Why no routine may have this name.
fn refused(sig: &Signature) -> Option<&'static str> {
    let name = sig.ident.to_string();
    if names::is_never_probed(&name) {
        return Some(
            "that name are never taken for operations, because the standard library's return whatever type the context wants",
        );
    }
    // A method's are: what stands behind a dot constructs nothing.
    (names::starts_upper(&name) && sig.receiver().is_none()).then_some(
        "a name that begins with a capital letter construct something, and are never taken for operations",
    )
}

/// Has a program that is deadlocked say so.
///
/// Input: `{ BODY }`
/// Output: `{ let watch = main(); BODY }`
fn watch(body: &mut Block) {
    let span = emit::ours(body.brace_token.span.open());
    body.stmts.insert(0, syn::parse_quote_spanned!(span=> let _watch = ::rustroutines::__private::main();));
}

fn validate(options: &Options, function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if let Some(word) = sig.asyncness {
        errors.push(
            word.span,
            "a routine is not marked `async`: leave the word out, a routine suspends by itself",
        );
    }
    if let Some(word) = sig.constness {
        errors.push(word.span, "a routine cannot be `const`: nothing can wait while the program is compiled");
    }
    if let Some(word) = sig.unsafety {
        errors.push(
            word.span,
            "a routine cannot be `unsafe`: put the unsafe part in a function of its own, and call that",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(
            abi.extern_token.span,
            "a routine cannot be `extern`: write a plain function around it that calls `.block()`",
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic.dots.spans[0], "a routine takes a fixed number of parameters");
    }
    if let Some(span) = function.attrs.routine {
        errors.push(
            span,
            "`#[routine]` is written twice: write one, with the options of both, as in `#[routine(local, boxed)]`",
        );
    }
    if options.blocking.is_some() && function.body.is_none() {
        errors.push(sig.ident.span(), "there is no body to block in: leave `#[routine(blocking)]` out here");
    }
    if let (Some(span), None) = (options.boxed.or(options.local), options.blocking) {
        if blocks(options, sig, &function.attrs) {
            let what = if sig.ident == "main" { "`main`" } else { "a test" };
            errors.push(
                span,
                format!("{what} stays a plain function, whose operations are carried out by blocking: leave this option out"),
            );
        }
    }
    if let (Some(why), false) = (refused(sig), blocks(options, sig, &function.attrs)) {
        errors.push(
            sig.ident.span(),
            format!("a routine cannot be called `{}`: calls of {why}; choose another name", sig.ident),
        );
    }
}
