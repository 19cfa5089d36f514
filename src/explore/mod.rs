//! Every interleaving of a small program: what can come out, in how many schedules, and by which.
//!
//! A *schedule* says which worker does each step. A step runs from one place at which workers may be switched to
//! the next ([`Switching`]). Schedules are far too many to be tried one by one: two workers that add 1 forty times
//! each have some 10^71. But they meet in comparatively few *states*, so states are enumerated, and the schedules
//! that lead to each are counted ([`Question::explore`]).
//!
//! Three reductions keep the states few, none of which loses a schedule or a result:
//!
//! - *x is dead* when no worker will read it before one has written it: its value is then left out of the state.
//! - *Workers with the same `d` are alike*: states that differ in their names only are one. Every step of every
//!   worker is still counted, so the sum over such a class of states is exact.
//! - *A worker's state is its program counter and its live values*: two ways to the same state are one from there on.
//!
//! ```
//! use gilsim::system::control::Control;
//! use gilsim::python::version::Version;
//! use gilsim::explore::{Final, Limits, Question, Switching};
//! use gilsim::python::program::Program;
//! use gilsim::measure::Pattern;
//!
//! let program = Program::compile("x += d", "", Version::newest_with_gil())?;
//! let question =
//!     Question { program: &program, switching: Switching::Machine, workers: 2, iterations: 1, pattern: Pattern::Plus };
//! let explored = question.explore(&Limits::default(), &Control::default(), &mut |_| {})?;
//! assert_eq!(explored.findings.total.to_string(), "20");
//! assert_eq!(explored.findings.outcomes[1].ending, Final::Value(2));
//! assert_eq!(explored.findings.outcomes[1].schedules.to_string(), "2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fold;
mod layers;
mod replay;
mod schedule;
mod serial;
mod tables;
mod trace;
mod walk;

pub use fold::{Line, fold};
pub use replay::{Event, MOST_REPLAYED, Replayed, Stepped, Trace};
pub use schedule::{Run, Schedule, ScheduleError, Setting, letter};

use crate::error::{Classified, Kind};
use crate::measure::Pattern;
use crate::python::program::states::States;
use crate::python::program::{Fault, Program, SharedState, WorkerState};
use crate::system::control::Control;
use layers::{Block, Layer, Making, NEVER};
use num_bigint::BigUint;
use rustc_hash::FxHashSet;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};
use tables::{Place, Tables};
use trace::Spot;
use walk::{LONGEST_STEP, Walk, Went};

/// The most workers that are explored.
pub const MOST_WORKERS: usize = 4;

/// The most states that are searched for a schedule that never ends.
const MOST_SEARCHED: usize = 2_000_000;

/// Where workers may be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switching {
    /// Between any two accesses to x or a lock and operations on values: `x += d` is three steps, load, add and
    /// store. What only moves values and what the loop around the body does belongs to its neighbours.
    Machine,
    /// Where the program's version may drop its GIL, and where a worker waits for a lock; after every
    /// instruction in builds without a GIL.
    Gil,
}

/// What is to be explored.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// What each worker does.
    pub program: &'p Program,
    /// Where they may be switched.
    pub switching: Switching,
    /// How many workers: 1 to [`MOST_WORKERS`].
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each worker's `d` is.
    pub pattern: Pattern,
}

/// How a schedule ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Final {
    /// All workers have finished, and x has this value.
    Value(i64),
    /// Nobody can go on: these locks, by their numbers, are waited for.
    Deadlock(Vec<u8>),
}

/// What an outcome is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Whole iterations, one after the other, end so too.
    Right,
    /// They do not: an update was lost.
    Lost,
    /// Not everybody finished.
    Deadlock,
}

