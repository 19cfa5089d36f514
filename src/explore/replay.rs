//! Carries out a schedule: step by step for a trace, or by real threads that take turns.

use super::error::ExploreError;
use super::findings::FinalState;
use super::limits::MOST_REPLAYED;
use super::question::Question;
use super::schedule::{Schedule, ScheduleError, worker_letter};
use super::step::{StepResult, Stepper};
use crate::python::program::{Shared, SharedAtomics, SharedState, Touched, WorkerState};
use crate::system::Error;
use crate::system::control::Control;
use crate::system::threads::ThreadStarter;
use crossbeam_utils::{Backoff, CachePadded};
use std::collections::BTreeSet;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// An instruction that is a machine step, or that touched the shared memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// CPython's name of the instruction.
    pub opcode: &'static str,
    /// Its argument.
    pub argument: String,
    /// What it did to the shared memory.
    pub touched: Touched,
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// By which worker, from 0.
    pub worker: u8,
    /// Its instructions that are worth showing; none if it only moved values of its own.
    pub events: Vec<Event>,
    /// The value of x after it.
    pub x: i64,
    /// How many updates it lost: writes by others since the worker last read x, which it overwrote.
    pub overwritten: u64,
}

/// The steps of a schedule.
pub type Trace = Vec<TraceStep>;

/// What came of carrying out a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Its end.
    pub ending: FinalState,
    /// Its steps.
    pub trace: Trace,
    /// How many of its switches are preemptions: away from a worker that could have gone on.
    pub preemptions: u64,
}

