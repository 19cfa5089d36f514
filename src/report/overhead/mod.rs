//! The report of what interpreters take for the same programs.

mod data;

pub use data::{CASE_CONFIDENCE, CONFIDENCE, CaseRow, MARGIN, Measured, PairRow, ProgramRow, Side, Verdict};

use super::chart::{Axis, Chart, Kind, Point, Series, Unit};
use super::document::{Document, Header};
use super::layout::{Cell, Grid, bold, finish, paragraph};
use super::part::{Part, texts};
use super::words::{self, plural, time};
use super::{csv, json, quiet, terms};
use crate::choice::Choice;
use crate::interpreter::Case;
use anstyle::AnsiColor;
use serde::Serialize;
use std::io;

/// What real interpreters take for the same programs, in pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OverheadReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// How many threads waited or shared out the work.
    pub threads: usize,
    /// How many rounds were finished.
    pub runs: usize,
    /// The switch interval in seconds.
    pub switch_interval: f64,
    /// How sure the interval of a program is, from 0 to 1.
    pub confidence: f64,
    /// How sure the interval of a case is, from 0 to 1.
    pub case_confidence: f64,
    /// By what share slower counts as not slower, from 0 to 1.
    pub margin: f64,
    /// A row for each pair of interpreters.
    pub results: Vec<PairRow>,
}

impl OverheadReport {
    /// Whether something could not be compared.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.results
            .iter()
            .any(|pair| pair.failure.is_some() || pair.programs.iter().any(|row| row.failure.is_some()))
    }

    /// The verdicts of all cases of all pairs.
    pub fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        self.results.iter().flat_map(|pair| pair.cases.iter().map(|case| case.verdict))
    }

    /// The verdicts in words, case by case.
    #[must_use]
    pub fn seen(&self) -> String {
        let cases = self.results.iter().flat_map(|pair| {
            pair.cases
                .iter()
                .map(|case| format!("{}, {}: {}", pair.name(), case.case.meaning(), case.verdict()))
        });
        cases.collect::<Vec<_>>().join("; ")
    }

    /// What the figures are, for all pairs together.
    fn legend(&self) -> Vec<String> {
        let mut legend = vec![format!(
            "ratio: how many times as long the second one took, round by round, the two of a round one after the other; median of \
             {}. A program with one thread is timed in CPU time, threads by the clock on the wall. Not met: the whole interval \
             lies above {:.2}; met: all of it lies below 1; cannot be told: anything else.",
            plural(self.runs, "round"),
            1.0 + self.margin
        )];
        if self
            .results
            .iter()
            .flat_map(|pair| &pair.cases)
            .any(|case| case.ratio.is_some() && case.low.is_none())
        {
            legend.push(format!(
                "an interval needs 7 rounds (that of a program 6), and there were {}: give more --runs.",
                self.runs
            ));
        }
        let names = self.results.iter().flat_map(|pair| [pair.base.as_str(), pair.other.as_str()]);
        legend.extend(terms::free_threaded(names));
        let without_gil =
            self.results.iter().any(|pair| pair.base_gil == Some(true) && pair.other_gil == Some(false));
        let condition = "Guido van Rossum's condition (2007) for taking the GIL out is that a program with one thread, and threads that wait, \
             do not become slower; threads that compute are what it would be taken out for.";
        legend.push(if without_gil {
            format!(
                "why: {condition} Without a GIL every count of references must be safe by itself, and so must lists and dicts, which \
                 one thread pays for, too."
            )
        } else {
            format!(
                "why: {condition} Here no build without a GIL is set against one that has it, so what differs is not the GIL."
            )
        });
        legend.push("try next: gilsim python".to_owned());
        legend
    }
}

impl CaseRow {
    /// The verdict in words, with by how much.
    fn verdict(&self) -> String {
        match (self.verdict, self.ratio) {
            (Verdict::NotMet, Some(ratio)) => format!("not met, by {}", slower(ratio)),
            (Verdict::NotMet, None) => "not met".to_owned(),
            (Verdict::Met, _) => "met".to_owned(),
            (Verdict::CannotBeTold, _) => "cannot be told".to_owned(),
            (Verdict::Failed, _) => "failed".to_owned(),
        }
    }

    const fn colour(&self) -> AnsiColor {
        match self.verdict {
            Verdict::Met => AnsiColor::Green,
            Verdict::NotMet | Verdict::CannotBeTold => AnsiColor::Yellow,
            Verdict::Failed => AnsiColor::Red,
        }
    }
}

/// A ratio; with three decimals where it is near the bounds that a verdict depends on, so that it does not look like one.
fn figure(ratio: f64) -> String {
    if (ratio - 1.0).abs() < 0.05 { format!("{ratio:.3}") } else { words::figure(ratio) }
}

