//! The figures of all rounds, and what is kept of them from run to run.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The contestants, in the order of the tables' columns; ours first.
pub(crate) const CONTESTANTS: [&str; 11] = [
    "rustroutines",
    "go",
    "tokio",
    "smol",
    "may",
    "kanal",
    "flume",
    "async-channel",
    "crossbeam-channel",
    "std",
    "ripgrep",
];

/// What one contestant took for something, once. The less, the better.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// `operation/variant`.
    pub(crate) row: String,
    pub(crate) contestant: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// The least, the middle and the most of all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

/// What was done, and what it took each contestant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) unit: &'a str,
    /// In the order of [`CONTESTANTS`].
    pub(crate) spreads: Vec<(&'a str, Spread)>,
}

/// The rounds of each contestant in a row.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rounds {
    unit: String,
    of: BTreeMap<String, Vec<f64>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    /// Where they come from.
    pub(crate) machine: String,
    /// Whose versions took part, and who was left out.
    pub(crate) about: String,
    /// How thoroughly the last run measured.
    pub(crate) effort: String,
    /// By name.
    rows: BTreeMap<String, Rounds>,
    /// Why a job, or a whole benchmark, gave no figures, by its name.
    pub(crate) failures: BTreeMap<String, String>,
    /// What is shown as it was printed, by the name of who printed it.
    pub(crate) texts: BTreeMap<String, String>,
}

impl Results {
    /// None yet, of this machine.
    pub(crate) fn of(machine: &str) -> Self {
        Self { machine: machine.to_owned(), ..Self::default() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        let rounds = self.rows.entry(figure.row).or_default();
        rounds.unit = figure.unit;
        rounds.of.entry(figure.contestant).or_default().push(figure.value);
    }

    /// Adds what `operation/variant/contestant` took in a round.
    pub(crate) fn add_id(&mut self, id: &str, nanoseconds: f64) {
        if let Some((row, contestant)) = id.rsplit_once('/') {
            self.add(Figure {
                row: row.to_owned(),
                contestant: contestant.to_owned(),
                value: nanoseconds,
                unit: "ns".to_owned(),
            });
        }
    }

    pub(crate) fn fail(&mut self, name: &str, why: String) {
        eprintln!("failed: {name}: {why}");
        self.failures.insert(name.to_owned(), why);
    }

    /// Puts what was measured anew in the place of what is here. What wasn't measured stays, but for failures
    /// of what has succeeded since.
    pub(crate) fn replace(&mut self, fresh: Self) {
        let succeeded = |name: &String| {
            let of = |row: &String, rounds: &Rounds| {
                rounds.of.keys().any(|contestant| concerns(name, row, contestant))
            };
            fresh.rows.iter().any(|(row, rounds)| of(row, rounds))
        };
        self.failures.retain(|name, _| !succeeded(name));
        self.failures.extend(fresh.failures);
        for (row, rounds) in fresh.rows {
            let here = self.rows.entry(row).or_default();
            here.unit = rounds.unit;
            here.of.extend(rounds.of);
        }
    }

    /// The rows of an operation, by their variants: numbers by their size.
    pub(crate) fn rows(&self, operation: &str) -> Vec<Row<'_>> {
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter(|(name, _)| operation_of(name) == operation)
            .map(|(name, rounds)| {
                let of = |contestant: &'static str| Some((contestant, spread(rounds.of.get(contestant)?)?));
                let spreads = CONTESTANTS.into_iter().filter_map(of).collect();
                Row { name, unit: &rounds.unit, spreads }
            })
            .collect();
        rows.sort_by_key(|row| (row.number().unwrap_or(0), row.name));
        rows
    }

    /// The operations of all rows.
    pub(crate) fn operations(&self) -> Vec<&str> {
        let mut operations: Vec<_> = self.rows.keys().map(|name| operation_of(name)).collect();
        operations.dedup();
        operations
    }

    /// Whether a contestant has failed in a row.
    pub(crate) fn failed(&self, row: &str, contestant: &str) -> bool {
        self.failures.keys().any(|name| concerns(name, row, contestant))
    }

    pub(crate) fn to_json(&self) -> String {
        let row = |(name, rounds): (&String, &Rounds)| {
            let round = |value: &f64| (value * 100.0).round() / 100.0;
            let of = |(contestant, values): (&String, &Vec<f64>)| {
                (contestant.clone(), values.iter().map(round).collect::<Value>())
            };
            let of: Map<_, _> = rounds.of.iter().map(of).collect();
            (name.clone(), json!({ "unit": rounds.unit, "of": of }))
        };
        let rows: Map<_, _> = self.rows.iter().map(row).collect();
        let whole = json!({
            "machine": self.machine,
            "about": self.about,
            "effort": self.effort,
            "rows": rows,
            "failures": self.failures,
            "texts": self.texts,
        });
        // A line for each contestant, so that what a run has changed can be seen.
        format!("{whole:#}\n")
    }

    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        let whole: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let strings = |value: &Value| {
            let object = value.as_object().into_iter().flatten();
            object.map(|(name, value)| (name.clone(), string(value))).collect()
        };
        let mut rows = BTreeMap::new();
        for (name, row) in whole["rows"].as_object().ok_or("the figures that are kept have no rows")? {
            let mut rounds = Rounds { unit: string(&row["unit"]), ..Rounds::default() };
            for (contestant, values) in row["of"].as_object().into_iter().flatten() {
                let values = values.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
                rounds.of.insert(contestant.clone(), values);
            }
            rows.insert(name.clone(), rounds);
        }
        Ok(Self {
            machine: string(&whole["machine"]),
            about: string(&whole["about"]),
            effort: string(&whole["effort"]),
            rows,
            failures: strings(&whole["failures"]),
            texts: strings(&whole["texts"]),
        })
    }
}

