//! Two workers, one counter, nothing to keep them apart.
//!
//! Each update is a load, an addition and a store. Whatever another worker stores between one worker's load
//! and its store is overwritten: a *lost update*. This is a *race condition*, never a *data race*: every
//! access is atomic by itself, so the behaviour is defined; it is only the three steps together that are not atomic.

use crate::measure::start_line;
use crate::measure::{Explanation, Group, Observation, Promise, Result, Scenario, Seen, Workload};
use crate::scenario::widening::{self, Stretch};
use crate::system::control::Control;
use crossbeam_utils::CachePadded;
use std::hint;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

/// The unsynchronised counter.
#[derive(Debug, Clone, Copy)]
pub struct Race;

/// The state: a counter on a cache line of its own, so that nothing but the race is measured.
type Counter = CachePadded<AtomicI64>;

/// One worker's view of the counter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Racer {
    /// What it adds.
    delta: i64,
    /// What it stored last.
    stored: i64,
    /// How often it then found something else there.
    foreign: u64,
}

impl Racer {
    /// A worker that adds `delta` to a counter that starts at 0.
    #[must_use]
    pub const fn new(delta: i64) -> Self {
        Self { delta, stored: 0, foreign: 0 }
    }

    /// The measured loop: `updates` times load, add, store.
    ///
    /// The loaded value is used twice, for the sum and for the comparison. That is what keeps the compiler
    /// from fusing load, addition and store into one instruction that no interrupt could split.
    #[inline(never)]
    pub fn update(&mut self, counter: &AtomicI64, updates: u64) {
        let Self { delta, mut stored, mut foreign } = *self;
        for _ in 0..updates {
            // Relaxed on purpose: any ordering would do, for what is missing is atomicity, not order.
            let loaded = counter.load(Ordering::Relaxed);
            if loaded != stored {
                hint::cold_path();
                foreign = foreign.wrapping_add(1);
            }
            stored = loaded.wrapping_add(delta);
            counter.store(stored, Ordering::Relaxed);
        }
        *self = Self { delta, stored, foreign };
    }

    /// One update with something done in the middle of it: giving up the CPU, so that others can come in between.
    #[inline(never)]
    fn update_widened(&mut self, counter: &AtomicI64, between: impl FnOnce()) {
        // Relaxed, as in the loop above.
        let loaded = counter.load(Ordering::Relaxed);
        between();
        // What others stored meanwhile is overwritten by the store below, and no later load would find it.
        let found = counter.load(Ordering::Relaxed);
        self.foreign += u64::from(loaded != self.stored) + u64::from(found != loaded);
        self.stored = loaded.wrapping_add(self.delta);
        counter.store(self.stored, Ordering::Relaxed);
    }

    /// All updates of a worker, every `widen`th of them widened.
    fn run(
        &mut self,
        counter: &AtomicI64,
        updates: u64,
        widen: Option<NonZeroU64>,
        control: &Control,
        worker: usize,
    ) {
        widening::run(control, worker, updates, widen, |stretch| match stretch {
            Stretch::Plain(updates) => self.update(counter, updates),
            Stretch::Widened => self.update_widened(counter, thread::yield_now),
        });
    }
}

