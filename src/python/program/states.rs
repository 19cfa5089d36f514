//! Interns the states of single workers as small numbers, so that a state of all workers is a few words.

use super::{values::Value, worker::WorkerState};
use rustc_hash::FxHashMap;

/// The states that have come up, each with a number of its own, from 0.
#[derive(Debug, Default)]
pub(crate) struct States {
    numbers: FxHashMap<WorkerState, u32>,
    known: Vec<WorkerState>,
    /// What they weigh in all.
    elements: usize,
}

impl States {
    /// A state's number: a new one if it has not come up before.
    pub(crate) fn number(&mut self, state: WorkerState) -> u32 {
        *self.numbers.entry(state).or_insert_with_key(|state| {
            self.elements += state.weight();
            self.known.push(state.clone());
            number(self.known.len() - 1)
        })
    }

    /// The state of that number.
    pub(crate) fn get(&self, number: u32) -> &WorkerState {
        &self.known[number as usize]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// How much there is to keep of them, as [`WorkerState::weight`] has it.
    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// How much room they take, in bytes: each is kept twice.
    pub(crate) fn bytes(&self) -> usize {
        2 * (self.len() * size_of::<WorkerState>() + self.elements * size_of::<Value>())
    }
}

/// A place in a list as a number. Numbers stay far below 2^31: so many states would not fit any memory.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
