//! The same two jobs by a real interpreter: a loop body in several threads, and a sum split between processes.
//!
//! What gilsim models is held against what CPython does. Nothing here is modelled: the interpreter is started,
//! does its work, and says how long its workers took by their own clocks.

use super::error::Error;
use super::gil;
use crate::choice::Choice;
use crate::count;
use crate::interpreter::{self, BodyRequest, Interpreter, Limits, PROBE, SplitRequest};
use crate::measure::stats::Verdict as Found;
use crate::measure::{Explanation, Group, Observation, Pattern, Promise, Result, Scenario, Seen, Workload};
use crate::python::body::{Body, BodyError, Claim, RESULT};
use crate::python::version::Version;
use crate::system::clock::Span;
use crate::system::control::Control;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One job by one interpreter.
#[derive(Debug)]
pub struct Python {
    /// Or why it cannot be asked.
    interpreter: Result<Interpreter, String>,
    name: String,
    job: Job,
    timeout: Duration,
    /// What the model promises of this body in this version.
    promise: Promise,
}

/// An interpreter that was asked for or found, or why it cannot be used.
#[derive(Debug, Clone)]
pub struct Subject {
    name: String,
    interpreter: Result<Interpreter, String>,
}

impl Subject {
    /// Those at these paths, or of these names on PATH.
    #[must_use]
    pub fn named(programs: &[PathBuf], timeout: Duration, control: &Control) -> Vec<Self> {
        programs.iter().map(|program| Self::at(program, timeout, control)).collect()
    }

    /// The one at this path, or of this name on PATH. To say what it is it may take as long as for a job, and [`PROBE`] at least.
    #[must_use]
    pub fn at(program: &Path, timeout: Duration, control: &Control) -> Self {
        let probed = Interpreter::probe(program, &Limits::new(timeout.max(PROBE), control.flag()));
        probed.map_or_else(|error| Self::broken(program, &error), Self::usable)
    }

    /// Those on PATH and among pyenv's versions, the broken ones last.
    #[must_use]
    pub fn found(control: &Control) -> Vec<Self> {
        let found = interpreter::Places::from_env().search(control.flag());
        let known = found.interpreters.into_iter().map(Self::usable);
        let broken = found.failures.iter().map(|(path, error)| Self::broken(path, error));
        known.chain(broken).collect()
    }

    /// Whether both are one installation, under whatever names.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.interpreter, &other.interpreter) {
            (Ok(one), Ok(other)) => one.is_same(other),
            _ => false,
        }
    }

    fn usable(interpreter: Interpreter) -> Self {
        Self { name: interpreter.label(), interpreter: Ok(interpreter) }
    }

    fn broken(program: &Path, error: &interpreter::Error) -> Self {
        Self { name: program.to_string_lossy().into_owned(), interpreter: Err(error.to_string()) }
    }

    /// Its version, or what it was asked for by when it cannot be used, on one line.
    #[must_use]
    pub fn name(&self) -> String {
        interpreter::shown(Path::new(&self.name))
    }

    /// What can be asked to work.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn interpreter(&self) -> Result<&Interpreter, &str> {
        self.interpreter.as_ref().map_err(String::as_str)
    }
}

/// What an interpreter is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// A loop body in several threads.
    Body {
        /// The body.
        body: String,
        /// The definitions that it uses.
        setup: String,
        /// What is looked at in the end.
        result: String,
    },
    /// The sum over a range, by processes that put their subtotals on a queue.
    Split,
}

impl Python {
    /// A job by an interpreter, for workers that add such pairs of values. An interpreter that cannot be asked says
    /// why when it should run.
    #[must_use]
    pub fn new(
        subject: &Subject,
        job: Job,
        timeout: Duration,
        pairs: &[[i64; 2]],
        control: &Control,
    ) -> Self {
        let promise = match (&job, &subject.interpreter) {
            (Job::Split, _) => Promise::Exact,
            (Job::Body { body, setup, result }, Ok(interpreter)) => modelled(interpreter)
                .and_then(|version| Body::compile(body, setup, result, version).ok())
                .map_or(Promise::MayLose, |model| promise(&model, pairs, control)),
            _ => Promise::MayLose,
        };
        Self { interpreter: subject.interpreter.clone(), name: subject.name.clone(), job, timeout, promise }
    }

