//! The comparison: runs every benchmark of every contestant in rounds, and writes the figures into
//! `docs/PERFORMANCE.md`. To be run from the root of the repository, on a machine that does nothing else.
//!
//! ```sh
//! cargo run -p rustroutines-compare                      # short
//! cargo run -p rustroutines-compare -- full              # more rounds, longer ones
//! cargo run -p rustroutines-compare -- short -- skynet   # only what has this in its name; the rest stays
//! ```
//!
//! A round measures everything once, and contestants take turns, so that what the machine does meanwhile
//! falls on all of them. What counts is the median of the rounds; the least and the most are its spread. The
//! part of the page between its two marks is written anew, and plots beside it; the figures are kept in
//! `docs/figures/results.json`, so that a part can be renewed.
//!
//! Go and ripgrep take part where `go` and `rg` are found.
//!
//! - `programs`: builds what is run; `limits`: runs it, for so long at most.
//! - `criterion`, `jobs`, `echo`, `grep`: the kinds of benchmarks, and how to read what they print.
//! - `results`: the figures, kept from run to run; `machine`: where they come from.
//! - `chapters`, `table`, `plot`, `curve`: the page. Pure.

#![forbid(unsafe_code)]

mod chapters;
mod criterion;
mod curve;
mod echo;
mod grep;
mod jobs;
mod limits;
mod machine;
mod plot;
mod programs;
mod results;
mod table;

use programs::Programs;
use results::Results;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const PAGE: &str = "docs/PERFORMANCE.md";
const PLOTS: &str = "docs/figures";
const KEPT: &str = "docs/figures/results.json";
const BEGIN: &str = "<!-- figures: written by the comparison, from here -->";
const END: &str = "<!-- figures: to here -->";

/// How thoroughly everything is measured.
struct Effort {
    /// What it is called.
    name: &'static str,
    /// How often each operation and each program is measured.
    rounds: usize,
    /// How often that is done which takes seconds each time: memory, sleeps, busy workers, growth.
    slow_rounds: usize,
    /// What criterion is told.
    criterion: [&'static str; 8],
    /// The connections of the echo.
    connections: &'static [u64],
    /// How often each crate is compiled.
    compilations: &'static str,
}

const SHORT: Effort = Effort {
    name: "short",
    rounds: 3,
    slow_rounds: 1,
    criterion: [
        "--warm-up-time",
        "0.05",
        "--measurement-time",
        "0.15",
        "--sample-size",
        "10",
        "--nresamples",
        "1000",
    ],
    connections: &[64],
    compilations: "2",
};
const FULL: Effort = Effort {
    name: "full",
    rounds: 7,
    slow_rounds: 3,
    criterion: [
        "--warm-up-time",
        "0.5",
        "--measurement-time",
        "2",
        "--sample-size",
        "20",
        "--nresamples",
        "1000",
    ],
    connections: &[1, 64, 1_000],
    compilations: "5",
};

/// The benchmarks that criterion measures.
const MEASURED: [&str; 4] = ["channel", "select", "routine", "timer"];
/// Those that measure each contestant in a process of its own, and whether that takes seconds each time.
const JOBS: [(&str, bool); 4] =
    [("workload", false), ("footprint", true), ("starvation", true), ("light_load", true)];

/// The benchmarks whose tables are shown as they print them.
const VERBATIM: [&str; 2] = ["files", "copy"];

/// What is to be done.
struct Order {
    effort: Effort,
    /// Parts of names; none means all.
    filter: Vec<String>,
}

impl Order {
    /// From the arguments `[short|full] [-- PART...]`.
    fn read(arguments: &[String]) -> Result<Self, String> {
        let (efforts, filter) = match arguments.iter().position(|argument| argument == "--") {
            Some(index) => (&arguments[..index], &arguments[index + 1..]),
            None => (arguments, &arguments[..0]),
        };
        let effort = match efforts {
            [] => SHORT,
            [name] if name == SHORT.name => SHORT,
            [name] if name == FULL.name => FULL,
            _ => {
                let efforts = efforts.join(" ");
                return Err(format!("`{efforts}` is no effort: write `short` or `full`, and `-- PART...`"));
            }
        };
        Ok(Self { effort, filter: filter.to_vec() })
    }

    /// Whether what is called so is to be measured.
    fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str()))
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = Order::read(&arguments).map_err(Into::into).and_then(|order| compare(&order));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(order: &Order) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let page = fs::read_to_string(PAGE)
        .map_err(|error| format!("{PAGE}: {error}; run this from the root of the repository"))?;
    let (before, after) = around(&page)?;
    let machine = machine::describe();
    let mut results = kept(order, &machine)?;
    let programs = Programs::build(order)?;
    results.about = machine::contestants(&programs)?;
    results.effort = order.effort.name.to_owned();

    measure(order, &programs, &mut results)?;
    verbatim(order, &programs, &mut results);

    fs::create_dir_all(PLOTS)?;
    fs::write(KEPT, results.to_json())?;
    draw(&results)?;
    fs::write(PAGE, format!("{before}{BEGIN}\n\n{}\n{END}{after}", chapters::text(&results)))?;
    eprintln!("{PAGE} and {PLOTS} are written, after {} s", begun.elapsed().as_secs());
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

