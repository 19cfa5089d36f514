//! References to an object, counted in several ways: why there is a GIL, and what doing without it costs.
//!
//! Each worker takes a reference to an object and gives it back, again and again (`Py_INCREF`, `Py_DECREF`). Memory is
//! managed by this count in CPython: an object is freed when it reaches zero. So a lost update here is no wrong
//! number but an object that is freed while it is in use, or one that is never freed.
//!
//! Start reading with `object.rs`, then `plain.rs`; a file for each way or two.

pub mod atomic;
pub mod biased;
pub mod deferred;
mod explain;
pub mod immortal;
pub mod locked;
pub mod object;
pub mod plain;
pub mod standard;
pub mod under_gil;
#[cfg(test)]
mod watched;
mod way;

pub use way::Way;

use self::locked::LOCKED_BLOCK;
use crate::choice::Choice;
use crate::measure::{
    Explanation, Group, Objects, Observation, Promise, Result, Scenario, Seen, Variant, Workload,
};
use crate::system::control::{BLOCK, Control};
use std::time::Duration;

/// References counted in one way.
#[derive(Debug, Clone, Copy)]
pub struct Refcount(pub Way);

impl Scenario for Refcount {
    fn name(&self) -> &'static str {
        "refcount"
    }

    fn variant(&self) -> Option<Variant> {
        Some(Variant { option: "count", value: self.0.name(), is_default: self.0 == Way::ALL[0] })
    }

    fn group(&self) -> Group {
        Group::References
    }

    fn promise(&self) -> Promise {
        if self.0 == Way::Plain { Promise::MayLose } else { Promise::Exact }
    }

    fn promise_for(&self, load: &Workload) -> Promise {
        // Nobody else changes the count of an object that one worker alone knows.
        let alone = load.objects == Objects::Own || load.workers.get() == 1;
        if alone { Promise::Exact } else { self.promise() }
    }

    fn can_be_widened(&self) -> bool {
        self.0 == Way::Plain
    }

    fn lesson(&self) -> &'static str {
        match self.0 {
            Way::Plain => "references counted without protection: leaks, and frees too early",
            Way::Gil => "the same count under a global lock, as in CPython's default build",
            Way::Mutex => "a lock in each object",
            Way::Atomic => "an atomic instruction for each change of the count",
            Way::Biased => "a plain count for the owner, an atomic one for others (PEP 703)",
            Way::Deferred => "a count for each thread, added up at the end",
            Way::Immortal => "objects that are never freed are not counted (PEP 683)",
            Way::Rc => "Rust's Rc: plain counts, and the compiler keeps each on its thread",
            Way::Arc => "Rust's Arc: atomic counts",
        }
    }

    fn switch_interval(&self, load: &Workload) -> Option<Duration> {
        (self.0 == Way::Gil).then_some(load.switch_interval)
    }

    fn adapt(&self, load: &Workload) -> Workload {
        // An Rc cannot be shared between threads.
        let objects = if self.0 == Way::Rc { Objects::Own } else { load.objects };
        Workload { objects, ..load.clone() }
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        match self.0 {
            Way::Plain => plain::run(load, control),
            Way::Gil => under_gil::run(load, control),
            Way::Mutex => object::run::<locked::Locked>(load, control, LOCKED_BLOCK),
            Way::Atomic => object::run::<atomic::Atomic>(load, control, BLOCK),
            Way::Biased => object::run::<biased::Biased>(load, control, BLOCK),
            Way::Deferred => object::run::<deferred::Deferred>(load, control, BLOCK),
            Way::Immortal => object::run::<immortal::Immortal>(load, control, BLOCK),
            Way::Rc => standard::run_rc(load, control),
            Way::Arc => object::run::<standard::Arced>(load, control, BLOCK),
        }
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        explain::explain(self.0, load, seen.summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(iterations: u64) -> impl Iterator<Item = Workload> {
        [1, 2, 3, 8, 64].into_iter().flat_map(move |workers| {
            Objects::ALL.iter().map(move |&objects| Workload {
                objects,
                switch_interval: Duration::from_micros(50),
                ..Workload::for_tests(workers, iterations)
            })
        })
    }

    #[test]
    fn every_protected_way_is_exact() {
        for &way in Way::ALL.iter().filter(|&&way| way != Way::Plain) {
            for load in loads(2_000) {
                let scenario = Refcount(way);
                let load = scenario.adapt(&load);
                let observation = scenario.observe(&load, &Control::default()).unwrap();
                let expected = Group::References.expected(&load);
                assert!(observation.is_right(expected), "{way:?} {load:?}: {observation:?}");
                assert_eq!(observation.misuse, Some(crate::measure::Misuse::default()), "{way:?}");
                assert_eq!(scenario.promise_for(&load), Promise::Exact);
            }
        }
    }

    #[test]
    fn the_plain_count_is_exact_where_nobody_else_changes_it() {
        let plain = Refcount(Way::Plain);
        for load in loads(2_000) {
            for widen in [None, std::num::NonZeroU64::new(3)] {
                let load = Workload { widen, ..load.clone() };
                let observation = plain.observe(&load, &Control::default()).unwrap();
                let right = observation.is_right(Group::References.expected(&load));
                assert!(right || plain.promise_for(&load) == Promise::MayLose, "{load:?}: {observation:?}");
            }
        }
    }
}
