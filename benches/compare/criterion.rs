//! Running a benchmark, and reading what criterion left.

use serde_json::Value;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The command that runs a benchmark of this package.
fn bench(name: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "-q", "-p", "rustroutines-benches", "--bench", name]);
    command
}

/// Runs a benchmark that criterion measures: the nanoseconds of each `operation/variant/contestant`.
pub(crate) fn run(name: &str, options: &[&str]) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let begun = SystemTime::now();
    let status = bench(name).arg("--").args(options).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("the benchmark `{name}` has failed: {status}").into());
    }
    let mut found = Vec::new();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    collect(&target.join("criterion"), begun, &mut found)?;
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    if found.is_empty() {
        return Err(format!("the benchmark `{name}` has left no figures in {}", target.display()).into());
    }
    Ok(found)
}

/// Runs a benchmark that prints a table of its own, and gives that.
pub(crate) fn print(name: &str) -> Result<String, Box<dyn Error>> {
    let output = bench(name).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the benchmark `{name}` has failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The figures in `folder` that are newer than `since`.
fn collect(folder: &Path, since: SystemTime, found: &mut Vec<(String, f64)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let estimates = path.join("estimates.json");
        if path.ends_with("new") && fs::metadata(&estimates)?.modified()? >= since {
            let id = read(&path.join("benchmark.json"))?["full_id"].as_str().unwrap_or_default().to_owned();
            let median = read(&estimates)?["median"]["point_estimate"].as_f64();
            found.push((id, median.ok_or("criterion has left no median")?));
        } else {
            collect(&path, since, found)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}
