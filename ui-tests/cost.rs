//! A body in which nothing suspends compiles to the very instructions of the plain function.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const FUNCTIONS: [&str; 6] = ["neighbours", "alive", "words", "parse", "fail", "locked"];

/// The optimised assembly of `cost/bodies.rs`.
fn assembly(target: &Path, name: &str, arguments: &[&str]) -> String {
    let out = target.join(format!("{name}.s"));
    let built = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--release", "--example", "bodies", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .arg("--")
        .arg(format!("--emit=asm={}", out.display()))
        .args(["-C", "debuginfo=0"])
        .args(arguments)
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::read_to_string(out).unwrap()
}

/// The instructions of a function, without their operands: those name labels and symbols, which differ.
fn instructions<'a>(assembly: &'a str, function: &str) -> Vec<&'a str> {
    // a mangled name holds each part behind its length
    let part = format!("{}{function}", function.len());
    let mut lines = assembly.lines().skip_while(|line| {
        line.starts_with(['\t', ' ', '.', '#']) || !line.contains(&part) || !line.trim_end().ends_with(':')
    });
    assert!(lines.next().is_some(), "{function} is not there");
    let body = lines.take_while(|line| !line.starts_with("\t.size") && !line.starts_with(".Lfunc_end"));
    let words = body.filter(|line| line.starts_with('\t')).filter_map(|line| line.split_whitespace().next());
    words.filter(|word| !word.starts_with(['.', '#'])).collect()
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_body_in_which_nothing_suspends_costs_nothing() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cost");
    let plain = assembly(&target, "plain", &[]);
    let routines = assembly(&target, "routines", &["--cfg", "routines"]);
    for function in FUNCTIONS {
        let expected = instructions(&plain, function);
        assert!(expected.len() > 2, "{function}: {expected:?}");
        assert_eq!(expected, instructions(&routines, function), "{function}");
    }
}
