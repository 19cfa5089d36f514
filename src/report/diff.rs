//! How changes are told: the report of `gilsim diff`, and the part of a report that is held against an earlier one.

use super::change::{ChangeRow, Changes};
use super::document::{Document, Header};
use super::layout::{Cell, Grid, finish, paragraph};
use super::numbers::{figure, percent, plural, time};
use super::part::{Part, texts};
use super::{csv, json, quiet};
use crate::measure::Change;
use crate::measure::change::{MARGIN, SAME, Verdict};
use anstyle::AnsiColor;
use serde::Serialize;
use std::io;

impl Changes {
    /// The changes as a table; nothing where the same was never measured.
    fn grid(&self) -> Option<Grid> {
        let median = |time: Option<f64>| time.map_or_else(String::new, self::time);
        let cells = |row: &ChangeRow| -> Vec<Cell> {
            let verdict = row.change.verdict;
            let colour = match verdict {
                Verdict::Slower => AnsiColor::Red,
                Verdict::Faster => AnsiColor::Green,
                Verdict::Same | Verdict::CannotBeTold => AnsiColor::Yellow,
            };
            // An interpreter has a row in each group, of the same name.
            let alike = self.changes.iter().filter(|other| other.name == row.name).count() > 1;
            let name = if alike { format!("{} ({})", row.name, row.group) } else { row.name.clone() };
            vec![
                name.into(),
                median(row.change.time_before).into(),
                median(row.change.time_after).into(),
                row.interval().into(),
                Cell::coloured(verdict.words().to_owned(), colour),
            ]
        };
        (!self.changes.is_empty()).then(|| Grid {
            title: format!("change: against {}", self.before),
            header: ["", "before", "now", "change", "verdict"].map(str::to_owned).to_vec(),
            rows: self.changes.iter().map(cells).collect(),
            words: vec![3, 4],
        })
    }

    /// The table and what it means, as it stands in a report for people.
    pub(super) fn section(&self, width: Option<usize>) -> String {
        let table = self.grid().map_or_else(String::new, |grid| grid.table(width) + "\n");
        self.notes().iter().fold(table, |text, note| text + &paragraph(note, width))
    }

    /// The same for pages.
    pub(super) fn parts(&self) -> Vec<Part> {
        self.grid().map(Into::into).into_iter().chain(texts(self.notes())).collect()
    }

