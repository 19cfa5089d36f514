//! Markdown, for pasting into a page or an issue.

use super::layout::finish;
use super::part::Part;
use anstream::adapter::strip_str;

/// Writes a report's parts as Markdown.
#[must_use]
pub fn render(parts: &[Part]) -> String {
    let parts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.clone()),
        Part::Command(command) => Some(format!("`{command}`")),
        Part::Table(grid) => Some(grid.markdown()),
        Part::Fold(_) => None,
    });
    let mut text = strip_str(&parts.collect::<Vec<_>>().join("\n\n")).to_string();
    finish(&mut text);
    text
}
