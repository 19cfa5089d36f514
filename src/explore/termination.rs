//! Whether every schedule ends.

use super::error::ExploreError;
use super::limits::MOST_ELEMENTS;
use super::question::Question;
use super::step::StepResult;
use crate::python::program::SharedState;
use crate::python::program::states::States;
use crate::system::control::Control;
use rustc_hash::FxHashSet;

/// The most states that are searched for a schedule that never ends.
const MOST_SEARCHED: usize = 2_000_000;

/// Makes sure that every schedule ends.
///
/// # Errors
///
/// When some schedule does not end, the states are too many to tell, or a stop was asked for.
pub(super) fn check(question: &Question<'_>, control: &Control) -> Result<(), ExploreError> {
    check_within(question, MOST_SEARCHED, control)
}

/// Looks for a state that can be reached from itself, depth first, among so many states at most.
fn check_within(question: &Question<'_>, most: usize, control: &Control) -> Result<(), ExploreError> {
    type Key = (Vec<u32>, SharedState);
    let stepper = question.stepper();
    let mut states = States::default();
    let start = question.start()?.into_iter().map(|state| states.number(state)).collect();
    let mut path: Vec<(Key, usize)> = vec![((start, SharedState::default()), 0)];
    let mut on_path: FxHashSet<Key> = path.iter().map(|(key, _)| key.clone()).collect();
    let mut done: FxHashSet<Key> = FxHashSet::default();
    while let Some((key, worker)) = path.pop() {
        if control.stopped() {
            return Err(ExploreError::Interrupted);
        }
        if worker == question.workers {
            on_path.remove(&key);
            done.insert(key);
            continue;
        }
        let mut state = states.get(key.0[worker]).clone();
        let mut shared = key.1;
        let result = stepper.step(&mut state, &mut shared, |_, _| {})?;
        path.push((key, worker + 1));
        if result != StepResult::Done {
            continue;
        }
        let Some((key, _)) = path.last() else { continue };
        let mut next = (key.0.clone(), shared);
        next.0[worker] = states.number(state);
        if on_path.contains(&next) {
            return Err(ExploreError::Endless);
        }
        if done.len() + on_path.len() > most || states.elements() > MOST_ELEMENTS {
            return Err(ExploreError::TerminationUnknown);
        }
        if !done.contains(&next) {
            on_path.insert(next.clone());
            path.push((next, 0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::step::Switching;
    use crate::measure::Pattern;
    use crate::python::program::Program;
    use crate::python::version::Version;

    #[test]
    fn a_search_that_is_given_up_claims_nothing() {
        let ends = |body, pattern, most| {
            let program = Program::compile(body, "", Version::newest_with_gil()).unwrap();
            let switching = Switching::Machine;
            let question = Question { program: &program, switching, workers: 2, iterations: 2, pattern };
            check_within(&question, most, &Control::default())
        };
        assert_eq!(ends("x += d", Pattern::Plus, MOST_SEARCHED), Ok(()));
        assert_eq!(ends("x += d", Pattern::Plus, 10), Err(ExploreError::TerminationUnknown));
        let waits = "while x == 0:\n  if d > 0: x = 1";
        assert_eq!(ends(waits, Pattern::PlusMinus, MOST_SEARCHED), Err(ExploreError::Endless));
        assert_eq!(ends(waits, Pattern::PlusMinus, 1), Err(ExploreError::TerminationUnknown));
    }
}
