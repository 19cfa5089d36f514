//! The states of all workers together, layer by layer: a layer is what is reached after so many steps in all.
//!
//! A layer is cut into blocks by how many steps each worker has done. Every block of the next layer is made from
//! at most as many blocks of this one as there are workers, so the blocks of a layer are made side by side, and
//! this layer is then dropped.

use super::ExploreError;
use super::tables::{DEAD, Move, Place, Places, Tables, UNKNOWN, WAITS};
use crate::python::program::states::number;
use crate::system::control::Control;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::MOST_WORKERS;

/// Fewest preemptions that lead to a state, by which worker did the last step.
pub(super) type Fewest = [u16; MOST_WORKERS];
/// No schedule ends so.
pub(super) const NEVER: u16 = u16::MAX;

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
    #[inline]
    pub(super) fn slot(&self, key: u64, worker: usize) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "slots are numbers of 32 bits")]
        let slot = ((key >> self.shifts[worker]) & self.masks[worker]) as u32;
        slot
    }

    #[inline]
    pub(super) fn shared(&self, key: u64) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "shared memories have numbers of 32 bits")]
        let field = (key & self.shared_mask) as u32;
        if self.mixed == 0 { field | self.dead } else { field.rotate_right(1) }
    }

    #[inline]
    fn shared_field(&self, shared: u32) -> u64 {
        u64::from(if self.mixed == 0 { shared & !DEAD } else { shared.rotate_left(1) })
    }
}

/// The states in which each worker has done a certain number of steps.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) places: Places,
    pub(super) layout: Layout,
    pub(super) keys: Vec<u64>,
    /// How many schedules lead to each state, so many limbs for each, the lowest first.
    counts: Vec<u64>,
    pub(super) fewest: Vec<Fewest>,
}

impl Block {
    fn bytes(&self) -> u64 {
        (self.keys.capacity() * size_of::<u64>()
            + self.counts.capacity() * size_of::<u64>()
            + self.fewest.capacity() * size_of::<Fewest>()) as u64
    }

    /// The same without the counts.
    fn outline(&self) -> Self {
        Self { keys: self.keys.clone(), counts: Vec::new(), fewest: self.fewest.clone(), ..*self }
    }
}

/// What is reached after so many steps in all.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// How many steps.
    pub(super) depth: usize,
    pub(super) blocks: Vec<Block>,
    limbs: usize,
}

impl Layer {
    pub(super) fn states(&self) -> u64 {
        self.blocks.iter().map(|block| block.keys.len() as u64).sum()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.blocks.iter().map(Block::bytes).sum()
    }

    pub(super) fn outline(&self) -> Self {
        Self { depth: self.depth, blocks: self.blocks.iter().map(Block::outline).collect(), limbs: 0 }
    }

    /// How many schedules lead to a state of a block, by limbs of 64 bits, the lowest first.
    pub(super) fn count(&self, block: &Block, index: usize) -> Vec<u64> {
        block.counts.get(index * self.limbs..(index + 1) * self.limbs).unwrap_or_default().to_vec()
    }

    /// The first layer: nobody has done anything.
    pub(super) fn first(
        tables: &Tables<'_>,
        places: Places,
        workers: usize,
        shared: u32,
    ) -> Result<Self, ExploreError> {
        let plan = Target { places, parts: Vec::new(), shape: Shape::of(tables, &places, workers) };
        let layout = plan.layout(tables, workers)?;
        let shared = if plan.shape == Shape::Dead { tables.without_x(shared) } else { shared };
        let mut fewest = [NEVER; MOST_WORKERS];
        fewest[..workers].fill(0);
        let block = Block {
            places,
            layout,
            keys: vec![layout.shared_field(shared)],
            counts: vec![1],
            fewest: vec![fewest],
        };
        Ok(Self { depth: 0, blocks: vec![block], limbs: 1 })
    }
}

