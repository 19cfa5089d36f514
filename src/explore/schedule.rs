//! A schedule as one line of text.
//!
//! ```text
//! schedule = "v1" ":" kind ":" run *( "," run )
//! kind     = "machine" / a version of CPython, such as "3.9" or "3.13t"
//! run      = worker steps
//! worker   = "A" / "B" / … / "X"
//!          / "a" / "b" / … / "l"        ; where a step is one of a version
//! steps    = 1*DIGIT                    ; 1 or more, below 2^64; no sign, no leading zero
//! ```
//!
//! `v1:machine:A1,B117,A2` lets A do a step, then B 117, then A two. When it is read, blanks around it and around
//! each run are skipped, and neighbouring runs of one worker count as one. Program, workers, iterations and
//! pattern are not part of it: they belong to the command that it is given to.

use crate::python::version::Version;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How every schedule of this form begins.
const FORM: &str = "v1";

/// What a step is. A schedule of one kind of steps means nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Machine steps: load, add, store.
    Machine,
    /// From one place at which this version may drop its GIL to the next.
    Version(Version),
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "machine",
            Self::Version(version) => version.name(),
        })
    }
}

impl Serialize for StepKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Steps that one worker does without a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// Which worker, from 0.
    pub worker: u8,
    /// How many steps, at least 1.
    pub steps: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", worker_letter(self.worker), self.steps)
    }
}

/// How many capital letters name workers; small ones come behind them.
const CAPITALS: u8 = 24;

/// How many small letters do.
const SMALL: u8 = 12;

/// The name of a worker: `A` for the first.
#[must_use]
pub fn worker_letter(worker: u8) -> char {
    match worker.checked_sub(CAPITALS) {
        None => char::from(b'A' + worker),
        Some(small) => char::from(b'a' + small.min(SMALL - 1)),
    }
}

/// Which worker does each step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// What its steps are.
    pub step_kind: StepKind,
    runs: Vec<Run>,
}

/// Why a text is no schedule, or a schedule does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The text does not begin as it must.
    #[error("not a schedule: write one such as v1:3.9:A12,B3,A2")]
    Form,
    /// The kind of steps is not known.
    #[error("no steps of {0:?} are known: write machine, or a version of CPython such as 3.9")]
    StepKind(String),
    /// A run is malformed.
    #[error(
        "run {number} of the schedule, {text:?}, is not right: write a worker's letter and how many steps it does, such as B117"
    )]
    Run {
        /// Its number, from 1.
        number: usize,
        /// What stands there.
        text: String,
    },
    /// It is for another kind of steps.
    #[error(
        "the schedule is for steps of {schedule}, not of {wanted}: give the options that it was made with"
    )]
    OtherStepKind {
        /// What it is for.
        schedule: StepKind,
        /// What it was given to.
        wanted: StepKind,
    },
    /// A worker that does not take part.
    #[error(
        "the schedule has a worker {worker}, but there are only {workers}: give the --threads that it was made with"
    )]
    NoSuchWorker {
        /// Its letter.
        worker: char,
        /// How many there are.
        workers: usize,
    },
    /// It has a step of a worker that has finished.
    #[error(
        "at step {step} of the schedule worker {worker} has already finished: give the --iters that it was made with"
    )]
    Finished {
        /// The number of the step, from 1.
        step: u64,
        /// The worker's letter.
        worker: char,
    },
    /// It has a step of a worker that waits for a lock.
    #[error(
        "at step {step} of the schedule worker {worker} waits for {lock}: let the worker that holds it go on first"
    )]
    Waits {
        /// The number of the step, from 1.
        step: u64,
        /// The worker's letter.
        worker: char,
        /// The lock's name.
        lock: String,
    },
    /// It ends too soon.
    #[error("the schedule ends while worker {worker} could go on: give the --iters that it was made with")]
    Unfinished {
        /// The worker's letter.
        worker: char,
    },
}

