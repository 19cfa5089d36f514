//! The model against the real interpreters: for each of them and each of a set of loop bodies, what the model
//! says can become of it, and what repeated runs show.
//!
//! *Can lose* is decided by the model alone: a point at which the version may drop its GIL (or no GIL at all)
//! between a read of the shared x and the write that depends on it. The real runs are helped by a very short
//! switch interval; a body that can lose is run until it does, or often enough to call that a disagreement.

use crate::control::Control;
use crate::error::{Error, Result};
use crate::interpreter::{BodyRequest, Interpreter, Limits, SHORTEST_INTERVAL};
use crate::program::Verdict;
use crate::report::layout::{Cell, Grid, bold, finish, paragraph};
use crate::report::{Document, PROFILE, SCHEMA, csv, json};
use crate::scenario::gil::UnderGil;
use crate::scenario::python::{PROBE, modelled};
use anstyle::AnsiColor;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The bodies that are always tried: the four of the reference's matrix first.
pub const BODIES: [&str; 16] = [
    "x += d",
    "x = x + d * len(s)",
    "x = x + int(d)",
    "x += d * one()",
    "with lock: x += d",
    "y = x; x = y + d",
    "x = x + d if d else x",
    "x += min(d, 5)",
    "x += d * abs(d)",
    "x = x + d * isinstance(d, int)",
    "for i in (1, 2): x += d",
    "y = x\nfor i in (1, 2): y += d\nx = y - d",
    "x = x + [d for i in (1,)][0]",
    "try: y = x\nfinally: x = y + d",
    "y = x\nif y > 0: y += 0\nx = y + d",
    "x += d; x -= d; x += d",
];

/// What the two threads add.
const PAIR: &[[i64; 2]] = &[[1, -1]];

/// What is to be verified.
#[derive(Debug, Clone)]
pub struct Verify {
    /// The bodies.
    pub bodies: Vec<String>,
    /// The definitions that they use.
    pub setup: String,
    /// The interpreters; those found on the machine if none is named.
    pub pythons: Vec<PathBuf>,
    /// How often each of two threads repeats the body in one run.
    pub iterations: u64,
    /// How many runs without a loss mean that a body is exact.
    pub runs: u32,
    /// How long one body may take in one interpreter.
    pub timeout: Duration,
}

/// A body that can lose is given so many times the runs before its silence counts against the model.
const PATIENCE: u32 = 10;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The number of the schema.
    pub schema: u32,
    /// gilsim's version.
    pub gilsim: &'static str,
    /// How gilsim was compiled.
    pub profile: &'static str,
    /// How often each of the two threads repeated the body in one run.
    pub iterations: u64,
    /// How many runs without a loss meant that a body is exact; one that can lose was given ten times as many.
    pub runs: u32,
    /// The switch interval of the real runs, in microseconds.
    pub switch_interval_us: u64,
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

impl Verify {
    /// Tries every body in every interpreter; `tell` hears of each before it begins.
    ///
    /// # Errors
    ///
    /// When there is no interpreter at all, or it was stopped.
    pub fn run(&self, control: &Control, mut tell: impl FnMut(&str)) -> Result<VerifyReport> {
        let (interpreters, failures) = self.interpreters(control)?;
        if control.stopped() {
            return Err(Error::Interrupted);
        }
        for body in &self.bodies {
            // A body that no version takes is refused before any work.
            let mut refusals = interpreters
                .iter()
                .filter_map(modelled)
                .take_while(|_| !control.stopped())
                .map(|version| UnderGil::unless_stopped(body, &self.setup, version, PAIR, control).err());
            if let Some(Some(refusal)) = refusals.next()
                && refusals.all(|refusal| refusal.is_some())
            {
                return Err(refusal);
            }
        }
        let mut results = Vec::new();
        for body in &self.bodies {
            let mut cells = Vec::new();
            for interpreter in &interpreters {
                tell(&format!("{} {}", interpreter.label(), body.replace('\n', "; ")));
                cells.push(self.cell(body, interpreter, control));
                if control.stopped() {
                    return Err(Error::Interrupted);
                }
            }
            results.push(BodyRow { body: body.clone(), cells });
        }
        let count = |agrees| {
            results.iter().flat_map(|row| &row.cells).filter(|cell| cell.agrees() == Some(agrees)).count()
        };
        Ok(VerifyReport {
            schema: SCHEMA,
            gilsim: env!("CARGO_PKG_VERSION"),
            profile: PROFILE,
            iterations: self.iterations,
            runs: self.runs,
            switch_interval_us: 1,
            setup: self.setup.clone(),
            interpreters: interpreters.iter().map(Interpreter::label).collect(),
            agreements: count(true),
            disagreements: count(false),
            results,
            failures,
        })
    }