/// Whether x is dead in a block: no worker reads it before one has written it, and one will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Live,
    Dead,
    /// That depends on the state.
    Mixed,
}

impl Shape {
    fn of(tables: &Tables<'_>, places: &Places, workers: usize) -> Self {
        let depths = || places[..workers].iter().map(|&place| tables.depth(place));
        let nobody_reads = depths().all(|depth| !depth.any_load);
        let nobody_writes = depths().all(|depth| !depth.any_store);
        let sure_to_read = depths().any(|depth| depth.any_load && !depth.any_store && !depth.any_none);
        let sure_to_write = depths().any(|depth| depth.any_store && !depth.any_load && !depth.any_none);
        if nobody_reads && sure_to_write {
            Self::Dead
        } else if sure_to_read || nobody_writes {
            Self::Live
        } else {
            Self::Mixed
        }
    }
}

/// What one block gives to another: the steps of one worker.
#[derive(Debug, Clone, Copy)]
struct Part {
    source: usize,
    mover: usize,
    /// The worker of the source that each worker of the target is.
    order: [u8; MOST_WORKERS],
}

/// A block to be made.
#[derive(Debug)]
struct Target {
    places: Places,
    parts: Vec<Part>,
    shape: Shape,
}

impl Target {
    fn layout(&self, tables: &Tables<'_>, workers: usize) -> Result<Layout, ExploreError> {
        let (live, dead) = tables.shared_sizes();
        let mut layout = Layout::default();
        let mut bits = match self.shape {
            Shape::Live => width(live),
            Shape::Dead => width(dead),
            Shape::Mixed => width(live.max(dead)) + 1,
        };
        layout.mixed = u32::from(self.shape == Shape::Mixed);
        layout.dead = if self.shape == Shape::Dead { DEAD } else { 0 };
        layout.shared_mask = mask(bits);
        for (worker, &place) in self.places[..workers].iter().enumerate() {
            let width = width(tables.depth(place).len());
            layout.shifts[worker] = bits.min(63);
            layout.masks[worker] = mask(width);
            bits += width;
        }
        layout.bits = bits;
        if bits > 63 { Err(ExploreError::TooWide) } else { Ok(layout) }
    }
}

/// Bits for numbers below `size`.
fn width(size: usize) -> u32 {
    usize::BITS - size.saturating_sub(1).leading_zeros()
}

const fn mask(bits: u32) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// Where a state stands in the block that is being made.
enum Index {
    Dense(Vec<u32>),
    Sparse(FxHashMap<u64, u32>),
}

impl Index {
    fn new(bits: u32, incoming: usize) -> Self {
        // An entry of the dense form has 4 bytes; a state has at least 16, so this much waste is bearable.
        if bits <= 24 && (1_usize << bits) <= incoming.max(64).saturating_mul(16) {
            Self::Dense(vec![UNKNOWN; 1 << bits])
        } else {
            Self::Sparse(FxHashMap::with_capacity_and_hasher(incoming / 2, rustc_hash::FxBuildHasher))
        }
    }

    #[inline]
    fn entry(&mut self, key: u64) -> &mut u32 {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "a dense key has at most 24 bits")]
            Self::Dense(places) => &mut places[key as usize],
            Self::Sparse(places) => places.entry(key).or_insert(UNKNOWN),
        }
    }
}

/// What the making of a layer needs to know.
pub(super) struct Making<'a> {
    pub(super) workers: usize,
    /// Whether to count schedules.
    pub(super) counting: bool,
    /// Whether to keep the fewest preemptions, and of which states: those reached with at most so many.
    pub(super) fewest: Option<u16>,
    /// Bytes that the new layer may take.
    pub(super) room: u64,
    pub(super) control: &'a Control,
}

/// Limbs for the schedules of so many steps: there are at most workers^steps.
fn limbs(workers: usize, steps: usize) -> usize {
    let bits = match workers {
        0 | 1 => 1,
        2 => steps + 1,
        3 => steps * 1585 / 1000 + 2, // log2(3) is just below 1.585
        _ => 2 * steps + 1,
    };
    bits.div_ceil(64)
}

