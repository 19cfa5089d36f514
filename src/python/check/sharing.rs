//! Which threads get at what, under which locks, and which print, while others are there.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::machine::{Access, Location, Machine, Use};
use super::state::{Frame, Object, Site, State, Value};

/// The most threads that have a bit of their own; those beyond share the last.
const BITS: usize = 16;

/// The bit of a thread.
fn bit(thread: usize) -> u16 {
    1 << thread.min(BITS - 1)
}

/// Which threads read and which write a location while another one is alive, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
struct Users {
    readers: u16,
    writers: u16,
}

impl Users {
    fn note(&mut self, how: Use, thread: usize) {
        *(if how.writes() { &mut self.writers } else { &mut self.readers }) |= bit(thread);
    }

    const fn all(self) -> u16 {
        self.readers | self.writers
    }

    /// Whether one writes what another gets at.
    const fn conflict(self) -> bool {
        self.writers != 0 && self.all().count_ones() > 1
    }
}

/// The locks that a thread held at each access to a location, as [Eraser](https://doi.org/10.1145/265924.265927) finds them. Each is the only one
/// that was made at its place in the source.
#[derive(Clone, Debug)]
struct Guards(Vec<Site>);

impl Guards {
    /// Those that a thread holds.
    fn held(state: &State, thread: usize) -> Self {
        let mut locks: Vec<(Site, bool)> = Vec::new();
        for entry in &state.heap {
            if let Object::Lock(owner) | Object::RLock(owner, _) = entry.object {
                locks.push((entry.site, owner.is_some_and(|owner| usize::from(owner) == thread)));
            }
        }
        let is_only = |site: Site| locks.iter().filter(|(other, _)| *other == site).count() == 1;
        let held = locks.iter().filter(|&&(site, is_held)| is_held && is_only(site));
        Self(held.map(|(site, _)| *site).collect())
    }
}

/// Whether a thread sets up an object, in its `__init__`, that no other one can come to yet. Others made at the same place are not concerned.
fn is_initialisation(machine: &Machine<'_>, thread: usize, access: &Access) -> bool {
    let (Location::Attribute(..), Some(at)) = (access.location, access.object) else { return false };
    let is_its = |frame: &Frame| {
        machine.module.codes[usize::from(frame.code)].name == "__init__"
            && frame.slots.first() == Some(&Value::Ref(at))
    };
    machine.state.threads[thread].frames.last().is_some_and(is_its)
        && !machine.state.is_in_reach_of_others(at, thread)
}

/// What was seen of that in a search.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    users: FxHashMap<Location, Users>,
    /// Of those who get at one element alone, by its key.
    by_key: FxHashMap<(Location, u64), Users>,
    /// Of those who get at more than one.
    whole: FxHashMap<Location, Users>,
    guards: FxHashMap<Location, Guards>,
    /// For each thread, which others there were when it printed, and itself: a bit for each.
    printers: [u16; BITS],
}

impl Sharing {
    /// Takes note of what a thread has got at in its last instruction, and whether it printed.
    pub(super) fn note(&mut self, machine: &Machine<'_>, thread: usize, printed: bool) {
        if printed {
            let all = 0..machine.state.threads.len();
            let beside = all.filter(|&other| machine.state.runs_beside(other, thread));
            self.printers[thread.min(BITS - 1)] |= beside.fold(bit(thread), |bits, other| bits | bit(other));
        }
        let mut held = None;
        for access in machine.accesses.iter().filter(|access| !is_initialisation(machine, thread, access)) {
            let guards = self.guards.get_mut(&access.location);
            if guards.as_ref().is_none_or(|guards| !guards.0.is_empty()) {
                let held = held.get_or_insert_with(|| Guards::held(&machine.state, thread));
                match guards {
                    Some(guards) => guards.0.retain(|lock| held.0.contains(lock)),
                    None => drop(self.guards.insert(access.location, held.clone())),
                }
            }
            let users = self.users.entry(access.location).or_default();
            users.note(access.how, thread);
            let part = match access.key {
                Some(key) => self.by_key.entry((access.location, key)).or_default(),
                None => self.whole.entry(access.location).or_default(),
            };
            part.note(access.how, thread);
        }
    }

    /// Whether what a thread gets at is an element that no other one uses: each has a key of its own. Who puts one in changes which keys
    /// there are, which is nothing to those that do not look at them.
    pub(super) fn is_own(&self, access: &Access, thread: usize) -> bool {
        let others = |users: Option<&Users>| users.map_or(0, |users| users.all()) & !bit(thread) != 0;
        match (access.location, access.key) {
            (Location::Content(_), Some(key)) => {
                !others(self.by_key.get(&(access.location, key))) && !others(self.whole.get(&access.location))
            }
            (Location::Extent(site), _) if access.how == Use::Write => {
                let readers = self.whole.get(&access.location).map_or(0, |users| users.readers);
                readers & !bit(thread) == 0 && !others(self.whole.get(&Location::Content(site)))
            }
            _ => false,
        }
    }

    /// How many elements more than one thread uses, and how many get at all of them: with what is known so far.
    pub(super) fn of_elements(&self) -> usize {
        let several = self.by_key.values().filter(|users| users.all().count_ones() > 1).count();
        let whole: u32 =
            self.whole.values().map(|users| users.readers.count_ones() + users.writers.count_ones()).sum();
        several + whole as usize
    }

    /// The locations that one thread writes and another gets at.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = Location> {
        self.users.iter().filter(|(_, users)| users.conflict()).map(|(at, _)| *at)
    }

    /// Those of some locations that threads get at only under one and the same lock: whether another thread comes in there makes no
    /// difference, for it has to wait until the lock is let go.
    pub(super) fn guarded(&self, locations: &BTreeSet<Location>) -> BTreeSet<Location> {
        let mut guarded = locations.clone();
        guarded.retain(|location| self.guards.get(location).is_some_and(|guards| !guards.0.is_empty()));
        guarded
    }

    /// Whether a thread gets at one of these locations.
    pub(super) fn is_user(&self, thread: usize, locations: &BTreeSet<Location>) -> bool {
        let mut users = locations.iter().filter_map(|location| self.users.get(location));
        users.any(|users| (users.readers | users.writers) & bit(thread) != 0)
    }

    /// Which threads print, and which others there were then.
    pub(super) const fn printers(&self) -> [u16; BITS] {
        self.printers
    }

    /// Whether a thread prints.
    pub(super) fn prints(&self, thread: usize) -> bool {
        self.printers[thread.min(BITS - 1)] != 0
    }
}
