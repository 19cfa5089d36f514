//! The table for people: one scenario in detail, or several side by side.

use super::words::{self, plural, time};
use super::{Report, Row};
use crate::count::grouped;
use crate::scenario::Group;
use crate::stats::Verdict;
use anstyle::{AnsiColor, Style as Colour};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::peaker::PriorityMax;
use tabled::settings::{Alignment, Modify, Padding, Style, Width};

/// Writes the report as a table, with colour codes, no wider than so many columns if possible.
#[must_use]
pub fn render(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    if report.interrupted {
        text += &paragraph("interrupted: this is the report of the rounds that were finished.", width);
    }
    if report.profile == "debug" {
        text += &paragraph(
            "built without optimisation: the times mean nothing (use cargo build --release).",
            width,
        );
    }
    if report.comparison {
        comparison(report, width, &mut text);
    } else {
        for row in report.measured() {
            single(report, row, width, &mut text);
        }
    }
    text
}

fn single(report: &Report, row: &Row, width: Option<usize>, text: &mut String) {
    *text += &paragraph(&format!("{}: {}", bold(&row.scenario), words::work(row)), width);
    let mut builder = Builder::new();
    for (label, value) in details(report, row) {
        let value = if label == "verdict" { coloured(&value, row.summary.verdict) } else { value };
        builder.push_record([format!("{label}  "), value]);
    }
    let mut table = builder.build();
    table
        .with(Style::empty())
        .with(Padding::new(2, 0, 0, 0))
        .modify(Columns::first(), Padding::new(2, 0, 0, 0));
    fit(&mut table, width);
    *text += &trimmed(&table.to_string());
    text.push('\n');
    for note in words::conditions(row, report.cpus) {
        *text += &paragraph(&format!("note: {note}."), width);
    }
    *text += &paragraph(&format!("{} {}.", bold("why:"), row.explanation.why), width);
    *text += &paragraph(&format!("{} gilsim {}", bold("try next:"), row.explanation.next), width);
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// The lines of one scenario's report, each with its label.
#[must_use]
pub(super) fn details(report: &Report, row: &Row) -> Vec<(String, String)> {
    let summary = &row.summary;
    let mut lines: Vec<(&str, String)> =
        vec![("expected", grouped(summary.expected)), ("actual", grouped(summary.actual))];
    let runs = plural(summary.runs, "run");
    let verdict = words::verdict(summary.verdict);
    lines.push(match summary.lost_runs {
        0 => (
            "verdict",
            format!(
                "{verdict}: right in {}",
                if summary.runs == 1 { "the only run".to_owned() } else { format!("each of {runs}") }
            ),
        ),
        wrong => {
            let off = i128::try_from(summary.actual.abs_diff(summary.expected)).unwrap_or(i128::MAX);
            let most = if summary.runs == 1 { "" } else { "up to " };
            ("verdict", format!("{verdict}: wrong in {wrong} of {runs}, by {most}{}", grouped(off)))
        }
    });
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
    lines.push((
        "CPU time",
        format!("{} in the program, {} in the kernel", time(summary.user), time(summary.system)),
    ));
    lines.push((
        "switches",
        format!(
            "{} voluntary (waiting), {} involuntary (preempted)",
            words::mean_count(summary.voluntary_switches),
            words::mean_count(summary.involuntary_switches)
        ),
    ));
    if row.conditions.workers > 1 {
        lines.push((
            "overlap",
            format!("{} of the time, two or more workers were at work", words::percent(summary.overlap)),
        ));
    }
    if let Some(foreign) = summary.foreign_values {
        lines.push((
            "surprises",
            format!(
                "{} times a worker loaded a value that it had not stored itself",
                words::mean_count(foreign)
            ),
        ));
    }
    if let Some(lock) = &summary.lock {
        let held: Vec<String> = lock.held.iter().take(8).map(|&share| words::percent(share)).collect();
        let more = if lock.held.len() > held.len() { " …" } else { "" };
        lines.push((
            "lock",
            format!(
                "went to another worker {} times, on {} requests",
                words::mean_count(lock.switches),
                words::mean_count(lock.requests)
            ),
        ));
        lines.push(("held", format!("{}{more} of the time, worker by worker", held.join(", "))));
        if let Some(interval) = row.conditions.switch_interval {
            lines.push(("interval", format!("{} before a waiter asks the holder to let go", time(interval))));
        }
    }
    lines.push(("machine", words::cpus(report.cpus, &row.conditions.pins)));
    lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

/// One group of a comparison, ready to be laid out.
pub(super) struct ComparisonGroup {
    pub(super) title: String,
    pub(super) header: Vec<String>,
    pub(super) cells: Vec<Vec<String>>,
    verdicts: Vec<Verdict>,
}

/// The groups of a comparison that have rows.
pub(super) fn comparison_groups(report: &Report) -> Vec<ComparisonGroup> {
    [Group::Counter, Group::Sum].into_iter().filter_map(|group| comparison_group(report, group)).collect()
}

fn comparison_group(report: &Report, group: Group) -> Option<ComparisonGroup> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.group == group).collect();
    let widest = rows.iter().max_by_key(|row| row.conditions.workers)?;
    // The start-up is what processes are paid for with, so the sums show it.
    let sum = group == Group::Sum;
    let each = if sum { "ns/add" } else { "ns/update" };
    let mut header = vec!["scenario", "actual", "verdict", "time", each, "relative"];
    if sum {
        header.insert(4, "start");
    }
    let cells = rows
        .iter()
        .map(|row| {
            let mut cells = vec![
                if sum { row.scenario.trim_start_matches("split:").to_owned() } else { row.scenario.clone() },
                row.summary.actual.to_string(),
                words::verdict(row.summary.verdict).to_owned(),
                words::spread(&row.summary.timing),
                words::figure(row.ns_per_update),
                row.relative.map_or_else(String::new, words::figure),
            ];
            if sum {
                cells.insert(4, time(row.summary.startup));
            }
            cells
        })
        .collect();
    let name = if sum { "split" } else { "counter" };
    Some(ComparisonGroup {
        title: format!("{name}: {}; expected {}", words::work(widest), widest.summary.expected),
        header: header.into_iter().map(str::to_owned).collect(),
        cells,
        verdicts: rows.iter().map(|row| row.summary.verdict).collect(),
    })
}

