//! JSON: the whole report. Its `results` carry hyperfine's own field names and units.

use serde::Serialize;
use std::io;

/// Writes a report, indented, with a line end.
///
/// # Errors
///
/// When a value cannot be put as JSON, which no report's can fail to be.
pub fn render(report: &impl Serialize) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
