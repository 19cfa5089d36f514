//! The table for people: one scenario in detail, or several side by side.

use super::document::Document;
use super::layout::{self, Cell, Grid, bold, finish, paragraph};
use super::references;
use super::rows::{Report, Row};
use super::words::{self, plural, time};
use crate::count::grouped;
use crate::measure::Group;
use crate::measure::stats::{MeanLockUse, Verdict};
use anstyle::AnsiColor;

/// Writes the report as a table, with colour codes, no wider than so many columns if possible.
#[must_use]
pub fn render(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for warning in report.header.warnings("rounds") {
        text += &paragraph(&warning, width);
    }
    if report.comparison {
        comparison(report, width, &mut text);
    } else {
        for row in report.measured() {
            single(report, row, width, &mut text);
        }
    }
    finish(&mut text);
    text
}

fn single(report: &Report, row: &Row, width: Option<usize>, text: &mut String) {
    *text += &paragraph(&format!("{}: {}", bold(&row.scenario), words::work(row)), width);
    let coloured = details(report, row).into_iter().map(|(label, value)| {
        let colour = words::colour(row.summary.verdict).on_default();
        let value = if label == "verdict" { layout::styled(&value, colour) } else { value };
        (label, value)
    });
    *text += &layout::lines(coloured, width);
    text.push('\n');
    for note in words::conditions(row, report.header.cpus) {
        *text += &paragraph(&format!("note: {note}."), width);
    }
    *text += &paragraph(&format!("{} {}.", bold("why:"), row.explanation.why), width);
    *text += &paragraph(&format!("{} gilsim {}", bold("try next:"), row.explanation.next), width);
}

/// The lines of one scenario's report, each with its label.
#[must_use]
pub(super) fn details(report: &Report, row: &Row) -> Vec<(String, String)> {
    let summary = &row.summary;
    let mut lines: Vec<(&str, String)> = Vec::new();
    lines.extend(row.body.iter().map(|body| ("body", body.clone())));
    lines.push(("expected", grouped(summary.expected)));
    lines.push(("actual", grouped(summary.actual)));
    lines.push(("verdict", verdict(row)));
    let timing = &summary.timing;
    lines.push((
        "time",
        if summary.runs > 1 {
            format!(
                "{} (median; from {} to {}, ± {})",
                time(timing.median),
                time(timing.min),
                time(timing.max),
                time(timing.stddev.unwrap_or(0.0))
            )
        } else {
            time(timing.median)
        },
    ));
    let each = match row.group {
        Group::Counter => "per update",
        Group::Sum => "per addition",
        Group::References => "per pair",
    };
    lines.push((each, format!("{} ns", words::figure(row.ns_per_update))));
    if let Some(speedup) = row.speedup {
        let with_startup = row.speedup_with_startup.unwrap_or(speedup);
        lines.push((
            "speed-up",
            format!(
                "{} over sequential ({} with start-up counted)",
                words::figure(speedup),
                words::figure(with_startup)
            ),
        ));
    }
    lines.push(("start-up", format!("{} until the first worker left the start line", time(summary.startup))));
    if let (Some(user), Some(system)) = (summary.user, summary.system) {
        lines.push(("CPU time", format!("{} in the program, {} in the kernel", time(user), time(system))));
    }
    if let (Some(voluntary), Some(involuntary)) = (summary.voluntary_switches, summary.involuntary_switches) {
        let [voluntary, involuntary] = [voluntary, involuntary].map(words::mean_count);
        lines.push((
            "switches",
            format!("{voluntary} voluntary (waiting), {involuntary} involuntary (preempted)"),
        ));
    }
    if let Some(overlap) = summary.overlap.filter(|_| row.conditions.workers > 1) {
        lines.push((
            "overlap",
            format!("{} of the time, two or more workers were at work", words::percent(overlap)),
        ));
    }
    if let Some(foreign) = summary.foreign_values {
        let times = words::mean_count(foreign);
        lines.push((
            "surprises",
            format!("{times} times a worker loaded a value that it had not stored itself"),
        ));
    }
    lines.extend(references::details(row));
    if let Some(lock) = &summary.lock {
        lines.extend(lock_details(lock, row.conditions.switch_interval));
    }
    lines.push(("machine", words::cpus(report.header.cpus, &row.conditions.pins)));
    lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

fn verdict(row: &Row) -> String {
    let summary = &row.summary;
    let verdict = words::verdict(summary.verdict);
    let runs = plural(summary.runs, "run");
    match summary.lost_runs {
        0 if summary.runs == 1 => format!("{verdict}: right in the only run"),
        0 => format!("{verdict}: right in each of {runs}"),
        wrong => {
            let off = i128::try_from(summary.actual.abs_diff(summary.expected)).unwrap_or(i128::MAX);
            let most = if summary.runs == 1 { "" } else { "up to " };
            format!("{verdict}: wrong in {wrong} of {runs}, by {most}{}", grouped(off))
        }
    }
}

fn lock_details(lock: &MeanLockUse, interval: Option<f64>) -> Vec<(&'static str, String)> {
    let held: Vec<String> = lock.held.iter().take(8).map(|&share| words::percent(share)).collect();
    let more = if lock.held.len() > held.len() { " …" } else { "" };
    let times = |[median, p99, max]: [f64; 3]| {
        format!("{} (median), {} (p99), {} (longest)", time(median), time(p99), time(max))
    };
    let mut lines = vec![
        (
            "GIL",
            format!(
                "taken {} times, went to another worker {} times; asked for {} times, {} forced switches",
                words::mean_count(lock.takes),
                words::mean_count(lock.switches),
                words::mean_count(lock.requests),
                words::mean_count(lock.forced)
            ),
        ),
        ("held", format!("{}{more} of the time, worker by worker", held.join(", "))),
        ("a hold", times(lock.holds)),
    ];
    if lock.waits[2] > 0.0 {
        lines.push(("a wait", times(lock.waits)));
    }
    if let Some(interval) = interval {
        lines.push(("interval", format!("{} before a waiter asks the holder to let go", time(interval))));
    }
    lines
}

/// The groups of a comparison that have rows, each as a table.
pub(super) fn comparison_grids(report: &Report) -> Vec<Grid> {
    let counters_and_sums =
        [Group::Counter, Group::Sum].into_iter().filter_map(|group| comparison_grid(report, group));
    counters_and_sums.chain(references::grid(report)).collect()
}

fn comparison_grid(report: &Report, group: Group) -> Option<Grid> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.group == group).collect();
    let widest = rows.iter().max_by_key(|row| row.conditions.workers)?;
    // The start-up is what processes are paid for with, so the sums show it.
    let sum = group == Group::Sum;
    let each = if sum { "ns/add" } else { "ns/update" };
    let mut header = vec!["scenario", "actual", "verdict", "time", each, "relative"];
    if sum {
        header.insert(4, "start");
    }
    let cells = |row: &&Row| {
        let name = if sum { row.scenario.trim_start_matches("split:") } else { &row.scenario };
        let mut cells: Vec<Cell> = vec![name.into()];
        if row.summary.runs == 0 {
            cells.extend([Cell::default(), Cell::coloured("failed".to_owned(), AnsiColor::Red)]);
            cells.resize(header.len(), Cell::default());
            return cells;
        }
        cells.extend([
            row.summary.actual.to_string().into(),
            Cell::coloured(
                words::verdict(row.summary.verdict).to_owned(),
                words::colour(row.summary.verdict),
            ),
            words::spread(&row.summary.timing).into(),
            words::figure(row.ns_per_update).into(),
            row.relative.map_or_else(String::new, words::figure).into(),
        ]);
        if sum {
            cells.insert(4, time(row.summary.startup).into());
        }
        cells
    };
    let name = if sum { "split" } else { "counter" };
    Some(Grid {
        title: format!("{name}: {}; expected {}", words::work(widest), widest.summary.expected),
        rows: rows.iter().map(cells).collect(),
        header: header.iter().map(|&name| name.to_owned()).collect(),
        words: vec![2],
    })
}

