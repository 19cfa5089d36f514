//! Every interleaving of workers that take a reference to one object and give it back.
//!
//! A reference count is not a loop body in Python: it is what the interpreter does beneath. So the steps are those of
//! the protocol, one access to shared memory each, and what is asked is not a value of x but whether the object is
//! freed while somebody holds a reference, or never. Whoever made the object holds one reference throughout.
//!
//! The schedules of each state are counted once ([`Question::explore`]), as they are for bodies.

use super::error::ExploreError;
use crate::choice::Choice;
use crate::system::control::Control;
use num_bigint::BigUint;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The most states that are told apart; each takes some hundred bytes.
const MOST_STATES: usize = 2_000_000;
/// The most workers of a question.
pub const MOST_COUNTING: usize = 4;
/// The most pairs of a worker: each is a few calls deeper.
pub const MOST_PAIRS: u64 = 100;

/// How references are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Load, add, store.
    Plain,
    /// One atomic instruction.
    Atomic,
    /// A plain count for worker A, who owns the object, and an atomic one for the others; merged when A is done.
    Biased,
}

impl Choice for Protocol {
    const ALL: &'static [Self] = &[Self::Plain, Self::Atomic, Self::Biased];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Atomic => "atomic",
            Self::Biased => "biased",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Plain => "load, add and store",
            Self::Atomic => "one atomic instruction for each change",
            Self::Biased => {
                "a plain count for the owner, an atomic one for others, merged when the owner is done"
            }
        }
    }
}

/// What is asked: every interleaving of so many workers that take and give back so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// How they count.
    pub protocol: Protocol,
    /// How many: 1 to [`MOST_COUNTING`].
    pub workers: usize,
    /// How often each takes a reference and gives it back: 1 to [`MOST_PAIRS`].
    pub pairs: u64,
}

/// How many schedules end in which way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Those that free the object while somebody holds a reference, whatever they end with.
    pub early: BigUint,
    /// Those that end with a count that is too high, so that the object is never freed.
    pub leaking: BigUint,
    /// Those that do neither.
    pub right: BigUint,
    /// How many states were told apart.
    pub states: usize,
}

impl Findings {
    /// All schedules.
    #[must_use]
    pub fn total(&self) -> BigUint {
        &self.early + &self.leaking + &self.right
    }

    /// Whether some schedule goes wrong.
    #[must_use]
    pub fn wrong(&self) -> bool {
        *self != Self { right: self.right.clone(), states: self.states, ..Self::default() }
    }

    fn add(&mut self, other: &Self) {
        self.early += &other.early;
        self.leaking += &other.leaking;
        self.right += &other.right;
    }
}

/// A step of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which worker.
    pub worker: usize,
    /// What it does.
    pub does: Access,
    /// How many references are counted afterwards.
    pub count: i32,
}

/// What a step does to the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Loads this value.
    Load(i32),
    /// Stores this value, which ends the taking of a reference.
    Take(i32),
    /// Stores this value, which ends the giving back of one.
    GiveBack(i32),
    /// Adds the local count to the shared one.
    Merge(i32),
    /// Finds that the count has changed since it was loaded, and has to try again.
    Retry(i32),
}

/// A schedule up to the step that frees the object too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its steps.
    pub steps: Vec<Step>,
    /// How often a worker was interrupted by another before it was done.
    pub preemptions: u32,
}

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Worker {
    left: u32,
    at: Place,
    /// What it has loaded and not yet used; otherwise 0, so that such states are one.
    loaded: i32,
    /// Biased: whether the counts were merged when it loaded.
    loaded_merged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    LoadToTake,
    Take,
    LoadToGiveBack,
    GiveBack,
    LoadToMerge,
    Merge,
    Done,
}

/// The counts and all workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct State {
    /// The count; biased: that of the others (`ob_ref_shared`).
    shared: i32,
    /// Biased: the owner's count (`ob_ref_local`).
    local: i32,
    /// Biased: whether the shared count is all (`_Py_REF_MERGED`).
    merged: bool,
    /// Whether the count has reached zero, though the maker's reference is held.
    freed: bool,
    workers: Vec<Worker>,
}

impl State {
    fn count(&self) -> i32 {
        self.shared + self.local
    }

