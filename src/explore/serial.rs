//! The right results: what schedules that switch between iterations only end with.

use super::error::ExploreError;
use super::limits::{LONGEST_STEP, MOST_ELEMENTS};
use super::question::Question;
use super::step::{StepResult, Stepper};
use crate::python::program::states::States;
use crate::python::program::{SharedState, Step, WorkerState};
use crate::system::control::Control;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// The most states between iterations that are looked at.
const MOST_STATES: usize = 4_000_000;

impl Question<'_> {
    /// The right results: what serial schedules, which switch between iterations only, end with.
    ///
    /// # Errors
    ///
    /// As [`Question::explore`].
    pub fn serial_results(&self, control: &Control) -> Result<BTreeSet<i64>, ExploreError> {
        endings(self, control)
    }
}

/// The values of x with which serial schedules end. Where an iteration waits for a lock that nobody frees, the
/// schedule does not end, so it adds no value.
pub(super) fn endings(question: &Question<'_>, control: &Control) -> Result<BTreeSet<i64>, ExploreError> {
    let stepper = question.stepper();
    let mut states = States::default();
    // States that differ only in which worker of a kind is where end with the same values, so they are taken as one.
    let sorted = |mut numbers: Vec<u32>| {
        for kind in 0..2 {
            let at: Vec<usize> =
                (0..numbers.len()).filter(|&worker| question.worker_kind(worker) == kind).collect();
            let mut of_kind: Vec<u32> = at.iter().map(|&worker| numbers[worker]).collect();
            of_kind.sort_unstable();
            for (&worker, number) in at.iter().zip(of_kind) {
                numbers[worker] = number;
            }
        }
        numbers
    };
    let program = question.program;
    let start = (0..question.workers)
        .map(|worker| states.number(program.start(question.delta(worker), question.iterations)))
        .collect();
    let first = (sorted(start), SharedState::default());
    let mut seen = FxHashSet::from_iter([first.clone()]);
    let mut open = vec![first];
    let mut endings = BTreeSet::new();
    while let Some((now, shared)) = open.pop() {
        if control.stopped() {
            return Err(ExploreError::Interrupted);
        }
        let mut at_end = true;
        for worker in 0..question.workers {
            let mut state = states.get(now[worker]).clone();
            if state.finished() {
                continue;
            }
            at_end = false;
            let mut after = shared;
            if run_iteration(&stepper, &mut state, &mut after)? == StepResult::Done {
                let mut next = now.clone();
                next[worker] = states.number(state);
                let next = (sorted(next), after);
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        if at_end {
            endings.insert(shared.x);
        }
        if seen.len() > MOST_STATES || states.elements() > MOST_ELEMENTS {
            return Err(ExploreError::TooLarge);
        }
    }
    Ok(endings)
}

/// Runs a worker to the head of its loop.
fn run_iteration(
    stepper: &Stepper<'_>,
    state: &mut WorkerState,
    shared: &mut SharedState,
) -> Result<StepResult, ExploreError> {
    // A state that comes back once comes back for ever. Each state is compared with one remembered state, which is
    // replaced after 1, 2, 4, … thousand instructions (Brent's algorithm).
    let mut remembered = None;
    let began = state.work();
    for count in 0_u64.. {
        if state.work() - began >= LONGEST_STEP {
            break;
        }
        if count >= 1024 {
            if remembered.as_ref().is_some_and(|(known, memory)| known == state && *memory == *shared) {
                return Err(ExploreError::Endless);
            }
            if count.is_power_of_two() {
                remembered = Some((state.clone(), *shared));
            }
        }
        match stepper.program.step(state, shared)? {
            Step::Blocked(lock) => return Ok(StepResult::Blocked(lock)),
            Step::Done { .. } if state.at_boundary(stepper.program) => return Ok(StepResult::Done),
            Step::Done { .. } => {}
            Step::Finished => return Ok(StepResult::Done),
        }
    }
    Err(ExploreError::LongStep)
}
