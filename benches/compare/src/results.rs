//! The figures of all rounds, and what is kept of them from run to run.

use super::order::Order;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The contestants, in the order of the tables' columns; ours first.
pub(crate) const CONTESTANTS: [&str; 12] = [
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
    "hyper",
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

impl Figure {
    /// What `operation/variant/contestant` took.
    pub(crate) fn of_id(id: &str, nanoseconds: f64) -> Option<Self> {
        let (row, contestant) = id.rsplit_once('/')?;
        Some(Self {
            row: row.to_owned(),
            contestant: contestant.to_owned(),
            value: nanoseconds,
            unit: "ns".to_owned(),
        })
    }
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
    /// The run that has not come to its end.
    run: Option<Run>,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq)]
struct Run {
    /// The name of its effort, and its filter.
    effort: String,
    filter: Vec<String>,
    /// The steps that it has taken.
    done: BTreeSet<String>,
    /// What it has measured, as `row/contestant`: figures of earlier runs are gone there.
    renewed: BTreeSet<String>,
}

impl Results {
    /// None yet, of this machine.
    pub(crate) fn of(machine: &str) -> Self {
        Self { machine: machine.to_owned(), ..Self::default() }
    }

    /// One more figure, rounded as it is kept: the pages are to say the same when they are written anew.
    pub(crate) fn add(&mut self, figure: Figure) {
        let rounds = self.rows.entry(figure.row).or_default();
        rounds.unit = figure.unit;
        let value = (figure.value * 100.0).round() / 100.0;
        rounds.of.entry(figure.contestant).or_default().push(value);
    }

    pub(crate) fn fail(&mut self, name: &str, why: String) {
        eprintln!("failed: {name}: {why}");
        self.failures.insert(name.to_owned(), why);
    }

    /// Refuses another machine's figures.
    pub(crate) fn expect_machine(&self, machine: &str) -> Result<(), String> {
        if self.machine == machine {
            return Ok(());
        }
        let elsewhere =
            "the figures that are kept come from another machine, and can't be renewed in part here";
        Err(format!("{elsewhere}:\n{}\nThis is:\n{machine}", self.machine))
    }

    /// A run begins.
    pub(crate) fn begin(&mut self, order: &Order) {
        self.effort = order.effort.name.to_owned();
        self.run = Some(Run { effort: self.effort.clone(), filter: order.filter.clone(), ..Run::default() });
    }

    /// What was to be measured by the run that has not come to its end.
    pub(crate) fn unfinished(&self) -> Option<Order> {
        self.run.as_ref().and_then(|run| Order::new(&run.effort, &run.filter))
    }

    /// Adds a figure of the run. Those of earlier runs go with the first: what was measured with another effort, or
    /// by an older version, doesn't go with what is measured now.
    pub(crate) fn renew(&mut self, figure: Figure) {
        self.failures.retain(|name, _| !concerns(name, &figure.row, &figure.contestant));
        if let Some(run) = &mut self.run {
            if run.renewed.insert(format!("{}/{}", figure.row, figure.contestant)) {
                if let Some(rounds) = self.rows.get_mut(&figure.row) {
                    rounds.of.remove(&figure.contestant);
                }
            }
        }
        self.add(figure);
    }

    /// A step of the run has been taken, or was taken.
    pub(crate) fn did(&mut self, step: &str) {
        self.run.get_or_insert_default().done.insert(step.to_owned());
    }

    pub(crate) fn has_done(&self, step: &str) -> bool {
        self.run.as_ref().is_some_and(|run| run.done.contains(step))
    }

    /// The run has come to its end. If it was of everything, what it hasn't measured is measured no more.
    pub(crate) fn end(&mut self) {
        let Some(run) = self.run.take() else { return };
        if run.filter.is_empty() {
            for (row, rounds) in &mut self.rows {
                rounds.of.retain(|contestant, _| run.renewed.contains(&format!("{row}/{contestant}")));
            }
            self.rows.retain(|_, rounds| !rounds.of.is_empty());
        }
    }

