//! What is run: the benchmarks, and whatever of the others is found on this machine.

use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The programs, built.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// The benchmarks, by name.
    benches: BTreeMap<String, PathBuf>,
    /// The workloads in Go, if there is a Go.
    pub(crate) go: Option<PathBuf>,
    /// What the benchmarks are told of others than themselves.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
    /// Who is left out, and why.
    pub(crate) left_out: Vec<String>,
}

impl Programs {
    /// Builds everything, which takes minutes the first time.
    pub(crate) fn build() -> Result<Self, Box<dyn Error>> {
        let mut programs = Self::default();
        eprintln!("building the benchmarks");
        programs.benches = cargo(&["bench", "--no-run", "-p", "rustroutines-benches"], "bench")?;
        if super::machine::version("go", &["version"]).is_some() {
            match go() {
                Ok(path) => programs.go = Some(path),
                Err(failure) => programs.left_out.push(format!("Go: {failure}")),
            }
        } else {
            programs.left_out.push("Go: there is no `go` here".to_owned());
        }
        if let Some(go) = &programs.go {
            programs.variables.push(("RUSTROUTINES_BENCH_GO", go.clone()));
        }
        for (example, load, variable) in
            [("grep", "rg", "RUSTROUTINES_BENCH_GREP"), ("http", "wrk", "RUSTROUTINES_BENCH_HTTP")]
        {
            if !found(load) {
                programs.left_out.push(format!("{example}: there is no `{load}` here"));
            } else {
                let arguments = ["build", "--release", "-p", "rustroutines-examples", "--example", example];
                let path = cargo(&arguments, "example")?.remove(example).ok_or("cargo built no example")?;
                programs.variables.push((variable, path));
            }
        }
        Ok(programs)
    }

    /// Where a benchmark lies.
    pub(crate) fn bench(&self, name: &str) -> Result<&Path, String> {
        let path = self.benches.get(name).ok_or_else(|| format!("there is no benchmark `{name}`"))?;
        Ok(path)
    }
}

/// Whether there is such a program here, whatever it says of itself.
fn found(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Builds with cargo, and gives the executables of that kind by their names.
fn cargo(arguments: &[&str], kind: &str) -> Result<BTreeMap<String, PathBuf>, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("`cargo {}` has failed: {}", arguments.join(" "), output.status).into());
    }
    Ok(executables(&String::from_utf8(output.stdout)?, kind))
}

/// The executables of that kind among cargo's messages.
fn executables(messages: &str, kind: &str) -> BTreeMap<String, PathBuf> {
    let one = |line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let target = &message["target"];
        let fits = target["kind"].as_array()?.iter().any(|its| its == kind);
        let path = message["executable"].as_str()?;
        fits.then(|| (target["name"].as_str().unwrap_or_default().to_owned(), path.into()))
    };
    messages.lines().filter_map(one).collect()
}

/// Builds the workloads in Go, beside what cargo builds.
fn go() -> Result<PathBuf, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let path = std::path::absolute(target.join("compare").join("go")).map_err(|error| error.to_string())?;
    let mut command = Command::new("go");
    // What is there, and nothing from anywhere else.
    command.current_dir("benches/go").args(["build", "-o"]).arg(&path).arg(".");
    command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off").env("GOWORK", "off");
    super::limits::output(&mut command, std::time::Duration::from_secs(600)).map(|_| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_among_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"x"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"kind":["bench"],"name":"timer"},"executable":"/t/timer-1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\nnot a message\n",
        );
        let found = executables(messages, "bench");
        assert_eq!(found, BTreeMap::from([("timer".to_owned(), PathBuf::from("/t/timer-1"))]));
        assert!(executables(messages, "example").is_empty());
    }
}
