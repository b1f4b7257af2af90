//! The example `grep`: what it finds, against what `grep` finds and what lies in a tree made for it.

#[path = "support/example.rs"]
mod example;

use example::example;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An empty directory for one test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grep").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn grep(arguments: &[&str], root: &Path) -> Output {
    Command::new(example("grep")).args(arguments).arg(root).output().unwrap()
}

/// The lines that the example prints, without the root's own path.
#[track_caller]
fn finds(arguments: &[&str], root: &Path) -> Vec<String> {
    let output = grep(arguments, root);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(output.status.code(), Some(i32::from(lines.is_empty())));
    let root = format!("{}/", root.display());
    lines.into_iter().map(|line| line.strip_prefix(&root).unwrap_or(&line).to_owned()).collect()
}

/// What the system's `grep` says, where there is one.
fn system_grep(pattern: &str, root: &Path) -> Option<Vec<u8>> {
    let mut grep = Command::new("grep");
    grep.env("LC_ALL", "C").args(["-rnIE", pattern]).arg(root);
    let output = grep.output().ok()?;
    assert!(output.stderr.is_empty());
    Some(output.stdout)
}

fn sorted(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    lines
}

#[test]
fn it_finds_what_grep_finds_in_a_real_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut compared = 0;
    for folder in ["rustroutines", "rustroutines-macros", "docs", "tests", "benches"] {
        let tree = root.join(folder);
        for pattern in [
            "the",
            "fn \\w+\\(",
            "^use ",
            "\\{$",
            "^$",
            "[[:upper:]]{4,}",
            "no such text, surely; not even here [x]",
        ] {
            let Some(theirs) = system_grep(pattern, &tree) else { return };
            let ours = grep(&["-u", pattern], &tree);
            assert!(sorted(&ours.stdout) == sorted(&theirs), "{pattern} in {folder}");
            assert_eq!(ours.status.code(), Some(i32::from(theirs.is_empty())));
            compared += sorted(&theirs).len();
        }
    }
    assert!(compared > 10_000, "only {compared} lines were compared");
}

#[test]
fn files_come_in_order_however_long_they_take() {
    let root = directory("order");
    let mut expected = Vec::new();
    for n in 0..700 {
        let folder = format!("{:02}", n % 37);
        fs::create_dir_all(root.join(&folder)).unwrap();
        let name = format!("{folder}/{n:04}");
        // Some are long, so that their batch is late.
        let filler = "nothing\n".repeat(if n % 97 == 0 { 100_000 } else { 1 });
        fs::write(root.join(&name), format!("{filler}here {n}\n")).unwrap();
        expected.push(format!("{name}:{}:here {n}", filler.len() / 8 + 1));
    }
    expected.sort();
    assert!(finds(&["here"], &root) == expected);
}

#[test]
fn what_is_ignored_hidden_or_no_text_is_left_out() {
    let root = directory("left_out");
    let put = |name: &str, text: &[u8]| fs::write(root.join(name), text).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    put(".gitignore", b"*.log\n");
    put("a.log", b"word\n");
    put("b.txt", b"word\n");
    put(".hidden", b"word\n");
    put("binary", b"word\n\0");
    put("empty", b"");
    assert_eq!(finds(&["word"], &root), ["b.txt:1:word"]);
    assert_eq!(finds(&["-u", "word"], &root), [".hidden:1:word", "a.log:1:word", "b.txt:1:word"]);
}

#[test]
fn each_line_counts_by_itself() {
    let root = directory("lines");
    let put = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
    put("a", "one two\ntwo one\n\n one\nOne");
    assert_eq!(finds(&["one"], &root), ["a:1:one two", "a:2:two one", "a:4: one"]);
    assert_eq!(finds(&["-i", "^one"], &root), ["a:1:one two", "a:5:One"]);
    assert_eq!(finds(&["one$"], &root), ["a:2:two one", "a:4: one"]);
    assert_eq!(finds(&["^$"], &root), ["a:3:"]);
    // What matches only beyond the end of a line matches nowhere.
    assert_eq!(finds(&["two\\s"], &root), ["a:2:two one"]);
    assert!(finds(&["two\\s*two"], &root).is_empty());
    assert_eq!(finds(&["e[^x]*t"], &root), ["a:1:one two"]);
    assert_eq!(finds(&[""], &root).len(), 5);
}

#[test]
fn it_says_what_went_wrong() {
    let root = directory("wrong");
    let output = grep(&["x"], &root.join("missing"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing"));
    for arguments in [&["-x", "y"][..], &["("], &[]] {
        let output = Command::new(example("grep")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: grep"));
    }
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let root = directory("closed");
    for n in 0..500 {
        fs::write(root.join(n.to_string()), "a line of some length, over and over\n".repeat(200)).unwrap();
    }
    let mut child =
        Command::new(example("grep")).arg("line").arg(&root).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