    fn done(&self) -> bool {
        self.workers.iter().all(|worker| worker.at == Place::Done)
    }
}

impl Question {
    fn start(self) -> State {
        let left = u32::try_from(self.pairs).unwrap_or(u32::MAX);
        let at = if self.pairs == 0 { Place::Done } else { Place::LoadToTake };
        let (shared, local) = if self.protocol == Protocol::Biased { (0, 1) } else { (1, 0) };
        let worker = Worker { left, at, loaded: 0, loaded_merged: false };
        State { shared, local, merged: false, freed: false, workers: vec![worker; self.workers] }
    }

    /// One step of a worker that is not done.
    fn step(self, state: &mut State, worker: usize) -> Access {
        match self.protocol {
            Protocol::Plain => self.step_plainly(state, worker, false),
            Protocol::Atomic => self.step_atomically(state, worker),
            Protocol::Biased if worker == 0 => self.step_as_owner(state),
            Protocol::Biased => self.step_as_other(state, worker),
        }
    }

    /// To load and to store are steps of their own; of the owner's count, if `owned`.
    fn step_plainly(self, state: &mut State, worker: usize, owned: bool) -> Access {
        let State { shared, local, workers, freed, .. } = state;
        let count = if owned { local } else { shared };
        let own = &mut workers[worker];
        match own.at {
            Place::LoadToTake | Place::LoadToGiveBack => {
                own.loaded = *count;
                own.at = if own.at == Place::LoadToTake { Place::Take } else { Place::GiveBack };
                Access::Load(*count)
            }
            Place::Take => {
                *count = std::mem::take(&mut own.loaded) + 1;
                own.at = Place::LoadToGiveBack;
                Access::Take(*count)
            }
            Place::GiveBack | Place::LoadToMerge | Place::Merge | Place::Done => {
                *count = std::mem::take(&mut own.loaded) - 1;
                *freed |= *count == 0;
                let stored = *count;
                self.end_pair(own, worker);
                Access::GiveBack(stored)
            }
        }
    }

    /// Each change is one step.
    fn step_atomically(self, state: &mut State, worker: usize) -> Access {
        let own = &mut state.workers[worker];
        if own.at == Place::LoadToTake {
            state.shared += 1;
            own.at = Place::GiveBack;
            return Access::Take(state.shared);
        }
        state.shared -= 1;
        state.freed |= state.shared == 0;
        self.end_pair(own, worker);
        Access::GiveBack(state.shared)
    }

    /// The owner counts plainly, then merges: loads the shared count, and exchanges it for the sum if it is still the
    /// same.
    fn step_as_owner(self, state: &mut State) -> Access {
        let own = &mut state.workers[0];
        match own.at {
            Place::LoadToMerge => {
                own.loaded = state.shared;
                own.at = Place::Merge;
                Access::Load(state.shared)
            }
            Place::Merge if own.loaded != state.shared => {
                own.loaded = state.shared;
                Access::Retry(state.shared)
            }
            Place::Merge => {
                state.shared += std::mem::take(&mut state.local);
                state.merged = true;
                state.freed |= state.shared == 0;
                own.loaded = 0;
                own.at = Place::Done;
                Access::Merge(state.shared)
            }
            _ => self.step_plainly(state, 0, true),
        }
    }

    /// The others take atomically; to give back they load the shared count, and exchange it for one less if it is still
    /// the same. Each gives back what it has taken itself, so the shared count is never zero before that.
    fn step_as_other(self, state: &mut State, worker: usize) -> Access {
        let own = &mut state.workers[worker];
        match own.at {
            Place::LoadToTake => {
                state.shared += 1;
                own.at = Place::LoadToGiveBack;
                Access::Take(state.shared)
            }
            Place::LoadToGiveBack => {
                (own.loaded, own.loaded_merged) = (state.shared, state.merged);
                own.at = Place::GiveBack;
                Access::Load(state.shared)
            }
            _ if (own.loaded, own.loaded_merged) != (state.shared, state.merged) => {
                (own.loaded, own.loaded_merged) = (state.shared, state.merged);
                Access::Retry(state.shared)
            }
            _ => {
                state.shared -= 1;
                state.freed |= state.merged && state.shared == 0;
                (own.loaded, own.loaded_merged) = (0, false);
                self.end_pair(own, worker);
                Access::GiveBack(state.shared)
            }
        }
    }

