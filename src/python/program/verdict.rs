//! Whether an update can be lost, by trying every schedule of two workers.
//!
//! One worker has +1, the other -1. Their schedules that switch wherever the version may drop its GIL are held against those
//! that switch between iterations only: a final x that only the former reach is a lost update. A stretch between two drop
//! points that touches nothing shared is joined to the next, since no one can tell when it ran.

use std::collections::{BTreeSet, HashMap, HashSet};

use thiserror::Error;

use super::{
    compiled::Program,
    fault::Fault,
    shared::SharedState,
    source::Place,
    states::States,
    step::{Step, Touched},
    worker::WorkerState,
};
use crate::system::control::Control;

/// The most states that are looked at for one number of iterations.
pub const MOST_STATES: usize = 400_000;

/// How many iterations each worker does at most. One shows any loss inside an iteration, two what is carried over.
const MOST_ITERATIONS: u64 = 2;

/// The most instructions of an iteration, or between two accesses to shared memory.
const MOST_STEPS: u64 = 1_000_000;

/// The most instructions in all, so that an answer comes within seconds.
pub const MOST_WORK: u64 = 100_000_000;

/// How much is kept of the workers' states, in elements of about 24 bytes, twice.
const MOST_ELEMENTS: usize = 8_000_000;

/// What can become of x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every schedule ends like one that switches between iterations only.
    Exact,
    /// Some schedule does not.
    CanLose(Box<Witness>),
    /// Even whole iterations in different orders end differently: there is no one expected value.
    OrderDependent {
        /// Values of x at the end; none where the body's numbers were made small to see it.
        outcomes: Vec<i64>,
    },
    /// Some schedule ends with each worker waiting for a lock.
    Deadlock {
        /// The locks that are waited for.
        locks: Vec<String>,
    },
}

/// One way to lose an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Iterations of each worker.
    pub iterations: u64,
    /// The one value of x that whole iterations lead to.
    pub expected: i64,
    /// A value that is reached instead.
    pub reached: i64,
    /// The instruction that read x too early.
    pub load: Option<Site>,
    /// The instruction after which the other worker came in between, or at which this one waits for a lock.
    pub switch: Option<Site>,
    /// Whether it waits for a lock there.
    pub waits: bool,
    /// The instruction that then overwrote what the other had written.
    pub store: Option<Site>,
}

/// An instruction, for an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function.
    pub function: String,
    /// Its number in the function.
    pub number: usize,
    /// CPython's name of it.
    pub opcode: &'static str,
    /// Its argument.
    pub argument: String,
    /// Where in the source it comes from.
    pub place: Option<Place>,
}

/// Why there is no verdict.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VerdictError {
    /// Some schedule raises an exception or leaves the model.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// There are too many states.
    #[error(
        "more than {MOST_STATES} states with {iterations} iterations of each worker: use a body that reads and writes x less often"
    )]
    TooManyStates {
        /// Iterations of each worker.
        iterations: u64,
    },
    /// An iteration goes on and on.
    #[error("one iteration of the body takes more than {MOST_STEPS} instructions: make its loops shorter")]
    TooLong,
    /// A stop was asked for.
    #[error("stopped before every schedule of the body was tried; run it again")]
    Stopped,
    /// There is too much to do.
    #[error(
        "more than {most} instructions are needed to try every schedule with {iterations} iterations of each worker: make the body's loops shorter"
    )]
    TooMuchWork {
        /// How many may be done.
        most: u64,
        /// Iterations of each worker.
        iterations: u64,
    },
    /// The states are too large.
    #[error(
        "the states with {iterations} iterations of each worker hold more than {MOST_ELEMENTS} values: use shorter strings, lists and tuples"
    )]
    TooLarge {
        /// Iterations of each worker.
        iterations: u64,
    },
}

/// How a worker's stretch ends.
pub(super) enum Pause {
    /// It may lose the GIL here, having touched shared memory.
    Switch,
    Blocked(u8),
    Finished,
}

/// The states of a worker by number, and what it took to find them.
struct Workers {
    iterations: u64,
    states: States,
    work: u64,
    most_work: u64,
}

impl Workers {
    fn new(iterations: u64, most_work: u64) -> Self {
        Self { iterations, states: States::default(), work: 0, most_work }
    }

    fn number(&mut self, state: WorkerState) -> Result<u32, VerdictError> {
        let iterations = self.iterations;
        // To hash a state takes as long as some instructions, the more the larger it is.
        self.work += state.weight() as u64 / 2;
        let number = self.states.number(state);
        if self.states.elements() > MOST_ELEMENTS {
            return Err(VerdictError::TooLarge { iterations });
        }
        if self.work > self.most_work {
            return Err(VerdictError::TooMuchWork { most: self.most_work, iterations });
        }
        Ok(number)
    }