impl Question<'_> {
    /// Makes sure that a schedule has this question's kind of steps, and no other workers.
    fn check(&self, schedule: &Schedule) -> Result<(), ScheduleError> {
        if schedule.step_kind != self.step_kind() {
            return Err(ScheduleError::OtherStepKind {
                schedule: schedule.step_kind,
                wanted: self.step_kind(),
            });
        }
        match schedule.runs().iter().find(|run| usize::from(run.worker) >= self.workers) {
            Some(run) => {
                Err(ScheduleError::NoSuchWorker { worker: worker_letter(run.worker), workers: self.workers })
            }
            None => Ok(()),
        }
    }

    /// Carries out a schedule, step by step.
    ///
    /// # Errors
    ///
    /// When it does not fit this question: other steps, other workers, too short or too long.
    pub fn replay(&self, schedule: &Schedule) -> Result<Replayed, ExploreError> {
        self.check(schedule)?;
        let stepper = self.stepper();
        let mut states = self.start()?;
        let mut work = 0;
        let mut shared = SharedState::default();
        let mut trace = Trace::new();
        // For each worker: writes by others since it last read x.
        let mut unseen = vec![0_u64; self.workers];
        let mut preemptions = 0;
        for (index, run) in schedule.runs().iter().enumerate() {
            let worker = usize::from(run.worker);
            for _ in 0..run.steps {
                let mut events = Vec::new();
                let mut overwritten = 0;
                let before = states[worker].work();
                let result = stepper.step(&mut states[worker], &mut shared, |instruction, touched| {
                    match touched {
                        Touched::LoadedX(_) => unseen[worker] = 0,
                        Touched::StoredX(_) => {
                            overwritten += unseen[worker];
                            for (other, unseen) in unseen.iter_mut().enumerate() {
                                *unseen = if other == worker { 0 } else { *unseen + 1 };
                            }
                        }
                        Touched::Nothing | Touched::Acquired(_) | Touched::Released(_) => {}
                    }
                    let argument = instruction.argument.clone();
                    events.push(Event { opcode: instruction.opcode, argument, touched });
                })?;
                self.check_step(result, run.worker, trace.len() as u64 + 1)?;
                work += states[worker].work() - before;
                if trace.len() as u64 >= MOST_REPLAYED || work > 100 * MOST_REPLAYED {
                    return Err(ExploreError::ReplayTooLong);
                }
                trace.push(TraceStep { worker: run.worker, events, x: shared.x, overwritten });
            }
            if index + 1 < schedule.runs().len() {
                let (mut state, mut memory) = (states[worker].clone(), shared);
                preemptions +=
                    u64::from(stepper.step(&mut state, &mut memory, |_, _| {})? == StepResult::Done);
            }
        }
        let x = shared.x;
        let ending = Self::ending(&stepper, &mut states, &mut shared, x)?;
        Ok(Replayed { ending, trace, preemptions })
    }

    /// Makes sure that a step of a schedule was done.
    fn check_step(&self, result: StepResult, worker: u8, step: u64) -> Result<(), ScheduleError> {
        let worker = worker_letter(worker);
        match result {
            StepResult::Done => Ok(()),
            StepResult::Finished => Err(ScheduleError::Finished { step, worker }),
            StepResult::Blocked(lock) => {
                let lock = self.program.lock_name(lock).to_owned();
                Err(ScheduleError::Waits { step, worker, lock })
            }
        }
    }

    /// How a schedule ends whose steps are done.
    fn ending(
        stepper: &Stepper<'_>,
        states: &mut [WorkerState],
        shared: &mut impl Shared,
        x: i64,
    ) -> Result<FinalState, ExploreError> {
        let mut locks = BTreeSet::new();
        for (worker, state) in (0_u8..).zip(states) {
            match stepper.step(state, shared, |_, _| {})? {
                StepResult::Finished => {}
                StepResult::Blocked(lock) => {
                    locks.insert(lock);
                }
                StepResult::Done => {
                    return Err(ScheduleError::Unfinished { worker: worker_letter(worker) }.into());
                }
            }
        }
        Ok(FinalState::of(x, locks))
    }

    /// Has real threads carry out a schedule on real shared memory. There is one thread for each worker, and each
    /// waits for its turn. This works on one CPU, too: a waiting thread yields the CPU after a short spin.
    ///
    /// # Errors
    ///
    /// As [`Question::replay`], and when there is no room for a thread.
    pub fn replay_on_threads(&self, schedule: &Schedule) -> Result<FinalState, ExploreError> {
        self.check(schedule)?;
        let states = self.start()?;
        let memory = SharedAtomics::new(0);
        let turn = CachePadded::new(AtomicUsize::new(0));
        let no_thread = |error: Error| ExploreError::Thread(error.to_string());
        let room = ThreadStarter::for_workers(self.workers).map_err(no_thread)?;
        let never_stopped = Control::default();
        let ends = thread::scope(|scope| {
            let mut threads = Vec::with_capacity(self.workers);
            for (worker, state) in (0_u8..).zip(states) {
                let (memory, turn) = (&memory, &turn);
                let work = move || {
                    let _give_up = GiveUpOnPanic(turn);
                    self.take_turns(schedule, worker, state, memory, turn)
                };
                match room.start_scoped(scope, usize::from(worker), &never_stopped, work) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => {
                        turn.store(GIVEN_UP, Ordering::Release);
                        return Err(no_thread(error));
                    }
                }
            }
            let joined = threads.into_iter().map(ScopedJoinHandle::join);
            Ok(joined.map(|end| end.unwrap_or_else(|cause| panic::resume_unwind(cause))).collect::<Vec<_>>())
        })?;
        let mut states = Vec::with_capacity(self.workers);
        let mut failed = None;
        for end in ends {
            match end {
                Ok(state) => states.push(state),
                // The error of the thread that failed counts, not that of one that stopped because of it.
                Err(error) if failed.is_none() || failed == Some(ExploreError::Interrupted) => {
                    failed = Some(error);
                }
                Err(_) => {}
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Self::ending(&self.stepper(), &mut states, &mut &memory, memory.x()),
        }
    }

    /// Does the steps of one worker, each run in its turn.
    fn take_turns(
        &self,
        schedule: &Schedule,
        worker: u8,
        mut state: WorkerState,
        memory: &SharedAtomics,
        turn: &AtomicUsize,
    ) -> Result<WorkerState, ExploreError> {
        let mut memory = memory;
        let mut step = 1_u64;
        for (index, run) in schedule.runs().iter().enumerate() {
            if run.worker == worker {
                wait_for(turn, index)?;
                for ahead in 0..run.steps {
                    let result = self.stepper().step(&mut state, &mut memory, |_, _| {});
                    let done = result.and_then(|result| {
                        Ok(self.check_step(result, worker, step.saturating_add(ahead))?)
                    });
                    if let Err(error) = done {
                        turn.store(GIVEN_UP, Ordering::Release);
                        return Err(error);
                    }
                }
                // Release: the thread whose turn is next sees every write to x before, which are relaxed.
                turn.store(index + 1, Ordering::Release);
            }
            step = step.saturating_add(run.steps);
        }
        Ok(state)
    }
}

/// The value of `turn` once a thread has failed.
const GIVEN_UP: usize = usize::MAX;

/// Ends the waiting of the other threads if this one panics.
struct GiveUpOnPanic<'a>(&'a AtomicUsize);

impl Drop for GiveUpOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(GIVEN_UP, Ordering::Release);
        }
    }
}

/// Waits until it is the turn of the run at this index.
fn wait_for(turn: &AtomicUsize, index: usize) -> Result<(), ExploreError> {
    let backoff = Backoff::new();
    loop {
        // Acquire pairs with the release of the turn before.
        match turn.load(Ordering::Acquire) {
            now if now == index => return Ok(()),
            GIVEN_UP => return Err(ExploreError::Interrupted),
            _ if backoff.is_completed() => thread::yield_now(),
            _ => backoff.snooze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_the_turn_of_a_thread_that_panicked() {
        let turn = AtomicUsize::new(0);
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _give_up = GiveUpOnPanic(&turn);
                panic!("as it is told to");
            });
            assert_eq!(wait_for(&turn, 1), Err(ExploreError::Interrupted));
            assert!(panicking.join().is_err());
        });
    }
}
