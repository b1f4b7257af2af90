//! What an expression looks like, to whoever has to rewrite it.

use crate::names;
use proc_macro2::Span;
use quote::quote_spanned;
use std::mem;
use syn::{Expr, ExprMacro, Stmt};

// Input: `&f(x)`, where `f(x)` is rewritten
// Output: `&(resolve!(f(x)),).0`
//
// What stands behind `&` may be of another type than the context wants a reference to, as the guard is in
// `g(&cell.borrow())`. A `match` would insist on the wanted type; a field does not ask what is wanted.
pub(super) fn lent(operand: &mut Expr) {
    match operand {
        // the user's own parentheses
        Expr::Paren(it) if !matches!(*it.expr, Expr::Match(_)) => lent(&mut it.expr),
        Expr::Paren(_) => *operand = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> (#operand,).0)),
        _ => {}
    }
}

pub(super) fn inner(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(it) => inner(&it.expr),
        other => other,
    }
}

/// Whether it is a call that may be resolved. `write!` stands for one.
pub(super) fn is_call(expr: &Expr) -> bool {
    match expr {
        Expr::Call(_) | Expr::MethodCall(_) => true,
        Expr::Macro(it) => names::writes(&it.mac.path),
        _ => false,
    }
}

/// Makes an expression of a statement that is a `write!`.
pub(super) fn writing(statement: &mut Stmt) {
    match statement {
        Stmt::Macro(it) if names::writes(&it.mac.path) => {
            let (attrs, mac) = (mem::take(&mut it.attrs), it.mac.clone());
            *statement = Stmt::Expr(Expr::Macro(ExprMacro { attrs, mac }), it.semi_token);
        }
        _ => {}
    }
}

pub(super) fn is_range(expr: &Expr) -> bool {
    match expr {
        Expr::Range(_) | Expr::Array(_) => true,
        Expr::Paren(inner) => is_range(&inner.expr),
        Expr::Group(inner) => is_range(&inner.expr),
        Expr::Reference(inner) => matches!(&*inner.expr, Expr::Array(_)),
        _ => false,
    }
}
