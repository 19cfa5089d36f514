//! The states of all workers together after so many steps in all.
//!
//! A layer consists of blocks. In all states of a block, a worker has done the same number of steps.

use super::error::ExploreError;
use super::layout::{Layout, Liveness};
use super::limits::MOST_WORKERS;
use super::tables::{Places, Tables};

/// The fewest preemptions of a schedule that leads to a state, for each worker that may have done the last step.
pub(super) type Fewest = [u16; MOST_WORKERS];
/// Stands for the preemptions of a state that no schedule leads to.
pub(super) const NEVER: u16 = u16::MAX;

/// The states in which each worker has done a certain number of steps.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Which kind each worker is of, and how many steps it has done.
    pub(super) places: Places,
    pub(super) layout: Layout,
    /// The states, packed by the layout.
    pub(super) keys: Vec<u64>,
    /// How many schedules lead to each state, so many limbs for each, the lowest first.
    pub(super) counts: Vec<u64>,
    /// For each state; empty if witnesses were not asked for.
    pub(super) fewest: Vec<Fewest>,
}

impl Block {
    pub(super) fn bytes(&self) -> u64 {
        (self.keys.capacity() * size_of::<u64>()
            + self.counts.capacity() * size_of::<u64>()
            + self.fewest.capacity() * size_of::<Fewest>()) as u64
    }

    /// The numbers of the workers' states in the state at an index; 0 beyond the last worker.
    #[inline]
    pub(super) fn slots(&self, index: usize, workers: usize) -> [u32; MOST_WORKERS] {
        let key = self.keys[index];
        std::array::from_fn(|worker| if worker < workers { self.layout.slot(key, worker) } else { 0 })
    }

    /// The same without the counts.
    fn outline(&self) -> Self {
        Self { keys: self.keys.clone(), counts: Vec::new(), fewest: self.fewest.clone(), ..*self }
    }
}

/// The states that are reached after so many steps of all workers together.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// How many steps.
    pub(super) depth: usize,
    pub(super) blocks: Vec<Block>,
    /// How many limbs each count has.
    pub(super) limbs: usize,
}

impl Layer {
    /// How many states it has.
    pub(super) fn states(&self) -> u64 {
        self.blocks.iter().map(|block| block.keys.len() as u64).sum()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.blocks.iter().map(Block::bytes).sum()
    }

    /// The same without the counts.
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
        let liveness = Liveness::of(tables, &places[..workers]);
        let layout = Layout::of(tables, &places[..workers], liveness)?;
        let shared = if liveness == Liveness::Dead { tables.without_x(shared) } else { shared };
        let mut fewest = [NEVER; MOST_WORKERS];
        fewest[..workers].fill(0);
        let keys = vec![layout.pack(shared, &[0; MOST_WORKERS][..workers])];
        let block = Block { places, layout, keys, counts: vec![1], fewest: vec![fewest] };
        Ok(Self { depth: 0, blocks: vec![block], limbs: 1 })
    }
}