    /// The number of what became of the state of that number.
    fn follow(&mut self, from: u32, state: WorkerState) -> Result<u32, VerdictError> {
        self.work += state.work() - self.states.get(from).work();
        self.number(state)
    }

    fn state(&self, number: u32) -> WorkerState {
        self.states.get(number).clone()
    }
}

type Key = ([u32; 2], SharedState);

impl Program {
    /// Whether two workers, one with +1 and one with -1, can lose an update.
    ///
    /// # Errors
    ///
    /// If a schedule raises an exception or leaves the model, or there is too much to try.
    pub fn verdict(&self) -> Result<Verdict, VerdictError> {
        self.verdict_within([1, -1], MOST_WORK, &Control::default())
    }

    /// Whether two workers with these values of `d` can lose an update. Whether it matters whose iterations come first is tried with small
    /// numbers in the place of the body's own, too, and so is all else where nothing is lost within a few iterations: a limit may be
    /// reached only after many. It is found with no more than so many instructions for
    /// each number of iterations, some 20 ns each: [`MOST_WORK`] takes seconds. With less than a million,
    /// [`VerdictError::TooLong`] comes sooner, too.
    ///
    /// # Errors
    ///
    /// As [`Program::verdict`], and [`VerdictError::Stopped`] when a stop is asked for.
    pub fn verdict_within(
        &self,
        deltas: [i64; 2],
        most_work: u64,
        control: &Control,
    ) -> Result<Verdict, VerdictError> {
        let mut verdict = self.tried(deltas, most_work, control)?;
        if matches!(verdict, Verdict::OrderDependent { .. }) {
            return Ok(verdict);
        }
        for program in self.smaller() {
            let tried = if verdict == Verdict::Exact {
                program.tried(deltas, most_work, control)
            } else {
                program.in_other_orders(deltas, most_work, control)
            };
            match tried {
                Err(VerdictError::Stopped) => return Err(VerdictError::Stopped),
                // The outcomes are those of other numbers.
                Ok(Verdict::OrderDependent { .. }) => {
                    return Ok(Verdict::OrderDependent { outcomes: Vec::new() });
                }
                // With other numbers it may be another program, which says nothing about this one.
                Ok(Verdict::Exact) | Err(_) => {}
                Ok(found) if verdict == Verdict::Exact => verdict = found,
                Ok(_) => {}
            }
        }
        Ok(verdict)
    }

    /// Whether whole iterations in different orders end differently; nothing is said of others.
    fn in_other_orders(
        &self,
        deltas: [i64; 2],
        most_work: u64,
        control: &Control,
    ) -> Result<Verdict, VerdictError> {
        for iterations in 1..=MOST_ITERATIONS {
            match self.serial(deltas, iterations, most_work, control)? {
                Ok(outcomes) if outcomes.len() > 1 => {
                    return Ok(Verdict::OrderDependent { outcomes: outcomes.into_iter().collect() });
                }
                _ => {}
            }
        }
        Ok(Verdict::Exact)
    }

    /// The same with the numbers as they are.
    fn tried(&self, deltas: [i64; 2], most_work: u64, control: &Control) -> Result<Verdict, VerdictError> {
        for iterations in 1..=MOST_ITERATIONS {
            let serial = match self.serial(deltas, iterations, most_work, control)? {
                Ok(outcomes) => outcomes,
                Err(locks) => return Ok(Verdict::Deadlock { locks }),
            };
            let mut outcomes = serial.iter();
            let (Some(&expected), None) = (outcomes.next(), outcomes.next()) else {
                return Ok(Verdict::OrderDependent { outcomes: serial.into_iter().collect() });
            };
            match self.search(deltas, iterations, expected, most_work, control)? {
                Verdict::Exact => {}
                other => return Ok(other),
            }
        }
        Ok(Verdict::Exact)
    }

    /// Runs a worker to where a switch matters; tells of each access to shared memory.
    pub(super) fn advance(
        &self,
        state: &mut WorkerState,
        shared: &mut SharedState,
        most_work: u64,
        mut access: impl FnMut((usize, usize), Touched),
        mut stop: impl FnMut(&WorkerState, bool) -> bool,
    ) -> Result<Pause, VerdictError> {
        let mut touched_any = false;
        let began = state.work();
        while state.work() - began < MOST_STEPS.min(most_work) {
            let Some(at) = state.next() else {
                return Ok(Pause::Finished);
            };
            match self.step_or_sleep(state, shared)? {
                Step::Done { may_drop, touched } => {
                    if touched != Touched::Nothing {
                        touched_any = true;
                        access(at, touched);
                    }
                    if state.finished() {
                        return Ok(Pause::Finished);
                    }
                    if stop(state, may_drop && touched_any) {
                        return Ok(Pause::Switch);
                    }
                }
                Step::Blocked(lock) => return Ok(Pause::Blocked(lock)),
                Step::Finished => return Ok(Pause::Finished),
            }
        }
        Err(VerdictError::TooLong)
    }

