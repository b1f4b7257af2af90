//! Bars, one for each contestant, in plain SVG.

use super::figures::{CONTESTANTS, Figures, Spread, time};
use std::collections::BTreeMap;

/// One colour for each contestant, in their order; ours stands out.
const COLOURS: [&str; CONTESTANTS.len()] =
    ["#c2410c", "#64748b", "#0f766e", "#4338ca", "#a16207", "#7e22ce", "#15803d"];

const WIDTH: f64 = 760.0;
const LABELS: f64 = 190.0;
const BAR: f64 = 16.0;
const GAP: f64 = 14.0;

/// A row of a plot: its variant, and what it took each contestant.
type Row<'a> = (&'a str, Vec<(&'a str, Spread)>);

/// A plot for each operation, by its name: each variant's bars are as long as they are slower than its
/// fastest.
pub(crate) fn all(figures: &Figures) -> BTreeMap<String, String> {
    let mut operations: BTreeMap<String, Vec<Row<'_>>> = BTreeMap::new();
    for (row, spreads) in figures.rows() {
        let (operation, variant) = row.split_once('/').unwrap_or((row, ""));
        operations.entry(operation.to_owned()).or_default().push((variant, spreads));
    }
    operations.into_iter().map(|(operation, rows)| (operation.clone(), plot(&operation, &rows))).collect()
}

fn plot(operation: &str, rows: &[Row<'_>]) -> String {
    let mut bars = String::new();
    let mut y = 40.0;
    for (variant, spreads) in rows {
        bars += &format!("<text x=\"8\" y=\"{:.0}\" class=\"variant\">{variant}</text>\n", y + 12.0);
        let slowest = spreads.iter().map(|(_, spread)| spread.median).fold(0.0, f64::max);
        for (contestant, spread) in spreads {
            let index = CONTESTANTS.iter().position(|name| name == contestant).unwrap_or_default();
            let length = (spread.median / slowest * (WIDTH - LABELS - 110.0)).max(1.0);
            bars += &format!(
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{contestant}</text>\
                 <rect x=\"{LABELS}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"{:.0}\" fill=\"{}\"/>\
                 <text x=\"{:.0}\" y=\"{:.0}\">{}</text>\n",
                LABELS - 6.0,
                y + 12.0,
                BAR - 3.0,
                COLOURS[index],
                LABELS + length + 6.0,
                y + 12.0,
                time(spread.median),
            );
            y += BAR;
        }
        y += GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<style>text {{ fill: #334155 }} .variant {{ font-weight: bold }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"22\" font-size=\"15\">{operation}: the shorter, the faster</text>\n{bars}</svg>\n"
    )
}
