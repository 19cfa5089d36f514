//! What real interpreters make of a program, beside what the model says of their version.

use crate::report::layout::{Cell, Grid};
use crate::report::words;
use anstyle::AnsiColor;
use serde::Serialize;

/// The most endings that a cell of the table shows, and the most characters of each.
const SHOWN_ENDINGS: usize = 3;
const SHOWN_CHARACTERS: usize = 60;

/// A program in one real interpreter.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RealRow {
    /// The interpreter's release, or what it was asked for by where it could not be asked.
    pub interpreter: String,
    /// The verdict of the model on its version; null where there is no model of it.
    #[cfg_attr(test, schemars(with = "Option<crate::python::check::Kind>"))]
    pub verdict: Option<&'static str>,
    /// Whether the program begins processes.
    #[serde(skip)]
    pub processes: bool,
    /// What the runs are held against: what is printed and raised when threads run one after the other, in the model or, where
    /// numbers were taken as small, in the interpreter itself. Empty when there is nothing to hold them against.
    pub expected: Vec<Vec<String>>,
    /// How many runs there were.
    pub runs: usize,
    /// In how many runs the program ended otherwise.
    pub other_runs: usize,
    /// How the runs ended, in the order in which that was first seen.
    pub endings: Vec<RealEnding>,
    /// What the runs show; null where nothing is compared.
    pub seen: Option<Seen>,
    /// Whether that agrees with the model; null when there is nothing to compare, or what can happen was not seen.
    pub agrees: Option<bool>,
    /// Where what can happen was not seen: the share of runs in which it does is below this, at 95 % confidence.
    pub loss_below: Option<f64>,
    /// Why nothing is compared.
    pub not_compared: Option<String>,
    /// Why it could not be run.
    pub failure: Option<String>,
}

/// A way in which runs ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RealEnding {
    /// In how many runs it was so.
    pub runs: usize,
    /// What was printed, line by line in alphabetical order, and then what was raised, likewise.
    pub ends: Vec<String>,
}

/// What real runs of a program show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CheckSeen"))]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Every run ended as it should.
    Exact,
    /// A run printed something else.
    Loses,
    /// A run printed something else, which may be right by the model.
    Differs,
    /// A run raised something else.
    Raises,
    /// A run did not end.
    Deadlocks,
    /// Every run ended as it should, though by the model another end is possible.
    NotSeen,
    /// The interpreter does not take the program.
    NotPython,
}

impl Seen {
    /// As in the JSON.
    const fn name(self) -> &'static str {
        match self {
            Self::Deadlocks => "deadlocks",
            Self::NotSeen => "not-seen",
            Self::NotPython => "not-python",
            other => other.word(),
        }
    }

    /// As the table shows it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Loses => "loses",
            Self::Differs => "differs",
            Self::Raises => "raises",
            Self::Deadlocks => "did not end",
            Self::NotSeen => "not seen",
            Self::NotPython => "not python",
        }
    }
}

impl RealRow {
    /// What went wrong with it, if anything did.
    pub(super) fn fault(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        (self.agrees == Some(false)).then(|| {
            format!(
                "disagreement: {} is {} by the model, but {} of {} ended otherwise: {}",
                self.interpreter,
                self.verdict.unwrap_or("unknown"),
                self.other_runs,
                words::plural(self.runs, "real run"),
                self.endings.last().map_or_else(String::new, |ending| line(&ending.ends)),
            )
        })
    }

    /// Whether one of its endings has several lines.
    pub(super) fn has_lines(&self) -> bool {
        self.endings.iter().any(|ending| ending.ends.len() > 1)
    }

    /// What was seen, as in the JSON.
    pub(super) fn seen_name(&self) -> &'static str {
        match (self.seen, &self.failure) {
            (Some(seen), _) => seen.name(),
            (None, Some(_)) => "failed",
            (None, None) => "not-compared",
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let seen = match (self.seen, &self.failure) {
            (None, Some(_)) => Cell::coloured("failed".to_owned(), AnsiColor::Yellow),
            (None, None) => "not compared".into(),
            (Some(seen), _) => {
                let runs = match seen {
                    Seen::Exact | Seen::NotSeen | Seen::NotPython => words::plural(self.runs, "run"),
                    _ => format!("{} of {}", self.other_runs, words::plural(self.runs, "run")),
                };
                let text = format!("{} ({runs})", seen.word());
                if self.agrees == Some(false) {
                    Cell::coloured(format!("{text}!"), AnsiColor::Red)
                } else {
                    text.into()
                }
            }
        };
        let mut endings: Vec<String> =
            self.endings.iter().take(SHOWN_ENDINGS).map(RealEnding::shown).collect();
        if self.endings.len() > SHOWN_ENDINGS {
            endings.push("…".to_owned());
        }
        vec![
            self.interpreter.clone().into(),
            self.verdict.unwrap_or("no model").into(),
            seen,
            endings.join("; ").into(),
        ]
    }
}

impl RealEnding {
    fn shown(&self) -> String {
        let text = line(&self.ends);
        let mut short: String = text.chars().take(SHOWN_CHARACTERS).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if self.runs > 1 { format!("{short} ({}x)", self.runs) } else { short }
    }
}

/// What was printed and raised, on one line.
fn line(ends: &[String]) -> String {
    if ends.is_empty() { "nothing".to_owned() } else { ends.join(" / ") }
}

/// What is to be said of results that were not seen or not compared: a sentence for each reason.
pub(super) fn notes(rows: &[RealRow], small: bool) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let unseen: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let below = words::figure(100.0 * row.loss_below?);
            Some(format!("{} ({}: below {below} %)", row.interpreter, words::plural(row.runs, "run")))
        })
        .collect();
    if !unseen.is_empty() {
        // No process waits for the GIL of another one.
        let smaller = if rows.iter().any(|row| row.processes) {
            ""
        } else {
            "; with the default switch interval it is smaller"
        };
        // With its own numbers the program may be another one.
        let can = if small { "with numbers that small it can happen by the model" } else { "it can happen" };
        notes.push(format!(
            "not seen: {can}, but did not in {}. In brackets: the share of such runs that show it, at 95 % confidence{smaller}. \
             More --runs, or more iterations in the file, may show it.",
            unseen.join(", ")
        ));
    }
    let mut reasons: Vec<&String> = rows.iter().filter_map(|row| row.not_compared.as_ref()).collect();
    reasons.dedup();
    for why in reasons {
        let those = rows.iter().filter(|row| row.not_compared.as_ref() == Some(why));
        let names: Vec<&str> = those.map(|row| row.interpreter.as_str()).collect();
        let note = format!("not compared: {}: {why}", names.join(", "));
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// A row for each interpreter.
pub(super) fn grid(rows: &[RealRow]) -> Grid {
    Grid {
        title: "real interpreters".to_owned(),
        header: ["python", "model", "real", "ends with"].map(str::to_owned).to_vec(),
        rows: rows.iter().map(RealRow::cells).collect(),
        words: vec![1, 2, 3],
    }
}
