//! Reference counts under every interleaving: how many schedules free too early, leak, or are right.

use super::witness::letters;
use crate::choice::Choice;
use crate::explore::refcount::{Access, Findings, Protocol, Question, Witness};
use crate::report::document::{Document, Header};
use crate::report::layout::{Grid, bold, finish, paragraph};
use crate::report::part::Part;
use crate::report::words::{self, plural};
use crate::report::{csv, json, quiet};
use serde::Serialize;
use std::io;
use std::time::Duration;

/// Every interleaving of reference counts (`explore --refcount`). Numbers of schedules are exact, in decimal digits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReferencesReport {
    /// What every report says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The command line that does this.
    pub command: String,
    /// How many workers.
    pub workers: usize,
    /// How often each worker takes a reference and gives it back.
    pub iterations: u64,
    /// A row for each way of counting.
    pub ways: Vec<WayRow>,
    /// A schedule that frees too early, of the first way that has one; null where none has.
    pub witness: Option<EarlyFree>,
    /// How long the command took, in seconds.
    pub time: f64,
}

/// One way of counting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WayRow {
    /// Which way.
    pub count: Protocol,
    /// How many schedules there are, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub schedules: String,
    /// How many of them free the object while somebody holds a reference, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub early: String,
    /// How many of them never free it, and do not free it too early either, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub leaking: String,
    /// How many of them do neither, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub right: String,
    /// The fewest preemptions that lead to a free that is too early; null where none does.
    pub preemptions: Option<u32>,
    /// How many states were told apart.
    pub states: usize,
}

/// A schedule that frees too early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EarlyFree {
    /// How references are counted.
    pub count: Protocol,
    /// How many preemptions it has.
    pub preemptions: u32,
    /// Its steps, up to the one that frees.
    pub lines: Vec<EarlyLine>,
}

/// A step of a schedule that frees too early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EarlyLine {
    /// The number of the step, from 1.
    pub step: usize,
    /// Which worker: 0 is A.
    pub worker: usize,
    /// What it does.
    pub does: String,
    /// How many references are counted afterwards.
    pub references: i32,
}

impl ReferencesReport {
    /// Puts together what was found about some ways of counting, and a schedule for those that have one.
    #[must_use]
    pub fn new(found: &[(Question, Findings, Option<Witness>)], cpus: usize, time: Duration) -> Self {
        let (workers, iterations) =
            found.first().map_or((0, 0), |(question, ..)| (question.workers, question.pairs));
        let way = match found {
            [(question, ..)] => format!("={}", question.protocol.name()),
            _ => String::new(),
        };
        let row = |(question, findings, witness): &(Question, Findings, Option<Witness>)| WayRow {
            count: question.protocol,
            schedules: findings.total().to_string(),
            early: findings.early.to_string(),
            leaking: findings.leaking.to_string(),
            right: findings.right.to_string(),
            preemptions: witness.as_ref().map(|witness| witness.preemptions),
            states: findings.states,
        };
        Self {
            header: Header::new(cpus, false),
            command: format!("gilsim explore --refcount{way} --threads {workers} --iters {iterations}"),
            workers,
            iterations,
            ways: found.iter().map(row).collect(),
            witness: found
                .iter()
                .find_map(|(question, _, witness)| Some(EarlyFree::of(question.protocol, witness.as_ref()?))),
            time: time.as_secs_f64(),
        }
    }

