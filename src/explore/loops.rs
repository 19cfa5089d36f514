//! Every schedule of a loop body over shared lists, dicts and objects, counted as those of a counter are.
//!
//! A state is all that the workers share, and where each of them is; it is executed by the machine of whole programs, so it is
//! neither packed nor reduced by symmetry. What is counted is the same: each order of all steps once.

use super::error::ExploreError;
use super::exploration::Progress;
use super::findings::{FinalState, Findings, Grade, LockNames, Outcome};
use super::limits::{Limits, MOST_WORKERS};
use super::schedule::{Schedule, ScheduleError, StepKind, worker_letter};
use super::step::Switching;
use crate::measure::Pattern;
use crate::python::check::{LoopBody, LoopEnd, LoopState, LoopStep, Steps, TracedStep};
use crate::system::control::Control;
use num_bigint::BigUint;
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

/// The most steps of a schedule.
const MOST_LAYERS: usize = 20_000;

/// No way with so many preemptions is known.
const NEVER: u16 = u16::MAX;

/// What is to be found out about a body over shared objects.
#[derive(Debug, Clone, Copy)]
pub struct LoopQuestion<'p> {
    /// The body.
    pub body: &'p LoopBody,
    /// Where workers may be switched.
    pub switching: Switching,
    /// How many workers: 1 to [`MOST_WORKERS`].
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each worker's `d` is.
    pub pattern: Pattern,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct LoopExplored {
    /// What was found.
    pub findings: Findings,
    /// For each outcome, the worker of each step of a schedule with the fewest preemptions; none without
    /// [`Limits::witnesses`].
    pub orders: BTreeMap<FinalState, Vec<u8>>,
}

/// What came of carrying out a schedule.
#[derive(Debug, Clone)]
pub struct LoopReplayed {
    /// Its end.
    pub ending: FinalState,
    /// Whether that is right.
    pub grade: Grade,
    /// Its steps.
    pub trace: Vec<TracedStep>,
    /// How many of its switches are preemptions.
    pub preemptions: u64,
}

/// The right ends: those of schedules that switch between iterations only.
#[derive(Debug, Clone, Default)]
pub struct Serial {
    /// The results.
    pub values: BTreeSet<i64>,
    raised: BTreeSet<Vec<String>>,
}

impl Serial {
    fn grade(&self, ending: &FinalState) -> Grade {
        match ending {
            FinalState::Raised(raised) if self.raised.contains(raised) => Grade::Right,
            other => other.grade(&self.values),
        }
    }
}

/// The names of what workers wait for, numbered as they come up.
#[derive(Debug, Clone, Default)]
pub struct Awaited(Vec<String>);

impl LockNames for Awaited {
    fn lock_name(&self, number: u8) -> &str {
        self.0.get(usize::from(number)).map_or("", String::as_str)
    }
}

impl Awaited {
    fn number(&mut self, name: String) -> u8 {
        let at = self.0.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.0.push(name);
            self.0.len() - 1
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }

    fn ending(&mut self, end: LoopEnd) -> FinalState {
        match end {
            LoopEnd::Value(value) => FinalState::Value(value),
            LoopEnd::Raised(raised) => FinalState::Raised(raised),
            LoopEnd::Waiting(mut names) => {
                names.sort();
                let numbers: BTreeSet<u8> = names.into_iter().map(|name| self.number(name)).collect();
                FinalState::Deadlock(numbers.into_iter().collect())
            }
        }
    }
}

/// A state of a layer: how many schedules lead there, and for each worker that may have done the last step the fewest
/// preemptions, and from which state of the layer before, after a step of whom.
struct Node {
    schedules: BigUint,
    fewest: [u16; MOST_WORKERS],
    from: Ways,
}

type Ways = [(u32, u8); MOST_WORKERS];

