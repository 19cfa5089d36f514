//! What one version makes of a program, as it is reported.

use crate::explore::{Run, Schedule, StepKind};
use crate::python::check::{self, Collision, Finding, Kind, NEVER, Orders};
use serde::Serialize;

/// What one version makes of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct CheckRow {
    /// The version of CPython.
    pub version: &'static str,
    /// What it makes of the program.
    #[cfg_attr(test, schemars(with = "Kind"))]
    pub verdict: &'static str,
    /// Why, in a sentence.
    pub reason: String,
    /// The variable, attribute or object on which threads collide.
    pub variable: Option<String>,
    /// The lines that collide: where the interrupted thread used it before that, where another one does meanwhile, and where the first
    /// uses it again. The first or the last may be missing. Of what is not covered, its line.
    pub lines: Vec<u32>,
    /// Where the thread loses the GIL between them, or waits for a lock.
    pub drop_point: Option<String>,
    /// Whether it waits for a lock there.
    #[serde(skip)]
    pub waits: bool,
    /// Whether it is processes that collide.
    #[serde(skip)]
    pub processes: bool,
    /// Whether a fork server starts the processes that it begins.
    #[serde(skip)]
    pub fork_server: bool,
    /// What orders of whole iterations come to.
    #[serde(skip)]
    pub orders: Orders,
    /// Whether some order of whole iterations never ends.
    pub orders_wait: bool,
    /// Whether a thread waited with a time limit: it is taken to be long enough, and passes only where no other thread can go on.
    pub time_limits: bool,
    /// Whether `as_completed()` gave several futures: it is taken to do so in the order in which it was given them, and may do so in
    /// any.
    pub given_order: bool,
    /// Whether a process is waited for while more than a number of each is left on a queue of processes: a pipe is taken to hold it.
    pub pipes: bool,
    /// Whether a loop without an end of its own was left to go round a few times, and then only where no other thread could go on: with
    /// more rounds there may be other ends.
    pub few_rounds: bool,
    /// Whether the program reads a clock: how long a time is that it works out from that is not known, and stands as `‹time›`.
    pub clocks: bool,
    /// Whether it draws numbers at random: which is not known, and what it works out from them stands as `‹random›`.
    pub chance: bool,
    /// Whether the program logs, or prints to standard error: none of that is among what is compared.
    pub standard_error: bool,
    /// Whether something is printed with an `end` that ends no line.
    #[serde(skip)]
    pub parts: bool,
    /// Who takes a lock as soon as it is let go, without the GIL, and the line in which it waits for that.
    #[serde(skip)]
    pub sleepers: Vec<(String, u32)>,
    /// How many lines the schedule that is shown prints, or an order of whole iterations, whichever has most.
    #[serde(skip)]
    pub printed: usize,
    /// Whether the schedule ends otherwise only in what no global variable leads to.
    #[serde(skip)]
    pub hidden: bool,
    /// What the schedule that is shown prints, line by line in alphabetical order, and then what it raises.
    pub ends: Vec<String>,
    /// What is printed and raised by orders of whole iterations: each the lines that are printed, in alphabetical order, then what is raised.
    pub expected: Vec<Vec<String>>,
    /// A schedule that shows it, in which no switch can be left out, by lines, from where a second thread has begun.
    pub schedule: Vec<ScheduleStep>,
    /// With `--steps`: the schedule by instructions.
    pub steps: Option<Vec<InstructionStep>>,
    /// What the second thread is called.
    #[serde(skip)]
    pub second: String,
    /// The schedule as text, from the program's start.
    pub schedule_text: Option<String>,
}

/// An instruction that a thread does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InstructionStep {
    /// The thread's name.
    pub thread: String,
    /// The number of the line that it belongs to, if any.
    pub line: Option<u32>,
    /// The instruction as `dis` shows it.
    pub instruction: String,
    /// What it reads of what threads share and change.
    pub reads: Vec<String>,
    /// What it changes of that.
    pub writes: Vec<String>,
    /// Whether the GIL can go after it.
    pub can_drop: bool,
}

/// A line that a thread runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScheduleStep {
    /// The thread's name.
    pub thread: String,
    /// The line's number.
    pub line: u32,
    /// The line's text.
    pub text: String,
    /// Whether the thread goes on with the line where it had left it.
    pub continues: bool,
}

