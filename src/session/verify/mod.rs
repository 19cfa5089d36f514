//! The model against the real interpreters: for each of them and each of a set of loop bodies, what the model
//! says can become of it, and what repeated runs show.
//!
//! *Can lose* is decided by the model alone: a point at which the version may drop its GIL (or no GIL at all)
//! between a read of the shared x and the write that depends on it. The real runs are helped by a very short
//! switch interval; a body that can lose is run until it does, or so often that a loss is known to be rare. That a
//! loss was not seen contradicts nothing: only a loss where the model says that there is none is a disagreement.

mod sets;

pub use sets::{BODIES, BodySet, FAQ, Operation, VerifyBody};

use super::ending::Ending;
use super::error::{Error, Result};
use super::named::{refuse_twice, refuse_unknown};
use super::progress::with_spinner;
use crate::error::Interrupted;
use crate::interpreter::{BodyRequest, Interpreter, Limits, SHORTEST_INTERVAL};
use crate::python::body::{Body, BodyError, Claim, RESULT, in_one_line};
use crate::python::program::Verdict;
use crate::python::version::Version;
use crate::report::Header;
use crate::report::output::Destination;
use crate::report::verify::{BodyRow, Seen, VerifyCell, VerifyReport};
use crate::scenario;
use crate::scenario::gil::UnderGil;
use crate::scenario::python::{Subject, modelled};
use crate::system::background::Partial;
use crate::system::control::Control;
use crate::system::threads;
use parking_lot::Mutex;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The stack of a thread that asks the model and an interpreter.
const STACK: usize = 16 << 20;

/// What the two threads add.
const PAIR: &[[i64; 2]] = &[[1, -1]];

/// What is to be verified.
#[derive(Debug, Clone)]
pub struct Verify {
    /// The bodies.
    pub bodies: Vec<VerifyBody>,
    /// The definitions that the given bodies use.
    pub setup: String,
    /// The interpreters; those found on the machine if none is named.
    pub pythons: Vec<PathBuf>,
    /// How often each of two threads repeats the body in one run.
    pub iterations: u64,
    /// How many runs; the first loss ends them.
    pub runs: Runs,
    /// How long one body may take in one interpreter.
    pub timeout: Duration,
}

/// How many runs a body is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// One that is exact by the model.
    pub exact: u32,
    /// One that can lose by the model.
    pub lossy: u32,
}

impl Default for Runs {
    /// A loss may take many runs to show, and the first one ends them.
    fn default() -> Self {
        Self { exact: 10, lossy: 100 }
    }
}

impl Runs {
    /// So many for every body.
    #[must_use]
    pub const fn each(runs: u32) -> Self {
        Self { exact: runs, lossy: runs }
    }
}

/// What was tried so far.
#[derive(Debug, Default)]
pub struct Tried {
    /// The interpreters' labels.
    pub interpreters: Vec<String>,
    /// Interpreters that could not be asked, each with the reason.
    pub failures: Vec<String>,
    /// The bodies that were tried in all interpreters.
    pub bodies: Vec<BodyRow>,
}

impl Verify {
    /// Tries every body in every interpreter; `tell` hears of each before it begins.
    ///
    /// # Errors
    ///
    /// When there is no interpreter at all, or it was stopped.
    pub fn run(
        &self,
        cpus: usize,
        control: &Control,
        progress: &Mutex<Tried>,
        tell: impl Fn(&str),
    ) -> Result<()> {
        let (interpreters, failures) = self.interpreters(control)?;
        let pool = threads::pool(cpus, STACK, |_| ())?;
        let labels = interpreters.iter().map(Interpreter::label).collect();
        *progress.lock() = Tried { interpreters: labels, failures, bodies: Vec::new() };
        for body in &self.bodies {
            // A body that no version takes is refused before any work.
            let mut refusals =
                interpreters.iter().filter_map(modelled).map(|version| claim(body, version, control).err());
            if let Some(Some(refusal)) = refusals.next()
                && refusals.all(|refusal| refusal.is_some())
            {
                return Err(refusal.into());
            }
        }
        for body in &self.bodies {
            tell(&in_one_line(&body.body));
            // One that has a GIL takes one CPU, so as many as there are CPUs work side by side. Others take several.
            let cell = |interpreter: &Interpreter| self.cell(body, interpreter, control);
            let side_by_side =
                |interpreter: &Interpreter| interpreter.gil_enabled().then(|| cell(interpreter));
            let mut cells: Vec<Option<VerifyCell>> =
                pool.install(|| interpreters.par_iter().map(side_by_side).collect());
            for (place, interpreter) in cells.iter_mut().zip(&interpreters) {
                place.get_or_insert_with(|| cell(interpreter));
            }
            if control.stopped() {
                return Err(Interrupted.into());
            }
            let cells = cells.into_iter().flatten().collect();
            progress.lock().bodies.push(BodyRow {
                operation: body.operation,
                body: body.body.clone(),
                setup: body.setup.clone(),
                result: body.result.clone(),
                cells,
            });
        }
        Ok(())
    }

