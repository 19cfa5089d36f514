//! How the state of all workers is packed into one number of 64 bits.

use super::error::ExploreError;
use super::limits::MOST_WORKERS;
use super::step::FirstAccess;
use super::tables::{DEAD, Place, Tables};

/// How a state is packed into 64 bits: the shared memory lowest, then each worker's state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    shifts: [u32; MOST_WORKERS],
    masks: [u64; MOST_WORKERS],
    shared_mask: u64,
    /// 1 if states with a dead and with a live x meet in the block: then the lowest bit says which.
    mixed: u32,
    /// [`DEAD`] if x is dead in the whole block.
    dead: u32,
    bits: u32,
}

impl Layout {
    /// The layout of a block: as many bits for each part as its numbers need.
    pub(super) fn of(
        tables: &Tables<'_>,
        places: &[Place],
        liveness: Liveness,
    ) -> Result<Self, ExploreError> {
        let (live, dead) = tables.shared_sizes();
        let mut layout = Self::default();
        let mut bits = match liveness {
            Liveness::Live => width(live),
            Liveness::Dead => width(dead),
            Liveness::Mixed => width(live.max(dead)) + 1,
        };
        layout.mixed = u32::from(liveness == Liveness::Mixed);
        layout.dead = if liveness == Liveness::Dead { DEAD } else { 0 };
        layout.shared_mask = mask(bits);
        for (worker, &place) in places.iter().enumerate() {
            let width = width(tables.at(place).len());
            layout.shifts[worker] = bits.min(63);
            layout.masks[worker] = mask(width);
            bits += width;
        }
        layout.bits = bits;
        if bits > 63 { Err(ExploreError::TooLarge) } else { Ok(layout) }
    }

    /// How many bits a state has.
    pub(super) const fn bits(&self) -> u32 {
        self.bits
    }

    /// The bits of a state: its shared memory, and the number of each worker's state.
    #[inline]
    pub(super) fn pack(&self, shared: u32, slots: &[u32]) -> u64 {
        let mut packed = u64::from(if self.mixed == 0 { shared & !DEAD } else { shared.rotate_left(1) });
        for (&slot, shift) in slots.iter().zip(self.shifts) {
            packed |= u64::from(slot) << shift;
        }
        packed
    }

    /// The number of a worker's state.
    #[inline]
    pub(super) fn slot(&self, key: u64, worker: usize) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "slots are numbers of 32 bits")]
        let slot = ((key >> self.shifts[worker]) & self.masks[worker]) as u32;
        slot
    }

    /// The number of the shared memory.
    #[inline]
    pub(super) fn shared(&self, key: u64) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "shared memories have numbers of 32 bits")]
        let field = (key & self.shared_mask) as u32;
        if self.mixed == 0 { field | self.dead } else { field.rotate_right(1) }
    }
}

/// Whether the value of x can matter in the states of a block. It is dead if no worker reads x before one has
/// written it, and one will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Liveness {
    Live,
    Dead,
    /// Dead in some states, live in others.
    Mixed,
}

impl Liveness {
    /// For the states in which the workers are at these places.
    pub(super) fn of(tables: &Tables<'_>, places: &[Place]) -> Self {
        let locals = || places.iter().map(|&place| tables.at(place));
        let nobody_reads = locals().all(|states| !states.any_load);
        let nobody_writes = locals().all(|states| !states.any_store);
        let sure_to_read = locals().any(|states| states.any_load && !states.any_store && !states.any_none);
        let sure_to_write = locals().any(|states| states.any_store && !states.any_load && !states.any_none);
        if nobody_reads && sure_to_write {
            Self::Dead
        } else if sure_to_read || nobody_writes {
            Self::Live
        } else {
            Self::Mixed
        }
    }
}

/// Whether x is dead in this state, as [`Liveness`] defines it.
pub(super) fn is_dead(tables: &Tables<'_>, places: &[Place], slots: &[u32; MOST_WORKERS]) -> bool {
    let access =
        || places.iter().zip(slots).map(|(&place, &slot)| tables.at(place).first_access[slot as usize]);
    access().all(|access| access != FirstAccess::Load) && access().any(|access| access == FirstAccess::Store)
}

/// Bits for numbers below `size`.
fn width(size: usize) -> u32 {
    usize::BITS - size.saturating_sub(1).leading_zeros()
}

/// As many ones.
const fn mask(bits: u32) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_bits_as_they_need() {
        assert_eq!([0, 1, 2, 3, 4, 5, 256, 257].map(width), [0, 0, 1, 2, 2, 3, 8, 9]);
        assert_eq!([0, 1, 63].map(mask), [0, 1, u64::MAX >> 1]);
    }
}
