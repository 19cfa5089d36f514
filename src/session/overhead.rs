//! What interpreters take for the same programs, measured in rounds: Guido van Rossum's condition put to the test.
//!
//! In each round every program is run by each interpreter, one after the other, and the next time the other way round. So a
//! machine that is slow for a while is slow for all, and none is always the first.

use super::ending::Ending;
use super::error::{Error, Result};
use super::named::refuse_unknown;
use super::progress::with_spinner;
use crate::choice::Choice;
use crate::error::Interrupted;
use crate::interpreter::{Interpreter, Limits, OverheadRequest, PROGRAMS};
use crate::report::Header;
use crate::report::export::Charts;
use crate::report::output::{self, Destination};
use crate::report::overhead::{
    CASE_CONFIDENCE, CONFIDENCE, MARGIN, Measured, OverheadReport, PairRow, Side, Verdict,
};
use crate::scenario::python::{Subject, modelled};
use crate::system::background::Partial;
use crate::system::control::Control;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// An interpreter that failed in so many programs and did none is not asked any more.
const MOST_FAILURES: usize = 3;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Overhead {
    /// Pairs of interpreters, the base first; those found on the machine if none is named.
    pub pairs: Vec<[PathBuf; 2]>,
    /// How many threads wait or share out the work.
    pub threads: u32,
    /// How many rounds.
    pub runs: u32,
    /// How long a thread keeps the GIL while others wait for it.
    pub switch_interval: Duration,
    /// How long an interpreter may take for one program.
    pub timeout: Duration,
}

/// What a script may expect of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Every case is met.
    Met,
    /// At least one case is not met.
    NotMet,
}

impl Choice for Expected {
    const ALL: &'static [Self] = &[Self::Met, Self::NotMet];

    fn name(self) -> &'static str {
        match self {
            Self::Met => Verdict::Met.name(),
            Self::NotMet => Verdict::NotMet.name(),
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Met => "exit with 3 unless every case of every pair is met",
            Self::NotMet => "exit with 3 unless at least one case is not met",
        }
    }
}

impl Expected {
    /// What to say of a report that is not as expected.
    fn unmet(self, report: &OverheadReport) -> Option<String> {
        let holds = match self {
            Self::Met => report.verdicts().all(|verdict| verdict == Verdict::Met),
            Self::NotMet => report.verdicts().any(|verdict| verdict == Verdict::NotMet),
        };
        (!holds).then(|| format!("--expect {} is not met: {}", self.name(), report.seen()))
    }
}

/// What was measured so far.
#[derive(Debug, Clone, Default)]
pub struct Rounds {
    sides: Vec<Side>,
    /// Which sides are compared, the base first.
    pairs: Vec<[usize; 2]>,
    finished: usize,
}

/// An interpreter, and what came of it.
struct Contender {
    interpreter: Option<Interpreter>,
    side: Side,
}

impl Contender {
    fn of(subject: &Subject) -> Self {
        let mut side = Side { name: subject.name(), ..Side::default() };
        let interpreter = match subject.interpreter() {
            Ok(it) => {
                side.gil = Some(it.gil_enabled());
                side.stated = modelled(it).map_or(&[], |version| version.stated_overhead());
                side.measured = vec![Measured::default(); PROGRAMS.len()];
                Some(it.clone())
            }
            Err(why) => {
                side.failure = Some(why.to_owned());
                None
            }
        };
        Self { interpreter, side }
    }

