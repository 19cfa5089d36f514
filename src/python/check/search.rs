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
use super::machine::{Beyond, Location, Machine, Step};
use super::order::{Mark, Order, order};
use super::prints::{Prints, Stretch};
use super::reached::Reached;
use super::sharing::Sharing;
use super::sleepers::MOST_OFFERS;
use super::state::State;
use super::stuck::Graph;
use super::unit::{self, Came};
use crate::python::program::module::{FEW_ROUNDS, Module};
use crate::system::control::Control;

/// The most instructions of a thread without a switch that matters.
const LONGEST_STRETCH: usize = 200_000;

/// After so many instructions a thread may be switched wherever it can be: it may wait for another one in a loop that
/// reads what nobody has been seen to write yet.
const PATIENCE: usize = LONGEST_STRETCH / 10;

/// After so many instructions within one whole iteration a thread may wait for another one in an inner loop.
const LONG: usize = 100;

/// The most parts of what a daemon thread still does that are looked at once the program has ended.
const MOST_PARTS: usize = 50;

/// The most that all states of a search may weigh, in references: a quarter of a gigabyte.
const MOST_WEIGHT: usize = 32 << 20;

/// How many objects may be made before those that nothing reaches are dropped.
const SPARE: usize = 512;

/// Where threads may be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switching {
    /// Between whole iterations, and where a thread has to wait.
    Iterations,
    /// Where the version may drop its GIL, and the thread has since used something that another one uses: a partial-order
    /// reduction, for what nobody else sees can be done in any order.
    DropPoints,
    /// Wherever the version may drop its GIL, for the reduction to be held against.
    #[cfg(test)]
    EveryDropPoint,
    /// At each place that the text of a schedule counts: to carry one out, not to find one.
    Places,
}

/// What ends a search before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// The program leaves the model.
    Beyond(Beyond),
    /// A limit was reached.
    Limit(String),
    Stopped,
}

/// What limits a search.
pub(super) struct Bounds<'c> {
    pub(super) states: usize,
    pub(super) steps: u64,
    pub(super) control: &'c Control,
}

/// What counts of a state from which nobody goes on, and whether all who must have ended.
pub(super) type Look<'m> = dyn Fn(&State, bool) -> Result<Ending, Unfinished> + 'm;

pub(super) struct Search<'m> {
    module: &'m Module,
    switching: Switching,
    begin: State,
    look: Option<&'m Look<'m>>,
    /// The locations at which threads may be in each other's way.
    pub(super) conflicts: BTreeSet<Location>,
    /// Those of them that were known when the last pass began: it switches threads there.
    shared: BTreeSet<Location>,
    pub(super) sharing: Sharing,
    pub(super) steps: u64,
    /// What was taken for granted.
    pub(super) assumed: Assumed,
    pub(super) reached: Reached,
    /// What is printed on the way, in the last pass.
    pub(super) prints: Prints,
    /// What the last stretch of a thread printed.
    stretch: Stretch,
    /// Whether threads take turns after iterations of their loops. The loops of the main thread start others and wait for them.
    pub(super) iterates: bool,
    /// Whether in this pass a thread came back to where it was, and nothing on its way can be changed by another one.
    endless: bool,
    /// Whether the state that was found last is left first.
    depth_first: bool,
}

/// How a thread's run came to its end.
pub(super) enum Pause {
    Switch,
    /// After [`PATIENCE`] instructions, or some rounds of a loop without an end of its own, at a place of no other interest.
    Long,
    Blocked,
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

    /// The locations at which threads are switched.
    pub(super) const fn shared(&self) -> &BTreeSet<Location> {
        &self.shared
    }

    /// Switches threads at these locations.
    pub(super) fn share(&mut self, shared: BTreeSet<Location>) {
        self.shared = shared;
    }

