//! Benchmarks of which each contestant is measured in a process of its own, and prints figures.

use super::limits;
use super::results::Figure;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// So long may a job take, and a compilation, which begins with all that is depended on.
const LIMIT: Duration = Duration::from_secs(60);
const COMPILATION: Duration = Duration::from_secs(600);

/// What one contestant is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    program: PathBuf,
    arguments: Vec<String>,
    limit: Duration,
    /// `what/contestant`.
    pub(crate) name: String,
    /// In how many rounds.
    pub(crate) rounds: usize,
}

impl Job {
    fn what(&self) -> &str {
        self.name.rsplit_once('/').map_or(self.name.as_str(), |(what, _)| what)
    }
}

/// The jobs that a program knows.
pub(crate) fn list(program: &Path, rounds: usize, variables: &[(&str, PathBuf)]) -> Result<Vec<Job>, String> {
    let names = limits::output(Command::new(program).arg("list").envs(variables.iter().cloned()), LIMIT)?;
    let job = |name: &str| Job {
        program: program.to_owned(),
        arguments: Vec::new(),
        limit: LIMIT,
        name: name.to_owned(),
        rounds,
    };
    Ok(names.lines().map(job).collect())
}

/// The script that compiles a crate so many times, in which its contestants take turns.
pub(crate) fn compile_time(times: usize) -> Job {
    Job {
        program: "sh".into(),
        arguments: vec!["benches/compile_time/run.sh".to_owned(), times.to_string()],
        limit: COMPILATION,
        name: "compile_time".to_owned(),
        rounds: 1,
    }
}

/// Orders jobs so that those who are asked the same come one after another, in the order of the questions.
pub(crate) fn in_turns(jobs: Vec<Job>) -> Vec<Job> {
    let mut groups: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        match groups.iter_mut().find(|group| group[0].what() == job.what()) {
            Some(group) => group.push(job),
            None => groups.push(vec![job]),
        }
    }
    groups.concat()
}

/// Gives each job as many rounds as the first who is asked the same; and at most `slow` to those that measure how
/// something grows.
pub(crate) fn like_the_others(jobs: &mut [Job], slow: usize) {
    for index in 0..jobs.len() {
        let first = jobs.iter().find(|job| job.what() == jobs[index].what());
        let rounds = first.map_or(1, |first| first.rounds);
        jobs[index].rounds = if jobs[index].name.starts_with("grow_") { slow } else { rounds };
    }
}

/// The same questions in the same order, and those who are asked the other way round.
pub(crate) fn reversed(jobs: Vec<&Job>) -> Vec<&Job> {
    jobs.chunk_by(|one, other| one.what() == other.what())
        .flat_map(|group| group.iter().rev().copied())
        .collect()
}

/// Runs a job: its figures.
pub(crate) fn run(job: &Job, variables: &[(&str, PathBuf)]) -> Result<Vec<Figure>, String> {
    let mut command = Command::new(&job.program);
    command.args(&job.arguments).env("RUSTROUTINES_BENCH_JOB", &job.name).envs(variables.iter().cloned());
    let text = limits::output(&mut command, job.limit)?;
    let figures: Vec<Figure> = text.lines().filter_map(figure).collect();
    if figures.is_empty() { Err("it printed no figure".to_owned()) } else { Ok(figures) }
}

/// A line `row contestant value unit`.
pub(crate) fn figure(line: &str) -> Option<Figure> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [row, contestant, value, unit] = words[..] else { return None };
    let value = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(Figure { row: row.to_owned(), contestant: contestant.to_owned(), value, unit: unit.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, rounds: usize) -> Job {
        Job { rounds, name: name.to_owned(), ..compile_time(0) }
    }

    fn names<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Vec<&'a str> {
        jobs.into_iter().map(|job| job.name.as_str()).collect()
    }

    #[test]
    fn a_figure_is_a_line_of_four_words() {
        let read = figure("skynet/1000000      go      690000000.00 ns").unwrap();
        assert_eq!((read.row.as_str(), read.contestant.as_str()), ("skynet/1000000", "go"));
        assert_eq!((read.value, read.unit.as_str()), (690_000_000.0, "ns"));
        for other in ["", "warming up", "a b c d", "a b NaN ns", "a b 1 ns more"] {
            assert_eq!(figure(other), None, "{other}");
        }
    }

    #[test]
    fn contestants_take_turns() {
        let jobs =
            in_turns(vec![job("a/x", 3), job("b/x", 1), job("a/y", 3), job("b/go", 3), job("a/go", 3)]);
        assert_eq!(names(&jobs), ["a/x", "a/y", "a/go", "b/x", "b/go"]);
        assert_eq!(names(reversed(jobs.iter().collect())), ["a/go", "a/y", "a/x", "b/go", "b/x"]);
    }

    #[test]
    fn all_that_are_asked_the_same_are_asked_as_often() {
        let mut jobs = vec![job("a/x", 1), job("a/go", 3), job("grow_b/x", 3), job("c/go", 3)];
        like_the_others(&mut jobs, 1);
        assert_eq!(jobs.iter().map(|job| job.rounds).collect::<Vec<_>>(), [1, 1, 1, 3]);
    }
}
