//! Tables of figures.

use super::results::{CONTESTANTS, Results, Row, quantity};

/// A table of the rows of these operations, with a column for each contestant that has a figure there. Ours is
/// bold where it is no slower than the best of the others.
pub(crate) fn table(results: &Results, operations: &[&str]) -> String {
    let rows: Vec<Row<'_>> = operations.iter().flat_map(|operation| results.rows(operation)).collect();
    let takes_part =
        |contestant: &&str| rows.iter().any(|row| row.spreads.iter().any(|(name, _)| name == contestant));
    let columns: Vec<&str> = CONTESTANTS.into_iter().filter(takes_part).collect();
    if columns.is_empty() {
        return String::new();
    }
    let mut text = format!("| operation | {} | ours / best |\n", columns.join(" | "));
    text += &format!("|---|{}\n", "---:|".repeat(columns.len() + 1));
    for row in &rows {
        let cells: Vec<String> = columns.iter().map(|contestant| cell(results, row, contestant)).collect();
        text += &format!("| {} | {} | {} |\n", row.name, cells.join(" | "), mark(row));
    }
    text + "\n"
}

/// What one contestant took: the median, and the spread where there is one.
fn cell(results: &Results, row: &Row<'_>, contestant: &str) -> String {
    let Some((_, spread)) = row.spreads.iter().find(|(name, _)| *name == contestant) else {
        return if results.failed(row.name, contestant) { "failed".to_owned() } else { String::new() };
    };
    let mut text = quantity(spread.median, row.unit);
    if contestant == CONTESTANTS[0] && row.ratio().is_some_and(|(ratio, _)| ratio <= 1.0) {
        text = format!("**{text}**");
    }
    if spread.least < spread.most {
        text += &format!(" ({}–{})", quantity(spread.least, row.unit), quantity(spread.most, row.unit));
    }
    text
}

/// The ratio to the best of the others, who that is, and whether we lose.
fn mark(row: &Row<'_>) -> String {
    match row.ratio() {
        None => String::new(),
        Some((ratio, best)) => format!("{ratio:.2} of {best}{}", if ratio > 1.0 { " ✗" } else { "" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_lost_is_marked_and_one_that_is_won_is_bold() {
        let mut results = Results::default();
        for (id, ns) in [
            ("yield/2/rustroutines", 18.0),
            ("yield/2/rustroutines", 20.0),
            ("yield/2/rustroutines", 22.0),
            ("yield/2/tokio", 40.0),
            ("yield/1000/rustroutines", 40.0),
            ("yield/1000/go", 20.0),
        ] {
            results.add_id(id, ns);
        }
        results.fail("yield/1000/tokio", "it had not ended".into());
        let expected = "\
| operation | rustroutines | go | tokio | ours / best |
|---|---:|---:|---:|---:|
| yield/2 | **20.0 ns** (18.0 ns–22.0 ns) |  | 40.0 ns | 0.50 of tokio |
| yield/1000 | 40.0 ns | 20.0 ns | failed | 2.00 of go ✗ |

";
        assert_eq!(table(&results, &["yield"]), expected);
        assert_eq!(table(&results, &["timer"]), "");
    }
}