impl Schedule {
    /// The schedule in which these workers do the steps.
    #[must_use]
    pub fn of(step_kind: StepKind, order: &[u8]) -> Self {
        let runs = order
            .chunk_by(|a, b| a == b)
            .filter_map(|run| Some(Run { worker: *run.first()?, steps: run.len() as u64 }));
        Self { step_kind, runs: runs.collect() }
    }

    /// The schedule of these runs.
    #[must_use]
    pub fn of_runs(step_kind: StepKind, runs: Vec<Run>) -> Self {
        Self { step_kind, runs }
    }

    /// The runs, no two neighbours of which are of one worker.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// How many steps there are, or 2^64 - 1 if there are more.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.steps))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORM}:{}:", self.step_kind)?;
        for (index, run) in self.runs.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{run}")?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let rest = text.trim().strip_prefix(FORM).and_then(|rest| rest.strip_prefix(':'));
        let (kind, runs) = rest.and_then(|rest| rest.split_once(':')).ok_or(ScheduleError::Form)?;
        let step_kind = match kind {
            "machine" => StepKind::Machine,
            other => StepKind::Version(other.parse().map_err(|_| ScheduleError::StepKind(other.to_owned()))?),
        };
        let mut schedule = Self { step_kind, runs: Vec::new() };
        for (index, text) in runs.split(',').enumerate() {
            let run = parse_run(text.trim(), step_kind)
                .ok_or_else(|| ScheduleError::Run { number: index + 1, text: text.trim().to_owned() })?;
            match schedule.runs.last_mut() {
                Some(last) if last.worker == run.worker => {
                    last.steps = last.steps.checked_add(run.steps).ok_or_else(|| ScheduleError::Run {
                        number: index + 1,
                        text: text.trim().to_owned(),
                    })?;
                }
                _ => schedule.runs.push(run),
            }
        }
        Ok(schedule)
    }
}

fn parse_run(text: &str, step_kind: StepKind) -> Option<Run> {
    let worker = match text.bytes().next()? {
        letter @ b'A'..=b'X' => letter - b'A',
        letter @ b'a'..=b'l' if step_kind != StepKind::Machine => letter - b'a' + CAPITALS,
        _ => return None,
    };
    let digits = text.get(1..)?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    let steps = digits.parse().ok().filter(|_| plain)?;
    Some(Run { worker, steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_schedule_reads_back() {
        for text in [
            "v1:machine:A1,B117,A2",
            "v1:3.9:B1",
            "v1:3.12:A10,C3,b1,l2,X1",
            "v1:3.13t:A18446744073709551615,D1",
        ] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        assert_eq!(Schedule::of(StepKind::Machine, &[0, 1, 1, 0]).to_string(), "v1:machine:A1,B2,A1");
        assert_eq!(" v1:machine:A1, A2 ,B1 ".parse::<Schedule>().unwrap().to_string(), "v1:machine:A3,B1");
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        let error = |text: &str| text.parse::<Schedule>().unwrap_err().to_string();
        for text in ["", "A1", "v2:machine:A1", "v1", "v1:machine", "v1machine:A1"] {
            assert!(error(text).contains("not a schedule"), "{text}: {}", error(text));
        }
        assert!(error("v1:3.5:A1").contains("\"3.5\""));
        for run in
            ["", "A", "A0", "A01", "Y1", "a1", "1", "A-1", "A+1", "A1B1", "A18446744073709551616", "Ä1"]
        {
            let text = format!("v1:machine:B2,{run}");
            assert!(error(&text).contains("run 2 of the schedule"), "{text}: {}", error(&text));
        }
        assert!(error("v1:machine:A18446744073709551615,A1").contains("run 2"));
    }

    proptest! {
        #[test]
        fn every_order_reads_back(order in prop::collection::vec(0_u8..4, 1..60)) {
            let schedule = Schedule::of(StepKind::Machine, &order);
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule.clone()));
            prop_assert_eq!(schedule.steps(), order.len() as u64);
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}", tail in "[A-F0-9,: ]{0,30}") {
            let _ = text.parse::<Schedule>();
            let _ = format!("v1:machine:{tail}").parse::<Schedule>();
        }
    }
}
