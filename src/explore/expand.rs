//! From one layer to the next: every step that some worker can do from a state of the layer.
//!
//! A block of the next layer has at most as many source blocks as there are workers. So the blocks of a layer are
//! made in parallel, and the layer before is then dropped.

use super::counts::{add, limbs, widen};
use super::error::ExploreError;
use super::layer::{Block, Fewest, Layer, NEVER};
use super::layout::{Layout, Liveness, is_dead};
use super::limits::MOST_WORKERS;
use super::tables::{BLOCKED, Places, Tables, Transition, UNKNOWN};
use crate::python::program::states::number;
use crate::system::control::Control;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the next layer is to be made.
pub(super) struct LayerOptions<'a> {
    /// How many workers there are.
    pub(super) workers: usize,
    /// Whether to count schedules.
    pub(super) counting: bool,
    /// States that take more preemptions than this are left out; `None` if preemptions are not counted at all.
    pub(super) most_preemptions: Option<u16>,
    /// Bytes that the new layer may take.
    pub(super) memory: u64,
    /// Asked now and then whether to stop.
    pub(super) control: &'a Control,
}

/// Makes the next layer. The tables must know the transitions of all states of the layer before.
pub(super) fn next(
    tables: &Tables<'_>,
    layer: &mut Layer,
    options: &LayerOptions<'_>,
) -> Result<Layer, ExploreError> {
    let plans = plan_blocks(tables, layer, options.workers);
    let wanted = if options.counting { limbs(options.workers, layer.depth + 1) } else { 0 };
    let limbs = if wanted == 0 {
        0
    } else {
        SIZES.iter().copied().find(|&size| size >= wanted).ok_or(ExploreError::TooLarge)?
    };
    if limbs > layer.limbs {
        layer.blocks.par_iter_mut().for_each(|block| widen(&mut block.counts, layer.limbs, limbs));
        layer.limbs = limbs;
    }
    let taken = AtomicU64::new(0);
    let build = block_builder(limbs, options.most_preemptions.is_some());
    let blocks = plans
        .par_iter()
        .map(|plan| build(tables, layer, plan, options, &taken))
        .collect::<Result<Vec<_>, _>>()?;
    let blocks = blocks.into_iter().filter(|block| !block.keys.is_empty()).collect();
    Ok(Layer { depth: layer.depth + 1, blocks, limbs })
}

/// A block from which steps of one worker lead to a block of the next layer.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// The index of the block in its layer.
    block: usize,
    /// The worker that does the step.
    mover: usize,
    /// For each worker of the new block, which worker of this block it is.
    order: [usize; MOST_WORKERS],
}

/// A block to be made.
#[derive(Debug)]
struct BlockPlan {
    places: Places,
    sources: Vec<Source>,
    liveness: Liveness,
}

/// The blocks of the next layer and their sources. Workers of one kind are sorted by the steps they have done, so that
/// schedules that differ only in the names of such workers lead to one state.
fn plan_blocks(tables: &Tables<'_>, layer: &Layer, workers: usize) -> Vec<BlockPlan> {
    let mut numbers: FxHashMap<Places, usize> = FxHashMap::default();
    let mut plans: Vec<BlockPlan> = Vec::new();
    for (index, block) in layer.blocks.iter().enumerate() {
        for mover in 0..workers {
            let mut places = block.places;
            places[mover].depth += 1;
            if tables.at(places[mover]).len() == 0 {
                continue;
            }
            let mut order = [0, 1, 2, 3];
            order[..workers].sort_by_key(|&worker| places[worker]);
            let sorted = order.map(|worker| places[worker]);
            let number = *numbers.entry(sorted).or_insert_with(|| {
                let liveness = Liveness::of(tables, &sorted[..workers]);
                plans.push(BlockPlan { places: sorted, sources: Vec::new(), liveness });
                plans.len() - 1
            });
            plans[number].sources.push(Source { block: index, mover, order });
        }
    }
    plans
}

/// The index of each state in the block that is being made.
enum Index {
    Dense(Vec<u32>),
    Sparse(FxHashMap<u64, u32>),
}

impl Index {
    fn new(bits: u32, incoming: usize) -> Self {
        // An entry of the dense form has 4 bytes; a state has at least 16, so a dense form with up to 16 times as many entries as states is bearable.
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
            Self::Dense(indices) => &mut indices[key as usize],
            Self::Sparse(indices) => indices.entry(key).or_insert(UNKNOWN),
        }
    }
}

type BuildBlock =
    fn(&Tables<'_>, &Layer, &BlockPlan, &LayerOptions<'_>, &AtomicU64) -> Result<Block, ExploreError>;

