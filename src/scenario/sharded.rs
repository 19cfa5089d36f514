//! A counter for each worker, added up at the end.
//!
//! What is not shared needs no protection. Each shard stands on a cache line of its own, so the CPUs do not
//! even disturb each other (no *false sharing*); only the sum at the end looks at all of them.

use crate::measure::start_line;
use crate::measure::{Explanation, Group, Observation, Result, Scenario, Seen, Workload};
use crate::system::control::{BLOCK, Control};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicI64, Ordering};

/// The counter in shards.
#[derive(Debug, Clone, Copy)]
pub struct Sharded;

/// The state: one shard for each worker.
type Shards = Vec<CachePadded<AtomicI64>>;

/// The measured loop: `updates` times add to a shard that nobody else writes.
#[inline(never)]
pub fn update(shard: &AtomicI64, updates: u64, delta: i64) {
    for _ in 0..updates {
        // Relaxed and in two steps: this worker alone writes the shard, and it is read after the join.
        let value = shard.load(Ordering::Relaxed);
        shard.store(value.wrapping_add(delta), Ordering::Relaxed);
    }
}

impl Scenario for Sharded {
    fn name(&self) -> &'static str {
        "sharded"
    }

    fn lesson(&self) -> &'static str {
        "a counter for each worker, summed at the end: nothing is shared"
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let shards: Shards = (0..load.workers.get()).map(|_| CachePadded::default()).collect();
        let run = start_line::run(load, control, |worker| {
            for block in control.blocks(worker, load.iterations, BLOCK) {
                update(&shards[worker], block, load.delta(worker));
            }
        })?;
        let total = shards.into_iter().map(|shard| i128::from(shard.into_inner().into_inner())).sum();
        Ok(Observation::of(total, &run))
    }

    fn explain(&self, load: &Workload, _: &Seen<'_>) -> Explanation {
        Explanation {
            why: "each worker updates a counter of its own, so there is nothing to lose and nothing to wait for; \
                  the shared total is made once, at the end"
                .to_owned(),
            next: format!("gil {}", load.arguments(Group::Counter)),
        }
    }
}