    /// Runs a program once, unless it failed before.
    fn run(&mut self, index: usize, overhead: &Overhead, control: &Control) {
        let Some(interpreter) = &self.interpreter else { return };
        let gave_up = self.gave_up();
        let measured = &mut self.side.measured[index];
        if measured.failure.is_some() {
            return;
        }
        if gave_up {
            measured.failure = Some(format!(
                "{} was not asked for it: it had failed in each of {MOST_FAILURES} programs before",
                self.side.name
            ));
            return;
        }
        let request = OverheadRequest {
            program: PROGRAMS[index],
            threads: overhead.threads,
            interval: Some(overhead.switch_interval),
        };
        match interpreter.overhead(&request, &Limits::new(overhead.timeout, control.flag())) {
            Ok(done) if measured.result.is_some_and(|result| result != done.result) => {
                measured.failure =
                    Some(format!("{} came to another result than in the round before", self.side.name));
            }
            Ok(done) => {
                measured.times.push(done.seconds);
                measured.result = Some(done.result);
            }
            Err(error) => measured.failure = Some(error.to_string()),
        }
    }

    /// Whether it has failed in several programs and done none.
    fn gave_up(&self) -> bool {
        let failed = self.side.measured.iter().filter(|it| it.failure.is_some()).count();
        failed >= MOST_FAILURES && self.side.measured.iter().all(|it| it.times.is_empty())
    }
}

impl Overhead {
    /// Measures round after round; `tell` hears of each run before it begins.
    ///
    /// # Errors
    ///
    /// When there are no two interpreters, or it was stopped. What goes wrong with one is in its rows.
    pub fn run(&self, control: &Control, rounds: &Mutex<Rounds>, tell: impl Fn(&str)) -> Result<()> {
        let (mut contenders, pairs) = self.contenders(control)?;
        for round in 0..self.runs {
            for (index, program) in PROGRAMS.iter().enumerate() {
                let mut order: Vec<&mut Contender> = contenders.iter_mut().collect();
                if (round as usize + index) % 2 == 1 {
                    order.reverse();
                }
                for contender in order {
                    tell(&format!(
                        "round {} of {}: {} ({}) by {}",
                        round + 1,
                        self.runs,
                        program.name,
                        program.case.meaning(),
                        contender.side.name
                    ));
                    contender.run(index, self, control);
                    if control.stopped() {
                        return Err(Interrupted.into());
                    }
                }
            }
            let sides = contenders.iter().map(|contender| contender.side.clone()).collect();
            *rounds.lock() = Rounds { sides, pairs: pairs.clone(), finished: round as usize + 1 };
            if contenders.iter().all(|contender| contender.interpreter.is_none()) {
                break;
            }
        }
        Ok(())
    }

    /// The report of the rounds that are finished.
    #[must_use]
    pub fn report(&self, cpus: usize, rounds: Partial<Rounds>) -> OverheadReport {
        let Rounds { sides, pairs, finished } = rounds.finished;
        OverheadReport {
            header: Header::new(cpus, rounds.interrupted),
            threads: self.threads as usize,
            runs: finished,
            switch_interval: self.switch_interval.as_secs_f64(),
            confidence: CONFIDENCE,
            case_confidence: CASE_CONFIDENCE,
            margin: MARGIN,
            results: pairs.iter().map(|&[base, other]| PairRow::of(&sides[base], &sides[other])).collect(),
        }
    }

    fn contenders(&self, control: &Control) -> Result<(Vec<Contender>, Vec<[usize; 2]>)> {
        let (subjects, pairs) = if self.pairs.is_empty() {
            let usable = |subject: &Subject| subject.interpreter().is_ok();
            let found: Vec<Subject> = Subject::found(control).into_iter().filter(usable).collect();
            let builds: Vec<Build> =
                found.iter().filter_map(|it| it.interpreter().ok()).map(Build::of).collect();
            pair_up(&found, &builds)
        } else {
            let named: Vec<PathBuf> = self.pairs.iter().flatten().cloned().collect();
            refuse_unknown(&named, control)?;
            let pairs = (0..self.pairs.len()).map(|pair| [2 * pair, 2 * pair + 1]).collect();
            (Subject::named(&named, self.timeout, control), pairs)
        };
        if control.stopped() {
            return Err(Interrupted.into());
        }
        if pairs.is_empty() {
            return Err(Error::NoInterpreter(
                "there are no two versions of CPython on PATH or among pyenv's versions; name a pair with \
                 --python BASE --python OTHER"
                    .to_owned(),
            ));
        }
        Ok((subjects.iter().map(Contender::of).collect(), pairs))
    }
}

