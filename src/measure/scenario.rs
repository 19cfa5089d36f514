//! A scenario: what the runner runs and the report reports.

use super::error::Result;
use super::observation::{Observation, Promise};
use super::stats::Summary;
use super::workload::{Group, Workload};
use crate::system::control::Control;
use serde::Serialize;
use std::time::Duration;

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

    /// What it promises of this workload: a worker alone has nobody to lose an update to.
    fn promise_for(&self, load: &Workload) -> Promise {
        if load.workers.get() == 1 { Promise::Exact } else { self.promise() }
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

    /// Whether it has a lock whose holds it records where a workload asks for that.
    fn records_holds(&self) -> bool {
        false
    }

    /// Whether its workers yield in the middle of an update where a workload asks for that (`widen`).
    fn can_be_widened(&self) -> bool {
        false
    }

    /// Whether the GIL is on, where a real interpreter does the work.
    fn gil_enabled(&self) -> Option<bool> {
        None
    }

    /// Whether its command has `--pin`: a real interpreter starts its threads itself.
    fn can_be_pinned(&self) -> bool {
        true
    }

    /// The loop body in Python's terms, if it is one.
    fn body(&self) -> Option<&str> {
        None
    }

    /// The expression that is looked at in the end, where that is not the counter.
    fn result(&self) -> Option<&str> {
        None
    }

    /// The right result of a workload, where nothing has to be done to know it.
    fn expected_beforehand(&self, load: &Workload) -> Option<i128> {
        Some(self.group().expected(load))
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
    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation;

    /// The words before its command line, where another program starts it.
    fn launcher(&self, _: &Workload) -> Option<String> {
        None
    }

    /// What of a workload this process does itself, where the workers are not all its own.
    fn own_share(&self, load: &Workload) -> Workload {
        load.clone()
    }

    /// Whether this is its group's yardstick: one worker doing everything, however many were asked for.
    fn is_sequential(&self) -> bool {
        false
    }

    /// A workload as this scenario does it.
    fn adapt(&self, load: &Workload) -> Workload {
        if self.is_sequential() { load.alone() } else { load.clone() }
    }

    /// `mutex`, or `mutex:fair` where the command has several ways.
    fn label(&self) -> String {
        self.variant()
            .map_or_else(|| self.name().to_owned(), |variant| format!("{}:{}", self.name(), variant.value))
    }
}

/// What was seen of a scenario, for its explanation.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its runs.
    pub summary: &'a Summary,
    /// Sum: how many times faster it was than the sequential row, by their median times.
    pub speedup: Option<f64>,
    /// The same with each side's start-up counted.
    pub speedup_with_startup: Option<f64>,
}

impl Seen<'_> {
    /// Whether the workers were under way at the same time for most of it.
    #[must_use]
    pub fn overlapped(&self) -> bool {
        self.summary.overlap.is_some_and(|share| share >= 0.5)
    }

    /// Whether the CPU time of its runs is too short to tell anything.
    #[must_use]
    pub fn is_too_short_to_tell(&self) -> bool {
        self.summary.is_too_short_to_tell()
    }

    /// Whether in no run all workers together had much more CPU time than one CPU gives.
    #[must_use]
    pub fn had_one_cpu(&self) -> bool {
        self.summary.had_one_cpu()
    }
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Why it came out so, in plain words.
    pub why: String,
    /// The arguments of the command to try next.
    pub next: String,
}
