//! The page: which figures stand where, and what is said of them.

use super::curve::CURVES;
use super::results::Results;
use super::table::table;

/// A part of the page.
struct Chapter {
    title: &'static str,
    /// What the rows are.
    text: &'static str,
    operations: &'static [&'static str],
}

const CHAPTERS: [Chapter; 13] = [
    Chapter {
        title: "Channels between routines",
        text: "The time of one value: tried and taken with nobody waiting; from so many producers to so many \
               consumers; there and back; to 1 and 8 receivers of a broadcast.",
        operations: &[
            "try_send_try_recv",
            "send_recv",
            "spsc",
            "mpsc_4",
            "mpmc_4x4",
            "round_trip",
            "broadcast_lossy",
            "broadcast_waiting",
        ],
    },
    Chapter {
        title: "Channels between threads",
        text: "The same between threads of the system.",
        operations: &["spsc_threads", "mpsc_4_threads", "mpmc_4x4_threads", "round_trip_threads"],
    },
    Chapter {
        title: "Select",
        text: "Over so many channels: all ready, none ready with `default`, waiting each time. *One of*: cases put \
               together at run time, of which one is ready (crossbeam-channel's `Select`, Go's `reflect.Select`, \
               tokio-stream's `StreamMap`).",
        operations: &[
            "select_ready",
            "select_default",
            "select_waiting",
            "select_one_of",
            "select_one_of_waiting",
        ],
    },
    Chapter {
        title: "Routines and timers",
        text: "A routine started and joined, alone and in a burst (the time of 10,000, or of one of 200,000); a \
               yield of one of so many; a timer made and cancelled.",
        operations: &["spawn_join", "spawn_burst", "yield", "timer"],
    },
    Chapter {
        title: "Programs",
        text: "A round trip over the smallest channels; a hop of a token in a ring of 503; skynet, all of it; the \
               sieve until the 2,000th prime; a value through a pipeline that fans out to 8 and in again, and a \
               file; searching the sources of crates for a pattern that is rare, and for one that is frequent.",
        operations: &["ping_pong", "ring", "skynet", "sieve", "pipeline", "file_pipeline", "grep"],
    },
    Chapter {
        title: "Memory and sleeps",
        text: "A million routines that wait, on a channel of their own or asleep (10,000 of may's, 5,000 threads): \
               memory of each, and the time to make one. So many sleeps of 1 to 1,000 ms: processor time of \
               each, how late the latest is, and all on average.",
        operations: &["parked", "sleeps_cpu", "sleeps_late", "sleeps_late_mean"],
    },
    Chapter {
        title: "Workers that are kept busy",
        text: "How late the ticks of a millisecond are while every worker is in a call of a second, which computes \
               or sleeps: the latest, and the latest but one in a hundred; when the ticker wakes, and when a tick \
               has come through a channel. Of std: threads, what the machine itself lets happen.",
        operations: &["starvation"],
    },
    Chapter {
        title: "A light load",
        text: "A thousand messages a second, from a routine that sleeps between them (inside) or a thread \
               (outside): how often a thread goes to sleep for one, its processor time, and how long it is \
               underway.",
        operations: &["light_load"],
    },
    Chapter {
        title: "Echo over TCP",
        text: "64 bytes to and fro on so many connections: the time of a request at full load, the latency that \
               one in a hundred exceeds, processor time of a request; memory of an idle connection.",
        operations: &["echo", "echo_p99", "echo_cpu", "echo_idle"],
    },
    Chapter {
        title: "Files over HTTP",
        text: "The example `http`, hyper on tokio, and Go's `net/http`, under the load of `wrk` on 64 connections: \
               the time of a request for a file of that size, the latency that one in a hundred exceeds, \
               processor time of a request.",
        operations: &["http", "http_p99", "http_cpu"],
    },
    Chapter {
        title: "Large copies",
        text: "The time of a MiB: 512 MiB from one connection on loopback to another, and between two both ways at \
               once; a file of 256 MiB to another, and to a connection. Of std: `io::copy` on threads; of Go: \
               `io.Copy`; of tokio: `copy_buf` and `copy_bidirectional_with_sizes`, with buffers as large as ours.",
        operations: &["copy"],
    },
    Chapter {
        title: "Files",
        text: "In the page cache: a line of 66 bytes, and 4 KiB, read from a file of 64 MiB; 64 bytes written; a \
               file of 2 KiB read whole, or looked at, by eight at once. Of std: one thread. All have buffers as large \
               as ours.",
        operations: &["files"],
    },
    Chapter {
        title: "Compile time of a crate of 100 functions",
        text: "Processor time of `cargo check` and `cargo build` of the crate alone: each function `#[routine]`, or \
               `#[routine(blocking)]`. Of std: the same functions, plain; of tokio: each `async fn`.",
        operations: &["compile_time"],
    },
];