/// One way to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// With what.
    pub ending: Final,
    /// What that is worth.
    pub grade: Grade,
    /// How many schedules end so.
    pub schedules: BigUint,
    /// The fewest preemptions with which a schedule ends so: switches away from a worker that could have gone on.
    /// Nothing if it was not asked for.
    pub preemptions: Option<u16>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Every outcome, by value; deadlocks last.
    pub outcomes: Vec<Outcome>,
    /// What schedules of whole iterations end with. More than one value means that the order of whole iterations
    /// already matters, so that there is no one right result.
    pub serial: BTreeSet<i64>,
    /// How many schedules there are.
    pub total: BigUint,
    /// How many states they meet in, after the reductions.
    pub states: u64,
    /// The most steps of a schedule.
    pub steps: usize,
    /// The most bytes that were taken for states.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Findings {
    /// The least and the greatest value of x, unless every schedule ends in a deadlock.
    #[must_use]
    pub fn extremes(&self) -> Option<(i64, i64)> {
        let mut values = self.outcomes.iter().filter_map(|outcome| match outcome.ending {
            Final::Value(value) => Some(value),
            Final::Deadlock(_) => None,
        });
        let least = values.next()?;
        Some((least, values.next_back().unwrap_or(least)))
    }

    /// Whether some schedule loses an update or deadlocks.
    #[must_use]
    pub fn any_lost(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.grade != Grade::Right)
    }

    /// The outcome that is the furthest from right: a deadlock if there is one, else the lost value that is the
    /// furthest from all right ones, the lower of two; else the first.
    #[must_use]
    pub fn worst(&self) -> Option<&Outcome> {
        let distance = |value: i64| self.serial.iter().map(|right| value.abs_diff(*right)).min().unwrap_or(0);
        self.outcomes.iter().min_by_key(|outcome| {
            let far = match outcome.ending {
                Final::Deadlock(_) => u64::MAX,
                Final::Value(value) => distance(value),
            };
            std::cmp::Reverse((outcome.grade != Grade::Right, far))
        })
    }
}

/// What an exploration may take, and whether it must be able to show schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes for states, at most.
    pub memory: u64,
    /// Whether to keep what [`Explored::schedule`] needs, and to find the fewest preemptions. Without it, an
    /// exploration is about a third faster.
    pub witnesses: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 1 << 30, witnesses: true }
    }
}

/// How far an exploration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Layers that are done.
    pub layer: usize,
    /// Layers that there are, if every schedule has as many steps as one worker after the other.
    pub layers: usize,
    /// States that were met.
    pub states: u64,
}

/// Why there is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// The question makes no sense.
    #[error("{0} workers cannot be explored: use 1 to {MOST_WORKERS}")]
    Workers(usize),
    /// Some schedule raises an exception or leaves the model.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A step does not end, or one whole iteration does not.
    #[error(
        "a step or an iteration of the body takes {LONGEST_STEP} instructions or more: make its loops shorter"
    )]
    LongStep,
    /// A schedule need not end.
    #[error("some schedules never end, because a worker loops until another changes x: give its loop an end")]
    Endless,
    /// Whether every schedule ends was not found out.
    #[error(
        "the states are too many to tell whether every schedule ends: use fewer iterations or workers, or no loop that waits until another worker changes x"
    )]
    Unsettled,
    /// The states did not fit.
    #[error(
        "out of memory at layer {layer} of {layers}, with {states} states so far: they need more than the {limit} bytes of --max-memory; raise it (and ulimit -v, where that is lower){}",
        if *fits > 0 { format!(", or use --iters {fits}, which fits") } else { String::new() }
    )]
    Memory {
        /// The layer that did not fit.
        layer: usize,
        /// Layers in all.
        layers: usize,
        /// States that were met before.
        states: u64,
        /// Bytes that were allowed.
        limit: u64,
        /// Iterations whose layers all fit; 0 when none do.
        fits: u64,
    },
    /// A layer did not fit; becomes [`ExploreError::Memory`] where it is known how far it came.
    #[error("out of memory: raise --max-memory, or use fewer iterations")]
    Room,
    /// More states than numbers for them.
    #[error("the schedules are too long to be counted: use fewer iterations or workers")]
    TooWide,
    /// A stop was asked for.
    #[error("stopped before all schedules were counted, so there is no result")]
    Interrupted,
    /// A schedule that is played back goes on and on.
    #[error(
        "the schedule does more than {MOST_REPLAYED} steps, or a hundred times as many instructions: shorten it, or give the body's loops an end"
    )]
    LongReplay,
    /// The outcome asked for does not exist.
    #[error("no schedule ends with {0}: choose an outcome of the table")]
    NoSuchOutcome(String),
    /// A fault in gilsim.
    #[error(
        "no way back was found to a state that was reached, which is a fault in gilsim; please report it"
    )]
    NoWayBack,
    /// Witnesses were not asked for.
    #[error("the exploration kept nothing to make a schedule from: ask for witnesses")]
    NoWitnesses,
    /// A thread for a worker could not be made, for the reason that [`crate::system::Error::StartWorker`] gives.
    #[error("{0}")]
    Thread(String),
    /// A schedule does not fit the program.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl Classified for ExploreError {
    fn kind(&self) -> Kind {
        match self {
            // What the command line asked for and cannot be had is a mistake in the command line.
            Self::NoSuchOutcome(_) | Self::Schedule(_) | Self::Workers(_) => Kind::Usage,
            Self::Interrupted => Kind::Interrupted,
            _ => Kind::Failure,
        }
    }
}

