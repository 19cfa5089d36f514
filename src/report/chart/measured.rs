//! Charts of measured scenarios.

use super::{Axis, Chart, Kind, Point, Series, Standing, Unit};
use crate::measure::Group;
use crate::measure::stats::{Timing, Verdict};
use crate::report::rows::{Report, Row};
use crate::report::words::{common, plural, work_of_all};

/// A chart for each group of rows that can be compared; none for a scenario alone.
#[must_use]
pub fn charts(report: &Report) -> Vec<Chart> {
    if !report.comparison {
        return Vec::new();
    }
    [Group::Counter, Group::Sum, Group::References]
        .into_iter()
        .filter_map(|group| {
            let rows: Vec<&Row> =
                report.measured().filter(|row| row.group == group && row.summary.runs > 0).collect();
            (rows.len() > 1).then(|| bars(group, &rows))
        })
        .collect()
}

fn bars(group: Group, rows: &[&Row]) -> Chart {
    let name = match group {
        Group::Counter => "counter",
        Group::Sum => "split",
        Group::References => "references",
    };
    // References are counted by different numbers of workers, so only the time for a pair can be compared.
    let each = group == Group::References;
    let points = rows.iter().map(|row| Point {
        label: if group == Group::Sum { row.short_name().to_owned() } else { row.name() },
        over: 0.0,
        value: of_row(row, each, row.time()),
        spread: spread(&row.summary.timing).map(|ends| ends.map(|end| of_row(row, each, end))),
        standing: standing(row.summary.verdict),
    });
    Chart {
        title: format!("{name}: {}", work_of_all(rows)),
        note: note(rows),
        spread: rows
            .iter()
            .any(|row| row.summary.timing.mad.is_some())
            .then(|| "holds half of them".to_owned()),
        kind: Kind::Bars,
        values: Axis {
            label: if each { "time for a pair" } else { "time of a run" }.to_owned(),
            unit: Unit::Time,
        },
        series: vec![Series { name: String::new(), points: points.collect() }],
        reference: None,
    }
}

/// A time of a run, or what it comes to for each update.
fn of_row(row: &Row, each: bool, time: f64) -> f64 {
    if each && row.time() > 0.0 { time / row.time() * row.ns_per_update * 1e-9 } else { time }
}

/// Between which times half of the runs lie, where there were several.
fn spread(timing: &Timing) -> Option<[f64; 2]> {
    timing.mad.map(|mad| [(timing.median - mad).max(0.0), timing.median + mad])
}

/// What the times are.
fn note(rows: &[&Row]) -> String {
    let rounds = common(rows, |row| plural(row.summary.runs, "round"));
    if rows.iter().any(|row| row.summary.timing.mad.is_some()) {
        format!("median of {rounds}")
    } else {
        "time of the only round".to_owned()
    }
}

const fn standing(verdict: Verdict) -> Option<Standing> {
    match verdict {
        Verdict::Exact => Some(Standing::Exact),
        Verdict::Lucky => Some(Standing::Lucky),
        Verdict::Lost | Verdict::Broken => Some(Standing::Lost),
        Verdict::Failed => None,
    }
}
