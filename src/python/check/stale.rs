//! Whether a thread goes on by what is no longer so: by what it has read before another one changed it.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::View;
use super::machine::{Location, Machine, Move, Step, Use};
use super::meetings::object_at;
use super::order::{Mark, runs};
use super::pause::{Bounds, Pause, Tell, Told, Unfinished};
use super::search::Search;
use super::state::{Object, State, Unit, Value};
use super::touches::hash_of;
use super::unit::{self, At, Came};

/// The most turns that a thread may need to come to its end.
const MOST_TURNS: usize = 1000;

/// How many turns more than before a thread may need to come to the same place.
const MORE_TURNS: usize = 16;

/// The most instructions that are looked at for the end of a call.
const LONGEST_CALL: usize = 10_000;

/// The most instructions that are looked at behind a wait.
const LONGEST_WAIT: usize = 1000;

impl<'m> Search<'m> {
    /// Whether a thread goes on by what is no longer so, anywhere in this order: had it come to where it is interrupted only after the
    /// others, it would know something else. Where the others cannot go before it, or a time limit comes, it is taken to.
    pub(super) fn goes_by_what_was(
        &mut self,
        order: &[Mark],
        bounds: &Bounds<'_>,
    ) -> Result<bool, Unfinished> {
        if order.iter().any(|mark| mark.expires) {
            return Ok(true);
        }
        let runs = runs(order);
        let mut machine = Machine::at(self.module(), self.begin().clone());
        let (mut before, mut units) = (Vec::new(), BTreeMap::<u8, Unit>::new());
        for &run in &runs {
            let unit = units.entry(run.0.thread).or_default();
            before.push(self.carry_out_run(&mut machine, run, unit, bounds)?);
        }
        for (at, &(mark, turns)) in runs.iter().enumerate().filter(|&(at, _)| before[at].interrupted) {
            let thread = mark.thread;
            let Some(next) = (at + 1..runs.len()).find(|&next| runs[next].0.thread == thread) else {
                continue;
            };
            let changed = before[at + 1..next].iter().flat_map(|run| &run.changed).copied();
            // Who waits at a condition is entered there, and learns nothing of it.
            let is_condition =
                |at: Location| matches!(object_at(&machine.state, at), Some(Object::Condition(..)));
            let changed = changed.filter(|(location, _)| !is_condition(*location)).collect();
            // What the others have done is nothing to what it knows.
            let taken = before[at + 1..next].iter().flat_map(|run| &run.taken).copied().collect();
            if [&changed, &taken].iter().all(|those| meet(those, &before[at].used).next().is_none()) {
                continue;
            }
            let number = usize::from(thread);
            let start = &before[at + 1].start;
            let others: Vec<_> = runs[at + 1..next].iter().copied().zip(&before[at + 1..next]).collect();
            let mut come = |to_the_end: bool| {
                let given = before[at].given.clone();
                let Some(late) = self.behind(given, &others, to_the_end, bounds)? else { return Ok(None) };
                self.come_to(start, late, (number, turns), bounds).map(Some)
            };
            let Some(late) = come(false)? else { return Ok(true) };
            // It waits for what one of them is in the midst of: then they come to their ends first.
            if late.same || late.waits && come(true)?.is_some_and(|late| late.same) {
                continue;
            }
            let resumed = &before[next].start;
            if before[at].waits && self.after_the_wait((resumed, late.state.clone()), number, &changed) {
                continue;
            }
            // What it has only looked at is out of date; what it has drawn is its own.
            if meet(&changed, &before[at].looked_at).next().is_some() {
                return Ok(true);
            }
            let states = match late.alike {
                Some(alike) => Some((resumed.clone(), alike)),
                None => self.after_the_call((resumed, late.state), number, &changed),
            };
            let Some(states) = states else { return Ok(true) };
            if self.does_otherwise(states, number, &changed, bounds)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is so if others do in their runs what they did, and the interrupted thread only goes on after them; nothing if one of them does
    /// not come to its end any more.
    fn behind(
        &mut self,
        given: State,
        others: &[((Mark, usize), &Run)],
        to_the_end: bool,
        bounds: &Bounds<'_>,
    ) -> Result<Option<State>, Unfinished> {
        let mut machine = Machine::at(self.module(), given);
        for &((other, turns), run) in others {
            // It may have another way to go now; it still goes on to its end.
            let turns = if run.over || to_the_end { MOST_TURNS } else { turns };
            self.carry_out(&mut machine, (other, turns), bounds, &mut |_, _, _| {})?;
            // Where it had to wait, it may have nothing to wait for now.
            let it = machine.state.threads.get(usize::from(other.thread));
            if it.is_none_or(|thread| run.over && !thread.finished) {
                return Ok(None);
            }
        }
        Ok(Some(machine.state))
    }

    /// How a thread comes from a state to where it stands in another one.
    fn come_to(
        &mut self,
        there: &State,
        state: State,
        (thread, turns): (usize, usize),
        bounds: &Bounds<'_>,
    ) -> Result<Late, Unfinished> {
        let mut machine = Machine::at(self.module(), state.clone());
        let mut late = Late { state, same: false, alike: None, waits: false };
        // On its way there it may find less to do, or more.
        for left in (0..=turns + MORE_TURNS).rev() {
            late.same = self.knows_the_same((there, &machine.state), thread);
            if late.alike.is_none() && self.is_alike((there, &machine.state), thread) {
                late.alike = Some(machine.state.clone());
            }
            if late.same || left == 0 {
                break;
            }
            let went = self.carry_out(&mut machine, (Mark::of(thread), 1), bounds, &mut |_, _, _| {})?;
            if went.is_none() {
                late.waits = !machine.state.threads[thread].finished;
                break;
            }
        }
        Ok(late)
    }

    /// Carries out a run of an order, and says what was so before it and when it ended. `unit` is how far its thread has come.
    fn carry_out_run(
        &mut self,
        machine: &mut Machine<'m>,
        (mark, turns): (Mark, usize),
        unit: &mut Unit,
        bounds: &Bounds<'_>,
    ) -> Result<Run, Unfinished> {
        let start = machine.state.clone();
        let mut given = Given::new(start.clone());
        let (mut last, mut changed, mut taken) = (None, BTreeSet::new(), BTreeSet::new());
        let shared = self.shared().clone();
        for _ in 0..turns {
            let pause = self.take_turn(machine, mark, bounds, &mut |machine, thread, told| match told {
                Told::Before { .. } => unit.enter(At::of(machine, thread)),
                Told::After(_) => {
                    changed.extend(written(machine).filter(|(location, _)| shared.contains(location)));
                    let locks =
                        machine.accesses.iter().filter(|it| matches!(it.how, Use::Take | Use::Release));
                    taken.extend(locks.map(|it| (it.location, it.key)));
                    given.note(machine, thread, unit, &shared);
                }
                Told::TakesLock => {}
            })?;
            let waits = pause.is_none();
            last = pause.or(Some(Pause::Blocked));
            if waits {
                break;
            }
            given.end_turn(&machine.state);
        }
        let over = machine.state.threads[usize::from(mark.thread)].finished;
        let waits = matches!(
            Machine::at(self.module(), machine.state.clone()).step(usize::from(mark.thread)),
            Ok(Step::Blocked)
        );
        let interrupted = matches!(last, Some(Pause::Switch | Pause::Long)) || waits_for_a_lock(machine);
        let interrupted = interrupted && !over;
        let used = &given.reads | &given.writes;
        let looked_at = &given.reads - &given.writes;
        Ok(Run { start, given: given.state, interrupted, waits, over, changed, taken, used, looked_at })
    }

    /// Carries out the turns of a thread, or those that it takes to its end; how the last ended. Nothing if it is not there or cannot go
    /// on.
    fn carry_out(
        &mut self,
        machine: &mut Machine<'m>,
        (mark, turns): (Mark, usize),
        bounds: &Bounds<'_>,
        tell: &mut Tell<'_, 'm>,
    ) -> Result<Option<Pause>, Unfinished> {
        let mut last = None;
        for _ in 0..turns {
            if machine.state.threads.get(usize::from(mark.thread)).is_some_and(|thread| thread.finished) {
                break;
            }
            last = self.take_turn(machine, mark, bounds, tell)?;
            if last.is_none() {
                break;
            }
        }
        Ok(last)
    }

    /// Where a thread that was interrupted in a call has come back from it, changing nothing meanwhile that others have changed, and where
    /// it does if it goes there only now. Within the call it may go another way: what it has decided under a lock is decided.
    fn after_the_call(
        &self,
        (resumed, late): (&State, State),
        thread: usize,
        changed: &BTreeSet<Spot>,
    ) -> Option<(State, State)> {
        let mut early = Machine::at(self.module(), resumed.clone());
        let depth = resumed.threads[thread].frames.len();
        let mut left = LONGEST_CALL;
        while early.state.threads[thread].frames.len() >= depth {
            left = left.checked_sub(1)?;
            let Ok(Step::Done { .. }) = early.step(thread) else { return None };
            let own = written(&early).collect();
            if meet(changed, &own).next().is_some() || early.state.threads[thread].finished {
                return None;
            }
        }
        let mut late = Machine::at(self.module(), late);
        let mut left = LONGEST_CALL;
        while !self.is_alike((&early.state, &late.state), thread) {
            left = left.checked_sub(1)?;
            let Ok(Step::Done { .. }) = late.step(thread) else { return None };
        }
        Some((early.state, late.state))
    }

    /// Whether a thread that has waited comes to a place with no other knowledge than it would have without the wait, and neither way
    /// changes meanwhile what others have changed: it has tested anew what it waited for.
    fn after_the_wait(
        &self,
        (resumed, late): (&State, State),
        thread: usize,
        changed: &BTreeSet<Spot>,
    ) -> bool {
        let goes_on = |machine: &mut Machine<'m>| {
            let done = matches!(machine.step(thread), Ok(Step::Done { .. }));
            // To wait and to be woken is to change what brings them into order.
            let own =
                written(machine).filter(|(location, _)| !unit::is_order(&machine.state, *location)).collect();
            done && !machine.state.threads[thread].finished && meet(changed, &own).next().is_none()
        };
        let mut late = Machine::at(self.module(), late);
        let mut passed = vec![late.state.clone()];
        while passed.len() < LONGEST_WAIT && goes_on(&mut late) {
            passed.push(late.state.clone());
        }
        let mut early = Machine::at(self.module(), resumed.clone());
        for _ in 0..LONGEST_WAIT {
            if !goes_on(&mut early) {
                break;
            }
            if passed.iter().any(|late| self.knows_the_same((&early.state, late), thread)) {
                return true;
            }
        }
        false
    }

    /// Whether a thread that goes on to its end from either of two states, in which it knows something else, does something else to what
    /// others have changed. What it keeps for itself (a number that it has drawn under a lock) is right either way.
    fn does_otherwise(
        &mut self,
        states: (State, State),
        thread: usize,
        changed: &BTreeSet<Spot>,
        bounds: &Bounds<'_>,
    ) -> Result<bool, Unfinished> {
        let mut ends = Vec::new();
        for state in [states.0, states.1] {
            let mut machine = Machine::at(self.module(), state);
            let (mut own, mut puts) = (BTreeSet::new(), BTreeSet::new());
            self.carry_out(&mut machine, (Mark::of(thread), MOST_TURNS), bounds, &mut |machine, _, told| {
                if matches!(told, Told::After(_)) {
                    // What is put beside what others have put overwrites nothing.
                    let beside = machine.accesses.iter().any(|it| it.moves == Some(Move::In));
                    if beside { &mut puts } else { &mut own }.extend(written(machine));
                }
            })?;
            if !machine.state.threads[thread].finished {
                return Ok(true);
            }
            ends.push(Ended { state: machine.state, own, puts });
        }
        let [early, late] = &ends[..] else { return Ok(true) };
        let nothing = BTreeSet::new();
        let view = View { states: (&early.state, &late.state), shared: &nothing, exactly: true };
        let values = |spot: Spot| [&early.state, &late.state].map(|state| values_at(state, spot));
        let same = |spot: &Spot| {
            let [one, other] = values(*spot);
            view.same_all(&one, &other, 0)
        };
        let as_many = |spot: &Spot| {
            let [one, other] = values(*spot);
            one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| view.as_long(one, other))
        };
        // Whether it does something at all is what it goes on by.
        let as_much = (&early.own, &early.puts) == (&late.own, &late.puts)
            && early.state.uncaught == late.state.uncaught
            && early.state.printed.len() == late.state.printed.len();
        Ok(!(as_much && meet(changed, &early.own).all(same) && early.puts.iter().all(as_many)))
    }

