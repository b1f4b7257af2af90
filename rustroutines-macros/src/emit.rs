//! The few expansions that all macros are made of.
//!
//! Generated tokens stand at the user's call and resolve as this crate's: a user's names never meet
//! ours, and lints know that the user has not written them.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::{Brace, Paren};
use syn::visit::Visit;
use syn::{
    Arm, Attribute, Block, Expr, ExprCall, ExprField, ExprForLoop, ExprMatch, ExprMethodCall, ExprParen,
    ExprPath, ExprTuple, Index, Member, Pat, Path, PathArguments, PathSegment, Token, Type, TypeImplTrait,
};

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

/// A call, carried out where it is an operation. The module `suspend::resolve` explains the form. The
/// body begins with [`imports`].
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

/// Where a call begins and ends.
pub(crate) fn ends(call: &Expr) -> Option<[Span; 2]> {
    match call {
        Expr::Call(ExprCall { paren_token, .. }) | Expr::MethodCall(ExprMethodCall { paren_token, .. }) => {
            Some([first(call), paren_token.span.close()])
        }
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

/// Whether this is `f(x).block()` or `a.m(x).block()`.
pub(crate) fn blocks(call: &ExprMethodCall) -> bool {
    call.method == "block"
        && call.args.is_empty()
        && matches!(&*call.receiver, Expr::Call(_) | Expr::MethodCall(_))
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

/// A rewritten body as an operation.
///
/// Input: `{ BODY }`, `T`
/// Output: `routine(async move { let output: T = { <keep>; if false { return <a T> } BODY }; output })`, where
/// `maker` may be another function than `routine`, and says where errors of what it asks are shown
///
/// The inner braces are the user's: what drops when at the end of a block depends on their edition.
/// Our statements stand inside them, since a block of one expression would be called superfluous.
pub(crate) fn body(
    keep: &TokenStream,
    block: &Block,
    output: Option<&Type>,
    capture: Capture,
    maker: &Ident,
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
            let span = maker.span();
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
    let span = maker.span();
    quote_spanned!(span=> ::rustroutines::__private::#maker(#state_machine))
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
