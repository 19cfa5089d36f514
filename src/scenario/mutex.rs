//! The same counter behind a lock.
//!
//! The lock makes load, addition and store one *critical section*: while one worker is in it, the others
//! wait at its door. Nothing is lost; the price is the waiting, and what it costs to ask for the lock.

use crate::choice::Choice;
use crate::count;
use crate::measure::start_line;
use crate::measure::{Explanation, Group, Observation, Result, Scenario, Seen, Variant, Workload};
use crate::scenario::spin_lock::SpinLock;
use crate::system::clock;
use crate::system::control::Control;
use crate::system::holds::{Hold, MOST_HOLDS, Recorder};
use crossbeam_utils::CachePadded;

/// The counter behind one kind of lock.
#[derive(Debug, Clone, Copy)]
pub struct Mutex(pub Lock);

/// The locks to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// `parking_lot::Mutex`.
    ParkingLot,
    /// `std::sync::Mutex`.
    Std,
    /// `parking_lot::FairMutex`.
    Fair,
    /// [`SpinLock`].
    Spin,
}

impl Choice for Lock {
    const ALL: &'static [Self] = &[Self::ParkingLot, Self::Std, Self::Fair, Self::Spin];

    fn name(self) -> &'static str {
        match self {
            Self::ParkingLot => "parking-lot",
            Self::Std => "std",
            Self::Fair => "fair",
            Self::Spin => "spin",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::ParkingLot => "parking_lot's mutex: whoever comes first takes it, waiters sleep",
            Self::Std => "the standard library's mutex",
            Self::Fair => "parking_lot's fair mutex: whoever has slept for it longest is the next",
            Self::Spin => "a spin lock: waiters burn CPU until it is free",
        }
    }
}

/// The state: a counter that can be reached through its lock only.
pub trait Guarded: Default + Sync {
    /// The critical section.
    fn with(&self, critical_section: impl FnOnce(&mut i64));
    /// The total, once the workers are gone.
    fn total(self) -> i64;
}

impl Guarded for parking_lot::Mutex<i64> {
    #[inline]
    fn with(&self, critical_section: impl FnOnce(&mut i64)) {
        critical_section(&mut self.lock());
    }
    fn total(self) -> i64 {
        self.into_inner()
    }
}

impl Guarded for parking_lot::FairMutex<i64> {
    #[inline]
    fn with(&self, critical_section: impl FnOnce(&mut i64)) {
        critical_section(&mut self.lock());
    }
    fn total(self) -> i64 {
        self.into_inner()
    }
}

