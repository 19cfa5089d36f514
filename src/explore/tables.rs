//! Interned states of single workers, and the transition that each has as its next step. Both are computed once. The
//! states of all workers, which are far more, are then made from them without executing the program again.

use super::error::ExploreError;
use super::limits::{Limits, MOST_WORKERS};
use super::step::{FirstAccess, Probe, StepResult, Stepper};
use crate::python::program::states::{States, number};
use crate::python::program::{SharedState, Touched, WorkerState};
use crate::system::control::Control;
use rustc_hash::FxHashMap;

/// A bit in the number of a shared memory whose x is dead: no worker will read it.
pub(super) const DEAD: u32 = 1 << 31;
/// Stands for the state after a step that has not been computed yet.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// Stands for the state after a step that cannot be done, because the worker waits for a lock.
pub(super) const BLOCKED: u32 = u32::MAX - 1;

/// How far a worker is: its kind (workers with the same `d` are of one kind), and how many steps it has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Place {
    pub(super) kind: u8,
    pub(super) depth: u32,
}

/// The place of each worker, sorted; those beyond the number of workers are unused.
pub(super) type Places = [Place; MOST_WORKERS];

/// What a worker's next step does. States of the worker are given by their numbers at the place after the step.
#[derive(Debug)]
pub(super) enum Transition {
    /// Nothing: the worker has finished.
    Finished,
    /// It leads to this state and leaves the shared memory as it is.
    Local(u32),
    /// It leads to the state with the first number and to the shared memory with the second, whatever x was.
    Store(u32, u32),
    /// It depends on the shared memory.
    ByMemory(Row),
}

/// For each shared memory: the state and the shared memory after the step.
#[derive(Debug, Default)]
pub(super) struct Row {
    live: Vec<(u32, u32)>,
    dead: Vec<(u32, u32)>,
}

impl Row {
    #[inline]
    pub(super) fn get(&self, shared: u32) -> (u32, u32) {
        let (row, index) =
            if shared & DEAD == 0 { (&self.live, shared) } else { (&self.dead, shared & !DEAD) };
        row.get(index as usize).copied().unwrap_or((UNKNOWN, UNKNOWN))
    }

    fn set(&mut self, shared: u32, entry: (u32, u32)) {
        let (row, index) =
            if shared & DEAD == 0 { (&mut self.live, shared) } else { (&mut self.dead, shared & !DEAD) };
        let index = index as usize;
        if row.len() <= index {
            row.resize(index + 1, (UNKNOWN, UNKNOWN));
        }
        row[index] = entry;
    }
}

/// The states that a worker can be in at one place. A state's number there is called its slot.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct LocalStates {
    /// The number of each among the states at all places.
    ids: Vec<u32>,
    /// The other way round.
    slots: FxHashMap<u32, u32>,
    /// What the next step of each does, as far as it has been computed.
    pub(super) transitions: Vec<Transition>,
    /// How each will access x next.
    pub(super) first_access: Vec<FirstAccess>,
    /// Whether a worker has finished in some state.
    any_finished: bool,
    /// Whether some state waits for a lock under some shared memory.
    any_blocked: bool,
    /// Whether some step depends on the shared memory.
    pub(super) any_by_memory: bool,
    /// Whether some state has this first access.
    pub(super) any_load: bool,
    pub(super) any_store: bool,
    pub(super) any_none: bool,
}

impl LocalStates {
    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The state and the shared memory after the next step; `None` if the worker has finished or is blocked.
    #[inline]
    pub(super) fn next(&self, slot: u32, shared: u32) -> Option<(u32, u32)> {
        let (next, after) = match &self.transitions[slot as usize] {
            Transition::Finished => return None,
            Transition::Local(next) => (*next, shared),
            Transition::Store(next, after) => (*next, *after),
            Transition::ByMemory(row) => row.get(shared),
        };
        (next != BLOCKED).then_some((next, after))
    }

    /// Whether the worker can do a step.
    #[inline]
    pub(super) fn enabled(&self, slot: u32, shared: u32) -> bool {
        match &self.transitions[slot as usize] {
            Transition::Finished => false,
            Transition::Local(_) | Transition::Store(..) => true,
            Transition::ByMemory(row) => row.get(shared).0 != BLOCKED,
        }
    }

    /// Whether the worker has finished or is blocked in some state.
    pub(super) fn may_stop(&self) -> bool {
        self.any_finished || self.any_blocked
    }
}