/// What was found, and what schedules are made from.
#[derive(Debug)]
pub struct Explored<'p> {
    /// What was found.
    pub findings: Findings,
    question: Question<'p>,
    tables: Tables<'p>,
    kept: Vec<Layer>,
    spots: BTreeMap<Final, Spot>,
    kinds: Vec<u8>,
    memory: u64,
}

impl<'p> Question<'p> {
    /// Each worker's `d`.
    #[must_use]
    pub fn delta(&self, worker: usize) -> i64 {
        self.pattern.delta(worker)
    }

    /// Of which kind a worker is: 0 or 1, the same for workers with the same `d`.
    fn kind(&self, worker: usize) -> u8 {
        u8::from(self.delta(worker) < 0)
    }

    fn walk(&self) -> Walk<'p> {
        Walk { program: self.program, switching: self.switching }
    }

    /// What schedules of whole iterations end with: the right results.
    ///
    /// # Errors
    ///
    /// As [`Question::explore`].
    pub fn serial_endings(&self, control: &Control) -> Result<BTreeSet<i64>, ExploreError> {
        serial::endings(self, control)
    }

    fn start(&self) -> Result<Vec<WorkerState>, ExploreError> {
        if !(1..=MOST_WORKERS).contains(&self.workers) {
            return Err(ExploreError::Workers(self.workers));
        }
        (0..self.workers).map(|worker| self.walk().start(self.delta(worker), self.iterations)).collect()
    }

    /// The steps of the workers one after the other.
    fn serial_steps(&self, control: &Control) -> Result<usize, ExploreError> {
        // A loop without an end shows later; here it only means that the number of layers is not known.
        const MOST: usize = 1 << 20;
        let mut shared = SharedState::default();
        let mut steps = 0;
        for mut state in self.start()? {
            while steps < MOST && self.walk().step(&mut state, &mut shared, |_, _| {})? == Went::On {
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
    /// was asked for; never is a part of the table returned.
    pub fn explore(
        &self,
        limits: &Limits,
        control: &Control,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Explored<'p>, ExploreError> {
        let began = Instant::now();
        let layers = self.serial_steps(control)?;
        let serial = serial::endings(self, control)?;
        let mut exploration = Exploration::new(self, layers)?;
        loop {
            if control.stopped() {
                return Err(ExploreError::Interrupted);
            }
            exploration
                .learn(limits, control)
                .map_err(|error| exploration.where_it_ended(error, self, limits, layers))?;
            exploration.collect();
            exploration.check_for_loops(self, control)?;
            progress(Progress { layer: exploration.layer.depth, layers, states: exploration.states });
            let going = exploration
                .advance(limits, control)
                .map_err(|error| exploration.where_it_ended(error, self, limits, layers))?;
            if !going {
                break;
            }
        }
        Ok(exploration.finish(self, serial, limits, began))
    }
}

struct Tally {
    schedules: BigUint,
    spot: Option<Spot>,
}

/// An exploration under way.
struct Exploration<'p> {
    tables: Tables<'p>,
    layer: Layer,
    kinds: Vec<u8>,
    kept: Vec<Layer>,
    /// Every so many layers, one is kept in outline.
    every: usize,
    tallies: BTreeMap<Final, Tally>,
    states: u64,
    steps: usize,
    bytes: u64,
    next_check: usize,
}

impl<'p> Exploration<'p> {
    fn new(question: &Question<'p>, layers: usize) -> Result<Self, ExploreError> {
        let starts = question.start()?;
        let kinds: Vec<u8> = (0..question.workers).map(|worker| question.kind(worker)).collect();
        let mut tables = Tables::new(question.walk(), 2);
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
            kept: Vec::new(),
            every: layers.isqrt().max(1),
            tallies: BTreeMap::new(),
            states: 1,
            steps: 0,
            bytes: 0,
            next_check: 64,
        })
    }

    /// Learns everything that the steps from this layer depend on.
    fn learn(&mut self, limits: &Limits, control: &Control) -> Result<(), ExploreError> {
        let workers = self.kinds.len();
        let places: BTreeSet<Place> =
            self.layer.blocks.iter().flat_map(|block| block.places[..workers].to_vec()).collect();
        for place in places {
            self.tables.learn(place, limits, control)?;
        }
        for block in &self.layer.blocks {
            for (worker, &place) in block.places[..workers].iter().enumerate() {
                if self.tables.depth(place).any_table {
                    for &key in &block.keys {
                        let (slot, shared) = (block.layout.slot(key, worker), block.layout.shared(key));
                        self.tables.learn_under(place, slot, shared, limits, control)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What did not fit is told with how far it came.
    fn where_it_ended(
        &self,
        error: ExploreError,
        question: &Question<'_>,
        limits: &Limits,
        layers: usize,
    ) -> ExploreError {
        if error != ExploreError::Room {
            return error;
        }
        let layer = self.layer.depth + 1;
        // A layer of fewer iterations is a part of the same layer of more.
        let fits = u128::from(question.iterations) * self.layer.depth as u128 / layers.max(1) as u128;
        ExploreError::Memory {
            layer,
            layers: layers.max(layer),
            states: self.states,
            limit: limits.memory,
            fits: u64::try_from(fits).unwrap_or(u64::MAX),
        }
    }

    /// Takes down the states of this layer from which nobody goes on.
    fn collect(&mut self) {
        let workers = self.kinds.len();
        let may_end = |block: &&Block| {
            block.places[..workers].iter().all(|&place| {
                let depth = self.tables.depth(place);
                depth.any_finished || depth.any_waits
            })
        };
        for block in self.layer.blocks.iter().filter(may_end) {
            for (at, &key) in block.keys.iter().enumerate() {
                let shared = block.layout.shared(key);
                let slots: [u32; MOST_WORKERS] =
                    std::array::from_fn(
                        |worker| if worker < workers { block.layout.slot(key, worker) } else { 0 },
                    );
                let standing = || block.places[..workers].iter().zip(slots);
                if standing().any(|(&place, slot)| self.tables.depth(place).goes(slot, shared)) {
                    continue;
                }
                let locks: BTreeSet<u8> = standing()
                    .filter_map(|(&place, slot)| self.tables.waits_for(place, slot, shared))
                    .collect();
                let ending = Final::of(self.tables.shared_state(shared).x, locks);
                let spot = block.fewest.get(at).and_then(|fewest| {
                    let (last, &preemptions) =
                        fewest[..workers].iter().enumerate().min_by_key(|&(_, fewest)| fewest)?;
                    let depth = self.layer.depth;
                    Some(Spot { depth, places: block.places, slots, shared, last, preemptions })
                });
                let tally = self
                    .tallies
                    .entry(ending)
                    .or_insert_with(|| Tally { schedules: BigUint::ZERO, spot: None });
                tally.schedules += big(&self.layer.count(block, at));
                let price = |spot: Option<Spot>| spot.map_or(NEVER, |spot| spot.preemptions);
                if price(spot) < price(tally.spot) {
                    tally.spot = spot;
                }
                self.steps = self.layer.depth;
            }
        }
    }

    /// Makes the next layer; false when there is none.
    fn advance(&mut self, limits: &Limits, control: &Control) -> Result<bool, ExploreError> {
        if limits.witnesses && self.layer.depth.is_multiple_of(self.every) {
            self.kept.push(self.layer.outline());
        }
        let kept: u64 = self.kept.iter().map(Layer::bytes).sum();
        let used = kept + self.layer.bytes() + self.tables.bytes();
        let making = Making {
            workers: self.kinds.len(),
            counting: true,
            fewest: limits.witnesses.then_some(NEVER),
            room: limits.memory.saturating_sub(used),
            control,
        };
        let next = layers::next(&self.tables, &mut self.layer, &making)?;
        self.bytes = self.bytes.max(used + next.bytes());
        if next.blocks.is_empty() {
            return Ok(false);
        }
        self.layer = next;
        self.states += self.layer.states();
        Ok(true)
    }

    /// Layers without end are those of a program that need not end. That can be only if a worker by itself can
    /// come back to a state, which is looked at now and then; only then all states are searched for a loop.
    fn check_for_loops(&mut self, question: &Question<'_>, control: &Control) -> Result<(), ExploreError> {
        if self.layer.depth < self.next_check {
            return Ok(());
        }
        self.next_check *= 2;
        if self.tables.has_loop() {
            never_ends(question, MOST_SEARCHED, control)?;
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
                preemptions: tally.spot.map(|spot| spot.preemptions),
            })
            .collect();
        let total = outcomes.iter().map(|outcome| &outcome.schedules).sum();
        let spots =
            self.tallies.into_iter().filter_map(|(ending, tally)| Some((ending, tally.spot?))).collect();
        Explored {
            findings: Findings {
                outcomes,
                serial,
                total,
                states: self.states,
                steps: self.steps,
                bytes: self.bytes,
                elapsed: began.elapsed(),
            },
            question: *question,
            tables: self.tables,
            kept: self.kept,
            spots,
            kinds: self.kinds,
            memory: limits.memory,
        }
    }
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
    /// When no schedule ends so, or [`Limits::witnesses`] was not set.
    pub fn schedule(&self, ending: &Final, control: &Control) -> Result<Schedule, ExploreError> {
        let spot = match self.spots.get(ending) {
            Some(spot) => *spot,
            None if self.findings.outcomes.iter().any(|outcome| outcome.ending == *ending) => {
                return Err(ExploreError::NoWitnesses);
            }
            None => return Err(ExploreError::NoSuchOutcome(ending.words(self.question.program))),
        };
        // A way back takes room of its own, about the square root of all layers; the counts' room is free again.
        let order = trace::schedule(&self.tables, &self.kept, spot, &self.kinds, self.memory, control)?;
        Ok(Schedule::of(self.question.setting(), &order))
    }
}

impl Question<'_> {
    /// Where workers may be switched, as a schedule names it.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        match self.switching {
            Switching::Machine => Setting::Machine,
            Switching::Gil => Setting::Version(self.program.version()),
        }
    }
}