/// The part of the page that is written anew.
pub(crate) fn text(results: &Results) -> String {
    let mut text = format!(
        "{}; last run: {}.\n\n{}\n\nEach cell: the median of the rounds (the least–the most). The less, the better. \
         Bold: no slower than the best of the others; ✗: slower. kanal and flume run on tokio, async-channel on \
         smol, crossbeam-channel and std between threads.\n\n",
        results.machine, results.effort, results.about
    );
    for chapter in &CHAPTERS {
        text += &section(results, chapter.title, chapter.text, chapter.operations, &[]);
    }
    let grown: Vec<&str> = CURVES.iter().map(|curve| curve.operation).collect();
    let tables: Vec<&str> =
        grown.iter().copied().filter(|operation| operation.starts_with("grow_")).collect();
    let about = "How the cost of one grows with the work: routines that are started and joined, or wait, one to a \
                 million; cases of a select, one to a thousand, ready and waiting; workers, one to 64, for a value \
                 between eight producers and eight consumers, and for a skynet of 100,000.";
    text += &section(results, "Growth", about, &tables, &grown);
    let known = |operation: &&str| {
        grown.contains(operation) || CHAPTERS.iter().any(|chapter| chapter.operations.contains(operation))
    };
    let others: Vec<&str> = results.operations().into_iter().filter(|operation| !known(operation)).collect();
    text += &section(results, "Others", "What has no chapter of its own.", &others, &[]);
    if !results.failures.is_empty() {
        text += "### Failed\n\n";
        for (name, why) in &results.failures {
            text += &format!("- `{name}`: {why}\n");
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A heading, a table and plots; nothing where nothing was measured.
fn section(results: &Results, title: &str, text: &str, operations: &[&str], curves: &[&str]) -> String {
    let table = table(results, operations);
    if table.is_empty() {
        return String::new();
    }
    let measured = |operation: &&&str| !results.rows(operation).is_empty();
    let plots: String = if curves.is_empty() {
        let plot = |operation: &&str| format!("![{operation}](figures/{operation}.svg)\n");
        operations.iter().filter(measured).map(plot).collect()
    } else {
        let plot = |operation: &&str| format!("![{operation}](figures/curve_{operation}.svg)\n");
        curves.iter().filter(measured).map(plot).collect()
    };
    format!("### {title}\n\n{text}\n\n{table}{plots}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_what_was_measured_and_nothing_else() {
        let mut results = Results::of("A machine");
        results.add_id("yield/2/rustroutines", 20.0);
        results.add_id("grow_spawn/10/rustroutines", 20.0);
        results.add_id("unheard_of/1/rustroutines", 20.0);
        results.fail("sieve/may", "it says nothing".into());
        let text = super::text(&results);
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        assert_eq!(headings, ["Routines and timers", "Growth", "Others", "Failed"]);
        assert!(text.contains("(figures/yield.svg)") && text.contains("(figures/curve_grow_spawn.svg)"));
        assert!(!text.contains("figures/timer.svg"), "nothing links to a plot that isn't there");
        assert!(text.contains("- `sieve/may`: it says nothing"));
    }
}