    /// The report of the bodies that are finished.
    #[must_use]
    pub fn report(&self, cpus: usize, tried: Partial<Tried>) -> VerifyReport {
        let Tried { interpreters, failures, bodies } = tried.finished;
        let cells = || bodies.iter().flat_map(|row| &row.cells);
        let count = |agrees| cells().filter(|cell| cell.agrees == Some(agrees)).count();
        VerifyReport {
            header: Header::new(cpus, tried.interrupted),
            iterations: self.iterations,
            runs: self.runs.exact,
            lossy_runs: self.runs.lossy,
            switch_interval_us: SHORTEST_INTERVAL.as_micros(),
            setup: self.setup.clone(),
            interpreters,
            agreements: count(true),
            disagreements: count(false),
            not_seen: cells().filter(|cell| cell.real == Some(Seen::NotSeen)).count(),
            results: bodies,
            failures,
        }
    }

    fn interpreters(&self, control: &Control) -> Result<(Vec<Interpreter>, Vec<String>)> {
        let (mut known, mut failures) = (Vec::new(), Vec::new());
        let named = !self.pythons.is_empty();
        refuse_unknown(&self.pythons, control)?;
        refuse_twice(&self.pythons)?;
        let subjects = if named {
            Subject::named(&self.pythons, self.timeout, control)
        } else {
            Subject::found(control)
        };
        for subject in subjects {
            match subject.interpreter() {
                Ok(it) if modelled(it).is_some() => known.push(it.clone()),
                Ok(it) => failures.push(format!("{it}: there is no model of this version")),
                // Nobody has asked for a broken one that happens to be there.
                Err(why) => failures.extend(named.then(|| why.to_owned())),
            }
        }
        if control.stopped() {
            return Err(Interrupted.into());
        }
        if known.is_empty() {
            let why = failures.first().cloned().unwrap_or_else(|| {
                "none is on PATH or among pyenv's versions; name one with --python".to_owned()
            });
            return Err(Error::NoInterpreter(format!("there is no interpreter to verify against: {why}")));
        }
        Ok((known, failures))
    }

    fn cell(&self, body: &VerifyBody, interpreter: &Interpreter, control: &Control) -> VerifyCell {
        let mut cell = VerifyCell { interpreter: interpreter.label(), ..VerifyCell::default() };
        let Some(version) = modelled(interpreter) else { return cell };
        let claimed = match claim(body, version, control) {
            Ok(claimed) => claimed,
            Err(error) => {
                cell.failure = Some(error.to_string());
                return cell;
            }
        };
        cell.model = Some(claimed);
        if claimed == Claim::Deadlocks {
            // A real run that does not end would show nothing but that.
            return cell;
        }
        let request = BodyRequest {
            body: body.body.clone(),
            setup: body.setup.clone(),
            result: (body.result != RESULT).then(|| body.result.clone()),
            raising: claimed == Claim::Raises,
            iterations: self.iterations,
            runs: if claimed == Claim::Exact { self.runs.exact } else { self.runs.lossy },
            interval: Some(SHORTEST_INTERVAL),
            sequence: true,
            stop_at_first_loss: true,
            ..BodyRequest::default()
        };
        match interpreter.body(&request, &Limits::new(self.timeout, control.flag())) {
            Ok(result) => match result.by_order() {
                Some(values) => cell.failure = Some(BodyError::by_order(&body.body, values).to_string()),
                None => cell.saw(result.runs.len(), result.losing_runs(), result.raising_runs()),
            },
            Err(error) => cell.failure = Some(error.to_string()),
        }
        cell
    }
}

/// What the model says can become of a body.
fn claim(body: &VerifyBody, version: Version, control: &Control) -> Result<Claim, crate::measure::Error> {
    let refused = |error: &dyn std::fmt::Display| scenario::Error::Body(error.to_string());
    match Body::compile(&body.body, &body.setup, &body.result, version).map_err(|error| refused(&error))? {
        Body::Counter(_) => {
            let model = UnderGil::unless_stopped(&body.body, &body.setup, version, PAIR, control)?;
            Ok(if *model.verdict() == Verdict::Exact { Claim::Exact } else { Claim::Loses })
        }
        heap @ Body::Heap(_) => match heap.claim(PAIR[0], control) {
            Ok(claim) => Ok(claim),
            Err(BodyError::Stopped) => Err(Interrupted.into()),
            Err(error) => Err(refused(&error).into()),
        },
    }
}

/// Holds the model against real interpreters on so many CPUs and reports.
///
/// # Errors
///
/// As [`super::Session::run`].
pub fn run(verify: Verify, cpus: usize, destination: &Destination, control: &Arc<Control>) -> Result<Ending> {
    let output = destination.open()?;
    let verify = Arc::new(verify);
    let theirs = Arc::clone(&verify);
    let tried = with_spinner(
        control,
        |tried: &Tried| !tried.bodies.is_empty(),
        move |control, tried, say| theirs.run(cpus, control, tried, say),
    );
    let report = verify.report(cpus, tried?);
    output.deliver(&report)?;
    Ok(match report.disagreements {
        0 if report.failed() => Ending::CouldNotRun,
        0 => Ending::Ran,
        _ => Ending::PromiseBroken,
    })
}
