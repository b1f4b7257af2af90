//! `grep`: the example of that name beside ripgrep, on the sources of crates that cargo has fetched: how long it
//! takes until all is printed, into a pipe, for what is rare and for what is in most files.
//!
//! Without `rg` there is nothing to do. Ours is the example, built (or what `RUSTROUTINES_BENCH_GREP` names).
//!
//! ```text
//! cargo build --release -p rustroutines-examples --example grep
//! cargo bench -p rustroutines-benches --bench grep -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod jobs;

use jobs::{figure, job};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What is searched for.
const PATTERNS: [(&str, &str); 2] = [("grep/rare", r"fn \w+_poll"), ("grep/frequent", "the")];

fn main() {
    if Command::new("rg").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `rg` here");
        return;
    }
    let Some(tree) = sources() else {
        eprintln!("skipped: cargo has fetched no sources");
        return;
    };
    let mut all = Vec::new();
    for (row, pattern) in PATTERNS {
        for name in ["rustroutines", "ripgrep"] {
            let tree = tree.clone();
            all.push(job(row, name, move || {
                // The first time is for the system's cache.
                search(name, pattern, &tree);
                figure(row, name, search(name, pattern, &tree), "ns");
            }));
        }
    }
    jobs::run(&all);
}

/// The nanoseconds of a search.
fn search(name: &str, pattern: &str, tree: &Path) -> f64 {
    let mut command = if name == "ripgrep" {
        let mut command = Command::new("rg");
        command.args(["-n", "--no-heading"]);
        command
    } else {
        Command::new(example())
    };
    let begin = Instant::now();
    let output = command.arg(pattern).arg(tree).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let took = begin.elapsed();
    assert!(!output.expect("it starts, once it is built").stdout.is_empty(), "it found nothing");
    took.as_nanos() as f64
}

/// What is ours.
fn example() -> PathBuf {
    let built = || {
        let this = std::env::current_exe().expect("a program knows where it lies");
        this.ancestors().nth(2).expect("it lies in `deps`").join("examples/grep")
    };
    std::env::var_os("RUSTROUTINES_BENCH_GREP").map_or_else(built, PathBuf::from)
}

/// Where cargo keeps sources of crates.
fn sources() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("registry").join("src")).filter(|tree| tree.is_dir())
}
