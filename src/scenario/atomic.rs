//! The counter as one atomic instruction.
//!
//! `fetch_add` is load, addition and store in a single step that the hardware does not let anyone split.
//! Nothing is lost and nobody sleeps; the price is that the counter's cache line goes from CPU to CPU.

use crate::measure::start_line;
use crate::measure::{Explanation, Group, Observation, Result, Scenario, Seen, Workload};
use crate::system::control::{BLOCK, Control};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicI64, Ordering};

/// The atomic counter.
#[derive(Debug, Clone, Copy)]
pub struct Atomic;

/// The state.
type Counter = CachePadded<AtomicI64>;

/// The measured loop: `updates` times one `fetch_add`.
#[inline(never)]
pub fn update(counter: &AtomicI64, updates: u64, delta: i64) {
    for _ in 0..updates {
        // Relaxed: only the counter itself is shared, and every order of additions gives the same sum.
        counter.fetch_add(delta, Ordering::Relaxed);
    }
}

impl Scenario for Atomic {
    fn name(&self) -> &'static str {
        "atomic"
    }

    fn lesson(&self) -> &'static str {
        "each update is one atomic instruction that cannot be split"
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let counter = Counter::default();
        let run = start_line::run(load, control, |worker| {
            for block in control.blocks(worker, load.iterations, BLOCK) {
                update(&counter, block, load.delta(worker));
            }
        })?;
        Ok(Observation::of(i128::from(counter.into_inner().into_inner()), &run))
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        let price = if load.workers.get() == 1 {
            "a single worker has the counter's cache line to itself"
        } else if load.cpus.usable < 2 {
            "on one CPU the workers take turns, so the counter's cache line stays where it is"
        } else if seen.had_one_cpu() && load.pins.is_empty() {
            // Those that are pinned have a CPU each, though perhaps not all of it.
            "all workers together had no more CPU time than one CPU gives: where they share one, the counter's cache line stays where it is"
        } else if seen.overlapped() && !seen.had_one_cpu() && !seen.is_too_short_to_tell() {
            "the CPUs still take turns, for each needs the counter's cache line for itself"
        } else {
            "workers that run at the same time take turns all the same, for each needs the counter's cache line for itself"
        };
        Explanation {
            why: format!(
                "an atomic addition is one step for the hardware, so nothing can come in between; {price}"
            ),
            next: format!("sharded {}", load.arguments(Group::Counter)),
        }
    }
}
