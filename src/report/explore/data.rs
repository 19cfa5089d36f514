//! What is said about an exploration: data only.

use super::outcomes::OutcomeTable;
use super::witness::Witness;
use crate::count;
use crate::explore::{Findings, Grade, Question, Replayed, Schedule, StepKind};
use crate::measure::Pattern;
use crate::report::document::Header;
use crate::scenario::gil::BODY;
use crate::shell::quoted;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What was explored.
    pub question: &'a Question<'a>,
    /// The right results.
    pub serial: &'a BTreeSet<i64>,
    /// How many threads explored.
    pub cpus: usize,
}

/// Everything that is said about an exploration. Numbers of schedules are exact, in decimal digits: they exceed
/// what most readers of JSON take for a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExploreReport {
    /// What every report says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The command line that does this.
    pub command: String,
    /// The loop body.
    pub body: String,
    /// The definitions that it uses.
    pub setup: String,
    /// `machine`, or the version of CPython where workers are switched where it may drop its GIL.
    pub switching: StepKind,
    /// How many workers.
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each adds.
    pub pattern: Pattern,
    /// The right results; more than one value when the order of whole iterations matters.
    pub expected: Vec<i64>,
    /// The table; `None` when one schedule was carried out.
    #[serde(flatten)]
    pub table: Option<OutcomeTable>,
    /// The schedule that is shown.
    pub witness: Option<Witness>,
    /// How real threads ended that carried it out.
    pub real: Option<RealThreads>,
    /// How long the command took, in seconds.
    pub time: f64,
}

/// How real threads ended that carried out the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RealThreads {
    /// The value of x, or `deadlock` and the locks.
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
        witness: Option<&(Schedule, Replayed)>,
        real: Option<RealThreads>,
        time: Duration,
    ) -> Self {
        let question = subject.question;
        let command = command(question);
        Self {
            header: Header::new(subject.cpus, false),
            body: question.program.body().to_owned(),
            setup: question.program.setup().to_owned(),
            switching: question.step_kind(),
            workers: question.workers,
            iterations: question.iterations,
            pattern: question.pattern,
            expected: subject.serial.iter().copied().collect(),
            table: findings.map(|findings| OutcomeTable::of(findings, question.program)),
            witness: witness.map(|(schedule, replayed)| {
                Witness::of(question.program, subject.serial, &command, schedule, replayed)
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
        let what = if self.lost() {
            "loses an update or deadlocks"
        } else {
            "neither loses an update nor deadlocks"
        };
        match (&self.table, self.lost()) {
            (None, _) => format!("the schedule {what}"),
            (Some(_), true) => format!("some schedule {what}"),
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
fn command(question: &Question<'_>) -> String {
    let mut words = vec!["gilsim explore".to_owned()];
    if question.program.body() != BODY {
        words.push(format!("--body {}", quoted(question.program.body())));
    }
    if !question.program.setup().is_empty() {
        words.push(format!("--setup {}", quoted(question.program.setup())));
    }
    if let StepKind::Version(version) = question.step_kind() {
        words.push(format!("--cpython {}", version.name()));
    }
    words.push(format!("--threads {} --iters {}", question.workers, count::short(question.iterations)));
    if question.pattern == Pattern::PlusMinus {
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