impl Row<'_> {
    /// What is behind the operation.
    pub(crate) fn variant(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, variant)| variant)
    }

    /// The variant, if it is a number.
    pub(crate) fn number(&self) -> Option<u64> {
        self.variant().parse().ok()
    }

    /// Ours by the best of the others, and who that is, where both were measured.
    pub(crate) fn ratio(&self) -> Option<(f64, &str)> {
        let (ours, others): (Vec<_>, Vec<_>) =
            self.spreads.iter().partition(|(name, _)| *name == CONTESTANTS[0]);
        let best = others.iter().min_by(|(_, one), (_, other)| one.median.total_cmp(&other.median))?;
        // Of nothing at all no one is better than another.
        (best.1.median > 0.0).then_some(())?;
        Some((ours.first()?.1.median / best.1.median, best.0))
    }
}

/// Whether the job, or the benchmark, called so is where a contestant's figure in a row comes from.
fn concerns(job: &str, row: &str, contestant: &str) -> bool {
    let Some((what, who)) = job.rsplit_once('/') else { return false };
    // The row of a job may say more, but not another number.
    let rest = row.strip_prefix(what);
    who == contestant && rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

fn operation_of(row: &str) -> &str {
    row.split_once('/').map_or(row, |(operation, _)| operation)
}

fn spread(rounds: &[f64]) -> Option<Spread> {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (*sorted.first()?, *sorted.last()?);
    Some(Spread { least, median: sorted[sorted.len() / 2], most })
}

/// A figure as one reads it.
pub(crate) fn quantity(value: f64, unit: &str) -> String {
    match (unit, value) {
        ("ns", ..1e3) => format!("{value:.1} ns"),
        ("ns", ..1e6) => format!("{:.2} µs", value / 1e3),
        ("ns", ..1e9) => format!("{:.2} ms", value / 1e6),
        ("ns", _) => format!("{:.2} s", value / 1e9),
        ("bytes", ..1e4) => format!("{value:.0} B"),
        ("bytes", _) => format!("{:.1} KiB", value / 1024.0),
        _ => format!("{value:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(row: &str, contestant: &str, value: f64) -> Figure {
        Figure { row: row.into(), contestant: contestant.into(), value, unit: "ns".into() }
    }

    fn some() -> Results {
        let mut results = Results::default();
        for value in [30.0, 10.0, 20.0] {
            results.add(figure("yield/2", "rustroutines", value));
        }
        results.add(figure("yield/2", "tokio", 40.0));
        results.add(figure("yield/2", "go", 16.0));
        results.add(figure("yield/1000", "go", 16.0));
        results.add_id("timer/create/rustroutines", 1.0);
        results
    }

    #[test]
    fn the_median_counts_and_the_best_of_the_others_is_named() {
        let results = some();
        let rows = results.rows("yield");
        assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), ["yield/2", "yield/1000"]);
        assert_eq!(rows[0].spreads[0].1, Spread { least: 10.0, median: 20.0, most: 30.0 });
        assert_eq!(rows[0].ratio(), Some((1.25, "go")));
        assert_eq!(rows[1].ratio(), None, "ours is not there");
        assert_eq!(results.rows("timer")[0].ratio(), None, "there is nobody else");
        assert_eq!(results.operations(), ["timer", "yield"]);
    }

    #[test]
    fn a_part_can_be_renewed() {
        let mut results = some();
        results.fail("yield/may", "why".into());
        results.fail("sieve/may", "why".into());
        let mut fresh = Results::default();
        fresh.add(figure("yield/2", "rustroutines", 8.0));
        fresh.add(figure("yield/2", "may", 80.0));
        results.replace(fresh);
        let rows = results.rows("yield");
        assert_eq!(rows[0].spreads.len(), 4, "what wasn't measured anew is still there");
        assert_eq!(rows[0].ratio(), Some((0.5, "go")));
        assert_eq!(results.failures.keys().collect::<Vec<_>>(), ["sieve/may"]);
        assert!(results.failed("sieve/2000", "may") && !results.failed("sieve/2000", "go"));
        assert!(!concerns("skynet/10000/may", "skynet/1000000", "may"));
        assert!(concerns("light_load/inside/may", "light_load/inside_cpu", "may"));
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mut results = some();
        results.machine = "a machine".into();
        results.fail("sieve/may", "why".into());
        results.texts.insert("files".into(), "a\nb".into());
        assert_eq!(Results::from_json(&results.to_json()), Ok(results));
        assert!(Results::from_json("{}").is_err());
    }

    #[test]
    fn quantities_read_well() {
        assert_eq!(quantity(12.34, "ns"), "12.3 ns");
        assert_eq!(quantity(1_500.0, "ns"), "1.50 µs");
        assert_eq!(quantity(2.5e9, "ns"), "2.50 s");
        assert_eq!(quantity(749.0, "bytes"), "749 B");
        assert_eq!(quantity(34_816.0, "bytes"), "34.0 KiB");
        assert_eq!(quantity(1.5, "sleeps"), "1.50 sleeps");
    }
}
