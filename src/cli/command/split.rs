//! `split`: one sum, shared between workers in one of several ways, beside one worker that does all of it.

use crate::choice::Choice;
use crate::cli::options::{ACTUAL_ALONE, IntervalOption, MeasureOptions, WorkersOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::choice;
use crate::cli::workload::{check_split, workload};
use crate::count;
use crate::measure::runner::Case;
use crate::measure::{Pattern, Workload};
use crate::scenario;
use crate::scenario::split::{By, Split};
use crate::system::cpus::Cpus;
use clap::Args;
use clap::builder::Resettable;

/// The sum over a range, split between processes, threads, a rayon pool or threads under a global lock
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim split --iters 100M\n  gilsim split --by gil --workers 4 --iters 1e9"
)]
#[command(mut_arg("threads", |arg| {
    // `Reset` takes back the alias that is the name here.
    arg.long("workers").visible_alias(Resettable::Reset).visible_alias("threads").value_name("W")
        .help("How many workers share the sum")
}))]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct SplitCommand {
    /// The first number of the sum
    #[arg(long, value_name = "A", default_value = "0", value_parser = count::parse, allow_negative_numbers = true)]
    from: u64,
    /// The end of the range, which is not part of it (100M, 1e8 and 100000000 are the same)
    #[arg(long, value_name = "N", default_value = "100M", value_parser = count::parse, allow_negative_numbers = true)]
    iters: u64,
    #[command(flatten)]
    workers: WorkersOption,
    /// How the sum is split
    #[arg(long, default_value = By::ALL[0].name(), value_parser = choice::<By>())]
    by: By,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl SplitCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let (from, iters) = (self.from, self.iters);
        if from > iters {
            return Err(UsageError::new(format!(
                "--from {from} is beyond the end of the range, --iters {iters}; give a smaller start or a larger end"
            )));
        }
        let workers = self.workers.threads;
        let pins = self.measure.pin.cpu_of_each(workers, &cpus);
        let load = Workload {
            from,
            switch_interval: self.interval.interval(),
            ..workload(workers, iters, Pattern::PlusMinus, pins, cpus)
        };
        check_split(self.by, &load)?;

        let scenario = scenario::leak(Split::by(self.by));
        let baseline = (!scenario.is_sequential()).then(|| {
            let sequential = scenario::leak(Split::by(By::Sequential));
            Case { scenario: sequential, load: sequential.adapt(&load), baseline: true }
        });
        let case = Case { scenario, load: scenario.adapt(&load), baseline: false };
        self.interval.refuse_unused(std::slice::from_ref(&case))?;
        self.measure.request_of(baseline.into_iter().chain([case]).collect(), false)
    }
}
