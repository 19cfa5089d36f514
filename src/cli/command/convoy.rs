//! `convoy`: round trips beside workers that only compute.

use crate::cli::options::{
    BaselineOptions, InterpreterOptions, IntervalOption, OutputOptions, TimelineOptions, VersionOption,
};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{self, Combinations, Several};
use crate::cli::values;
use crate::cli::workload::workload;
use crate::measure::{Parameters, Pattern, Workload};
use crate::scenario::convoy::{Beside, Convoy};
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::NonZeroUsize;

/// The convoy effect: round trips of one byte beside workers that only compute, under the GIL
///
/// A worker sends a byte to an echo process and waits for its return, first alone, then beside computing
/// workers (hogs) that keep the GIL until they are asked to let go.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim convoy --hogs 2 --cpython 3.12 --python python3")]
#[command(mut_arg("quiet", |arg| arg.help("Print for each subject a line of subject, the values that are swept, and 99th percentile of the loaded \
    round trip in seconds (in the JSON: subject, parameters, loaded.p99) or the word failed, with a tab between them")))]
pub(super) struct ConvoyCommand {
    /// How many workers compute meanwhile; a list or a range measures each (1,2,4 or 1..8)
    #[arg(long, value_name = "H", default_value = "1", value_parser = values::workers, allow_negative_numbers = true)]
    hogs: Several<NonZeroUsize>,
    /// How many round trips, alone and beside the hogs
    #[arg(long, value_name = "N", default_value = "200", value_parser = values::round_trips, allow_negative_numbers = true)]
    pings: u32,
    #[command(flatten)]
    version: VersionOption,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    interpreters: InterpreterOptions,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    baseline: BaselineOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl ConvoyCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        let versions = self.version.each();
        if self.interpreters.python.is_empty() {
            self.interval.refuse_unused_by(&versions)?;
        }
        let load = workload(NonZeroUsize::MIN, 0, Pattern::Plus, Vec::new(), cpus.clone());
        let combinations = Combinations::of(load)
            .over("hogs", &self.hogs, |load, hogs| load.workers = hogs)
            .over_intervals(&self.interval.intervals());
        let beside = |(load, parameters): (Workload, Parameters)| {
            (Beside { hogs: load.workers.get(), switch_interval: load.switch_interval }, parameters)
        };
        let beside: Vec<_> = combinations.into_each().map(beside).collect();
        sweep::check_cases(beside.len() * versions.len())?;
        // Where the lock is recorded there has to be one.
        if self.timeline.record() && versions.iter().all(|(version, _)| !version.has_gil()) {
            let none = versions.first().map_or("there is no version with one".to_owned(), |(version, _)| {
                format!("{version} has none")
            });
            return Err(UsageError::new(format!(
                "--timeline shows who holds the GIL, and {none}; leave it out, or give a version with a GIL"
            )));
        }
        let convoy = Convoy {
            beside,
            pings: self.pings,
            versions,
            pythons: self.interpreters.python,
            timeout: self.interpreters.timeout.time,
            record: self.timeline.record(),
        };
        let baseline = self.baseline.baseline();
        Ok(Request::Convoy(convoy, cpus.usable, baseline, self.output.with(self.timeline)?.destination()?))
    }
}
