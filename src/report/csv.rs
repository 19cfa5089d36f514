//! CSV: a line for each row, hyperfine's columns first.

use super::rows::Report;
use super::run::Host;
use std::io;

/// The columns, in their order. A sweep has one more for each option that it goes through: `parameter_threads`.
pub const COLUMNS: [&str; 56] = [
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
    "speedup_with_startup",
    "startup",
    "voluntary_switches",
    "involuntary_switches",
    "overlap",
    "foreign_values",
    "objects",
    "leaked",
    "premature_frees",
    "uses_after_free",
    "pattern",
    "switch_interval",
    "widen",
    "body",
    "gil",
    "failure",
    "cpus",
    "interrupted",
    "pinned",
    "profile",
    "gilsim",
    "mad",
    "cpu",
    "time_with_startup",
    "relative_with_startup",
    "communication",
    "hosts",
    "recorded",
    "mad_with_startup",
    "result",
    "taken_by_others",
    "startup_cpu_wait",
];

/// Writes the report as CSV with a header line.
///
/// # Errors
///
/// When a value cannot be put as text, which no report's can fail to be.
pub fn render(report: &Report) -> io::Result<String> {
    // As hyperfine has them; those of every row, in the order in which they come.
    let mut swept: Vec<&str> = Vec::new();
    for parameter in report.results.iter().flat_map(|row| row.parameters.all()) {
        if !swept.contains(&parameter.option) {
            swept.push(parameter.option);
        }
    }
    let columns = COLUMNS.map(str::to_owned).into_iter();
    let mut records: Vec<Vec<String>> =
        vec![columns.chain(swept.iter().map(|option| format!("parameter_{option}"))).collect()];
    let header = serde_json::to_value(&report.header)?;
    for row in &report.results {
        // One place names the fields: the JSON form. A column takes its value from there.
        let mut fields = serde_json::to_value(row)?;
        let host = |host: &Host| format!("{}={}", host.host, host.updates);
        fields["hosts"] = row.hosts.iter().map(host).collect::<Vec<_>>().join(" ").into();
        fields["pinned"] = (!row.conditions.pins.is_empty()).into();
        let field = |&column: &&str| match fields.get(column).unwrap_or(&header[column]) {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let parameter = |option: &&str| {
            let found = row.parameters.all().iter().find(|it| it.option == *option);
            found.map(|it| it.value.clone()).unwrap_or_default()
        };
        records.push(COLUMNS.iter().map(field).chain(swept.iter().map(parameter)).collect());
    }
    write(&records)
}

/// Writes records, the header first.
///
/// # Errors
///
/// As [`render`].
pub fn write(records: &[Vec<String>]) -> io::Result<String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(record)?;
    }
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
