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
    let Some((module, test)) = path.rsplit_once("::") else { return false };
    let marker = format!("#[test]\nfn {test}(");
    candidates(root, module).iter().any(|file| {
        // Attributes and indentation between the two lines are of no account.
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.starts_with("#[should")).collect();
        lines.join("\n").contains(&marker)
    })
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
fn a_name_that_is_nowhere_is_found_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(is_there(root, "behaviour::a_name_that_is_nowhere_is_found_out"));
    assert!(!is_there(root, "behaviour::is_there"), "not a test");
    assert!(!is_there(root, "behaviour::nothing"));
    assert!(!is_there(root, "nowhere::every_test_that_is_named_is_there"));
}
