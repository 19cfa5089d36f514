//! Every schedule of a program, at small scope.
//!
//! A state is left by letting one thread run up to its next drop point at which a switch can matter: after it got at
//! something that another thread gets at, too, and one of them changes. What that is, is learned on the way: the search begins
//! by taking nothing as shared, and begins anew whenever it has seen a conflict on something that was not.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::assumed::Assumed;
use super::ending::{Ending, ending};
use super::machine::{Location, Machine, Step, Use};
use super::order::{Mark, Order, order};
use super::pause::{Bounds, Pause, Switching, Tell, Unfinished};
use super::prints::{Prints, Stretch};
use super::reached::Reached;
use super::sharing::Sharing;
use super::state::State;
use super::stuck::Graph;
use super::unit;
use crate::python::program::module::{FEW_ROUNDS, Module};

/// The most parts of what a daemon thread still does that are looked at once the program has ended.
const MOST_PARTS: usize = 50;

/// The most instructions of a daemon thread that are looked at once the program has ended.
const MOST_OF_A_DAEMON: usize = 1000;

/// The most that all states of a search may weigh, in references: a quarter of a gigabyte.
const MOST_WEIGHT: usize = 32 << 20;

/// What counts of a state from which nobody goes on, and whether all who must have ended.
pub(super) type Look<'m> = dyn Fn(&State, bool) -> Result<Ending, Unfinished> + 'm;

pub(super) struct Search<'m> {
    pub(super) module: &'m Module,
    pub(super) switching: Switching,
    begin: State,
    look: Option<&'m Look<'m>>,
    /// The locations at which threads may be in each other's way.
    pub(super) conflicts: BTreeSet<Location>,
    /// Those of them that were known when the last pass began: it switches threads there.
    pub(super) shared: BTreeSet<Location>,
    /// But not there, as a lock is held each time.
    pub(super) guarded: BTreeSet<Location>,
    pub(super) sharing: Sharing,
    pub(super) steps: u64,
    /// What was taken for granted.
    pub(super) assumed: Assumed,
    pub(super) reached: Reached,
    /// What is printed on the way, in the last pass.
    pub(super) prints: Prints,
    /// What the last stretch of a thread printed.
    pub(super) stretch: Stretch,
    /// Whether threads take turns after iterations of their loops. The loops of the main thread start others and wait for them.
    pub(super) iterates: bool,
    /// Whether in this pass a thread came back to where it was, and nothing on its way can be changed by another one.
    endless: bool,
    /// Whether the state that was found last is left first.
    depth_first: bool,
}

/// The endings that were found, with the order of threads that leads to each first.
pub(super) type Endings = Vec<(Ending, Order)>;

impl<'m> Search<'m> {
    pub(super) fn new(module: &'m Module, switching: Switching) -> Self {
        Self {
            module,
            switching,
            begin: Machine::start(module).state,
            look: None,
            conflicts: BTreeSet::new(),
            shared: BTreeSet::new(),
            guarded: BTreeSet::new(),
            sharing: Sharing::default(),
            steps: 0,
            assumed: Assumed::default(),
            reached: Reached::new(module),
            prints: Prints::default(),
            stretch: Stretch::default(),
            iterates: false,
            endless: false,
            depth_first: false,
        }
    }

    /// Begins with a state, and counts of an end what `look` makes of it.
    pub(super) fn from(module: &'m Module, switching: Switching, begin: State, look: &'m Look<'m>) -> Self {
        Self { begin, look: Some(look), ..Self::new(module, switching) }
    }