/// Makes the next layer. Everything that its steps need to know must have been learnt.
pub(super) fn next(
    tables: &Tables<'_>,
    layer: &mut Layer,
    making: &Making<'_>,
) -> Result<Layer, ExploreError> {
    let targets = targets(tables, layer, making.workers);
    let wanted = if making.counting { limbs(making.workers, layer.depth + 1) } else { 0 };
    let limbs = if wanted == 0 {
        0
    } else {
        SIZES.iter().copied().find(|&size| size >= wanted).ok_or(ExploreError::TooWide)?
    };
    if limbs > layer.limbs {
        layer.blocks.par_iter_mut().for_each(|block| widen(&mut block.counts, layer.limbs, limbs));
        layer.limbs = limbs;
    }
    let taken = AtomicU64::new(0);
    let gather = gather(limbs, making.fewest.is_some());
    let blocks = targets
        .par_iter()
        .map(|target| gather(tables, layer, target, making, &taken))
        .collect::<Result<Vec<_>, _>>()?;
    let blocks = blocks.into_iter().filter(|block| !block.keys.is_empty()).collect();
    Ok(Layer { depth: layer.depth + 1, blocks, limbs })
}

/// Gives each count more limbs.
fn widen(counts: &mut Vec<u64>, from: usize, to: usize) {
    let mut wide = Vec::with_capacity(counts.len() / from.max(1) * to);
    for count in counts.chunks_exact(from.max(1)) {
        wide.extend_from_slice(count);
        wide.resize(wide.len() + to - from, 0);
    }
    *counts = wide;
}

/// Which blocks follow, and from which they come. Workers of one kind change places so that the one with fewer
/// steps stands first: schedules that differ only in their names lead to one state.
fn targets(tables: &Tables<'_>, layer: &Layer, workers: usize) -> Vec<Target> {
    let mut numbers: FxHashMap<Places, usize> = FxHashMap::default();
    let mut targets: Vec<Target> = Vec::new();
    for (source, block) in layer.blocks.iter().enumerate() {
        for mover in 0..workers {
            let mut places = block.places;
            places[mover].depth += 1;
            if tables.depth(places[mover]).len() == 0 {
                continue;
            }
            let mut order = [0, 1, 2, 3];
            order[..workers].sort_by_key(|&worker| places[usize::from(worker)]);
            let sorted = order.map(|worker| places[usize::from(worker)]);
            let number = *numbers.entry(sorted).or_insert_with(|| {
                targets.push(Target {
                    places: sorted,
                    parts: Vec::new(),
                    shape: Shape::of(tables, &sorted, workers),
                });
                targets.len() - 1
            });
            targets[number].parts.push(Part { source, mover, order });
        }
    }
    targets
}

type Gather = fn(&Tables<'_>, &Layer, &Target, &Making<'_>, &AtomicU64) -> Result<Block, ExploreError>;

macro_rules! sizes {
    ($($limbs:literal)*) => {
        /// The numbers of limbs for which the inner loop is compiled.
        const SIZES: &[usize] = &[$($limbs),*];

        /// The inner loop for counts of so many limbs: one of [`SIZES`], or 0 to keep nothing but the fewest preemptions.
        fn gather(limbs: usize, fewest: bool) -> Gather {
            match (limbs, fewest) {
                (0, true) => gather_with::<0, true>,
                $(
                    ($limbs, true) => gather_with::<$limbs, true>,
                    ($limbs, false) => gather_with::<$limbs, false>,
                )*
                _ => unreachable!("{limbs} limbs: a size of the list is asked for, or 0 with the fewest preemptions"),
            }
        }
    };
}

sizes!(1 2 3 4 5 6 8 10 12 16 24 32 64);

