//! What has been found: by a routine in one batch, or in all.

use crate::lines::{Lines, count, language_of};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

/// What has been found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Number of files, and their lines, by language.
    languages: BTreeMap<&'static str, (u64, Lines)>,
    /// What could not be counted, and why.
    pub(crate) problems: Vec<String>,
}

impl Report {
    /// A report of nothing but a problem with `path`.
    pub(crate) fn problem(path: &Path, why: impl fmt::Display) -> Report {
        Report { problems: vec![describe(path, why)], ..Report::default() }
    }

    /// Counts one file, given what reading it has brought.
    pub(crate) fn count_file(&mut self, path: &Path, bytes: io::Result<Vec<u8>>) {
        let why = match bytes.map(String::from_utf8) {
            Ok(Ok(text)) if !text.contains('\0') => {
                let language = language_of(path);
                let (files, lines) = self.languages.entry(language.name).or_default();
                *files += 1;
                *lines += count(language, &text);
                return;
            }
            Ok(Err(error)) if !error.as_bytes().contains(&0) => format!("not UTF-8: {}", error.utf8_error()),
            Ok(_) => "binary file".to_string(),
            Err(error) => error.to_string(),
        };
        self.problems.push(describe(path, why));
    }

    /// Adds what `more` has counted. Its problems are not kept: they are told one by one.
    pub(crate) fn add(&mut self, more: Report) {
        for (language, (files, lines)) in more.languages {
            let sum = self.languages.entry(language).or_default();
            sum.0 += files;
            sum.1 += lines;
        }
    }

    /// Number of files, and their lines, in all languages.
    pub(crate) fn sum(&self) -> (u64, Lines) {
        let mut sum = (0, Lines::default());
        for (files, lines) in self.languages.values() {
            sum.0 += files;
            sum.1 += *lines;
        }
        sum
    }
}

/// One problem, in one line.
fn describe(path: &Path, why: impl fmt::Display) -> String {
    format!("{}: {why}", path.display())
}

/// As a table: the language with the most code first.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<_> = self.languages.iter().map(|(name, sum)| (*name, *sum)).collect();
        rows.sort_by_key(|(_, (_, lines))| Reverse(lines.code));
        rows.push(("Total", self.sum()));
        writeln!(
            f,
            "{:12}{:>9}{:>11}{:>11}{:>11}{:>11}",
            "Language", "Files", "Lines", "Blank", "Comment", "Code"
        )?;
        for (name, (files, lines)) in rows {
            let Lines { blank, comment, code } = lines;
            writeln!(f, "{name:12}{files:>9}{:>11}{blank:>11}{comment:>11}{code:>11}", lines.all())?;
        }
        Ok(())
    }
}
