//! Which threads get at what, and which print, while others are there.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::machine::{Location, Machine};

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
    /// Whether one writes what another gets at.
    const fn conflict(self) -> bool {
        let all = self.readers | self.writers;
        self.writers != 0 && all.count_ones() > 1
    }
}

/// What was seen of that in a search.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    users: FxHashMap<Location, Users>,
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
        for access in &machine.accesses {
            let users = self.users.entry(access.location).or_default();
            let those = if access.how.writes() { &mut users.writers } else { &mut users.readers };
            *those |= bit(thread);
        }
    }

    /// The locations that one thread writes and another gets at.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = Location> {
        self.users.iter().filter(|(_, users)| users.conflict()).map(|(at, _)| *at)
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