/// `1.38 to 1.43`.
fn range(low: Option<f64>, high: Option<f64>) -> String {
    low.zip(high).map_or_else(String::new, |(low, high)| format!("{} to {}", figure(low), figure(high)))
}

/// By what share a ratio is above 1, in per cent.
fn slower(ratio: f64) -> String {
    let share = (ratio - 1.0) * 100.0;
    if share < 9.95 { format!("{share:.1} %") } else { format!("{share:.0} %") }
}

impl PairRow {
    /// `3.13.5t against 3.13.0`.
    fn name(&self) -> String {
        format!("{} against {}", self.other, self.base)
    }

    fn programs_grid(&self, report: &OverheadReport) -> Grid {
        let seconds = |seconds: Option<f64>| seconds.map_or_else(String::new, time);
        let rows = self.programs.iter().map(|row| {
            let ratio = match (row.ratio, &row.failure) {
                (_, Some(_)) => Cell::coloured("failed".to_owned(), AnsiColor::Red),
                (Some(ratio), None) => figure(ratio).into(),
                (None, None) => Cell::default(),
            };
            vec![
                row.program.into(),
                row.case.meaning().into(),
                seconds(row.base).into(),
                seconds(row.other).into(),
                ratio,
                range(row.low, row.high).into(),
            ]
        });
        let gil = if self.base_gil == Some(true) && self.other_gil == Some(false) {
            ", which has the GIL"
        } else {
            ""
        };
        Grid {
            title: format!(
                "overhead: {}{gil}: {} in turn, {}, switch interval {}",
                self.name(),
                plural(report.runs, "round"),
                plural(report.threads, "thread"),
                time(report.switch_interval)
            ),
            header: vec![
                "program".to_owned(),
                "case".to_owned(),
                self.base.clone(),
                self.other.clone(),
                "ratio".to_owned(),
                format!("{:.0} % interval", report.confidence * 100.0),
            ],
            rows: rows.collect(),
            words: vec![1],
        }
    }

    fn cases_grid(&self, report: &OverheadReport) -> Grid {
        let rows = self.cases.iter().map(|case| {
            vec![
                case.case.meaning().into(),
                case.ratio.map_or_else(String::new, figure).into(),
                range(case.low, case.high).into(),
                Cell::coloured(case.verdict(), case.colour()),
                self.stated_of(case.case).into(),
            ]
        });
        let mut grid = Grid {
            title: String::new(),
            header: vec![
                "geometric mean".to_owned(),
                "ratio".to_owned(),
                format!("{:.1} % interval", report.case_confidence * 100.0),
                "does not become slower".to_owned(),
                "stated".to_owned(),
            ],
            rows: rows.collect(),
            words: vec![3, 4],
        };
        if self.stated.is_empty() {
            grid.header.pop();
            grid.rows.iter_mut().for_each(|row| row.truncate(4));
        }
        grid
    }

    /// What is stated of a case, in a few words: `5 to 6 %, some 40 %`.
    fn stated_of(&self, case: Case) -> String {
        let stated = self.stated.iter().filter(|it| match case {
            Case::OneThread => it.of.starts_with("one thread"),
            Case::Waiting => false,
            // Measured with programs that compute, without the gain of computing at the same time.
            Case::Computing => it.of.starts_with("several threads"),
        });
        stated.map(|it| slower_by(it.least, it.most)).collect::<Vec<_>>().join(", ")
    }

    /// What went wrong, what was found in a sentence, and what is stated.
    /// The ratios of the programs and of the cases, against 1.
    fn chart(&self, report: &OverheadReport) -> Option<Chart> {
        let point = |label: String, ratio: Option<f64>, low: Option<f64>, high: Option<f64>| {
            let spread = low.zip(high).map(|(low, high)| [low, high]);
            Some(Point { label, over: 0.0, value: ratio?, spread, standing: None })
        };
        let programs = self.programs.iter().filter_map(|row| {
            point(format!("{} ({})", row.program, row.case.meaning()), row.ratio, row.low, row.high)
        });
        let cases = self.cases.iter().filter_map(|case| {
            point(format!("all of {}", case.case.meaning()), case.ratio, case.low, case.high)
        });
        let points: Vec<Point> = programs.chain(cases).collect();
        if points.is_empty() {
            return None;
        }
        Some(Chart {
            title: format!("overhead: {}", self.name()),
            note: format!(
                "how many times as long {} took as {} (1: as long): median of {}",
                self.other,
                self.base,
                plural(report.runs, "round")
            ),
            spread: Some(format!(
                "is the {:.0} % interval, that of a case the {:.1} % interval",
                report.confidence * 100.0,
                report.case_confidence * 100.0
            )),
            kind: Kind::Bars,
            values: Axis { label: format!("times as long as {}", self.base), unit: Unit::Ratio },
            series: vec![Series { name: String::new(), points }],
            reference: Some(1.0),
        })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.failures();
        let counted = self.cases.iter().filter_map(|case| Some((case, case.ratio?)));
        notes.extend(counted.map(|(case, ratio)| {
            let all = self.programs.iter().filter(|row| row.case == case.case).count();
            let without = if case.programs < all {
                format!(", of {} of {all} programs", case.programs)
            } else {
                String::new()
            };
            let interval = range(case.low, case.high);
            let interval = if interval.is_empty() { String::new() } else { format!(" ({interval})") };
            bold(&format!(
                "{}: {} takes {} times as long as {}{interval}{without}: {}.",
                case.case.meaning(),
                self.other,
                figure(ratio),
                self.base,
                case.verdict()
            ))
        }));
        notes.extend(self.stated.iter().map(|it| {
            format!("stated: {}: {} slower ({}); {}", it.by, slower_by(it.least, it.most), it.of, it.source)
        }));
        notes
    }

