//! The report of the model held against real interpreters.

use super::document::{Document, Header};
use super::layout::{Cell, Grid, bold, finish, paragraph};
use super::part::{Fold, Part, texts};
use super::{csv, json, quiet, terms, words};
use crate::python::body::{Claim, RESULT, in_one_line};
use crate::system::shell::quoted;
use anstyle::AnsiColor;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// The model held against real interpreters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerifyReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// How often each of the two threads repeated the body in one run.
    pub iterations: u64,
    /// How many runs of each interpreter a body had that is exact by the model.
    pub runs: u32,
    /// How many runs of each interpreter a body had at most that can lose by the model; the first loss ended them.
    pub lossy_runs: u32,
    /// The switch interval of the real runs, in microseconds.
    pub switch_interval_us: u128,
    /// The definitions that the bodies used.
    pub setup: String,
    /// The interpreters' releases; free-threaded ones end in `t`.
    pub interpreters: Vec<String>,
    /// A row for each body.
    pub results: Vec<BodyRow>,
    /// Interpreters that could not be asked, each with the reason.
    pub failures: Vec<String>,
    /// In how many cells model and interpreter agree.
    pub agreements: usize,
    /// In how many cells they do not: a loss where the model says that there is none.
    pub disagreements: usize,
    /// In how many cells a loss that can happen by the model was not seen, which contradicts nothing.
    pub not_seen: usize,
}

/// What came of one body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BodyRow {
    /// The operation of the Python FAQ that it shows; null for others.
    pub operation: Option<&'static str>,
    /// The loop body.
    pub body: String,
    /// The definitions that it uses.
    pub setup: String,
    /// The expression that is looked at in the end.
    pub result: String,
    /// A cell for each interpreter.
    pub cells: Vec<VerifyCell>,
}

/// One body in one interpreter.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerifyCell {
    /// The interpreter's release.
    pub interpreter: String,
    /// What the model says; null when it refuses the body.
    pub model: Option<Claim>,
    /// What the real runs show; null when there were none.
    pub real: Option<Seen>,
    /// Whether model and interpreter agree; null when there is nothing to compare, or a possible loss was not seen.
    pub agrees: Option<bool>,
    /// How many runs there were.
    pub runs: usize,
    /// In how many runs updates were lost, or an exception was raised.
    pub lost_runs: usize,
    /// In how many runs an exception was raised.
    pub raising_runs: usize,
    /// Where no run lost an update: the share of runs that do is below this, at 95 % confidence.
    pub loss_below: Option<f64>,
    /// Why there is nothing to compare.
    pub failure: Option<String>,
}

impl VerifyCell {
    /// Whether the model says that it can come to a deadlock, so that no interpreter was asked.
    fn is_deadlock(&self) -> bool {
        self.real.is_none() && self.model == Some(Claim::Deadlocks)
    }
}

/// What real runs of a body show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "VerifySeen"))]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Updates were lost.
    Loses,
    /// No update was lost, as the model says.
    Exact,
    /// An exception was raised.
    Raises,
    /// No update was lost, though by the model some can be.
    NotSeen,
}

impl Seen {
    const fn word(self) -> &'static str {
        match self {
            Self::Loses => "loses",
            Self::Exact => "exact",
            Self::Raises => "raises",
            Self::NotSeen => "not seen",
        }
    }

    /// As in the JSON.
    const fn name(self) -> &'static str {
        match self {
            Self::NotSeen => "not-seen",
            Self::Loses | Self::Exact | Self::Raises => self.word(),
        }
    }
}

/// What share of runs may lose updates when none of so many did, at 95 % confidence. A share of p goes unseen with
/// probability (1 - p)^n; the bound is the p for which that is 5 %, a little less than 3/n.
fn loss_below(runs: usize) -> Option<f64> {
    (runs > 0).then(|| 1.0 - 0.05_f64.powf(1.0 / f64::from(u32::try_from(runs).unwrap_or(u32::MAX))))
}

impl BodyRow {
    /// What it is called in a table.
    fn name(&self) -> String {
        self.operation.map_or_else(|| in_one_line(&self.body), str::to_owned)
    }
}

/// Under which name what is behind the cells of a row is folded up.
fn fold_id(number: usize) -> String {
    format!("body-{number}")
}

