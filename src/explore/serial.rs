//! What whole iterations end with: the measure of what is right.

use super::walk::{LONGEST_STEP, Walk, Went};
use super::{ExploreError, Question};
use crate::python::program::states::States;
use crate::python::program::{SharedState, Step, WorkerState};
use crate::system::control::Control;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// More states of whole iterations than this are not looked at.
const MOST_STATES: usize = 4_000_000;
/// How much is kept of the workers' states, in elements of about 24 bytes, twice.
pub(super) const MOST_ELEMENTS: usize = 16_000_000;

/// The values of x with which schedules end that switch between iterations only. A worker that waits for a lock
/// within its iteration, with nobody to free it, ends no schedule.
pub(super) fn endings(question: &Question<'_>, control: &Control) -> Result<BTreeSet<i64>, ExploreError> {
    let walk = question.walk();
    let mut states = States::default();
    // Workers of one kind may change places: what they end with is the same.
    let sorted = |mut numbers: Vec<u32>| {
        for kind in 0..2 {
            let at: Vec<usize> = (0..numbers.len()).filter(|&worker| question.kind(worker) == kind).collect();
            let mut own: Vec<u32> = at.iter().map(|&worker| numbers[worker]).collect();
            own.sort_unstable();
            for (&worker, number) in at.iter().zip(own) {
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
            if iterate(&walk, &mut state, &mut after)? == Went::On {
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
            return Err(ExploreError::TooWide);
        }
    }
    Ok(endings)
}

/// Runs a worker to the head of its loop.
fn iterate(walk: &Walk<'_>, state: &mut WorkerState, shared: &mut SharedState) -> Result<Went, ExploreError> {
    // A state that comes back does so for ever; it is compared with an earlier one, which moves on now and then.
    let mut mark = None;
    let began = state.work();
    for count in 0_u64.. {
        if state.work() - began >= LONGEST_STEP {
            break;
        }
        if count >= 1024 {
            if mark.as_ref().is_some_and(|(known, memory)| known == state && *memory == *shared) {
                return Err(ExploreError::Endless);
            }
            if count.is_power_of_two() {
                mark = Some((state.clone(), *shared));
            }
        }
        match walk.program.step(state, shared)? {
            Step::Blocked(lock) => return Ok(Went::Waits(lock)),
            Step::Done { .. } if state.at_boundary(walk.program) => return Ok(Went::On),
            Step::Done { .. } => {}
            Step::Finished => return Ok(Went::On),
        }
    }
    Err(ExploreError::LongStep)
}
