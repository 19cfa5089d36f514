//! The state of a program from which no schedule comes to an end.

use std::sync::Arc;

use super::ending::{Ending, ending};
use super::machine::Machine;
use super::order::Mark;
use super::pause::{Bounds, Pause, Unfinished};
use super::search::Search;
use super::state::State;
use super::stuck::Graph;

impl Search<'_> {
    /// Of these states the one in which fewest threads are left among those from which no schedule comes to an end, and how it counts as
    /// an end. Where a time limit may come, which it does here only when no thread can go on, nothing is said.
    pub(super) fn stuck<'s>(
        &mut self,
        graph: &Graph,
        states: impl ExactSizeIterator<Item = (&'s Arc<State>, u32)>,
        bounds: &Bounds<'_>,
    ) -> Result<Option<(Ending, u32)>, Unfinished> {
        if self.assumed.long_limits {
            return Ok(None);
        }
        let can_end = graph.can_end(states.len());
        let stuck = states.filter(|&(_, number)| !can_end[number as usize]);
        let Some((state, number)) = stuck.min_by_key(|(state, number)| (state.live(), *number)) else {
            return Ok(None);
        };
        let mut spins = Vec::new();
        for thread in (0..state.threads.len()).filter(|&thread| !state.threads[thread].finished) {
            let mut machine = Machine::at(self.module(), State::clone(state));
            let pause = self.advance(&mut machine, Mark::of(thread), bounds, &mut |_, _, _| {})?;
            if !matches!(pause, Pause::Blocked) {
                spins.push(thread);
            }
        }
        let mut end = ending(state, false);
        end.spins = spins;
        Ok(Some((end, number)))
    }
}
