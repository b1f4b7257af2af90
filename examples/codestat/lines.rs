//! What each line of a source file is: blank, comment or code. Pure: text in, numbers out.
//!
//! A line is what a newline ends, as for `wc -l`: text after the last newline is no line. It is blank
//! where it holds nothing but white space, a comment where it holds nothing else but comments, else
//! code. Strings are followed as far as it takes not to see comments in them.

use std::ops::AddAssign;
use std::path::Path;

/// Numbers of lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) blank: u64,
    pub(crate) comment: u64,
    pub(crate) code: u64,
}

impl Lines {
    /// All lines.
    pub(crate) fn all(&self) -> u64 {
        self.blank + self.comment + self.code
    }
}

impl AddAssign for Lines {
    fn add_assign(&mut self, more: Lines) {
        self.blank += more.blank;
        self.comment += more.comment;
        self.code += more.code;
    }
}

/// How a language writes what concerns us.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) name: &'static str,
    /// Endings of file names without the dot, and whole names.
    files: &'static [&'static str],
    /// What starts a comment that ends with the line.
    line: &'static [&'static str],
    /// What starts and what ends a longer comment.
    block: Option<(&'static str, &'static str)>,
    /// Whether comments of the longer kind lie in one another.
    nested: bool,
    /// The first that fits is taken: the longer ones come first.
    strings: &'static [Text],
}

/// A kind of string, or of character, that may hold what looks like a comment or a string.
#[derive(Debug)]
struct Text {
    open: &'static str,
    close: &'static str,
    /// Whether a backslash takes away the meaning of what follows it.
    escapes: bool,
    /// Whether it goes on in the next line.
    long: bool,
}

const fn text(open: &'static str, close: &'static str, escapes: bool, long: bool) -> Text {
    Text { open, close, escapes, long }
}

const C_STRINGS: &[Text] = &[text("\"", "\"", true, false), text("'", "'", true, false)];
const RUST_STRINGS: &[Text] = &[
    text("r###\"", "\"###", false, true),
    text("r##\"", "\"##", false, true),
    text("r#\"", "\"#", false, true),
    text("r\"", "\"", false, true),
    text("\"", "\"", true, true),
    // Only these two characters matter; any other `'` may be that of a lifetime.
    text("'\"'", "", false, false),
    text("'\\\"'", "", false, false),
];
const GO_STRINGS: &[Text] =
    &[text("\"", "\"", true, false), text("'", "'", true, false), text("`", "`", false, true)];
const JS_STRINGS: &[Text] =
    &[text("\"", "\"", true, false), text("'", "'", true, false), text("`", "`", true, true)];
const PYTHON_STRINGS: &[Text] = &[
    text("\"\"\"", "\"\"\"", true, true),
    text("'''", "'''", true, true),
    text("\"", "\"", true, false),
    text("'", "'", true, false),
];

const fn language(name: &'static str, files: &'static [&'static str]) -> Language {
    Language { name, files, line: &[], block: None, nested: false, strings: &[] }
}

const fn like_c(name: &'static str, files: &'static [&'static str], strings: &'static [Text]) -> Language {
    Language { line: &["//"], block: Some(("/*", "*/")), strings, ..language(name, files) }
}

const fn like_shell(
    name: &'static str,
    files: &'static [&'static str],
    strings: &'static [Text],
) -> Language {
    Language { line: &["#"], strings, ..language(name, files) }
}

const LANGUAGES: &[Language] = &[
    Language { nested: true, ..like_c("Rust", &["rs"], RUST_STRINGS) },
    like_c("C", &["c", "h"], C_STRINGS),
    like_c("C++", &["cc", "cpp", "cxx", "hh", "hpp", "hxx"], C_STRINGS),
    like_c("C#", &["cs"], C_STRINGS),
    like_c("Go", &["go"], GO_STRINGS),
    like_c("Java", &["java"], C_STRINGS),
    like_c("JavaScript", &["js", "cjs", "mjs", "jsx"], JS_STRINGS),
    like_c("TypeScript", &["ts", "cts", "mts", "tsx"], JS_STRINGS),
    Language { nested: true, ..like_c("Kotlin", &["kt", "kts"], C_STRINGS) },
    Language { nested: true, ..like_c("Swift", &["swift"], C_STRINGS) },
    Language { line: &[], ..like_c("CSS", &["css"], C_STRINGS) },
    Language { line: &["--"], ..like_c("SQL", &["sql"], C_STRINGS) },
    Language { line: &["--"], block: Some(("{-", "-}")), nested: true, ..language("Haskell", &["hs"]) },
    Language { line: &["--"], block: Some(("--[[", "]]")), ..language("Lua", &["lua"]) },
    like_c("Assembly", &["s", "S", "asm"], C_STRINGS),
    like_shell("Python", &["py", "pyi"], PYTHON_STRINGS),
    like_shell("Ruby", &["rb", "Rakefile", "Gemfile"], C_STRINGS),
    like_shell("Perl", &["pl", "pm"], C_STRINGS),
    like_shell("Shell", &["sh", "bash", "zsh"], &[]),
    like_shell("Makefile", &["mk", "Makefile", "makefile", "GNUmakefile"], &[]),
    like_shell("CMake", &["cmake", "CMakeLists.txt"], &[]),
    like_shell("Dockerfile", &["Dockerfile"], &[]),
    like_shell("TOML", &["toml", "Cargo.lock"], PYTHON_STRINGS),
    like_shell("YAML", &["yml", "yaml"], &[]),
    Language { block: Some(("<!--", "-->")), ..language("HTML", &["html", "htm"]) },
    Language { block: Some(("<!--", "-->")), ..language("XML", &["xml", "svg"]) },
    language("Markdown", &["md"]),
    language("JSON", &["json"]),
    language("Text", &["txt"]),
];

/// Stands for all others: blank lines are counted, and the rest is taken for code.
const OTHER: &Language = &language("Other", &[]);

/// The language of the file at `path`, by its name.
pub(crate) fn language_of(path: &Path) -> &'static Language {
    let name = path.file_name().and_then(|name| name.to_str());
    let ending = path.extension().and_then(|ending| ending.to_str());
    let named =
        |known: &&Language| known.files.iter().any(|file| Some(*file) == name || Some(*file) == ending);
    LANGUAGES.iter().find(named).unwrap_or(OTHER)
}

