//! The search itself: counts all schedules, layer by layer.

use super::counts::from_limbs;
use super::error::ExploreError;
use super::expand::{self, LayerOptions};
use super::explored::Explored;
use super::findings::{FinalState, Findings, Outcome};
use super::layer::{Block, Layer, NEVER};
use super::limits::{Limits, MOST_WORKERS};
use super::question::Question;
use super::step::StepResult;
use super::tables::{Place, Tables};
use super::termination;
use super::witness::PathState;
use crate::python::program::SharedState;
use crate::system::control::Control;
use num_bigint::BigUint;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// How far an exploration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Layers that are done.
    pub layer: usize,
    /// Layers that there are, if every schedule has as many steps as one worker after the other.
    pub layers: usize,
    /// States that were reached.
    pub states: u64,
}

impl<'p> Question<'p> {
    /// How many steps the workers do one after the other.
    fn serial_steps(&self, control: &Control) -> Result<usize, ExploreError> {
        // An endless loop is found later. Here it only means that the number of layers is not known.
        const MOST: usize = 1 << 20;
        let mut shared = SharedState::default();
        let mut steps = 0;
        for mut state in self.start()? {
            while steps < MOST && self.stepper().step(&mut state, &mut shared, |_, _| {})? == StepResult::Done
            {
                steps += 1;
                if control.stopped() {
                    return Err(ExploreError::Interrupted);
                }
            }
        }
        Ok(steps)
    }

    /// Counts all schedules by their outcomes.
    ///
    /// `progress` is called after each layer. Layers are spread over the threads of the rayon pool that this is
    /// called in.
    ///
    /// # Errors
    ///
    /// When some schedule raises an exception or never ends, the states do not fit the memory allowed, or a stop
    /// was asked for: there is no partial result.
    pub fn explore(
        &self,
        limits: &Limits,
        control: &Control,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Explored<'p>, ExploreError> {
        let began = Instant::now();
        let layers = self.serial_steps(control)?;
        let serial = self.serial_results(control)?;
        let mut exploration = Exploration::new(self, layers)?;
        loop {
            if control.stopped() {
                return Err(ExploreError::Interrupted);
            }
            exploration
                .add_transitions(limits, control)
                .map_err(|error| exploration.with_progress(error, self, limits, layers))?;
            exploration.tally_final_states();
            exploration.check_for_loops(self, control)?;
            progress(Progress { layer: exploration.layer.depth, layers, states: exploration.states });
            let going = exploration
                .advance(limits, control)
                .map_err(|error| exploration.with_progress(error, self, limits, layers))?;
            if !going {
                break;
            }
        }
        Ok(exploration.finish(self, serial, limits, began))
    }
}

/// What is known of one outcome so far.
struct Tally {
    schedules: BigUint,
    /// The final state with the fewest preemptions, if preemptions are counted.
    cheapest: Option<PathState>,
}

/// An exploration under way.
struct Exploration<'p> {
    tables: Tables<'p>,
    layer: Layer,
    /// The kind of each worker.
    kinds: Vec<u8>,
    /// Layers without their counts, for finding witnesses.
    outlines: Vec<Layer>,
    /// One in so many layers is kept in outline.
    outline_every: usize,
    tallies: BTreeMap<FinalState, Tally>,
    states: u64,
    steps: usize,
    peak_memory: u64,
    /// The layer at which to look for endless loops next.
    next_check: usize,
}

impl<'p> Exploration<'p> {
    fn new(question: &Question<'p>, layers: usize) -> Result<Self, ExploreError> {
        let starts = question.start()?;
        let kinds: Vec<u8> = (0..question.workers).map(|worker| question.worker_kind(worker)).collect();
        let mut tables = Tables::new(question.stepper(), 2);
        for (state, &kind) in starts.into_iter().zip(&kinds) {
            tables.slot(Place { kind, depth: 0 }, state);
        }
        let shared = tables.shared_number(SharedState::default());
        let mut places = [Place::default(); MOST_WORKERS];
        for (place, &kind) in places.iter_mut().zip(&kinds) {
            place.kind = kind;
        }
        places[..question.workers].sort();
        let layer = Layer::first(&tables, places, question.workers, shared)?;
        Ok(Self {
            tables,
            layer,
            kinds,
            outlines: Vec::new(),
            outline_every: layers.isqrt().max(1),
            tallies: BTreeMap::new(),
            states: 1,
            steps: 0,
            peak_memory: 0,
            next_check: 64,
        })
    }

