//! `race`, `mutex`, `atomic`, `sharded` and `gil`: workers that update one counter, each command in its own way.

use crate::choice::Choice;
use crate::cli::options::{
    ACTUAL_ALONE, BodyOptions, CounterOptions, IntervalOption, MeasureOptions, TimelineOptions, VersionOption,
};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{self, Several};
use crate::cli::values::{self, choice};
use crate::cli::widen::Widen;
use crate::measure::Scenario;
use crate::measure::runner::Case;
use crate::python::version::SWITCH_INTERVAL;
use crate::scenario;
use crate::scenario::gil::UnderGil;
use crate::scenario::mutex::{Lock, Mutex};
use crate::system::cpus::Cpus;
use clap::Args;
use std::time::Duration;

/// Two workers on one counter without synchronisation: updates get lost
///
/// Each update is a load, an addition and a store. What another worker stores between one worker's load
/// and its store is overwritten.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim race --iters 100M\n  gilsim race --pattern plus --threads 4 --expect lost"
)]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct RaceCommand {
    #[command(flatten)]
    counter: CounterOptions,
    /// How often a worker yields its CPU between load and store: once in N updates, off, or auto
    /// (only when there are fewer CPUs than workers, which would otherwise rarely meet)
    #[arg(long, value_name = "auto|off|N", default_value = "auto", allow_negative_numbers = true)]
    widen: Widen,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl RaceCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let combinations = self.counter.combinations(&self.measure.pin, cpus, &default_interval(), 1)?;
        let combinations = combinations.with(|load| {
            load.widen = self.widen.updates_per_yield(load);
            load.record = self.timeline.record();
        });
        self.measure.with(self.timeline)?.request(&scenario::race::Race, combinations)
    }
}

/// The same counter behind a lock: right, at the price of waiting
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim mutex --lock spin --threads 4\n  gilsim mutex --lock fair --iters 100k"
)]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct MutexCommand {
    /// Which lock; several are set side by side
    #[arg(long, default_value = Lock::ALL[0].name(), value_parser = choice::<Lock>(), value_delimiter = ',')]
    lock: Vec<Lock>,
    #[command(flatten)]
    counter: CounterOptions,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl MutexCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let locks = sweep::choices("lock", &self.lock, Lock::name);
        let combinations =
            self.counter.combinations(&self.measure.pin, cpus, &default_interval(), locks.len())?;
        let combinations = combinations.with(|load| load.record = self.timeline.record());
        let cases = locks.into_iter().flat_map(|(lock, chosen)| {
            let scenario: &'static dyn Scenario = scenario::leak(Mutex(lock));
            combinations.cases(scenario, &chosen).collect::<Vec<_>>()
        });
        let cases = cases.collect();
        self.measure.with(self.timeline)?.request_of(cases, false)
    }
}

/// The same counter as one atomic instruction (`fetch_add`)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim atomic --iters 100M --runs 3")]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct AtomicCommand {
    #[command(flatten)]
    counter: CounterOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl AtomicCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        counted(&self.counter, self.measure, &scenario::atomic::Atomic, cpus)
    }
}

/// A counter for each worker, added up at the end: nothing is shared
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim sharded --threads 2 --iters 1e9 --runs 1")]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct ShardedCommand {
    #[command(flatten)]
    counter: CounterOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl ShardedCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        counted(&self.counter, self.measure, &scenario::sharded::Sharded, cpus)
    }
}

/// A loop body under the GIL of one CPython version, which decides where the lock may be lost
///
/// One worker at a time runs. A waiter asks the holder to let go after the switch interval; the holder does
/// so after the next instruction at which its version looks, and another worker takes the lock.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim gil --iters 100M --cpython 3.9\n  gilsim gil --body 'x = x + int(d)' --cpython 3.13 --expect lost"
)]
#[command(mut_arg("cpython", |arg| arg.help(version_help())))]
#[command(mut_arg("setup", |arg| arg.help("Definitions that the body uses: functions and locks")))]
#[command(mut_arg("result", |arg| arg.help("What is looked at when all workers have ended: the counter x; other expressions are for gilsim verify, explore and python")))]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct GilCommand {
    #[command(flatten)]
    body: BodyOptions,
    #[command(flatten)]
    version: VersionOption,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    counter: CounterOptions,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

fn version_help() -> String {
    let (with, without) = (values::versions_with_gil(), values::versions_without_gil("and"));
    format!("Which version's GIL: {with}, or {without}, which have none")
}

impl GilCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let versions = self.version.each();
        self.interval.refuse_unused_by(&versions)?;
        let intervals = self.interval.intervals();
        let combinations = self.counter.combinations(&self.measure.pin, cpus, &intervals, versions.len())?;
        let combinations = combinations.with(|load| load.record = self.timeline.record());
        let mut cases = Vec::new();
        for (version, chosen) in versions {
            self.body.counter_only(version)?;
            // What two workers add decides what can be lost, so each workload has a verdict of its own.
            for (load, parameters) in combinations.each() {
                let scenario = UnderGil::new(&self.body.body, self.body.setup(), version, &load.pairs())
                    .map_err(|error| UsageError::new(error.to_string()))?;
                cases.push(Case {
                    scenario: scenario::leak(scenario),
                    load: load.clone(),
                    parameters: chosen.clone().and(parameters.clone()),
                    baseline: false,
                });
            }
        }
        self.measure.with(self.timeline)?.request_of(cases, false)
    }
}

/// The interval of a command that has no option for it.
fn default_interval() -> Several<Duration> {
    Several::one(SWITCH_INTERVAL)
}

/// The request of a command that has no conditions of its own.
fn counted(
    counter: &CounterOptions,
    measure: MeasureOptions,
    scenario: &'static dyn Scenario,
    cpus: Cpus,
) -> Result<Request, UsageError> {
    let combinations = counter.combinations(&measure.pin, cpus, &default_interval(), 1)?;
    measure.request(scenario, combinations)
}