    /// Whether some schedule goes wrong.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.ways.iter().any(|way| way.early != "0" || way.leaking != "0")
    }

    /// Whether an object is freed too early or never, in words.
    #[must_use]
    pub fn seen(&self) -> &'static str {
        if self.lost() {
            "some schedule frees the object while it is held, or never"
        } else {
            "no schedule frees the object while it is held, or never"
        }
    }

    fn title(&self) -> String {
        format!(
            "explore: {}, each takes a reference to one object and gives it back, {}; whoever made the object holds one \
             throughout",
            plural(self.workers, "worker"),
            plural(usize::try_from(self.iterations).unwrap_or(usize::MAX), "time")
        )
    }

    fn grid(&self) -> Grid {
        let row = |way: &WayRow| {
            let preemptions = way.preemptions.map_or_else(String::new, |number| number.to_string());
            vec![
                way.count.name().into(),
                way.early.clone().into(),
                way.leaking.clone().into(),
                way.right.clone().into(),
                way.schedules.clone().into(),
                preemptions.into(),
            ]
        };
        Grid {
            header: ["count", "free too early", "leak", "right", "schedules", "preemptions"]
                .map(str::to_owned)
                .to_vec(),
            rows: self.ways.iter().map(row).collect(),
            ..Grid::default()
        }
    }

    fn witness_grid(&self, witness: &EarlyFree) -> Grid {
        let step = ["step".to_owned()].into_iter();
        let row = |line: &EarlyLine| {
            let cells = (0..self.workers).map(|worker| {
                let does = if worker == line.worker { line.does.clone() } else { String::new() };
                does.into()
            });
            let cells: Vec<_> = std::iter::once(line.step.to_string().into()).chain(cells).collect();
            cells.into_iter().chain([line.references.to_string().into()]).collect()
        };
        Grid {
            header: step.chain(letters(self.workers)).chain(["count".to_owned()]).collect(),
            rows: witness.lines.iter().map(row).collect(),
            words: (1..=self.workers).collect(),
            ..Grid::default()
        }
    }

    fn why(&self) -> String {
        let wrong = |protocol| {
            self.ways
                .iter()
                .find(|way| way.count == protocol)
                .map(|way| way.early != "0" || way.leaking != "0")
        };
        let plain = match wrong(Protocol::Plain) {
            Some(true) => {
                "a taking that is overwritten makes the count too low, so the object is freed while it is in use; a \
                 giving back that is overwritten makes it too high, so it is never freed. "
            }
            Some(false) => "a worker alone has nobody who could overwrite its count. ",
            None => "",
        };
        let (counts, because) = match (wrong(Protocol::Atomic), wrong(Protocol::Biased)) {
            (Some(false), Some(false)) => ("atomic or biased", "no step of one worker undoes another's"),
            (Some(false), None) => ("atomic", "nothing comes in between"),
            (None, Some(false)) => (
                "biased",
                "each count has one writer, or is changed atomically, and they are merged in one step",
            ),
            _ => return plain.trim_end().to_owned(),
        };
        if wrong(Protocol::Plain) == Some(true) {
            return format!("{plain}With {counts} counts no schedule does either: {because}.");
        }
        // Neither was spoken of.
        let with = if plain.is_empty() { "with" } else { "With" };
        format!(
            "{plain}{with} {counts} counts no schedule frees the object too early or leaks it: {because}."
        )
    }

    fn counted(&self) -> String {
        let states: usize = self.ways.iter().map(|way| way.states).sum();
        format!("{}, {}.", plural(states, "state"), words::time(self.time))
    }
}

impl EarlyFree {
    fn of(count: Protocol, witness: &Witness) -> Self {
        let line = |(index, step): (usize, &crate::explore::refcount::Step)| EarlyLine {
            step: index + 1,
            worker: step.worker,
            does: match step.does {
                Access::Load(value) => format!("load {value}"),
                Access::Take(value) => format!("take: store {value}"),
                Access::GiveBack(value) => format!("give back: store {value}"),
                Access::Merge(value) => format!("merge: {value}"),
                Access::Retry(value) => format!("load {value} again"),
            },
            references: step.count,
        };
        Self {
            count,
            preemptions: witness.preemptions,
            lines: witness.steps.iter().enumerate().map(line).collect(),
        }
    }

    fn title(&self) -> String {
        format!(
            "a schedule that frees the object too early ({} count), with {}",
            self.count.name(),
            plural(usize::try_from(self.preemptions).unwrap_or(usize::MAX), "preemption")
        )
    }
}

impl Document for ReferencesReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text = paragraph(&self.title(), width);
        text += &self.grid().table(width);
        text.push('\n');
        text += &paragraph(&self.counted(), width);
        if let Some(witness) = &self.witness {
            text += &paragraph(&format!("{}: {}", bold("witness"), witness.title()), width);
            text += &self.witness_grid(witness).table(width);
            text.push('\n');
        }
        text += &paragraph(&format!("{} {}", bold("why:"), self.why()), width);
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let columns = ["count", "early", "leaking", "right", "schedules", "preemptions", "states"];
        let mut records = vec![columns.map(str::to_owned).to_vec()];
        for way in &self.ways {
            let preemptions = way.preemptions.map_or_else(String::new, |number| number.to_string());
            let schedules = [&way.early, &way.leaking, &way.right, &way.schedules].map(Clone::clone);
            let rest = [preemptions, way.states.to_string()];
            records.push([way.count.name().to_owned()].into_iter().chain(schedules).chain(rest).collect());
        }
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = vec![self.title().into(), self.grid().into(), self.counted().into()];
        if let Some(witness) = &self.witness {
            parts.extend([format!("Witness: {}", witness.title()).into(), self.witness_grid(witness).into()]);
        }
        parts.push(format!("Why: {}", self.why()).into());
        parts
    }

    fn value(&self) -> String {
        let record = |way: &WayRow| {
            [way.count.name().to_owned(), way.early.clone(), way.leaking.clone(), way.right.clone()]
        };
        quiet::records(self.ways.iter().map(record))
    }
}
