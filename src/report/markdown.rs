//! Markdown, for pasting into a page or an issue.

use super::layout::{Grid, finish};
use super::rows::Report;
use super::table::{comparison_grids, details, notes};
use super::words;

/// Writes the report as Markdown.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut parts = report.header.warnings("rounds");
    if report.comparison {
        parts.extend(comparison_grids(report).iter().map(Grid::markdown));
        parts.extend(notes(report));
    } else {
        for row in report.measured() {
            let grid = Grid {
                header: vec![row.scenario.clone(), words::work(row)],
                rows: details(report, row)
                    .into_iter()
                    .map(|(label, value)| vec![label.into(), value.into()])
                    .collect(),
                ..Grid::default()
            };
            parts.push(grid.markdown());
            parts.push(format!("Why: {}.", row.explanation.why));
        }
    }
    let mut text = parts.join("\n\n");
    finish(&mut text);
    text
}