/// Everything that has been computed about single workers.
#[derive(Debug)]
pub(super) struct Tables<'p> {
    stepper: Stepper<'p>,
    /// Whether the program uses locks.
    locks: bool,
    states: States,
    /// How each state will access x next.
    first_accesses: Vec<FirstAccess>,
    /// The states that each state's steps lead to, for finding endless loops.
    edges: FxHashMap<u32, Vec<u32>>,
    /// The shared memories, by number.
    shared: Vec<SharedState>,
    shared_numbers: FxHashMap<SharedState, u32>,
    /// The number of each shared memory where x is dead.
    dead: Vec<u32>,
    /// The locks held in each shared memory whose x is dead.
    held: Vec<u32>,
    held_numbers: FxHashMap<u32, u32>,
    /// The states at each place: by kind, then by depth.
    places: Vec<Vec<LocalStates>>,
    /// The states at a place that no worker has reached.
    unreached: LocalStates,
}

impl<'p> Tables<'p> {
    pub(super) fn new(stepper: Stepper<'p>, kinds: usize) -> Self {
        Self {
            stepper,
            locks: stepper.program.takes_locks(),
            states: States::default(),
            first_accesses: Vec::new(),
            edges: FxHashMap::default(),
            shared: Vec::new(),
            shared_numbers: FxHashMap::default(),
            dead: Vec::new(),
            held: Vec::new(),
            held_numbers: FxHashMap::default(),
            places: (0..kinds).map(|_| Vec::new()).collect(),
            unreached: LocalStates::default(),
        }
    }

    /// How many bytes the states take.
    pub(super) fn bytes(&self) -> u64 {
        (self.states.bytes() + self.first_accesses.len() * size_of::<FirstAccess>()) as u64
    }

    /// Makes sure that there is memory for more, and that no stop was asked for.
    fn check(&self, limits: &Limits, control: &Control) -> Result<(), ExploreError> {
        if control.stopped() {
            return Err(ExploreError::Interrupted);
        }
        if self.bytes() > limits.memory { Err(ExploreError::MemoryUsedUp) } else { Ok(()) }
    }

    /// The states at a place.
    #[inline]
    pub(super) fn at(&self, place: Place) -> &LocalStates {
        self.places
            .get(usize::from(place.kind))
            .and_then(|depths| depths.get(place.depth as usize))
            .unwrap_or(&self.unreached)
    }

    /// How many shared memories there are: with a live x, and with a dead one.
    pub(super) fn shared_sizes(&self) -> (usize, usize) {
        (self.shared.len(), self.held.len())
    }

    /// The shared memory of this number; x is 0 where it is dead.
    pub(super) fn shared_state(&self, shared: u32) -> SharedState {
        if shared & DEAD == 0 {
            self.shared[shared as usize]
        } else {
            SharedState { x: 0, held: self.held[(shared & !DEAD) as usize] }
        }
    }

    /// The number of the same shared memory where x is dead.
    #[inline]
    pub(super) fn without_x(&self, shared: u32) -> u32 {
        if shared & DEAD == 0 { self.dead[shared as usize] } else { shared }
    }

    /// The state of a worker.
    pub(super) fn state(&self, place: Place, slot: u32) -> &WorkerState {
        self.states.get(self.at(place).ids[slot as usize])
    }

    /// The number of a shared memory with a live x.
    pub(super) fn shared_number(&mut self, shared: SharedState) -> u32 {
        if let Some(&number) = self.shared_numbers.get(&shared) {
            return number;
        }
        let held = number(self.held.len());
        let held = *self.held_numbers.entry(shared.held).or_insert_with(|| {
            self.held.push(shared.held);
            held
        });
        let number = number(self.shared.len());
        self.shared.push(shared);
        self.dead.push(held | DEAD);
        self.shared_numbers.insert(shared, number);
        number
    }

    /// The number of a state among those at all places.
    fn id(&mut self, state: WorkerState) -> u32 {
        let id = self.states.number(state);
        if self.first_accesses.len() < self.states.len() {
            self.first_accesses.push(self.stepper.first_access(self.states.get(id)));
        }
        id
    }

    /// The number of a state among those at its place.
    pub(super) fn slot(&mut self, place: Place, state: WorkerState) -> u32 {
        let id = self.id(state);
        let (access, finished) = (self.first_accesses[id as usize], self.states.get(id).finished());
        let Some(depths) = self.places.get_mut(usize::from(place.kind)) else { return UNKNOWN };
        while depths.len() <= place.depth as usize {
            depths.push(LocalStates::default());
        }
        let states = &mut depths[place.depth as usize];
        let next = number(states.ids.len());
        *states.slots.entry(id).or_insert_with(|| {
            states.ids.push(id);
            states.first_access.push(access);
            states.any_finished |= finished;
            match access {
                FirstAccess::Load => states.any_load = true,
                FirstAccess::Store => states.any_store = true,
                FirstAccess::None => states.any_none = true,
            }
            next
        })
    }