impl BodyRow {
    /// What is behind the cells of this row: what the model says, what the runs showed, and how to see a schedule.
    fn fold(&self, number: usize) -> Fold {
        let row = |cell: &VerifyCell| {
            let runs = match (cell.runs, cell.lost_runs) {
                (0, _) => cell.failure.clone().unwrap_or_else(|| "none".to_owned()),
                (runs, lost) => format!("{lost} of {} wrong", words::plural(runs, "run")),
            };
            let model = cell.model.map_or("refuses it", Claim::word).to_owned();
            vec![cell.interpreter.as_str().into(), model.into(), runs.into()]
        };
        let loses =
            |cell: &&VerifyCell| matches!(cell.model, Some(Claim::Loses | Claim::Raises | Claim::Deadlocks));
        let schedule = self.cells.iter().find(loses).map(|cell| {
            let mut words = vec!["gilsim explore --body".to_owned(), quoted(&self.body)];
            if !self.setup.is_empty() {
                words.extend(["--setup".to_owned(), quoted(&self.setup)]);
            }
            if self.result != RESULT {
                words.extend(["--result".to_owned(), quoted(&self.result)]);
            }
            words.extend(["--cpython".to_owned(), cell.interpreter.clone()]);
            let told = format!("a schedule that shows it on {}:", cell.interpreter);
            [Part::Text(told), Part::Command(words.join(" "))]
        });
        let grid = Grid {
            header: ["interpreter", "model", "real runs"].map(str::to_owned).to_vec(),
            rows: self.cells.iter().map(row).collect(),
            words: vec![1, 2],
            title: in_one_line(&self.body),
        };
        Fold {
            id: fold_id(number),
            summary: self.name(),
            parts: [Part::Table(grid)].into_iter().chain(schedule.into_iter().flatten()).collect(),
        }
    }
}

