//! What becomes of a routine's parameters and return type.

use crate::emit;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, GenericArgument, GenericParam, Lifetime, Pat, PatIdent, ReturnType, Signature, Type,
    TypeImplTrait, TypeParamBound, TypeReference, WherePredicate, parse_quote, parse_quote_spanned,
};

/// The names a body mentions anywhere, format texts included.
#[derive(Debug, Default)]
pub(crate) struct Mentioned {
    names: HashSet<String>,
    texts: Vec<String>,
}

impl Mentioned {
    /// Whether nobody would be told that the parameter is unused.
    fn use_or_ignore(&self, name: &Ident) -> bool {
        let name = name.to_string();
        name.starts_with('_')
            || self.names.contains(&name)
            || self.texts.iter().any(|text| text.contains(&name))
    }

    fn gather(&mut self, tokens: TokenStream) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => self.gather(group.stream()),
                TokenTree::Ident(name) => drop(self.names.insert(name.to_string())),
                TokenTree::Literal(text) => {
                    self.texts.extend(Some(text.to_string()).filter(|t| t.contains('{')));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The names the body of `item` mentions: its last tokens, as they were written.
pub(crate) fn mentioned(item: &TokenStream) -> Mentioned {
    let mut found = Mentioned::default();
    if let Some(TokenTree::Group(body)) = item.clone().into_iter().last() {
        found.gather(body.stream());
    }
    found
}

/// Statements that move every parameter into the body, as a call of a plain function does, and bind
/// the patterns. Parameters that are patterns get names of ours.
///
/// Input: `(a: A, (b, c): B, d: D)`, a body that mentions a, b, c
/// Output: `(a: A, p1: B, d: D)`, `let _ = &p1; let _ = &a; let (b, c) = p1; let d = d;`
///
/// A parameter the body names is used where it was captured: a second binding would store it twice.
/// The capturing statements go from last to first, since captures are dropped in order and
/// parameters in reverse. A parameter that the body does not name (nor `_` excuses) is bound again, so that the
/// compiler says that it is unused.
pub(crate) fn keep_parameters(sig: &mut Signature, names: &Mentioned) -> TokenStream {
    let (mut keep, mut bind) = (Vec::new(), TokenStream::new());
    for (i, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                let this = receiver.self_token;
                let span = emit::ours(this.span);
                keep.push(quote_spanned!(span=> let _ = &#this;));
            }
            FnArg::Typed(parameter) => {
                let span = emit::ours(parameter.pat.span());
                let conditions: Vec<Attribute> =
                    parameter.attrs.iter().filter(|it| it.path().is_ident("cfg")).cloned().collect();
                match &*parameter.pat {
                    Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. })
                        if names.use_or_ignore(ident) =>
                    {
                        keep.push(quote_spanned!(span=> #(#conditions)* let _ = &#ident;));
                    }
                    Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, mutability: None, .. }) => {
                        bind.extend(quote_spanned!(span=> #(#conditions)* let #ident = #ident;));
                    }
                    pattern => {
                        let name = Ident::new(&format!("p{i}"), span);
                        keep.push(quote_spanned!(span=> #(#conditions)* let _ = &#name;));
                        let wild = matches!(pattern, Pat::Wild(_));
                        bind.extend(
                            (!wild).then(|| quote_spanned!(span=> #(#conditions)* let #pattern = #name;)),
                        );
                        *parameter.pat = Pat::Verbatim(name.into_token_stream());
                    }
                }
            }
        }
    }
    let keep = keep.into_iter().rev();
    quote!(#(#keep)* #bind)
}

/// Input: `fn f(a: &str) -> T`
/// Output: `fn f(a: &str) -> impl Suspend<Output = T> + Send`, with all lifetimes in scope captured.
///
/// Where there is no body, the compiler points at the type to say why a trait does not work behind `dyn`, and
/// what an implementation lacks: that is the attribute.
pub(crate) fn return_operation(sig: &mut Signature, local: bool, body: bool) {
    let (arrow, output, span) = parts(sig);
    let span = if body { span } else { Span::mixed_site() };
    let send = (!local).then(|| quote_spanned!(span=> + ::rustroutines::__private::Send));
    let operation = quote_spanned!(span=> impl ::rustroutines::__private::Suspend<Output = #output> #send);
    sig.output = ReturnType::Type(arrow, Box::new(Type::Verbatim(operation)));
}

/// Input: `fn f<T>(&self, a: &str) -> T`
/// Output: `fn f<'routine, 'r0: 'routine, 'r1: 'routine, T: 'routine>(&'r0 self, a: &'r1 str)
///     -> Boxed<'routine, T> where Self: 'routine`
///
/// Where one lifetime is all that the operation borrows, it is the operation's own, and no bound stands in the way
/// of `for<'a> Fn(&'a T) -> Boxed<'a, U>`.
///
/// Input: `fn f(a: &str) -> T`
/// Output: `fn f<'r0>(a: &'r0 str) -> Boxed<'r0, T>`
pub(crate) fn return_boxed(sig: &mut Signature, local: bool) {
    let (arrow, output, span) = parts(sig);
    // The compiler points at what an implementation lacks: that is the attribute, with `boxed`.
    let written_at = span;
    let span = Span::mixed_site();
    let all = Lifetime::new("'routine", span);
    let mut named = NameLifetimes { made: Vec::new(), written: Vec::new(), generic: false, span, all: &all };
    sig.inputs.iter_mut().for_each(|input| named.visit_fn_arg_mut(input));
    let NameLifetimes { made, written, generic, .. } = named;
    let only = if generic { None } else { only_lifetime(sig, &made, &written) };
    // An elided lifetime of the output is the receiver's, else the only one there is.
    let mut output: Type = syn::parse2(output).expect("it was parsed or written by us");
    if let Some(first) = made.first() {
        FillLifetimes(first).visit_type_mut(&mut output);
    }
    let lifetimes = sig.generics.params.iter().take_while(|p| matches!(p, GenericParam::Lifetime(_))).count();
    for (i, lifetime) in made.into_iter().enumerate() {
        sig.generics.params.insert(lifetimes + i, parse_quote!(#lifetime));
    }
    let all = only.clone().unwrap_or(all);
    if only.is_none() {
        outlive(sig, &all, span);
    }
    let span = written_at;
    let name = format_ident!("{}", if local { "LocalBoxed" } else { "Boxed" }, span = span);
    let boxed = quote_spanned!(span=> ::rustroutines::__private::#name<#all, #output>);
    sig.output = ReturnType::Type(arrow, Box::new(Type::Verbatim(boxed)));
}

/// The lifetime that is all a routine borrows, if there is one. What else it names could end sooner: another lifetime,
/// a type that is not known here. What `&self` borrows is borrowed for that lifetime.
fn only_lifetime(sig: &Signature, made: &[Lifetime], written: &[Lifetime]) -> Option<Lifetime> {
    let mut declared: Vec<&Lifetime> = made.iter().collect();
    for parameter in &sig.generics.params {
        match parameter {
            GenericParam::Lifetime(it) if it.bounds.is_empty() => declared.push(&it.lifetime),
            _ => return None,
        }
    }
    let ([only], None) = (&*declared, &sig.generics.where_clause) else { return None };
    let owner = matches!(sig.inputs.first(), Some(FnArg::Receiver(it)) if it.reference.is_none());
    let others = written.iter().any(|it| it != *only && it.ident != "static");
    // A lifetime that no parameter has is the caller's to choose.
    let named = made.contains(only) || written.contains(only);
    (named && !others && !owner).then(|| (*only).clone())
}

/// Has all that the signature names outlive the operation.
fn outlive(sig: &mut Signature, all: &Lifetime, span: Span) {
    for parameter in &mut sig.generics.params {
        match parameter {
            GenericParam::Lifetime(it) => {
                it.colon_token.get_or_insert_with(Default::default);
                it.bounds.push(all.clone());
            }
            GenericParam::Type(it) => {
                it.colon_token.get_or_insert_with(Default::default);
                it.bounds.push(TypeParamBound::Lifetime(all.clone()));
            }
            GenericParam::Const(_) => {}
        }
    }
    sig.generics.params.insert(0, parse_quote!(#all));
    sig.generics.lt_token.get_or_insert_with(Default::default);
    sig.generics.gt_token.get_or_insert_with(Default::default);
    if sig.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_))) {
        let bound: WherePredicate = parse_quote_spanned!(span=> Self: #all);
        sig.generics.make_where_clause().predicates.push(bound);
    }
}

/// The arrow, the type behind it, and where to show what we write there.
fn parts(sig: &Signature) -> (syn::token::RArrow, TokenStream, Span) {
    match &sig.output {
        ReturnType::Default => {
            let span = emit::ours(sig.ident.span());
            (syn::token::RArrow { spans: [span; 2] }, quote_spanned!(span=> ()), span)
        }
        ReturnType::Type(arrow, ty) => {
            let span = emit::ours(ty.span());
            let output = match &**ty {
                // Stable Rust writes `!` only behind an arrow.
                Type::Never(_) => {
                    quote_spanned!(span=> <fn() -> ! as ::rustroutines::__private::Returns>::Type)
                }
                other => other.to_token_stream(),
            };
            (*arrow, output, span)
        }
    }
}

/// Gives every elided lifetime of the parameters a name.
struct NameLifetimes<'a> {
    made: Vec<Lifetime>,
    /// Those that have a name already.
    written: Vec<Lifetime>,
    /// Whether a parameter is of a type of its own, as `impl Trait` is.
    generic: bool,
    span: Span,
    all: &'a Lifetime,
}

impl NameLifetimes<'_> {
    fn next(&mut self) -> Lifetime {
        let made = Lifetime::new(&format!("'r{}", self.made.len()), self.span);
        self.made.push(made.clone());
        made
    }
}

impl VisitMut for NameLifetimes<'_> {
    fn visit_receiver_mut(&mut self, receiver: &mut syn::Receiver) {
        match &mut receiver.reference {
            Some((_, lifetime)) if lifetime.is_none() => {
                let made = self.next();
                *lifetime = Some(made.clone());
                // syn keeps the type of `&self` beside it
                if let Type::Reference(this) = &mut *receiver.ty {
                    this.lifetime = Some(made);
                }
            }
            _ => self.visit_type_mut(&mut receiver.ty),
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.next());
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.next();
        } else {
            self.written.push(lifetime.clone());
        }
    }

    fn visit_type_impl_trait_mut(&mut self, it: &mut TypeImplTrait) {
        self.generic = true;
        let all = self.all;
        it.bounds.push(parse_quote!(#all));
    }

    // What stands in a function's or a `dyn Fn`'s own signature has lifetimes of its own.
    fn visit_type_bare_fn_mut(&mut self, _: &mut syn::TypeBareFn) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut syn::ParenthesizedGenericArguments) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
}

/// Writes one lifetime for every elided one.
struct FillLifetimes<'a>(&'a Lifetime);

impl VisitMut for FillLifetimes<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_generic_argument_mut(&mut self, argument: &mut GenericArgument) {
        match argument {
            GenericArgument::Lifetime(lifetime) if lifetime.ident == "_" => *lifetime = self.0.clone(),
            other => visit_mut::visit_generic_argument_mut(self, other),
        }
    }

    fn visit_type_bare_fn_mut(&mut self, _: &mut syn::TypeBareFn) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut syn::ParenthesizedGenericArguments) {}
}
