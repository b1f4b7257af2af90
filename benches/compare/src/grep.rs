//! Our example `grep` beside ripgrep, by turns, on the sources of crates that cargo has fetched.

use super::programs::Programs;
use super::results::{Figure, Results};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What is searched: what is seldom found, and what is in most files.
const PATTERNS: [(&str, &str); 2] = [("rare", r"fn \w+_poll"), ("frequent", "the")];

pub(crate) fn run(programs: &Programs, rounds: usize, results: &mut Results) {
    let (Some(ours), Some(tree)) = (&programs.grep, sources()) else { return };
    for (row, pattern) in PATTERNS {
        // The first time is for the system's cache.
        for round in 0..=rounds {
            for (contestant, program, options) in [
                ("rustroutines", ours.as_path(), &[][..]),
                ("ripgrep", Path::new("rg"), &["-n", "--no-heading"][..]),
            ] {
                let mut command = Command::new(program);
                command.args(options).arg(pattern).arg(&tree);
                match time(&mut command) {
                    Ok(value) if round > 0 => results.add(Figure {
                        row: format!("grep/{row}"),
                        contestant: contestant.to_owned(),
                        value,
                        unit: "ns".to_owned(),
                    }),
                    Ok(_) => {}
                    Err(failure) => results.fail(&format!("grep/{row}/{contestant}"), failure),
                }
            }
        }
    }
}

/// How long it takes until all is printed, into a pipe.
fn time(command: &mut Command) -> Result<f64, String> {
    let begun = Instant::now();
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::null()).output().map_err(|error| error.to_string())?;
    let took = begun.elapsed();
    if output.stdout.is_empty() { Err("it found nothing".to_owned()) } else { Ok(took.as_nanos() as f64) }
}

/// Where cargo keeps sources of crates.
fn sources() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("registry").join("src")).filter(|tree| tree.is_dir())
}
