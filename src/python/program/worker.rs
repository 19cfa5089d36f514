//! A worker between two instructions: its calls under way, its variables and lists.

use super::{
    compiled::Program,
    fault::FaultKind,
    values::{self, Heap, Value},
};
use std::hash::{Hash, Hasher};

/// A function call under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) code: u16,
    pub(super) pc: u32,
    /// Where its variables begin in the worker's values; its stack follows them.
    pub(super) base: u32,
}

/// What a worker has done on its way, in instructions; one that handles many elements counts as several.
///
/// It is no part of what a worker's state is: two ways to one state differ in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work(pub(super) u64);

impl PartialEq for Work {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Work {}

impl Hash for Work {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Work {
    /// Counts so many elements that were copied, compared or looked through: about eight take as long as an instruction.
    pub(super) fn add(&mut self, elements: usize) {
        self.0 += elements as u64 / 8;
    }
}

/// A worker between two instructions.
///
/// Equal states behave equally: lists are numbered in the order in which they are reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkerState {
    pub(super) frames: Vec<Frame>,
    pub(super) values: Vec<Value>,
    pub(super) heap: Heap,
    /// Whether it sleeps until the lock that it is about to take is let go: it takes that without the GIL, and goes on when it has both.
    pub(super) asleep: bool,
    pub(super) work: Work,
}

impl WorkerState {
    /// Whether it has done all its iterations.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.frames.is_empty()
    }

    /// What it has done so far, in instructions; one that handles many elements counts as several.
    pub(crate) const fn work(&self) -> u64 {
        self.work.0
    }

    /// Whether it sleeps until a lock is let go.
    pub(crate) const fn is_asleep(&self) -> bool {
        self.asleep
    }

    /// How much there is to keep of it, in elements of about 24 bytes.
    pub(crate) fn weight(&self) -> usize {
        self.frames.len() + values::weight(&self.values, &self.heap)
    }

    /// The number of the code and the index in it of the next instruction, or nothing if it is finished.
    #[must_use]
    pub fn next(&self) -> Option<(usize, usize)> {
        self.frames.last().map(|frame| (usize::from(frame.code), frame.pc as usize))
    }

    /// Whether it is about to begin an iteration, or to end.
    pub(crate) fn at_boundary(&self, program: &Program) -> bool {
        match &self.frames[..] {
            [] => true,
            [frame] => frame.pc as usize == program.loop_head,
            _ => false,
        }
    }

    pub(super) fn pop(&mut self) -> Value {
        self.values.pop().unwrap_or(Value::Unbound)
    }

    pub(super) fn pop_many(&mut self, count: u16) -> Vec<Value> {
        let from = self.values.len().saturating_sub(usize::from(count));
        self.values.split_off(from)
    }

    /// The n-th from the top, counted from 1.
    pub(super) fn peek(&self, n: u16) -> Value {
        self.values
            .len()
            .checked_sub(usize::from(n))
            .and_then(|index| self.values.get(index).cloned())
            .unwrap_or(Value::Unbound)
    }

    pub(super) fn make_list(&mut self, items: Vec<Value>) -> Result<(), FaultKind> {
        let list = values::new_list(&mut self.heap, items)?;
        self.values.push(list);
        self.collect();
        Ok(())
    }

    /// Drops the lists that are out of reach.
    pub(super) fn collect(&mut self) {
        self.work.add(self.weight());
        values::collect(&mut self.values, &mut self.heap);
    }

    /// Counts the elements of a tuple or list that was just made.
    pub(super) fn count_top(&mut self) {
        let elements = match self.values.last() {
            Some(top) if top.has_weight() => values::weight(std::slice::from_ref(top), &Heap::new()),
            Some(Value::List(id)) => values::list(&self.heap, *id).len(),
            _ => 0,
        };
        self.work.add(elements);
    }
}

/// Puts the result in the place of the callee, below its variables.
pub(super) fn return_from(state: &mut WorkerState, value: Value) {
    if let Some(frame) = state.frames.pop() {
        state.values.truncate((frame.base as usize).saturating_sub(1));
        if state.frames.is_empty() {
            state.values.clear();
            state.heap.clear();
        } else {
            state.values.push(value);
        }
    }
}

/// Tuples and strings are shared between states, and those between real threads.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<(Program, WorkerState)>();
};
