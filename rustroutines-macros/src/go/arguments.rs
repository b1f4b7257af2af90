//! What the caller of a call that `go!` starts evaluates, and what is left in the call.

use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprClosure, ExprPath, Macro, PatIdent};

/// The arguments of a call.
pub(super) struct Arguments<'a> {
    /// What the caller evaluates.
    pub(super) given: Vec<&'a Expr>,
    /// The names of that.
    pub(super) bound: Vec<Ident>,
    /// What stands in the call.
    pub(super) all: Vec<TokenStream>,
}

impl<'a> Arguments<'a> {
    /// A closure that borrows nothing stays where it is: there is nothing to evaluate, and what its parameters are may be
    /// known by the call alone. Of one that borrows, the compiler says best where the caller makes it.
    pub(super) fn new(arguments: impl IntoIterator<Item = &'a Expr>, span: Span) -> Self {
        let mut made = Self { given: Vec::new(), bound: Vec::new(), all: Vec::new() };
        for argument in arguments {
            match argument {
                Expr::Closure(closure) if closure.capture.is_some() || !may_capture(closure) => {
                    made.all.push(closure.to_token_stream());
                }
                _ => {
                    let name = format_ident!("a{}", made.given.len(), span = span);
                    made.all.push(name.to_token_stream());
                    made.given.push(argument);
                    made.bound.push(name);
                }
            }
        }
        made
    }
}

/// Whether a closure names anything that may be a variable of the caller's.
fn may_capture(closure: &ExprClosure) -> bool {
    let mut names = Names::default();
    names.visit_expr_closure(closure);
    names.unknown || names.used.iter().any(|name| !names.bound.contains(name))
}

#[derive(Default)]
struct Names {
    bound: HashSet<Ident>,
    used: HashSet<Ident>,
    /// There is a macro, which may name anything.
    unknown: bool,
}

impl Visit<'_> for Names {
    fn visit_pat_ident(&mut self, it: &PatIdent) {
        self.bound.insert(it.ident.clone());
        visit::visit_pat_ident(self, it);
    }

    fn visit_expr_path(&mut self, it: &ExprPath) {
        let name = it.path.get_ident().filter(|name| !names::starts_upper(&name.to_string()));
        self.used.extend(name.cloned());
    }

    // What is called is a function, far more often than a closure of the caller's.
    fn visit_expr_call(&mut self, it: &ExprCall) {
        if !matches!(&*it.func, Expr::Path(_)) {
            self.visit_expr(&it.func);
        }
        it.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_macro(&mut self, _: &Macro) {
        self.unknown = true;
    }
}