impl LoopQuestion<'_> {
    /// Which kind of steps its schedules count.
    #[must_use]
    pub const fn step_kind(&self) -> StepKind {
        match self.switching {
            Switching::Machine => StepKind::Machine,
            Switching::Gil => StepKind::Version(self.body.version()),
        }
    }

    const fn steps(&self) -> Steps {
        match self.switching {
            Switching::Machine => Steps::Machine,
            Switching::Gil => Steps::Gil,
        }
    }

    fn start(&self) -> Result<LoopState, ExploreError> {
        if !(1..=MOST_WORKERS).contains(&self.workers) {
            return Err(ExploreError::Workers(self.workers));
        }
        let deltas: Vec<i64> = (0..self.workers).map(|worker| self.pattern.delta(worker)).collect();
        Ok(self.body.start(&deltas, self.iterations)?)
    }

    /// The right ends.
    ///
    /// # Errors
    ///
    /// As [`LoopQuestion::explore`].
    pub fn serial(&self, control: &Control) -> Result<Serial, ExploreError> {
        let (values, raised) = self.body.serial(&self.start()?, control)?;
        Ok(Serial { values, raised })
    }

    /// Counts all schedules by how they end.
    ///
    /// # Errors
    ///
    /// When a schedule leaves the model or does not end, the states do not fit the memory, or a stop is asked for.
    pub fn explore(
        &self,
        limits: &Limits,
        names: &mut Awaited,
        control: &Control,
        note: &mut dyn FnMut(Progress),
    ) -> Result<LoopExplored, ExploreError> {
        let began = Instant::now();
        let serial = self.serial(control)?;
        let first =
            Node { schedules: BigUint::from(1_u32), fewest: [NEVER; MOST_WORKERS], from: Ways::default() };
        let mut layer = vec![(self.start()?, first)];
        let mut history: Vec<Vec<Ways>> = Vec::new();
        let mut outcomes: BTreeMap<FinalState, (BigUint, u16)> = BTreeMap::new();
        let mut orders = BTreeMap::new();
        let (mut states, mut peak, mut kept) = (0, 0, 0);
        while !layer.is_empty() {
            let depth = history.len();
            if depth > MOST_LAYERS {
                return Err(ExploreError::TerminationUnknown);
            }
            states += layer.len() as u64;
            note(Progress { layer: depth, layers: depth, states });
            if limits.witnesses {
                history.push(layer.iter().map(|(_, node)| node.from).collect());
                kept += layer.len() as u64 * size_of::<Ways>() as u64;
            } else {
                history.push(Vec::new());
            }
            let mut known: HashMap<LoopState, usize, FxBuildHasher> = HashMap::default();
            let mut next: Vec<Node> = Vec::new();
            let mut bytes = 0;
            for (at, (state, node)) in layer.iter().enumerate() {
                if control.stopped() {
                    return Err(ExploreError::Interrupted);
                }
                let steps = (0..self.workers).map(|worker| self.body.step(state, worker, self.steps()));
                let steps: Vec<LoopStep> = steps.collect::<Result<_, _>>()?;
                let moves = |worker: usize| matches!(steps[worker], LoopStep::Done(_));
                if !(0..self.workers).any(moves) {
                    let ending = names.ending(self.body.end(state)?);
                    let (last, fewest) = cheapest(&node.fewest[..self.workers]);
                    let entry = outcomes.entry(ending.clone()).or_insert_with(|| (BigUint::ZERO, NEVER));
                    entry.0 += &node.schedules;
                    if limits.witnesses && (fewest < entry.1 || !orders.contains_key(&ending)) {
                        entry.1 = entry.1.min(fewest);
                        orders.insert(ending, order(&history, at, last));
                    }
                    continue;
                }
                for (mover, step) in steps.iter().enumerate() {
                    let LoopStep::Done(after) = step else { continue };
                    let number = *known.entry(after.clone()).or_insert_with(|| {
                        bytes += after.bytes();
                        next.push(Node {
                            schedules: BigUint::ZERO,
                            fewest: [NEVER; MOST_WORKERS],
                            from: Ways::default(),
                        });
                        next.len() - 1
                    });
                    next[number].schedules += &node.schedules;
                    let (last, fewest) = if depth == 0 {
                        (mover, 0)
                    } else {
                        let cost = |last: usize| {
                            node.fewest[last].saturating_add(u16::from(last != mover && moves(last)))
                        };
                        let costs: Vec<u16> = (0..self.workers).map(cost).collect();
                        cheapest(&costs)
                    };
                    if fewest < next[number].fewest[mover] {
                        next[number].fewest[mover] = fewest;
                        next[number].from[mover] =
                            (u32::try_from(at).unwrap_or(u32::MAX), u8::try_from(last).unwrap_or(u8::MAX));
                    }
                }
                if bytes + kept > limits.memory {
                    return Err(ExploreError::MemoryUsedUp);
                }
            }
            peak = peak.max(bytes + kept);
            let mut states: Vec<(usize, LoopState)> =
                known.into_iter().map(|(state, number)| (number, state)).collect();
            states.sort_unstable_by_key(|(number, _)| *number);
            layer = states.into_iter().map(|(_, state)| state).zip(next).collect();
        }
        let total = outcomes.values().map(|(schedules, _)| schedules).sum();
        let outcomes = outcomes.into_iter().map(|(ending, (schedules, fewest))| Outcome {
            grade: serial.grade(&ending),
            ending,
            schedules,
            preemptions: limits.witnesses.then_some(fewest),
        });
        let findings = Findings {
            outcomes: outcomes.collect(),
            serial: serial.values,
            total,
            states,
            steps: history.len().saturating_sub(1),
            peak_memory: peak,
            elapsed: began.elapsed(),
        };
        Ok(LoopExplored { findings, orders })
    }

    /// Carries out a schedule, step by step.
    ///
    /// # Errors
    ///
    /// When it does not fit this question: other steps, other workers, too short or too long.
    pub fn replay(
        &self,
        schedule: &Schedule,
        names: &mut Awaited,
        control: &Control,
    ) -> Result<LoopReplayed, ExploreError> {
        let wanted = self.step_kind();
        if schedule.step_kind != wanted {
            return Err(ScheduleError::OtherStepKind { schedule: schedule.step_kind, wanted }.into());
        }
        if schedule.steps() > MOST_LAYERS as u64 {
            return Err(ExploreError::ReplayTooLong);
        }
        let mut order: Vec<u8> = Vec::new();
        for run in schedule.runs() {
            if usize::from(run.worker) >= self.workers {
                let worker = worker_letter(run.worker);
                return Err(ScheduleError::NoSuchWorker { worker, workers: self.workers }.into());
            }
            order.extend((0..run.steps).map(|_| run.worker));
        }
        let start = self.start()?;
        let (trace, end) = match self.body.trace(&start, &order, self.steps())? {
            Ok(traced) => traced,
            Err((number, finished)) => {
                let (step, worker) = (number as u64 + 1, worker_letter(order[number]));
                return Err(if finished {
                    ScheduleError::Finished { step, worker }
                } else {
                    ScheduleError::Waits { step, worker, lock: "what another holds".to_owned() }
                }
                .into());
            }
        };
        for worker in 0..self.workers {
            if let LoopStep::Done(_) = self.body.step(&end, worker, self.steps())? {
                let worker = worker_letter(u8::try_from(worker).unwrap_or(u8::MAX));
                return Err(ScheduleError::Unfinished { worker }.into());
            }
        }
        let mut preemptions = 0;
        let mut state = start;
        for (number, &worker) in order.iter().enumerate() {
            let before = number.checked_sub(1).map(|before| order[before]).filter(|&last| last != worker);
            if let Some(last) = before
                && let LoopStep::Done(_) = self.body.step(&state, usize::from(last), self.steps())?
            {
                preemptions += 1;
            }
            if let LoopStep::Done(after) = self.body.step(&state, usize::from(worker), self.steps())? {
                state = after;
            }
        }
        let ending = names.ending(self.body.end(&end)?);
        let grade = self.serial(control)?.grade(&ending);
        Ok(LoopReplayed { ending, grade, trace, preemptions })
    }
}

/// Which number is the least, and that number.
fn cheapest(numbers: &[u16]) -> (usize, u16) {
    let least = numbers.iter().copied().enumerate().min_by_key(|&(_, number)| number);
    least.unwrap_or((0, NEVER))
}

/// The worker of each step on the way to a state of the last layer after a step of `last`.
fn order(history: &[Vec<Ways>], at: usize, last: usize) -> Vec<u8> {
    let mut order = Vec::with_capacity(history.len());
    let (mut at, mut last) = (at, u8::try_from(last).unwrap_or(u8::MAX));
    for layer in history.iter().skip(1).rev() {
        order.push(last);
        let (before, by) = layer[at][usize::from(last)];
        at = before as usize;
        last = by;
    }
    order.reverse();
    order
}
