//! Whether a version can lose what a body does, by every schedule of two workers.

use super::super::ending::Ending;
use super::super::pause::{Bounds, Switching, Unfinished};
use super::super::search::Search;
use super::super::state::State;
use super::body::{LoopBody, LoopEnd, LoopState};
use super::error::LoopError;
use crate::system::control::Control;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The most states, and the most instructions, of one search.
const MOST_STATES: usize = 60_000;
const MOST_STEPS: u64 = 6_000_000;

/// How many iterations each worker does at most. One shows any loss inside an iteration, two what is carried over.
const MOST_ITERATIONS: u64 = 2;

/// What can become of a body's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopVerdict {
    /// Every schedule ends like one that switches between iterations only.
    Exact,
    /// Some schedule ends with another result, and none raises.
    Loses,
    /// Some schedule raises what whole iterations do not; others may lose.
    Raises(String),
    /// Some schedule ends with workers that wait for ever, for these.
    Deadlocks(Vec<String>),
    /// Whole iterations in different orders end differently: there is no one expected result. The results, none where the body's numbers
    /// were made small to see it.
    OrderDependent(Vec<i64>),
}

/// The ends of serial schedules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) values: BTreeSet<i64>,
    pub(super) raised: BTreeSet<Vec<String>>,
    pub(super) waiting: BTreeSet<Vec<String>>,
}

impl LoopBody {
    /// The results with which schedules end that switch between iterations only, and what such schedules raise.
    ///
    /// # Errors
    ///
    /// If a schedule leaves the model, or there are too many.
    pub fn serial(
        &self,
        start: &LoopState,
        control: &Control,
    ) -> Result<(BTreeSet<i64>, BTreeSet<Vec<String>>), LoopError> {
        let ends = self.ends(start, Switching::Iterations, control)?;
        Ok((ends.values, ends.raised))
    }

    /// What can become of the result when two workers have these values of `d`. Whether it matters whose iterations come first is tried
    /// with small numbers in the place of the body's own, too, and so is all else where nothing is lost within a few iterations: a
    /// limit may be reached only after many.
    ///
    /// # Errors
    ///
    /// If the body raises or cannot be run even alone, leaves the model, or there is too much to try.
    pub fn verdict(&self, deltas: [i64; 2], control: &Control) -> Result<LoopVerdict, LoopError> {
        let mut verdict = self.tried(deltas, control)?;
        if matches!(verdict, LoopVerdict::OrderDependent(_)) {
            return Ok(verdict);
        }
        for body in self.smaller() {
            let tried = if verdict == LoopVerdict::Exact {
                body.tried(deltas, control)
            } else {
                body.in_other_orders(deltas, control)
            };
            match tried {
                Err(LoopError::Stopped) => return Err(LoopError::Stopped),
                Ok(LoopVerdict::OrderDependent(_)) => return Ok(LoopVerdict::OrderDependent(Vec::new())),
                Ok(LoopVerdict::Exact) | Err(_) => {}
                Ok(found) if verdict == LoopVerdict::Exact => verdict = found,
                Ok(_) => {}
            }
        }
        Ok(verdict)
    }

    /// Whether whole iterations in different orders end differently; nothing is said of others.
    fn in_other_orders(&self, deltas: [i64; 2], control: &Control) -> Result<LoopVerdict, LoopError> {
        for iterations in 1..=MOST_ITERATIONS {
            let (values, _) = self.serial(&self.start(&deltas, iterations)?, control)?;
            if values.len() > 1 {
                return Ok(LoopVerdict::OrderDependent(values.into_iter().collect()));
            }
        }
        Ok(LoopVerdict::Exact)
    }

    /// The same with the numbers as they are.
    fn tried(&self, deltas: [i64; 2], control: &Control) -> Result<LoopVerdict, LoopError> {
        for iterations in 1..=MOST_ITERATIONS {
            let start = self.start(&deltas, iterations)?;
            let serial = self.ends(&start, Switching::Iterations, control)?;
            if let Some(raised) = serial.raised.first() {
                return Err(LoopError::Raises(raised.join(", ")));
            }
            if let Some(waiting) = serial.waiting.first() {
                return Ok(LoopVerdict::Deadlocks(waiting.clone()));
            }
            if serial.values.len() != 1 {
                return Ok(LoopVerdict::OrderDependent(serial.values.into_iter().collect()));
            }
            let all = self.ends(&start, Switching::DropPoints, control)?;
            if let Some(waiting) = all.waiting.first() {
                return Ok(LoopVerdict::Deadlocks(waiting.clone()));
            }
            if let Some(raised) = all.raised.first() {
                return Ok(LoopVerdict::Raises(raised.join(", ")));
            }
            if all.values != serial.values {
                return Ok(LoopVerdict::Loses);
            }
        }
        Ok(LoopVerdict::Exact)
    }

    fn ends(&self, start: &LoopState, switching: Switching, control: &Control) -> Result<Ends, LoopError> {
        let ends = RefCell::new(Ends::default());
        // A search ends with what is wrong with the state, so what is wrong with the result is kept beside it.
        let failed = RefCell::new(None);
        let look = |state: &State, over: bool| {
            let result = match self.end(&LoopState(std::sync::Arc::new(state.clone()))) {
                Ok(LoopEnd::Value(value)) => {
                    ends.borrow_mut().values.insert(value);
                    Some(value)
                }
                Ok(LoopEnd::Raised(raised)) => {
                    ends.borrow_mut().raised.insert(raised);
                    None
                }
                Ok(LoopEnd::Waiting(mut waiting)) => {
                    waiting.sort();
                    waiting.dedup();
                    ends.borrow_mut().waiting.insert(waiting);
                    None
                }
                Err(error) => {
                    *failed.borrow_mut() = Some(error);
                    return Err(Unfinished::Stopped);
                }
            };
            Ok(Ending::of_body(result, state, over))
        };
        let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
        let run = Search::from(&self.module, switching, State::clone(&start.0), &look).run(&bounds, None);
        if let Some(error) = failed.take() {
            return Err(error);
        }
        run?;
        Ok(ends.take())
    }
}
