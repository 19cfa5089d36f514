//! JSON: the whole report. Its `results` carry hyperfine's own field names and units.

use super::Report;

/// Writes the report, indented, with a line end.
///
/// # Errors
///
/// Never for a report that [`Report::new`] made; the signature is the serialiser's.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
