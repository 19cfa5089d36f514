//! Charts of measured scenarios.

use super::swept::{self, Lines, Measured};
use super::{Axis, Chart, Kind, Point, Series, Standing, Unit};
use crate::measure::Group;
use crate::measure::stats::{Timing, Verdict};
use crate::report::rows::{self, Report, Row};
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
            (rows.len() > 1).then_some((group, rows))
        })
        .flat_map(|(group, rows)| match over_a_number(group, &rows) {
            charts if charts.is_empty() => vec![bars(group, &rows)],
            charts => charts,
        })
        .collect()
}

/// The lines of a sweep over a number: the time of a sum, and of others that for an update, as their work differs.
fn over_a_number(group: Group, rows: &[&Row]) -> Vec<Chart> {
    let (what, axis) = match group {
        Group::Counter => ("counter", "time for an update"),
        Group::Sum => ("split", "time of a run"),
        Group::References => ("references", "time for a pair"),
    };
    let each = group != Group::Sum;
    let measured: Vec<Measured> = rows::lines(rows)
        .into_iter()
        .map(|(name, row)| Measured {
            name,
            parameters: row.parameters.clone(),
            value: of_row(row, each, row.time()),
            spread: spread(&row.summary.timing).map(|ends| ends.map(|end| of_row(row, each, end))),
            standing: standing(row.summary.verdict),
        })
        .collect();
    let chart = |lines: Lines| {
        let others = if lines.others.is_empty() { lines.others } else { format!(", {}", lines.others) };
        Chart {
            title: format!("{what} over {}{others}", lines.over),
            note: if rows.iter().any(|row| row.summary.timing.mad.is_some()) {
                "medians of all rounds".to_owned()
            } else {
                "times of the only round".to_owned()
            },
            spread: rows
                .iter()
                .any(|row| row.summary.timing.mad.is_some())
                .then(|| "holds half of them".to_owned()),
            kind: Kind::Lines { over: lines.over },
            values: Axis { label: axis.to_owned(), unit: Unit::Time },
            series: lines.series,
            reference: None,
        }
    };
    swept::lines(&measured).into_iter().map(chart).collect()
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
        Verdict::Failed | Verdict::NotRun => None,
    }
}
