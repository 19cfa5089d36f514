//! Small programs of our own by which two interpreters are compared: what one thread does, threads that wait, and threads
//! that share out a computation.
//!
//! Each program is a Python file of this folder that defines `work(n)`, runs on 2.7 to 3.15 alike and comes to the same
//! whole number everywhere. Each measurement is a process of its own, so that one program that crashes or hangs leaves
//! the others alone, and so that what differs from process to process (addresses, hash seeds) is in the spread.

use super::child::Limits;
use super::cpython::Interpreter;
use super::error::Error;
use super::jobs::{as_seconds, from_decimal};
use crate::choice::Choice;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often a process does the work; the least of the times counts, because what comes between makes it longer only.
const REPETITIONS: u32 = 3;

/// What part of the condition a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OverheadCase"))]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// A program with one thread, in CPU time.
    OneThread,
    /// Several threads that mostly wait, each with as much work as one thread alone would have, in time on the wall.
    Waiting,
    /// Several threads that share out the work of one, in time on the wall.
    Computing,
}

impl Choice for Case {
    const ALL: &'static [Self] = &[Self::OneThread, Self::Waiting, Self::Computing];

    fn name(self) -> &'static str {
        match self {
            Self::OneThread => "one-thread",
            Self::Waiting => "waiting",
            Self::Computing => "computing",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::OneThread => "one thread",
            Self::Waiting => "threads that wait",
            Self::Computing => "threads that compute",
        }
    }
}

/// A program in one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// What it is for.
    pub case: Case,
    /// What it is called; the same in two cases when it is the same work.
    pub name: &'static str,
    source: &'static str,
    /// How much work it is given: some ten milliseconds in CPython 3.13. Four times that where it is shared out, or it
    /// would be done before the second thread has a CPU on a machine that is not idle.
    units: u64,
}

macro_rules! program {
    ($case:ident, $name:literal, $units:literal) => {
        Program {
            case: Case::$case,
            name: $name,
            source: concat!(
                include_str!("../common.py"),
                include_str!("../gate.py"),
                "if sys.version_info[0] < 3:\n    range = xrange\n", // 2.7's range is a list
                include_str!(concat!($name, ".py")),
                include_str!("driver.py"),
            ),
            units: $units,
        }
    };
}

/// Every program, case by case.
pub const PROGRAMS: [Program; 19] = [
    program!(OneThread, "calls", 3_000),
    program!(OneThread, "attributes", 5_000),
    program!(OneThread, "lists", 1_800),
    program!(OneThread, "dicts", 2_200),
    program!(OneThread, "strings", 1_400),
    program!(OneThread, "integers", 5_000),
    program!(OneThread, "floats", 2_500),
    program!(OneThread, "exceptions", 2_500),
    program!(Waiting, "sockets", 150),
    program!(Waiting, "files", 40),
    program!(Waiting, "sleeps", 15),
    program!(Computing, "calls", 12_000),
    program!(Computing, "attributes", 20_000),
    program!(Computing, "lists", 7_200),
    program!(Computing, "dicts", 8_800),
    program!(Computing, "strings", 5_600),
    program!(Computing, "integers", 20_000),
    program!(Computing, "floats", 10_000),
    program!(Computing, "exceptions", 10_000),
];

/// How a program is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverheadRequest {
    /// The program.
    pub program: Program,
    /// How many threads wait or share out the work, from 1; one thread alone does a [`Case::OneThread`].
    pub threads: u32,
    /// How long a thread keeps the GIL while others wait for it, as [`super::BodyRequest::interval`].
    pub interval: Option<Duration>,
}

/// What a run of a program came to.
#[derive(Debug, Clone, PartialEq)]
pub struct OverheadResult {
    /// How long it took, in seconds: the least of several repetitions.
    pub seconds: f64,
    /// What the work comes to, the same in every interpreter.
    pub result: i128,
    /// Whether the GIL was on at the end.
    pub gil_enabled: bool,
}

/// The request as the script reads it.
#[derive(Serialize)]
struct Asked {
    /// How much work each thread does.
    shares: Vec<u64>,
    /// Whether they are threads besides the main one.
    threaded: bool,
    repetitions: u32,
    #[serde(serialize_with = "as_seconds")]
    interval: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    seconds: Vec<f64>,
    #[serde(deserialize_with = "from_decimal")]
    result: i128,
    gil_enabled: bool,
}

/// How much of a program's work each thread does.
fn shares(program: Program, threads: u32) -> Vec<u64> {
    let units = program.units;
    match program.case {
        Case::OneThread => vec![units],
        Case::Waiting => vec![units; threads as usize],
        Case::Computing => {
            let threads = u64::from(threads);
            (0..threads).map(|thread| units / threads + u64::from(thread < units % threads)).collect()
        }
    }
}

impl Interpreter {
    /// Runs one of the programs.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] for no threads or an interval out of range; [`Error::Failed`] when the program fails;
    /// otherwise as [`Interpreter::run`].
    pub fn overhead(&self, request: &OverheadRequest, limits: &Limits<'_>) -> Result<OverheadResult, Error> {
        self.at_least_one("threads", request.threads)?;
        self.in_range(request.interval)?;
        let asked = Asked {
            shares: shares(request.program, request.threads),
            threaded: request.program.case != Case::OneThread,
            repetitions: REPETITIONS,
            interval: request.interval,
        };
        let Answer { seconds, result, gil_enabled } = self.ask(request.program.source, &asked, limits)?;
        self.sensible("times", seconds.len() == REPETITIONS as usize)?;
        self.times(seconds.iter().copied(), limits)?;
        // To take no time at all is impossible, too, and nothing could be divided by it.
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        if least <= 0.0 {
            return Err(self.rubbish("an impossible time", format!("{least:?} s")));
        }
        Ok(OverheadResult { seconds: least, result, gil_enabled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_case_has_its_programs_and_the_same_work_is_shared_out() {
        let names = |case| -> Vec<&str> {
            PROGRAMS.iter().filter(|program| program.case == case).map(|program| program.name).collect()
        };
        assert!(names(Case::OneThread).len() >= 8);
        assert_eq!(names(Case::OneThread), names(Case::Computing));
        assert_eq!(names(Case::Waiting), ["sockets", "files", "sleeps"]);
        let each: BTreeSet<_> = PROGRAMS.iter().map(|program| (program.case, program.name)).collect();
        assert_eq!(each.len(), PROGRAMS.len());
    }

    #[test]
    fn work_is_shared_out_whole_and_waiting_is_done_by_each() {
        for program in PROGRAMS {
            for threads in [1, 2, 3, 7, 64] {
                let shares = shares(program, threads);
                let sum: u64 = shares.iter().sum();
                match program.case {
                    Case::OneThread => assert_eq!(shares, [program.units]),
                    Case::Waiting => assert_eq!(sum, program.units * u64::from(threads)),
                    Case::Computing => {
                        assert_eq!((sum, shares.len()), (program.units, threads as usize));
                        let (least, most) = (shares.iter().min(), shares.iter().max());
                        assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
                    }
                }
            }
        }
    }
}