    /// Computes the transitions of all states of this layer.
    fn add_transitions(&mut self, limits: &Limits, control: &Control) -> Result<(), ExploreError> {
        let workers = self.kinds.len();
        let places: BTreeSet<Place> =
            self.layer.blocks.iter().flat_map(|block| block.places[..workers].to_vec()).collect();
        for place in places {
            self.tables.add_transitions(place, limits, control)?;
        }
        for block in &self.layer.blocks {
            for (worker, &place) in block.places[..workers].iter().enumerate() {
                if self.tables.at(place).any_by_memory {
                    for &key in &block.keys {
                        let (slot, shared) = (block.layout.slot(key, worker), block.layout.shared(key));
                        self.tables.add_transition_under(place, slot, shared, limits, control)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds to an error about memory how far the exploration came.
    fn with_progress(
        &self,
        error: ExploreError,
        question: &Question<'_>,
        limits: &Limits,
        layers: usize,
    ) -> ExploreError {
        if error != ExploreError::MemoryUsedUp {
            return error;
        }
        let layer = self.layer.depth + 1;
        // With fewer iterations, a layer has no state that it does not have with more.
        let fits = u128::from(question.iterations) * self.layer.depth as u128 / layers.max(1) as u128;
        ExploreError::Memory {
            layer,
            layers: layers.max(layer),
            states: self.states,
            limit: limits.memory,
            fits: u64::try_from(fits).unwrap_or(u64::MAX),
        }
    }

    /// Adds the schedules that end in this layer to their outcomes.
    fn tally_final_states(&mut self) {
        let workers = self.kinds.len();
        let may_end =
            |block: &&Block| block.places[..workers].iter().all(|&place| self.tables.at(place).may_stop());
        for block in self.layer.blocks.iter().filter(may_end) {
            for (at, &key) in block.keys.iter().enumerate() {
                let shared = block.layout.shared(key);
                let slots = block.slots(at, workers);
                let local_states = || block.places[..workers].iter().zip(slots);
                if local_states().any(|(&place, slot)| self.tables.at(place).enabled(slot, shared)) {
                    continue;
                }
                let locks: BTreeSet<u8> = local_states()
                    .filter_map(|(&place, slot)| self.tables.blocking_lock(place, slot, shared))
                    .collect();
                let ending = FinalState::of(self.tables.shared_state(shared).x, locks);
                let reached = block.fewest.get(at).and_then(|fewest| {
                    let (last, &preemptions) =
                        fewest[..workers].iter().enumerate().min_by_key(|&(_, fewest)| fewest)?;
                    let depth = self.layer.depth;
                    Some(PathState { depth, places: block.places, slots, shared, last, preemptions })
                });
                let tally = self
                    .tallies
                    .entry(ending)
                    .or_insert_with(|| Tally { schedules: BigUint::ZERO, cheapest: None });
                tally.schedules += from_limbs(&self.layer.count(block, at));
                let preemptions = |state: Option<PathState>| state.map_or(NEVER, |state| state.preemptions);
                if preemptions(reached) < preemptions(tally.cheapest) {
                    tally.cheapest = reached;
                }
                self.steps = self.layer.depth;
            }
        }
    }

    /// Makes the next layer; false when there is none.
    fn advance(&mut self, limits: &Limits, control: &Control) -> Result<bool, ExploreError> {
        if limits.witnesses && self.layer.depth.is_multiple_of(self.outline_every) {
            self.outlines.push(self.layer.outline());
        }
        let outlines: u64 = self.outlines.iter().map(Layer::bytes).sum();
        let used = outlines + self.layer.bytes() + self.tables.bytes();
        let options = LayerOptions {
            workers: self.kinds.len(),
            counting: true,
            most_preemptions: limits.witnesses.then_some(NEVER),
            memory: limits.memory.saturating_sub(used),
            control,
        };
        let next = expand::next(&self.tables, &mut self.layer, &options)?;
        self.peak_memory = self.peak_memory.max(used + next.bytes());
        if next.blocks.is_empty() {
            return Ok(false);
        }
        self.layer = next;
        self.states += self.layer.states();
        Ok(true)
    }

    /// Without this, a program that need not end would have layers without end. It cannot be one as long as no worker
    /// by itself can come back to a state, which is quickly checked; only then are all states searched for a loop.
    fn check_for_loops(&mut self, question: &Question<'_>, control: &Control) -> Result<(), ExploreError> {
        if self.layer.depth < self.next_check {
            return Ok(());
        }
        self.next_check *= 2;
        if self.tables.has_loop() {
            termination::check(question, control)?;
            self.next_check = usize::MAX;
        }
        Ok(())
    }

    fn finish(
        self,
        question: &Question<'p>,
        serial: BTreeSet<i64>,
        limits: &Limits,
        began: Instant,
    ) -> Explored<'p> {
        let outcomes: Vec<Outcome> = self
            .tallies
            .iter()
            .map(|(ending, tally)| Outcome {
                ending: ending.clone(),
                grade: ending.grade(&serial),
                schedules: tally.schedules.clone(),
                preemptions: tally.cheapest.map(|state| state.preemptions),
            })
            .collect();
        let total = outcomes.iter().map(|outcome| &outcome.schedules).sum();
        let cheapest =
            self.tallies.into_iter().filter_map(|(ending, tally)| Some((ending, tally.cheapest?))).collect();
        Explored {
            findings: Findings {
                outcomes,
                serial,
                total,
                states: self.states,
                steps: self.steps,
                peak_memory: self.peak_memory,
                elapsed: began.elapsed(),
            },
            question: *question,
            tables: self.tables,
            outlines: self.outlines,
            cheapest,
            kinds: self.kinds,
            memory: limits.memory,
        }
    }
}
