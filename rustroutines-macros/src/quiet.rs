//! Sees by the tokens alone that a body has no calls. To parse one costs more than all else the macro does, and
//! what has no calls need not be read. Says no where in doubt.

use crate::emit::Mode;
use crate::names;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// Words that no call's parentheses stand behind, and no macro's `!`.
const KEYWORDS: [&str; 13] =
    ["as", "break", "else", "if", "in", "let", "loop", "match", "move", "mut", "ref", "return", "while"];

/// Whether a plain function by its words has nothing in it that a blocking body would rewrite.
pub(crate) fn function(item: &TokenStream) -> bool {
    let mut trees = item.clone().into_iter();
    let mut last = None;
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Group(attribute) if names_routine(attribute) => return false,
            TokenTree::Ident(word) if ["async", "const", "unsafe", "extern"].iter().any(|it| word == it) => {
                return false;
            }
            TokenTree::Ident(word) if word == "fn" => {
                last = trees.last();
                break;
            }
            _ => {}
        }
    }
    matches!(last, Some(TokenTree::Group(it)) if it.delimiter() == Delimiter::Brace && body(it.stream(), Mode::Block))
}

/// Whether these are the brackets of another `#[routine]`.
fn names_routine(group: &Group) -> bool {
    let named = |tree| matches!(tree, TokenTree::Ident(word) if word == "routine");
    group.delimiter() == Delimiter::Bracket && group.stream().into_iter().any(named)
}

/// What stood before a token.
#[derive(Debug, Default)]
struct Before {
    /// The name before the last, where only `::` stands between: of `a::b`, the `a`.
    owner: String,
    /// The path begins with `crate`, `self` or `super`.
    own: bool,
    /// The last name, unless something else than `::` stands behind it.
    name: String,
    /// How many colons stand behind it.
    colons: usize,
    /// Whether parentheses would be a call's.
    callable: bool,
    /// Whether the name is a method's, or a field's.
    member: bool,
    /// Whether it is the first half of `=>` or `->`, most likely.
    arrow: bool,
}

/// Whether nothing in a body can be rewritten, nor wait: no call of what may be an operation, no loop over what may be
/// one. In a body that suspends there may be an `.await` in a macro.
pub(crate) fn body(tokens: TokenStream, mode: Mode) -> bool {
    let mut before = Before::default();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let call = before.callable && group.delimiter() == Delimiter::Parenthesis;
                if call && !before.is_left_alone() || !body(group.stream(), mode) {
                    return false;
                }
                before = Before { callable: true, ..Before::default() };
            }
            TokenTree::Ident(word) => {
                let word = word.to_string();
                if matches!(word.as_str(), "for" | "await") {
                    return false;
                }
                let callable = !KEYWORDS.contains(&word.as_str());
                let member = before.member;
                let (owner, own) = match before {
                    Before { colons: 2, own, name, .. } => {
                        let own = own || names::is_own(&name);
                        (name, own)
                    }
                    _ => (String::new(), false),
                };
                before = Before { owner, own, name: word, callable, member, ..Before::default() };
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '!' if punct.spacing() == Spacing::Alone && before.callable => {
                    let known = names::arguments_of(&before.name).is_some();
                    if mode == Mode::Suspend || !known || names::macro_writes(&before.name) {
                        return false;
                    }
                    before = Before::default();
                }
                ':' => {
                    before.colons += 1;
                    before.callable = false;
                }
                other => {
                    // Of `=>` and `->`, the second is no end of a turbofish; of `>>` it is.
                    let callable = other == '?' || other == '>' && !before.arrow;
                    let arrow = matches!(other, '=' | '-') && punct.spacing() == Spacing::Joint;
                    before = Before { callable, arrow, member: other == '.', ..Before::default() };
                }
            },
            TokenTree::Literal(_) => before = Before::default(),
        }
    }
    true
}

