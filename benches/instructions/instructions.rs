//! The hot paths, one at a time: `instructions NAME N` walks one of them N times, on one worker. Without
//! arguments it prints the names.
//!
//! `.ci/instructions` runs this below valgrind, each path with two numbers of times; the difference is what
//! the path costs, without the start and the end of the program. Instructions do not depend on what else the
//! machine does, as times do.

#![forbid(unsafe_code)]

mod paths;

use paths::PATHS;
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, times)) = arguments.first().zip(arguments.get(1)) else {
        PATHS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let path = PATHS.iter().find(|(known, _)| known == name);
    let (Some((_, path)), Ok(times)) = (path, times.parse()) else {
        eprintln!("usage: instructions [NAME TIMES]");
        return ExitCode::from(2);
    };
    let runtime =
        RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).expect("a worker can be started");
    let path = *path;
    runtime
        .spawn(move || suspend!(move { path(times).join() }))
        .join()
        .block()
        .and_then(|ended| ended)
        .expect("no path panics");
    ExitCode::SUCCESS
}