    /// The program.
    pub(super) const fn module(&self) -> &'m Module {
        self.module
    }

    /// The state with which every schedule begins.
    pub(super) const fn begin(&self) -> &State {
        &self.begin
    }

    /// The locations at which threads may be in each other's way, as far as they are known.
    pub(super) const fn shared(&self) -> &BTreeSet<Location> {
        &self.shared
    }

    /// Takes these for the locations at which threads may be in each other's way, and those of them as guarded.
    pub(super) fn share(&mut self, shared: BTreeSet<Location>, guarded: BTreeSet<Location>) {
        (self.shared, self.guarded) = (shared, guarded);
    }

    /// Those of the shared locations at which threads are not switched, as one lock is held there each time.
    pub(super) const fn guarded(&self) -> &BTreeSet<Location> {
        &self.guarded
    }

    /// Whether the last pass has shown nothing of what threads share that was not known before.
    fn is_known(&self) -> bool {
        self.conflicts == self.shared && self.guarded.is_subset(&self.sharing.guarded(&self.shared))
    }

    /// All endings, or those up to the first that is not expected. Where there are too many states to try all, some are left out: one that is
    /// not expected is looked for in depth, and where that finds none there is no answer.
    pub(super) fn run(
        &mut self,
        bounds: &Bounds<'_>,
        expected: Option<&[Ending]>,
    ) -> Result<Endings, Unfinished> {
        loop {
            let (printers, of_elements) = (self.sharing.printers(), self.sharing.of_elements());
            let unexpected =
                |(ending, _): &(Ending, Order)| expected.is_some_and(|expected| !ending.is_among(expected));
            let endings = match self.pass(bounds, expected) {
                // With larger numbers than few it is known by then that nothing goes wrong with few.
                Err(Unfinished::Limit(limit)) if expected.is_some() && self.module.rounds <= FEW_ROUNDS => {
                    let found = self.in_depth(bounds, expected)?;
                    if !found.iter().any(unexpected) {
                        return Err(Unfinished::Limit(limit));
                    }
                    found
                }
                endings => endings?,
            };
            self.conflicts.extend(self.sharing.conflicts());
            // Whether a daemon is given time before the program ends depends on whether anybody would notice.
            // So does whether an element is a thread's own.
            let same_users = self.sharing.printers() == printers
                && (self.switching != Switching::Iterations || self.sharing.of_elements() == of_elements);
            let known = self.is_known() && same_users;
            if known && self.endless {
                let why = "a loop without an end, which nothing that another thread does can end";
                return Err(Unfinished::Limit(why.to_owned()));
            }
            // An order of threads is played back with the pauses with which it was found.
            if known || endings.iter().any(unexpected) {
                return Ok(endings);
            }
            self.shared.clone_from(&self.conflicts);
            if self.switching == Switching::DropPoints {
                self.guarded = self.sharing.guarded(&self.shared);
            }
        }
    }

    /// The endings up to the first that is not expected, as far as they are found within the same bounds when the state that was found last is
    /// left first.
    fn in_depth(&mut self, bounds: &Bounds<'_>, expected: Option<&[Ending]>) -> Result<Endings, Unfinished> {
        let bounds = Bounds { steps: self.steps.saturating_add(bounds.steps), ..*bounds };
        self.depth_first = true;
        let found = self.pass(&bounds, expected);
        self.depth_first = false;
        match found {
            Err(Unfinished::Limit(_)) => Ok(Vec::new()),
            found => found,
        }
    }

    fn pass(&mut self, bounds: &Bounds<'_>, expected: Option<&[Ending]>) -> Result<Endings, Unfinished> {
        type Hasher = BuildHasherDefault<FxHasher>;
        (self.endless, self.iterates) = (false, false);
        self.prints = Prints::default();
        let mut start = self.begin.clone();
        start.compact();
        let start = Arc::new(start);
        let mut numbers: HashMap<Arc<State>, u32, Hasher> = HashMap::default();
        numbers.insert(Arc::clone(&start), 0);
        // From where, and by which thread, each state was reached first.
        let mut from: Vec<(u32, Mark)> = vec![(0, Mark::of(0))];
        let mut open = VecDeque::from([(0_u32, start)]);
        let mut endings: Endings = Vec::new();
        let (mut weight, mut learned) = (0, false);
        let mut graph = Graph::default();
        while let Some((number, state)) = if self.depth_first { open.pop_back() } else { open.pop_front() } {
            if bounds.control.stopped() {
                return Err(Unfinished::Stopped);
            }
            let over = state.threads.iter().all(|thread| thread.finished || thread.daemon);
            if over && !std::mem::replace(&mut learned, true) {
                self.learn_from_daemons(&state, bounds);
            }
            let (mut moved, mut limited, mut moved_before) = (false, false, false);
            // Whoever was woken in the midst of something goes on first. Whoever goes round and round, and would do so once more, goes on
            // when no other can, the third time through; and a time limit comes when no thread can go on, the fourth time.
            let count = state.threads.len();
            let held: Vec<bool> =
                (0..count).map(|thread| unit::goes_on_last(self.module, &state, thread)).collect();
            for turn in 0..4 * count {
                let (thread, time) = (turn % count, turn / count);
                let expires = time == 3;
                if thread == 0 {
                    moved_before = moved;
                }
                let unit = &state.threads[thread].unit;
                let its_turn = expires || time == if unit.waits { 0 } else { 1 + usize::from(held[thread]) };
                // What daemon threads still do once the program is over may be done, but for what would take a while.
                let too_late = over && (self.switching != Switching::Iterations || time > 1);
                if too_late || state.threads[thread].finished || !its_turn || moved_before {
                    self.assumed.few_rounds |= time == 2 && moved_before && its_turn && !over;
                    continue;
                }
                for (mark, mut machine, pause) in
                    self.turns(&state, Mark { expires, ..Mark::of(thread) }, bounds)?
                {
                    limited |= expires;
                    if over {
                        machine.state.printed.clone_from(&state.printed);
                        machine.state.uncaught.clone_from(&state.uncaught);
                    }
                    // Who only goes round and waits for another one keeps nobody from going on.
                    let stays = machine.state == *state;
                    moved |= !expires && !stays;
                    self.endless |= matches!(pause, Pause::Long) && !state.threads[thread].daemon && stays;
                    let next = Arc::new(machine.state);
                    let known = numbers.get(&next).copied();
                    let to = known.unwrap_or(u32::try_from(from.len()).unwrap_or(u32::MAX));
                    let (stretch, output) =
                        if over { (Stretch::default(), "") } else { (self.stretch, &*machine.output) };
                    self.prints.note((number, to), thread, stretch, output, &next.printed);
                    graph.follows(number, to);
                    if known.is_some() {
                        continue;
                    }
                    numbers.insert(Arc::clone(&next), to);
                    from.push((number, mark));
                    weight += next.weight();
                    if weight > MOST_WEIGHT {
                        return Err(Unfinished::Limit("more states than fit the memory".to_owned()));
                    }
                    if from.len() > bounds.states {
                        return Err(Unfinished::Limit(format!("more than {} states", bounds.states)));
                    }
                    open.push_back((to, next));
                }
            }
            if (moved || limited) && !over {
                continue;
            }
            graph.ends(number);
            let mut ending = match self.look {
                None => ending(&state, over),
                Some(look) => look(&state, over)?,
            };
            ending.open = over && self.switching != Switching::Iterations && self.daemons_go_on(&state);
            if endings.iter().all(|(known, _)| *known != ending) {
                // One that shows only in the globals may not be the best to show.
                let is_known =
                    |known: &Ending| known.looks_like(&ending) && !(self.depth_first && *known != ending);
                let unexpected = expected.is_some_and(|expected| !expected.iter().any(is_known));
                endings.push((ending, order(&from, number)));
                if unexpected {
                    return Ok(endings);
                }
            }
        }
        // As long as not all is known that threads share, a loop may wait for what nobody has been seen to write yet.
        self.conflicts.extend(self.sharing.conflicts());
        if self.is_known() && self.look.is_none() {
            let states = numbers.iter().map(|(state, number)| (state, *number));
            if let Some((ending, number)) = self.stuck(&graph, states, bounds)? {
                endings.push((ending, order(&from, number)));
            }
        }
        Ok(endings)
    }

    /// Whether a daemon thread prints: the end of the program may cut that short.
    pub(super) fn daemons_print(&self, state: &State) -> bool {
        (0..state.threads.len()).any(|thread| state.threads[thread].daemon && self.sharing.prints(thread))
    }

    /// Lets daemon threads run on where the program has ended: what they get at is shared, too, though the main thread may never
    /// have waited for anything.
    fn learn_from_daemons(&mut self, state: &State, bounds: &Bounds<'_>) {
        for thread in 0..state.threads.len() {
            if !state.threads[thread].finished {
                let mut machine = Machine::at(self.module, state.clone());
                // However far it came, what it got at is known.
                for _ in 0..MOST_PARTS {
                    let pause = self.advance(&mut machine, Mark::of(thread), bounds, &mut |_, _, _| {});
                    if !matches!(pause, Ok(Pause::Switch)) || machine.state.threads[thread].finished {
                        break;
                    }
                }
            }
        }
    }

    /// Whether a daemon thread would change something if the program went on.
    fn daemons_go_on(&self, state: &State) -> bool {
        let mut left = (0..state.threads.len()).filter(|&at| !state.threads[at].finished);
        left.any(|thread| {
            let mut machine = Machine::at(self.module, state.clone());
            for _ in 0..MOST_OF_A_DAEMON {
                if !matches!(machine.step(thread), Ok(Step::Done { .. })) {
                    return false;
                }
                if machine.accesses.iter().any(|access| access.how == Use::Write) {
                    return true;
                }
            }
            false
        })
    }

    /// Plays an order of threads back, step by step.
    pub(super) fn replay(
        &mut self,
        order: &[Mark],
        bounds: &Bounds<'_>,
        tell: &mut Tell<'_, 'm>,
    ) -> Result<State, Unfinished> {
        let mut machine = Machine::at(self.module, self.begin.clone());
        for &mark in order {
            self.advance(&mut machine, mark, bounds, tell)?;
        }
        Ok(machine.state)
    }
}
