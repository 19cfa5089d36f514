//! One `gilsim explore`: explores, finds the schedule to show, and writes the report.

use super::{Ending, Expectation};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::explore::{
    ExploreError, Final, Findings, Limits, MOST_WORKERS, Progress, Question, Replayed, Schedule, Switching,
};
use crate::memory;
use crate::output::Destination;
use crate::program::Program;
use crate::report::explore::{ExploreReport, Real, Subject};
use crate::scenario::Pattern;
use crate::thread_room::{ARENA, ThreadRoom};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// A thread that explores runs through all of gilsim, so it has what the standard library gives its threads.
const EXPLORERS_STACK: usize = 2 << 20;
/// Less address space than this does not leave room for states beside what the allocator takes.
const LEAST: usize = 3 * ARENA;
/// How often a request to stop is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What is to be explored and where the report goes.
pub struct ExploreSession {
    /// What each worker does.
    pub program: Program,
    /// Where workers may be switched.
    pub switching: Switching,
    /// How many workers: 1 to [`MOST_WORKERS`].
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each adds.
    pub pattern: Pattern,
    /// The outcome to show a schedule of; nothing for the worst.
    pub outcome: Option<Wanted>,
    /// The schedule to carry out instead of exploring them all.
    pub schedule: Option<Schedule>,
    /// Whether real threads are to carry out the schedule.
    pub replay: bool,
    /// Bytes for states.
    pub memory: u64,
    /// How many threads to explore with.
    pub cpus: usize,
    /// What must come out for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// Where the report goes.
    pub destination: Destination,
}

/// An outcome that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All finish, with this value of x.
    Value(i64),
    /// Some deadlock.
    Deadlock,
}

/// A schedule that is shown, and what it came to.
type Shown = (Schedule, Replayed);

impl ExploreSession {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When an export cannot be written (known before any work is done), the program cannot be explored or the
    /// schedule not be carried out, or standard output cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let output = self.destination.open()?;
        let failed = |reason| Error::Pool { workers: self.cpus, reason };
        let room = ThreadRoom::for_threads(self.cpus).map_err(|(_, error)| failed(error.to_string()))?;
        if memory::address_space_left().is_some_and(|left| left < LEAST) {
            return Err(failed(format!(
                "exploring takes an address space of at least {} MiB more",
                LEAST >> 20
            )));
        }
        let room = Arc::new(room);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.cpus)
            .spawn_handler(|worker| room.start(worker, EXPLORERS_STACK))
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let bar = Bar::new(control);
        let session = Arc::new(self);
        let (send, received) = mpsc::channel();
        let (exploring, shown, stop) = (Arc::clone(&session), bar.clone(), Arc::clone(control));
        // Nobody is left to receive it only after a stop.
        pool.spawn(move || drop(send.send(exploring.report(&stop, &shown))));
        let report = loop {
            match received.recv_timeout(LOOK) {
                Ok(report) => break report,
                // There is no half a table, so nothing is waited for: what is under way ends with the process, which
                // is faster than to give back gigabytes of states one by one.
                Err(_) if control.stopped() => break Err(ExploreError::Interrupted),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("a panic of the pool ends the process"),
            }
        };
        bar.clear();
        let report = report.map_err(as_usage)?;
        output.deliver(&report)?;
        Ok(session.ending(&report))
    }

    fn report(&self, control: &Control, bar: &Bar) -> Result<ExploreReport, ExploreError> {
        debug_assert!(self.workers <= MOST_WORKERS, "the command line takes no more");
        let question = Question {
            program: &self.program,
            switching: self.switching,
            workers: self.workers,
            iterations: self.iterations,
            pattern: self.pattern,
        };
        let began = Instant::now();
        let (findings, witness) = match &self.schedule {
            Some(schedule) => (None, Some((schedule.clone(), question.replay(schedule)?))),
            None => self.explore(&question, control, bar)?,
        };
        let serial = match &findings {
            Some(findings) => findings.serial.clone(),
            None => question.serial_endings(control)?,
        };
        let real = match &witness {
            Some((schedule, replayed)) if self.replay => {
                let ending = question.replay_on_threads(schedule)?;
                Some(Real { agrees: ending == replayed.ending, ending: ending.words(self.program.locks()) })
            }
            _ => None,
        };
        let subject = Subject { question: &question, serial: &serial, cpus: self.cpus };
        Ok(ExploreReport::new(&subject, findings.as_ref(), witness.as_ref(), real, began.elapsed()))
    }

    fn explore(
        &self,
        question: &Question<'_>,
        control: &Control,
        bar: &Bar,
    ) -> Result<(Option<Findings>, Option<Shown>), ExploreError> {
        // Where only the result is printed, nobody sees a schedule.
        let shown = !self.destination.quiet
            || !self.destination.exports.is_empty()
            || self.replay
            || self.outcome.is_some();
        let limits = Limits { memory: self.memory, witnesses: shown };
        let explored = question.explore(&limits, control, &mut |progress| bar.show(progress))?;
        bar.clear();
        if !shown {
            return Ok((Some(explored.findings), None));
        }
        let ending = match self.outcome {
            None => explored.findings.worst().map(|outcome| outcome.ending.clone()),
            Some(Wanted::Value(value)) => Some(Final::Value(value)),
            Some(Wanted::Deadlock) => {
                let mut endings = explored.findings.outcomes.iter().map(|outcome| &outcome.ending);
                let found = endings.find(|ending| matches!(ending, Final::Deadlock(_)));
                Some(found.cloned().ok_or_else(|| ExploreError::NoSuchOutcome("a deadlock".to_owned()))?)
            }
        };
        let witness = match ending {
            Some(ending) => {
                let schedule = explored.schedule(&ending, control)?;
                let replayed = question.replay(&schedule)?;
                Some((schedule, replayed))
            }
            None => None,
        };
        Ok((Some(explored.findings), witness))
    }

    fn ending(&self, report: &ExploreReport) -> Ending {
        let met = match self.expect {
            None => true,
            Some(Expectation::Exact) => !report.lost(),
            Some(Expectation::Lost) => report.lost(),
        };
        let agrees = report.real.as_ref().is_none_or(|real| real.agrees);
        if met && agrees { Ending::Ran } else { Ending::PromiseBroken }
    }
}

/// What the command line asked for and cannot be had is a mistake in the command line.
fn as_usage(error: ExploreError) -> Error {
    match error {
        ExploreError::NoSuchOutcome(_) | ExploreError::Schedule(_) | ExploreError::Workers(_) => {
            Error::Usage(error.to_string())
        }
        error => Error::Explore(error),
    }
}

/// A bar that shows how many layers are done: on a terminal only, and only when it takes long.
#[derive(Clone)]
struct Bar {
    shown: ProgressBar,
    began: Instant,
    control: Arc<Control>,
}

impl Bar {
    fn new(control: &Arc<Control>) -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{spinner} {msg} [{wide_bar}] {percent:>3} % {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Self { shown: bar, began: Instant::now(), control: Arc::clone(control) }
    }

    fn show(&self, progress: Progress) {
        if self.began.elapsed() < PATIENCE || self.control.stopped() {
            return;
        }
        self.shown.set_length(progress.layers.max(progress.layer) as u64);
        self.shown.set_message(format!("layer {}, {} states", progress.layer, progress.states));
        self.shown.set_position(progress.layer as u64);
    }

    fn clear(&self) {
        self.shown.finish_and_clear();
    }
}
