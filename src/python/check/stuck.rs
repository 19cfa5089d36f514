//! States from which no schedule comes to an end, though some thread can always go on: it goes round a loop, and what would end
//! that never comes (a livelock).

use std::sync::Arc;

use super::ending::{Ending, ending};
use super::machine::Machine;
use super::search::{Bounds, Pause, Search, Unfinished};
use super::state::State;

/// Which states follow each other.
#[derive(Debug, Default)]
pub(super) struct Graph {
    edges: Vec<(u32, u32)>,
    ends: Vec<u32>,
}

impl Graph {
    /// Notes that one state follows another.
    pub(super) fn follows(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// Notes that nobody goes on from a state.
    pub(super) fn ends(&mut self, state: u32) {
        self.ends.push(state);
    }

    /// For each of so many states, whether some schedule comes to an end from there.
    fn can_end(&self, count: usize) -> Vec<bool> {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
        for &(from, to) in &self.edges {
            before[to as usize].push(from);
        }
        let mut can_end = vec![false; count];
        let mut open = self.ends.clone();
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut can_end[state as usize], true) {
                open.extend(&before[state as usize]);
            }
        }
        can_end
    }
}

impl Search<'_> {
    /// Of these states the one in which fewest threads are left among those from which no schedule comes to an end, and how it counts as
    /// an end. Where a time limit may come there, nothing is said.
    pub(super) fn stuck<'s>(
        &mut self,
        graph: &Graph,
        states: impl ExactSizeIterator<Item = (&'s Arc<State>, u32)>,
        bounds: &Bounds<'_>,
    ) -> Result<Option<(Ending, u32)>, Unfinished> {
        let can_end = graph.can_end(states.len());
        let stuck = states.filter(|&(_, number)| !can_end[number as usize]);
        let Some((state, number)) = stuck.min_by_key(|(state, number)| (state.live(), *number)) else {
            return Ok(None);
        };
        let mut spins = Vec::new();
        for thread in (0..state.threads.len()).filter(|&thread| !state.threads[thread].finished) {
            let mut machine = Machine::at(self.module(), State::clone(state));
            machine.expires = true;
            let pause = self.advance(&mut machine, thread, bounds, &mut |_, _, _| {})?;
            if !machine.expires {
                return Ok(None);
            }
            if !matches!(pause, Pause::Blocked) {
                spins.push(thread);
            }
        }
        let mut end = ending(state, false);
        end.spins = spins;
        Ok(Some((end, number)))
    }
}