/// The schedule of a finding as text.
fn text_of(finding: &Finding) -> String {
    let runs = finding.turns.iter().map(|turn| Run { worker: turn.letter(), steps: turn.steps });
    Schedule::of_runs(StepKind::Version(finding.version), runs.collect()).to_string()
}

impl InstructionStep {
    fn new(finding: &Finding, step: &check::ScheduleStep) -> Self {
        Self {
            thread: finding.thread(step.thread),
            line: step.line,
            instruction: step.instruction.clone(),
            reads: step.reads.clone(),
            writes: step.writes.clone(),
            can_drop: step.can_drop,
        }
    }

    pub(super) fn shown(&self) -> String {
        let line = self.line.map_or_else(String::new, |line| format!("{line}: "));
        let touched = |verb: &str, names: &[String]| {
            if names.is_empty() { String::new() } else { format!(" [{verb} {}]", names.join(", ")) }
        };
        [line, self.instruction.clone(), touched("reads", &self.reads), touched("writes", &self.writes)]
            .concat()
    }
}

impl CheckRow {
    /// Whether every order fails an assertion, which may be one on a total.
    pub(super) fn raises_by_a_total(&self) -> bool {
        let asserts = |line: &String| line.starts_with("AssertionError");
        self.orders.raise && self.expected.iter().flatten().any(asserts)
    }

    /// Whether what its orders raise can come of how large numbers are: not so of a name that nothing has, nor of what
    /// something is, unless that is `None`, as at the end of a list of nodes.
    pub(super) fn raises_by_numbers(&self) -> bool {
        let of_a_kind = |line: &String| {
            let of_its_type = ["TypeError: ", "AttributeError: "].iter().any(|kind| line.starts_with(kind));
            line.starts_with("NameError") || (of_its_type && !line.contains("NoneType"))
        };
        !self.expected.iter().flatten().any(of_a_kind)
    }

    /// Whether a thread waits for something that nobody does.
    pub(super) fn waits_for_nothing(&self) -> bool {
        self.verdict == Kind::Deadlocks.word() && self.reason.contains(NEVER)
    }

    pub(super) fn new(finding: &Finding, lost: Option<&Collision>, steps: bool) -> Self {
        let reason = match (finding.kind, lost) {
            (Kind::Exact, Some(collision)) if finding.version.has_gil() => {
                let closed = collision.update().filter(|&(read, write)| {
                    finding.closed.contains(&(collision.name.clone(), read, write))
                });
                closed.map(|(read, write)| {
                    format!(
                        "nothing can come between the read of {} in line {read} and its write in line {write}{}",
                        collision.name, finding.remark
                    )
                })
            }
            _ => None,
        }
        .unwrap_or_else(|| finding.reason.clone());
        let collision = finding.collision.as_ref();
        let uncovered = || finding.not_covered.iter().filter_map(|it| it.line).collect();
        let lines = finding.schedule.iter().map(|line| ScheduleStep {
            thread: finding.thread(line.thread),
            line: line.line,
            text: line.text.clone(),
            continues: line.continues,
        });
        Self {
            version: finding.version.name(),
            verdict: finding.kind.word(),
            reason,
            variable: collision.map(|collision| collision.name.clone()),
            lines: collision.map_or_else(uncovered, Collision::lines),
            drop_point: collision.map(|collision| collision.drop_point.clone()),
            waits: collision.is_some_and(|collision| collision.waits),
            processes: collision.is_some_and(|collision| collision.processes),
            fork_server: finding.is_by_fork_server(),
            orders: finding.orders,
            orders_wait: finding.orders.wait,
            time_limits: finding.time_limits,
            given_order: finding.given_order,
            pipes: finding.pipes,
            parts: finding.parts,
            clocks: finding.clocks,
            chance: finding.chance,
            standard_error: finding.standard_error,
            few_rounds: finding.few_rounds,
            sleepers: finding.sleepers.iter().map(|&(thread, line)| (finding.thread(thread), line)).collect(),
            printed: finding.printed,
            hidden: finding.hidden,
            ends: finding.ends.clone(),
            expected: finding.expected.clone(),
            schedule: lines.collect(),
            steps: steps
                .then(|| finding.steps.iter().map(|step| InstructionStep::new(finding, step)).collect()),
            second: finding.thread(1),
            schedule_text: (!finding.turns.is_empty()).then(|| text_of(finding)),
        }
    }
}
