//! Finds the calls of a body, and nothing else.
//!
//! What is not the body's own code is left alone: closures, `async` blocks, nested items, constant
//! expressions, patterns, types, attributes, and macros that are not known to take expressions.

mod forms;

use self::forms::{inner, is_call, is_range, lent, writing};
use crate::emit::{self, Imports, Mode, Prototype, Start};
use crate::names::{self, OwnMacro};
use crate::{found, go, known_macros, select};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::mem;
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprAwait, ExprCall, ExprField, ExprForLoop, ExprMethodCall, ExprParen,
    GenericArgument, Item, Local, Macro, Member, Pat, Path, Stmt, Token, Type, parse_quote_spanned,
};

/// Rewrites one body.
#[derive(Debug)]
pub(crate) struct Rewriter {
    /// How this body waits.
    mode: Mode,
    /// The routine's own name, and how its calls of itself are begun.
    recursion: Option<(Ident, Start)>,
    /// Inside the argument of `Err(…)`.
    inside_err: bool,
    /// What the body returns, where that is written down.
    output: Option<Type>,
    /// Of the call that is visited next.
    wanted: Wanted,
    /// Whether anything was rewritten.
    found: bool,
    /// Whether anything else was seen that may wait: the user's `.await`, or a macro, in which one may be.
    waits: bool,
    /// What the body imports for that.
    imports: Imports,
    /// See `allow_unreachable`: parsed once.
    allow: Option<Attribute>,
    /// The names in each call's expansion.
    prototype: Option<Prototype>,
    /// The functions that the body declares.
    functions: Vec<Ident>,
}

/// What the value of an expression is for.
#[derive(Debug, Clone, Copy)]
enum Target<'a> {
    /// Whatever it is: an operation is carried out.
    Value,
    /// The same, where the type is written down.
    Typed(&'a Type),
    /// It is wanted as an operation, and not carried out.
    Operation,
}

impl<'a> Target<'a> {
    fn of(ty: Option<&'a Type>) -> Self {
        ty.map_or(Self::Value, Self::Typed)
    }
}

/// What a call's value is wanted for.
#[derive(Debug, Default)]
struct Wanted {
    /// The type written down for it.
    ty: Option<Type>,
    /// Where what the compiler says of it begins and ends, if it may have to say anything.
    ends: Option<[Span; 2]>,
}

/// How an operation is begun, and what the call's value is wanted for.
type Found = (Start, Wanted);

