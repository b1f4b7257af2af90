//! Every test that `docs/BEHAVIOUR.md` names is there.

use std::fs;
use std::path::{Path, PathBuf};

/// The files in which the test of this path may be: of `tests/`, or a module of the library.
fn candidates(root: &Path, module: &str) -> [PathBuf; 3] {
    let nested = module.replace("::", "/");
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent).replace("::", "/");
    [
        root.join(format!("tests/{nested}.rs")),
        root.join(format!("rustroutines/src/{nested}.rs")),
        // A module written into its parent's file.
        root.join(format!("rustroutines/src/{parent}.rs")),
    ]
}

fn is_there(root: &Path, path: &str) -> bool {
    text_of(root, path).is_some()
}

/// The text of a test, up to the next one: with the helpers that follow it.
fn text_of(root: &Path, path: &str) -> Option<String> {
    let (module, test) = path.rsplit_once("::")?;
    // A test without a harness is a program.
    let attribute = if test == "main" { "" } else { "#[test]" };
    let marker = format!("{attribute}\nfn {test}(");
    candidates(root, module).iter().find_map(|file| {
        // Attributes and indentation between the two lines are of no account.
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.starts_with("#[should")).collect();
        let text = lines.join("\n");
        let from_here = &text[text.find(&marker)? + attribute.len()..];
        Some(from_here.split("#[test]").next().unwrap_or_default().to_owned())
    })
}

/// How tests run, as their texts tell; see the document.
fn runs(root: &Path, tests: &[&str]) -> String {
    let of_one = |path: &&str| {
        let text = text_of(root, path).unwrap_or_default();
        let one_side = text.contains(", _) in PAIRS");
        let mixed = text.contains("Kind::Thread") && text.contains("Kind::Routine");
        if path.contains("model::") || path.contains("shuttle::") {
            "models"
        } else if text.contains("PAIRS") && !one_side {
            "four"
        } else if one_side || mixed {
            "both"
        } else if text.contains("poll_") || text.contains(".poll(") {
            "by hand"
        } else {
            "as is"
        }
    };
    let found: Vec<&str> = tests.iter().map(of_one).collect();
    let known = ["four", "both", "by hand", "models", "as is"];
    known.into_iter().filter(|way| found.contains(way)).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("docs/BEHAVIOUR.md")).unwrap();
    // The last cell of each row.
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.rsplit_once(" | ")).map(|row| row.1);
    let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 100, "only {} names were found", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !is_there(root, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn it_says_how_the_tests_of_channels_and_selects_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("docs/BEHAVIOUR.md")).unwrap();
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [behaviour, said, tests] = cells[..] else { continue };
        if !tests.starts_with('`') {
            continue;
        }
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        let found = runs(root, &names);
        rows += 1;
        if said != found {
            wrong.push(format!("{behaviour} | {found} | "));
        }
    }
    assert!(rows > 70, "only {rows} rows were found");
    assert!(wrong.is_empty(), "these run otherwise than it says:\n{}", wrong.join("\n"));
}

#[test]
fn a_name_that_is_nowhere_is_found_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(is_there(root, "behaviour::a_name_that_is_nowhere_is_found_out"));
    assert!(!is_there(root, "behaviour::is_there"), "not a test");
    assert!(!is_there(root, "behaviour::nothing"));
    assert!(!is_there(root, "nowhere::every_test_that_is_named_is_there"));
}