    /// Whether a thread is at the same place in both states, and its own variables have the same values.
    fn knows_the_same(&self, states: (&State, &State), thread: usize) -> bool {
        View { states, shared: self.shared(), exactly: true }.stands_alike(thread)
    }

    /// Whether a thread is at the same place in both states, and its own variables have values of the same kind and length.
    fn is_alike(&self, states: (&State, &State), thread: usize) -> bool {
        View { states, shared: self.shared(), exactly: false }.stands_alike(thread)
    }
}

/// How a thread that goes on later than it did comes to the place where it was interrupted.
struct Late {
    /// What was so before.
    state: State,
    /// Whether it comes there with the same values of its own.
    same: bool,
    /// What is so once it has come there with values of the same kind.
    alike: Option<State>,
    /// Whether it waits for others on its way.
    waits: bool,
}

/// How a thread has gone on to its end: the state that it leaves, what it has changed, and where it has put something.
struct Ended {
    state: State,
    own: BTreeSet<Spot>,
    puts: BTreeSet<Spot>,
}

/// Whether the last instruction found a lock taken that others let go again: until then they do what they like.
fn waits_for_a_lock(machine: &Machine<'_>) -> bool {
    machine.accesses.iter().filter(|access| access.how == Use::Wait).any(|access| {
        let entry = access.object.and_then(|at| machine.state.heap.get(at as usize));
        entry.is_some_and(|entry| matches!(entry.object, Object::Lock(_) | Object::RLock(..)))
    })
}

