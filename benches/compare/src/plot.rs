//! Bars, one for each contestant, in plain SVG.

use super::results::{CONTESTANTS, Results, Row, quantity};
use std::collections::BTreeMap;

/// One colour for each contestant, in their order; ours stands out.
pub(crate) const COLOURS: [&str; CONTESTANTS.len()] = [
    "#c2410c", "#0284c7", "#64748b", "#0f766e", "#be185d", "#a16207", "#7e22ce", "#15803d", "#4338ca",
    "#404040", "#0284c7", "#64748b",
];

pub(crate) const FONT: &str = "font-family=\"sans-serif\" font-size=\"12\"";

const WIDTH: f64 = 760.0;
const LABELS: f64 = 190.0;
const BAR: f64 = 16.0;
const GAP: f64 = 14.0;

/// A plot for each operation, by its name: each variant's bars are as long as they are slower than its
/// fastest.
pub(crate) fn all(results: &Results) -> BTreeMap<String, String> {
    let one = |operation: &str| (operation.to_owned(), plot(operation, &results.rows(operation)));
    let mut operations = results.operations();
    // These have curves.
    operations.retain(|operation| !operation.starts_with("grow_"));
    operations.into_iter().map(one).collect()
}

fn plot(operation: &str, rows: &[Row<'_>]) -> String {
    let mut bars = String::new();
    let mut y = 40.0;
    for row in rows {
        bars += &format!("<text x=\"8\" y=\"{:.0}\" class=\"variant\">{}</text>\n", y + 12.0, row.variant());
        let slowest = row.spreads.iter().map(|(_, spread)| spread.median).fold(f64::MIN_POSITIVE, f64::max);
        for (contestant, spread) in &row.spreads {
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
                quantity(spread.median, row.unit),
            );
            y += BAR;
        }
        y += GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" {FONT}>\n\
         <style>text {{ fill: #334155 }} .variant {{ font-weight: bold }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"22\" font-size=\"15\">{operation}: the shorter, the better</text>\n{bars}</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_what_they_show() {
        let mut results = Results::default();
        for (id, ns) in
            [("yield/2/rustroutines", 10.0), ("yield/2/tokio", 20.0), ("grow_spawn/1/rustroutines", 1.0)]
        {
            results.add_id(id, ns);
        }
        let plots = all(&results);
        assert_eq!(plots.keys().collect::<Vec<_>>(), ["yield"]);
        let plot = &plots["yield"];
        assert!(plot.contains("width=\"230.0\"") && plot.contains("width=\"460.0\""), "{plot}");
        assert!(plot.contains(">10.0 ns</text>") && plot.contains(">tokio</text>"), "{plot}");
    }

    #[test]
    fn who_took_nothing_has_a_bar_nevertheless() {
        let mut results = Results::default();
        results.add_id("light_load/sleeps/rustroutines", 0.0);
        assert!(all(&results)["light_load"].contains("width=\"1.0\""));
    }
}