macro_rules! sizes {
    ($($limbs:literal)*) => {
        /// The numbers of limbs for which the inner loop is compiled.
        const SIZES: &[usize] = &[$($limbs),*];

        /// The inner loop for counts of so many limbs: one of [`SIZES`], or 0 to keep the fewest preemptions only.
        fn block_builder(limbs: usize, fewest: bool) -> BuildBlock {
            match (limbs, fewest) {
                (0, true) => build_block::<0, true>,
                $(
                    ($limbs, true) => build_block::<$limbs, true>,
                    ($limbs, false) => build_block::<$limbs, false>,
                )*
                _ => unreachable!("{limbs} limbs: a size of the list is asked for, or 0 with the fewest preemptions"),
            }
        }
    };
}

sizes!(1 2 3 4 5 6 8 10 12 16 24 32 64);

/// Makes a block from its sources.
fn build_block<const LIMBS: usize, const FEWEST: bool>(
    tables: &Tables<'_>,
    layer: &Layer,
    plan: &BlockPlan,
    options: &LayerOptions<'_>,
    taken: &AtomicU64,
) -> Result<Block, ExploreError> {
    if options.control.stopped() {
        return Err(ExploreError::Interrupted);
    }
    let workers = options.workers;
    let layout = Layout::of(tables, &plan.places[..workers], plan.liveness)?;
    let incoming: usize = plan.sources.iter().map(|source| layer.blocks[source.block].keys.len()).sum();
    let most = incoming.min(1 << layout.bits().min(40));
    let bytes = size_of::<u64>() * (1 + LIMBS) + if FEWEST { size_of::<Fewest>() } else { 0 };
    // Relaxed: the sum need not be exact to the block.
    let before = taken.fetch_add((most * bytes) as u64, Ordering::Relaxed);
    if before + (most * bytes) as u64 > options.memory {
        return Err(ExploreError::MemoryUsedUp);
    }
    let mut index = Index::new(layout.bits(), incoming);
    let mut block = Block {
        places: plan.places,
        layout,
        keys: Vec::with_capacity(most),
        counts: Vec::with_capacity(most * LIMBS),
        fewest: Vec::with_capacity(if FEWEST { most } else { 0 }),
    };
    let tied: [bool; MOST_WORKERS] =
        std::array::from_fn(|at| at + 1 < workers && plan.places[at] == plan.places[at + 1]);
    let any_tied = tied.contains(&true);
    for &Source { block: source, mover, order } in &plan.sources {
        let source = &layer.blocks[source];
        let steps = &tables.at(source.places[mover]).transitions;
        let may_stop: [bool; MOST_WORKERS] =
            std::array::from_fn(|worker| worker < workers && tables.at(source.places[worker]).may_stop());
        for (at, &key) in source.keys.iter().enumerate() {
            let shared = source.layout.shared(key);
            // As `LocalStates::next`, whose `Option` costs some per cent of the whole exploration here.
            let (slot, after) = match &steps[source.layout.slot(key, mover) as usize] {
                Transition::Local(slot) => (*slot, shared),
                Transition::Store(slot, after) => (*slot, *after),
                Transition::ByMemory(row) => row.get(shared),
                Transition::Finished => continue,
            };
            if slot == BLOCKED {
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
                    let enabled = !may_stop[worker]
                        || tables.at(source.places[worker]).enabled(source.layout.slot(key, worker), shared);
                    best = best.min(before[worker].saturating_add(u16::from(enabled)));
                }
                if best > options.most_preemptions.unwrap_or(NEVER) {
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
            let dead = match plan.liveness {
                Liveness::Live => false,
                Liveness::Dead => true,
                Liveness::Mixed => is_dead(tables, &plan.places[..workers], &slots),
            };
            let after = if dead { tables.without_x(after) } else { after };
            let packed = layout.pack(after, &slots[..workers]);
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

/// Sorts workers at the same place by their states. Where workers are in the same state, too, each of them may have
/// done the last step, so they share the fewest preemptions.
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
    // Forward and back, so that the least reaches every one of several equal workers.
    for at in (0..workers - 1).chain((0..workers - 1).rev()) {
        if tied[at] && slots[at] == slots[at + 1] {
            let least = fewest[at].min(fewest[at + 1]);
            fewest[at] = least;
            fewest[at + 1] = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_workers_share_the_fewest_preemptions() {
        let (mut slots, mut fewest) = ([5, 3, 5, 0], [1, 2, NEVER, NEVER]);
        sort_tied(&mut slots, &mut fewest, [true, true, false, false], 3);
        assert_eq!(slots, [3, 5, 5, 0]);
        assert_eq!(fewest, [2, 1, 1, NEVER]);
    }
}
