//! The example `codestat`: its counts against counts made otherwise.

#[path = "support/example.rs"]
mod example;
#[path = "../examples/codestat/lines.rs"]
mod lines;

use example::example;
use lines::{Lines, language_of};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Files and lines by language.
type Counts = BTreeMap<String, (u64, Lines)>;

/// An empty directory for one test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("codestat").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn codestat(arguments: &[&Path]) -> Output {
    Command::new(example("codestat")).args(arguments).output().unwrap()
}

/// The table that `codestat` has printed.
fn table(output: &Output) -> Counts {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut rows = text.lines();
    let title: Vec<_> = rows.next().expect("a title").split_whitespace().collect();
    assert_eq!(title, ["Language", "Files", "Lines", "Blank", "Comment", "Code"]);
    rows.map(|row| {
        let mut words = row.split_whitespace();
        let language = words.next().unwrap().to_string();
        let numbers: Vec<u64> = words.map(|word| word.parse().unwrap()).collect();
        let [files, all, blank, comment, code] = numbers[..] else { panic!("{row:?}") };
        let lines = Lines { blank, comment, code };
        assert_eq!(all, lines.all(), "{row:?}");
        (language, (files, lines))
    })
    .collect()
}

/// What `wc -l` says of all the files together, where there is a `wc`.
fn wc(files: &[PathBuf]) -> Option<u64> {
    let mut sum = 0;
    for some in files.chunks(500) {
        // In two: for a single file `wc` prints no total.
        let output = Command::new("wc").arg("-l").args(some).arg("/dev/null").output().ok()?;
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let total = text.lines().last().unwrap();
        sum += total.split_whitespace().next().unwrap().parse::<u64>().unwrap();
    }
    Some(sum)
}

fn lines(blank: u64, comment: u64, code: u64) -> Lines {
    Lines { blank, comment, code }
}

/// Checks what each line of a file with this name is.
#[track_caller]
fn check(name: &str, source: &str, expected: Lines) {
    let counted = lines::count(language_of(Path::new(name)), source);
    assert_eq!(counted, expected, "{source}");
    assert_eq!(counted.all(), source.matches('\n').count() as u64, "{source}");
}

#[test]
fn each_line_is_blank_comment_or_code() {
    check("a.rs", "", lines(0, 0, 0));
    check("a.rs", "\n \t\n\r\n", lines(3, 0, 0));
    check("a.rs", "// a\nlet b; // c\n/* d */\n/* e */ f();\ng(); /* h\n i\n*/ j();\n", lines(0, 3, 4));
    check("a.rs", "/* a\n\n b */\n", lines(1, 2, 0));
}

#[test]
fn text_after_the_last_newline_is_no_line() {
    check("a.rs", "fn a() {}\n// b", lines(0, 0, 1));
    check("a.rs", "fn a() {}", lines(0, 0, 0));
}

#[test]
fn lines_end_the_same_way_on_every_system() {
    check("a.rs", "// a\r\n\r\nlet b;\r\n", lines(1, 1, 1));
}

#[test]
fn comments_lie_in_one_another_where_the_language_says_so() {
    let source = "/* a /* b */\nc\n*/\nd\n";
    check("a.rs", source, lines(0, 3, 1));
    check("a.hs", &source.replace("/*", "{-").replace("*/", "-}"), lines(0, 3, 1));
    check("a.c", source, lines(0, 1, 3));
}

#[test]
fn strings_hide_what_looks_like_a_comment() {
    check("a.rs", "let a = \"/*\";\nb();\n// c\n", lines(0, 1, 2));
    check("a.rs", "let a = \"\\\"/*\";\nb();\n", lines(0, 0, 2));
    check("a.rs", "let a = \"\n// no comment\n\";\n", lines(0, 0, 3));
    check("a.rs", "let a = r#\"\"/*\"#;\n// b\n", lines(0, 1, 1));
    check("a.rs", "let a = r\"\\\"; /*\nb\n*/\n", lines(0, 2, 1));
    check("a.rs", "let a = '\"'; /*\nb\n*/\n", lines(0, 2, 1));
    check("a.rs", "let a = '\\\"'; /*\nb\n*/\n", lines(0, 2, 1));
    check("a.rs", "fn a<'b>(c: &'b str) {} /*\nd */\n", lines(0, 1, 1));
    check("a.js", "a = 'it\"s /*';\nb = `\n/* c */\n`;\n", lines(0, 0, 4));
    check("a.py", "a = \"\"\"\n# no comment\n\"\"\"\n# b\n", lines(0, 1, 3));
}

#[test]
fn a_string_that_is_not_closed_ends_with_its_line() {
    check("a.c", "#error don't\n/* a */\n", lines(0, 1, 1));
}

#[test]
fn languages_go_by_name_or_ending() {
    let name = |file: &str| language_of(Path::new(file)).name;
    assert_eq!(name("src/lib.rs"), "Rust");
    assert_eq!(name("Makefile"), "Makefile");
    assert_eq!(name("rules.mk"), "Makefile");
    assert_eq!(name("no-such-ending.xyzzy"), "Other");
    assert_eq!(name("LICENSE"), "Other");
}

