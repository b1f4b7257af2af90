//! What a run does: one step after another, each of which gives figures.

use super::criterion;
use super::jobs::{self, Job};
use super::order::Order;
use super::programs::Programs;
use super::results::Figure;
use std::path::PathBuf;

/// The benchmarks that criterion measures.
const MEASURED: [&str; 4] = ["channel", "select", "routine", "timer"];
/// Those that measure each contestant in a process of its own, and whether that takes seconds each time.
const JOBS: [(&str, bool); 9] = [
    ("workload", false),
    ("footprint", true),
    ("starvation", true),
    ("light_load", true),
    ("echo", false),
    ("http", false),
    ("copy", false),
    ("files", false),
    ("grep", false),
];

/// What is measured at once.
pub(crate) struct Step {
    /// Nobody else's in the run.
    pub(crate) name: String,
    work: Work,
}

enum Work {
    Criterion { bench: &'static str, path: PathBuf, options: [&'static str; 8], filter: Vec<String> },
    Job(Job),
}

impl Step {
    pub(crate) fn measure(&self, programs: &Programs) -> Result<Vec<Figure>, String> {
        match &self.work {
            Work::Criterion { path, options, filter, .. } => criterion::run(path, options, filter),
            Work::Job(job) => jobs::run(job, &programs.variables),
        }
    }

    /// What is measured, in whichever round.
    pub(crate) fn what(&self) -> &str {
        match &self.work {
            Work::Criterion { bench, .. } => bench,
            Work::Job(job) => &job.name,
        }
    }
}

/// The steps of a run, round by round.
pub(crate) fn steps(order: &Order, programs: &Programs) -> Result<Vec<Step>, String> {
    let mut all = Vec::new();
    for (bench, slow) in JOBS {
        let rounds = if slow { order.effort.slow_rounds } else { order.effort.rounds };
        all.extend(jobs::list(programs.bench(bench)?, rounds, &programs.variables)?);
    }
    if let Some(go) = &programs.go {
        all.extend(jobs::list(go, order.effort.rounds, &[])?);
    }
    all.push(jobs::compile_time(order.effort.rounds));
    all.retain(|job| order.wants(&job.name));
    let mut all = jobs::in_turns(all);
    jobs::like_the_others(&mut all, order.effort.slow_rounds);
    let mut steps = Vec::new();
    for round in 1..=order.effort.rounds {
        let name = |what: &str| format!("round {round}: {what}");
        for bench in MEASURED {
            let (path, options) = (programs.bench(bench)?.to_owned(), order.effort.criterion);
            let work = Work::Criterion { bench, path, options, filter: order.filter.clone() };
            steps.push(Step { name: name(bench), work });
        }
        // Every second round the other way round, so that nobody always comes after the same one.
        let mut turn: Vec<_> = all.iter().filter(|job| round <= job.rounds).collect();
        if round % 2 == 0 {
            turn = jobs::reversed(turn);
        }
        steps
            .extend(turn.into_iter().map(|job| Step { name: name(&job.name), work: Work::Job(job.clone()) }));
    }
    Ok(steps)
}
