//! A schedule carried out: as text, step by step, or by real threads that wait for their turns.

use super::schedule::{Schedule, ScheduleError, letter};
use super::walk::{Walk, Went};
use super::{ExploreError, Final, Question};
use crate::python::program::{Shared, SharedAtomics, SharedState, Touched, WorkerState};
use crate::system::Error;
use crate::system::control::Control;
use crate::system::thread_room::ThreadRoom;
use crossbeam_utils::{Backoff, CachePadded};
use std::collections::BTreeSet;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// The most steps that are played back: each is kept, for the report.
pub const MOST_REPLAYED: u64 = 2_000_000;

/// An instruction that made a step, or did something in it that others can see.
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
pub struct Stepped {
    /// By which worker, from 0.
    pub worker: u8,
    /// What can be seen of it; nothing if it only worked on the worker's own values.
    pub events: Vec<Event>,
    /// The value of x after it.
    pub x: i64,
    /// How many writes of others it overwrote that came after the worker had read x: the updates that are lost.
    pub overwritten: u64,
}

/// The steps of a schedule.
pub type Trace = Vec<Stepped>;

/// What a schedule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Its end.
    pub ending: Final,
    /// Its steps.
    pub trace: Trace,
    /// How many of its switches are preemptions: away from a worker that could have gone on.
    pub preemptions: u64,
}

impl Question<'_> {
    /// Whether a schedule can be one of this question's at all.
    fn check(&self, schedule: &Schedule) -> Result<(), ScheduleError> {
        if schedule.setting != self.setting() {
            return Err(ScheduleError::OtherSetting { schedule: schedule.setting, wanted: self.setting() });
        }
        match schedule.runs().iter().find(|run| usize::from(run.worker) >= self.workers) {
            Some(run) => {
                Err(ScheduleError::NoSuchWorker { worker: letter(run.worker), workers: self.workers })
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
        let walk = self.walk();
        let mut states = self.start()?;
        let mut work = 0;
        let mut shared = SharedState::default();
        let mut trace = Trace::new();
        // Writes of others since each worker last read x.
        let mut unseen = vec![0_u64; self.workers];
        let mut preemptions = 0;
        for (index, run) in schedule.runs().iter().enumerate() {
            let worker = usize::from(run.worker);
            for _ in 0..run.steps {
                let mut events = Vec::new();
                let mut overwritten = 0;
                let before = states[worker].work();
                let went = walk.step(&mut states[worker], &mut shared, |instruction, touched| {
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
                self.went(went, run.worker, trace.len() as u64 + 1)?;
                work += states[worker].work() - before;
                if trace.len() as u64 >= MOST_REPLAYED || work > 100 * MOST_REPLAYED {
                    return Err(ExploreError::LongReplay);
                }
                trace.push(Stepped { worker: run.worker, events, x: shared.x, overwritten });
            }
            if index + 1 < schedule.runs().len() {
                let (mut state, mut memory) = (states[worker].clone(), shared);
                preemptions += u64::from(walk.step(&mut state, &mut memory, |_, _| {})? == Went::On);
            }
        }
        let x = shared.x;
        let ending = Self::ending(&walk, &mut states, &mut shared, x)?;
        Ok(Replayed { ending, trace, preemptions })
    }

    fn went(&self, went: Went, worker: u8, step: u64) -> Result<(), ScheduleError> {
        let worker = letter(worker);
        match went {
            Went::On => Ok(()),
            Went::Finished => Err(ScheduleError::Finished { step, worker }),
            Went::Waits(lock) => {
                let lock = self.program.lock_name(lock).to_owned();
                Err(ScheduleError::Waits { step, worker, lock })
            }
        }
    }

    /// Where a schedule has come to when its steps are done.
    fn ending(
        walk: &Walk<'_>,
        states: &mut [WorkerState],
        shared: &mut impl Shared,
        x: i64,
    ) -> Result<Final, ExploreError> {
        let mut locks = BTreeSet::new();
        for (worker, state) in (0_u8..).zip(states) {
            match walk.step(state, shared, |_, _| {})? {
                Went::Finished => {}
                Went::Waits(lock) => {
                    locks.insert(lock);
                }
                Went::On => return Err(ScheduleError::Unfinished { worker: letter(worker) }.into()),
            }
        }
        Ok(Final::of(x, locks))
    }

    /// Has real threads carry out a schedule on a real shared memory: one thread for each worker, each waiting for
    /// its turn. It works on one CPU, too: a thread that waits soon lets others run.
    ///
    /// # Errors
    ///
    /// As [`Question::replay`], and when there is no room for a thread.
    pub fn replay_on_threads(&self, schedule: &Schedule) -> Result<Final, ExploreError> {
        self.check(schedule)?;
        let states = self.start()?;
        let memory = SharedAtomics::new(0);
        let turn = CachePadded::new(AtomicUsize::new(0));
        let no_thread = |error: Error| ExploreError::Thread(error.to_string());
        let room = ThreadRoom::for_workers(self.workers).map_err(no_thread)?;
        let nobody_stops = Control::default();
        let outcomes = thread::scope(|scope| {
            let mut threads = Vec::with_capacity(self.workers);
            for (worker, state) in (0_u8..).zip(states) {
                let (memory, turn) = (&memory, &turn);
                let work = move || {
                    let _give_up = GiveUp(turn);
                    self.take_turns(schedule, worker, state, memory, turn)
                };
                match room.start_scoped(scope, usize::from(worker), &nobody_stops, work) {
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
        for outcome in outcomes {
            match outcome {
                Ok(state) => states.push(state),
                // A thread that stopped because another did has nothing to say.
                Err(error) if failed.is_none() || failed == Some(ExploreError::Interrupted) => {
                    failed = Some(error);
                }
                Err(_) => {}
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Self::ending(&self.walk(), &mut states, &mut &memory, memory.x()),
        }
    }

    /// One thread's part of a schedule.
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
                    let went = self.walk().step(&mut state, &mut memory, |_, _| {});
                    let went =
                        went.and_then(|went| Ok(self.went(went, worker, step.saturating_add(ahead))?));
                    if let Err(error) = went {
                        turn.store(GIVEN_UP, Ordering::Release);
                        return Err(error);
                    }
                }
                // Release: whoever takes the turn sees what was written to the relaxed x before.
                turn.store(index + 1, Ordering::Release);
            }
            step = step.saturating_add(run.steps);
        }
        Ok(state)
    }
}

/// The turn of nobody: a thread has met an error.
const GIVEN_UP: usize = usize::MAX;

/// Sees to it that nobody waits for the turn of a thread that panics.
struct GiveUp<'a>(&'a AtomicUsize);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(GIVEN_UP, Ordering::Release);
        }
    }
}

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
                let _give_up = GiveUp(&turn);
                panic!("as it is told to");
            });
            assert_eq!(wait_for(&turn, 1), Err(ExploreError::Interrupted));
            assert!(panicking.join().is_err());
        });
    }
}
