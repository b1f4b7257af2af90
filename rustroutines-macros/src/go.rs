//! `go!`: starts a routine.
//!
//! | form                                  | what is evaluated by the caller | what runs in the routine |
//! |---------------------------------------|---------------------------------|--------------------------|
//! | `go!(f(x))`, `go!(path::f(x))`        | the arguments                   | the call                 |
//! | `go!(table[i](x))`, `go!((a.f)(x))`   | the function, the arguments     | the call                 |
//! | `go!(obj.method(x))`                  | the receiver, the arguments     | the call                 |
//! | `go!(move \|\| …)`, `go!(\|\| …)`     | nothing                         | the closure's body       |
//! | `go!(move { … })`, `go!({ … })`       | nothing                         | the block                |
//!
//! Each form takes a name first: `go!("crawler", f(x))`. A name is any expression of a string type.

mod arguments;

use self::arguments::Arguments;
use crate::emit::{self, Imports, Mode, Prototype, Start};
use crate::operation::{Body, closure_body};
use crate::rewrite::Rewriter;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Error, Expr, ExprCall, ExprClosure, ExprMethodCall, Lit, Macro, Result, Token};

/// One invocation.
struct Go {
    name: Option<Expr>,
    task: Task,
}

/// What is started.
enum Task {
    Call(ExprCall),
    Method(ExprMethodCall),
    Closure(ExprClosure),
    Block(Option<Token![move]>, Block),
}

impl Parse for Go {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                Span::call_site(),
                "say what to start: a call as in `go!(f(x))`, a closure as in `go!(move || …)`, or a block",
            ));
        }
        let first = Parsed::parse(input)?;
        if input.is_empty() {
            return Ok(Go { name: None, task: first.task()? });
        }
        if !input.peek(Token![,]) {
            return Err(
                input.error("expected nothing more, or a comma between the routine's name and what to start")
            );
        }
        let comma: Token![,] = input.parse()?;
        if input.is_empty() {
            // a trailing comma; a name alone starts nothing
            return Ok(Go { name: None, task: first.task()? });
        }
        let name = first.name()?;
        let task = Parsed::parse(input)?.task()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            let text = "`go!` takes a name and one thing to start; start each in a `go!` of its own";
            return Err(Error::new(comma.span.join(input.span()).unwrap_or(input.span()), text));
        }
        Ok(Go { name: Some(name), task })
    }
}

/// A name or a task: the comma behind it will tell.
enum Parsed {
    Body(Body),
    Expr(Expr),
}

impl Parsed {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Token![async]) {
            return Err(input.error("a routine needs no `async`: write `go!({ … })` or `go!(move || …)`"));
        }
        if Body::begins(input) { input.parse().map(Parsed::Body) } else { input.parse().map(Parsed::Expr) }
    }

    fn name(self) -> Result<Expr> {
        const TEXT: &str = "a routine's name is a text, as in `go!(\"crawler\", f(x))`";
        match self {
            Parsed::Expr(Expr::Lit(it)) if !matches!(it.lit, Lit::Str(_)) => Err(Error::new(it.span(), TEXT)),
            Parsed::Expr(Expr::Assign(it)) => {
                Err(Error::new(it.eq_token.span, "write the name alone, as in `go!(\"crawler\", f(x))`"))
            }
            Parsed::Expr(name) => Ok(name),
            Parsed::Body(Body::Closure(it)) => Err(Error::new(it.or1_token.span(), TEXT)),
            Parsed::Body(Body::Block(_, it)) => Err(Error::new(it.brace_token.span.open(), TEXT)),
        }
    }

    fn task(self) -> Result<Task> {
        match self {
            Parsed::Body(Body::Closure(it)) => match it.inputs.first() {
                Some(parameter) => Err(Error::new(
                    parameter.span(),
                    "nobody gives a routine parameters: write `move || …`, which takes along the variables it names",
                )),
                None => Ok(Task::Closure(it)),
            },
            Parsed::Body(Body::Block(word, it)) => Ok(Task::Block(word, it)),
            Parsed::Expr(expr) => task(expr),
        }
    }
}

fn task(expr: Expr) -> Result<Task> {
    match expr {
        Expr::Call(it) => Ok(Task::Call(it)),
        Expr::MethodCall(it) => Ok(Task::Method(it)),
        Expr::Paren(it) => task(*it.expr),
        Expr::Group(it) => task(*it.expr),
        Expr::Await(it) => Err(Error::new(
            it.await_token.span,
            "leave `.await` out: `go!` does not wait, and gives a handle to `join`",
        )),
        Expr::Try(it) => Err(Error::new(
            it.question_token.span,
            "leave `?` out: the routine's outcome comes from its handle, by `join`",
        )),
        other => Err(Error::new(other.span(), not_a_task(&other))),
    }
}

/// What to write instead.
fn not_a_task(expr: &Expr) -> String {
    match expr {
        Expr::Path(it) => {
            let name = it.to_token_stream();
            format!(
                "`{name}` is only named here: call it, as in `go!({name}(…))`, or write what to do as `go!(move || …)`"
            )
        }
        Expr::Macro(_) => "a macro goes into braces: `go!({ … })`, or `go!(move { … })`".to_owned(),
        Expr::If(_)
        | Expr::Match(_)
        | Expr::Loop(_)
        | Expr::While(_)
        | Expr::ForLoop(_)
        | Expr::Unsafe(_) => "statements go into braces: `go!({ … })`, or `go!(move { … })`".to_owned(),
        _ => "this is a value, not something to start: write a call as in `go!(f(x))`, `go!(move || …)`, or \
              `go!({ … })`"
            .to_owned(),
    }
}