impl Guarded for std::sync::Mutex<i64> {
    #[inline]
    fn with(&self, critical_section: impl FnOnce(&mut i64)) {
        // A poisoned lock means that a worker panicked, which the start line reports; the addition is safe.
        critical_section(&mut self.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
    fn total(self) -> i64 {
        self.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Guarded for SpinLock {
    #[inline]
    fn with(&self, critical_section: impl FnOnce(&mut i64)) {
        Self::with(self, critical_section);
    }
    fn total(self) -> i64 {
        self.into_inner()
    }
}

/// The measured loop: `updates` times take the lock, add, release it.
#[inline(never)]
pub fn update(counter: &impl Guarded, updates: u64, delta: i64) {
    for _ in 0..updates {
        counter.with(|value| *value = value.wrapping_add(delta));
    }
}

/// The same with each hold recorded. The clock is read within the critical section, so that no two holds overlap.
fn update_recorded(counter: &impl Guarded, updates: u64, delta: i64, worker: usize, recorder: &mut Recorder) {
    /// To take a free lock and to read the clock takes up to some such time, in nanoseconds.
    const AT_ONCE: u64 = 100;
    for _ in 0..updates {
        let asked = clock::now();
        let (mut taken, mut released) = (asked, asked);
        counter.with(|value| {
            taken = clock::now();
            *value = value.wrapping_add(delta);
            released = clock::now();
        });
        let waited_since = (taken.saturating_sub(asked) > AT_ONCE).then_some(asked);
        recorder.record(Hold { worker, waited_since, requested: None, taken, released, forced: false });
    }
}

/// Fewer than elsewhere: under contention one update can cost several microseconds.
const LOCKED_BLOCK: u64 = 1 << 11;

impl Lock {
    /// How many updates a worker does between two looks at the stop. Under a fair lock each update waits for all
    /// other workers', several microseconds each, so the more there are, the sooner it has to look.
    fn block(self, workers: usize) -> u64 {
        match self {
            Self::Fair => (LOCKED_BLOCK / workers as u64).max(1),
            Self::ParkingLot | Self::Std | Self::Spin => LOCKED_BLOCK,
        }
    }
}

fn run<G: Guarded>(load: &Workload, control: &Control, block: u64) -> Result<Observation> {
    let counter = CachePadded::new(G::default());
    let room = MOST_HOLDS / load.workers.get();
    let mut run = start_line::run(load, control, |worker| {
        let mut recorder = load.record.then(|| Recorder::new(room));
        for block in control.blocks(worker, load.iterations, block) {
            match &mut recorder {
                None => update(&*counter, block, load.delta(worker)),
                Some(recorder) => update_recorded(&*counter, block, load.delta(worker), worker, recorder),
            }
        }
        recorder
    })?;
    let recorders: Vec<Recorder> = run.workers.iter_mut().filter_map(|worker| worker.value.take()).collect();
    let holds = load.record.then(|| Recorder::merge(recorders));
    Ok(Observation { holds, ..Observation::of(i128::from(counter.into_inner().total()), &run) })
}

impl Scenario for Mutex {
    fn name(&self) -> &'static str {
        "mutex"
    }

    fn variant(&self) -> Option<Variant> {
        Some(Variant { option: "lock", value: self.0.name(), is_default: self.0 == Lock::ALL[0] })
    }

    fn records_holds(&self) -> bool {
        true
    }

    fn lesson(&self) -> &'static str {
        match self.0 {
            Lock::ParkingLot => "the counter behind parking_lot's mutex: right, at the price of waiting",
            Lock::Std => "the same behind the standard library's mutex",
            Lock::Fair => "the same behind a fair mutex: whoever has slept for it longest is the next",
            Lock::Spin => "the same behind a spin lock: waiters burn CPU instead of sleeping",
        }
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let block = self.0.block(load.workers.get());
        match self.0 {
            Lock::ParkingLot => run::<parking_lot::Mutex<i64>>(load, control, block),
            Lock::Std => run::<std::sync::Mutex<i64>>(load, control, block),
            Lock::Fair => run::<parking_lot::FairMutex<i64>>(load, control, block),
            Lock::Spin => run::<SpinLock>(load, control, block),
        }
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        let price = match self.0 {
            _ if load.workers.get() == 1 => {
                "a single worker never waits for it, so what it pays is the lock's own cost".to_owned()
            }
            Lock::ParkingLot | Lock::Std => {
                "each update pays for the lock itself, and for the wait whenever another worker is in"
                    .to_owned()
            }
            Lock::Fair => {
                let slept = seen.summary.voluntary_switches.map(|switches| {
                    let updates = Group::Counter.updates(load);
                    format!(
                        "; in {} updates the workers went to sleep {} (voluntary context switches)",
                        count::grouped(i128::try_from(updates).unwrap_or(i128::MAX)),
                        count::times(switches)
                    )
                });
                format!(
                    "who sleeps for it is handed it, the longest sleeper first{}",
                    slept.unwrap_or_default()
                )
            }
            Lock::Spin => {
                "a waiter does not sleep: it spins, and yields its CPU between looks when that takes longer"
                    .to_owned()
            }
        };
        Explanation {
            why: format!(
                "the lock lets one worker at a time into the critical section, so no store can fall between \
                 another's load and store; {price}"
            ),
            next: format!("atomic {}", load.arguments(Group::Counter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Group;

    #[test]
    fn every_lock_keeps_every_update() {
        for &lock in Lock::ALL {
            for workers in [1, 2, 3, 8] {
                let load = Workload::for_tests(workers, 3000);
                let observation = Mutex(lock).observe(&load, &Control::default()).unwrap();
                assert_eq!(observation.actual, Group::Counter.expected(&load), "{lock:?}, {workers} workers");
            }
        }
    }
}
