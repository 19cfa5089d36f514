//! The result of an exploration, from which a schedule can be made for each outcome.

use super::error::ExploreError;
use super::findings::{FinalState, Findings};
use super::layer::Layer;
use super::question::Question;
use super::schedule::Schedule;
use super::tables::Tables;
use super::witness::{self, PathState};
use crate::system::control::Control;
use std::collections::BTreeMap;

/// What was found, and what schedules are made from.
#[derive(Debug)]
pub struct Explored<'p> {
    /// What was found.
    pub findings: Findings,
    pub(super) question: Question<'p>,
    pub(super) tables: Tables<'p>,
    /// Some layers without their counts.
    pub(super) outlines: Vec<Layer>,
    /// For each outcome, the state with the fewest preemptions in which a schedule ends so.
    pub(super) cheapest: BTreeMap<FinalState, PathState>,
    /// The kind of each worker.
    pub(super) kinds: Vec<u8>,
    /// Bytes that the search for a witness may take.
    pub(super) memory: u64,
}

impl<'p> Explored<'p> {
    /// What was explored.
    #[must_use]
    pub const fn question(&self) -> &Question<'p> {
        &self.question
    }

    /// A schedule that ends so with the fewest preemptions.
    ///
    /// # Errors
    ///
    /// When no schedule ends so, or [`super::Limits::witnesses`] was not set.
    pub fn schedule(&self, ending: &FinalState, control: &Control) -> Result<Schedule, ExploreError> {
        let end = match self.cheapest.get(ending) {
            Some(end) => *end,
            None if self.findings.outcomes.iter().any(|outcome| outcome.ending == *ending) => {
                return Err(ExploreError::NoWitnesses);
            }
            None => return Err(ExploreError::NoSuchOutcome(ending.words(self.question.program))),
        };
        // The search takes memory of its own, for about the square root of all layers; that of the counts is free again.
        let order = witness::order(&self.tables, &self.outlines, end, &self.kinds, self.memory, control)?;
        Ok(Schedule::of(self.question.step_kind(), &order))
    }
}