/// The figures to which new ones are added: those of the last run if only a part is to be renewed.
fn kept(order: &Order, machine: &str) -> Result<Results, Box<dyn Error>> {
    if order.filter.is_empty() || !Path::new(KEPT).exists() {
        return Ok(Results::of(machine));
    }
    let results = Results::from_json(&fs::read_to_string(KEPT)?)?;
    if results.machine != machine {
        let elsewhere =
            "the figures that are kept come from another machine, and can't be renewed in part here";
        return Err(format!("{elsewhere}:\n{}\nThis is:\n{machine}", results.machine).into());
    }
    Ok(results)
}

/// Measures everything that gives figures.
fn measure(order: &Order, programs: &Programs, results: &mut Results) -> Result<(), Box<dyn Error>> {
    // Replaced as a whole: what was measured with another effort doesn't go with what is measured now.
    let mut fresh = Results::default();
    let mut jobs = Vec::new();
    for (bench, slow) in JOBS {
        let rounds = if slow { order.effort.slow_rounds } else { order.effort.rounds };
        jobs.extend(jobs::list(programs.bench(bench)?, rounds)?);
    }
    if let Some(go) = &programs.go {
        jobs.extend(jobs::list(go, order.effort.rounds)?);
    }
    jobs.retain(|job| order.wants(&job.name));
    let mut jobs = jobs::in_turns(jobs);
    jobs::like_the_others(&mut jobs, order.effort.slow_rounds);
    for round in 1..=order.effort.rounds {
        let say = |what: &str| eprintln!("round {round} of {}: {what}", order.effort.rounds);
        for bench in MEASURED {
            say(bench);
            let options = order.effort.criterion;
            match criterion::run(programs.bench(bench)?, &options, &order.filter) {
                Ok(found) => found.into_iter().for_each(|(id, ns)| fresh.add_id(&id, ns)),
                Err(failure) => fresh.fail(bench, failure),
            }
        }
        // Every second round the other way round, so that nobody always comes after the same one.
        let mut turn: Vec<_> = jobs.iter().filter(|job| round <= job.rounds).collect();
        if round % 2 == 0 {
            turn = jobs::reversed(turn);
        }
        for job in turn {
            say(&job.name);
            match jobs::run(job) {
                Ok(figures) => figures.into_iter().for_each(|figure| fresh.add(figure)),
                Err(failure) => fresh.fail(&job.name, failure),
            }
        }
    }
    if order.wants("echo") {
        eprintln!("echo");
        echo::run(programs, order.effort.connections, &mut fresh);
    }
    if order.wants("grep") {
        eprintln!("grep");
        grep::run(programs, order.effort.rounds, &mut fresh);
    }
    results.replace(fresh);
    Ok(())
}

/// Runs what prints tables of its own.
fn verbatim(order: &Order, programs: &Programs, results: &mut Results) {
    let mut one = |name: &str, mut command: Command, limit| {
        if order.wants(name) {
            eprintln!("{name}");
            let text = limits::output(&mut command, limit);
            results
                .texts
                .insert(name.to_owned(), text.unwrap_or_else(|failure| format!("failed: {failure}")));
        }
    };
    for name in VERBATIM {
        if let Ok(path) = programs.bench(name) {
            one(name, Command::new(path), Duration::from_secs(300));
        }
    }
    let mut compile_time = Command::new("sh");
    compile_time.args(["benches/compile_time/run.sh", order.effort.compilations]);
    one("compile_time", compile_time, Duration::from_secs(900));
}

/// What stands before and after the part of the page that is written anew.
fn around(page: &str) -> Result<(&str, &str), String> {
    let missing = || format!("{PAGE} has no lines `{BEGIN}` and `{END}` to write between");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(arguments: &[&str]) -> Result<Order, String> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Order::read(&arguments)
    }

    #[test]
    fn an_order_is_an_effort_and_a_filter() {
        let nothing = order(&[]).unwrap();
        assert_eq!(nothing.effort.name, "short");
        assert!(nothing.wants("anything"));
        assert_eq!(order(&["full"]).unwrap().effort.name, "full");
        let part = order(&["short", "--", "sky", "ring"]).unwrap();
        assert!(part.wants("skynet/1000000") && part.wants("ring/503") && !part.wants("sieve/2000"));
        assert!(order(&["--", "ring"]).unwrap().wants("ring"));
        assert!(order(&["thorough"]).is_err() && order(&["short", "full"]).is_err());
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        assert_eq!(around(&format!("a{BEGIN}b{END}c")), Ok(("a", "c")));
        assert!(around("no marks").is_err());
        assert!(around(&format!("{END}{BEGIN}")).is_err());
    }
}
