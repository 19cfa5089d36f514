//! CSV: a line for each row, hyperfine's columns first.

use super::Report;

/// The columns, in their order.
pub const COLUMNS: [&str; 33] = [
    "command",
    "mean",
    "stddev",
    "median",
    "user",
    "system",
    "min",
    "max",
    "scenario",
    "group",
    "baseline",
    "promise",
    "verdict",
    "expected",
    "actual",
    "runs",
    "lost_runs",
    "workers",
    "iterations",
    "from",
    "updates",
    "ns_per_update",
    "relative",
    "speedup",
    "startup",
    "voluntary_switches",
    "involuntary_switches",
    "overlap",
    "foreign_values",
    "widen",
    "cpus",
    "pinned",
    "profile",
];

/// Writes the report as CSV with a header line.
///
/// # Errors
///
/// Never for a report that `Report::new` made; the signature is the writer's.
pub fn render(report: &Report) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in &report.results {
        // One place names the fields: the JSON form. A column takes its value from there.
        let mut fields = serde_json::to_value(row)?;
        fields["cpus"] = report.cpus.into();
        fields["profile"] = report.profile.into();
        fields["pinned"] = (!row.conditions.pins.is_empty()).into();
        writer.write_record(COLUMNS.iter().map(|&column| match &fields[column] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