/// Makes a block from those before it.
#[expect(clippy::too_many_lines, reason = "the hot loop: its parts share a dozen values")]
fn gather_with<const LIMBS: usize, const FEWEST: bool>(
    tables: &Tables<'_>,
    layer: &Layer,
    target: &Target,
    making: &Making<'_>,
    taken: &AtomicU64,
) -> Result<Block, ExploreError> {
    if making.control.stopped() {
        return Err(ExploreError::Interrupted);
    }
    let workers = making.workers;
    let layout = target.layout(tables, workers)?;
    let incoming: usize = target.parts.iter().map(|part| layer.blocks[part.source].keys.len()).sum();
    let most = incoming.min(1 << layout.bits.min(40));
    let bytes = size_of::<u64>() * (1 + LIMBS) + if FEWEST { size_of::<Fewest>() } else { 0 };
    // Relaxed: the sum need not be exact to the block.
    let before = taken.fetch_add((most * bytes) as u64, Ordering::Relaxed);
    if before + (most * bytes) as u64 > making.room {
        return Err(ExploreError::Room);
    }
    let mut index = Index::new(layout.bits, incoming);
    let mut block = Block {
        places: target.places,
        layout,
        keys: Vec::with_capacity(most),
        counts: Vec::with_capacity(most * LIMBS),
        fewest: Vec::with_capacity(if FEWEST { most } else { 0 }),
    };
    let tied: [bool; MOST_WORKERS] =
        std::array::from_fn(|at| at + 1 < workers && target.places[at] == target.places[at + 1]);
    let any_tied = tied.contains(&true);
    for part in &target.parts {
        let source = &layer.blocks[part.source];
        let mover = part.mover;
        let steps = &tables.depth(source.places[mover]).moves;
        let may_stop: [bool; MOST_WORKERS] = std::array::from_fn(|worker| {
            let depth = tables.depth(source.places[worker]);
            worker < workers && (depth.any_finished || depth.any_waits)
        });
        let order = part.order.map(usize::from);
        for (at, &key) in source.keys.iter().enumerate() {
            let shared = source.layout.shared(key);
            let (slot, after) = match &steps[source.layout.slot(key, mover) as usize] {
                Move::Keep(slot) => (*slot, shared),
                Move::Set(slot, after) => (*slot, *after),
                Move::Table(row) => row.get(shared),
                Move::Finished => continue,
            };
            if slot == WAITS {
                continue;
            }
            let mut slots = [0; MOST_WORKERS];
            for (to, &from) in slots.iter_mut().zip(&order[..workers]) {
                *to = if from == mover { slot } else { source.layout.slot(key, from) };
            }
            let mut fewest = [NEVER; MOST_WORKERS];
            if FEWEST {
                let before = &source.fewest[at];
                let mut best = before[mover];
                for worker in (0..workers).filter(|&worker| worker != mover) {
                    let goes = !may_stop[worker]
                        || tables.depth(source.places[worker]).goes(source.layout.slot(key, worker), shared);
                    best = best.min(before[worker].saturating_add(u16::from(goes)));
                }
                if best > making.fewest.unwrap_or(NEVER) {
                    continue;
                }
                for worker in 0..workers {
                    if order[worker] == mover {
                        fewest[worker] = best;
                    }
                }
            }
            if any_tied {
                sort_tied(&mut slots, &mut fewest, tied, workers);
            }
            let dead = match target.shape {
                Shape::Live => false,
                Shape::Dead => true,
                Shape::Mixed => is_dead(tables, &target.places[..workers], &slots),
            };
            let after = if dead { tables.without_x(after) } else { after };
            let mut packed = layout.shared_field(after);
            for (&slot, shift) in slots[..workers].iter().zip(layout.shifts) {
                packed |= u64::from(slot) << shift;
            }
            let entry = index.entry(packed);
            let count = &source.counts[at * LIMBS..at * LIMBS + LIMBS];
            if *entry == UNKNOWN {
                *entry = number(block.keys.len());
                block.keys.push(packed);
                block.counts.extend_from_slice(count);
                if FEWEST {
                    block.fewest.push(fewest);
                }
            } else {
                let place = *entry as usize;
                add::<LIMBS>(&mut block.counts[place * LIMBS..place * LIMBS + LIMBS], count);
                if FEWEST {
                    for (known, new) in block.fewest[place].iter_mut().zip(fewest) {
                        *known = (*known).min(new);
                    }
                }
            }
        }
    }
    block.keys.shrink_to_fit();
    block.counts.shrink_to_fit();
    block.fewest.shrink_to_fit();
    taken.fetch_sub((most * bytes) as u64 - block.bytes().min((most * bytes) as u64), Ordering::Relaxed);
    Ok(block)
}

