//! Builds an example as a user would, and runs it.
//!
//! Cargo tells a test where the package's programs are, but not where its examples are, and a test
//! that is run by itself has not caused them to be built. So Cargo is asked: it builds the example
//! where need be, in the test's own profile, and says where it lies.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program of the example `name`.
pub(crate) fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args([
        "build",
        "--quiet",
        "--offline",
        "--message-format=json-render-diagnostics",
    ]);
    cargo.args(["-p", "rustroutines-examples", "--example", name]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.stderr(Stdio::inherit()).output().expect("cargo starts");
    assert!(built.status.success(), "cargo could not build the example `{name}`");
    let messages = String::from_utf8(built.stdout).expect("cargo writes UTF-8");
    let marker = "\"executable\":\"";
    let at = messages.rfind(marker).expect("cargo says where the program is") + marker.len();
    let end = messages[at..].find('"').expect("the text ends");
    PathBuf::from(messages[at..at + end].replace("\\\\", "\\"))
}

/// What the example does with these arguments, and nothing to read.
#[allow(dead_code, reason = "each test that includes this file uses a part of it")]
pub(crate) fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(example(name)).args(arguments).stdin(Stdio::null()).output().expect("the example starts")
}