    /// Computes the transitions of the states at a place, as far as they do not depend on the shared memory.
    pub(super) fn add_transitions(
        &mut self,
        place: Place,
        limits: &Limits,
        control: &Control,
    ) -> Result<(), ExploreError> {
        for slot in self.at(place).transitions.len()..self.at(place).len() {
            self.check(limits, control)?;
            let transition = self.transition(place, number(slot))?;
            let states = &mut self.places[usize::from(place.kind)][place.depth as usize];
            states.any_by_memory |= matches!(transition, Transition::ByMemory(_));
            states.transitions.push(transition);
        }
        Ok(())
    }

    /// What the next step of a state does.
    fn transition(&mut self, place: Place, slot: u32) -> Result<Transition, ExploreError> {
        let mut state = self.state(place, slot).clone();
        if state.finished() {
            return Ok(Transition::Finished);
        }
        if self.locks {
            return Ok(Transition::ByMemory(Row::default()));
        }
        let mut probe = Probe::default();
        let result = self.stepper.step(&mut state, &mut probe, |_, _| {});
        if probe.depends() {
            return Ok(Transition::ByMemory(Row::default()));
        }
        if result? == StepResult::Finished {
            return Ok(Transition::Finished);
        }
        let next = self.successor(place, slot, state);
        Ok(match probe.stored() {
            None => Transition::Local(next),
            Some(x) => Transition::Store(next, self.shared_number(SharedState { x, held: 0 })),
        })
    }

    /// The slot of a state after a step, which is noted as an edge.
    fn successor(&mut self, place: Place, slot: u32, state: WorkerState) -> u32 {
        let from = self.at(place).ids[slot as usize];
        let place = Place { depth: place.depth + 1, ..place };
        let next = self.slot(place, state);
        let to = self.at(place).ids[next as usize];
        let edges = self.edges.entry(from).or_default();
        if !edges.contains(&to) {
            edges.push(to);
        }
        next
    }

    /// Computes what a step that depends on the shared memory does under this one.
    pub(super) fn add_transition_under(
        &mut self,
        place: Place,
        slot: u32,
        shared: u32,
        limits: &Limits,
        control: &Control,
    ) -> Result<(), ExploreError> {
        match &self.at(place).transitions[slot as usize] {
            Transition::ByMemory(row) if row.get(shared).0 == UNKNOWN => {}
            _ => return Ok(()),
        }
        self.check(limits, control)?;
        let mut state = self.state(place, slot).clone();
        let mut memory = self.shared_state(shared);
        let mut stored = false;
        let result = self.stepper.step(&mut state, &mut memory, |_, touched| {
            stored |= matches!(touched, Touched::StoredX(_));
        })?;
        let entry = match result {
            StepResult::Blocked(_) | StepResult::Finished => (BLOCKED, shared),
            StepResult::Done => {
                let next = self.successor(place, slot, state);
                let after = self.shared_number(memory);
                (next, if shared & DEAD == 0 || stored { after } else { self.without_x(after) })
            }
        };
        let states = &mut self.places[usize::from(place.kind)][place.depth as usize];
        states.any_blocked |= entry.0 == BLOCKED;
        if let Transition::ByMemory(row) = &mut states.transitions[slot as usize] {
            row.set(shared, entry);
        }
        Ok(())
    }

    /// The lock that a worker waits for, if it is blocked.
    pub(super) fn blocking_lock(&self, place: Place, slot: u32, shared: u32) -> Option<u8> {
        let mut state = self.state(place, slot).clone();
        let mut memory = self.shared_state(shared);
        match self.stepper.step(&mut state, &mut memory, |_, _| {}) {
            Ok(StepResult::Blocked(lock)) => Some(lock),
            _ => None,
        }
    }

    /// Whether some worker by itself can come back to a state that it has been in. That is necessary for a schedule
    /// without end, but not sufficient.
    pub(super) fn has_loop(&self) -> bool {
        // Depth first, without recursion. Colour 1: on the path; 2: done.
        let mut colour = vec![0_u8; self.states.len()];
        for root in 0..number(self.states.len()) {
            let mut path = vec![(root, 0)];
            while let Some((id, branch)) = path.pop() {
                if branch == 0 {
                    if colour[id as usize] != 0 {
                        continue;
                    }
                    colour[id as usize] = 1;
                }
                match self.edges.get(&id).and_then(|edges| edges.get(branch)) {
                    Some(&next) => {
                        path.push((id, branch + 1));
                        match colour[next as usize] {
                            0 => path.push((next, 0)),
                            1 => return true,
                            _ => {}
                        }
                    }
                    None => colour[id as usize] = 2,
                }
            }
        }
        false
    }
}