    /// A row by its name.
    pub(crate) fn row(&self, name: &str) -> Option<Row<'_>> {
        self.rows(operation_of(name)).into_iter().find(|row| row.name == name)
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
            let of = |(contestant, values): (&String, &Vec<f64>)| {
                (contestant.clone(), values.iter().copied().collect::<Value>())
            };
            let of: Map<_, _> = rounds.of.iter().map(of).collect();
            (name.clone(), json!({ "unit": rounds.unit, "of": of }))
        };
        let rows: Map<_, _> = self.rows.iter().map(row).collect();
        let mut whole = json!({
            "machine": self.machine,
            "about": self.about,
            "effort": self.effort,
            "rows": rows,
            "failures": self.failures,
        });
        if let Some(run) = &self.run {
            whole["unfinished"] = json!({
                "effort": run.effort,
                "filter": run.filter,
                "done": run.done,
                "renewed": run.renewed,
            });
        }
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
        let list =
            |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().map(string).collect() };
        let run = |value: &Value| Run {
            effort: string(&value["effort"]),
            filter: list(&value["filter"]),
            done: list(&value["done"]).into_iter().collect(),
            renewed: list(&value["renewed"]).into_iter().collect(),
        };
        Ok(Self {
            machine: string(&whole["machine"]),
            about: string(&whole["about"]),
            effort: string(&whole["effort"]),
            rows,
            failures: strings(&whole["failures"]),
            run: whole.get("unfinished").map(run),
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

    impl Results {
        /// Adds what `operation/variant/contestant` took in a round.
        pub(crate) fn add_id(&mut self, id: &str, nanoseconds: f64) {
            self.add(Figure::of_id(id, nanoseconds).unwrap());
        }
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

    fn order(filter: &[&str]) -> Order {
        Order::new("short", &filter.iter().map(|&part| part.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_part_can_be_renewed() {
        let mut results = some();
        results.fail("yield/may", "why".into());
        results.fail("sieve/may", "why".into());
        results.begin(&order(&["yield"]));
        results.renew(figure("yield/2", "rustroutines", 8.0));
        results.renew(figure("yield/2", "rustroutines", 6.0));
        results.renew(figure("yield/2", "may", 80.0));
        results.end();
        let row = results.row("yield/2").unwrap();
        assert_eq!(row.spreads.len(), 4, "what wasn't measured anew is still there");
        assert_eq!(row.spreads[0].1, Spread { least: 6.0, median: 8.0, most: 8.0 }, "no older round counts");
        assert_eq!(row.ratio(), Some((0.5, "go")));
        assert_eq!(results.failures.keys().collect::<Vec<_>>(), ["sieve/may"]);
        assert!(results.failed("sieve/2000", "may") && !results.failed("sieve/2000", "go"));
        assert!(!concerns("skynet/10000/may", "skynet/1000000", "may"));
        assert!(concerns("light_load/inside/may", "light_load/inside_cpu", "may"));
    }

    #[test]
    fn a_run_of_everything_leaves_nothing_else() {
        let mut results = some();
        results.begin(&order(&[]));
        results.renew(figure("yield/2", "rustroutines", 8.0));
        results.end();
        assert_eq!(results.operations(), ["yield"]);
        assert_eq!(results.row("yield/2").unwrap().spreads.len(), 1);
        assert!(results.row("yield/1000").is_none());
    }

    #[test]
    fn an_interrupted_run_is_taken_up_where_it_was() {
        let mut results = some();
        results.begin(&order(&["yield"]));
        results.renew(figure("yield/2", "rustroutines", 8.0));
        results.did("round 1: yield");
        // Interrupted here.
        let mut results = Results::from_json(&results.to_json()).unwrap();
        assert_eq!(results.unfinished(), Some(order(&["yield"])));
        assert!(results.has_done("round 1: yield") && !results.has_done("round 2: yield"));
        results.renew(figure("yield/2", "rustroutines", 6.0));
        results.end();
        let row = results.row("yield/2").unwrap();
        assert_eq!(row.spreads[0].1, Spread { least: 6.0, median: 8.0, most: 8.0 }, "both rounds count");
        assert_eq!(results.unfinished(), None);
        assert_eq!(Results::from_json(&results.to_json()).unwrap().unfinished(), None);
    }

    #[test]
    fn figures_of_two_machines_never_mix() {
        let results = Results::of("this");
        assert_eq!(results.expect_machine("this"), Ok(()));
        assert!(results.expect_machine("that").is_err());
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mut results = some();
        results.machine = "a machine".into();
        results.fail("sieve/may", "why".into());
        results.begin(&order(&["sieve"]));
        results.did("round 1: sieve/go");
        results.add(figure("yield/2", "smol", 381.150_049));
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