impl Scenario for Race {
    fn name(&self) -> &'static str {
        "race"
    }

    fn promise(&self) -> Promise {
        Promise::MayLose
    }

    fn can_be_widened(&self) -> bool {
        true
    }

    fn lesson(&self) -> &'static str {
        "one counter, no synchronisation: updates get lost"
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let counter = Counter::default();
        let run = start_line::run(load, control, |worker| {
            let mut racer = Racer::new(load.delta(worker));
            racer.run(&counter, load.iterations, load.widen, control, worker);
            racer.foreign
        })?;
        let total = i128::from(counter.into_inner().into_inner());
        let foreign = run.workers.iter().map(|worker| worker.value).sum();
        Ok(Observation { foreign_values: Some(foreign), ..Observation::of(total, &run) })
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        let next = |load: &Workload| format!("race {}", load.arguments(Group::Counter));
        let mutex = format!("mutex {}", load.arguments(Group::Counter));
        if load.workers.get() == 1 {
            return Explanation {
                why: "a single worker has nobody to race with, so every update counts".to_owned(),
                next: next(&load.shared()),
            };
        }
        if seen.summary.lost_runs == 0 {
            // No word of losses: a lost +1 and a lost -1 make up for each other.
            return Explanation {
                why: "the result is right this time, but that is luck and not safety: nothing keeps a worker from storing \
                      between another's load and its store"
                    .to_owned(),
                next: load.longer().map_or(mutex, |longer| next(&longer)),
            };
        }
        let how = if load.widen.is_some() {
            "while one worker was between its load and its store, another stored"
        } else if load.cpus.usable < 2 {
            "while one worker was off the CPU between its load and its store, another stored"
        } else {
            "between one worker's load and its store, another stored"
        };
        Explanation {
            why: format!(
                "{how}; the later store overwrote the other worker's updates (lost updates), because nothing makes \
                 load, add and store one indivisible step"
            ),
            next: mutex,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Pattern;
    use crate::system::control::BLOCK;
    use crate::system::cpus::Cpus;
    use proptest::prelude::*;

    #[test]
    fn a_worker_alone_loses_nothing_and_meets_nothing_foreign() {
        for widen in [None, NonZeroU64::new(1), NonZeroU64::new(3), NonZeroU64::new(BLOCK + 7)] {
            let updates = 3 * BLOCK + 11;
            let load = Workload { widen, ..Workload::for_tests(1, updates) };
            let observation = Race.observe(&load, &Control::default()).unwrap();
            assert_eq!(observation.actual, i128::from(updates), "{widen:?}");
            assert_eq!(observation.foreign_values, Some(0), "{widen:?}");
        }
    }

    #[test]
    fn a_store_in_between_is_noticed_and_overwritten() {
        let counter = AtomicI64::new(0);
        let mut racer = Racer::new(1);
        racer.update(&counter, 2);
        counter.store(40, Ordering::Relaxed);
        racer.update(&counter, 2);
        assert_eq!(counter.into_inner(), 42);
        assert_eq!(racer.foreign, 1);
    }

    #[test]
    fn what_a_widened_update_overwrites_is_noticed() {
        let counter = AtomicI64::new(0);
        let mut racer = Racer::new(1);
        racer.update_widened(&counter, || counter.store(40, Ordering::Relaxed));
        assert_eq!((counter.load(Ordering::Relaxed), racer.foreign), (1, 1));
        racer.update_widened(&counter, || ());
        assert_eq!((counter.load(Ordering::Relaxed), racer.foreign), (2, 1));
    }

    #[test]
    fn what_is_left_is_within_what_logic_allows() {
        let cpus = Cpus::detect();
        for workers in [2, 3, 5] {
            for updates in [2, 10, 5000] {
                let load = Workload {
                    cpus: cpus.clone(),
                    pins: cpus.apart(workers),
                    pattern: Pattern::Plus,
                    widen: NonZeroU64::new(3),
                    ..Workload::for_tests(workers, updates)
                };
                let total = Race.observe(&load, &Control::default()).unwrap().actual;
                let most = i128::from(updates) * workers as i128;
                assert!((2..=most).contains(&total), "{workers} workers, {updates} updates: {total}");
            }
        }
    }

    proptest! {
        #[test]
        fn each_widened_stretch_does_all_its_updates(updates in 0_u64..50_000, widen in 1_u64..30_000) {
            let counter = AtomicI64::new(0);
            Racer::new(1).run(&counter, updates, NonZeroU64::new(widen), &Control::default(), 0);
            prop_assert_eq!(counter.into_inner(), i64::try_from(updates).unwrap());
        }
    }
}
