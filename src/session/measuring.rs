//! A session that measures scenarios: `race`, `compare`, `python` and their like.

use super::baseline::Baseline;
use super::ending::{Ending, Expectation};
use super::error::{Error, Result};
use super::named::{refuse_twice, refuse_unknown};
use super::progress::{Plan, Progress};
use crate::error::Interrupted;
use crate::measure::runner::{self, Case, CaseResult, Outcome, Rounds};
use crate::measure::{Parameters, Workload};
use crate::report::Report;
use crate::report::export::Charts;
use crate::report::output::{self, Destination};
use crate::scenario::leak;
use crate::scenario::python::{Job, Python, Subject};
use crate::system::background;
use crate::system::control::Control;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is to be measured and where the report goes.
pub struct Session {
    /// The cases, in the order of each round.
    pub cases: Vec<Case<'static>>,
    /// What real interpreters are to do after them.
    pub real: Option<Real>,
    /// How often they run.
    pub rounds: Rounds,
    /// Whether the report sets cases side by side.
    pub comparison: bool,
    /// What the result must be for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// What it is held against.
    pub baseline: Baseline,
    /// Where the report goes.
    pub destination: Destination,
}

/// What real interpreters are to do.
#[derive(Debug, Clone)]
pub struct Real {
    /// The interpreters; nothing for those that are found on the machine.
    pub programs: Option<Vec<PathBuf>>,
    /// Their jobs, and what of each is swept.
    pub jobs: Vec<(Job, Workload, Parameters)>,
    /// How long each may take for one of them.
    pub timeout: Duration,
}

impl Real {
    /// Finds or asks the interpreters, and makes each a case for each job.
    fn cases(&self, control: &Control) -> Result<Vec<Case<'static>>> {
        let subjects = match &self.programs {
            Some(programs) => {
                refuse_unknown(programs, control)?;
                refuse_twice(programs)?;
                Subject::named(programs, self.timeout, control)
            }
            None => Subject::found(control),
        };
        if control.stopped() {
            return Err(Interrupted.into());
        }
        if subjects.is_empty() && self.programs.is_none() {
            return Err(Error::NoInterpreter(
                "there is no CPython on PATH or among pyenv's versions; name one with --python".to_owned(),
            ));
        }
        let job = |(job, load, parameters): &(Job, Workload, Parameters)| {
            let python = |subject| Case {
                scenario: leak(Python::new(subject, job.clone(), self.timeout, &load.pairs(), control)),
                load: load.clone(),
                parameters: parameters.clone(),
                baseline: false,
            };
            subjects.iter().map(python).collect::<Vec<_>>()
        };
        Ok(self.jobs.iter().flat_map(job).collect())
    }
}

impl Session {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When an export cannot be written (known before any work is done), a scenario cannot run, or standard
    /// output cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let earlier = self.baseline.read()?;
        let charts = if self.comparison { Charts::Some } else { Charts::OfSeveral };
        let output = self.destination.open_for(charts)?;
        let real = self.real.map_or_else(|| Ok(Vec::new()), |real| real.cases(control))?;
        let cases: Arc<[Case<'static>]> = self.cases.into_iter().chain(real).collect();

        if let Some(earlier) = &earlier {
            let nothing = Outcome { finished: vec![CaseResult::default(); cases.len()], interrupted: false };
            earlier.check(&Report::new(&cases, &nothing, self.comparison).exported()?)?;
        }

        // Nobody who asks for the result alone asks for a plan.
        let swept = !self.destination.quiet && cases.iter().any(|case| !case.parameters.is_empty());
        let (progress, note) = Progress::follow(&cases, swept.then_some(Plan(self.rounds)), control);
        let (theirs, rounds, paced) =
            (Arc::clone(&cases), self.rounds, earlier.is_some() || self.destination.has_raw_values());
        let outcome = background::run_until_stopped(
            control,
            |finished: &Vec<_>| runner::anything(finished),
            move |control, finished| runner::run(&theirs, rounds, paced, control, finished, note),
        );
        drop(progress);
        let mut report = Report::new(&cases, &outcome?, self.comparison);
        if let Some(earlier) = &earlier {
            report.baseline = Some(earlier.changes(&report.exported()?));
        }
        output.deliver(&report)?;
        if self.baseline.is_shown_nowhere(&self.destination) {
            output::say(
                "what changed is not in this form: take --format table, json, markdown or html, --fail-if-slower, or gilsim diff",
            );
        }
        let unmet = Expectation::unmet(self.expect, report.lost(), &report.losses());
        report.breaches().iter().chain(&unmet).for_each(|reason| output::say(reason));
        let slower =
            earlier.zip(report.baseline.as_ref()).and_then(|(earlier, changes)| earlier.judge(changes));
        Ok(if report.broken() || unmet.is_some() || slower.is_some() {
            Ending::PromiseBroken
        } else if report.failed() {
            Ending::CouldNotRun
        } else {
            Ending::Ran
        })
    }
}