    fn interpreter(&self) -> Result<&Interpreter, Error> {
        self.interpreter.as_ref().map_err(|error| Error::Interpreter(error.clone()))
    }

    fn limits<'a>(&self, control: &'a Control) -> Limits<'a> {
        Limits::new(self.timeout, control.flag())
    }
}

/// What the model promises of a body.
fn promise(body: &Body, pairs: &[[i64; 2]], control: &Control) -> Promise {
    let exact = |&pair: &[i64; 2]| body.claim(pair, control) == Ok(Claim::Exact);
    if pairs.iter().all(exact) { Promise::Exact } else { Promise::MayLose }
}

/// The version of the model that an interpreter is an instance of, if there is one.
#[must_use]
pub fn modelled(interpreter: &Interpreter) -> Option<Version> {
    let (major, minor, _) = interpreter.version();
    // A free-threaded build whose GIL is on, as an environment variable can have it, behaves like the other.
    let suffix = if interpreter.free_threaded() && !interpreter.gil_enabled() { "t" } else { "" };
    format!("{major}.{minor}{suffix}").parse().ok()
}

/// How many threads or processes are asked for; the interpreter says itself when there is no room for them.
fn workers(load: &Workload) -> u32 {
    u32::try_from(load.workers.get()).unwrap_or(u32::MAX)
}

/// The request for one run of a workload.
#[must_use]
pub fn body_request(body: &str, setup: &str, result: &str, load: &Workload) -> BodyRequest {
    BodyRequest {
        body: body.to_owned(),
        setup: setup.to_owned(),
        result: (result != RESULT).then(|| result.to_owned()),
        threads: workers(load),
        iterations: load.iterations,
        pattern: match load.pattern {
            Pattern::PlusMinus => interpreter::Pattern::PlusMinus,
            Pattern::Plus => interpreter::Pattern::Plus,
        },
        interval: Some(load.switch_interval),
        ..BodyRequest::default()
    }
}

