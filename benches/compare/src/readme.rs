//! The table in the README: ten rows, won and lost.

use super::results::{CONTESTANTS, Results, quantity};

/// What is measured, and the row.
const ROWS: [(&str, &str); 10] = [
    ("a routine started and joined", "spawn_join/one_by_one"),
    ("skynet: a million routines", "skynet/1000000"),
    ("200,000 started, then joined, each", "spawn_burst/200000"),
    ("a value in and out, nobody waiting", "try_send_try_recv/bounded_128"),
    ("four senders, four receivers, room for 128", "mpmc_4x4/bounded_128"),
    ("an unbuffered round trip", "round_trip/unbuffered"),
    ("a select that waits on two channels", "select_waiting/2"),
    ("a select with `default`", "select_default/2"),
    ("a timer made and cancelled", "timer/create_cancel"),
    (
        "a 1 ms ticker while every worker sleeps for a second: its latest tick",
        "starvation/sleep_ticker_latest",
    ),
];

/// The table; an error names a row that was not measured.
pub(crate) fn table(results: &Results) -> Result<String, String> {
    let mut text = "| what | rustroutines | the best of the others | |\n|---|---:|---:|---|\n".to_owned();
    for (what, name) in ROWS {
        let missing = || format!("the README's `{name}` has not been measured");
        let row = results.row(name).ok_or_else(missing)?;
        let (ratio, best) = row.ratio().ok_or_else(missing)?;
        let median = |who: &str| {
            let spread = row.spreads.iter().find(|(name, _)| *name == who);
            spread.map(|(_, spread)| quantity(spread.median, row.unit)).unwrap_or_default()
        };
        let (ours, theirs) = (median(CONTESTANTS[0]), median(best));
        let mark = if ratio > 1.0 { "✗" } else { "" };
        text += &format!("| {what} | {ours} | {} {theirs} | {mark} |\n", called(best));
    }
    Ok(text)
}

/// How one speaks of a contestant.
fn called(contestant: &str) -> &str {
    match contestant {
        "go" => "Go",
        "std" => "threads",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_names_who_is_best() {
        let mut results = Results::default();
        assert!(table(&results).is_err_and(|missing| missing.contains("spawn_join/one_by_one")));
        for (_, row) in ROWS {
            results.add_id(&format!("{row}/rustroutines"), 20.0);
            results.add_id(&format!("{row}/go"), 30.0);
        }
        results.add_id("yield/2/tokio", 1.0);
        results.add_id("select_default/2/tokio", 10.0);
        let table = table(&results).unwrap();
        assert_eq!(table.lines().count(), 2 + ROWS.len());
        assert!(table.contains("| a routine started and joined | 20.0 ns | Go 30.0 ns |  |\n"), "{table}");
        assert!(table.contains("| a select with `default` | 20.0 ns | tokio 10.0 ns | ✗ |\n"), "{table}");
    }
}
