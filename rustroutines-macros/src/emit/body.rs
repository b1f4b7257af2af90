//! What a rewritten body becomes.

use super::ours;
use proc_macro2::extra::DelimSpan;
use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit::Visit;
use syn::{Block, Type, TypeImplTrait};

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
    let inside = |before: TokenStream| in_braces(quote!(#before #(#statements)*), braces);
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

/// A body that has nothing to wait for as an operation: without a state machine, which adds more than twice what a
/// closure does to the compiler's work.
///
/// Input: `{ BODY }`, `T`
/// Output: `at_once(move || -> T { <keep>; BODY })`, or whatever other `maker`
pub(crate) fn at_once(
    keep: &TokenStream,
    braces: DelimSpan,
    statements: &TokenStream,
    output: Option<&Type>,
    maker: &Ident,
) -> TokenStream {
    let span = ours(braces.open());
    let output = output.filter(|ty| matches!(ty, Type::Never(_)) || names_type(ty));
    let output = output.map(|ty| quote_spanned!(span=> -> #ty));
    let block = in_braces(quote!(#keep #statements), braces);
    let span = maker.span();
    quote_spanned!(span=> ::rustroutines::__private::#maker(move || #output #block))
}

/// The user's braces around what is in them now.
fn in_braces(statements: TokenStream, braces: DelimSpan) -> Group {
    let mut group = Group::new(Delimiter::Brace, statements);
    group.set_span(braces.join());
    group
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
