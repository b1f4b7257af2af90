//! Counts the lines of code below some directories, in every language it knows.
//!
//! ```text
//! cargo run --release --example codestat -- [DIR…]
//! ```
//!
//! One job walks the trees. It hands the files, a batch at a time, to a pool of routines, which have
//! them read, count, and report to `main`. The channels between them are bounded: a slow stage holds
//! up the one before it, and memory does not grow with the tree.
//!
//! Links inside a tree are not followed: what they point to is counted where it lies, if it lies
//! there. Left out are the stores of version control, and directories tagged as caches (as Cargo's
//! `target` is). What cannot be counted is reported on stderr, and the exit status is then 1.

#[path = "codestat/lines.rs"]
mod lines;
#[path = "codestat/report.rs"]
mod report;
#[path = "codestat/walk.rs"]
mod walk;

use report::Report;
use rustroutines::prelude::*;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, thread};
use walk::Walk;

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(100);
/// Takes the line with the progress off the terminal.
const CLEAR: &str = "\r\x1b[K";

#[routine]
fn main() -> ExitCode {
    let mut roots: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if roots.iter().any(|root| root.as_os_str().as_encoded_bytes().starts_with(b"-")) {
        eprintln!("usage: codestat [DIR…]");
        return ExitCode::from(2);
    }
    if roots.is_empty() {
        roots.push(PathBuf::from("."));
    }

    // While one half of the pool waits for files to be read, the other half counts.
    let workers = 2 * thread::available_parallelism().map_or(1, |cpus| cpus.get());
    let (batches_tx, batches) = bounded_channel(workers);
    let (reports_tx, reports) = bounded_channel(workers);
    let mut routines = vec![go!(find_files(roots, batches_tx, reports_tx.clone()))];
    for _ in 0..workers {
        routines.push(go!(count_files(batches.clone(), reports_tx.clone())));
    }
    // The reports end when the last routine that could send one has ended.
    drop((batches, reports_tx));

    let on_terminal = stderr().is_terminal();
    let ticks = if on_terminal { tick(TICK) } else { never() };

    let mut total = Report::default();
    let mut complete = true;
    loop {
        select! {
            report = reports.recv() => match report {
                Ok(report) => {
                    complete &= report.problems.is_empty();
                    tell(&report.problems, on_terminal);
                    total.add(report);
                }
                Err(_) => break,
            },
            _ = ticks.recv() => {
                let (files, lines) = total.sum();
                eprint!("{CLEAR}{files} files, {} lines", lines.all());
            },
        }
    }
    for routine in routines {
        if let Err(error) = routine.join() {
            complete = false;
            tell(&[format!("codestat: {error}")], on_terminal);
        }
    }
    finish(&total, complete, on_terminal)
}

/// Sends every file below `roots`. Walking blocks a thread, so it is done on one that may block.
#[routine]
fn find_files(roots: Vec<PathBuf>, batches: Sender<Vec<PathBuf>>, reports: Sender<Report>) {
    block_on_io(move || Walk::run(roots, batches, reports));
}

/// Reads and counts batches of files until there are no more.
#[routine]
fn count_files(batches: Receiver<Vec<PathBuf>>, reports: Sender<Report>) {
    for batch in batches {
        let files = block_on_io(move || {
            let read = |path| (fs::read(&path), path);
            batch.into_iter().map(read).collect::<Vec<_>>()
        });
        let mut report = Report::default();
        for (bytes, path) in files {
            report.count_file(&path, bytes);
        }
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Tells what could not be counted.
fn tell(problems: &[String], on_terminal: bool) {
    for problem in problems {
        eprintln!("{}{problem}", if on_terminal { CLEAR } else { "" });
    }
}

/// Prints the table. The status says whether everything was counted.
fn finish(total: &Report, complete: bool, on_terminal: bool) -> ExitCode {
    if on_terminal {
        eprint!("{CLEAR}");
    }
    match stdout().write_all(total.to_string().as_bytes()) {
        // The reader may have seen enough: `codestat | head`.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => eprintln!("codestat: {error}"),
        _ if complete => return ExitCode::SUCCESS,
        _ => {}
    }
    ExitCode::FAILURE
}
