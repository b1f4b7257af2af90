//! `select!`: waits for the first of several operations.
//!
//! - [`grammar`]: parses the arms, and reports all that is wrong at once;
//! - here: what becomes of them.

mod grammar;

use crate::diagnostics::Errors;
use crate::emit;
use crate::rewrite::Rewriter;
use grammar::{Arm, Event, Select};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro, Pat};

/// The whole macro: in plain code, which blocks, or as [`rewrite`] left it.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let select = grammar::parse(input, &mut errors);
    if errors.is_empty() { emit(&select) } else { errors.into_expression() }
}

/// `select!` in a routine's body. What stands in its arms is the body's own code, except that each
/// arm's operation is not carried out by itself.
///
/// Input: `select! { x = f(g(y)), if h(z) => i(x) }`
/// Output: `select! { @suspend x = f(resolve!(g(y))), if resolve!(h(z)) => resolve!(i(x)), }`
pub(crate) fn rewrite(mac: &mut Macro, body: &mut Rewriter) {
    let mut errors = Errors::default();
    let mut select = grammar::parse(mac.tokens.clone(), &mut errors);
    if !errors.is_empty() {
        return; // the macro itself will report them
    }
    for arm in &mut select.arms {
        match &mut arm.event {
            Event::Operation { operation, .. } => body.operands(operation),
            Event::After(_, time) | Event::At(_, time) => body.visit_expr_mut(time),
            Event::Default(_) => {}
        }
        arm.guard.iter_mut().for_each(|guard| body.visit_expr_mut(guard));
        body.visit_expr_mut(&mut arm.body);
    }
    select.mode = body.mode();
    mac.tokens = quote!(#select);
}

/// The names of ours that one arm's expansion uses.
struct Names {
    /// The operation, as it was made.
    made: Ident,
    /// The same, pinned, and able to take part.
    arm: Ident,
    /// Its output, in the enum of outcomes; also the type parameter.
    won: Ident,
}

/// Input: `select! { PAT = OP, if GUARD => BODY, timeout(D) => OTHER }`
/// Output:
/// ```text
/// {
///     enum Won<Won0> { Won0(Won0), Timeout }
///     let won = match if GUARD { Some(OP) } else { None } { op0 => match D { limit => {
///         let mut arm0 = pin!(Arm::guarded(op0));
///         match select(1, false, false, Deadline::after(limit), |arm, step| match arm {
///             0 => arm0.as_mut().step(step), _ => no_such_arm(),
///         }).await {
///             Chosen::Arm(0) => Won::Won0(arm0.as_mut().take()),
///             Chosen::Timeout => Won::Timeout,
///             _ => no_such_arm(),
///         }
///     } } };
///     match won { Won::Won0(output) => { let PAT = output; BODY } Won::Timeout => OTHER }
/// }
/// ```
/// The nested `match`es keep what the operands borrow alive through the wait; all of it, and the
/// operations, are gone when the body runs.
fn emit(select: &Select) -> TokenStream {
    let span = Span::mixed_site();
    let private = quote_spanned!(span=> ::rustroutines::__private);
    let enum_name = Ident::new("RustroutinesWon", span);
    let names: Vec<_> =
        select.operations().enumerate().map(|(i, arm)| names(i, emit::ours(arm.span()))).collect();
    let (pins, steps, takes) = arms(select, &names, &private, &enum_name);
    let (mut variants, mut chosen) = (TokenStream::new(), TokenStream::new());
    for variant in select.arms.iter().filter_map(variant).collect::<std::collections::BTreeSet<_>>() {
        let variant = Ident::new(variant, span);
        variants.extend(quote_spanned!(span=> #variant,));
        chosen.extend(quote_spanned!(span=> #private::Chosen::#variant => #enum_name::#variant,));
    }
    let count = names.len();
    let biased = select.biased;
    let default = select.arms.iter().any(|arm| matches!(arm.event, Event::Default(_)));
    let deadline = deadline(select, &private);
    let wait = emit::wait(
        select.mode,
        quote_spanned! {span=>
            #private::select(#count, #biased, #default, #deadline, |arm, step| match arm {
                #steps
                _ => #private::no_such_arm(),
            })
        },
        span,
    );
    let waited = quote_spanned! {span=>
        {
            #pins
            match #wait {
                #takes
                #chosen
                _ => #private::no_such_arm(),
            }
        }
    };
    let waited = operands(select, &names, &private, waited);
    let bodies = bodies(select, &names, &enum_name);
    let (declared, won) = declaration(&names);
    let imports = emit::imports(emit::Imports { values: true, types: false });
    quote_spanned! {span=>
        {
            #imports
            enum #enum_name #declared { #(#won(#won),)* #variants }
            let won = #waited;
            match won { #bodies }
        }
    }
}

fn names(i: usize, span: Span) -> Names {
    Names {
        made: format_ident!("op{i}", span = span),
        arm: format_ident!("arm{i}", span = span),
        won: format_ident!("Won{i}", span = span),
    }
}

/// The enum's type parameters, one for each operation, which are also its variants.
fn declaration(names: &[Names]) -> (TokenStream, Vec<&Ident>) {
    let won: Vec<_> = names.iter().map(|names| &names.won).collect();
    let declared = if won.is_empty() { TokenStream::new() } else { quote!(<#(#won),*>) };
    (declared, won)
}

/// For each operation: how it is pinned, asked to take a step, and asked for its output.
fn arms(
    select: &Select,
    names: &[Names],
    private: &TokenStream,
    enum_name: &Ident,
) -> (TokenStream, TokenStream, TokenStream) {
    let (mut pins, mut steps, mut takes) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for (i, (event, names)) in select.operations().zip(names).enumerate() {
        let Names { made, arm, won } = names;
        let span = made.span();
        let new =
            if event.guard.is_some() { quote_spanned!(span=> guarded) } else { quote_spanned!(span=> new) };
        pins.extend(quote_spanned!(span=> let mut #arm = #private::pin!(#private::Arm::#new(#made));));
        steps.extend(quote_spanned!(span=> #i => #arm.as_mut().step(step),));
        takes.extend(
            quote_spanned!(span=> #private::Chosen::Arm(#i) => #enum_name::#won(#arm.as_mut().take()),),
        );
    }
    (pins, steps, takes)
}

/// Evaluates the operands in source order around `waited`.
fn operands(select: &Select, names: &[Names], private: &TokenStream, waited: TokenStream) -> TokenStream {
    let mut names = names.iter().rev();
    select.arms.iter().rev().fold(waited, |inner, arm| {
        let (name, value): (Ident, &Expr) = match &arm.event {
            Event::Default(_) => return inner,
            Event::Operation { operation, .. } => {
                (names.next().expect("one for each operation").made.clone(), operation)
            }
            Event::After(_, time) | Event::At(_, time) => {
                (Ident::new("limit", emit::ours(time.span())), time)
            }
        };
        let span = emit::ours(value.span());
        let value = match &arm.event {
            Event::Operation { .. } => {
                emit::as_operation(&quote!(#value), emit::call_site(value), "rustroutines_arm")
            }
            _ => emit::scrutinee(value),
        };
        let value = match &arm.guard {
            None => value,
            Some(guard) => quote_spanned! {span=>
                if #guard { #private::Option::Some(#value) } else { #private::Option::None }
            },
        };
        quote_spanned!(span=> match #value { #name => #inner })
    })
}

/// The time limit, out of `limit`.
fn deadline(select: &Select, private: &TokenStream) -> TokenStream {
    for arm in &select.arms {
        let (time, function) = match &arm.event {
            Event::After(_, time) => (time, "after"),
            Event::At(_, time) => (time, "at"),
            Event::Operation { .. } | Event::Default(_) => continue,
        };
        let span = emit::ours(time.span());
        let (function, limit) = (Ident::new(function, span), Ident::new("limit", span));
        return match arm.guard {
            None => quote_spanned!(span=> #private::Deadline::#function(#limit)),
            Some(_) => quote_spanned! {span=>
                match #limit {
                    #private::Option::Some(limit) => #private::Deadline::#function(limit),
                    #private::Option::None => #private::Deadline::never(),
                }
            },
        };
    }
    quote!(#private::Deadline::never())
}

/// The variant of an arm that has no output.
fn variant(arm: &Arm) -> Option<&'static str> {
    match arm.event {
        Event::Operation { .. } => None,
        Event::Default(_) => Some("Default"),
        Event::After(..) | Event::At(..) => Some("Timeout"),
    }
}

/// What happens once the select has chosen.
fn bodies(select: &Select, names: &[Names], enum_name: &Ident) -> TokenStream {
    let mut names = names.iter();
    let mut bodies = TokenStream::new();
    for arm in &select.arms {
        let body = &arm.body;
        let span = emit::ours(arm.arrow.spans[0]);
        bodies.extend(match &arm.event {
            Event::Operation { pattern, .. } => {
                let won = &names.next().expect("one for each operation").won;
                match pattern {
                    None => quote_spanned!(span=> #enum_name::#won(_) => #body,),
                    Some(pattern) => {
                        let body = inside(body);
                        let pattern = match pattern {
                            // Of an outcome that is `()`, clippy would rather see no `_` of the user's.
                            Pat::Wild(_) => quote_spanned!(span=> _),
                            other => quote!(#other),
                        };
                        quote_spanned! {span=>
                            #enum_name::#won(output) => { let #pattern = output; #body }
                        }
                    }
                }
            }
            _ => {
                let variant = Ident::new(variant(arm).expect("it has no output"), span);
                quote_spanned!(span=> #enum_name::#variant => #body,)
            }
        });
    }
    bodies
}

/// A body to stand behind another statement: its own braces would be called superfluous.
fn inside(body: &Expr) -> TokenStream {
    match body {
        Expr::Block(it) if it.label.is_none() && it.attrs.is_empty() => {
            let statements = &it.block.stmts;
            quote!(#(#statements)*)
        }
        other => quote!(#other),
    }
}