impl Scenario for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn label(&self) -> String {
        let off = self.gil_enabled() == Some(false);
        let name = interpreter::shown(Path::new(&self.name));
        format!("python:{name}{}", if off { " (no GIL)" } else { "" })
    }

    fn options(&self, load: &Workload) -> Vec<String> {
        let path = self.interpreter.as_ref().map(|it| it.path().to_string_lossy().into_owned());
        let mut options = vec!["--python".to_owned(), path.unwrap_or_else(|_| self.name.clone())];
        let mut add = |option: &str, value: String| options.extend([option.to_owned(), value]);
        add("--threads", load.workers.to_string());
        match &self.job {
            Job::Body { body, setup, result } => {
                add("--body", body.clone());
                if !setup.is_empty() {
                    add("--setup", setup.clone());
                }
                if result != RESULT {
                    add("--result", result.clone());
                }
                add("--iters", count::short(load.iterations));
                if load.pattern == Pattern::Plus {
                    add("--pattern", load.pattern.name().to_owned());
                }
            }
            Job::Split => add("--sum", count::short(load.iterations)),
        }
        options
    }

    fn switch_interval(&self, load: &Workload) -> Option<Duration> {
        matches!(self.job, Job::Body { .. }).then_some(load.switch_interval)
    }

    fn group(&self) -> Group {
        match self.job {
            Job::Body { .. } => Group::Counter,
            Job::Split => Group::Sum,
        }
    }

    fn promise(&self) -> Promise {
        self.promise
    }

    fn body(&self) -> Option<&str> {
        match &self.job {
            Job::Body { body, .. } => Some(body),
            Job::Split => None,
        }
    }

    fn result(&self) -> Option<&str> {
        match &self.job {
            Job::Body { result, .. } if result != RESULT => Some(result),
            Job::Body { .. } | Job::Split => None,
        }
    }

    fn gil_enabled(&self) -> Option<bool> {
        self.interpreter.as_ref().ok().map(Interpreter::gil_enabled)
    }

    fn can_be_pinned(&self) -> bool {
        false
    }

    fn lesson(&self) -> &'static str {
        "a real interpreter at the same work"
    }

    fn expected_beforehand(&self, load: &Workload) -> Option<i128> {
        let counts = match &self.job {
            Job::Body { body, setup, result } => body == gil::BODY && setup.is_empty() && result == RESULT,
            Job::Split => true,
        };
        counts.then(|| self.group().expected(load))
    }

    fn expected(&self, load: &Workload, control: &Control) -> Result<i128> {
        match (&self.job, self.expected_beforehand(load)) {
            (Job::Body { body, setup, result }, None) => {
                // One thread after the other, in the interpreter itself: its arithmetic is its own.
                let request = BodyRequest { sequence: true, ..body_request(body, setup, result, load) };
                let result = self.interpreter()?.body(&request, &self.limits(control));
                let result = result.map_err(|error| Error::Interpreter(error.to_string()))?;
                match result.by_order() {
                    Some(values) => Err(Error::Body(BodyError::by_order(body, values).to_string()).into()),
                    None => Ok(result.expected),
                }
            }
            (_, expected) => Ok(expected.unwrap_or_else(|| self.group().expected(load))),
        }
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let interpreter = self.interpreter()?;
        let limits = self.limits(control);
        let failed = |error: interpreter::Error| Error::Interpreter(error.to_string());
        let (actual, seconds, startup) = match &self.job {
            Job::Body { body, setup, result } => {
                let request = body_request(body, setup, result, load);
                let result = interpreter.body(&request, &limits).map_err(failed)?;
                let run = result.runs.first().ok_or_else(|| Error::Interpreter("no run".to_owned()))?;
                // Its threads are started by the interpreter, which does not tell how long that takes.
                (run.value, run.seconds, None)
            }
            Job::Split => {
                let range = load.range();
                let signed = |number: u64| i64::try_from(number).map_err(|_| Error::Range);
                let processes = Some(workers(load));
                let request =
                    SplitRequest { begin: signed(range.start)?, end: signed(range.end)?, processes };
                let result = interpreter.split(&request, &limits).map_err(failed)?;
                (result.total, result.seconds, Some(result.startup_seconds))
            }
        };
        let duration = |seconds: f64| {
            Duration::try_from_secs_f64(seconds).map_err(|error| Error::Interpreter(error.to_string()))
        };
        let end = u64::try_from(duration(seconds)?.as_nanos()).unwrap_or(u64::MAX);
        Ok(Observation {
            actual,
            spans: vec![Span { start: 0, end }],
            startup: startup.map(duration).transpose()?,
            ..Observation::default()
        })
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        let free = self.gil_enabled() == Some(false);
        let why = match (&self.job, seen.summary.verdict) {
            (_, Found::Failed) => "it could not be run",
            (_, Found::NotRun) => "it was stopped before its turn came",
            (Job::Split, _) if free => "each process has an interpreter of its own",
            (Job::Split, _) => "each process has an interpreter and a GIL of its own",
            (_, Found::Exact) if load.workers.get() == 1 => "a single thread has nobody to lose an update to",
            (_, Found::Exact) if free => {
                "the interpreter has no GIL, but by the model nothing that another thread does meanwhile changes what this body leaves"
            }
            (_, Found::Exact) if self.result().is_some() => {
                "by the model no switch between threads leaves what no order of whole iterations does"
            }
            (_, Found::Exact) => {
                "by the model no switch to another thread within this body changes what it leaves in x"
            }
            (_, Found::Lucky) => "the result is right this time, which is no promise",
            (_, Found::Lost) if self.result().is_some() => {
                "another thread came between what this body had read and what it then wrote"
            }
            (_, Found::Lost) => "another thread came between the load and the store of x",
            (_, Found::Broken) => "the interpreter ended as the model says that it cannot",
        };
        Explanation { why: why.to_owned(), next: "verify".to_owned() }
    }
}