    /// What the table means, in words.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.differing.is_empty() {
            notes.push(format!("note: measured otherwise before and now: {}.", self.differing.join("; ")));
        }
        for (names, place) in [(&self.only_before, "before"), (&self.only_after, "now")] {
            if !names.is_empty() {
                notes.push(format!("note: measured {place} only: {}.", names.join(", ")));
            }
        }
        notes.extend(self.left_out());
        notes.extend(self.machine());
        if self.changes.iter().any(|row| row.change.low.is_some()) {
            let known = self.changes.iter().any(|row| row.change.arithmetic.is_some());
            let allowed = if known { ", which allows for what the machine itself changed by" } else { "" };
            notes.push(format!(
                "change: how many times as long it takes now (every run over every run before, the median), and its 95 % \
                 interval{allowed}. slower, faster: all of it is more than {} off 1; same: all of it is within {} of 1.",
                percent(MARGIN),
                percent(SAME)
            ));
        }
        if self.changes.iter().any(|row| row.group == "convoy") {
            notes.push(
                "convoy: what one run stands for is the median of its round trips beside the hogs. What the machine itself changed by \
                 is not known."
                    .to_owned(),
            );
        }
        if self.changes.iter().any(|row| row.change.low.is_none()) {
            notes.push(format!(
                "where there is no interval, too few runs are left for one (4 and 4 are enough; of those that are like their \
                 neighbours several count as one): measure both again with a greater {} N.",
                self.more()
            ));
        }
        notes
    }

    /// Which runs were not counted, and why.
    fn left_out(&self) -> Option<String> {
        let sum = |side: usize| -> (usize, usize) {
            let of = |row: &ChangeRow| (row.change.left_out[side], row.change.runs[side]);
            let all = self.changes.iter().map(of);
            all.fold((0, 0), |(out, all), (left, kept)| (out + left, all + left + kept))
        };
        let (before, now) = (sum(0), sum(1));
        (before.0 + now.0 > 0).then(|| {
            format!(
                "{} of {} before and {} of {} now were left out: others had the workers' CPUs, or the machine was slower than in \
                 the better runs of both.",
                before.0,
                plural(before.1, "run"),
                now.0,
                plural(now.1, "run")
            )
        })
    }

    /// By what the machine itself changed from row to row, where that is more than the margin.
    fn machine(&self) -> Option<String> {
        let range = |of: fn(&Change) -> Option<f64>| {
            let ratios: Vec<f64> = self.changes.iter().filter_map(|row| of(&row.change)).collect();
            let [least, greatest] = [f64::min, f64::max].map(|pick| ratios.iter().copied().reduce(pick));
            least.zip(greatest)
        };
        let parts = [
            ("arithmetic", range(|change| change.arithmetic)),
            ("to hand a cache line from CPU to CPU", range(|change| change.transfer)),
        ];
        let differs = |(least, greatest): &(f64, f64)| least.min(1.0 / greatest) < 1.0 / (1.0 + MARGIN);
        let told: Vec<String> = parts
            .into_iter()
            .filter_map(|(what, range)| Some((what, range.filter(differs)?)))
            .map(|(what, (least, greatest))| {
                let [least, greatest] = [figure(least), figure(greatest)];
                let ratio = if least == greatest { least } else { format!("{least} to {greatest}") };
                format!("{what} took {ratio} times as long")
            })
            .collect();
        let rows = if self.changes.len() > 1 { ", row by row" } else { "" };
        (!told.is_empty()).then(|| format!("the machine itself was not the same{rows}: {}.", told.join(", ")))
    }
}

/// The report of `gilsim diff`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangeReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The later export.
    pub after: String,
    /// What changed.
    #[serde(flatten)]
    pub changes: Changes,
}

impl Document for ChangeReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text = self.changes.section(width);
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = [
            "group",
            "scenario",
            "objects",
            "parameters",
            "time_before",
            "time_after",
            "ratio",
            "low",
            "high",
            "verdict",
            "runs_before",
            "runs_after",
            "left_out_before",
            "left_out_after",
        ];
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let row = |row: &ChangeRow| {
            let parameters: Vec<String> =
                row.swept().map(|(option, value)| format!("{option}={value}")).collect();
            let Change { ratio, low, high, verdict, runs, left_out, .. } = &row.change;
            vec![
                row.group.clone(),
                row.scenario.clone(),
                row.objects.clone().unwrap_or_default(),
                parameters.join(" "),
                number(row.change.time_before),
                number(row.change.time_after),
                number(*ratio),
                number(*low),
                number(*high),
                verdict.name().to_owned(),
                runs[0].to_string(),
                runs[1].to_string(),
                left_out[0].to_string(),
                left_out[1].to_string(),
            ]
        };
        let rows = self.changes.changes.iter().map(row);
        csv::write(&[header.map(str::to_owned).to_vec()].into_iter().chain(rows).collect::<Vec<_>>())
    }

    fn parts(&self) -> Vec<Part> {
        self.changes.parts()
    }

    fn value(&self) -> String {
        quiet::records(self.changes.changes.iter().map(|row| {
            let names = [row.group.clone(), row.scenario.clone()];
            let rest = [
                row.change.verdict.name().to_owned(),
                row.change.ratio.map_or_else(|| "-".to_owned(), |ratio| ratio.to_string()),
            ];
            names
                .into_iter()
                .chain(row.objects.clone())
                .chain(row.swept().map(|(_, value)| value.to_owned()))
                .chain(rest)
                .collect::<Vec<_>>()
        }))
    }
}