/// What is changed: a location, and which element of it, by the hash of its key or index.
type Spot = (Location, Option<u64>);

/// Those of some spots that are among others.
fn meet<'s>(spots: &'s BTreeSet<Spot>, others: &'s BTreeSet<Spot>) -> impl Iterator<Item = &'s Spot> {
    let is_among = |(location, key): &Spot| {
        others.iter().any(|(other, of)| location == other && (key.is_none() || of.is_none() || key == of))
    };
    spots.iter().filter(move |spot| is_among(spot))
}

/// What the last instruction has changed.
fn written(machine: &Machine<'_>) -> impl Iterator<Item = Spot> {
    machine.accesses.iter().filter(|it| it.how == Use::Write).map(|it| (it.location, it.key))
}

/// The values at a spot: of one element, or of all objects that were made at a place.
fn values_at(state: &State, (location, key): Spot) -> Vec<Value> {
    let made_at = |site| (0..).zip(&state.heap).filter(move |(_, entry)| entry.site == site);
    match location {
        Location::Global(process, name) => {
            let globals = state.globals.get(usize::from(process));
            globals.and_then(|it| it.get(usize::from(name))).cloned().into_iter().collect()
        }
        Location::Attribute(site, name) => {
            let attributes = made_at(site).filter_map(|(_, entry)| match &entry.object {
                Object::Instance { attributes, .. } | Object::Class { attributes, .. } => Some(attributes),
                _ => None,
            });
            attributes.flatten().filter(|(known, _)| *known == name).map(|(_, value)| value.clone()).collect()
        }
        Location::Content(site) => {
            let values = made_at(site).flat_map(|(at, entry)| match (key, &entry.object) {
                (Some(key), Object::Dict(items, _)) => {
                    let items = items.iter().filter(|(it, _)| hash_of(it) == Some(key));
                    items.map(|(_, value)| value.clone()).collect()
                }
                (Some(key), Object::List(items)) => {
                    let items = (0..).zip(items).filter(|(at, _)| hash_of(&Value::Int(*at)) == Some(key));
                    items.map(|(_, value)| value.clone()).collect()
                }
                _ => vec![Value::Ref(at)],
            });
            values.collect()
        }
        // Where that is another one, so is the content.
        Location::Extent(_) => Vec::new(),
    }
}

