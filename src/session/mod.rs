//! One invocation: runs what was asked for, writes the reports, and says how it ended.

pub mod error;
pub mod explore;
pub mod progress;
pub mod verify;

use crate::error::{Classified, Interrupted, Kind};
use crate::measure::Workload;
use crate::measure::runner::{self, Case, Rounds};
use crate::report::Report;
use crate::report::convoy::ConvoyReport;
use crate::report::output::Destination;
use crate::scenario::convoy::Convoy;
use crate::scenario::for_good;
use crate::scenario::python::{Job, Python, Subject};
use crate::session::progress::Progress;
use crate::session::verify::{Tried, Verify};
use crate::system;
use crate::system::background::{self, Gathered};
use crate::system::control::Control;
pub use error::{Error, Result};
use parking_lot::Mutex;
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
    /// Where the report goes.
    pub destination: Destination,
}

/// What real interpreters are to do.
#[derive(Debug, Clone)]
pub struct Real {
    /// The interpreters; nothing for those that are found on the machine.
    pub programs: Option<Vec<PathBuf>>,
    /// Their jobs.
    pub jobs: Vec<(Job, Workload)>,
    /// How long each may take for one of them.
    pub timeout: Duration,
}

impl Real {
    /// Finds or asks the interpreters, and makes each a case for each job.
    fn cases(&self, control: &Control) -> Result<Vec<Case<'static>>> {
        let subjects = match &self.programs {
            Some(programs) => Subject::named(programs, control),
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
        let job = |(job, load): &(Job, Workload)| {
            let python = |subject| Case {
                scenario: for_good(Python::new(subject, job.clone(), self.timeout, &load.pairs(), control)),
                load: load.clone(),
                baseline: false,
            };
            subjects.iter().map(python).collect::<Vec<_>>()
        };
        Ok(self.jobs.iter().flat_map(job).collect())
    }
}

/// What a script may expect of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Every run is right.
    Exact,
    /// At least one run is wrong.
    Lost,
}

impl Expectation {
    /// Whether a result is as expected, if something was.
    pub(super) const fn met(expected: Option<Self>, lost: bool) -> bool {
        match expected {
            None => true,
            Some(Self::Exact) => !lost,
            Some(Self::Lost) => lost,
        }
    }
}

impl crate::choice::Choice for Expectation {
    const ALL: &'static [Self] = &[Self::Exact, Self::Lost];

    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lost => "lost",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "exit with 3 unless every run is right",
            Self::Lost => "exit with 3 unless at least one run loses updates",
        }
    }
}

/// How an invocation ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// It ran.
    Ran = 0,
    /// It could not run.
    CouldNotRun = 1,
    /// The command line was wrong.
    WrongUsage = 2,
    /// An exact scenario lost an update, or the result was not what `--expect` said.
    PromiseBroken = 3,
}

impl Ending {
    /// The ending that an error leads to.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        if matches!(error.kind(), Kind::Usage) { Self::WrongUsage } else { Self::CouldNotRun }
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
        let output = self.destination.open()?;
        let real = self.real.map_or_else(|| Ok(Vec::new()), |real| real.cases(control))?;
        let cases: Arc<[Case<'static>]> = self.cases.into_iter().chain(real).collect();

        let (progress, note) = Progress::follow(&cases, control);
        let (theirs, rounds) = (Arc::clone(&cases), self.rounds);
        let outcome = background::gather(
            control,
            |finished: &Vec<_>| runner::anything(finished),
            move |control, finished| runner::run(&theirs, rounds, control, finished, note),
        );
        drop(progress);
        let report = Report::new(&cases, &outcome?, self.comparison);
        output.deliver(&report)?;
        Ok(if report.broken() || !Expectation::met(self.expect, report.lost()) {
            Ending::PromiseBroken
        } else if report.failed() {
            Ending::CouldNotRun
        } else {
            Ending::Ran
        })
    }
}

/// Measures the convoy effect on so many CPUs and reports.
///
/// # Errors
///
/// As [`Session::run`].
pub fn convoy(
    convoy: Convoy,
    cpus: usize,
    destination: &Destination,
    control: &Arc<Control>,
) -> Result<Ending> {
    let output = destination.open()?;
    let convoy = Arc::new(convoy);
    let theirs = Arc::clone(&convoy);
    let rows = with_spinner(
        control,
        |rows: &Vec<_>| !rows.is_empty(),
        move |control, rows, say| theirs.run(control, rows, say),
    );
    let report = ConvoyReport::new(&convoy, cpus, rows?);
    output.deliver(&report)?;
    Ok(if report.failed() { Ending::CouldNotRun } else { Ending::Ran })
}

/// Holds the model against real interpreters on so many CPUs and reports.
///
/// # Errors
///
/// As [`Session::run`].
pub fn verify(
    verify: Verify,
    cpus: usize,
    destination: &Destination,
    control: &Arc<Control>,
) -> Result<Ending> {
    let output = destination.open()?;
    let verify = Arc::new(verify);
    let theirs = Arc::clone(&verify);
    let tried = with_spinner(
        control,
        |tried: &Tried| !tried.bodies.is_empty(),
        move |control, tried, say| theirs.run(control, tried, say),
    );
    let report = verify.report(cpus, tried?);
    output.deliver(&report)?;
    Ok(match report.disagreements {
        0 if report.failed() => Ending::CouldNotRun,
        0 => Ending::Ran,
        _ => Ending::PromiseBroken,
    })
}

/// Gathers what some work finishes, under a spinner that shows what the work says that it does.
fn with_spinner<T, E>(
    control: &Arc<Control>,
    anything: impl FnOnce(&T) -> bool,
    work: impl FnOnce(&Control, &Mutex<T>, &dyn Fn(&str)) -> Result<(), E> + Send + 'static,
) -> Result<Gathered<T>>
where
    T: Default + Send + 'static,
    E: Classified + From<system::Error> + From<Interrupted>,
    Error: From<E>,
{
    let (_spinner, say) = Progress::spin();
    Ok(background::gather(control, anything, move |control, finished| work(control, finished, &say))?)
}
