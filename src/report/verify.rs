//! The report of the model held against real interpreters.

use super::document::{Document, Header};
use super::layout::{Cell, Grid, bold, finish, paragraph};
use super::{csv, json, terms};
use anstyle::AnsiColor;
use serde::Serialize;
use std::io;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// How often each of the two threads repeated the body in one run.
    pub iterations: u64,
    /// How many runs without a loss meant that a body is exact; one that can lose was given ten times as many.
    pub runs: u32,
    /// The switch interval of the real runs, in microseconds.
    pub switch_interval_us: u128,
    /// The definitions that the bodies used.
    pub setup: String,
    /// The interpreters' labels.
    pub interpreters: Vec<String>,
    /// A row for each body.
    pub results: Vec<BodyRow>,
    /// Interpreters that could not be asked, each with the reason.
    pub failures: Vec<String>,
    /// In how many cells model and interpreter agree.
    pub agreements: usize,
    /// In how many they do not.
    pub disagreements: usize,
}

/// What came of one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyRow {
    /// The body.
    pub body: String,
    /// A cell for each interpreter.
    pub cells: Vec<VerifyCell>,
}

/// One body in one interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyCell {
    /// The interpreter's label.
    pub interpreter: String,
    /// What the model says; nothing when it refuses the body.
    pub model: Option<Claim>,
    /// What the runs show.
    pub real: Option<Claim>,
    /// How many runs there were.
    pub runs: usize,
    /// In how many of them updates were lost.
    pub lost_runs: usize,
    /// Why there is nothing to compare.
    pub failure: Option<String>,
}

/// What can become of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Updates can be lost.
    Loses,
    /// They cannot.
    Exact,
}

impl Claim {
    const fn word(self) -> &'static str {
        match self {
            Self::Loses => "loses",
            Self::Exact => "exact",
        }
    }
}

impl VerifyCell {
    /// Whether model and interpreter agree; nothing when there is nothing to compare.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        Some(self.model? == self.real?)
    }
}

impl VerifyReport {
    /// Whether something that was asked for could not be compared.
    #[must_use]
    pub fn failed(&self) -> bool {
        !self.failures.is_empty() || self.cells().any(|(_, cell)| cell.failure.is_some())
    }

    fn cells(&self) -> impl Iterator<Item = (&BodyRow, &VerifyCell)> {
        self.results.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)))
    }

    fn grid(&self) -> Grid {
        // 3.13.0 is 3.13 where that is clear.
        let short = |label: &String| {
            let minor = |label: &str| {
                let end = label.match_indices('.').nth(1).map_or(label.len(), |(at, _)| at);
                format!("{}{}", &label[..end], if label.ends_with('t') { "t" } else { "" })
            };
            let same = self.interpreters.iter().filter(|other| minor(other) == minor(label)).count();
            if same == 1 { minor(label) } else { label.clone() }
        };
        let header = ["body".to_owned()].into_iter().chain(self.interpreters.iter().map(short)).collect();
        let cell = |cell: &VerifyCell| match (cell.real, cell.agrees()) {
            (Some(real), Some(true)) => {
                let colour = if real == Claim::Exact { AnsiColor::Green } else { AnsiColor::Yellow };
                Cell::coloured(real.word().to_owned(), colour)
            }
            (Some(real), _) => Cell::coloured(format!("{}!", real.word()), AnsiColor::Red),
            (None, _) => Cell::coloured("-".to_owned(), AnsiColor::Red),
        };
        let rows = self.results.iter().map(|row| {
            [row.body.replace('\n', "; ").into()].into_iter().chain(row.cells.iter().map(cell)).collect()
        });
        Grid {
            title: "what real runs show: loses (updates were lost) or exact, each as the model says; ! where it does not".to_owned(),
            header,
            rows: rows.collect(),
            words: (1..=self.interpreters.len()).collect(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let all = self.agreements + self.disagreements;
        let verdict = format!("model and interpreters agree in {} of {all} cells.", self.agreements);
        let terms = terms::free_threaded(self.interpreters.iter().map(String::as_str));
        let next = "try next: gilsim explore".to_owned();
        [vec![verdict], terms.into_iter().collect(), self.failures(), vec![next]].concat()
    }
}

impl Document for VerifyReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text: String =
            self.header.warnings("bodies").iter().map(|warning| paragraph(warning, width)).collect();
        text += &(self.grid().matrix(width) + "\n");
        for (index, note) in self.notes().into_iter().enumerate() {
            text += &paragraph(&if index == 0 { bold(&note) } else { note }, width);
        }
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header =
            ["body", "interpreter", "model", "real", "agrees", "runs", "lost_runs", "failure", "interrupted"];
        let mut records = vec![header.map(str::to_owned).to_vec()];
        for (row, cell) in self.cells() {
            let word = |claim: Option<Claim>| claim.map_or("", Claim::word).to_owned();
            records.push(vec![
                row.body.clone(),
                cell.interpreter.clone(),
                word(cell.model),
                word(cell.real),
                cell.agrees().map_or_else(String::new, |agrees| agrees.to_string()),
                cell.runs.to_string(),
                cell.lost_runs.to_string(),
                cell.failure.clone().unwrap_or_default(),
                self.header.interrupted.to_string(),
            ]);
        }
        csv::write(&records)
    }

    fn markdown(&self) -> String {
        [self.header.warnings("bodies"), vec![self.grid().markdown()], self.notes()].concat().join("\n\n")
            + "\n"
    }

    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for (row, cell) in self.cells() {
            let body = row.body.replace('\n', "; ");
            if cell.agrees() == Some(false) {
                failures.push(format!(
                    "disagreement: {} in {}: the model says {}, but {} of {} runs lost updates.",
                    body,
                    cell.interpreter,
                    cell.model.map_or("nothing", Claim::word),
                    cell.lost_runs,
                    cell.runs
                ));
            }
            if let Some(failure) = &cell.failure {
                failures.push(format!("not compared: {body} in {}: {failure}", cell.interpreter));
            }
        }
        failures.extend(self.failures.iter().map(|failure| format!("left out: {failure}.")));
        failures
    }

    fn value(&self) -> String {
        format!("{} {}\n", self.agreements, self.disagreements)
    }
}