/// The whole macro. What the caller evaluates is taken as it stands.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2::<Go>(input).map_or_else(Error::into_compile_error, Go::emit)
}

/// `go!` in a routine's body: what the caller evaluates is the body's own code.
///
/// Input: `go!(f(g(x)))`
/// Output: `go!(f(resolve!(g(x))))`
pub(crate) fn rewrite(mac: &mut Macro, caller: &mut Rewriter) {
    // What does not parse, the macro itself will report.
    let Ok(mut go) = syn::parse2::<Go>(mac.tokens.clone()) else { return };
    go.name.iter_mut().for_each(|name| caller.visit_expr_mut(name));
    let name = go.name.map(|name| quote!(#name,));
    let task = match go.task {
        Task::Call(it) => operands(caller, Expr::Call(it)),
        Task::Method(it) => operands(caller, Expr::MethodCall(it)),
        Task::Closure(it) => quote!(#it),
        Task::Block(word, it) => quote!(#word #it),
    };
    mac.tokens = quote!(#name #task);
}

fn operands(caller: &mut Rewriter, mut call: Expr) -> TokenStream {
    caller.operands(&mut call);
    quote!(#call)
}

impl Go {
    fn emit(self) -> TokenStream {
        let name = self.name.map_or_else(
            || quote!(::rustroutines::__private::Option::None),
            |name| {
                let span = emit::ours(name.span());
                quote_spanned!(span=> ::rustroutines::__private::Option::Some(::rustroutines::__private::name(#name)))
            },
        );
        match self.task {
            Task::Call(call) => emit_call(&name, &call),
            Task::Method(mut call) if emit::blocks(&call) => {
                emit::refuse_block(&mut call);
                let (imports, started) = (imports(), emit_method(&name, &call));
                quote!({ #imports #started })
            }
            Task::Method(call) => emit_method(&name, &call),
            Task::Closure(closure) => {
                // What the closure or its body lacks is shown at its first word.
                let first = closure.capture.map_or(closure.or1_token.span(), |word| word.span);
                let span = emit::ours(first);
                let capture = closure.capture.map(|_| Token![move](span));
                let body = closure_body(&closure, first);
                quote_spanned!(span=> ::rustroutines::__private::go(#name, #capture || #body))
            }
            Task::Block(word, mut block) => {
                let span = emit::ours(block.brace_token.span.open());
                Rewriter::new(Mode::Suspend).body(&mut block, None);
                let maker = Ident::new("routine", span);
                let body = emit::body(&TokenStream::new(), &block, None, emit::Capture::Move, &maker);
                quote_spanned!(span=> ::rustroutines::__private::go(#name, #word || #body))
            }
        }
    }
}

/// Input: `go!(f(x, y))`
/// Output: `match (x, y) { (a0, a1) => go(None, move || as_operation!(f(a0, a1))) }`
///
/// A function that is not named but computed is bound with the arguments.
fn emit_call(name: &TokenStream, call: &ExprCall) -> TokenStream {
    let at = emit::call_site(&Expr::Call(call.clone()));
    let span = emit::ours(at);
    let Arguments { given, bound, all } = Arguments::new(&call.args, span);
    let computed = Some(&call.func).filter(|function| is_computed(function)).into_iter();
    let binding = computed.clone().map(|_| Ident::new("function", span));
    let function = binding.clone().next().map_or_else(|| call.func.to_token_stream(), |it| quote!(#it));
    let operation = emit::as_operation(&quote!(#function(#(#all),*)), at, "rustroutines_operation");
    let imports = imports();
    quote_spanned! {span=>
        match (#(#computed,)* #(#given,)*) {
            (#(mut #binding,)* #(#bound,)*) => ::rustroutines::__private::go(#name, move || { #imports #operation }),
        }
    }
}

/// Whether a call's function is an expression, whose value the caller gives. A closure is one only as a whole: what its
/// parameters are is known by the call alone.
fn is_computed(function: &Expr) -> bool {
    match function {
        Expr::Path(_) | Expr::Closure(_) => false,
        Expr::Paren(it) => is_computed(&it.expr),
        Expr::Group(it) => is_computed(&it.expr),
        _ => true,
    }
}

/// Input: `go!(obj.m(x))`
/// Output: `match (obj, x) { (mut this, a0) => go(None, move || routine(async move { resolve!(this.m(a0)) })) }`
///
/// The receiver lives in the routine, since the operation may borrow it.
fn emit_method(name: &TokenStream, call: &ExprMethodCall) -> TokenStream {
    let at = call.method.span();
    let span = emit::ours(at);
    let Arguments { given, bound, all } = Arguments::new(&call.args, span);
    let (receiver, method, turbofish) = (&call.receiver, &call.method, &call.turbofish);
    let this = Ident::new("this", span);
    let call = Expr::Verbatim(quote!(#this.#method #turbofish (#(#all),*)));
    let prototype = Prototype::new(Mode::Suspend);
    let resolved = emit::resolve(Vec::new(), call, at, Start::Inline, None, &prototype);
    let imports = imports();
    quote_spanned! {span=>
        match (#receiver, #(#given,)*) {
            (mut #this, #(#bound,)*) => ::rustroutines::__private::go(#name, move || {
                ::rustroutines::__private::routine(async move { #imports #resolved })
            }),
        }
    }
}

/// What is asked of a call's value.
fn imports() -> TokenStream {
    emit::imports(Imports { values: true, types: false })
}