fn comparison(report: &Report, width: Option<usize>, text: &mut String) {
    for group in comparison_groups(report) {
        *text += &paragraph(&bold(&group.title), width);
        let mut builder = Builder::new();
        builder.push_record(group.header);
        for (mut cells, verdict) in group.cells.into_iter().zip(group.verdicts) {
            cells[2] = coloured(&cells[2], verdict);
            builder.push_record(cells);
        }
        let mut table = builder.build();
        table
            .with(Style::empty())
            .with(Padding::new(0, 2, 0, 0))
            .with(Modify::new(Columns::last()).with(Padding::zero()))
            .with(Modify::new(Columns::new(1..)).with(Alignment::right()))
            .with(Modify::new(Columns::one(2)).with(Alignment::left()));
        fit(&mut table, width);
        *text += &trimmed(&table.to_string());
        text.push('\n');
    }
    for note in notes(report) {
        *text += &paragraph(&note, width);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// What a comparison means, in words.
fn notes(report: &Report) -> Vec<String> {
    let rows = || report.measured();
    let mut notes = Vec::new();
    let rounds = rows().next().map_or(0, |row| row.summary.runs);
    let pins = rows().next().map_or(&[][..], |row| &row.conditions.pins);
    notes.push(format!(
        "time: median of {} ± standard deviation, on the workers' own clocks; relative: to the fastest that is \
         always right. {}.",
        plural(rounds, "round"),
        words::cpus(report.cpus, pins)
    ));
    let mut said: Vec<String> = rows()
        .flat_map(|row| words::conditions(row, report.cpus))
        .map(|note| format!("note: {note}."))
        .collect();
    said.dedup();
    notes.extend(said);
    if let Some(row) = rows().find(|row| row.summary.verdict == Verdict::Lost) {
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
    notes
}

/// Makes a table no wider than the terminal, at the expense of its widest columns.
fn fit(table: &mut tabled::Table, width: Option<usize>) {
    if let Some(width) = width {
        table.with(Width::wrap(width).priority(PriorityMax::right()).keep_words(true));
    }
}

/// A paragraph with an empty line behind it, broken to the terminal's width.
fn paragraph(text: &str, width: Option<usize>) -> String {
    let lines = width.map_or_else(|| text.to_owned(), |width| textwrap::fill(text, width));
    lines + "\n\n"
}

/// Without spaces at the ends of lines, and with a line end.
fn trimmed(text: &str) -> String {
    text.lines().fold(String::with_capacity(text.len()), |all, line| all + line.trim_end() + "\n")
}

fn bold(text: &str) -> String {
    styled(text, Colour::new().bold())
}

fn coloured(text: &str, verdict: Verdict) -> String {
    let colour = match verdict {
        Verdict::Exact => AnsiColor::Green,
        Verdict::Lucky | Verdict::Lost => AnsiColor::Yellow,
        Verdict::Broken => AnsiColor::Red,
    };
    styled(text, colour.on_default())
}

fn styled(text: &str, style: Colour) -> String {
    format!("{style}{text}{style:#}")
}
