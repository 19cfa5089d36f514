//! The same counter under a global lock in the manner of CPython's.
//!
//! One worker at a time runs; it looks at the drop request only at its loop's backward jump, so load, addition
//! and store always stay together. That is why `x += 1` in such a loop has been exact on CPython since 3.10.

use super::{Explanation, LockUse, Observation, Scenario, Workload};
use crate::clock::Span;
use crate::control::{BLOCK, Control};
use crate::error::Result;
use crate::gil::{Gil, GilUse};
use crate::start_line::{self, Heat};
use crate::stats::Summary;
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicI64, Ordering};

/// The counter under a global lock.
#[derive(Debug, Clone, Copy)]
pub struct GlobalLock;

/// The state.
type Counter = CachePadded<AtomicI64>;

/// The measured loop: `updates` times load, add, store, and a look at the drop request at the backward jump.
#[inline(never)]
pub fn update(counter: &AtomicI64, updates: u64, delta: i64, gil: &Gil, worker: usize) {
    for _ in 0..updates {
        // Relaxed: the global lock's mutex orders one holder's accesses before the next one's.
        let value = counter.load(Ordering::Relaxed);
        counter.store(value.wrapping_add(delta), Ordering::Relaxed);
        gil.checkpoint(worker);
    }
}

impl Scenario for GlobalLock {
    fn name(&self) -> &'static str {
        "gil"
    }

    fn lesson(&self) -> &'static str {
        "one worker at a time under a global lock like CPython's, given up on request"
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let counter = Counter::default();
        let gil = Gil::new(load.workers.get(), load.switch_interval);
        let heat = start_line::run(load, control, |worker| {
            gil.take(worker);
            for block in control.blocks(worker, load.iterations, BLOCK) {
                update(&counter, block, load.delta(worker), &gil, worker);
            }
            gil.drop(worker);
        })?;
        let total = i128::from(counter.into_inner().into_inner());
        Ok(Observation { lock: Some(lock_use(gil.into_use(), &heat)), ..Observation::of(total, &heat) })
    }

    fn explain(&self, load: &Workload, _: &Summary) -> Explanation {
        Explanation {
            why: "only the lock's holder runs, and it lets go only at the loop's backward jump, never between load \
                  and store; so nothing is lost, and nothing is gained from a second CPU"
                .to_owned(),
            next: format!("compare --threads {}", load.workers),
        }
    }
}

/// The lock's use as shares of the run.
pub(super) fn lock_use<T>(usage: GilUse, heat: &Heat<T>) -> LockUse {
    let run = Span::around(heat.finishes.iter().map(|finish| finish.span))
        .map_or(0.0, |span| span.duration().as_secs_f64());
    let share = |held: f64| if run > 0.0 { held / run } else { 0.0 };
    LockUse {
        switches: usage.switches,
        requests: usage.requests,
        held: usage.held.into_iter().map(|held| share(held.as_secs_f64())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Group;
    use std::time::Duration;

    #[test]
    fn no_update_is_lost_however_often_it_switches() {
        for workers in [1, 2, 3, 8] {
            let load = Workload {
                switch_interval: Duration::from_micros(20),
                ..Workload::for_tests(workers, 100_000)
            };
            let observation = GlobalLock.observe(&load, &Control::default()).unwrap();
            assert_eq!(observation.actual, Group::Counter.expected(&load), "{workers} workers");
            let lock = observation.lock.unwrap();
            assert!(lock.switches >= workers as u64 - 1);
            assert!(lock.held.iter().sum::<f64>() <= 1.0 + 1e-9);
        }
    }
}
