//! What is said about an exploration: data only.

use super::outcomes::OutcomeTable;
use super::witness::Witness;
use crate::count;
use crate::explore::{Findings, Grade, LockNames, StepKind};
use crate::measure::Pattern;
use crate::python::body::RESULT;
use crate::report::document::Header;
use crate::scenario::gil::BODY;
use crate::system::shell::quoted;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The body.
    pub body: &'a str,
    /// The definitions that it uses.
    pub setup: &'a str,
    /// What is looked at in the end.
    pub result: &'a str,
    /// Whether lists, dicts or objects are shared, not only the counter.
    pub shares: bool,
    /// Whether workers load, add and store the counter, and nothing else.
    pub counts_only: bool,
    /// Where workers are switched.
    pub step_kind: StepKind,
    /// How many workers.
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each adds.
    pub pattern: Pattern,
    /// The right results.
    pub serial: &'a BTreeSet<i64>,
    /// How many threads explored.
    pub cpus: usize,
}

/// Every interleaving of a loop body. Numbers of schedules are exact, in decimal digits: they exceed
/// what most readers of JSON take for a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExploreReport {
    /// What every report says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The command line that does this.
    pub command: String,
    /// The loop body.
    pub body: String,
    /// The definitions that the body uses.
    pub setup: String,
    /// The expression that is looked at in the end.
    pub result: String,
    /// Whether lists, dicts or objects are shared.
    #[serde(skip)]
    pub shares: bool,
    /// Whether workers load, add and store the counter, and nothing else.
    #[serde(skip)]
    pub counts_only: bool,
    /// `machine`, or the version of CPython where workers are switched where it may drop its GIL.
    pub switching: StepKind,
    /// How many workers.
    pub workers: usize,
    /// How often each worker does the body.
    pub iterations: u64,
    /// What each worker adds.
    pub pattern: Pattern,
    /// The right results: what whole iterations end with; more than one value when the order of whole iterations matters.
    pub expected: Vec<i64>,
    /// The table; `None` when one schedule was carried out.
    #[serde(flatten)]
    pub table: Option<OutcomeTable>,
    /// A schedule that was carried out; null where none was.
    pub witness: Option<Witness>,
    /// With `--replay`: how real threads ended that carried out the schedule.
    pub real: Option<RealThreads>,
    /// How long the command took, in seconds.
    pub time: f64,
}

/// How real threads ended that carried out the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ExploreThreads"))]
pub struct RealThreads {
    /// The value of what is looked at, an exception, or a deadlock and the locks.
    pub ending: String,
    /// Whether that is how the schedule ends.
    pub agrees: bool,
}

impl ExploreReport {
    /// Puts together what was found.
    #[must_use]
    pub fn new(
        subject: &Subject<'_>,
        findings: Option<&Findings>,
        names: &impl LockNames,
        witness: Option<Witness>,
        real: Option<RealThreads>,
        time: Duration,
    ) -> Self {
        let command = command(subject);
        let replay = if subject.shares { "" } else { " --replay" };
        Self {
            header: Header::new(subject.cpus, false),
            body: subject.body.to_owned(),
            setup: subject.setup.to_owned(),
            result: subject.result.to_owned(),
            shares: subject.shares,
            counts_only: subject.counts_only,
            switching: subject.step_kind,
            workers: subject.workers,
            iterations: subject.iterations,
            pattern: subject.pattern,
            expected: subject.serial.iter().copied().collect(),
            table: findings.map(|findings| OutcomeTable::of(findings, subject.result, names)),
            witness: witness.map(|witness| Witness {
                command: format!("{command} --schedule {}{replay}", witness.schedule),
                ..witness
            }),
            command,
            real,
            time: time.as_secs_f64(),
        }
    }

    /// Whether some schedule, or the one that was carried out, loses an update or deadlocks.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.grades().any(|grade| grade != Grade::Right)
    }

    /// Whether something is lost, in words.
    #[must_use]
    pub fn losses(&self) -> String {
        let what = match (self.lost(), self.shares) {
            (true, false) => "loses an update or deadlocks",
            (true, true) => "loses an update, raises or deadlocks",
            (false, false) => "neither loses an update nor deadlocks",
            (false, true) => "neither loses an update nor raises nor deadlocks",
        };
        match (&self.table, self.lost()) {
            (None, _) => format!("the schedule {what}"),
            (Some(_), true) => format!("some schedule {what}"),
            (Some(table), false) if table.without_value != "0" => {
                "every schedule ends as workers that run one after the other do".to_owned()
            }
            (Some(_), false) if self.shares => "no schedule loses an update, raises or deadlocks".to_owned(),
            (Some(_), false) => "no schedule loses an update or deadlocks".to_owned(),
        }
    }

    /// The grade of every outcome, or of the one schedule that was carried out.
    pub(super) fn grades(&self) -> impl Iterator<Item = Grade> {
        let one = self.witness.iter().filter(|_| self.table.is_none()).map(|witness| witness.verdict);
        self.table.iter().flat_map(|table| &table.outcomes).map(|row| row.verdict).chain(one)
    }
}

/// The command line that explores this question.
fn command(subject: &Subject<'_>) -> String {
    let mut words = vec!["gilsim explore".to_owned()];
    if subject.body != BODY {
        words.push(format!("--body {}", quoted(subject.body)));
    }
    if !subject.setup.is_empty() {
        words.push(format!("--setup {}", quoted(subject.setup)));
    }
    if subject.result != RESULT {
        words.push(format!("--result {}", quoted(subject.result)));
    }
    if let StepKind::Version(version) = subject.step_kind {
        words.push(format!("--cpython {}", version.name()));
    }
    words.push(format!("--threads {} --iters {}", subject.workers, count::short(subject.iterations)));
    if subject.pattern == Pattern::PlusMinus {
        words.push("--pattern plus-minus".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_is_one_word() {
        assert_eq!(quoted("x += len('a')"), r"'x += len('\''a'\'')'");
    }
}
