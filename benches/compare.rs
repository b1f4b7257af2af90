//! The comparison: runs the benchmarks in rounds and writes the figures into `docs/PERFORMANCE.md`.
//!
//! ```sh
//! cargo run --release -p rustroutines-benches --bin compare             # short: three rounds
//! cargo run --release -p rustroutines-benches --bin compare -- full     # seven rounds, longer ones
//! ```
//!
//! A round runs every benchmark of every contestant once, so that what the machine does meanwhile falls on
//! all of them. What counts is the median of the rounds; the least and the most of them are its spread. The
//! part of the page between its two marks is written anew, and a plot for each operation beside it.

#![forbid(unsafe_code)]

#[path = "compare/criterion.rs"]
mod criterion;
#[path = "compare/figures.rs"]
mod figures;
#[path = "compare/machine.rs"]
mod machine;
#[path = "compare/plot.rs"]
mod plot;

use figures::Figures;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// The benchmarks that criterion measures, and those that print a table of their own.
const MEASURED: [&str; 4] = ["channel", "select", "routine", "timer"];
const TABLES: [&str; 1] = ["footprint"];

const PAGE: &str = "docs/PERFORMANCE.md";
const PLOTS: &str = "docs/figures";
const BEGIN: &str = "<!-- figures: written by the comparison, from here -->";
const END: &str = "<!-- figures: to here -->";

/// How thoroughly everything is measured.
struct Effort {
    /// What it is called.
    name: &'static str,
    /// How often each benchmark runs.
    rounds: usize,
    /// What criterion is told.
    options: [&'static str; 6],
}

const SHORT: Effort = Effort {
    name: "short",
    rounds: 3,
    options: ["--warm-up-time", "0.1", "--measurement-time", "0.3", "--sample-size", "10"],
};
const FULL: Effort = Effort {
    name: "full",
    rounds: 7,
    options: ["--warm-up-time", "0.5", "--measurement-time", "2", "--sample-size", "20"],
};

fn main() -> ExitCode {
    let effort = match std::env::args().nth(1).as_deref() {
        None | Some("short") => SHORT,
        Some("full") => FULL,
        Some(other) => {
            eprintln!("error: no effort is called `{other}`: write `short` or `full`");
            return ExitCode::FAILURE;
        }
    };
    match compare(&effort) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(effort: &Effort) -> Result<(), Box<dyn Error>> {
    let page = fs::read_to_string(PAGE)
        .map_err(|error| format!("{PAGE}: {error}; run this from the root of the repository"))?;
    let (before, after) = around(&page)?;
    let mut figures = Figures::default();
    for round in 1..=effort.rounds {
        for bench in MEASURED {
            eprintln!("round {round} of {}: {bench}", effort.rounds);
            for (id, nanoseconds) in criterion::run(bench, &effort.options)? {
                figures.add(&id, nanoseconds);
            }
        }
    }
    let mut text = machine::describe(effort.name, effort.rounds);
    text += &figures.table();
    fs::create_dir_all(PLOTS)?;
    for (operation, plot) in plot::all(&figures) {
        let file = format!("{operation}.svg");
        fs::write(Path::new(PLOTS).join(&file), plot)?;
        text += &format!("![{operation}](figures/{file})\n");
    }
    for bench in TABLES {
        eprintln!("{bench}");
        text += &format!("\n`{bench}`:\n\n```text\n{}\n```\n", criterion::print(bench)?.trim_end());
    }
    fs::write(PAGE, format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))?;
    eprintln!("{PAGE} and {PLOTS} are written");
    Ok(())
}

/// What stands before and after the part of the page that is written anew.
fn around(page: &str) -> Result<(&str, &str), String> {
    let missing = || format!("{PAGE} has no lines `{BEGIN}` and `{END}` to write between");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((before, after))
}