impl Final {
    /// Where nobody goes on: with that x, and workers that wait for those locks.
    fn of(x: i64, waited: BTreeSet<u8>) -> Self {
        if waited.is_empty() { Self::Value(x) } else { Self::Deadlock(waited.into_iter().collect()) }
    }

    /// What it is worth where these values are right.
    #[must_use]
    pub fn grade(&self, right: &BTreeSet<i64>) -> Grade {
        match self {
            Self::Deadlock(_) => Grade::Deadlock,
            Self::Value(value) if right.contains(value) => Grade::Right,
            Self::Value(_) => Grade::Lost,
        }
    }

    /// In words: `2`, or `deadlock (a, b)`, by the names of the program's locks.
    #[must_use]
    pub fn words(&self, program: &Program) -> String {
        match self {
            Self::Value(value) => value.to_string(),
            Self::Deadlock(waited) => {
                let names: Vec<&str> = waited.iter().map(|&lock| program.lock_name(lock)).collect();
                format!("deadlock ({})", names.join(", "))
            }
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::Lost => "lost",
            Self::Deadlock => "deadlock",
        })
    }
}

/// Limbs of 64 bits, the lowest first, as one number.
fn big(limbs: &[u64]) -> BigUint {
    let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    BigUint::from_bytes_le(&bytes)
}