/// A version, and whether it is without a GIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Build {
    minor: (u8, u8),
    free: bool,
}

impl Build {
    fn of(interpreter: &Interpreter) -> Self {
        let (major, minor, _) = interpreter.version();
        Self { minor: (major, minor), free: !interpreter.gil_enabled() }
    }
}

/// Pairs of a version with and without a GIL; where there are none, neighbouring versions. Of several releases of one
/// version the newest counts, which comes last.
fn pair_up<T: Clone>(found: &[T], builds: &[Build]) -> (Vec<T>, Vec<[usize; 2]>) {
    let newest: Vec<usize> =
        (0..builds.len()).filter(|&at| !builds[at + 1..].contains(&builds[at])).collect();
    let with_gil = |free: usize| {
        let base = Build { free: false, ..builds[free] };
        newest.iter().copied().find(|&at| builds[at] == base)
    };
    let without: Vec<[usize; 2]> = newest
        .iter()
        .filter(|&&at| builds[at].free)
        .filter_map(|&free| Some([with_gil(free)?, free]))
        .collect();
    let chosen: Vec<usize> = if without.is_empty() { newest } else { without.as_flattened().to_vec() };
    let pairs = if without.is_empty() {
        (1..chosen.len()).map(|other| [other - 1, other]).collect()
    } else {
        (0..without.len()).map(|pair| [2 * pair, 2 * pair + 1]).collect()
    };
    (chosen.iter().map(|&at| found[at].clone()).collect(), pairs)
}

/// Measures what the interpreters take on so many CPUs and reports.
///
/// # Errors
///
/// As [`super::Session::run`].
pub fn run(
    overhead: Overhead,
    expected: Option<Expected>,
    cpus: usize,
    destination: &Destination,
    control: &Arc<Control>,
) -> Result<Ending> {
    let output = destination.open_for(Charts::Some)?;
    let overhead = Arc::new(overhead);
    let theirs = Arc::clone(&overhead);
    let rounds = with_spinner(
        control,
        |rounds: &Rounds| rounds.finished > 0,
        move |control, rounds, say| theirs.run(control, rounds, say),
    );
    let report = overhead.report(cpus, rounds?);
    output.deliver(&report)?;
    let unmet = expected.and_then(|expected| expected.unmet(&report));
    if let Some(reason) = &unmet {
        output::say(reason);
    }
    Ok(if unmet.is_some() {
        Ending::PromiseBroken
    } else if report.failed() {
        Ending::CouldNotRun
    } else {
        Ending::Ran
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(builds: &[(u8, bool)]) -> Vec<[usize; 2]> {
        let builds: Vec<Build> =
            builds.iter().map(|&(minor, free)| Build { minor: (3, minor), free }).collect();
        let places: Vec<usize> = (0..builds.len()).collect();
        let (chosen, pairs) = pair_up(&places, &builds);
        pairs.iter().map(|pair| pair.map(|at| chosen[at])).collect()
    }

    #[test]
    fn versions_with_and_without_a_gil_are_pairs_and_otherwise_neighbours() {
        assert_eq!(paired(&[(9, false), (13, false), (13, true), (14, false)]), [[1, 2]]);
        assert_eq!(paired(&[(13, false), (13, true), (14, false), (14, true)]), [[0, 1], [2, 3]]);
        assert_eq!(paired(&[(9, false), (10, false), (13, false)]), [[0, 1], [1, 2]]);
        // Two releases of 3.9: the newer one.
        assert_eq!(paired(&[(9, false), (9, false), (10, false)]), [[1, 2]]);
        // One without a GIL that has no counterpart has neighbours like any other.
        assert_eq!(paired(&[(12, false), (14, true)]), [[0, 1]]);
        assert!(paired(&[(9, false)]).is_empty() && paired(&[]).is_empty());
    }
}
