//! Benchmarks of which each contestant is measured in a process of its own: this program, started again.
//!
//! ```text
//! BENCH list            the names of the jobs
//! BENCH [PART...]       runs those that have one of these in their names, or all, one after another
//! ```
//!
//! A job is called `what/contestant`, and prints what it measures with [`figure`].

#![allow(dead_code, reason = "each benchmark that includes this file uses a part of it")]

use std::fmt;
use std::process::{Command, exit};

/// How the process that measures is told what to do.
pub(crate) const JOB: &str = "RUSTROUTINES_BENCH_JOB";

/// What can be measured.
pub(crate) struct Job {
    name: String,
    run: Box<dyn Fn()>,
    /// So many workers, if not as many as there are processors.
    workers: Option<usize>,
}

/// A job called `what/contestant`.
pub(crate) fn job(what: &str, contestant: &str, run: impl Fn() + 'static) -> Job {
    Job { name: format!("{what}/{contestant}"), run: Box::new(run), workers: None }
}

impl Job {
    pub(crate) fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }
}

/// Runs the chosen of these jobs, and prints what they print.
pub(crate) fn run(jobs: &[Job]) {
    if let Ok(name) = std::env::var(JOB) {
        let job = jobs.iter().find(|job| job.name == name).expect("a job's name");
        match job.workers {
            // All contestants are told in the way that ours is, which is asked when it starts.
            Some(workers) if std::env::var("RUSTROUTINES_WORKERS") != Ok(workers.to_string()) => {
                let this = std::env::current_exe().expect("a program knows where it lies");
                let mut command = Command::new(this);
                command.env(JOB, name).env("RUSTROUTINES_WORKERS", workers.to_string());
                exit(command.status().expect("this program starts again").code().unwrap_or(1));
            }
            _ => (job.run)(),
        }
        // What the job has started may go on, and shall not be waited for.
        exit(0);
    }
    // Cargo adds `--bench`; what does not look like an option chooses jobs.
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if chosen == ["list"] {
        jobs.iter().for_each(|job| println!("{}", job.name));
        return;
    }
    let this = std::env::current_exe().expect("a program knows where it lies");
    for Job { name, .. } in jobs {
        if chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str())) {
            let output = Command::new(&this).env(JOB, name).output().expect("this program starts again");
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            print!("{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

/// Prints one figure: what, of whom, how much. The less, the better.
pub(crate) fn figure(row: impl fmt::Display, contestant: &str, value: f64, unit: &str) {
    println!("{:44} {contestant:18} {value:16.2} {unit}", row.to_string());
}