impl Rewriter {
    /// For the body of a routine without a name.
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            recursion: None,
            inside_err: false,
            output: None,
            wanted: Wanted::default(),
            found: false,
            waits: false,
            imports: Imports::default(),
            allow: None,
            prototype: None,
            functions: Vec::new(),
        }
    }

    /// For the body of the routine `name`.
    pub(crate) fn of_routine(mode: Mode, name: &Ident, start: Start) -> Self {
        Self { recursion: Some((name.clone(), start)), ..Self::new(mode) }
    }

    /// Rewrites a whole body, which returns `output`. Says whether anything has changed.
    pub(crate) fn body(&mut self, block: &mut Block, output: Option<&Type>) -> bool {
        self.output = output.filter(|ty| emit::names_type(ty)).cloned();
        let output = self.output.clone();
        self.block(block, Target::of(output.as_ref()));
        let found = mem::take(&mut self.found);
        if found {
            block.stmts.insert(0, Stmt::Expr(Expr::Verbatim(emit::imports(self.imports)), None));
        }
        found
    }

    /// Whether a body in which nothing was rewritten may wait all the same.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// How this body waits.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Rewrites what a call is made of, and leaves the call itself, which is wanted as an operation; the same of those
    /// that a block or a choice ends with.
    pub(crate) fn operands(&mut self, expr: &mut Expr) {
        self.visit_for(expr, Target::Operation);
    }

    fn visit_call_parts(&mut self, call: &mut ExprCall) {
        if !matches!(&*call.func, Expr::Path(_)) {
            self.visit_expr_mut(&mut call.func);
        }
        let outer = mem::replace(&mut self.inside_err, names::constructs(call, "Err"));
        match &*call.func {
            Expr::Path(function) if names::builds(&function.path) => {
                call.args.iter_mut().for_each(|part| self.part(part));
            }
            Expr::Path(function) => {
                let name = function.path.segments.last().map(|last| &last.ident);
                self.arguments(name, &mut call.args);
            }
            _ => self.arguments(None, &mut call.args),
        }
        self.inside_err = outer;
    }

    // Input: `data: bytes.split(is_newline)`, where `is_newline` is a function
    // Output: the same, with its parts rewritten: the place may want a `Split<u8, fn(&u8) -> bool>`, and only the
    // call as it is turns the function into a pointer.
    fn part(&mut self, value: &mut Expr) {
        match value {
            Expr::MethodCall(call) if names::takes_function(call, &self.functions) => {
                self.visit_method_parts(call);
            }
            other => self.visit_expr_mut(other),
        }
    }

    /// The arguments of a call of `function`.
    fn arguments(&mut self, function: Option<&Ident>, arguments: &mut Punctuated<Expr, Token![,]>) {
        let last = if function.is_some_and(names::takes_maker) { arguments.len() } else { 0 };
        for (i, argument) in arguments.iter_mut().enumerate() {
            // Of an operation where a closure is wanted that makes one, the compiler says so at the operation.
            let ends = if i + 1 == last { emit::ends(argument) } else { None };
            let found = self.finds(|this| this.visit_expr_mut(argument));
            if let (Some(ends), true) = (ends, found) {
                let made = mem::replace(argument, Expr::PLACEHOLDER);
                *argument = emit::field_of(made, ends);
            }
        }
    }

    fn visit_method_parts(&mut self, call: &mut ExprMethodCall) {
        let outer = mem::take(&mut self.inside_err);
        self.visit_expr_mut(&mut call.receiver);
        self.arguments(Some(&call.method), &mut call.args);
        self.inside_err = outer;
    }

    // Input: `f(a, g(b))`
    // Output: `resolve!(f(a, resolve!(g(b))))`
    fn call(&mut self, call: &mut ExprCall) -> Option<Found> {
        let (inside_err, wanted) = (self.inside_err, mem::take(&mut self.wanted));
        self.visit_call_parts(call);
        if names::leaves_call(call, inside_err) {
            return None;
        }
        let start = self.start(matches!(&*call.func, Expr::Path(path) if self.names_itself(&path.path)));
        Some((start, wanted))
    }

    // Input: `a.m(g(b))`
    // Output: `resolve!(a.m(resolve!(g(b))))`
    fn method_call(&mut self, call: &mut ExprMethodCall) -> Option<Found> {
        let wanted = mem::take(&mut self.wanted);
        if emit::blocks(call) {
            self.operands(&mut call.receiver);
            if self.mode == Mode::Suspend {
                self.imports.values = true;
                emit::refuse_block(call);
            }
        } else {
            self.visit_method_parts(call);
        }
        if names::is_never_probed(&call.method.to_string()) {
            return None;
        }
        let itself = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self"))
            && self.recursion.as_ref().is_some_and(|(name, _)| *name == call.method);
        let start = self.start(itself);
        Some((start, wanted))
    }

    // Input: `write!(to, "{}", f(x))`
    // Output: `({ let written = write!(to, "{}", resolve!(f(x))); resolve!(written) })`; where `to` is no place,
    // within `match to { mut to => … }`
    fn writing(&mut self, mac: &mut Macro) -> Option<Found> {
        let (outer, wanted) = (mem::take(&mut self.inside_err), mem::take(&mut self.wanted));
        self.visit_macro_mut(mac);
        self.inside_err = outer;
        names::writes(&mac.path).then_some((Start::Inline, wanted))
    }

    fn resolve(&mut self, mut call: Expr, (start, wanted): Found) -> Expr {
        self.found = true;
        let Wanted { ty: wanted, ends } = wanted;
        match wanted {
            Some(_) => self.imports.types = true,
            None => self.imports.values = true,
        }
        let at = emit::call_site(&call);
        let attrs = match &mut call {
            Expr::Call(call) => mem::take(&mut call.attrs),
            Expr::MethodCall(call) => mem::take(&mut call.attrs),
            _ => Vec::new(),
        };
        let (call, before) = match call {
            Expr::Macro(it) => emit::apart(it),
            call => (call, None),
        };
        let prototype = self.prototype.get_or_insert_with(|| Prototype::new(self.mode));
        let shown = ends.filter(|_| self.mode == Mode::Suspend || before.is_some());
        let made = match self.mode {
            Mode::Suspend => emit::resolve(attrs, call, at, start, wanted.as_ref(), prototype),
            Mode::Block => emit::finish(attrs, call, at, ends, wanted.as_ref(), prototype),
        };
        let made = emit::behind(before, made, at);
        match shown {
            Some(ends) => emit::field_of(made, ends),
            None => made,
        }
    }

    /// Whether `visit` rewrites anything.
    fn finds(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        let before = mem::take(&mut self.found);
        visit(self);
        let found = self.found;
        self.found |= before;
        found
    }

    /// What we write around a call of a function that never returns is unreachable, and the compiler would
    /// say so to the user. Where the language takes no attribute, inside a larger expression, it does.
    fn allow_unreachable(&mut self) -> Attribute {
        let (mode, span) = (self.mode, Span::mixed_site());
        let make = || match mode {
            // The last word is for the field of a statement's call, and each word costs.
            Mode::Suspend => {
                parse_quote_spanned!(span=> #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::unnecessary_operation)])
            }
            Mode::Block => {
                parse_quote_spanned!(span=> #[allow(unreachable_code, clippy::diverging_sub_expression)])
            }
        };
        self.allow.get_or_insert_with(make).clone()
    }

    fn start(&self, itself: bool) -> Start {
        match &self.recursion {
            Some((_, start)) if itself => *start,
            _ => Start::Inline,
        }
    }

    /// Whether a path is `f` or `Self::f`, in the routine `f`.
    fn names_itself(&self, path: &Path) -> bool {
        let Some((name, _)) = &self.recursion else { return false };
        let mut segments = path.segments.iter().rev();
        segments.next().is_some_and(|last| last.ident == *name)
            && segments.next().is_none_or(|owner| owner.ident == "Self" && segments.next().is_none())
    }

    // Input: `f(g(a)).await`
    // Output: `f(resolve!(g(a))).await`: what is awaited is wanted as a future. Where the body blocks,
    // `block_on(f(…))`.
    fn awaited(&mut self, it: &mut ExprAwait) -> Option<TokenStream> {
        self.operands(&mut it.base);
        self.waits = true;
        let Mode::Block = self.mode else { return None };
        self.found = true;
        let (span, attrs, base) = (emit::ours(it.await_token.span), &it.attrs, &it.base);
        Some(quote_spanned!(span=> #(#attrs)* ::rustroutines::__private::block_on(#base)))
    }

    // Input: `for PAT in E { BODY }`
    // Output: see `emit::for_loop`; unchanged where E is a range, which never suspends.
    fn for_loop(&mut self, it: &mut ExprForLoop) -> Option<TokenStream> {
        self.visit_expr_mut(&mut it.expr);
        self.visit_block_mut(&mut it.body);
        if is_range(&it.expr) {
            return None;
        }
        self.found = true;
        match self.mode {
            Mode::Suspend => self.imports.types = true,
            Mode::Block => self.imports.values = true,
        }
        emit::for_loop(it, self.mode)
    }

    /// A statement's own expression.
    fn visit_whole(&mut self, expr: &mut Expr, target: Target<'_>) {
        let call = is_call(expr);
        let found = self.finds(|this| this.visit_for(expr, target));
        self.allow_around(expr, call && found);
    }

    // Input: `f(x);`
    // Output: `(resolve!(f(x)),).0;`: what is unused is said there. Of what stands at our tokens the compiler
    // would say so at the attribute, once for all.
    fn statement(&mut self, expr: &mut Expr) {
        if !is_call(expr) {
            return self.visit_whole(expr, Target::Value);
        }
        let found = self.finds(|this| this.shown(expr, None));
        self.allow_around(expr, found);
    }

    fn allow_around(&mut self, expr: &mut Expr, found: bool) {
        match expr {
            Expr::Call(ExprCall { attrs, .. })
            | Expr::MethodCall(ExprMethodCall { attrs, .. })
            | Expr::Paren(ExprParen { attrs, .. })
            | Expr::Field(ExprField { attrs, .. })
                if found =>
            {
                attrs.insert(0, self.allow_unreachable());
            }
            _ => {}
        }
    }

    // Input: `f(x)`
    // Output: `(resolve!(f(x)),).0`, whose field stands at the user's tokens; in a blocking body the method's
    // call itself does. Only where the call is the last thing that its statement evaluates: else the tuple would
    // be kept through a wait.
    fn shown(&mut self, call: &mut Expr, wanted: Option<&Type>) {
        self.wanted = Wanted { ty: wanted.cloned(), ends: emit::ends(call) };
        self.visit_expr_mut(call);
    }

    /// An expression whose value is for `target`. Its type is written down at the end of a body, behind `return`, in
    /// a typed `let`: a call there is no operation where its type is the one written, or is not known yet.
    fn visit_for(&mut self, expr: &mut Expr, target: Target<'_>) {
        match (expr, target) {
            (expr, Target::Value) => self.visit_expr_mut(expr),
            (Expr::Paren(it), _) => self.visit_for(&mut it.expr, target),
            (Expr::Group(it), _) => self.visit_for(&mut it.expr, target),
            (Expr::Call(call), Target::Operation) => self.visit_call_parts(call),
            (Expr::MethodCall(call), Target::Operation) => self.visit_method_parts(call),
            (Expr::Macro(it), Target::Operation) => self.visit_macro_mut(&mut it.mac),
            (Expr::Call(call), Target::Typed(ty)) if names::wraps(call, ty).is_some() => {
                let inner = Target::of(names::wraps(call, ty));
                let outer = mem::replace(&mut self.inside_err, names::constructs(call, "Err"));
                call.args.iter_mut().for_each(|argument| self.visit_for(argument, inner));
                self.inside_err = outer;
            }
            (Expr::MethodCall(call), Target::Typed(ty))
                if names::takes_function(call, &self.functions) && names::holds_pointer(ty) =>
            {
                self.visit_method_parts(call);
            }
            // What is of another type than the one written is said at the call.
            (expr, Target::Typed(ty)) if is_call(expr) => self.shown(expr, Some(ty)),
            (expr @ (Expr::Block(_) | Expr::Unsafe(_) | Expr::If(_) | Expr::Match(_)), _) => {
                // What stands in there is not directly inside of `Err(…)`.
                let outer = mem::take(&mut self.inside_err);
                self.branches(expr, target);
                self.inside_err = outer;
            }
            (other, _) => self.visit_expr_mut(other),
        }
    }

    /// The same of an expression whose value is that of a block, or of one of several.
    fn branches(&mut self, expr: &mut Expr, target: Target<'_>) {
        match expr {
            Expr::Block(it) if it.label.is_none() => self.block(&mut it.block, target),
            Expr::Unsafe(it) => self.block(&mut it.block, target),
            Expr::If(it) => {
                self.visit_expr_mut(&mut it.cond);
                let target = if it.else_branch.is_some() { target } else { Target::Value };
                self.block(&mut it.then_branch, target);
                it.else_branch.iter_mut().for_each(|(_, other)| self.visit_for(other, target));
            }
            Expr::Match(it) => {
                self.visit_expr_mut(&mut it.expr);
                it.arms.iter_mut().for_each(|arm| self.arm(arm, target));
            }
            other => self.visit_expr_mut(other),
        }
    }

    fn arm(&mut self, arm: &mut Arm, target: Target<'_>) {
        arm.guard.iter_mut().for_each(|(_, guard)| self.visit_expr_mut(guard));
        let call = is_call(&arm.body);
        if self.finds(|this| this.visit_for(&mut arm.body, target)) && call {
            arm.attrs.push(self.allow_unreachable());
        }
    }

    fn block(&mut self, block: &mut Block, target: Target<'_>) {
        let last = block.stmts.len().saturating_sub(1);
        for (i, statement) in block.stmts.iter_mut().enumerate() {
            writing(statement);
            match statement {
                // With a semicolon even at the end: what the head borrowed ends with the loop.
                Stmt::Expr(expr @ Expr::ForLoop(_), end) => {
                    self.visit_expr_mut(expr);
                    end.get_or_insert_with(Default::default);
                }
                Stmt::Expr(expr, None) if i == last => self.visit_whole(expr, target),
                Stmt::Expr(expr, Some(_)) => self.statement(expr),
                Stmt::Expr(expr, None) => self.visit_whole(expr, Target::Value),
                Stmt::Local(local) => self.local(local),
                Stmt::Macro(it) => self.visit_macro_mut(&mut it.mac),
                Stmt::Item(Item::Fn(function)) => self.functions.push(function.sig.ident.clone()),
                Stmt::Item(_) => {}
            }
        }
    }

    fn local(&mut self, local: &mut Local) {
        let Some(init) = &mut local.init else { return };
        let target = match &local.pat {
            // What stands for `_` is settled by the value alone.
            Pat::Type(it) if init.diverge.is_none() && !names::leaves_open(&it.ty) => Target::Typed(&it.ty),
            _ => Target::Value,
        };
        let call = is_call(&init.expr);
        if self.finds(|this| this.visit_for(&mut init.expr, target)) && call {
            local.attrs.push(self.allow_unreachable());
        }
        init.diverge.iter_mut().for_each(|(_, diverge)| self.visit_expr_mut(diverge));
    }
}

impl VisitMut for Rewriter {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let found = match &mut *expr {
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Macro(it) => self.writing(&mut it.mac),
            _ => None,
        };
        if let Some(found) = found {
            let call = mem::replace(expr, Expr::PLACEHOLDER);
            *expr = self.resolve(call, found);
            return;
        }
        let rewritten = match &mut *expr {
            Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_) => None,
            Expr::Await(it) => self.awaited(it),
            Expr::ForLoop(it) => self.for_loop(it),
            Expr::Reference(it) => {
                let call = is_call(inner(&it.expr));
                self.visit_expr_mut(&mut it.expr);
                if call {
                    lent(&mut it.expr);
                }
                None
            }
            Expr::Return(it) => {
                let output = self.output.clone();
                let target = Target::of(output.as_ref());
                it.expr.iter_mut().for_each(|value| self.visit_for(value, target));
                None
            }
            Expr::Try(it) => {
                let at = is_call(&it.expr).then(|| emit::call_site(&it.expr));
                let outer = mem::take(&mut self.inside_err);
                self.visit_expr_mut(&mut it.expr);
                self.inside_err = outer;
                // What is shown from the user's parentheses on is shown at the user's `?` too.
                if let (Some(at), Expr::Paren(resolved)) = (at, &mut *it.expr) {
                    resolved.paren_token = Paren(at);
                }
                None
            }
            Expr::Repeat(it) => {
                self.visit_expr_mut(&mut it.expr);
                None
            }
            Expr::Struct(it) => {
                let outer = mem::take(&mut self.inside_err);
                it.fields.iter_mut().for_each(|field| self.part(&mut field.expr));
                it.rest.iter_mut().for_each(|rest| self.visit_expr_mut(rest));
                self.inside_err = outer;
                None
            }
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => None,
            Expr::Verbatim(_) => {
                self.waits = true;
                None
            }
            other => {
                let outer = mem::take(&mut self.inside_err);
                visit_mut::visit_expr_mut(self, other);
                self.inside_err = outer;
                None
            }
        };
        if let Some(tokens) = rewritten {
            *expr = Expr::Verbatim(tokens);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block, Target::Value);
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.arm(arm, Target::Value);
    }

    // The macro itself stays, with its arguments rewritten: so its import is used, and it reports its
    // own errors. (`suspend!` makes a body of its own, and `plain!` is left alone.)
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        self.waits = true;
        let (path, tokens) = found::unmark(mem::take(&mut mac.tokens));
        mac.tokens = tokens;
        let own = names::own_macro(&mac.path, path.is_some());
        self.found |= own.is_some();
        match own {
            Some(OwnMacro::Go) => go::rewrite(mac, self),
            Some(OwnMacro::Select) => select::rewrite(mac, self),
            None => known_macros::rewrite(mac, self),
        }
        if let Some(path) = path {
            let tokens = &mac.tokens;
            mac.tokens = quote!(@crate [#path] #tokens);
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_path_mut(&mut self, _: &mut Path) {}
    fn visit_member_mut(&mut self, _: &mut Member) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}
}
