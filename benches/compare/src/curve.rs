//! Lines, one for each contestant, on two logarithmic axes, in plain SVG.

use super::plot::{COLOURS, FONT};
use super::results::{CONTESTANTS, Results, Row, quantity};
use std::collections::BTreeMap;

/// An operation whose variants are numbers.
pub(crate) struct Curve {
    pub(crate) operation: &'static str,
    title: &'static str,
    /// What the numbers count.
    counts: &'static str,
}

pub(crate) const CURVES: [Curve; 6] = [
    Curve { operation: "grow_spawn", title: "started and joined: the time of one", counts: "routines" },
    Curve { operation: "grow_memory", title: "waiting on a channel: the memory of one", counts: "routines" },
    Curve { operation: "select_one_of", title: "select, one case ready", counts: "cases" },
    Curve { operation: "select_one_of_waiting", title: "select that waits", counts: "cases" },
    Curve { operation: "grow_workers_mpmc", title: "eight to eight: the time of a value", counts: "workers" },
    Curve { operation: "grow_workers_skynet", title: "skynet of 100,000", counts: "workers" },
];

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 48.0;

/// The plots by the names of their files.
pub(crate) fn all(results: &Results) -> BTreeMap<String, String> {
    let measured = CURVES.iter().filter(|curve| !results.rows(curve.operation).is_empty());
    measured.map(|curve| (format!("curve_{}", curve.operation), plot(results, curve))).collect()
}

/// An axis from a power of ten to another.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    /// The smallest that holds these values.
    fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(0.1);
        let most = values.fold(0.0, f64::max).max(least);
        let (from, to) = (least.log10().floor(), most.log10().ceil());
        Self { from, to: to.max(from + 1.0) }
    }

    /// How far along it a value lies, from 0 to 1.
    fn part(self, value: f64) -> f64 {
        ((value.max(0.1).log10() - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// The powers of ten on it.
    fn marks(self) -> impl Iterator<Item = f64> {
        (self.from as i32..=self.to as i32).map(|power| 10_f64.powi(power))
    }
}

fn plot(results: &Results, curve: &Curve) -> String {
    let rows = results.rows(curve.operation);
    let points = |contestant: &str| -> Vec<(f64, f64)> {
        let point = |row: &Row<'_>| {
            let (_, spread) = row.spreads.iter().find(|(name, _)| *name == contestant)?;
            Some((row.number()? as f64, spread.median))
        };
        rows.iter().filter_map(point).collect()
    };
    let lines: Vec<_> = CONTESTANTS.iter().map(|name| points(name)).collect();
    let xs = Axis::around(lines.iter().flatten().map(|(x, _)| *x));
    let ys = Axis::around(lines.iter().flatten().map(|(_, y)| *y));
    let at = |x: f64, y: f64| {
        (LEFT + xs.part(x) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - ys.part(y) * (HEIGHT - TOP - BOTTOM))
    };
    let unit = rows.first().map_or("", |row| row.unit);
    let mut text = String::new();
    for mark in xs.marks() {
        let (x, bottom) = at(mark, 10_f64.powf(ys.from));
        text += &format!(
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" class=\"grid\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}</text>\n",
            bottom + 16.0
        );
    }
    for mark in ys.marks() {
        let (left, y) = at(10_f64.powf(xs.from), mark);
        text += &format!(
            "<line x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" class=\"grid\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            WIDTH - RIGHT,
            left - 6.0,
            y + 4.0,
            quantity(mark, unit)
        );
    }
    let mut labels = Vec::new();
    for ((name, colour), line) in CONTESTANTS.iter().zip(COLOURS).zip(&lines) {
        let Some((x, y)) = line.last() else { continue };
        let path: Vec<String> =
            line.iter().map(|(x, y)| at(*x, *y)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let width = if *name == CONTESTANTS[0] { 3.0 } else { 1.5 };
        text += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n",
            path.join(" ")
        );
        for point in &path {
            let (x, y) = point.split_once(',').unwrap_or_default();
            text += &format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{width}\" fill=\"{colour}\"/>");
        }
        labels.push((at(*x, *y).1, *name, colour));
    }
    for (y, name, colour) in apart(labels) {
        text += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" style=\"fill: {colour}\">{name}</text>\n",
            WIDTH - RIGHT + 10.0,
            y + 4.0
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" {FONT}>\n\
         <style>text {{ fill: #334155 }} .grid {{ stroke: #e2e8f0 }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"22\" font-size=\"15\">{}</text>\n\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>\n{text}</svg>\n",
        curve.title,
        WIDTH - RIGHT,
        HEIGHT - 8.0,
        curve.counts
    )
}

/// Moves labels that would lie upon one another down, from the top.
fn apart<T>(mut labels: Vec<(f64, T, &'static str)>) -> Vec<(f64, T, &'static str)> {
    labels.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    let mut free = f64::NEG_INFINITY;
    for (y, ..) in &mut labels {
        *y = y.max(free);
        free = *y + 14.0;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_runs_from_power_to_power() {
        let axis = Axis::around([3.0, 250.0].into_iter());
        assert_eq!(axis, Axis { from: 0.0, to: 3.0 });
        assert_eq!(axis.marks().collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1_000.0]);
        assert!((axis.part(10.0) - 1.0 / 3.0).abs() < 1e-9);
        let one = Axis::around([10.0].into_iter());
        assert_eq!(one, Axis { from: 1.0, to: 2.0 }, "a single value has an axis, too");
        assert_eq!(one.part(0.0), 0.0, "nothing at all lies at the beginning");
    }

    #[test]
    fn labels_keep_apart() {
        let labels = apart(vec![(50.0, 'b', ""), (48.0, 'a', ""), (100.0, 'c', "")]);
        assert_eq!(labels, [(48.0, 'a', ""), (62.0, 'b', ""), (100.0, 'c', "")]);
    }

    #[test]
    fn each_contestant_has_a_line_through_its_points() {
        let mut results = Results::default();
        for (id, ns) in [
            ("grow_spawn/1/rustroutines", 100.0),
            ("grow_spawn/1000/rustroutines", 100.0),
            ("grow_spawn/1/go", 1_000.0),
        ] {
            results.add_id(id, ns);
        }
        let plots = all(&results);
        assert_eq!(plots.keys().collect::<Vec<_>>(), ["curve_grow_spawn"]);
        let plot = &plots["curve_grow_spawn"];
        assert_eq!(plot.matches("<polyline").count(), 2);
        assert!(plot.contains("points=\"80.0,352.0 590.0,352.0\""), "{plot}");
        assert!(plot.contains("points=\"80.0,40.0\""), "{plot}");
    }
}
