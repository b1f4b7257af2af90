//! Where the figures come from: the machine, and whose versions.

use super::programs::Programs;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::process::Command;

/// The libraries that take part, as they are called on crates.io.
const LIBRARIES: [&str; 10] = [
    "tokio",
    "tokio-stream",
    "smol",
    "may",
    "kanal",
    "flume",
    "async-channel",
    "crossbeam-channel",
    "hyper",
    "criterion",
];

/// A line: on what is measured.
pub(crate) fn describe() -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_model(&info).unwrap_or("an unknown processor");
    let system =
        version("uname", &["-sr"]).map_or_else(|| std::env::consts::OS.to_owned(), |name| release(&name));
    let compiler = version("rustc", &["--version"]).unwrap_or_else(|| "an unknown compiler".to_owned());
    format!("{processors} processors ({model}), {system}, {compiler}")
}

/// A paragraph: who takes part, in which version, and who doesn't.
pub(crate) fn contestants(programs: &Programs) -> Result<String, Box<dyn Error>> {
    let lock = fs::read_to_string("Cargo.lock")?;
    let locked = versions(&lock);
    let of = |name: &&str| Some(format!("{name} {}", locked.get(*name)?));
    let mut all = vec![format!("rustroutines {}", env!("CARGO_PKG_VERSION"))];
    all.extend(LIBRARIES.iter().filter_map(of));
    // Whether or not they take part in this run: a part of the figures may be kept.
    all.extend(version("go", &["version"]).and_then(|text| text.split(' ').nth(2).map(str::to_owned)));
    all.extend(version("rg", &["--version"]));
    let mut text = format!("{}.", all.join(", "));
    for who in &programs.left_out {
        text += &format!(" Left out: {who}.");
    }
    Ok(text)
}

/// The first line that a program prints of itself; `None` if there is no such program.
pub(crate) fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

fn cpu_model(info: &str) -> Option<&str> {
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// A system's name and the first two numbers of its release: the rest is nobody else's.
fn release(name: &str) -> String {
    name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

/// The version of each package in a lock file; the last one of a package that is there several times, which is
/// the newest.
fn versions(lock: &str) -> BTreeMap<&str, &str> {
    let value = |line: &'static str, text| -> Option<&str> {
        let text: &str = text;
        text.strip_prefix(line)?.strip_prefix(" = \"")?.strip_suffix('"')
    };
    let mut versions = BTreeMap::new();
    let mut name = None;
    for line in lock.lines() {
        name = value("name", line).or(name);
        if let (Some(name), Some(version)) = (name, value("version", line)) {
            versions.insert(name, version);
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"kanal\"\nversion = \"0.1.1\"\n\n\
                    [[package]]\nname = \"tokio\"\nversion = \"1.47.0\"\ndependencies = [\n \"mio\",\n]\n";
        assert_eq!(versions(lock), BTreeMap::from([("kanal", "0.1.1"), ("tokio", "1.47.0")]));
    }

    #[test]
    fn a_system_is_told_by_its_series() {
        assert_eq!(release("Linux 6.18.5-9-special"), "Linux 6.18");
        assert_eq!(cpu_model("processor : 0\nmodel name\t: A CPU\nmodel name\t: B"), Some("A CPU"));
        assert_eq!(cpu_model("processor : 0\n"), None);
    }

    #[test]
    fn who_is_not_there_has_no_version() {
        assert_eq!(version("no-such-program-anywhere", &[]), None);
    }
}
