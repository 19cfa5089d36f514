//! A step of one worker: what it does between two places at which another worker may run.

use super::error::ExploreError;
use super::limits::LONGEST_STEP;
use crate::python::program::{Instruction, Op, Program, Shared, SharedState, Step, Touched, WorkerState};

/// Where workers may be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switching {
    /// Around every access to x or a lock and every operation on values: `x += d` is three steps, load, add and
    /// store. Instructions that only move values, and the loop around the body, belong to the step before them.
    Machine,
    /// Where the program's version may drop its GIL, and where a worker waits for a lock; after every
    /// instruction in builds without a GIL.
    Gil,
}

/// How an attempt to do a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepResult {
    /// The step was done.
    Done,
    /// Nothing was done: the worker can go on only when that lock is free.
    Blocked(u8),
    /// Nothing was done: the worker had finished.
    Finished,
}

/// How a worker will access x next, whatever the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstAccess {
    /// It reads x, or that is not known.
    Load,
    /// It writes x without having read it, so the present value of x cannot matter to it.
    Store,
    /// It does not access x again.
    None,
}

/// Does the steps of a program, where workers may be switched as it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stepper<'p> {
    pub(super) program: &'p Program,
    pub(super) switching: Switching,
}

impl<'p> Stepper<'p> {
    /// The instruction that a worker does next.
    pub(super) fn next(&self, state: &WorkerState) -> Option<&'p Instruction> {
        let (code, number) = state.next()?;
        self.program.codes().get(code)?.instructions.get(number)
    }

    /// A worker before its first step.
    pub(super) fn start(&self, delta: i64, iterations: u64) -> Result<WorkerState, ExploreError> {
        let mut state = self.program.start(delta, iterations);
        if self.switching == Switching::Machine {
            self.run_to_step(&mut state)?;
        }
        Ok(state)
    }

    /// Does a step. `note` is called for each instruction that touched the shared memory and, in machine steps, for
    /// the instruction that is the step.
    pub(super) fn step(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
        mut note: impl FnMut(&'p Instruction, Touched),
    ) -> Result<StepResult, ExploreError> {
        match self.switching {
            Switching::Machine => {
                let Some(instruction) = self.next(state) else { return Ok(StepResult::Finished) };
                match self.program.step(state, shared)? {
                    Step::Done { touched, .. } => note(instruction, touched),
                    Step::Blocked(lock) => return Ok(StepResult::Blocked(lock)),
                    Step::Finished => return Ok(StepResult::Finished),
                }
                self.run_to_step(state)?;
                Ok(StepResult::Done)
            }
            Switching::Gil => self.gil_step(state, shared, note),
        }
    }

    /// Does a step from one place at which the GIL may be dropped to the next.
    fn gil_step(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
        mut note: impl FnMut(&'p Instruction, Touched),
    ) -> Result<StepResult, ExploreError> {
        let Some(mut instruction) = self.next(state) else { return Ok(StepResult::Finished) };
        let before = state.clone();
        let mut touched_any = false;
        while state.work() - before.work() < LONGEST_STEP {
            match self.program.step_or_sleep(state, shared)? {
                Step::Done { may_drop, touched } => {
                    if touched != Touched::Nothing {
                        touched_any = true;
                        note(instruction, touched);
                    }
                    if may_drop {
                        return Ok(StepResult::Done);
                    }
                }
                // A worker that waits for a lock drops the GIL, too. If it has touched the shared memory before,
                // others see that, so the step ends here; so it does where the worker falls asleep. If not, nothing was done that
                // others could see.
                Step::Blocked(_) if touched_any || state.is_asleep() && !before.is_asleep() => {
                    return Ok(StepResult::Done);
                }
                Step::Blocked(lock) => {
                    *state = before;
                    return Ok(StepResult::Blocked(lock));
                }
                Step::Finished => return Ok(StepResult::Done),
            }
            let Some(next) = self.next(state) else { return Ok(StepResult::Done) };
            instruction = next;
        }
        Err(ExploreError::LongStep)
    }

    /// Runs up to the next instruction that is a step of its own.
    fn run_to_step(&self, state: &mut WorkerState) -> Result<(), ExploreError> {
        let mut unused = SharedState::default();
        let began = state.work();
        while state.work() - began < LONGEST_STEP {
            match self.next(state) {
                Some(instruction) if !is_step(instruction) => self.program.step(state, &mut unused)?,
                _ => return Ok(()),
            };
        }
        Err(ExploreError::LongStep)
    }

    /// How the worker will access x next.
    pub(super) fn first_access(&self, state: &WorkerState) -> FirstAccess {
        let mut state = state.clone();
        let mut probe = Probe::default();
        let began = state.work();
        while state.work() - began < LONGEST_STEP {
            match self.program.step(&mut state, &mut probe) {
                Ok(Step::Done { touched: Touched::StoredX(_), .. }) => return FirstAccess::Store,
                // The probe's locks are always free, so nothing blocks.
                Ok(Step::Done { touched: Touched::LoadedX(_), .. } | Step::Blocked(_)) | Err(_) => {
                    return FirstAccess::Load;
                }
                Ok(Step::Done { .. }) => {}
                Ok(Step::Finished) => return FirstAccess::None,
            }
        }
        FirstAccess::Load
    }
}

/// Whether an instruction is a machine step of its own, as [`Switching::Machine`] defines it.
const fn is_step(instruction: &Instruction) -> bool {
    instruction.position.is_some()
        && matches!(
            instruction.op,
            Op::LoadX
                | Op::StoreX
                | Op::Unary(_)
                | Op::Binary(..)
                | Op::Compare(_)
                | Op::Subscript
                | Op::StoreSubscript
                | Op::Call(_)
                | Op::EnterWith
                | Op::ExitWith
        )
}

/// A shared memory that records whether a step depends on it. Its locks are always free.
#[derive(Debug, Default)]
pub(super) struct Probe {
    stored: Option<i64>,
    depends: bool,
}

impl Probe {
    /// Whether what the step did depends on what was there before.
    pub(super) const fn depends(&self) -> bool {
        self.depends
    }

    /// What the step wrote last, if it wrote.
    pub(super) const fn stored(&self) -> Option<i64> {
        self.stored
    }
}

impl Shared for Probe {
    fn load_x(&mut self) -> i64 {
        self.depends |= self.stored.is_none();
        self.stored.unwrap_or(0)
    }

    fn store_x(&mut self, value: i64) {
        self.stored = Some(value);
    }

    fn try_acquire(&mut self, _lock: u8) -> bool {
        self.depends = true;
        true
    }

    fn release(&mut self, _lock: u8) {
        self.depends = true;
    }
}
