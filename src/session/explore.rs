//! One `gilsim explore`: explores, finds the schedule to show, and writes the report.

use super::ending::{Ending, Expectation};
use super::error::Result;
use super::progress::Progress;
use crate::explore::{
    self, Awaited, ExploreError, FinalState, Findings, Limits, LoopQuestion, Question, Replayed, Schedule,
    Switching,
};
use crate::measure::Pattern;
use crate::python::body::{Body, RESULT};
use crate::python::check::LoopBody;
use crate::python::program::Program;
use crate::report::explore::{ExploreReport, RealThreads, Subject, Witness};
use crate::report::output::{self, Destination};
use crate::system;
use crate::system::background;
use crate::system::control::Control;
use crate::system::memory;
use crate::system::threads::{self, ARENA};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The stack of a thread that explores: as large as the standard library makes it by default, because it may run any
/// part of gilsim.
const EXPLORERS_STACK: usize = 2 << 20;
/// The least address space that holds states beside what the allocator takes for itself.
const LEAST_ADDRESS_SPACE: usize = 3 * ARENA;

/// What is to be explored and where the report goes.
pub struct ExploreSession {
    /// What each worker does.
    pub body: Body,
    /// Where workers may be switched.
    pub switching: Switching,
    /// How many workers: 1 to [`explore::MOST_WORKERS`].
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each adds.
    pub pattern: Pattern,
    /// The outcome of which a schedule is shown; `None` for the worst.
    pub outcome: Option<Wanted>,
    /// The schedule to carry out instead of exploring them all.
    pub schedule: Option<Schedule>,
    /// Whether real threads are to carry out the schedule.
    pub replay: bool,
    /// Bytes for states, at most; less where the address space is limited. `None` for half of what is free.
    pub max_memory: Option<u64>,
    /// How many workers can run at once: as many threads explore, fewer where the address space is limited.
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

/// The threads and the memory that an exploration may take.
#[derive(Debug, Clone, Copy)]
struct Resources {
    /// How many threads.
    explorers: usize,
    /// How many bytes for states.
    memory: u64,
}

impl Resources {
    /// As much as was asked for and the address space has room for. To exceed that would abort the process.
    fn of(cpus: usize, max_memory: Option<u64>) -> Result<Self> {
        let free = memory::available();
        let half = |bytes: Option<u64>| bytes.map_or(Limits::default().memory, |bytes| bytes / 2);
        let Some(left) = memory::address_space_left() else {
            return Ok(Self { explorers: cpus, memory: max_memory.unwrap_or_else(|| half(free)) });
        };
        if left < LEAST_ADDRESS_SPACE {
            let reason = format!(
                "exploring takes an address space of at least {} MiB more",
                LEAST_ADDRESS_SPACE >> 20
            );
            return Err(system::Error::Pool { workers: cpus, reason }.into());
        }
        // Each thread's allocator takes an arena, and states are moved to larger places as they become more.
        let explorers = cpus.min(left / (4 * ARENA)).max(1);
        let rest = left.saturating_sub(2 * explorers * ARENA) as u64 / 2;
        let memory = max_memory.unwrap_or_else(|| half(free.into_iter().chain([rest]).min()));
        Ok(Self { explorers, memory: memory.min(rest) })
    }
}

impl ExploreSession {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When an export cannot be written (known before any work is done), the program cannot be explored or the
    /// schedule not be carried out, or standard output cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let output = self.destination.open()?;
        let resources = Resources::of(self.cpus, self.max_memory)?;
        let pool = threads::pool(resources.explorers, EXPLORERS_STACK, |_| ())?;
        let (progress, note) = Progress::layers();
        let session = Arc::new(self);
        let exploring = Arc::clone(&session);
        // A part of the table would be of no use, so after a stop nothing is waited for.
        let report = background::run(control, Duration::ZERO, move |control| {
            pool.install(|| exploring.report(resources, control, &note))
        });
        drop(progress);
        let report = report?.unwrap_or(Err(ExploreError::Interrupted))?;
        output.deliver(&report)?;
        let agrees = report.real.as_ref().is_none_or(|real| real.agrees);
        let unmet = Expectation::unmet(session.expect, report.lost(), &report.losses());
        let differs = report.real.as_ref().filter(|real| !real.agrees).map(|real| {
            format!("real threads that carried out the schedule ended otherwise: {}", real.ending)
        });
        differs.iter().chain(&unmet).for_each(|reason| output::say(reason));
        Ok(if unmet.is_none() && agrees { Ending::Ran } else { Ending::PromiseBroken })
    }

    fn report(
        &self,
        resources: Resources,
        control: &Control,
        note: &(impl Fn(explore::Progress) + Sync),
    ) -> Result<ExploreReport, ExploreError> {
        match &self.body {
            Body::Counter(program) => self.report_counter(program, resources, control, note),
            Body::Heap(body) => self.report_loop(body, resources, control, note),
        }
    }

    /// Whether anybody sees a schedule: where only the result is printed, nobody does.
    fn shown(&self) -> bool {
        !self.destination.quiet
            || !self.destination.exports.is_empty()
            || self.replay
            || self.outcome.is_some()
    }