#[test]
fn a_tree_of_good_files_agrees_with_independent_counts_and_with_wc() {
    let root = directory("good");
    let (mut expected, mut files) = (Counts::new(), Vec::new());
    let mut put = |path: &Path, language: &str, text: &str, counted: Lines| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        files.push(path.to_path_buf());
        for name in [language, "Total"] {
            let sum = expected.entry(name.to_string()).or_default();
            sum.0 += 1;
            sum.1 += counted;
        }
    };
    // Files made line by line of lines whose kind is known: far more than travel in one batch, and of
    // different lengths.
    let kinds: [(&str, &str, [&str; 3]); 3] = [
        ("rs", "Rust", ["\n", "  // said\n", "let done = \"// no\"; // yes\n"]),
        ("go", "Go", ["\t\r\n", "/* said */\r\n", "x := `/*`\r\n"]),
        ("py", "Python", [" \n", "# said\n", "x = '#' # yes\n"]),
    ];
    for number in 0..700_usize {
        let (ending, language, of_kind) = kinds[number % 3];
        let (mut text, mut of_each) = (String::new(), [0_u64; 3]);
        for line in 0..number % 97 {
            let kind = (line * 7 + number) % 5 % 3;
            text += of_kind[kind];
            of_each[kind] += 1;
        }
        let path = root.join(format!("{}/{}/{number}.{ending}", number % 11, number % 4));
        let [blank, comment, code] = of_each;
        put(&path, language, &text, lines(blank, comment, code));
    }
    put(&root.join("empty.rs"), "Rust", "", lines(0, 0, 0));
    put(&root.join("nested.rs"), "Rust", "/* /* */\n\n*/ a();\n", lines(1, 1, 1));
    put(&root.join("unfinished.c"), "C", "int a;\n/* b", lines(0, 0, 1));
    put(&root.join("README"), "Other", "one\n\ntwo\n", lines(1, 0, 2));
    put(&root.join("ein Ünicöde.toml"), "TOML", "[a] # ß\n# ü\n", lines(0, 1, 1));

    // Neither is looked into.
    fs::create_dir_all(root.join(".git/deep")).unwrap();
    fs::write(root.join(".git/deep/a.rs"), "fn a() {}\n").unwrap();
    fs::create_dir_all(root.join("target")).unwrap();
    fs::write(root.join("target/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n").unwrap();
    fs::write(root.join("target/a.rs"), "fn a() {}\n").unwrap();
    // Followed, the first would make a cycle, and the second be counted twice.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&root, root.join("cycle")).unwrap();
        std::os::unix::fs::symlink(root.join("nested.rs"), root.join("again.rs")).unwrap();
    }

    let output = codestat(&[&root]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(table(&output), expected);
    if let Some(counted) = wc(&files) {
        assert_eq!(table(&output)["Total"].1.all(), counted);
    }
}

#[test]
fn what_cannot_be_counted_is_reported_and_the_rest_is_counted() {
    let root = directory("bad");
    fs::write(root.join("good.rs"), "fn a() {}\n").unwrap();
    fs::write(root.join("binary.rs"), b"fn a() {}\n\0").unwrap();
    fs::write(root.join("latin1.rs"), b"// \xfc\n").unwrap();
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has more"))]
    let mut bad = vec!["binary.rs: binary file", "latin1.rs: not UTF-8", "absent: "];
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        symlink(root.join("nowhere"), root.join("broken")).unwrap();
        symlink(root.join("loop"), root.join("loop")).unwrap();
        bad.extend(["broken: broken link", "loop: broken link"]);
        let secret = root.join("secret.rs");
        fs::write(&secret, "fn a() {}\n").unwrap();
        fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
        match fs::read(&secret) {
            // Permissions mean nothing to root.
            Ok(_) => fs::remove_file(&secret).unwrap(),
            Err(_) => bad.push("secret.rs: "),
        }
    }

    let output = codestat(&[&root, &root.join("absent")]);
    let reported = String::from_utf8(output.stderr.clone()).unwrap();
    for problem in &bad {
        let known = |line: &&str| line.contains(problem) && line.contains(root.to_str().unwrap());
        assert_eq!(reported.lines().filter(known).count(), 1, "{problem}: {reported}");
    }
    assert_eq!(reported.lines().count(), bad.len(), "{reported}");
    assert_eq!(output.status.code(), Some(1));
    let one = (1, lines(0, 0, 1));
    assert_eq!(table(&output), Counts::from([("Rust".into(), one), ("Total".into(), one)]));
}

#[test]
fn several_trees_and_single_files_are_counted_together() {
    let root = directory("several");
    for name in ["a", "b"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("c.rs"), "fn c() {}\n").unwrap();
    }
    let output = codestat(&[&root.join("a"), &root.join("b/c.rs")]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(table(&output)["Total"], (2, lines(0, 0, 2)));
}

#[test]
fn an_empty_tree_has_an_empty_table() {
    let output = codestat(&[&directory("empty")]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(table(&output), Counts::from([("Total".into(), (0, Lines::default()))]));
}

#[test]
fn an_unknown_option_shows_the_usage() {
    let output = codestat(&[Path::new("--no-such-option")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: codestat"));
}
