//! What a call becomes.

use super::{Mode, Start, ours};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::mem;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::{Brace, Paren};
use syn::{
    Arm, Attribute, Expr, ExprCall, ExprField, ExprMacro, ExprMatch, ExprMethodCall, ExprParen, ExprPath,
    ExprTuple, Index, Member, Pat, Path, PathArguments, PathSegment, Stmt, Token, Type, parse_quote_spanned,
};

/// A call, carried out where it is an operation. The module `suspend::resolve` explains the form. The
/// body begins with [`imports`](super::imports).
///
/// Input: `f(a)`
/// Output: `(match Value((f(a),)).rustroutines_branch() { s => if s.later { s.start().await } else { s.get() } })`,
/// where the type `W` is written down for the call's value behind `match (match (f(a),) {
///     v => wanted::<W, _>(&v).rustroutines_branch(v) })`
pub(crate) fn resolve(
    attrs: Vec<Attribute>,
    call: Expr,
    at: Span,
    start: Start,
    wanted: Option<&Type>,
    prototype: &Prototype,
) -> Expr {
    let span = ours(at);
    let method = match start {
        Start::Inline => "rustroutines_branch",
        Start::Boxed => "rustroutines_branch_boxed",
        Start::LocalBoxed => "rustroutines_branch_local_boxed",
    };
    let branch = resolved(call, span, [span; 2], wanted, method, prototype);
    // The attribute is the arm's: the code behind an operation that does not exist is unreachable.
    let taken = quote_spanned!(span=> if s.later { s.start().await } else { s.get() });
    let arms = vec![arm(quote_spanned!(span=> #[allow(unreachable_code)] s), taken, span)];
    // Trees, not tokens: written once, at the end, however deeply calls are nested.
    let whole = ExprMatch {
        attrs: Vec::new(),
        match_token: Token![match](span),
        expr: Box::new(branch),
        brace_token: Brace(span),
        arms,
    };
    Expr::Paren(ExprParen { attrs, paren_token: Paren(span), expr: Box::new(Expr::Match(whole)) })
}

/// The same in a blocking body. What the compiler says of the value is shown from the first of `ends` to the last.
///
/// Input: `f(a)`
/// Output: `Value((f(a),)).rustroutines_carry_out()`, or the [field](field_of) of `(match (f(a),) {
///     v => wanted::<W, _>(&v).rustroutines_finish(v) })`
pub(crate) fn finish(
    attrs: Vec<Attribute>,
    call: Expr,
    at: Span,
    ends: Option<[Span; 2]>,
    wanted: Option<&Type>,
    prototype: &Prototype,
) -> Expr {
    let span = ours(at);
    let ends = ends.unwrap_or([span; 2]);
    let method = if wanted.is_some() { "rustroutines_finish" } else { "rustroutines_carry_out" };
    let mut made = resolved(call, span, ends, wanted, method, prototype);
    match &mut made {
        Expr::MethodCall(it) => it.attrs = attrs,
        Expr::Paren(it) => it.attrs = attrs,
        _ => {}
    }
    if wanted.is_some() { field_of(made, ends) } else { made }
}

/// A call's value, asked for `method`.
fn resolved(
    call: Expr,
    span: Span,
    [first, last]: [Span; 2],
    wanted: Option<&Type>,
    method: &str,
    prototype: &Prototype,
) -> Expr {
    let value = Expr::Tuple(ExprTuple {
        attrs: Vec::new(),
        paren_token: Paren(span),
        elems: once_and_comma(call, span),
    });
    if let Some(wanted) = wanted {
        let asked = quote_spanned!(span=> ::rustroutines::__private::wanted::<#wanted, _>(&v));
        let method = Ident::new(method, span);
        let body = quote_spanned!(span=> #asked.#method(v));
        let whole = ExprMatch {
            attrs: Vec::new(),
            match_token: Token![match](span),
            expr: Box::new(value),
            brace_token: Brace(span),
            arms: vec![arm(quote_spanned!(span=> v), body, span)],
        };
        let expr = Box::new(Expr::Match(whole));
        return Expr::Paren(ExprParen { attrs: Vec::new(), paren_token: Paren(span), expr });
    }
    let value = Expr::Call(ExprCall {
        attrs: Vec::new(),
        func: Box::new(Expr::Path(ExprPath {
            attrs: Vec::new(),
            qself: None,
            path: prototype.value(span, first),
        })),
        paren_token: Paren(span),
        args: once(value),
    });
    Expr::MethodCall(ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(value),
        dot_token: Token![.](span),
        method: prototype.method(method, span),
        turbofish: None,
        paren_token: Paren(last),
        args: Punctuated::new(),
    })
}

/// A `write!` that stands before what becomes of its value.
#[derive(Debug)]
pub(crate) struct Apart {
    /// Its attributes.
    attrs: Vec<Attribute>,
    /// What it writes to, where that is made here: it must be there until all is written.
    to: Option<Expr>,
    /// The statement.
    statement: Stmt,
}

/// A macro's value, by a statement of its own, and what stands for it behind that: what a text is made from
/// would else be kept through the wait, and is not `Send`.
pub(crate) fn apart(it: ExprMacro) -> (Expr, Option<Apart>) {
    let (span, ExprMacro { attrs, mut mac }) = (Span::mixed_site(), it);
    let mut arguments =
        mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).unwrap_or_default();
    let made = arguments.first_mut().filter(|to| !is_place(to));
    let to = made.map(|made| {
        let at = ours(first(made));
        mem::replace(made, parse_quote_spanned!(at=> to))
    });
    if to.is_some() {
        mac.tokens = quote!(#arguments);
    }
    let statement = parse_quote_spanned!(span=> let written = #mac;);
    (parse_quote_spanned!(span=> written), Some(Apart { attrs, to, statement }))
}

/// Whether this names something that is there already.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Unary(_) => true,
        Expr::Field(it) => is_place(&it.base),
        Expr::Index(it) => is_place(&it.expr),
        Expr::Paren(it) => is_place(&it.expr),
        Expr::Group(it) => is_place(&it.expr),
        Expr::Reference(it) => is_place(&it.expr),
        _ => false,
    }
}

/// What [`apart`] has taken out, and `made` of what stands for it.
pub(crate) fn behind(before: Option<Apart>, made: Expr, at: Span) -> Expr {
    let Some(Apart { attrs, to, statement }) = before else { return made };
    let span = ours(at);
    let block = quote_spanned!(span=> { #statement #made });
    let whole = match to {
        Some(to) => {
            let binding = Ident::new("to", Span::mixed_site());
            quote_spanned!(span=> match #to { mut #binding => #block })
        }
        None => block,
    };
    Expr::Paren(ExprParen { attrs, paren_token: Paren(span), expr: Box::new(Expr::Verbatim(whole)) })
}

/// Where a call begins and ends.
pub(crate) fn ends(call: &Expr) -> Option<[Span; 2]> {
    match call {
        Expr::Call(ExprCall { paren_token, .. }) | Expr::MethodCall(ExprMethodCall { paren_token, .. }) => {
            Some([first(call), paren_token.span.close()])
        }
        Expr::Macro(it) => Some([first(call), it.mac.delimiter.span().close()]),
        _ => None,
    }
}

/// Where an expression begins. To ask for its span would write the whole of it.
fn first(expr: &Expr) -> Span {
    match expr {
        Expr::Call(it) => first(&it.func),
        Expr::MethodCall(it) => first(&it.receiver),
        Expr::Field(it) => first(&it.base),
        Expr::Try(it) => first(&it.expr),
        Expr::Await(it) => first(&it.base),
        Expr::Index(it) => first(&it.expr),
        Expr::Macro(it) => it.mac.path.segments.first().map_or_else(|| it.span(), |name| name.ident.span()),
        Expr::Path(ExprPath { qself: None, path, .. }) => {
            match (&path.leading_colon, path.segments.first()) {
                (None, Some(segment)) => segment.ident.span(),
                _ => path.span(),
            }
        }
        other => other.span(),
    }
}

/// What [`resolve`] has made, where the compiler sees the user's tokens. A field, since what an arm of two is not
/// would be shown at the arm.
///
/// Input: `(E)`
/// Output: `(E,).0`
pub(crate) fn field_of(resolved: Expr, [first, last]: [Span; 2]) -> Expr {
    let (value, attrs) = match resolved {
        Expr::Paren(it) => (*it.expr, it.attrs),
        other => (other, Vec::new()),
    };
    let elems = once_and_comma(value, first);
    let tuple = ExprTuple { attrs: Vec::new(), paren_token: Paren(first), elems };
    let member = Member::Unnamed(Index { index: 0, span: last });
    Expr::Field(ExprField { attrs, base: Box::new(Expr::Tuple(tuple)), dot_token: Token![.](last), member })
}

fn arm(pattern: TokenStream, body: TokenStream, span: Span) -> Arm {
    Arm {
        attrs: Vec::new(),
        pat: Pat::Verbatim(pattern),
        guard: None,
        fat_arrow_token: Token![=>](span),
        body: Box::new(Expr::Verbatim(body)),
        comma: Some(Token![,](span)),
    }
}

fn once<T, P>(item: T) -> Punctuated<T, P> {
    let mut list = Punctuated::new();
    list.push_value(item);
    list
}

fn once_and_comma(expr: Expr, span: Span) -> Punctuated<Expr, Token![,]> {
    let mut list = once(expr);
    list.push_punct(Token![,](span));
    list
}

/// The names in each call's expansion, made once for a body: to make a name is dear, to show it elsewhere is
/// not.
#[derive(Debug, Clone)]
pub(crate) struct Prototype {
    /// `::rustroutines::__private::Value`
    value: Path,
    /// `rustroutines_carry_out`, `rustroutines_branch`
    method: Ident,
}

impl Prototype {
    pub(crate) fn new(mode: Mode) -> Self {
        let span = Span::mixed_site();
        let mut segments = Punctuated::new();
        for name in ["rustroutines", "__private", "Value"] {
            segments.push(PathSegment { ident: Ident::new(name, span), arguments: PathArguments::None });
        }
        let value = Path { leading_colon: Some(Token![::](span)), segments };
        let method = match mode {
            Mode::Suspend => "rustroutines_branch",
            Mode::Block => "rustroutines_carry_out",
        };
        Self { value, method: Ident::new(method, span) }
    }

    /// Shown at `span`, from `first` on.
    fn value(&self, span: Span, first: Span) -> Path {
        let mut made = self.value.clone();
        made.leading_colon = Some(Token![::](first));
        for mut pair in made.segments.pairs_mut() {
            pair.value_mut().ident.set_span(span);
            if let Some(colons) = pair.punct_mut() {
                **colons = Token![::](span);
            }
        }
        made
    }

    /// Shown at `span`.
    fn method(&self, name: &str, span: Span) -> Ident {
        if self.method != name {
            return Ident::new(name, span);
        }
        let mut made = self.method.clone();
        made.set_span(span);
        made
    }
}
