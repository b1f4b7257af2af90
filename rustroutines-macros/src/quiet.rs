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
}
