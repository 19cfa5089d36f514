//! Markdown: the comparison's table, for pasting into a page or an issue.

use super::table::{comparison_groups, details};
use super::{Report, words};
use tabled::builder::Builder;
use tabled::settings::Style;

/// Writes the report as Markdown.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    if report.comparison {
        for group in comparison_groups(report) {
            text += &[group.title, markdown(group.header, group.cells), String::new()].join("\n\n");
        }
    } else {
        for row in report.measured() {
            let lines = details(report, row).into_iter().map(|(label, value)| vec![label, value]).collect();
            let header = vec![row.scenario.clone(), words::work(row)];
            text += &markdown(header, lines);
            text += &["\n\nWhy: ", &row.explanation.why, ".\n\n"].concat();
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn markdown(header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let mut builder = Builder::new();
    builder.push_record(header);
    for row in rows {
        builder.push_record(row.into_iter().map(|cell| cell.replace('|', "\\|")));
    }
    builder.build().with(Style::markdown()).to_string()
}