impl VerifyCell {
    /// Takes in what runs showed: how many there were, and how many of them lost updates or raised.
    pub fn saw(&mut self, runs: usize, lost_runs: usize, raising_runs: usize) {
        self.runs = runs;
        self.lost_runs = lost_runs;
        self.raising_runs = raising_runs;
        let can_lose = matches!(self.model, Some(Claim::Loses | Claim::Raises));
        let (real, agrees) = match (lost_runs, raising_runs) {
            (0, _) if can_lose => (Seen::NotSeen, None),
            (0, _) => (Seen::Exact, Some(true)),
            (_, 0) => (Seen::Loses, Some(can_lose)),
            _ => (Seen::Raises, Some(self.model == Some(Claim::Raises))),
        };
        self.real = Some(real);
        self.agrees = self.model.and(agrees);
        self.loss_below = if lost_runs == 0 { loss_below(runs) } else { None };
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
        let cell = |cell: &VerifyCell| match (cell.real, cell.agrees) {
            (Some(real), Some(false)) => Cell::coloured(format!("{}!", real.word()), AnsiColor::Red),
            (Some(Seen::Exact), _) => Cell::coloured(Seen::Exact.word().to_owned(), AnsiColor::Green),
            (Some(real), _) => Cell::coloured(real.word().to_owned(), AnsiColor::Yellow),
            (None, _) if cell.is_deadlock() => Cell::coloured("deadlocks".to_owned(), AnsiColor::Yellow),
            (None, _) => Cell::coloured("-".to_owned(), AnsiColor::Red),
        };
        let rows = self.results.iter().enumerate().map(|(number, row)| {
            let cells = row.cells.iter().map(|it| cell(it).opening(fold_id(number)));
            [row.name().into()].into_iter().chain(cells).collect()
        });
        Grid {
            title: format!(
                "what real runs show: loses (it ended as no order of whole iterations does) or exact, each as the model says; {}{}{}! where it does not",
                if self.cells().any(|(_, cell)| cell.is_deadlock()) {
                    "deadlocks: by the model alone, nothing was run; "
                } else {
                    ""
                },
                if self.cells().any(|(_, cell)| cell.real == Some(Seen::Raises)) {
                    "raises: a thread raised what no such order raises; "
                } else {
                    ""
                },
                if self.not_seen > 0 { "not seen: it can lose, but no run did; " } else { "" }
            ),
            header,
            rows: rows.collect(),
            words: (1..=self.interpreters.len()).collect(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let all = self.agreements + self.disagreements + self.not_seen;
        let disagree = match self.disagreements {
            0 => "none".to_owned(),
            cells => cells.to_string(),
        };
        let not_seen = match self.not_seen {
            0 => String::new(),
            cells => format!("; in {cells} no run showed what the model says can go wrong"),
        };
        let verdict = format!(
            "model and interpreters agree in {} of {all} cells and disagree in {disagree}{not_seen}.",
            self.agreements
        );
        let terms = terms::free_threaded(self.interpreters.iter().map(String::as_str));
        let next = "try next: gilsim explore".to_owned();
        let shown = self.operations().into_iter().chain(terms).collect();
        [vec![verdict], shown, self.losses_not_seen(), self.failures(), vec![next]].concat()
    }

    /// That operations stand for the bodies that were run, by the first of them that is not its own body.
    fn operations(&self) -> Option<String> {
        let row =
            self.results.iter().find(|row| row.operation.is_some_and(|operation| operation != row.body))?;
        Some(format!(
            "an operation of the Python FAQ ran in a loop body that shows what becomes of it: {} in `{}`; the others' bodies are in \
             the JSON.",
            row.name(),
            in_one_line(&row.body)
        ))
    }

    /// One paragraph for all bodies that had as many runs: the bound on how often they lose updates is the same.
    fn losses_not_seen(&self) -> Vec<String> {
        let mut by_runs = BTreeMap::<usize, Vec<String>>::new();
        for (row, cell) in self.cells().filter(|(_, cell)| cell.real == Some(Seen::NotSeen)) {
            let named = format!("{} in {}", row.name(), cell.interpreter);
            by_runs.entry(cell.runs).or_default().push(named);
        }
        let paragraphs = by_runs.into_iter().map(|(runs, named)| {
            let share = loss_below(runs).map_or_else(String::new, |below| {
                format!("At 95 % confidence fewer than {} % of such runs do. ", words::figure(100.0 * below))
            });
            let each = if named.len() == 1 { "" } else { " each" };
            format!(
                "not seen: by the model a run can end as no order of whole iterations does, but none of {}{each} did: {}. {share}More --iters or \
                 --runs may show it.",
                words::plural(runs, "run"),
                named.join(" · "),
            )
        });
        paragraphs.collect()
    }
}

impl Document for VerifyReport {
    fn interrupted(&self) -> bool {
        self.header.interrupted
    }

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
        let header = [
            "body",
            "interpreter",
            "model",
            "real",
            "agrees",
            "runs",
            "lost_runs",
            "failure",
            "interrupted",
            "loss_below",
            "operation",
            "setup",
            "result",
            "raising_runs",
        ];
        let mut records = vec![header.map(str::to_owned).to_vec()];
        for (row, cell) in self.cells() {
            records.push(vec![
                row.body.clone(),
                cell.interpreter.clone(),
                cell.model.map_or("", Claim::word).to_owned(),
                cell.real.map_or("", Seen::name).to_owned(),
                cell.agrees.map_or_else(String::new, |agrees| agrees.to_string()),
                cell.runs.to_string(),
                cell.lost_runs.to_string(),
                cell.failure.clone().unwrap_or_default(),
                self.header.interrupted.to_string(),
                cell.loss_below.map_or_else(String::new, |below| below.to_string()),
                row.operation.unwrap_or_default().to_owned(),
                row.setup.clone(),
                row.result.clone(),
                cell.raising_runs.to_string(),
            ]);
        }
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = texts(self.header.warnings("bodies")).collect();
        parts.push(self.grid().into());
        parts.extend(texts(self.notes()));
        parts.extend(self.results.iter().enumerate().map(|(number, row)| Part::Fold(row.fold(number))));
        parts
    }

    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for (row, cell) in self.cells() {
            let body = row.name();
            if cell.agrees == Some(false) {
                failures.push(format!(
                    "disagreement: {} in {}: the model says {}, but {} of {} runs {}.",
                    body,
                    cell.interpreter,
                    cell.model.map_or("nothing", Claim::word),
                    cell.lost_runs,
                    cell.runs,
                    if cell.raising_runs > 0 { "ended otherwise or raised" } else { "ended otherwise" }
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
        let counts = [
            ("agreements", self.agreements),
            ("disagreements", self.disagreements),
            ("not_seen", self.not_seen),
        ];
        quiet::records(counts.map(|(name, count)| [name.to_owned(), count.to_string()]))
    }
}

#[cfg(test)]
mod tests;
