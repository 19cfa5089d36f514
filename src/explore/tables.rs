//! What has been learnt of single workers, by small numbers: so that the many states of all workers together need
//! no look at the program.

use super::walk::{Access, Probe, Walk, Went};
use super::{ExploreError, Limits, MOST_WORKERS};
use crate::python::program::states::{States, number};
use crate::python::program::{SharedState, WorkerState};
use crate::system::control::Control;
use rustc_hash::FxHashMap;

/// Marks the number of a shared memory whose x no worker will read.
pub(super) const DEAD: u32 = 1 << 31;
/// Not learnt yet.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// The worker can go on only when a lock is free.
pub(super) const WAITS: u32 = u32::MAX - 1;

/// Where a worker stands: its kind (workers with the same `d` are of one kind), and how many steps it has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Place {
    pub(super) kind: u8,
    pub(super) depth: u32,
}

/// The places of all workers, in order; those beyond the number of workers are unused.
pub(super) type Places = [Place; MOST_WORKERS];

/// What a worker's next step does, by the number of its state at its depth.
#[derive(Debug)]
pub(super) enum Move {
    /// It has finished.
    Finished,
    /// It leads to that state and leaves the shared memory alone.
    Keep(u32),
    /// It leads to that state and sets x, so that the shared memory is that one.
    Set(u32, u32),
    /// It depends on the shared memory: state and shared memory, by the number of the shared memory.
    Table(Row),
}

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

/// The states that workers of one kind can be in after so many steps.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Depth {
    /// Their numbers among all states.
    ids: Vec<u32>,
    slots: FxHashMap<u32, u32>,
    /// What the next step does; learnt for the states that some layer has brought up.
    pub(super) moves: Vec<Move>,
    pub(super) access: Vec<Access>,
    /// Whether some state is at its end.
    pub(super) any_finished: bool,
    /// Whether some state waits for a lock under some shared memory.
    pub(super) any_waits: bool,
    /// Whether some step depends on the shared memory.
    pub(super) any_table: bool,
    /// Whether some state reads x first; writes it first.
    pub(super) any_load: bool,
    pub(super) any_store: bool,
    pub(super) any_none: bool,
}

impl Depth {
    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether a state's worker can go on.
    #[inline]
    pub(super) fn goes(&self, slot: u32, shared: u32) -> bool {
        match &self.moves[slot as usize] {
            Move::Finished => false,
            Move::Keep(_) | Move::Set(..) => true,
            Move::Table(row) => row.get(shared).0 != WAITS,
        }
    }
}

/// Everything that has been learnt.
#[derive(Debug)]
pub(super) struct Tables<'p> {
    walk: Walk<'p>,
    locks: bool,
    states: States,
    /// What each state's next step does to x first.
    accesses: Vec<Access>,
    /// Which states lead to which, for finding loops without end.
    arrows: FxHashMap<u32, Vec<u32>>,
    shared: Vec<SharedState>,
    shared_numbers: FxHashMap<SharedState, u32>,
    /// The dead counterpart of each shared memory.
    dead: Vec<u32>,
    held: Vec<u32>,
    held_numbers: FxHashMap<u32, u32>,
    kinds: Vec<Vec<Depth>>,
    nothing: Depth,
}

impl<'p> Tables<'p> {
    pub(super) fn new(walk: Walk<'p>, kinds: usize) -> Self {
        Self {
            walk,
            locks: walk.has_locks(),
            states: States::default(),
            accesses: Vec::new(),
            arrows: FxHashMap::default(),
            shared: Vec::new(),
            shared_numbers: FxHashMap::default(),
            dead: Vec::new(),
            held: Vec::new(),
            held_numbers: FxHashMap::default(),
            kinds: (0..kinds).map(|_| Vec::new()).collect(),
            nothing: Depth::default(),
        }
    }

