//! The figures of all rounds.

use std::collections::BTreeMap;

/// The contestants, in the order of the table's columns; ours first.
pub(crate) const CONTESTANTS: [&str; 7] =
    ["rustroutines", "tokio", "smol", "crossbeam-channel", "kanal", "flume", "async-channel"];

/// What one contestant took for one operation, in nanoseconds: the least, the middle and the most of all
/// rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

/// The rounds of each contestant, by `operation/variant`.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// In the order in which they were first measured.
    rows: Vec<(String, BTreeMap<String, Vec<f64>>)>,
}

impl Figures {
    /// Adds what `operation/variant/contestant` took in a round.
    pub(crate) fn add(&mut self, id: &str, nanoseconds: f64) {
        let Some((row, contestant)) = id.rsplit_once('/') else { return };
        let index = self.rows.iter().position(|(name, _)| name == row).unwrap_or_else(|| {
            self.rows.push((row.to_owned(), BTreeMap::new()));
            self.rows.len() - 1
        });
        self.rows[index].1.entry(contestant.to_owned()).or_default().push(nanoseconds);
    }

    /// The rows: what was done, and what it took each contestant.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, Vec<(&str, Spread)>)> {
        self.rows.iter().map(|(row, rounds)| {
            let of = |contestant| Some((contestant, spread(rounds.get(contestant)?)));
            (row.as_str(), CONTESTANTS.into_iter().filter_map(of).collect())
        })
    }

    /// A table of all rows. Ours is bold where it is no slower than the best of the others, and marked with
    /// its ratio to that one.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("| operation | {} | ours / best |\n", CONTESTANTS.join(" | "));
        text += &format!("|---|{}\n", "---:|".repeat(CONTESTANTS.len() + 1));
        for (row, spreads) in self.rows() {
            let ratio = ratio(&spreads);
            let cell = |contestant: &str| {
                let Some((_, spread)) = spreads.iter().find(|(name, _)| *name == contestant) else {
                    return String::new();
                };
                let range = format!("{}–{}", time(spread.least), time(spread.most));
                match contestant == CONTESTANTS[0] && ratio.is_some_and(|ratio| ratio <= 1.0) {
                    true => format!("**{}** ({range})", time(spread.median)),
                    false => format!("{} ({range})", time(spread.median)),
                }
            };
            let cells: Vec<String> = CONTESTANTS.iter().map(|contestant| cell(contestant)).collect();
            let mark = match ratio {
                None => String::new(),
                Some(ratio) if ratio <= 1.0 => format!("{ratio:.2}"),
                Some(ratio) => format!("{ratio:.2} ✗"),
            };
            text += &format!("| {row} | {} | {mark} |\n", cells.join(" | "));
        }
        text + "\n"
    }
}

/// Ours by the best of the others, where both were measured.
pub(crate) fn ratio(spreads: &[(&str, Spread)]) -> Option<f64> {
    let (ours, others): (Vec<_>, Vec<_>) = spreads.iter().partition(|(name, _)| *name == CONTESTANTS[0]);
    let best = others.iter().map(|(_, spread)| spread.median).min_by(f64::total_cmp)?;
    Some(ours.first()?.1.median / best)
}

fn spread(rounds: &[f64]) -> Spread {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    Spread { least: sorted[0], median: sorted[sorted.len() / 2], most: sorted[sorted.len() - 1] }
}

/// A time as one reads it.
pub(crate) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.1} ns"),
        ..1e6 => format!("{:.2} µs", nanoseconds / 1e3),
        _ => format!("{:.2} ms", nanoseconds / 1e6),
    }
}
