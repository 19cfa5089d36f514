//! One worker's way through the program, cut into steps: what runs between two places at which another may run.

use super::{ExploreError, Switching};
use crate::python::program::{Instruction, Op, Program, Shared, SharedState, Step, Touched, WorkerState};

/// The most instructions of one step; a whole iteration is one where workers are switched between iterations only.
pub(super) const LONGEST_STEP: u64 = 1_000_000;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It was done.
    On,
    /// Nothing was done: the worker can go on only when that lock is free.
    Waits(u8),
    /// Nothing was done: the worker had finished.
    Finished,
}

/// What a worker will do first to x, whatever the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It reads it, or that is not known.
    Load,
    /// It writes it without having read it: what x is now is nothing to it.
    Store,
    /// It has no more to do with it.
    None,
}

/// A program, and where workers may be switched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'p> {
    pub(super) program: &'p Program,
    pub(super) switching: Switching,
}

impl<'p> Walk<'p> {
    /// The instruction that a worker does next.
    pub(super) fn next(&self, state: &WorkerState) -> Option<&'p Instruction> {
        let (code, number) = state.next()?;
        self.program.codes().get(code)?.instructions.get(number)
    }

    /// A worker before its first step.
    pub(super) fn start(&self, delta: i64, iterations: u64) -> Result<WorkerState, ExploreError> {
        let mut state = self.program.start(delta, iterations);
        if self.switching == Switching::Machine {
            self.settle(&mut state)?;
        }
        Ok(state)
    }

    /// Whether the program has a lock in it that a worker may take.
    pub(super) fn has_locks(&self) -> bool {
        let mut all = self.program.codes().iter().flat_map(|code| &code.instructions);
        all.any(|instruction| matches!(instruction.op, Op::EnterWith | Op::ExitWith))
    }

    /// Does a step. `note` is told of each instruction that touched the shared memory or, in machine steps, made
    /// the step.
    pub(super) fn step(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
        mut note: impl FnMut(&'p Instruction, Touched),
    ) -> Result<Went, ExploreError> {
        match self.switching {
            Switching::Machine => {
                let Some(instruction) = self.next(state) else { return Ok(Went::Finished) };
                match self.program.step(state, shared)? {
                    Step::Done { touched, .. } => note(instruction, touched),
                    Step::Blocked(lock) => return Ok(Went::Waits(lock)),
                    Step::Finished => return Ok(Went::Finished),
                }
                self.settle(state)?;
                Ok(Went::On)
            }
            Switching::Gil => self.stretch(state, shared, note),
        }
    }

    /// From one place at which the GIL may be dropped to the next.
    fn stretch(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
        mut note: impl FnMut(&'p Instruction, Touched),
    ) -> Result<Went, ExploreError> {
        let Some(mut instruction) = self.next(state) else { return Ok(Went::Finished) };
        let before = state.clone();
        let mut touched_any = false;
        while state.work() - before.work() < LONGEST_STEP {
            match self.program.step(state, shared)? {
                Step::Done { may_drop, touched } => {
                    if touched != Touched::Nothing {
                        touched_any = true;
                        note(instruction, touched);
                    }
                    if may_drop {
                        return Ok(Went::On);
                    }
                }
                // To wait for a lock gives up the GIL, too. What came before it in this step has been seen by
                // others if it touched anything; if not, the worker may as well wait where it was.
                Step::Blocked(_) if touched_any => return Ok(Went::On),
                Step::Blocked(lock) => {
                    *state = before;
                    return Ok(Went::Waits(lock));
                }
                Step::Finished => return Ok(Went::On),
            }
            let Some(next) = self.next(state) else { return Ok(Went::On) };
            instruction = next;
        }
        Err(ExploreError::LongStep)
    }

    /// Does what needs no step of its own, up to an instruction that does.
    fn settle(&self, state: &mut WorkerState) -> Result<(), ExploreError> {
        let mut nobody = SharedState::default();
        let began = state.work();
        while state.work() - began < LONGEST_STEP {
            match self.next(state) {
                Some(instruction) if !is_step(instruction) => self.program.step(state, &mut nobody)?,
                _ => return Ok(()),
            };
        }
        Err(ExploreError::LongStep)
    }

    /// What the worker will do first to x.
    pub(super) fn access(&self, state: &WorkerState) -> Access {
        let mut state = state.clone();
        let mut probe = Probe::default();
        let began = state.work();
        while state.work() - began < LONGEST_STEP {
            match self.program.step(&mut state, &mut probe) {
                Ok(Step::Done { touched: Touched::StoredX(_), .. }) => return Access::Store,
                // The probe's locks are always free, so nothing blocks.
                Ok(Step::Done { touched: Touched::LoadedX(_), .. } | Step::Blocked(_)) | Err(_) => {
                    return Access::Load;
                }
                Ok(Step::Done { .. }) => {}
                Ok(Step::Finished) => return Access::None,
            }
        }
        Access::Load
    }
}

/// Whether an instruction is a machine step: an access to x, a lock, or work on values. What the loop around the
/// body does, and what only moves values, goes with its neighbours.
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

/// A shared memory that finds out whether a step depends on it.
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