fn comparison(report: &Report, width: Option<usize>, text: &mut String) {
    for grid in comparison_grids(report) {
        *text += &grid.table(width);
        text.push('\n');
    }
    for note in notes(report) {
        *text += &paragraph(&note, width);
    }
}

/// What a comparison means, in words.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let rows = || report.measured().filter(|row| row.summary.runs > 0);
    let mut notes = Vec::new();
    let rounds = report.measured().map(|row| row.summary.runs).max().unwrap_or(0);
    let pins = rows().next().map_or(&[][..], |row| &row.conditions.pins);
    notes.push(format!(
        "time: median of {} ± standard deviation, on the workers' own clocks; relative: to {}. {}.",
        plural(rounds, "round"),
        if rows().all(|row| row.group == Group::References) {
            "the plain count with one worker"
        } else {
            "the fastest that is always right"
        },
        words::cpus(report.header.cpus, pins)
    ));
    let mut said: Vec<String> = rows()
        .flat_map(|row| words::conditions(row, report.header.cpus))
        .map(|note| format!("note: {note}."))
        .collect();
    said.dedup();
    notes.extend(said);
    if let Some(row) =
        rows().find(|row| row.group != Group::References && row.summary.verdict == Verdict::Lost)
    {
        notes.push(format!(
            "{} was wrong in {} of {}: a store overwrote what others had stored since its load (lost updates).",
            row.scenario,
            row.summary.lost_runs,
            plural(row.summary.runs, "round")
        ));
    }
    let speedup = |name: &str| rows().find(|row| row.scenario == name).and_then(|row| row.speedup);
    if let (Some(gil), Some(process)) = (speedup("split:gil"), speedup("split:process")) {
        notes.push(format!(
            "speed-up over sequential: {} by threads under a global lock, {} by processes.",
            words::figure(gil),
            words::figure(process)
        ));
    }
    notes.extend(references::notes(report));
    notes.extend(report.failures());
    notes
}
