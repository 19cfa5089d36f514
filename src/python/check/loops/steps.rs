//! One step of a worker: what it does between two places at which another worker may run.

use super::super::library;
use super::super::machine::{Access, Location, Machine, Step};
use super::super::state::{Object, State, Value};
use super::body::{LoopBody, LoopState};
use super::error::LoopError;
use crate::python::program::{Instruction, Op, ProgramOp, Source};
use std::sync::Arc;

/// The most instructions of one step.
const LONGEST_STEP: usize = 100_000;

/// Between what workers may be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Around every access to what is shared and every operation on values, calls included.
    Machine,
    /// Where the version may drop its GIL, and where a worker waits; after every instruction in builds without a GIL.
    Gil,
}

/// How an attempt to do a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopStep {
    /// It was done.
    Done(LoopState),
    /// Nothing was done: the worker has to wait.
    Blocked,
    /// Nothing was done: the worker had finished.
    Finished,
}

/// What is told of each instruction: before it, and after it.
pub(super) trait Witnessing {
    fn before(&mut self, machine: &mut Machine<'_>, instruction: &Instruction);
    fn after(&mut self, machine: &mut Machine<'_>, instruction: &Instruction);
}

/// Nobody looks.
pub(super) struct Unseen;

impl Witnessing for Unseen {
    fn before(&mut self, _: &mut Machine<'_>, _: &Instruction) {}
    fn after(&mut self, _: &mut Machine<'_>, _: &Instruction) {}
}

/// Whether a step moved.
pub(super) enum Moved {
    Done,
    Blocked,
}

/// Whether an instruction looks into an object that may be shared, though it does so to few values: a test, or a taking apart.
fn reads_object(machine: &Machine<'_>, instruction: &Instruction) -> bool {
    instruction.position.is_some_and(|position| position.source != Source::File)
        && matches!(instruction.op, Op::PopJump(..) | Op::JumpOrPop(..) | Op::Unpack(_))
        && matches!(machine.peek(), Value::Ref(_))
}

impl LoopBody {
    /// Has a worker do a step, the first of them with the number 0.
    ///
    /// # Errors
    ///
    /// If it leaves the model, or does not end.
    pub fn step(&self, state: &LoopState, worker: usize, steps: Steps) -> Result<LoopStep, LoopError> {
        let thread = worker + 1;
        if state.0.threads.get(thread).is_none_or(|thread| thread.finished) {
            return Ok(LoopStep::Finished);
        }
        let mut machine = Machine::at(&self.module, State::clone(&state.0));
        Ok(match self.one_step(&mut machine, thread, steps, &mut Unseen)? {
            Moved::Blocked => LoopStep::Blocked,
            Moved::Done => {
                machine.state.compact();
                LoopStep::Done(LoopState(Arc::new(machine.state)))
            }
        })
    }

    /// Has a thread that has not ended do a step; the state is as before if it is blocked.
    pub(super) fn one_step(
        &self,
        machine: &mut Machine<'_>,
        thread: usize,
        steps: Steps,
        witness: &mut dyn Witnessing,
    ) -> Result<Moved, LoopError> {
        let before = machine.state.clone();
        if steps == Steps::Gil {
            machine.look_at_sleepers(0);
        }
        let sleeps = before.threads[thread].asleep.is_some();
        let mut seen = false;
        for number in 0..LONGEST_STEP {
            let next = machine.instruction(thread).cloned();
            machine.thread = thread;
            let begins = next.as_ref().is_some_and(|next| self.is_step(next) || reads_object(machine, next));
            // What moves values of the worker's own belongs to the step before it, or to the first.
            if steps == Steps::Machine && number > 0 && begins && seen {
                return Ok(Moved::Done);
            }
            if let Some(next) = &next {
                witness.before(machine, next);
            }
            let step = machine.step(thread)?;
            let touched = self.touches(&machine.accesses);
            match step {
                Step::Blocked => {
                    let moved = (seen || touched) && machine.state != before;
                    if !moved {
                        machine.state = before;
                        return Ok(Moved::Blocked);
                    }
                    return Ok(Moved::Done);
                }
                Step::Finished => return Ok(Moved::Done),
                Step::Done { may_drop } => {
                    if let Some(next) = &next
                        && (touched || begins)
                    {
                        witness.after(machine, next);
                    }
                    seen |= match steps {
                        Steps::Machine => begins,
                        Steps::Gil => touched,
                    };
                    let over = machine.state.threads[thread].finished;
                    // A lock that it slept at is taken without the GIL: others may run before it goes on.
                    if over || sleeps || (steps == Steps::Gil && may_drop) {
                        return Ok(Moved::Done);
                    }
                }
            }
        }
        Err(LoopError::Limit(format!("a step takes more than {LONGEST_STEP} instructions")))
    }

    /// Whether another worker could tell that something was got at.
    fn touches(&self, accesses: &[Access]) -> bool {
        accesses.iter().any(|access| match access.location {
            Location::Global(_, name) => access.how.writes() || self.written.contains(&name),
            Location::Attribute(..) | Location::Content(_) | Location::Extent(_) => true,
        })
    }

    /// Whether an instruction is a machine step of its own.
    fn is_step(&self, instruction: &Instruction) -> bool {
        let own = |source| matches!(source, Source::Body | Source::Setup);
        let library = |name: &u16| {
            self.module.names.get(usize::from(*name)).is_some_and(|name| library::METHODS.contains(&&**name))
        };
        instruction.position.is_some_and(|position| own(position.source))
            && match &instruction.op {
                Op::Unary(_)
                | Op::Binary(..)
                | Op::Compare(_)
                | Op::Subscript
                | Op::StoreSubscript
                | Op::Call(_)
                | Op::ForIter(_)
                | Op::EnterWith
                | Op::ExitWith => true,
                Op::Program(op) => match op {
                    ProgramOp::LoadGlobal(name) => self.written.contains(name),
                    ProgramOp::LoadAttr(name) => !library(name),
                    ProgramOp::StoreGlobal(_)
                    | ProgramOp::DeleteGlobal(_)
                    | ProgramOp::StoreAttr(_)
                    | ProgramOp::DeleteAttr(_)
                    | ProgramOp::DeleteSubscript
                    | ProgramOp::LoadDeref(_)
                    | ProgramOp::StoreDeref(_)
                    | ProgramOp::CallKeywords(..) => true,
                    _ => false,
                },
                _ => false,
            }
    }

    /// What a thread that is blocked waits for: a lock's name, or what it does.
    pub(super) fn waits_for(&self, machine: &Machine<'_>, thread: usize) -> String {
        let stack =
            machine.state.threads[thread].frames.last().map(|frame| &*frame.stack).unwrap_or_default();
        let awaited = stack.iter().rev().find_map(|value| match machine.object_of(value) {
            Some(
                Object::Lock(_)
                | Object::RLock(..)
                | Object::Semaphore(..)
                | Object::Condition(..)
                | Object::Queue(..)
                | Object::Event(..)
                | Object::Barrier(..),
            ) => Some(value.clone()),
            Some(Object::NativeMethod(of, _)) => Some(of.clone()),
            _ => None,
        });
        awaited.map_or_else(|| "something".to_owned(), |value| self.name_of(&machine.state, &value))
    }

    /// What an object is called: by a global, or by an attribute, that refers to it.
    pub(super) fn name_of(&self, state: &State, value: &Value) -> String {
        let name = |number: usize| self.module.names.get(number).cloned().unwrap_or_default();
        if let Some(at) = state.globals.iter().flatten().position(|known| known == value) {
            return name(at);
        }
        let attributes = state.heap.iter().find_map(|entry| match &entry.object {
            Object::Instance { attributes, .. } | Object::Class { attributes, .. } => {
                attributes.iter().find(|(_, known)| known == value).map(|(number, _)| *number)
            }
            _ => None,
        });
        attributes.map_or_else(|| "it".to_owned(), |number| format!(".{}", name(usize::from(number))))
    }
}