    fn interpreters(&self, control: &Control) -> Result<(Vec<Interpreter>, Vec<String>)> {
        let (mut known, mut failures) = (Vec::new(), Vec::new());
        if self.pythons.is_empty() {
            known = crate::interpreter::find(control.flag());
        }
        for python in &self.pythons {
            match Interpreter::probe(python, &Limits::new(PROBE, control.flag())) {
                Ok(interpreter) => known.push(interpreter),
                Err(error) => failures.push(error.to_string()),
            }
        }
        known.retain(|interpreter| {
            let covered = modelled(interpreter).is_some();
            if !covered {
                failures.push(format!("{interpreter}: there is no model of this version"));
            }
            covered
        });
        if known.is_empty() && !control.stopped() {
            let why = failures
                .first()
                .cloned()
                .unwrap_or_else(|| "none is on PATH or among pyenv's versions".to_owned());
            return Err(Error::Interpreter(format!(
                "there is no interpreter to verify against: {why}; name one with --python"
            )));
        }
        Ok((known, failures))
    }

    fn cell(&self, body: &str, interpreter: &Interpreter, control: &Control) -> VerifyCell {
        let mut cell = VerifyCell {
            interpreter: interpreter.label(),
            model: None,
            real: None,
            runs: 0,
            lost_runs: 0,
            failure: None,
        };
        let Some(version) = modelled(interpreter) else { return cell };
        cell.model = match UnderGil::unless_stopped(body, &self.setup, version, PAIR, control) {
            Ok(model) if *model.verdict() == Verdict::Exact => Some(Claim::Exact),
            Ok(_) => Some(Claim::Loses),
            Err(error) => {
                cell.failure = Some(error.to_string());
                return cell;
            }
        };
        let request = BodyRequest {
            body: body.to_owned(),
            setup: self.setup.clone(),
            iterations: self.iterations,
            runs: if cell.model == Some(Claim::Loses) {
                self.runs.saturating_mul(PATIENCE)
            } else {
                self.runs
            },
            interval: Some(SHORTEST_INTERVAL),
            sequence: true,
            stop_at_first_loss: true,
            ..BodyRequest::default()
        };
        match interpreter.body(&request, &Limits::new(self.timeout, control.flag())) {
            Ok(result) => {
                cell.runs = result.runs.len();
                cell.lost_runs = result.losing_runs();
                cell.real = Some(if cell.lost_runs > 0 { Claim::Loses } else { Claim::Exact });
            }
            Err(error) => cell.failure = Some(error.to_string()),
        }
        cell
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
        let mut notes = vec![format!(
            "model and interpreters agree in {} of {} cells.",
            self.agreements,
            self.agreements + self.disagreements
        )];
        for (row, cell) in self.cells() {
            let body = row.body.replace('\n', "; ");
            if cell.agrees() == Some(false) {
                notes.push(format!(
                    "disagreement: {} in {}: the model says {}, but {} of {} runs lost updates.",
                    body,
                    cell.interpreter,
                    cell.model.map_or("nothing", Claim::word),
                    cell.lost_runs,
                    cell.runs
                ));
            }
            if let Some(failure) = &cell.failure {
                notes.push(format!("not compared: {body} in {}: {failure}", cell.interpreter));
            }
        }
        notes.extend(self.failures.iter().map(|failure| format!("left out: {failure}.")));
        notes
    }
}

impl Document for VerifyReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text = self.grid().table(width) + "\n";
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
        let header = ["body", "interpreter", "model", "real", "agrees", "runs", "lost_runs", "failure"];
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
            ]);
        }
        csv::write(&records)
    }

    fn markdown(&self) -> String {
        [vec![self.grid().markdown()], self.notes()].concat().join("\n\n") + "\n"
    }

    fn value(&self) -> String {
        format!("{} {}\n", self.agreements, self.disagreements)
    }
}
