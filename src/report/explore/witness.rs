//! A schedule, with what each of its steps does.

use crate::explore::{
    Awaited, Event, FoldedLine, Grade, LoopReplayed, Replayed, Schedule, fold_trace, worker_letter,
};
use crate::python::program::{Program, Touched};
use crate::report::layout::{self, Cell, Grid};
use crate::report::words;
use serde::Serialize;
use std::collections::BTreeSet;

/// A schedule that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Witness {
    /// How it ends: the value of what is looked at, an exception, or a deadlock and the locks.
    pub outcome: String,
    /// Whether the outcome is right.
    pub verdict: Grade,
    /// How many preemptions it has: switches away from a worker that could have gone on.
    pub preemptions: u64,
    /// The schedule as text.
    pub schedule: String,
    /// The command line that replays it.
    pub command: String,
    /// Its steps, loops folded.
    pub lines: Vec<WitnessLine>,
}

/// A step, or steps that were folded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WitnessLine {
    /// The number of the step, from 1; of the last one where several are folded.
    pub step: usize,
    /// Which worker: `A` is the first.
    pub worker: char,
    /// What it does that others can see.
    pub does: Vec<String>,
    /// How many more times the steps before are repeated; null for a single step.
    pub repeats: Option<usize>,
    /// The value of what is looked at afterwards; null if it could not be told then.
    pub x: Option<i64>,
    /// How many updates of others it overwrites.
    pub overwrites: u64,
}

impl Witness {
    /// A schedule of a counter; the command is the report's.
    #[must_use]
    pub fn of(program: &Program, right: &BTreeSet<i64>, schedule: &Schedule, replayed: &Replayed) -> Self {
        let lines = fold_trace(&replayed.trace).into_iter().filter_map(|line| {
            let (at, repeats) = match line {
                FoldedLine::Step(at) => (at, None),
                FoldedLine::Repeats { last, times, .. } => (last, Some(times)),
            };
            let step = replayed.trace.get(at)?;
            Some(WitnessLine {
                step: at + 1,
                worker: worker_letter(step.worker),
                does: if repeats.is_some() {
                    Vec::new()
                } else {
                    step.events.iter().map(|event| event_in_words(event, program)).collect()
                },
                repeats,
                x: Some(step.x),
                overwrites: if repeats.is_some() { 0 } else { step.overwritten },
            })
        });
        Self {
            outcome: replayed.ending.words(program),
            verdict: replayed.ending.grade(right),
            preemptions: replayed.preemptions,
            schedule: schedule.to_string(),
            command: String::new(),
            lines: lines.collect(),
        }
    }

    /// A schedule of a body over shared objects; the command is the report's.
    #[must_use]
    pub fn of_loop(schedule: &Schedule, names: &Awaited, replayed: &LoopReplayed) -> Self {
        let lines = replayed.trace.iter().enumerate().filter(|(_, step)| !step.does.is_empty());
        Self {
            outcome: replayed.ending.words(names),
            verdict: replayed.grade,
            preemptions: replayed.preemptions,
            schedule: schedule.to_string(),
            command: String::new(),
            lines: lines
                .map(|(at, step)| WitnessLine {
                    step: at + 1,
                    worker: worker_letter(step.worker),
                    does: step.does.clone(),
                    repeats: None,
                    x: step.value,
                    overwrites: step.overwritten,
                })
                .collect(),
        }
    }

    pub(super) fn title(&self) -> String {
        format!(
            "{}: a schedule that ends with {} ({}), with {}",
            layout::bold("witness"),
            self.outcome,
            self.verdict,
            words::plural(usize::try_from(self.preemptions).unwrap_or(usize::MAX), "preemption")
        )
    }

