//! Running a benchmark that criterion measures, and reading what it left.

use super::limits;
use super::results::Figure;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// So long may a benchmark take, all its operations together.
const LIMIT: Duration = Duration::from_secs(1_800);

/// Runs it: the nanoseconds of each `operation/variant/contestant` that has one of these parts in its name.
pub(crate) fn run(bench: &Path, options: &[&str], parts: &[String]) -> Result<Vec<Figure>, String> {
    let home = std::env::temp_dir().join(format!("rustroutines-compare-{}", std::process::id()));
    // Whatever is there afterwards was measured now.
    let _ = fs::remove_dir_all(&home);
    let mut command = Command::new(bench);
    command.arg("--bench").args(options).env("CRITERION_HOME", &home);
    if !parts.is_empty() {
        command.arg(pattern(parts));
    }
    let ran = limits::output(&mut command, LIMIT);
    let mut found = Vec::new();
    let read = collect(&home, &mut found);
    let _ = fs::remove_dir_all(&home);
    ran?;
    read?;
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found.into_iter().filter_map(|(id, ns)| Figure::of_id(&id, ns)).collect())
}

/// A regular expression for names that have one of these parts.
fn pattern(parts: &[String]) -> String {
    let escape = |part: &String| {
        let mut escaped = String::new();
        for letter in part.chars() {
            if !letter.is_alphanumeric() && letter != '_' && letter != '/' {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        escaped
    };
    parts.iter().map(escape).collect::<Vec<_>>().join("|")
}

/// The figures in a folder and below. There is none if nothing was measured.
fn collect(folder: &Path, found: &mut Vec<(String, f64)>) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path: PathBuf = entry.map_err(|error| error.to_string())?.path();
        if path.ends_with("new") {
            let id = read(&path.join("benchmark.json"))?["full_id"].as_str().unwrap_or_default().to_owned();
            let median = read(&path.join("estimates.json"))?["median"]["point_estimate"].as_f64();
            found.push((id, median.ok_or("criterion has left no median")?));
        } else if path.is_dir() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Value, String> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_means_what_it_says() {
        assert_eq!(pattern(&["spsc/b".into(), "a.b".into()]), r"spsc/b|a\.b");
    }

    #[test]
    fn figures_are_found_wherever_they_lie() {
        let home = std::env::temp_dir().join(format!("rustroutines-compare-test-{}", std::process::id()));
        let deep = home.join("group").join("timer_create").join("new");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("benchmark.json"), r#"{"full_id":"timer/create/ours"}"#).unwrap();
        fs::write(deep.join("estimates.json"), r#"{"median":{"point_estimate":12.5}}"#).unwrap();
        let mut found = Vec::new();
        let read = collect(&home, &mut found);
        fs::remove_dir_all(&home).unwrap();
        assert_eq!(read, Ok(()));
        assert_eq!(found, [("timer/create/ours".to_owned(), 12.5)]);
        assert_eq!(collect(&home, &mut found), Ok(()), "nothing measured is no failure");
    }
}