impl Before {
    /// Whether a call of this is never taken for an operation.
    fn is_left_alone(&self) -> bool {
        match self.name.as_str() {
            "" => false,
            name if self.member => names::is_never_probed(name),
            name if self.own => names::leaves_own_function(name),
            name => names::leaves_function(&self.owner, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::Rewriter;
    use quote::ToTokens;
    use std::fs;
    use std::path::Path;
    use syn::visit::{self, Visit};
    use syn::{Block, Expr, Stmt};

    fn is_quiet(code: &str) -> bool {
        body(code.parse().unwrap(), Mode::Suspend)
    }

    #[test]
    fn what_calls_nothing_is_quiet() {
        for code in [
            "self.x + if !(a) { 1 } else { 2 }",
            "if !done { return !(a || b); } x != (y)",
            "Some(Point { x, y: Wrapped(1) })",
            "x.take.unwrap(); Vec::new(); std::mem::size_of(); mem::take(&mut x); u8::from(y)",
            "match x { Some(y) if y > 1 => (y, 1), _ => (0, 2) }",
            "crate::Point(x); self::Point::default()",
            "let (a, b) = x; while a < b { a += (1) } a as (usize)",
        ] {
            assert!(is_quiet(code), "{code}");
        }
    }

    #[test]
    fn what_may_call_something_is_not() {
        for code in [
            "f(x)",
            "x.f()",
            "x.len()",
            "Self::f(x)",
            "Vec::<u8>::new()",
            "(self.f)(x)",
            "self.f(x)",
            "f(x)(y)",
            "x[0](y)",
            "f::<u8>(x)",
            "f::<Option<u8>>(x)",
            "f::<Vec<Option<u8>>>(x)",
            "f::<fn() -> Vec<u8>>(x)",
            "crate::mem::take(x)",
            "super::Vec::f(x)",
            "core::f(x)",
            "{ [1, f(2)] }",
            "for x in y {}",
            "x.await",
            "println!()",
            "x?(y)",
            "Vec.new()",
            "x::Vec.new()",
            "vec![f()]",
        ] {
            assert!(!is_quiet(code), "{code}");
        }
    }

    #[test]
    fn a_macro_is_quiet_where_it_cannot_suspend() {
        for (code, expected) in [
            ("println!(\"{}\", x.y)", true),
            ("println!(\"{}\", x.y())", false),
            ("writeln!(x, \"{}\", x.y)", false),
            ("go!(x)", false),
            ("unknown!(x)", false),
        ] {
            assert_eq!(body(code.parse().unwrap(), Mode::Block), expected, "{code}");
        }
    }

    /// Whether the rewriter, which reads it, leaves a body as it is.
    fn is_left(block: &Block, mode: Mode) -> bool {
        let mut rewriter = Rewriter::new(mode);
        let found = rewriter.body(&mut block.clone(), None);
        !(found || mode == Mode::Suspend && rewriter.waits())
    }

    /// Whether the tokens are said to be quiet; only where the rewriter leaves them.
    fn agrees(block: &Block) -> bool {
        let tokens: TokenStream = block.stmts.iter().map(ToTokens::to_token_stream).collect();
        let is_quiet = |mode| {
            let quiet = body(tokens.clone(), mode);
            assert!(!quiet || is_left(block, mode), "not to be taken for quiet ({mode:?}): {tokens}");
            quiet
        };
        is_quiet(Mode::Suspend) | is_quiet(Mode::Block)
    }

    /// Every way to name what is called, in every place that a call can stand in.
    #[test]
    fn no_call_is_overlooked() {
        let callees = [
            "f",
            "r#try",
            "a::f",
            "::a::f",
            "crate::f",
            "self::f",
            "super::super::f",
            "Self::f",
            "T::f",
            "T::<U>::f",
            "f::<u8>",
            "f::<Option<u8>>",
            "f::<Vec<Option<u8>>>",
            "f::<fn() -> u8>",
            "f::<fn() -> Vec<u8>>",
            "f::<dyn Fn(u8) -> Vec<u8>>",
            "f::<{ 1 }>",
            "f::<-1>",
            "f::<'a>",
            "f::<&'static str>",
            "f::<[u8; 4]>",
            "f::<(u8, u8)>",
            "f::<T::U>",
            "f::<<T as U>::V>",
            "f::<(u8,),>",
            "f::<_>",
            "<T>::f",
            "<T as U>::f",
            "<Vec<Vec<u8>>>::f",
            "<[u8]>::f",
            "<T as U<Vec<u8>>>::f::<Vec<u8>>",
            "core::f",
            "std::f",
            "mem::f",
            "ptr::f",
            "crate::mem::f",
            "crate::core::f",
            "self::std::f",
            "crate::Vec::f",
            "super::Option::f",
            "a::Vec::f",
            "Vec::f",
            "std::process::exit",
            "core::mem::take",
            "Vec::<u8>::new",
            "Conn::new",
            "Some",
            "a::Some",
            "crate::Some",
            "x.f",
            "x.y.f",
            "x.0.f",
            "x?.f",
            "x[0].f",
            "1.f",
            "\"\".f",
            "'a'.f",
            "x.f::<u8>",
            "x.f::<Vec<u8>>",
            "x.len",
            "x.unwrap",
            "x.into",
            "Vec.into",
            "f()",
            "f(y)?",
            "x.f()",
            "x[0]",
            "x[f(1)]",
            "x?",
            "(x)",
            "(x.f)",
            "(x)(y)",
            "{ x }",
            "(if x { y } else { z })",
            "(|x| x)",
            "(&x)",
            "(*x)",
            "unsafe { x }",
            "m! {}",
            "m!()",
            "vec![x]",
        ];
        let places = [
            "@(x)",
            "@(x);",
            "@()",
            "@(@(x))",
            "let _ = @(x);",
            "let x: T = @(x);",
            "let Some(x) = @(x) else { return };",
            "return @(x);",
            "break @(x)",
            "loop { break 'a @(x) }",
            "-@(x)",
            "!@(x)",
            "&@(x)",
            "&mut @(x)",
            "*@(x)",
            "x = @(x)",
            "x += @(x)",
            "x >>= @(x)",
            "x > @(x)",
            "x >= @(x)",
            "x >> @(x)",
            "x < @(x)",
            "x == @(x)",
            "x - @(x)",
            "x && @(x)",
            "x..@(x)",
            "..=@(x)",
            "@(x) as T",
            "x as T + @(x)",
            "x as Vec<Vec<u8>> > @(x)",
            "[@(x)]",
            "[@(x); 2]",
            "(@(x), y)",
            "x[@(x)]",
            "T { x: @(x) }",
            "T { x, ..@(x) }",
            "Some(@(x))",
            "Err(@(x))",
            "if @(x) {}",
            "if let Some(x) = @(x) {}",
            "if x && let y = @(x) {}",
            "while @(x) {}",
            "'a: while @(x) {}",
            "match @(x) { _ => {} }",
            "match x { y => @(x) }",
            "match x { y if @(x) => z }",
            "match x { T { y } => @(x), }",
            "match x { 1.. => @(x) }",
            "match x { ..=1 => { @(x) } }",
            "{ @(x) }",
            "unsafe { @(x) }",
            "'a: { @(x) }",
            "if x { y } else { @(x) }",
            "@(x)?",
            "@(x).await",
            "@(x).y",
            "@(x).len()",
            "println!(\"{}\", @(x))",
            "assert!(@(x))",
            "vec![@(x); 2]",
            "matches!(x, y if @(x))",
            "#[cfg(a)] @(x)",
            "#[cfg(a)] let x = @(x);",
            "let x = |y| y; @(x)",
            "fn g() -> T { h() } @(x)",
            "type T = fn() -> Vec<u8>; @(x)",
            "let x: fn() -> T = y; @(x)",
            "move || x; @(x)",
        ];
        let (mut read, mut quiet) = (0, 0);
        for (place, callee) in
            places.iter().flat_map(|place| callees.iter().map(move |callee| (place, callee)))
        {
            let Ok(block) = syn::parse_str(&format!("{{ {} }}", place.replace('@', callee))) else {
                continue;
            };
            read += 1;
            quiet += u32::from(agrees(&block));
        }
        assert!(read > 5_000, "only {read} are code");
        assert!(quiet > 300, "only {quiet} are quiet");
    }

    /// Every block of code in this repository, alone.
    #[test]
    fn no_call_in_real_code_is_overlooked() {
        #[derive(Default)]
        struct Blocks {
            read: u32,
            quiet: u32,
        }
        impl Blocks {
            fn check(&mut self, block: &Block) {
                self.read += 1;
                self.quiet += u32::from(agrees(block));
            }
        }
        impl Visit<'_> for Blocks {
            fn visit_block(&mut self, block: &Block) {
                self.check(block);
                visit::visit_block(self, block);
            }

            fn visit_expr(&mut self, expr: &Expr) {
                let stmts = vec![Stmt::Expr(expr.clone(), None)];
                self.check(&Block { brace_token: Default::default(), stmts });
                visit::visit_expr(self, expr);
            }
        }
        let mut found = Blocks::default();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_dir() && name != "target" && !name.starts_with('.') {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "rs") {
                    // Some of what stands there is wrong on purpose.
                    let file = syn::parse_file(&fs::read_to_string(&path).unwrap());
                    file.iter().for_each(|file| found.visit_file(file));
                }
            }
        }
        assert!(found.read > 10_000, "only {} were read", found.read);
        assert!(found.quiet > 1_000, "only {} are quiet", found.quiet);
    }
}