/// Looks for a state that can be reached from itself, depth first, among so many states at most.
fn never_ends(question: &Question<'_>, most: usize, control: &Control) -> Result<(), ExploreError> {
    type Key = (Vec<u32>, SharedState);
    let walk = question.walk();
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
        let went = walk.step(&mut state, &mut shared, |_, _| {})?;
        path.push((key, worker + 1));
        if went != Went::On {
            continue;
        }
        let Some((key, _)) = path.last() else { continue };
        let mut next = (key.0.clone(), shared);
        next.0[worker] = states.number(state);
        if on_path.contains(&next) {
            return Err(ExploreError::Endless);
        }
        if done.len() + on_path.len() > most || states.elements() > serial::MOST_ELEMENTS {
            return Err(ExploreError::Unsettled);
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
    use crate::python::version::Version;

    #[test]
    fn a_search_that_is_given_up_claims_nothing() {
        let ends = |body, pattern, most| {
            let program = Program::compile(body, "", Version::newest_with_gil()).unwrap();
            let switching = Switching::Machine;
            let question = Question { program: &program, switching, workers: 2, iterations: 2, pattern };
            never_ends(&question, most, &Control::default())
        };
        assert_eq!(ends("x += d", Pattern::Plus, MOST_SEARCHED), Ok(()));
        assert_eq!(ends("x += d", Pattern::Plus, 10), Err(ExploreError::Unsettled));
        let waits = "while x == 0:\n  if d > 0: x = 1";
        assert_eq!(ends(waits, Pattern::PlusMinus, MOST_SEARCHED), Err(ExploreError::Endless));
        assert_eq!(ends(waits, Pattern::PlusMinus, 1), Err(ExploreError::Unsettled));
    }
}