/// A run of an order that was carried out.
struct Run {
    /// What was so before it.
    start: State,
    /// What was so at its last whole iteration, and once the thread had been given its task then, or taken what it works on from a
    /// queue, if that comes first: others are given something else, and that makes no difference to what it knows.
    given: State,
    /// Whether its thread could have gone on at its end, or waits for a lock.
    interrupted: bool,
    /// Whether its thread waits at its end.
    waits: bool,
    /// Whether its thread has come to its end.
    over: bool,
    /// What it has changed of what is shared.
    changed: BTreeSet<Spot>,
    /// The locks that it has taken or let go, which others may have asked for.
    taken: BTreeSet<Spot>,
    /// What of it it has read or changed since that state, and what of that it has only read.
    used: BTreeSet<Spot>,
    looked_at: BTreeSet<Spot>,
}

/// How far a thread has come in a run with no more than what it was given to work on.
struct Given {
    state: State,
    /// Whether it has taken something out of a queue, or out of what serves as one, or a task of an executor.
    supply: bool,
    /// Whether it has got at anything else.
    other: bool,
    /// How many locks it has taken and not let go.
    locks: isize,
    /// What it has read and what it has changed.
    reads: BTreeSet<Spot>,
    writes: BTreeSet<Spot>,
}

impl Given {
    fn new(state: State) -> Self {
        let (reads, writes) = (BTreeSet::new(), BTreeSet::new());
        Self { state, supply: false, other: false, locks: 0, reads, writes }
    }