    fn failures(&self) -> Vec<String> {
        let whole = self.failure.iter().map(|failure| format!("{} failed: {failure}.", self.name()));
        let programs = self.programs.iter().filter_map(|row| {
            let failure = row.failure.as_ref()?;
            Some(format!("{}, {} ({}) failed: {failure}.", self.name(), row.program, row.case.meaning()))
        });
        whole.chain(programs).collect()
    }
}

/// `5 to 6 %`, `40 %`.
fn slower_by(least: f64, most: f64) -> String {
    let [least, most] = [least, most].map(|share| format!("{:.0}", share * 100.0));
    if least == most { format!("{least} %") } else { format!("{least} to {most} %") }
}

impl Document for OverheadReport {
    fn interrupted(&self) -> bool {
        self.header.interrupted
    }

    fn table(&self, width: Option<usize>) -> String {
        let all = |lines: Vec<String>| lines.iter().map(|line| paragraph(line, width)).collect::<String>();
        let mut text = all(self.header.warnings("rounds"));
        for pair in &self.results {
            if pair.failure.is_none() {
                text += &(pair.programs_grid(self).table(width)
                    + "\n"
                    + &pair.cases_grid(self).table(width)
                    + "\n");
            }
            text += &all(pair.notes());
        }
        text += &all(self.legend());
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = "base,other,case,program,base_seconds,other_seconds,ratio,low,high,verdict,threads,runs,switch_interval,\
                      failure,interrupted";
        let mut records = vec![header.split(',').map(str::to_owned).collect::<Vec<_>>()];
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for pair in &self.results {
            let mut record = |case: Case,
                              program: &str,
                              figures: [Option<f64>; 5],
                              verdict: &str,
                              failure: Option<&str>| {
                let first = [&pair.base, &pair.other, case.name(), program].map(str::to_owned);
                let last = [
                    verdict.to_owned(),
                    self.threads.to_string(),
                    self.runs.to_string(),
                    self.switch_interval.to_string(),
                    failure.unwrap_or_default().to_owned(),
                    self.header.interrupted.to_string(),
                ];
                records.push(first.into_iter().chain(figures.map(number)).chain(last).collect());
            };
            for row in &pair.programs {
                let figures = [row.base, row.other, row.ratio, row.low, row.high];
                record(row.case, row.program, figures, "", row.failure.as_deref());
            }
            for case in &pair.cases {
                let figures = [None, None, case.ratio, case.low, case.high];
                record(case.case, "geometric mean", figures, case.verdict.name(), pair.failure.as_deref());
            }
        }
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = texts(self.header.warnings("rounds")).collect();
        for pair in &self.results {
            if pair.failure.is_none() {
                parts.extend([pair.programs_grid(self).into(), pair.cases_grid(self).into()]);
            }
            parts.extend(texts(pair.notes()));
        }
        parts.extend(texts(self.legend()));
        parts
    }

    fn charts(&self) -> Vec<Chart> {
        self.results.iter().filter_map(|pair| pair.chart(self)).collect()
    }

    fn failures(&self) -> Vec<String> {
        self.results.iter().flat_map(PairRow::failures).collect()
    }

    fn value(&self) -> String {
        quiet::records(self.results.iter().flat_map(|pair| {
            pair.cases.iter().map(|case| {
                let ratio = case.ratio.map_or_else(|| "failed".to_owned(), |ratio| ratio.to_string());
                [
                    pair.base.clone(),
                    pair.other.clone(),
                    case.case.name().to_owned(),
                    case.verdict.name().to_owned(),
                    ratio,
                ]
            })
        }))
    }
}

#[cfg(test)]
mod tests;
