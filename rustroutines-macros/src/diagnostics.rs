//! Errors, gathered and reported together, each at the user's token.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Error;

/// The errors of one invocation.
#[derive(Debug, Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Adds one that shows at `span`. The text says what is wrong and what to write instead.
    pub(crate) fn push(&mut self, span: Span, text: impl std::fmt::Display) {
        self.add(Error::new(span, text));
    }

    /// Adds what a parser reported.
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All of them in the place of an expression, of whatever type is wanted there.
    pub(crate) fn into_expression(self) -> TokenStream {
        let errors = self.into_tokens();
        quote!({ #errors })
    }

    /// All of them as `compile_error!`s; nothing where there are none.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(|errors| errors.into_compile_error()).unwrap_or_default()
    }
}

/// The one of `words` that `typed` was probably meant to be.
pub(crate) fn nearest<'a>(typed: &str, words: &[&'a str]) -> Option<&'a str> {
    let scored = words.iter().map(|word| (distance(typed, word), *word));
    scored.min().filter(|(distance, word)| *distance * 2 <= word.len()).map(|(_, word)| word)
}

/// How many letters must be changed, added or left out to make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_no_far_one() {
        let words = ["local", "boxed", "blocking"];
        assert_eq!(nearest("lokal", &words), Some("local"));
        assert_eq!(nearest("box", &words), Some("boxed"));
        assert_eq!(nearest("block", &words), Some("blocking"));
        assert_eq!(nearest("threads", &words), None);
    }
}
