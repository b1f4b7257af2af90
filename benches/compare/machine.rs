//! Where the figures come from.

use std::fs;
use std::process::Command;

/// A paragraph: what was measured, when and on what.
pub(crate) fn describe(effort: &str, rounds: usize) -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = cpu_model().unwrap_or_else(|| "an unknown processor".to_owned());
    let system =
        output("uname", &["-sr"]).map_or_else(|| std::env::consts::OS.to_owned(), |name| release(&name));
    let compiler = output("rustc", &["--version"]).unwrap_or_else(|| "an unknown compiler".to_owned());
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "Version {version}, {processors} processors ({model}), {system}, {compiler}; {effort}: the median of \
         {rounds} rounds, and the least and the most of them. Bold: no slower than the best of the others in \
         the row; ✗: slower. Rows `…_threads` are between threads of the system, the others between routines \
         (or tasks).\n\n"
    )
}

fn cpu_model() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A system's name and the first two numbers of its release: the rest is nobody else's.
fn release(name: &str) -> String {
    name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

/// What a program prints.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