    /// All endings, or those up to the first that is not expected. Where there are too many states to try all, some are left out: one that is
    /// not expected is looked for in depth, and where that finds none there is no answer.
    pub(super) fn run(
        &mut self,
        bounds: &Bounds<'_>,
        expected: Option<&[Ending]>,
    ) -> Result<Endings, Unfinished> {
        loop {
            let printers = self.sharing.printers();
            let unexpected =
                |(ending, _): &(Ending, Order)| expected.is_some_and(|expected| !expected.contains(ending));
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
            let same_printers =
                self.switching != Switching::Iterations || self.sharing.printers() == printers;
            let known = self.conflicts == self.shared && same_printers;
            if known && self.endless {
                let why = "a loop without an end, which nothing that another thread does can end";
                return Err(Unfinished::Limit(why.to_owned()));
            }
            // An order of threads is played back with the pauses with which it was found.
            if known || endings.iter().any(unexpected) {
                return Ok(endings);
            }
            self.shared.clone_from(&self.conflicts);
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
            // Whoever was woken in the midst of something goes on first. Whoever goes round and round goes on when no other can, the third
            // time through; and a time limit comes when no thread can go on, the fourth time.
            let count = state.threads.len();
            for turn in 0..4 * count {
                let (thread, time) = (turn % count, turn / count);
                let expires = time == 3;
                if thread == 0 {
                    moved_before = moved;
                }
                let unit = &state.threads[thread].unit;
                let its_turn = expires
                    || time
                        == if unit.waits { 0 } else { 1 + usize::from(unit.lets_others(self.module.rounds)) };
                if over || state.threads[thread].finished || !its_turn || moved_before {
                    let is_held = time == 2 && moved_before && its_turn && !over;
                    if is_held && !self.assumed.few_rounds {
                        self.assumed.few_rounds = unit::would_go_round(self.module, &state, thread);
                    }
                    continue;
                }
                for (mark, machine, pause) in
                    self.turns(&state, Mark { expires, ..Mark::of(thread) }, bounds)?
                {
                    limited |= expires;
                    // Who only goes round and waits for another one keeps nobody from going on.
                    let stays = machine.state == *state;
                    moved |= !expires && !stays;
                    self.endless |= matches!(pause, Pause::Long) && !state.threads[thread].daemon && stays;
                    let next = Arc::new(machine.state);
                    let known = numbers.get(&next).copied();
                    let to = known.unwrap_or(u32::try_from(from.len()).unwrap_or(u32::MAX));
                    self.prints.note((number, to), thread, self.stretch, &machine.output, &next.printed);
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
            if moved || limited {
                continue;
            }
            graph.ends(number);
            let ending = match self.look {
                None => ending(&state, over),
                Some(look) => look(&state, over)?,
            };
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
        if self.conflicts == self.shared && self.look.is_none() {
            let states = numbers.iter().map(|(state, number)| (state, *number));
            if let Some((ending, number)) = self.stuck(&graph, states, bounds)? {
                endings.push((ending, order(&from, number)));
            }
        }
        Ok(endings)
    }

    /// What a thread's turn can come to: those that sleep until a lock is let go may take it at once.
    fn turns(
        &mut self,
        state: &State,
        mark: Mark,
        bounds: &Bounds<'_>,
    ) -> Result<Vec<(Mark, Machine<'m>, Pause)>, Unfinished> {
        let (mut turns, mut takers, mut offers) = (Vec::new(), 0, 0);
        while takers < 1_u8 << offers {
            let mark = Mark { takers, ..mark };
            let mut machine = Machine::at(self.module, state.clone());
            let pause = self.advance(&mut machine, mark, bounds, &mut |_, _, _| {})?;
            offers = machine.sleepers.offers.min(MOST_OFFERS).max(offers);
            if !matches!(pause, Pause::Blocked) || machine.state != *state {
                machine.state.compact();
                turns.push((mark, machine, pause));
            }
            takers += 1;
        }
        Ok(turns)
    }

    /// Lets a thread run to where a switch matters.
    pub(super) fn advance(
        &mut self,
        machine: &mut Machine<'m>,
        mark: Mark,
        bounds: &Bounds<'_>,
        tell: &mut Tell<'_, 'm>,
    ) -> Result<Pause, Unfinished> {
        let thread = usize::from(mark.thread);
        machine.expires = mark.expires;
        if self.switching != Switching::Iterations {
            machine.look_at_sleepers(mark.takers);
        }
        let mut touched = false;
        self.stretch = Stretch::default();
        let mut round: Option<State> = None;
        let mut room = SPARE + machine.state.heap.len();
        for stretch in 0..LONGEST_STRETCH {
            if machine.state.heap.len() > room {
                machine.state.compact();
                room = SPARE + 2 * machine.state.heap.len();
            }
            self.steps += 1;
            if self.steps > bounds.steps {
                return Err(Unfinished::Limit(format!("more than {} instructions in all", bounds.steps)));
            }
            let together = machine.state.live() > 1;
            tell(machine, thread, &Told::Before { together });
            if self.switching == Switching::Iterations {
                unit::enter(machine, thread);
            }
            let (lines, threads) = (machine.state.printed.len(), machine.state.threads.len());
            let before = Reached::place(machine, thread);
            let step = machine.step(thread).map_err(Unfinished::Beyond)?;
            self.reached.note(before, machine, thread);
            self.assumed = self.assumed.or(machine.assumed);
            let mut touched_data = false;
            if together || machine.state.is_concurrent(thread) {
                self.sharing.note(machine, thread, machine.state.printed.len() > lines);
                if self.switching == Switching::Iterations {
                    let at = machine.accesses.iter().map(|access| access.location);
                    let mut shared = at.filter(|location| self.shared.contains(location));
                    touched_data = shared.any(|location| !unit::is_order(&machine.state, location));
                }
            }
            tell(machine, thread, &Told::After(step));
            if self.switching == Switching::Iterations {
                unit::wait(machine, thread, step == Step::Blocked);
            }
            let at_shared = machine.accesses.iter().any(|access| self.shared.contains(&access.location));
            touched |= at_shared;
            self.stretch.note(machine.state.printed.len() > lines, at_shared);
            match step {
                Step::Blocked => return Ok(Pause::Blocked),
                Step::Finished => return Ok(Pause::Switch),
                Step::Done { .. } if machine.state.threads[thread].finished => return Ok(Pause::Switch),
                Step::Done { .. } if unit::goes_round(machine, thread) => {
                    return Ok(if touched { Pause::Switch } else { Pause::Long });
                }
                Step::Done { .. } if unit::all_is_done(machine, thread) => {}
                Step::Done { may_drop } => {
                    if self.switching == Switching::DropPoints && may_drop && !touched && stretch > PATIENCE {
                        return Ok(Pause::Long);
                    }
                    let pauses = match self.switching {
                        Switching::DropPoints => may_drop && touched,
                        #[cfg(test)]
                        Switching::EveryDropPoint => may_drop,
                        Switching::Places => may_drop || machine.offered,
                        Switching::Iterations => {
                            let felt =
                                |new| self.sharing.is_user(new, &self.shared) || self.sharing.prints(new);
                            let started = (threads..machine.state.threads.len())
                                .any(|new| !machine.state.threads[new].daemon || felt(new));
                            match unit::follow(machine, thread, touched_data, started) {
                                Came::ToAnIteration => {
                                    self.iterates |= thread > 0;
                                    true
                                }
                                Came::ToAnEnd => true,
                                Came::Round => comes_back(machine, &mut round),
                                Came::On if stretch > LONG && unit::ends_inner(machine, thread) => {
                                    comes_back(machine, &mut round)
                                }
                                Came::On => false,
                            }
                        }
                    };
                    if pauses {
                        return Ok(Pause::Switch);
                    }
                }
            }
        }
        Err(Unfinished::Limit(format!(
            "one thread runs for more than {LONGEST_STRETCH} instructions with no place in them where another could come in"
        )))
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

/// Whether a thread is where it was one round of its loop ago, with nothing changed: it waits for another one.
fn comes_back(machine: &Machine<'_>, round: &mut Option<State>) -> bool {
    let mut here = machine.state.clone();
    here.compact();
    let again = round.as_ref() == Some(&here);
    *round = Some(here);
    again
}

/// What is told of an instruction.
pub(super) enum Told {
    /// It is about to be done; whether more than one thread could run.
    Before { together: bool },
    /// It was done.
    After(Step),
    /// The thread has taken the lock that it sleeps at.
    TakesLock,
}

/// What is told of each instruction of a thread.
pub(super) type Tell<'t, 'm> = dyn FnMut(&Machine<'m>, usize, &Told) + 't;