/// The length is a type's, so that the loop is unrolled; both counts have it, because [`next`] widens those before.
#[inline]
fn add<const LIMBS: usize>(sum: &mut [u64], more: &[u64]) {
    let mut carry = false;
    for limb in 0..LIMBS {
        (sum[limb], carry) = sum[limb].carrying_add(more[limb], carry);
    }
    debug_assert!(!carry, "limbs() allows for every schedule");
}

/// Orders workers of one kind with as many steps by their states; of equal ones it is all the same which did the
/// last step.
#[inline]
fn sort_tied(
    slots: &mut [u32; MOST_WORKERS],
    fewest: &mut Fewest,
    tied: [bool; MOST_WORKERS],
    workers: usize,
) {
    for _ in 1..workers {
        for at in 0..workers - 1 {
            if tied[at] && slots[at] > slots[at + 1] {
                slots.swap(at, at + 1);
                fewest.swap(at, at + 1);
            }
        }
    }
    // Forth and back, so that the least reaches all of a row of equals.
    for at in (0..workers - 1).chain((0..workers - 1).rev()) {
        if tied[at] && slots[at] == slots[at + 1] {
            let least = fewest[at].min(fewest[at + 1]);
            fewest[at] = least;
            fewest[at + 1] = least;
        }
    }
}

/// Whether no worker reads x before one has written it, and one will.
pub(super) fn is_dead(tables: &Tables<'_>, places: &[Place], slots: &[u32; MOST_WORKERS]) -> bool {
    use super::walk::Access;
    let access = || places.iter().zip(slots).map(|(&place, &slot)| tables.depth(place).access[slot as usize]);
    access().all(|access| access != Access::Load) && access().any(|access| access == Access::Store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_bits_as_they_need() {
        assert_eq!([0, 1, 2, 3, 4, 5, 256, 257].map(width), [0, 0, 1, 2, 2, 3, 8, 9]);
        assert_eq!([0, 1, 63].map(mask), [0, 1, u64::MAX >> 1]);
    }

    #[test]
    fn there_are_limbs_for_every_schedule() {
        for steps in 1..400_u32 {
            for workers in 1..=4_u32 {
                let most = num_bigint::BigUint::from(workers).pow(steps);
                let limbs = limbs(workers as usize, steps as usize);
                assert!(most.bits() <= 64 * limbs as u64, "{workers}^{steps}");
            }
        }
    }

    #[test]
    fn counts_carry_and_widen() {
        let mut sum = [u64::MAX, u64::MAX, 0];
        add::<3>(&mut sum, &[1, 0, 0]);
        assert_eq!(sum, [0, 0, 1]);
        let mut counts = vec![1, 2, 3, 4];
        widen(&mut counts, 2, 3);
        assert_eq!(counts, [1, 2, 0, 3, 4, 0]);
    }

    #[test]
    fn equal_workers_share_the_fewest_preemptions() {
        let (mut slots, mut fewest) = ([5, 3, 5, 0], [1, 2, NEVER, NEVER]);
        sort_tied(&mut slots, &mut fewest, [true, true, false, false], 3);
        assert_eq!(slots, [3, 5, 5, 0]);
        assert_eq!(fewest, [2, 1, 1, NEVER]);
    }
}
