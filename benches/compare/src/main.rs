//! The comparison: runs every benchmark of every contestant in rounds, and writes the figures into
//! `docs/PERFORMANCE.md` and the README. To be run from the root of the repository, on a machine that does nothing
//! else.
//!
//! ```sh
//! cargo run -p rustroutines-compare                      # short
//! cargo run -p rustroutines-compare -- full              # more rounds, longer ones
//! cargo run -p rustroutines-compare -- short -- skynet   # only what has this in its name; the rest stays
//! cargo run -p rustroutines-compare -- continue          # what an interrupted run has not measured yet
//! cargo run -p rustroutines-compare -- pages             # measures nothing, and writes the pages anew
//! ```
//!
//! A round measures everything once, and contestants take turns, so that what the machine does meanwhile
//! falls on all of them. What counts is the median of the rounds; the least and the most are its spread. The
//! parts of the pages between two marks are written anew, and plots beside them.
//!
//! The figures are kept in `docs/figures/results.json`, which is written after every step, so that a part can be
//! renewed, and so that a run which is interrupted, whatever the reason, loses one step at most. What is measured in
//! that step goes on to its end where the run itself is killed (`kill -9`): wait for it before you continue.
//!
//! Go, ripgrep and the load `wrk` take part where `go`, `rg` and `wrk` are found.
//!
//! - `order`: what is asked for; `plan`: the steps that it takes, in their order.
//! - `programs`: builds what is run; `limits`: runs it, for so long at most.
//! - `criterion`, `jobs`: the kinds of benchmarks, and how to read what they print.
//! - `results`: the figures, kept from run to run; `machine`: where they come from.
//! - `chapters`, `table`, `plot`, `curve`, `readme`: the pages. Pure.

#![forbid(unsafe_code)]

mod chapters;
mod criterion;
mod curve;
mod jobs;
mod limits;
mod machine;
mod order;
mod plan;
mod plot;
mod programs;
mod readme;
mod results;
mod table;

use order::{Order, Request};
use programs::Programs;
use results::Results;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const PAGE: &str = "docs/PERFORMANCE.md";
const README: &str = "README.md";
const PLOTS: &str = "docs/figures";
const KEPT: &str = "docs/figures/results.json";
const BEGIN: &str = "<!-- figures: written by the comparison, from here -->";
const END: &str = "<!-- figures: to here -->";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = Request::read(&arguments).map_err(Into::into).and_then(|request| answer(&request));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(request: &Request) -> Result<(), Box<dyn Error>> {
    fs::metadata(PAGE)
        .map_err(|error| format!("{PAGE}: {error}; run this from the root of the repository"))?;
    let kept = fs::read_to_string(KEPT).ok().map(|text| Results::from_json(&text)).transpose()?;
    let machine = machine::describe();
    match request {
        Request::Pages => write_pages(&kept.ok_or("there are no figures yet")?),
        Request::Continue => {
            let results = kept.ok_or("there are no figures yet")?;
            results.expect_machine(&machine)?;
            let order = results.unfinished().ok_or("the last run has come to its end")?;
            compare(&order, results)
        }
        Request::Measure(order) => {
            let mut results = match kept {
                // A part goes with the rest, or nowhere. The whole replaces what another machine said.
                Some(kept) if kept.machine == machine || !order.filter.is_empty() => kept,
                _ => Results::of(&machine),
            };
            results.expect_machine(&machine)?;
            results.begin(order);
            // At once, so that it is known what is left even where the first step is never taken.
            replace(Path::new(KEPT), &results.to_json())?;
            compare(order, results)
        }
    }
}

/// Takes the steps that are left, and writes the pages.
fn compare(order: &Order, mut results: Results) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let programs = Programs::build()?;
    results.about = machine::contestants(&programs)?;
    let steps = plan::steps(order, &programs)?;
    let count = steps.len();
    for (index, step) in steps.iter().enumerate() {
        if results.has_done(&step.name) {
            continue;
        }
        eprintln!("{} of {count}, {} s: {}", index + 1, begun.elapsed().as_secs(), step.name);
        match step.measure(&programs) {
            Ok(figures) => figures.into_iter().for_each(|figure| results.renew(figure)),
            Err(failure) => results.fail(step.what(), failure),
        }
        results.did(&step.name);
        replace(Path::new(KEPT), &results.to_json())?;
    }
    results.end();
    replace(Path::new(KEPT), &results.to_json())?;
    write_pages(&results)?;
    eprintln!("{PAGE}, {README} and {PLOTS} are written, after {} s", begun.elapsed().as_secs());
    Ok(())
}

/// Writes everything that shows the figures.
fn write_pages(results: &Results) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(PLOTS)?;
    draw(results)?;
    for (path, text) in [(PAGE, chapters::text(results)), (README, readme::table(results)?)] {
        let page = fs::read_to_string(path)?;
        let (before, after) = around(&page).map_err(|missing| format!("{path}: {missing}"))?;
        replace(Path::new(path), &format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))?;
    }
    Ok(())
}

/// Writes all plots. Those of what isn't measured any more go.
fn draw(results: &Results) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(PLOTS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(path)?;
        }
    }
    for (name, plot) in plot::all(results).into_iter().chain(curve::all(results)) {
        fs::write(Path::new(PLOTS).join(format!("{name}.svg")), plot)?;
    }
    Ok(())
}

/// Puts a text in the place of what is there, all of it or nothing, whenever this program is stopped.
fn replace(path: &Path, text: &str) -> Result<(), String> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// What stands before and after the part of a page that is written anew.
fn around(page: &str) -> Result<(&str, &str), String> {
    let missing = || format!("it has no lines `{BEGIN}` and `{END}` to write between");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        assert_eq!(around(&format!("a{BEGIN}b{END}c")), Ok(("a", "c")));
        assert!(around("no marks").is_err());
        assert!(around(&format!("{END}{BEGIN}")).is_err());
    }

    #[test]
    fn the_readme_says_what_was_measured() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let results = Results::from_json(&read(KEPT)).unwrap();
        let readme = read(README);
        let (before, after) = around(&readme).unwrap();
        let written = &readme[before.len() + BEGIN.len()..readme.len() - after.len() - END.len()];
        let remedy = "cargo run -p rustroutines-compare -- pages";
        assert_eq!(written.trim(), readme::table(&results).unwrap().trim(), "write it anew: {remedy}");
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let path = std::env::temp_dir().join(format!("rustroutines-compare-{}.json", std::process::id()));
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert!(!path.with_extension("new").exists());
        fs::remove_file(path).unwrap();
        assert!(replace(Path::new("no/such/folder/x.json"), "").is_err());
    }
}