    /// How much room the known states take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        (self.states.bytes() + self.accesses.len() * size_of::<Access>()) as u64
    }

    /// Whether there is room to learn more, and nobody wants it to stop.
    fn may_go_on(&self, limits: &Limits, control: &Control) -> Result<(), ExploreError> {
        if control.stopped() {
            return Err(ExploreError::Interrupted);
        }
        if self.bytes() > limits.memory { Err(ExploreError::Room) } else { Ok(()) }
    }

    /// What is known of a place.
    #[inline]
    pub(super) fn depth(&self, place: Place) -> &Depth {
        self.kinds
            .get(usize::from(place.kind))
            .and_then(|depths| depths.get(place.depth as usize))
            .unwrap_or(&self.nothing)
    }

    /// The number of shared memories that are alive, and that are dead.
    pub(super) fn shared_sizes(&self) -> (usize, usize) {
        (self.shared.len(), self.held.len())
    }

    /// The shared memory of that number; x is 0 where it is dead.
    pub(super) fn shared_state(&self, shared: u32) -> SharedState {
        if shared & DEAD == 0 {
            self.shared[shared as usize]
        } else {
            SharedState { x: 0, held: self.held[(shared & !DEAD) as usize] }
        }
    }

    /// The same shared memory without its x.
    #[inline]
    pub(super) fn without_x(&self, shared: u32) -> u32 {
        if shared & DEAD == 0 { self.dead[shared as usize] } else { shared }
    }

    /// The state of a worker.
    pub(super) fn state(&self, place: Place, slot: u32) -> &WorkerState {
        self.states.get(self.depth(place).ids[slot as usize])
    }

    /// The number of a shared memory whose x may be read.
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

    fn id(&mut self, state: WorkerState) -> u32 {
        let id = self.states.number(state);
        if self.accesses.len() < self.states.len() {
            self.accesses.push(self.walk.access(self.states.get(id)));
        }
        id
    }

    /// The number of a state among those at its place.
    pub(super) fn slot(&mut self, place: Place, state: WorkerState) -> u32 {
        let id = self.id(state);
        let (access, finished) = (self.accesses[id as usize], self.states.get(id).finished());
        let Some(depths) = self.kinds.get_mut(usize::from(place.kind)) else { return UNKNOWN };
        while depths.len() <= place.depth as usize {
            depths.push(Depth::default());
        }
        let depth = &mut depths[place.depth as usize];
        let next = number(depth.ids.len());
        *depth.slots.entry(id).or_insert_with(|| {
            depth.ids.push(id);
            depth.access.push(access);
            depth.any_finished |= finished;
            match access {
                Access::Load => depth.any_load = true,
                Access::Store => depth.any_store = true,
                Access::None => depth.any_none = true,
            }
            next
        })
    }

    /// Learns what the states at a place do, as far as that does not depend on the shared memory.
    pub(super) fn learn(
        &mut self,
        place: Place,
        limits: &Limits,
        control: &Control,
    ) -> Result<(), ExploreError> {
        for slot in self.depth(place).moves.len()..self.depth(place).len() {
            self.may_go_on(limits, control)?;
            let movement = self.movement(place, number(slot))?;
            let depth = &mut self.kinds[usize::from(place.kind)][place.depth as usize];
            depth.any_table |= matches!(movement, Move::Table(_));
            depth.moves.push(movement);
        }
        Ok(())
    }

    fn movement(&mut self, place: Place, slot: u32) -> Result<Move, ExploreError> {
        let mut state = self.state(place, slot).clone();
        if state.finished() {
            return Ok(Move::Finished);
        }
        if self.locks {
            return Ok(Move::Table(Row::default()));
        }
        let mut probe = Probe::default();
        let went = self.walk.step(&mut state, &mut probe, |_, _| {});
        if probe.depends() {
            return Ok(Move::Table(Row::default()));
        }
        if went? == Went::Finished {
            return Ok(Move::Finished);
        }
        let next = self.follow(place, slot, state);
        Ok(match probe.stored() {
            None => Move::Keep(next),
            Some(x) => Move::Set(next, self.shared_number(SharedState { x, held: 0 })),
        })
    }

    fn follow(&mut self, place: Place, slot: u32, state: WorkerState) -> u32 {
        let from = self.depth(place).ids[slot as usize];
        let place = Place { depth: place.depth + 1, ..place };
        let next = self.slot(place, state);
        let to = self.depth(place).ids[next as usize];
        let arrows = self.arrows.entry(from).or_default();
        if !arrows.contains(&to) {
            arrows.push(to);
        }
        next
    }

    /// Learns what a step that depends on the shared memory does under this one.
    pub(super) fn learn_under(
        &mut self,
        place: Place,
        slot: u32,
        shared: u32,
        limits: &Limits,
        control: &Control,
    ) -> Result<(), ExploreError> {
        match &self.depth(place).moves[slot as usize] {
            Move::Table(row) if row.get(shared).0 == UNKNOWN => {}
            _ => return Ok(()),
        }
        self.may_go_on(limits, control)?;
        let mut state = self.state(place, slot).clone();
        let mut memory = self.shared_state(shared);
        let mut stored = false;
        let went = self.walk.step(&mut state, &mut memory, |_, touched| {
            stored |= matches!(touched, crate::python::program::Touched::StoredX(_));
        })?;
        let entry = match went {
            Went::Waits(_) | Went::Finished => (WAITS, shared),
            Went::On => {
                let next = self.follow(place, slot, state);
                let after = self.shared_number(memory);
                (next, if shared & DEAD == 0 || stored { after } else { self.without_x(after) })
            }
        };
        let depth = &mut self.kinds[usize::from(place.kind)][place.depth as usize];
        depth.any_waits |= entry.0 == WAITS;
        if let Move::Table(row) = &mut depth.moves[slot as usize] {
            row.set(shared, entry);
        }
        Ok(())
    }

    /// The lock that a worker which cannot go on waits for.
    pub(super) fn waits_for(&self, place: Place, slot: u32, shared: u32) -> Option<u8> {
        let mut state = self.state(place, slot).clone();
        let mut memory = self.shared_state(shared);
        match self.walk.step(&mut state, &mut memory, |_, _| {}) {
            Ok(Went::Waits(lock)) => Some(lock),
            _ => None,
        }
    }

    /// Whether some worker, taken by itself, can come back to a state that it has been in.
    pub(super) fn has_loop(&self) -> bool {
        // Depth first, without recursion: 1 is on the path, 2 is done with.
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
                match self.arrows.get(&id).and_then(|arrows| arrows.get(branch)) {
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
