//! Benchmarks of which each contestant is measured in a process of its own: this program, started again.

use std::process::{Command, exit};

/// How the process that measures is told what to do.
const JOB: &str = "RUSTROUTINES_BENCH_JOB";

/// Runs the chosen of these jobs, by their names, one after another, and prints what each has printed.
pub(crate) fn run(jobs: &[(&str, fn())]) {
    if let Ok(job) = std::env::var(JOB) {
        jobs.iter().find(|(name, _)| *name == job).expect("a job's name").1();
        // What the job has started may go on, and shall not be waited for.
        exit(0);
    }
    // Cargo adds `--bench`; what does not look like an option chooses jobs.
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let this = std::env::current_exe().expect("a program knows where it lies");
    for (name, _) in jobs {
        if chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str())) {
            let output = Command::new(&this).env(JOB, name).output().expect("this program starts again");
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            println!("{name:32} {}", String::from_utf8_lossy(&output.stdout).trim());
        }
    }
}
