//! A run that is killed and taken up again: nothing is lost but the step that it was at, and nothing counts twice. The
//! program is the real one; what it builds and measures is a script, in a folder of its own.

#![cfg(unix)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the README shows: without these no page can be written.
const ROWS: [&str; 10] = [
    "spawn_join/one_by_one",
    "skynet/1000000",
    "spawn_burst/200000",
    "try_send_try_recv/bounded_128",
    "mpmc_4x4/bounded_128",
    "round_trip/unbuffered",
    "select_waiting/2",
    "select_default/2",
    "timer/create_cancel",
    "starvation/sleep_ticker_latest",
];
const CONTESTANTS: [&str; 2] = ["rustroutines", "tokio"];
const ROUNDS: usize = 3;

/// Says which programs there are, as cargo does.
const CARGO: &str = r#"#!/bin/sh
for name in channel select routine timer workload footprint starvation light_load echo http copy files grep; do
    for kind in bench example; do
        echo "{\"target\":{\"kind\":[\"$kind\"],\"name\":\"$name\"},\"executable\":\"$PWD/bin/$name\"}"
    done
done
"#;

/// A benchmark. Each figure is another: how many were asked for before. The one whose number is in `hang_at` says so, and
/// gives none.
const BENCH: &str = r#"#!/bin/sh
[ "${0##*/}" = workload ] || exit 0
if [ "$1" = list ]; then exec cat jobs; fi
echo "$RUSTROUTINES_BENCH_JOB" >>log
count=$(wc -l <log)
if [ "$count" -eq "$(cat hang_at)" ]; then
    : >hangs
    while [ -e hangs ]; do sleep 0.02; done
    exit 1
fi
echo "${RUSTROUTINES_BENCH_JOB%/*} ${RUSTROUTINES_BENCH_JOB##*/} $count ns"
"#;

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn prepare(root: &Path) {
    let _ = fs::remove_dir_all(root);
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::create_dir_all(root.join("docs/figures")).unwrap();
    let page =
        "before\n<!-- figures: written by the comparison, from here -->\n<!-- figures: to here -->\nafter\n";
    fs::write(root.join("docs/PERFORMANCE.md"), page).unwrap();
    fs::write(root.join("README.md"), page).unwrap();
    fs::write(root.join("Cargo.lock"), "version = 4\n").unwrap();
    let jobs: Vec<String> =
        ROWS.iter().flat_map(|row| CONTESTANTS.map(|contestant| format!("{row}/{contestant}\n"))).collect();
    fs::write(root.join("jobs"), jobs.concat()).unwrap();
    script(&root.join("cargo"), CARGO);
    for name in CARGO.lines().nth(1).unwrap().split_whitespace().skip(3) {
        script(&root.join("bin").join(name.trim_end_matches(';')), BENCH);
    }
}

fn compare(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rustroutines-compare"));
    command.current_dir(root).args(arguments).env("CARGO", root.join("cargo")).env("PATH", "/usr/bin:/bin");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Begins, and is killed while the job of this number is carried out.
fn is_killed_at(job: usize, root: &Path, arguments: &[&str]) {
    fs::write(root.join("hang_at"), job.to_string()).unwrap();
    let hangs = root.join("hangs");
    let mut run = compare(root, arguments).spawn().unwrap();
    while !hangs.exists() {
        assert!(run.try_wait().unwrap().is_none(), "it ends before it comes to {job}");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    // What it was measuring ends, too.
    fs::remove_file(hangs).unwrap();
}

#[test]
fn a_run_that_is_killed_and_continued_loses_and_doubles_nothing() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("killed");
    prepare(&root);
    // In its first step, and in the midst of the second round, where contestants come the other way round. All but
    // the compilation, which is no script of ours.
    is_killed_at(1, &root, &["short", "--", "/"]);
    is_killed_at(30, &root, &["continue"]);
    fs::write(root.join("hang_at"), "0").unwrap();
    assert!(compare(&root, &["continue"]).status().unwrap().success());

    let kept: Value =
        serde_json::from_str(&fs::read_to_string(root.join("docs/figures/results.json")).unwrap()).unwrap();
    let mut figures = BTreeSet::new();
    for row in ROWS {
        for contestant in CONTESTANTS {
            let rounds = kept["rows"][row]["of"][contestant].as_array().unwrap();
            assert_eq!(rounds.len(), ROUNDS, "{row} of {contestant}");
            figures.extend(rounds.iter().map(|figure| figure.as_f64().unwrap() as usize));
        }
    }
    let measured = ROWS.len() * CONTESTANTS.len() * ROUNDS;
    let killed = [1, 30];
    let expected: BTreeSet<_> = (1..=measured + killed.len()).filter(|n| !killed.contains(n)).collect();
    assert_eq!(figures, expected, "each step that ended counts once, and no other");
    assert!(kept["failures"].as_object().unwrap().is_empty());
    assert!(fs::read_to_string(root.join("README.md")).unwrap().contains("| skynet: a million routines |"));
    assert!(!compare(&root, &["continue"]).status().unwrap().success(), "it has come to its end");
}