    fn end_pair(self, own: &mut Worker, worker: usize) {
        own.left -= 1;
        own.at = match own.left {
            0 if self.protocol == Protocol::Biased && worker == 0 => Place::LoadToMerge,
            0 => Place::Done,
            _ => Place::LoadToTake,
        };
    }

    /// The steps that are possible in a state, each with what it leads to.
    fn steps(self, state: &State) -> impl Iterator<Item = (usize, Access, State)> {
        let going = |&worker: &usize| state.workers[worker].at != Place::Done;
        (0..self.workers).filter(going).map(move |worker| {
            let mut next = state.clone();
            let access = self.step(&mut next, worker);
            (worker, access, next)
        })
    }

    /// How a schedule ends that has come to a state in which all are done.
    fn ending(state: &State) -> Findings {
        let one = BigUint::from(1_u8);
        match (state.freed || state.count() < 1, state.count()) {
            (true, _) => Findings { early: one, ..Findings::default() },
            (false, 1) => Findings { right: one, ..Findings::default() },
            (false, _) => Findings { leaking: one, ..Findings::default() },
        }
    }

    /// Counts every schedule.
    ///
    /// # Errors
    ///
    /// When there are too many states, or a stop was asked for.
    pub fn explore(self, control: &Control) -> Result<Findings, ExploreError> {
        let mut counted = FxHashMap::default();
        let mut findings = self.count(self.start(), &mut counted, control)?;
        findings.states = counted.len();
        Ok(findings)
    }

    /// Counts the schedules from a state on, each state once.
    fn count(
        self,
        state: State,
        counted: &mut FxHashMap<State, Findings>,
        control: &Control,
    ) -> Result<Findings, ExploreError> {
        if let Some(findings) = counted.get(&state) {
            return Ok(findings.clone());
        }
        if control.stopped() {
            return Err(ExploreError::Interrupted);
        }
        let findings = if state.done() {
            Self::ending(&state)
        } else {
            let mut sum = Findings::default();
            for (_, _, next) in self.steps(&state) {
                sum.add(&self.count(next, counted, control)?);
            }
            sum
        };
        if counted.len() == MOST_STATES {
            return Err(ExploreError::TooLarge);
        }
        counted.insert(state, findings.clone());
        Ok(findings)
    }

    /// A schedule that frees the object too early, with as few preemptions as possible, and then as few steps; none where
    /// no schedule does.
    ///
    /// # Errors
    ///
    /// As [`Question::explore`].
    pub fn witness(self, control: &Control) -> Result<Option<Witness>, ExploreError> {
        /// How a state was first reached.
        struct Reached {
            state: State,
            last: Option<usize>,
            before: Option<(usize, Step)>,
        }
        let mut reached = vec![Reached { state: self.start(), last: None, before: None }];
        let mut seen = FxHashSet::default();
        let mut waiting = BinaryHeap::from([Reverse((0_u32, 0_u32, 0_usize))]);
        while let Some(Reverse((preemptions, steps, at))) = waiting.pop() {
            if control.stopped() {
                return Err(ExploreError::Interrupted);
            }
            let (state, last) = (reached[at].state.clone(), reached[at].last);
            if state.freed {
                let mut steps = Vec::new();
                let mut at = at;
                while let Some((before, step)) = reached[at].before {
                    steps.push(step);
                    at = before;
                }
                steps.reverse();
                return Ok(Some(Witness { steps, preemptions }));
            }
            if !seen.insert((state.clone(), last)) {
                continue;
            }
            if reached.len() > 4 * MOST_STATES {
                return Err(ExploreError::TooLarge);
            }
            for (worker, does, next) in self.steps(&state) {
                let interrupted =
                    last.is_some_and(|last| last != worker && state.workers[last].at != Place::Done);
                let step = Step { worker, does, count: next.count() };
                let place = reached.len();
                reached.push(Reached { state: next, last: Some(worker), before: Some((at, step)) });
                waiting.push(Reverse((preemptions + u32::from(interrupted), steps + 1, place)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
