//! The lessons: each scenario has workers do one workload to a shared state in one particular way.

pub mod atomic;
pub mod convoy;
pub mod gil;
pub mod mutex;
pub mod python;
pub mod race;
pub mod sharded;
pub mod spin_lock;
pub mod split;

use crate::error::Result;
use crate::measure::stats::Summary;
use crate::system::control::Control;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::time::Duration;

pub use crate::measure::observation::{Distribution, LockUse, Observation, Promise};
pub use crate::measure::workload::{Group, Pattern, Workload};

/// One lesson: some workers do a workload to a shared state in one particular way.
pub trait Scenario: Send + Sync {
    /// The command that runs it.
    fn name(&self) -> &'static str;

    /// Which of the command's ways of doing it this is, if there are several: the option and its value.
    fn variant(&self) -> Option<Variant> {
        None
    }

    /// What kind of work it does.
    fn group(&self) -> Group {
        Group::Counter
    }

    /// Whether the result must be right.
    fn promise(&self) -> Promise {
        Promise::Exact
    }

    /// What it shows, in one line.
    fn lesson(&self) -> &'static str;

    /// The options that ask its command for this workload, words and values in turn.
    fn options(&self, load: &Workload) -> Vec<String> {
        let chosen =
            self.variant().map(|variant| [format!("--{}", variant.option), variant.value.to_owned()]);
        chosen.into_iter().flatten().chain(load.options(self.group())).collect()
    }

    /// The switch interval, if there is a lock for which it counts.
    fn switch_interval(&self, _: &Workload) -> Option<Duration> {
        None
    }

    /// Whether the GIL is on, where a real interpreter does the work.
    fn gil_enabled(&self) -> Option<bool> {
        None
    }

    /// The loop body in Python's terms, if it is one.
    fn body(&self) -> Option<&str> {
        None
    }

    /// The right result of a workload.
    ///
    /// # Errors
    ///
    /// When it cannot be found out, or the search was stopped.
    fn expected(&self, load: &Workload, _: &Control) -> Result<i128> {
        Ok(self.group().expected(load))
    }

    /// Does the workload once.
    ///
    /// # Errors
    ///
    /// When workers cannot be started or do not come home; never because a result is wrong.
    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation>;

    /// Why it came out as it did, in one sentence for a newcomer, and the arguments of the command to try next.
    fn explain(&self, load: &Workload, summary: &Summary) -> Explanation;

    /// Whether this is its group's yardstick: one worker doing everything, however many were asked for.
    fn is_sequential(&self) -> bool {
        false
    }

    /// A workload as this scenario does it.
    fn own(&self, load: &Workload) -> Workload {
        let workers = if self.is_sequential() { NonZeroUsize::MIN } else { load.workers };
        let pins = if load.pins.is_empty() { Vec::new() } else { load.pins[..workers.get()].to_vec() };
        Workload { workers, pins, ..load.clone() }
    }

    /// `mutex`, or `mutex:fair` where the command has several ways.
    fn label(&self) -> String {
        self.variant()
            .map_or_else(|| self.name().to_owned(), |variant| format!("{}:{}", self.name(), variant.value))
    }
}

/// Every scenario, in the order in which they teach. A new one is a file and a line here.
pub static ALL: LazyLock<Vec<&'static dyn Scenario>> = LazyLock::new(|| {
    vec![
        &race::Race,
        &mutex::Mutex(mutex::Lock::ParkingLot),
        &mutex::Mutex(mutex::Lock::Std),
        &mutex::Mutex(mutex::Lock::Fair),
        &mutex::Mutex(mutex::Lock::Spin),
        &atomic::Atomic,
        &sharded::Sharded,
        &*gil::DEFAULT,
        const { &split::Split::by(split::By::Sequential) },
        const { &split::Split::by(split::By::Thread) },
        const { &split::Split::by(split::By::Rayon) },
        const { &split::Split::by(split::By::Gil) },
        const { &split::Split::by(split::By::Process) },
    ]
});

/// A scenario that is made for this invocation lives as long as the program, like those of the list.
pub fn for_good(scenario: impl Scenario + 'static) -> &'static dyn Scenario {
    Box::leak(Box::new(scenario))
}

/// One of several ways in which a command can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The option that chooses it, without the dashes.
    pub option: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Whether the command does this one when the option is not given.
    pub is_default: bool,
}

/// Why a scenario came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One sentence in plain words.
    pub why: String,
    /// The arguments of the command to try next.
    pub next: String,
}

/// The options that ask a counter for this workload, as they stand on a command line.
fn arguments(load: &Workload) -> String {
    load.options(Group::Counter).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scenario_has_a_label_of_its_own_and_each_command_one_default() {
        let labels: std::collections::BTreeSet<String> =
            ALL.iter().map(|scenario| scenario.label()).collect();
        assert_eq!(labels.len(), ALL.len());
        for scenario in ALL.iter() {
            let defaults = ALL
                .iter()
                .filter(|other| other.name() == scenario.name())
                .filter(|other| other.variant().is_none_or(|variant| variant.is_default))
                .count();
            assert_eq!(defaults, 1, "{}", scenario.name());
        }
    }
}
