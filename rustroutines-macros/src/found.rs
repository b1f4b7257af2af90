//! How an expansion finds this crate, where that is not by `::rustroutines`.
//!
//! An attribute's option says it, `#[routine(crate = path)]`, and [`mark`] hands it on to the macros in the body,
//! wherever they stand: `go!(@crate [path] …)`. Who reads a marked macro strips that ([`unmark`]); the macro itself
//! then writes `path` for the crate's name ([`found`], [`through`]).

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;
use syn::{Path, Result};

/// The macros whose expansions name this crate.
const MARKED: [&str; 3] = ["go", "select", "suspend"];

/// Hands the path on to the macros of ours: those that are named alone, or through that path.
///
/// Input: `{ go!(f(x)); let s = || rr::suspend!({ g() }); other::select!(x) }`, `rr`
/// Output: `{ go!(@crate [rr] f(x)); let s = || rr::suspend!(@crate [rr] { g() }); other::select!(x) }`
pub(crate) fn mark(tokens: TokenStream, path: &Path) -> TokenStream {
    let segments = &path.segments;
    let written: Vec<String> = quote!(#segments ::).into_iter().map(|tree| tree.to_string()).collect();
    let mut made: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        let TokenTree::Group(group) = tree else {
            made.push(tree);
            continue;
        };
        let inner = mark(group.stream(), path);
        let inner = if names_ours(&made, &written) { quote!(@crate [#path] #inner) } else { inner };
        let mut marked = Group::new(group.delimiter(), inner);
        marked.set_span(group.span());
        made.push(marked.into());
    }
    made.into_iter().collect()
}

/// Whether what stands before a macro's parentheses is a macro of ours, the crate's path being `written`,
/// without a leading `::`.
fn names_ours(before: &[TokenTree], written: &[String]) -> bool {
    let [before @ .., TokenTree::Ident(name), TokenTree::Punct(mark)] = before else { return false };
    if mark.as_char() != '!' || !MARKED.iter().any(|ours| name == ours) {
        return false;
    }
    let colon = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':');
    // One colon alone stands behind a field's name, or a label.
    if !matches!(before, [.., first, second] if colon(first) && colon(second)) {
        return true;
    }
    let Some(start) = before.len().checked_sub(written.len()) else { return false };
    let (before, qualified) = before.split_at(start);
    // A leading `::` may stand before it, but no further segment.
    let longer = matches!(before, [.., TokenTree::Ident(_), first, second] if colon(first) && colon(second));
    !longer && qualified.iter().zip(written).all(|(tree, word)| tree.to_string() == *word)
}

/// What a macro of ours was given, without the mark, which is beside it.
pub(crate) fn unmark(tokens: TokenStream) -> (Option<Path>, TokenStream) {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Punct(at)), Some(TokenTree::Ident(word)), Some(TokenTree::Group(path)))
            if at.as_char() == '@' && word == "crate" =>
        {
            let path: Result<Path> = syn::parse2(path.stream());
            path.map_or((None, tokens), |path| (Some(path), trees.collect()))
        }
        _ => (None, tokens),
    }
}

/// A macro that may be marked.
pub(crate) fn found(input: TokenStream, expand: fn(TokenStream) -> TokenStream) -> TokenStream {
    match unmark(input) {
        (None, input) => expand(input),
        (Some(path), input) => through(expand(input), &path),
    }
}

/// What the macros wrote, for a crate that is found by another path.
///
/// Input: `::rustroutines::__private::Send`, `crate::tools::rustroutines`
/// Output: `crate::tools::rustroutines::__private::Send`
///
/// `__private` is nobody's but ours, so that no path of the user's is touched.
pub(crate) fn through(tokens: TokenStream, path: &Path) -> TokenStream {
    let mut made: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), through(group.stream(), path));
                inner.set_span(group.span());
                made.push(inner.into());
            }
            TokenTree::Ident(name) if name == "__private" => {
                // `:: rustroutines ::` stands before it
                let ours =
                    made.len().checked_sub(5).filter(|start| made[start + 2].to_string() == "rustroutines");
                if let Some(start) = ours {
                    let mut written = made.split_off(start);
                    let colons = written.split_off(3);
                    // An error may be shown from here on.
                    let at = written[0].span();
                    made.extend(quote!(#path));
                    let hygiene = made[start].span();
                    made[start].set_span(hygiene.located_at(at));
                    made.extend(colons);
                }
                made.push(name.into());
            }
            other => made.push(other),
        }
    }
    made.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::mark;

    fn marks(code: &str, path: &str) -> usize {
        let marked = mark(code.parse().unwrap(), &syn::parse_str(path).unwrap());
        marked.to_string().matches("@ crate [").count()
    }

    #[test]
    fn what_is_ours_is_marked() {
        assert_eq!(marks("go!(f()); rr::go!{ f() } ::rr::suspend!([go!(g())])", "rr"), 4);
        assert_eq!(marks("crate::a::select! {}; S { x: go!(f()) }", "crate::a"), 2);
        assert_eq!(marks("rr::go!(f())", "::rr"), 1);
    }

    #[test]
    fn what_is_not_ours_is_left() {
        assert_eq!(marks("other::go!(f()); rr::println!(); go(f()); x.go() != (y)", "rr"), 0);
        assert_eq!(marks("other::rr::go!(f()); macro_rules! go { () => {} }", "rr"), 0);
        assert_eq!(marks("a::select!(f())", "crate::a"), 0);
    }
}
