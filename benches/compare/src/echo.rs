//! The benchmark `echo`, which prints lines of its own, and the same load for the server in Go.

use super::limits;
use super::programs::Programs;
use super::results::{Figure, Results};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// So long may all rounds take, and so often Go is asked.
const LIMIT: Duration = Duration::from_secs(600);
const ROUNDS: usize = 5;

pub(crate) fn run(programs: &Programs, connections: &[u64], results: &mut Results) {
    let bench = match programs.bench("echo") {
        Ok(bench) => bench,
        Err(failure) => return results.fail("echo", failure),
    };
    let numbers = connections.iter().map(u64::to_string);
    match limits::output(Command::new(bench).args(numbers), LIMIT) {
        Ok(text) => {
            let figures: Vec<Figure> = text.lines().flat_map(figures).collect();
            if figures.is_empty() {
                results.fail("echo", "it printed no figure".to_owned());
            }
            figures.into_iter().for_each(|figure| results.add(figure));
        }
        Err(failure) => results.fail("echo", failure),
    }
    let Some(go) = &programs.go else { return };
    for _ in 0..ROUNDS {
        for number in connections {
            match round(go, bench, *number) {
                Ok(figures) => figures.into_iter().for_each(|figure| results.add(figure)),
                Err(failure) => results.fail("echo/go", failure),
            }
        }
    }
}

/// The figures in a line of the benchmark.
fn figures(line: &str) -> Vec<Figure> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some([what, number, contestant]) = words
        .first()
        .map(|id| id.split('/').collect::<Vec<_>>())
        .and_then(|parts| <[&str; 3]>::try_from(parts).ok())
    else {
        return Vec::new();
    };
    // The number before this word, if these words follow.
    let before = |follow: &[&str]| {
        let index = words.windows(follow.len()).position(|window| window == follow)?;
        words.get(index.checked_sub(1)?)?.parse::<f64>().ok()
    };
    let p99 = words.iter().position(|word| *word == "p99");
    let after_p99 = p99.and_then(|index| words.get(index + 1)?.parse::<f64>().ok());
    let rate = before(&["req/s"]).filter(|rate| *rate > 0.0);
    let cpu = before(&["µs", "of", "CPU", "a", "request"]);
    let one = |suffix: &str, value: Option<f64>, unit: &str| {
        Some(Figure {
            row: format!("echo{suffix}/{number}"),
            contestant: contestant.to_owned(),
            value: value?,
            unit: unit.to_owned(),
        })
    };
    let all = match what {
        "echo" => vec![
            one("", rate.map(|rate| 1e9 / rate), "ns"),
            one("_p99", after_p99.map(|micros| micros * 1e3), "ns"),
            one("_cpu", cpu.map(|micros| micros * 1e3), "ns"),
        ],
        "idle" => vec![one("_idle", before(&["bytes", "each,"]), "bytes")],
        _ => Vec::new(),
    };
    all.into_iter().flatten().collect()
}

/// One round of Go's server under the benchmark's load.
fn round(go: &Path, bench: &Path, connections: u64) -> Result<Vec<Figure>, String> {
    let mut server = Command::new(go)
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it doesn't start: {error}"))?;
    let result = loaded(&mut server, bench, connections);
    limits::stop(server);
    result
}

fn loaded(server: &mut std::process::Child, bench: &Path, connections: u64) -> Result<Vec<Figure>, String> {
    let mut port = String::new();
    let out = server.stdout.take().ok_or("it has no output")?;
    BufReader::new(out).read_line(&mut port).map_err(|error| error.to_string())?;
    let (cpu, begun) = (processor_time(server.id()), Instant::now());
    let mut load = Command::new(bench);
    load.args(["load", port.trim(), &connections.to_string()]);
    let printed = limits::output(&mut load, LIMIT)?;
    // The load lasts for whole seconds, and a moment for connecting.
    let seconds = begun.elapsed().as_secs().max(1) as f64;
    let cpu = processor_time(server.id()) - cpu;
    let numbers: Vec<f64> = printed.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [requests @ (1.0..), p99] = numbers[..] else { return Err(format!("the load printed `{printed}`")) };
    Ok(figures(&format!(
        "echo/{connections}/go {} req/s p99 {p99} µs {} µs of CPU a request",
        requests / seconds,
        cpu / 1e3 / requests
    )))
}

/// What a process has used of the processors, in nanoseconds.
fn processor_time(id: u32) -> f64 {
    let of_thread = |path: std::path::PathBuf| {
        let text = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0)
    };
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    threads.map(|thread| of_thread(thread.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(String, String, f64, String)> {
        let parts = |figure: Figure| (figure.row, figure.contestant, figure.value, figure.unit);
        figures(line).into_iter().map(parts).collect()
    }

    #[test]
    fn a_line_of_load_gives_three_figures() {
        let line = "echo/64/tokio            100000 req/s   p99     1000 µs    5.60 µs of CPU a request";
        let figure = |row: &str, value: f64| (row.to_owned(), "tokio".to_owned(), value, "ns".to_owned());
        let expected =
            [figure("echo/64", 10_000.0), figure("echo_p99/64", 1e6), figure("echo_cpu/64", 5_600.0)];
        assert_eq!(read(line), expected);
    }

    #[test]
    fn a_line_of_idle_connections_gives_their_memory() {
        let line = "idle/5000/rustroutines   1535 bytes each,   12 µs of CPU a second for all";
        let expected = ("echo_idle/5000".to_owned(), "rustroutines".to_owned(), 1_535.0, "bytes".to_owned());
        assert_eq!(read(line), [expected]);
    }

    #[test]
    fn other_lines_give_nothing() {
        for line in ["", "warming up", "echo/64/tokio", "echo/64/tokio 0 req/s", "other/1/x 5 req/s"] {
            assert_eq!(read(line), [], "{line}");
        }
    }
}