    /// The end of which a schedule is shown.
    fn wanted(&self, findings: &Findings) -> Result<Option<FinalState>, ExploreError> {
        Ok(match self.outcome {
            None => findings.worst().map(|outcome| outcome.ending.clone()),
            Some(Wanted::Value(value)) => Some(FinalState::Value(value)),
            Some(Wanted::Deadlock) => {
                let mut endings = findings.outcomes.iter().map(|outcome| &outcome.ending);
                let found = endings.find(|ending| matches!(ending, FinalState::Deadlock(_)));
                Some(found.cloned().ok_or_else(|| ExploreError::NoSuchOutcome("a deadlock".to_owned()))?)
            }
        })
    }

    /// The report of a body over shared lists, dicts or objects.
    fn report_loop(
        &self,
        body: &LoopBody,
        resources: Resources,
        control: &Control,
        note: &(impl Fn(explore::Progress) + Sync),
    ) -> Result<ExploreReport, ExploreError> {
        if self.replay {
            return Err(ExploreError::NoReplay);
        }
        let question = LoopQuestion {
            body,
            switching: self.switching,
            workers: self.workers,
            iterations: self.iterations,
            pattern: self.pattern,
        };
        let began = Instant::now();
        let mut names = Awaited::default();
        let (findings, schedule) = if let Some(schedule) = &self.schedule {
            (None, Some(schedule.clone()))
        } else {
            let limits = Limits { memory: resources.memory, witnesses: self.shown() };
            let explored = question.explore(&limits, &mut names, control, &mut |progress| note(progress))?;
            let wanted = if self.shown() { self.wanted(&explored.findings)? } else { None };
            let schedule = match wanted {
                Some(ending) => {
                    let order = explored.orders.get(&ending);
                    let order = order.ok_or_else(|| ExploreError::NoSuchOutcome(ending.words(&names)))?;
                    Some(Schedule::of(question.step_kind(), order))
                }
                None => None,
            };
            (Some(explored.findings), schedule)
        };
        let witness = match &schedule {
            Some(schedule) => {
                let replayed = question.replay(schedule, &mut names, control)?;
                Some(Witness::of_loop(schedule, &names, &replayed))
            }
            None => None,
        };
        let serial = match &findings {
            Some(findings) => findings.serial.clone(),
            None => question.serial(control)?.values,
        };
        let subject = Subject {
            body: body.body(),
            setup: body.setup(),
            result: body.result(),
            shares: true,
            counts_only: false,
            step_kind: question.step_kind(),
            workers: self.workers,
            iterations: self.iterations,
            pattern: self.pattern,
            serial: &serial,
            cpus: resources.explorers,
        };
        Ok(ExploreReport::new(&subject, findings.as_ref(), &names, witness, None, began.elapsed()))
    }

    fn report_counter(
        &self,
        program: &Program,
        resources: Resources,
        control: &Control,
        note: &(impl Fn(explore::Progress) + Sync),
    ) -> Result<ExploreReport, ExploreError> {
        let question = Question {
            program,
            switching: self.switching,
            workers: self.workers,
            iterations: self.iterations,
            pattern: self.pattern,
        };
        let began = Instant::now();
        let (findings, witness) = if let Some(schedule) = &self.schedule {
            (None, Some((schedule.clone(), question.replay(schedule)?)))
        } else {
            let (findings, witness) = self.explore(&question, resources, control, note)?;
            (Some(findings), witness)
        };
        let serial = match &findings {
            Some(findings) => findings.serial.clone(),
            None => question.serial_results(control)?,
        };
        let real = match &witness {
            Some((schedule, replayed)) if self.replay => {
                let ending = question.replay_on_threads(schedule)?;
                Some(RealThreads { agrees: ending == replayed.ending, ending: ending.words(program) })
            }
            _ => None,
        };
        let subject = Subject {
            body: program.body(),
            setup: program.setup(),
            result: RESULT,
            shares: false,
            counts_only: program.only_counts(),
            step_kind: question.step_kind(),
            workers: self.workers,
            iterations: self.iterations,
            pattern: self.pattern,
            serial: &serial,
            cpus: resources.explorers,
        };
        let witness = witness.map(|(schedule, replayed)| Witness::of(program, &serial, &schedule, &replayed));
        Ok(ExploreReport::new(&subject, findings.as_ref(), program, witness, real, began.elapsed()))
    }

    fn explore(
        &self,
        question: &Question<'_>,
        resources: Resources,
        control: &Control,
        note: &(impl Fn(explore::Progress) + Sync),
    ) -> Result<(Findings, Option<Shown>), ExploreError> {
        let shown = self.shown();
        let limits = Limits { memory: resources.memory, witnesses: shown };
        let explored = question.explore(&limits, control, &mut |progress| note(progress))?;
        if !shown {
            return Ok((explored.findings, None));
        }
        let witness = match self.wanted(&explored.findings)? {
            Some(ending) => {
                let schedule = explored.schedule(&ending, control)?;
                let replayed = question.replay(&schedule)?;
                Some((schedule, replayed))
            }
            None => None,
        };
        Ok((explored.findings, witness))
    }
}