    /// A column for each worker between the step and x, and a row for each line.
    pub(in crate::report) fn grid(&self, workers: usize, result: &str) -> Grid {
        let step = ["step".to_owned()].into_iter();
        let header = step.chain(letters(workers)).chain([result.to_owned(), String::new()]).collect();
        let mut before = 0;
        let rows = self.lines.iter().map(|line| {
            let step = match line.repeats {
                Some(_) => format!("{}-{}", before + 1, line.step),
                None => line.step.to_string(),
            };
            before = line.step;
            let does =
                line.repeats.map_or_else(|| line.does.join("\n"), |times| format!("… {times} more times"));
            let cells = letters(workers)
                .map(|name| if name == line.worker.to_string() { does.clone() } else { String::new() });
            let mark = match line.overwrites {
                0 => String::new(),
                lost => format!(
                    "<- overwrites {}",
                    words::plural(usize::try_from(lost).unwrap_or(usize::MAX), "update")
                ),
            };
            let row = [step]
                .into_iter()
                .chain(cells)
                .chain([line.x.map_or_else(|| "-".to_owned(), |x| x.to_string()), mark]);
            row.map(Cell::from).collect()
        });
        let rows = rows.collect();
        let words = (1..=workers).chain([workers + 2]).collect();
        Grid { header, rows, words, ..Grid::default() }
    }

    /// Why numbers of steps are missing, if some are.
    pub(super) fn gaps(&self, shares: bool) -> Option<String> {
        let before = [0].into_iter().chain(self.lines.iter().map(|line| line.step));
        let missing =
            before.zip(&self.lines).any(|(before, line)| line.repeats.is_none() && line.step > before + 1);
        missing.then(|| {
            let what = if shares { "nothing that is shared" } else { "neither x nor a lock" };
            format!(
                "Steps that touch {what}, such as a jump to the loop's next turn, are counted but not shown."
            )
        })
    }
}

/// The names of the workers.
pub(super) fn letters(workers: usize) -> impl Iterator<Item = String> {
    (0..workers).map(|worker| worker_letter(u8::try_from(worker).unwrap_or(u8::MAX)).to_string())
}

/// What an instruction did, in a word or two.
fn event_in_words(event: &Event, program: &Program) -> String {
    match event.touched {
        Touched::LoadedX(x) => format!("load {x}"),
        Touched::StoredX(x) => format!("store {x}"),
        Touched::Acquired(number) => format!("take {}", program.lock_name(number)),
        Touched::Released(number) => format!("free {}", program.lock_name(number)),
        Touched::Nothing => {
            let name = event.opcode.to_lowercase();
            let name = name.trim_start_matches("binary_").trim_start_matches("inplace_");
            match (name, event.argument.as_str()) {
                ("op", argument) => argument.trim_matches(['(', ')']).to_owned(),
                (name, "") => name.to_owned(),
                (name, argument) => format!("{name} {argument}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(lines: &[(usize, Option<usize>)]) -> Witness {
        let line = |&(step, repeats): &(usize, Option<usize>)| WitnessLine {
            step,
            worker: 'A',
            does: vec!["load 0".to_owned()],
            repeats,
            x: Some(0),
            overwrites: 0,
        };
        Witness {
            outcome: "2".to_owned(),
            verdict: Grade::Lost,
            preemptions: 1,
            schedule: String::new(),
            command: String::new(),
            lines: lines.iter().map(line).collect(),
        }
    }

    #[test]
    fn the_numbers_of_steps_go_on_where_some_are_folded() {
        let folded = witness(&[(1, None), (2, None), (40, Some(12)), (41, None)]);
        let shown = folded.grid(1, "x").table(None);
        let steps: Vec<&str> = shown.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(steps, ["1", "2", "3-40", "41"]);
        assert!(shown.contains("… 12 more times"), "{shown}");
        assert_eq!(folded.gaps(false), None);
    }

    #[test]
    fn numbers_of_steps_that_are_missing_are_explained() {
        assert_eq!(witness(&[(1, None), (2, None)]).gaps(false), None);
        assert!(witness(&[(2, None), (3, None)]).gaps(false).is_some());
        assert!(witness(&[(1, None), (3, None)]).gaps(true).is_some());
    }
}
