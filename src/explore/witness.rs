//! From an outcome back to a schedule with the fewest preemptions: a witness.
//!
//! The exploration dropped each layer when the next was made, and kept a few without their counts. From the end
//! backwards, the layers between two of these are made again and searched for a predecessor of each state.

use super::error::ExploreError;
use super::expand::{self, LayerOptions};
use super::layer::{Block, Layer};
use super::layout::is_dead;
use super::limits::MOST_WORKERS;
use super::tables::{Place, Places, Tables};
use crate::system::control::Control;

/// A state on the way of a schedule.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathState {
    /// The layer.
    pub(super) depth: usize,
    pub(super) places: Places,
    /// The state of each worker at its place.
    pub(super) slots: [u32; MOST_WORKERS],
    pub(super) shared: u32,
    /// Which worker did the last step, by its position in the state.
    pub(super) last: usize,
    /// How many preemptions there were up to here.
    pub(super) preemptions: u16,
}

/// One step on the way. It does not say which of several workers in equal states does it.
#[derive(Debug, Clone, Copy)]
struct PathStep {
    /// The place and the slot of the worker's state before the step.
    place: Place,
    slot: u32,
    /// The slot of the worker's state after the step.
    to: u32,
    /// Whether it did the step before, too.
    same_worker: bool,
}

/// The worker that does each step of a schedule that leads to `end`.
pub(super) fn order(
    tables: &Tables<'_>,
    outlines: &[Layer],
    end: PathState,
    kinds: &[u8],
    memory: u64,
    control: &Control,
) -> Result<Vec<u8>, ExploreError> {
    let workers = kinds.len();
    let mut state = end;
    let mut steps = Vec::with_capacity(end.depth);
    for outline in outlines.iter().rev().filter(|layer| layer.depth < end.depth) {
        if outline.depth >= state.depth {
            continue;
        }
        let mut layers: Vec<Layer> = vec![outline.outline()];
        let mut taken = 0;
        while layers.last().is_some_and(|layer| layer.depth + 1 < state.depth) {
            let Some(last) = layers.last_mut() else { break };
            let options = LayerOptions {
                workers,
                counting: false,
                most_preemptions: Some(end.preemptions),
                memory: memory.saturating_sub(taken),
                control,
            };
            let next = expand::next(tables, last, &options)?;
            taken += next.bytes();
            layers.push(next);
        }
        for layer in layers.iter().rev() {
            let (before, step) =
                predecessor(tables, layer, state, workers).ok_or(ExploreError::WitnessNotFound)?;
            state = before;
            steps.push(step);
        }
    }
    steps.reverse();
    Ok(name_workers(&steps, kinds))
}

/// A state of the layer from which one step leads to `after` with as many preemptions as that has.
fn predecessor(
    tables: &Tables<'_>,
    layer: &Layer,
    after: PathState,
    workers: usize,
) -> Option<(PathState, PathStep)> {
    for block in &layer.blocks {
        for mover in 0..workers {
            let mut places = block.places;
            places[mover].depth += 1;
            let mut order = [0, 1, 2, 3];
            order[..workers].sort_by_key(|&worker| places[worker]);
            if order.map(|worker| places[worker]) != after.places {
                continue;
            }
            for at in 0..block.keys.len() {
                if let Some(found) = step_between(tables, block, at, mover, order, after, workers) {
                    let (last, preemptions, to) = found;
                    let slots = block.slots(at, workers);
                    let shared = block.layout.shared(block.keys[at]);
                    let before = PathState {
                        depth: layer.depth,
                        places: block.places,
                        slots,
                        shared,
                        last,
                        preemptions,
                    };
                    let step = PathStep {
                        place: block.places[mover],
                        slot: slots[mover],
                        to,
                        same_worker: last == mover,
                    };
                    return Some((before, step));
                }
            }
        }
    }
    None
}

/// If the step of `mover` from the state at an index of the block leads to `after` with as many preemptions as that
/// has: which worker did the step before, how many preemptions there were, and the slot of the mover after its step.
fn step_between(
    tables: &Tables<'_>,
    block: &Block,
    at: usize,
    mover: usize,
    order: [usize; MOST_WORKERS],
    after: PathState,
    workers: usize,
) -> Option<(usize, u16, u32)> {
    // The preemptions are looked at first: they rule out most states.
    if block.fewest[at][..workers].iter().all(|&fewest| fewest > after.preemptions) {
        return None;
    }
    let from = block.slots(at, workers);
    let shared = block.layout.shared(block.keys[at]);
    let (next, stored) = tables.at(block.places[mover]).next(from[mover], shared)?;
    // The mark of the worker that did the step follows it when workers at equal places are sorted.
    let mut to: Vec<(Place, u32, bool)> = order[..workers]
        .iter()
        .enumerate()
        .map(|(position, &worker)| {
            (after.places[position], if worker == mover { next } else { from[worker] }, worker == mover)
        })
        .collect();
    to.sort_by_key(|&(place, slot, _)| (place, slot));
    let mut reached = [0; MOST_WORKERS];
    for (reached, &(_, slot, _)) in reached.iter_mut().zip(&to) {
        *reached = slot;
    }
    if reached != after.slots {
        return None;
    }
    let stepped = to.iter().position(|&(_, _, stepped)| stepped)?;
    let alike = |a: usize, b: usize| after.places[a] == after.places[b] && reached[a] == reached[b];
    if !alike(stepped, after.last) {
        return None;
    }
    let stored =
        if is_dead(tables, &after.places[..workers], &reached) { tables.without_x(stored) } else { stored };
    if stored != after.shared {
        return None;
    }
    (0..workers)
        .map(|last| {
            let preempted = last != mover && tables.at(block.places[last]).enabled(from[last], shared);
            (last, block.fewest[at][last], u16::from(preempted))
        })
        .find(|&(_, fewest, more)| fewest.saturating_add(more) == after.preemptions)
        .map(|(last, fewest, _)| (last, fewest, next))
}

/// Says for each step which worker does it: one in the state that the step begins with.
fn name_workers(steps: &[PathStep], kinds: &[u8]) -> Vec<u8> {
    let mut now: Vec<(Place, u32)> = kinds.iter().map(|&kind| (Place { kind, depth: 0 }, 0)).collect();
    let mut last: Option<usize> = None;
    let mut schedule = Vec::with_capacity(steps.len());
    for step in steps {
        let fits = |&worker: &usize| now[worker] == (step.place, step.slot);
        let same = |worker: &usize| (Some(*worker) == last) == step.same_worker;
        // No worker did a step before the first.
        let worker =
            (0..now.len()).filter(fits).find(same).or_else(|| (0..now.len()).find(fits)).unwrap_or_default();
        now[worker] = (Place { depth: step.place.depth + 1, ..step.place }, step.to);
        last = Some(worker);
        schedule.push(u8::try_from(worker).unwrap_or(u8::MAX));
    }
    schedule
}