    /// What whole iterations can end with; or the lock that a worker alone waits for.
    fn serial(
        &self,
        deltas: [i64; 2],
        iterations: u64,
        most_work: u64,
        control: &Control,
    ) -> Result<Result<BTreeSet<i64>, Vec<String>>, VerdictError> {
        let mut outcomes = BTreeSet::new();
        let mut workers = Workers::new(iterations, most_work);
        let start = [
            workers.number(self.start(deltas[0], iterations))?,
            workers.number(self.start(deltas[1], iterations))?,
        ];
        let mut open: Vec<Key> = vec![(start, SharedState::default())];
        let mut seen: HashSet<Key> = open.iter().copied().collect();
        while let Some((numbers, shared)) = open.pop() {
            if control.stopped() {
                return Err(VerdictError::Stopped);
            }
            let mut last = true;
            for worker in 0..2 {
                let mut state = workers.state(numbers[worker]);
                if state.finished() {
                    continue;
                }
                last = false;
                let mut shared = shared;
                // The first boundary is the loop's head, before any iteration.
                match self.advance(
                    &mut state,
                    &mut shared,
                    most_work,
                    |_, _| {},
                    |state, _| state.at_boundary(self),
                )? {
                    Pause::Switch | Pause::Finished => {}
                    Pause::Blocked(lock) => return Ok(Err(vec![self.lock_name(lock).to_owned()])),
                }
                let mut next = numbers;
                next[worker] = workers.follow(numbers[worker], state)?;
                if seen.insert((next, shared)) {
                    open.push((next, shared));
                }
            }
            if last {
                outcomes.insert(shared.x);
            }
            if seen.len() > MOST_STATES {
                return Err(VerdictError::TooManyStates { iterations });
            }
        }
        Ok(Ok(outcomes))
    }

    /// Looks for a schedule that ends with something other than `expected`, or in a deadlock.
    fn search(
        &self,
        deltas: [i64; 2],
        iterations: u64,
        expected: i64,
        most_work: u64,
        control: &Control,
    ) -> Result<Verdict, VerdictError> {
        let mut workers = Workers::new(iterations, most_work);
        let start = [
            workers.number(self.start(deltas[0], iterations))?,
            workers.number(self.start(deltas[1], iterations))?,
        ];
        let first: Key = (start, SharedState::default());
        // Where each state was reached from, and by which worker.
        let mut from: HashMap<Key, Option<(Key, usize)>> = HashMap::from([(first, None)]);
        let mut open = vec![first];
        while let Some(key) = open.pop() {
            if control.stopped() {
                return Err(VerdictError::Stopped);
            }
            let (numbers, shared) = key;
            let mut waits = Vec::new();
            let mut moved = false;
            for worker in 0..2 {
                let mut state = workers.state(numbers[worker]);
                if state.finished() {
                    continue;
                }
                let mut after = shared;
                let pause = self.advance(&mut state, &mut after, most_work, |_, _| {}, |_, switch| switch)?;
                if let Pause::Blocked(lock) = pause {
                    waits.push(self.lock_name(lock).to_owned());
                    if *workers.states.get(numbers[worker]) == state {
                        continue;
                    }
                }
                moved = true;
                let mut next = numbers;
                next[worker] = workers.follow(numbers[worker], state)?;
                let next = (next, after);
                if let std::collections::hash_map::Entry::Vacant(entry) = from.entry(next) {
                    entry.insert(Some((key, worker)));
                    open.push(next);
                }
            }
            if from.len() > MOST_STATES {
                return Err(VerdictError::TooManyStates { iterations });
            }
            if moved {
                continue;
            }
            if !waits.is_empty() {
                waits.sort();
                waits.dedup();
                return Ok(Verdict::Deadlock { locks: waits });
            }
            if shared.x != expected {
                let schedule = schedule(&from, key);
                let mut witness = self.explain(deltas, iterations, &schedule)?;
                witness.expected = expected;
                witness.reached = shared.x;
                return Ok(Verdict::CanLose(Box::new(witness)));
            }
        }
        Ok(Verdict::Exact)
    }
}

/// The workers in the order in which they ran to reach that state.
fn schedule(from: &HashMap<Key, Option<(Key, usize)>>, end: Key) -> Vec<usize> {
    let mut order = Vec::new();
    let mut key = end;
    while let Some(Some((before, worker))) = from.get(&key) {
        order.push(*worker);
        key = *before;
    }
    order.reverse();
    order
}
