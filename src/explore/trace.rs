//! From an outcome back to a schedule with the fewest preemptions.
//!
//! Layers were dropped as they were done with; a few of them were kept in outline. From the end backwards, the
//! layers between two kept ones are made anew, without counts, and searched for a way back.

use super::layers::{self, Block, Layer, Making, is_dead};
use super::tables::{Move, Place, Places, Tables, WAITS};
use super::{ExploreError, MOST_WORKERS};
use crate::system::control::Control;

/// A state in which an outcome's cheapest schedule ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// The layer.
    pub(super) depth: usize,
    pub(super) places: Places,
    pub(super) slots: [u32; MOST_WORKERS],
    pub(super) shared: u32,
    /// Which worker did the last step, by its position in the state.
    pub(super) last: usize,
    pub(super) preemptions: u16,
}

/// One step of a path, forgetting which of several workers in equal states does it.
#[derive(Debug, Clone, Copy)]
struct Stride {
    place: Place,
    slot: u32,
    /// The worker's state after the step.
    to: u32,
    /// Whether the worker that did the step before goes on.
    same: bool,
}

/// A way to the spot, as the number of the worker that does each step.
pub(super) fn schedule(
    tables: &Tables<'_>,
    kept: &[Layer],
    end: Spot,
    kinds: &[u8],
    room: u64,
    control: &Control,
) -> Result<Vec<u8>, ExploreError> {
    let workers = kinds.len();
    let mut spot = end;
    let mut strides = Vec::with_capacity(end.depth);
    for outline in kept.iter().rev().filter(|layer| layer.depth < end.depth) {
        if outline.depth >= spot.depth {
            continue;
        }
        let mut made: Vec<Layer> = vec![outline.outline()];
        let mut taken = 0;
        while made.last().is_some_and(|layer| layer.depth + 1 < spot.depth) {
            let Some(last) = made.last_mut() else { break };
            let making = Making {
                workers,
                counting: false,
                fewest: Some(end.preemptions),
                room: room.saturating_sub(taken),
                control,
            };
            let next = layers::next(tables, last, &making)?;
            taken += next.bytes();
            made.push(next);
        }
        for layer in made.iter().rev() {
            let (before, stride) = back(tables, layer, spot, workers).ok_or(ExploreError::NoWayBack)?;
            spot = before;
            strides.push(stride);
        }
    }
    strides.reverse();
    Ok(name(&strides, kinds))
}

/// A state of the layer from which one step leads to the spot, at the spot's price.
fn back(tables: &Tables<'_>, layer: &Layer, spot: Spot, workers: usize) -> Option<(Spot, Stride)> {
    for block in &layer.blocks {
        for mover in 0..workers {
            let mut places = block.places;
            places[mover].depth += 1;
            let mut order = [0, 1, 2, 3];
            order[..workers].sort_by_key(|&worker| places[worker]);
            if order.map(|worker| places[worker]) != spot.places {
                continue;
            }
            for at in 0..block.keys.len() {
                if let Some(found) = step_back(tables, block, at, mover, order, spot, workers) {
                    let (last, preemptions, to) = found;
                    let slots = slots(block, at, workers);
                    let shared = block.layout.shared(block.keys[at]);
                    let before =
                        Spot { depth: layer.depth, places: block.places, slots, shared, last, preemptions };
                    let stride =
                        Stride { place: block.places[mover], slot: slots[mover], to, same: last == mover };
                    return Some((before, stride));
                }
            }
        }
    }
    None
}

fn slots(block: &Block, at: usize, workers: usize) -> [u32; MOST_WORKERS] {
    std::array::from_fn(|worker| if worker < workers { block.layout.slot(block.keys[at], worker) } else { 0 })
}

/// If the worker's step leads from there to the spot at its price: who did the step before, the price so
/// far, and the worker's state after the step.
fn step_back(
    tables: &Tables<'_>,
    block: &Block,
    at: usize,
    mover: usize,
    order: [usize; MOST_WORKERS],
    spot: Spot,
    workers: usize,
) -> Option<(usize, u16, u32)> {
    // The price is looked at first: it rules out most.
    if block.fewest[at][..workers].iter().all(|&fewest| fewest > spot.preemptions) {
        return None;
    }
    let from = slots(block, at, workers);
    let shared = block.layout.shared(block.keys[at]);
    let (next, after) = match &tables.depth(block.places[mover]).moves[from[mover] as usize] {
        Move::Keep(to) => (*to, shared),
        Move::Set(to, after) => (*to, *after),
        Move::Table(row) => row.get(shared),
        Move::Finished => return None,
    };
    if next == WAITS {
        return None;
    }
    // Who did the step is carried along as a mark, through the ordering of equals, too.
    let mut to: Vec<(Place, u32, bool)> = order[..workers]
        .iter()
        .enumerate()
        .map(|(position, &worker)| {
            (spot.places[position], if worker == mover { next } else { from[worker] }, worker == mover)
        })
        .collect();
    to.sort_by_key(|&(place, slot, _)| (place, slot));
    let mut reached = [0; MOST_WORKERS];
    for (reached, &(_, slot, _)) in reached.iter_mut().zip(&to) {
        *reached = slot;
    }
    if reached != spot.slots {
        return None;
    }
    let did = to.iter().position(|&(_, _, did)| did)?;
    let alike = |a: usize, b: usize| spot.places[a] == spot.places[b] && reached[a] == reached[b];
    if !alike(did, spot.last) {
        return None;
    }
    let after =
        if is_dead(tables, &spot.places[..workers], &reached) { tables.without_x(after) } else { after };
    if after != spot.shared {
        return None;
    }
    (0..workers)
        .map(|last| {
            let goes = last != mover && tables.depth(block.places[last]).goes(from[last], shared);
            (last, block.fewest[at][last], u16::from(goes))
        })
        .find(|&(_, fewest, more)| fewest.saturating_add(more) == spot.preemptions)
        .map(|(last, fewest, _)| (last, fewest, next))
}

/// Gives each step to a worker of its own name.
fn name(strides: &[Stride], kinds: &[u8]) -> Vec<u8> {
    let mut now: Vec<(Place, u32)> = kinds.iter().map(|&kind| (Place { kind, depth: 0 }, 0)).collect();
    let mut last: Option<usize> = None;
    let mut schedule = Vec::with_capacity(strides.len());
    for stride in strides {
        let fits = |&worker: &usize| now[worker] == (stride.place, stride.slot);
        let same = |worker: &usize| (Some(*worker) == last) == stride.same;
        // At the first step nobody has gone before.
        let worker =
            (0..now.len()).filter(fits).find(same).or_else(|| (0..now.len()).find(fits)).unwrap_or_default();
        now[worker] = (Place { depth: stride.place.depth + 1, ..stride.place }, stride.to);
        last = Some(worker);
        schedule.push(u8::try_from(worker).unwrap_or(u8::MAX));
    }
    schedule
}