/// Where a line begins, and where the walk along it is.
#[derive(Clone, Copy)]
enum Place {
    Code,
    /// In a comment of the longer kind, and how deep.
    Comment(u32),
    String(&'static Text),
}

/// Counts the lines of `source`.
pub(crate) fn count(language: &'static Language, source: &str) -> Lines {
    let marks = language.marks();
    let mut lines = Lines::default();
    let mut place = Place::Code;
    for line in source.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line = line.trim();
        let has_code = language.follow(line, &mut place, &marks);
        match (line.is_empty(), has_code) {
            (true, _) => lines.blank += 1,
            (false, true) => lines.code += 1,
            (false, false) => lines.comment += 1,
        }
    }
    lines
}

impl Language {
    /// The bytes that something of interest starts with: the others need no second look.
    fn marks(&self) -> [bool; 256] {
        let block = self.block.iter().map(|(open, _)| *open);
        let strings = self.strings.iter().map(|string| string.open);
        let mut marks = [false; 256];
        for start in self.line.iter().copied().chain(block).chain(strings) {
            marks[start.as_bytes()[0] as usize] = true;
        }
        marks
    }

    /// Walks along `line`; says whether there is anything but comments and white space.
    fn follow(&'static self, line: &str, place: &mut Place, marks: &[bool; 256]) -> bool {
        let mut rest = line.as_bytes();
        let mut code = false;
        while let Some(&byte) = rest.first() {
            let step = match *place {
                Place::Code if !marks[byte as usize] => {
                    code |= !byte.is_ascii_whitespace();
                    1
                }
                Place::Code => match self.start(rest) {
                    Some((Place::Code, _)) => return code,
                    Some((next, length)) => {
                        code |= matches!(next, Place::String(_));
                        *place = next;
                        length
                    }
                    None => {
                        code = true;
                        1
                    }
                },
                Place::Comment(depth) => {
                    let (open, close) = self.block.expect("only languages with such comments come here");
                    if rest.starts_with(close.as_bytes()) {
                        *place = if depth == 1 { Place::Code } else { Place::Comment(depth - 1) };
                        close.len()
                    } else if self.nested && rest.starts_with(open.as_bytes()) {
                        *place = Place::Comment(depth + 1);
                        open.len()
                    } else {
                        1
                    }
                }
                Place::String(text) => {
                    code = true;
                    if rest.starts_with(text.close.as_bytes()) {
                        *place = Place::Code;
                        text.close.len()
                    } else if text.escapes && byte == b'\\' {
                        2
                    } else {
                        1
                    }
                }
            };
            rest = rest.get(step..).unwrap_or_default();
        }
        if matches!(place, Place::String(text) if !text.long) {
            *place = Place::Code;
        }
        code
    }

    /// What starts here, if anything, and the length of its sign; `Code` stands for a comment that
    /// ends with the line.
    fn start(&'static self, rest: &[u8]) -> Option<(Place, usize)> {
        if let Some((open, _)) = self.block.filter(|(open, _)| rest.starts_with(open.as_bytes())) {
            return Some((Place::Comment(1), open.len()));
        }
        if self.line.iter().any(|start| rest.starts_with(start.as_bytes())) {
            return Some((Place::Code, rest.len()));
        }
        let string = self.strings.iter().find(|string| rest.starts_with(string.open.as_bytes()))?;
        Some((Place::String(string), string.open.len()))
    }
}