    /// Takes note of an instruction that was done.
    fn note(&mut self, machine: &Machine<'_>, thread: usize, unit: &mut Unit, shared: &BTreeSet<Location>) {
        let mut touched = false;
        for access in machine.accesses.iter().filter(|access| shared.contains(&access.location)) {
            touched |= !unit::is_order(&machine.state, access.location);
            match access.how {
                Use::Read => self.reads.insert((access.location, access.key)),
                Use::Write => self.writes.insert((access.location, access.key)),
                _ => false,
            };
            let at = access.object.and_then(|at| machine.state.heap.get(at as usize));
            match (at.map(|entry| &entry.object), access.how) {
                (Some(Object::Queue(..) | Object::Executor { .. } | Object::Future { .. }), how) => {
                    self.supply |= how.writes();
                }
                // Others may have their own share of it.
                (Some(Object::Semaphore(..)), Use::Take | Use::Release) => {}
                (_, Use::Take) => self.locks += 1,
                (_, Use::Release) => self.locks -= 1,
                _ if access.moves == Some(Move::Out) => self.supply = true,
                _ => self.other = true,
            }
        }
        if unit.follow(At::of(machine, thread), touched, false) == Came::ToAnIteration && self.locks == 0 {
            *self = Self::new(machine.state.clone());
        }
    }

    /// Takes note that the thread may be interrupted.
    fn end_turn(&mut self, state: &State) {
        if self.supply && !self.other && self.locks == 0 {
            self.state = state.clone();
        }
    }
}
